"""Fixtures for all tests."""

from __future__ import annotations

import gc
import os
import queue
import shutil
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import settings

from facegui.core.camera import CameraKind, ClosesAfterwards, Frame
from facegui.core.camera_errors import CameraError

if TYPE_CHECKING:
    from facegui.core.project import Project
    from facegui.workers.job_board import JobBoard
    from facegui.workers.project_store import ProjectStore

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

# Garbage is collected between tests, on this thread: on a worker, where Python may do it,
# Qt's objects must not be destroyed; see `facegui.workers.garbage`.
gc.disable()

# A busy machine is no failure; `faulthandler_timeout` catches what hangs.
settings.register_profile("facegui", deadline=None)
settings.load_profile("facegui")

SHARED_DATA = Path(__file__).resolve().parents[2] / "shared" / "data"


class FakeCamera(ClosesAfterwards):
    """A camera that gives what the test sends, when it sends it."""

    frame_count: int | None = None
    frames_per_second: float | None = 30.0

    def __init__(self, name: str, kind: CameraKind) -> None:
        self.name = name
        self.kind = kind
        self.live = kind in (CameraKind.WEBCAM, CameraKind.DEMO)
        self.notes: tuple[str, ...] = ()
        self.closed = threading.Event()
        self._sent: queue.Queue[Frame | CameraError | None] = queue.Queue()
        self._number = 0
        self._asked = threading.Condition()
        self._asked_count = 0

    def send(self, *, seed: int = 0, time_s: float = 0.0) -> Frame:
        """Has the next `read` give a small picture that differs left from right."""
        pixels = np.full((48, 64, 3), (200, 150, seed % 256), np.uint8)
        pixels[:, :32] //= 4
        frame = Frame(pixels, time_s, self._number)
        self._number += 1
        self._sent.put(frame)
        return frame

    def send_pixels(self, pixels: np.ndarray) -> Frame:
        """Has the next `read` give this picture."""
        frame = Frame(pixels, 0.0, self._number)
        self._number += 1
        self._sent.put(frame)
        return frame

    def fail(self, error: CameraError) -> None:
        self._sent.put(error)

    def end(self) -> None:
        self._sent.put(None)

    def wait_until_read(self, count: int) -> None:
        """Until `count` frames or errors have been dealt with, and more is asked for."""
        with self._asked:
            assert self._asked.wait_for(lambda: self._asked_count > count, 20.0)

    def read(self) -> Frame | None:
        with self._asked:
            self._asked_count += 1
            self._asked.notify_all()
        sent = self._sent.get()
        if isinstance(sent, CameraError):
            raise sent
        return sent

    def close(self) -> None:
        self.closed.set()
        self.end()


@pytest.fixture
def make_camera() -> Iterator[Callable[..., FakeCamera]]:
    """Makes cameras that are closed when the test is over."""
    cameras: list[FakeCamera] = []

    def make(name: str = "Test camera", kind: CameraKind = CameraKind.WEBCAM) -> FakeCamera:
        cameras.append(FakeCamera(name, kind))
        return cameras[-1]

    yield make
    for camera in cameras:
        camera.close()


@pytest.fixture
def shared_data() -> Path:
    """The folder of real photos beside the checkout; see its README for what they are."""
    if not SHARED_DATA.is_dir():
        pytest.skip(f"needs the real photos in {SHARED_DATA}")
    return SHARED_DATA


@pytest.fixture
def own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home folder of the test's own: neither settings nor logs of the user are touched."""
    from PySide6.QtCore import QSettings

    home = tmp_path / "home"
    home.mkdir()
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("USERPROFILE", str(home))
    for name in ("CONFIG", "CACHE", "STATE", "DATA"):
        monkeypatch.setenv(f"XDG_{name}_HOME", str(home / name.lower()))
    QSettings.setDefaultFormat(QSettings.Format.IniFormat)
    QSettings.setPath(
        QSettings.Format.IniFormat, QSettings.Scope.UserScope, str(home / "qsettings")
    )
    return home


@pytest.fixture(autouse=True)
def _garbage_collected() -> Iterator[None]:
    yield
    gc.collect()
    # What is left are modules and what lives as long as they do: looked through after each
    # test, it would take most of the time of those of the window.
    gc.freeze()


@pytest.fixture
def no_leaks(qapp: Any) -> Iterator[None]:
    """Fails a test that leaves a thread running or a window behind."""
    from PySide6.QtCore import QCoreApplication, QEvent, QThread
    from shiboken6 import isValid

    yield
    threads = [
        thread
        for thread in gc.get_objects()
        if isinstance(thread, QThread) and isValid(thread) and thread.isRunning()
    ]
    for thread in threads:
        thread.quit()
        thread.wait(5000)
    assert not threads, "threads are still running"
    gc.collect()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)
    left = [widget for widget in qapp.topLevelWidgets() if not widget.parent()]
    for widget in left:
        widget.deleteLater()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)
    assert not left, f"windows were left behind: {left}"


@pytest.fixture
def store(qapp: Any) -> Iterator[ProjectStore]:  # noqa: ARG001
    """Without a project; closed at the end."""
    from facegui.workers.project_store import ProjectStore

    store = ProjectStore()
    yield store
    store.blockSignals(True)
    store.close()


@pytest.fixture
def board(qapp: Any) -> Iterator[JobBoard]:  # noqa: ARG001
    """Where nothing runs; shut down at the end."""
    from facegui.workers.job_board import JobBoard

    board = JobBoard()
    yield board
    board.shut_down()


@pytest.fixture(scope="session")
def _demo_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from facegui.core.capturing import make_demo_project
    from facegui.core.progress import StopToken, ignore_progress

    folder = tmp_path_factory.mktemp("demo") / "Demo"
    make_demo_project(folder, 12, 0, ignore_progress, StopToken()).close()
    return folder


@pytest.fixture
def demo_project(store: ProjectStore, _demo_folder: Path, tmp_path: Path) -> Project:
    """12 photos of the demo camera with their boxes, open in `store`."""
    folder = tmp_path / "Demo"
    shutil.copytree(_demo_folder, folder)
    store.open(folder)
    assert store.project is not None
    return store.project


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Slow tests run one after the other: each alone keeps both cores busy."""
    for item in items:
        if item.get_closest_marker("slow"):
            item.add_marker(pytest.mark.xdist_group("slow"))
