"""The program with a window: start, log, faults, end."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QtMsgType, qWarning
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from facegui import app as application
from facegui.app import NO_DISPLAY, Program, display_problem, start_log
from facegui.core.project import Project
from facegui.core.system_libraries import missing_libraries
from facegui.ui.tab import Tab
from facegui.ui.user_settings import Colours
from facegui.workers.job_board import JobBoard
from facegui.workers.project_store import ProjectStore

ROOT = Path(__file__).resolve().parents[1]
NOWHERE = ":4711"
"""A screen that nobody has."""


class OnlyTab(Tab):
    NAME, TITLE, ICON = "capture", "Capture", "mdi6.camera"

    def __init__(self, store: ProjectStore, board: JobBoard, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.store, self.board = store, board


def only_tab() -> tuple[type[Tab], ...]:
    return (OnlyTab,)


@pytest.fixture(autouse=True)
def _cleanly(no_leaks: None, own_home: object) -> None:
    """Every test leaves nothing behind."""


@pytest.fixture
def root_logger() -> Iterator[logging.Logger]:
    """As it was before, afterwards."""
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    yield root
    for handler in root.handlers:
        if handler not in handlers:
            handler.close()
    root.handlers, root.level = handlers, level


@pytest.fixture
def program(qapp: QApplication, qtbot: QtBot) -> Iterator[Program]:
    program = Program(qapp, only_tab)
    qtbot.addWidget(program.window)
    yield program
    program.shut_down()


@pytest.mark.parametrize("package", ["facegui.app", "facegui.ui", "facegui.workers"])
def test_window_loads_nothing_heavy_at_start(package: str) -> None:
    program = f"""
import importlib, pkgutil, sys
package = importlib.import_module({package!r})
for module in pkgutil.walk_packages(getattr(package, "__path__", []), {package!r} + "."):
    importlib.import_module(module.name)
heavy = {{"tensorflow", "keras", "albumentations", "scipy", "skimage", "matplotlib", "labelme",
          "PyQt5"}}
