"""The window while it detects, in a process of its own that never loads TensorFlow."""

from __future__ import annotations

import os
import shutil
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PySide6.QtCore import QObject, QSettings, Qt, QTimer, Slot

from facegui.core.project import Project
from facegui.ui.detect_tab import DetectTab
from facegui.ui.main_window import MainWindow
from facegui.ui.offscreen import application
from facegui.ui.picture_view import PictureView
from facegui.ui.script import Script, Steps, Wait, pause
from facegui.ui.style import apply_style
from facegui.ui.user_settings import UserSettingsFile
from facegui.workers.frame_slot import FrameSlot
from facegui.workers.job_board import JobBoard
from facegui.workers.project_store import ProjectStore

BEAT_MS = 5
WARMING_S = 3.0
"""After the start of the video, before anything is measured."""


@dataclass(frozen=True, slots=True)
class WindowFigures:
    """What was seen.

    Args:
        first_box_s: from the button to the first box that is painted.
        tensorflow: whether it was loaded.
        seconds: that the video was watched.
        detections: frames that were searched in them.
        paint_p95_ms: from a frame to its picture on the screen.
        stall_p99_ms: how late the window's timer was.
        longest_ms: likewise, at most.
        memory_mb: resident, at the end.
        slope_mb: by which it grew, for each minute.
    """

    first_box_s: float
    tensorflow: bool
    seconds: float
    detections: int
    paint_p95_ms: float
    stall_p99_ms: float
    longest_ms: float
    memory_mb: float
    slope_mb: float


class Beats(QObject):
    """A timer of the window: how late it comes, and how much memory is in use."""

    def __init__(self) -> None:
        super().__init__()
        self.late_ms: list[float] = []
        self.memory: list[tuple[float, float]] = []
        self._last_s = 0.0
        self._timer = QTimer(self)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.setInterval(BEAT_MS)
        self._timer.timeout.connect(self._beat)

    def start(self) -> None:
        self._last_s = time.monotonic()
        self._timer.start()

    def stop(self) -> None:
        self._timer.stop()

    @Slot()
    def _beat(self) -> None:
        now_s = time.monotonic()
        self.late_ms.append(1000 * (now_s - self._last_s) - BEAT_MS)
        self._last_s = now_s
        if not self.memory or now_s - self.memory[-1][0] >= 1.0:
            self.memory.append((now_s, resident_mb()))


class Times:
    """When each frame came, and when it was first painted."""

    def __init__(self) -> None:
        self.came: dict[int, tuple[Any, float]] = {}
        self.painted_ms: list[float] = []

    def watch(self) -> None:
        put, paint = FrameSlot.put, PictureView.paintEvent

        def timed_put(slot: FrameSlot, frame: Any) -> None:
            # The frame itself is kept: else another might come to lie at its place.
            self.came.setdefault(id(frame.pixels), (frame, time.monotonic()))
            put(slot, frame)

        def timed_paint(view: PictureView, event: Any) -> None:
            paint(view, event)
            _, came_s = self.came.get(id(view.pixels), (None, None))
            if came_s is not None:
                self.painted_ms.append(1000 * (time.monotonic() - came_s))
                self._forget_until(came_s)

        FrameSlot.put = timed_put  # type: ignore[method-assign]
        PictureView.paintEvent = timed_paint  # type: ignore[method-assign]

    def _forget_until(self, painted_s: float) -> None:
        """This frame and those before it will not be painted for the first time any more."""
        self.came = {key: one for key, one in list(self.came.items()) if one[1] > painted_s}


def watch_window(run: Path, film: Path, seconds: float, scratch: Path) -> dict[str, Any]:
    """Shows the film in the real window and tells how it went.

    Args:
        run: a run's folder.
        film: a video, longer than that.
        seconds: to watch.
        scratch: an empty folder.
    """
    app = application(visible="QT_QPA_PLATFORM" in os.environ)
    apply_style(app)
    QSettings.setDefaultFormat(QSettings.Format.IniFormat)
    QSettings.setPath(QSettings.Format.IniFormat, QSettings.Scope.UserScope, str(scratch))
    Project.create(scratch / "Faces").close()
    shutil.copytree(run, scratch / "Faces" / "runs" / run.name)
    times = Times()
    times.watch()
    store = ProjectStore()
    store.open(scratch / "Faces")
    settings = UserSettingsFile(scratch / "settings.json")
    window = MainWindow(store, JobBoard(), settings, (DetectTab,))
    watching = _Watching(window, film, seconds, times)
    try:
        Script(watching.steps()).run()
    finally:
        window.shut_down()
    assert watching.figures is not None
    return asdict(watching.figures)


class _Watching:
    def __init__(self, window: MainWindow, film: Path, seconds: float, times: Times) -> None:
        self._window, self._film, self._seconds, self._times = window, film, seconds, times
        self._beats = Beats()
        self._searched = 0
        self.figures: WindowFigures | None = None

    def steps(self) -> Steps:
        (tab,) = self._window.tabs
        assert isinstance(tab, DetectTab)
        worker = tab.detection._worker
        search = worker._search

        def counted(frame: Any, source: int) -> None:
            self._searched += 1
            search(frame, source)

        worker._search = counted  # type: ignore[method-assign]
        tab.picker.choose_path(self._film)
        self._window.show()
        started_s = time.monotonic()
        tab.main_button.click()
        yield Wait(lambda: bool(tab.view.boxes), "a face is found", 60)
        tab.view.repaint()
        first_s = time.monotonic() - started_s
        yield pause(min(WARMING_S, self._seconds))
        yield from self._measure(first_s)

    def _measure(self, first_s: float) -> Steps:
        self._times.painted_ms.clear()
        self._beats.start()
        begun, searched = time.monotonic(), self._searched
        yield pause(self._seconds)
        seconds = time.monotonic() - begun
        self._beats.stop()
        late = np.array(self._beats.late_ms)
        painted = np.array(self._times.painted_ms or [float("inf")])
        self.figures = WindowFigures(
            first_box_s=first_s,
            tensorflow="tensorflow" in sys.modules,
            seconds=seconds,
            detections=self._searched - searched,
            paint_p95_ms=float(np.percentile(painted, 95)),
            stall_p99_ms=float(np.percentile(late, 99)),
            longest_ms=float(late.max()),
            memory_mb=resident_mb(),
            slope_mb=_slope(self._beats.memory),
        )


def resident_mb() -> float:
    """The memory that this process holds; 0 where the system does not tell."""
    try:
        pages = int(Path("/proc/self/statm").read_text("ascii").split()[1])
    except OSError:
        return 0.0
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def _slope(samples: list[tuple[float, float]]) -> float:
    """MB a minute, by the straight line that fits best, without the first tenth."""
    kept = np.array(samples[len(samples) // 10 :])
    if len(kept) < 3:
        return 0.0
    return float(60 * np.polyfit(kept[:, 0] - kept[0, 0], kept[:, 1], 1)[0])