print(sorted(heavy & sys.modules.keys()))
"""
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"


@pytest.mark.skipif(sys.platform != "linux", reason="other systems always have a screen")
@pytest.mark.parametrize(
    "variables",
    [
        {},
        pytest.param(
            {"WAYLAND_DISPLAY": "wayland-nowhere", "DISPLAY": NOWHERE}, marks=pytest.mark.slow
        ),
    ],
)
def test_without_a_screen_one_sentence_says_so(variables: dict[str, str]) -> None:
    if missing_libraries() and variables:
        pytest.skip("needs the libraries of a desktop")
    hidden = ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")
    environment = {key: value for key, value in os.environ.items() if key not in hidden}
    environment |= variables
    done = subprocess.run(
        [sys.executable, ROOT / "main.py"],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 1
    assert done.stderr == f"{NO_DISPLAY}\n"
    assert "make demo" in NO_DISPLAY


def test_screen_is_found_where_there_is_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(application, "missing_libraries", lambda: ())
    monkeypatch.setattr(application, "reaches_screen", lambda *_: True)
    assert display_problem({"DISPLAY": ":0"}, "linux") == ""
    assert display_problem({"WAYLAND_DISPLAY": "wayland-0"}, "linux") == ""
    assert display_problem({"QT_QPA_PLATFORM": "offscreen"}, "linux") == ""
    assert display_problem({}, "win32") == ""
    assert display_problem({}, "darwin") == ""


def test_missing_system_libraries_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(application, "missing_libraries", lambda: ("libxcb-cursor.so.0",))
    problem = display_problem({"DISPLAY": ":0"}, "linux")
    assert "libxcb-cursor" in problem
    assert "install" in problem


def test_log_is_written_and_its_loss_is_no_reason_not_to_start(
    root_logger: logging.Logger, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = start_log(tmp_path / "log", verbose=False)
    assert path is not None
    logging.getLogger("facegui.test").info("a line")
    assert "a line" in path.read_text("utf-8")
    for handler in root_logger.handlers:
        handler.close()
    (tmp_path / "file").write_text("", "utf-8")
    assert start_log(tmp_path / "file" / "log", verbose=True) is None
    assert "no log" in capsys.readouterr().err


def test_project_of_the_command_line_is_opened(
    qapp: QApplication, qtbot: QtBot, tmp_path: Path
) -> None:
    Project.create(tmp_path / "Faces").close()
    program = Program(qapp, only_tab, folder=tmp_path / "Faces")
    qtbot.addWidget(program.window)
    with qtbot.waitSignal(program.store.opened):
        program.show()
    assert program.window.windowTitle() == "Faces - FaceGUI"
    program.shut_down()


def test_project_that_is_none_is_told_in_the_window(
    qapp: QApplication, qtbot: QtBot, tmp_path: Path
) -> None:
    program = Program(qapp, only_tab, folder=tmp_path / "none")
    qtbot.addWidget(program.window)
    program.show()
    qtbot.waitUntil(program.window.notices.isVisible)
    assert program.store.project is None
    program.shut_down()


def test_window_opens_again_what_was_open(
    qapp: QApplication, qtbot: QtBot, program: Program, tmp_path: Path
) -> None:
    program.show()
    program.store.create(tmp_path / "Faces")
    program.shut_down()
    again = Program(qapp, only_tab)
    qtbot.addWidget(again.window)
    with qtbot.waitSignal(again.store.opened):
        again.show()
    assert again.store.project is not None
    assert again.store.project.name == "Faces"
    again.shut_down()


def test_fault_on_any_thread_is_logged_and_shown(
    qtbot: QtBot, program: Program, caplog: pytest.LogCaptureFixture
) -> None:
    program.show()
    sys.excepthook(ValueError, ValueError("in the window"), None)
    assert "went wrong in the program" in program.window.notices.text.text()
    program.window.notices.hide()

    def work() -> None:
        raise ValueError("on a thread")

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    qtbot.waitUntil(program.window.notices.isVisible)
    assert "in the window" in caplog.text
    assert "on a thread" in caplog.text


def test_hooks_are_given_back(program: Program) -> None:
    before = (sys.excepthook, threading.excepthook)
    program.show()
    assert sys.excepthook is not before[0]
    program.shut_down()
    assert (sys.excepthook, threading.excepthook) == before


def test_words_of_qt_go_to_the_log(program: Program, caplog: pytest.LogCaptureFixture) -> None:
    program.show()
    with caplog.at_level(logging.INFO):
        qWarning("a word of Qt")
    assert "a word of Qt" in caplog.text
    assert application._LEVELS.keys() == set(QtMsgType)


def test_colours_are_applied_at_once_and_kept(
    qapp: QApplication, qtbot: QtBot, program: Program
) -> None:
    light = qapp.palette().window().color().lightness()
    program.window.colours_chosen.emit(Colours.DARK)
    dark = qapp.palette().window().color().lightness()
    assert dark < light
    program.shut_down()
    again = Program(qapp, only_tab)
    qtbot.addWidget(again.window)
    assert qapp.palette().window().color().lightness() == dark
    again.window.colours_chosen.emit(Colours.LIGHT)
    again.shut_down()


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGTERM to be caught")
def test_program_starts_and_ends_when_told_to(tmp_path: Path) -> None:
    Project.create(tmp_path / "Faces").close()
    child = subprocess.Popen(
        [sys.executable, ROOT / "main.py", tmp_path / "Faces", "--verbose"],
        env=os.environ | {"QT_QPA_PLATFORM": "offscreen"},
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        holder = tmp_path / "Faces" / ".lock-holder.json"
        for _ in range(600):
            if holder.exists() or child.poll() is not None:
                break
            threading.Event().wait(0.1)
        assert holder.exists()
        child.terminate()
        assert child.wait(60) == 0, child.stderr and child.stderr.read()
    finally:
        child.kill()
        child.communicate()
    Project.open(tmp_path / "Faces").close()


def test_thread_that_hangs_does_not_keep_the_program(tmp_path: Path) -> None:
    program = f"""
import logging, sys, threading
from facegui import app
app._PATIENCE_S = 0.01
app.start_log(__import__("pathlib").Path({str(tmp_path)!r}), verbose=False)
app.leave_hanging_threads(3)  # there is none: it returns
threading.Thread(target=threading.Event().wait, name="driver", daemon=True).start()
app.leave_hanging_threads(3)
"""
    done = subprocess.run([sys.executable, "-c", program], check=False, timeout=60)
    assert done.returncode == 3
    assert "left behind: driver" in (tmp_path / "facegui.log").read_text("utf-8")
