"""LabelMe as a child: how it is started, how it ends; and a contract with the real one."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pytestqt.qtbot import QtBot

from facegui.core.images import write_picture
from facegui.core.labelme import read_label_file
from facegui.workers import labelme_process
from facegui.workers.labelme_process import (
    LONGEST_SEARCH,
    LabelmeEnd,
    LabelmeProcess,
    Outcome,
    arguments,
    child_environment,
    last_words,
    search_for,
)

SHOW = "print(f'LOG - Loaded file: {sys.argv[1]!r} in 3ms', file=sys.stderr, flush=True)"

# What a user does in LabelMe's own window, as Qt's test tools do it. Runs in LabelMe's
# process; knows of it that there are a canvas, a list of labels, and a dialog that asks.
DRIVER = """
import importlib, sys
import labelme.__main__ as program

QtCore, QtWidgets = program.QtCore, program.QtWidgets
QtTest = importlib.import_module(QtCore.__name__.replace("QtCore", "QtTest"))
App, Test = QtWidgets.QApplication, QtTest.QTest
asked = []

def widget(kind):
    (window,) = [w for w in App.topLevelWidgets() if isinstance(w, QtWidgets.QMainWindow)]
    found = [w for w in window.findChildren(QtWidgets.QWidget) if type(w).__name__ == kind]
    return found[0] if found else window

def answer():
    dialog = App.activeModalWidget()
    if dialog is not None:
        asked.append(type(dialog).__name__)
        field = dialog.findChild(QtWidgets.QLineEdit)
        Test.keyClicks(field, "face")
        Test.keyClick(field, QtCore.Qt.Key_Return)

def draw(x, y):
    for point in (QtCore.QPoint(x, y), QtCore.QPoint(x + 60, y + 80)):
        Test.mouseMove(widget("Canvas"), point)
        Test.mouseClick(widget("Canvas"), QtCore.Qt.LeftButton, pos=point)
        Test.qWait(50)

def drive():
    Test.keyClick(widget(""), QtCore.Qt.Key_R)
    timer = QtCore.QTimer()
    timer.timeout.connect(answer)
    timer.start(50)
    draw(150, 100)
    labels = widget("UniqueLabelQListWidget")
    middle = labels.visualItemRect(labels.item(0)).center()
    Test.mouseClick(labels.viewport(), QtCore.Qt.LeftButton, pos=middle)
    draw(300, 100)
    print("asked:", asked, file=sys.__stderr__, flush=True)
    App.quit()

def make_window(**settings):
    window = real_window(**settings)
    QtCore.QTimer.singleShot(300, drive)
    return window

real_window, program.MainWindow = program.MainWindow, make_window
program.main()
"""


@pytest.fixture
def make_labelme() -> Iterator[Callable[..., LabelmeProcess]]:
    """LabelMe that does what the given lines of Python do; without: the real one."""
    made: list[LabelmeProcess] = []

    def make(*lines: str, command: tuple[str, ...] | None = None) -> LabelmeProcess:
        if lines:
            command = (sys.executable, "-c", "\n".join(("import os, sys, time", *lines)))
        made.append(LabelmeProcess(command))
        return made[-1]

    yield make
    for process in made:
        process.shut_down()


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    (tmp_path / "photos").mkdir()
    (tmp_path / "labels").mkdir()
    for name in ("a.jpg", "it's b.jpg", "c.jpg"):
        write_picture(tmp_path / "photos" / name, np.full((48, 64, 3), 128, np.uint8))
    return tmp_path / "photos" / "it's b.jpg"


def run(qtbot: QtBot, process: LabelmeProcess, photo: Path) -> LabelmeEnd:
    with qtbot.waitSignal(process.closed, timeout=20_000) as closed:
        process.start(photo, photo.parents[1] / "labels")
    assert not process.running
    (end,) = closed.args
    assert isinstance(end, LabelmeEnd)
    return end


def test_closed_by_the_user(make_labelme: Any, photo: Path, qtbot: QtBot) -> None:
    process = make_labelme(SHOW)
    shown: list[str] = []
    process.photo_shown.connect(shown.append)
    end = run(qtbot, process, photo)
    assert end.outcome is Outcome.CLOSED
    assert end.error is None
    assert shown == ["it's b.jpg"]


def test_it_can_be_opened_again(make_labelme: Any, photo: Path, qtbot: QtBot) -> None:
    process = make_labelme(SHOW)
    assert run(qtbot, process, photo).outcome is Outcome.CLOSED
    assert run(qtbot, process, photo).outcome is Outcome.CLOSED


def test_a_crash_is_told_with_its_last_words(make_labelme: Any, photo: Path, qtbot: QtBot) -> None:
    end = run(qtbot, make_labelme(SHOW, "raise KeyError('imageHeight')"), photo)
    assert end.outcome is Outcome.CRASHED
    assert end.error is not None
    assert "KeyError: 'imageHeight'" in end.error.what
    assert "saved" in end.error.remedy
    assert "Traceback" in end.error.details


@pytest.mark.skipif(sys.platform == "win32", reason="signals are of other systems")
def test_a_killed_program_is_a_crash(make_labelme: Any, photo: Path, qtbot: QtBot) -> None:
    end = run(qtbot, make_labelme(SHOW, "os.abort()"), photo)
    assert end.outcome is Outcome.CRASHED


def test_what_ends_before_a_photo_is_shown_did_not_start(
    make_labelme: Any, photo: Path, qtbot: QtBot
) -> None:
    end = run(qtbot, make_labelme("import a_module_that_is_missing"), photo)
    assert end.outcome is Outcome.FAILED_TO_START
    assert end.error is not None
    assert "No module named 'a_module_that_is_missing'" in end.error.what
    assert "pip install" in end.error.remedy


def test_a_program_that_is_not_there(make_labelme: Any, photo: Path, qtbot: QtBot) -> None:
    process = make_labelme(command=(str(photo.parent / "nothing"),))
    end = run(qtbot, process, photo)
    assert end.outcome is Outcome.FAILED_TO_START
    assert end.error is not None


def test_labelme_is_not_installed(
    make_labelme: Any, photo: Path, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(labelme_process.importlib.util, "find_spec", lambda _: None)
    end = run(qtbot, make_labelme(), photo)
    assert end.outcome is Outcome.MISSING
    assert end.error is not None
    assert "pip install" in end.error.remedy


def test_shutting_down_ends_it_and_is_no_crash(
    make_labelme: Any, photo: Path, qtbot: QtBot
) -> None:
    process = make_labelme(SHOW, "time.sleep(600)")
    ends: list[LabelmeEnd] = []
    process.closed.connect(ends.append)
    with qtbot.waitSignal(process.photo_shown):
        process.start(photo, photo.parents[1] / "labels")
    process.shut_down()
    assert not process.running
    assert [end.outcome for end in ends] == [Outcome.CLOSED]


def test_it_gets_an_environment_of_its_own() -> None:
    ours = {
        "PATH": "/bin",
        "DISPLAY": ":1",
        "WAYLAND_DISPLAY": "wayland-0",
        "QT_PLUGIN_PATH": "/somewhere/PySide6",
        "QT_QPA_PLATFORM_PLUGIN_PATH": "/somewhere/cv2/qt/plugins",
        "QT_QPA_FONTDIR": "/somewhere/cv2/qt/fonts",
        "QT_QPA_PLATFORM": "wayland",
        "QT_SCALE_FACTOR": "2",
        "PYTHONPATH": "/somewhere",
        "PYTHONHOME": "/elsewhere",
    }
    theirs = child_environment(ours)
    assert theirs.pop("PYTHONIOENCODING") == "utf-8"
    assert theirs == {
        "PATH": "/bin",
        "DISPLAY": ":1",
        "WAYLAND_DISPLAY": "wayland-0",
        "QT_SCALE_FACTOR": "2",
    }
    assert child_environment({"QT_QPA_PLATFORM": "offscreen"})["QT_QPA_PLATFORM"] == "offscreen"


@pytest.mark.parametrize(
    ("words", "last"),
    [
        ("", ""),
        ("just this", "just this"),
        ("Traceback\n  File x\nValueError: bad\n\n", "ValueError: bad"),
        (
            "2026-01-01 10:00:00.123 | ERROR    | __main__:main:3 - Config file does not exist\n",
            "Config file does not exist",
        ),
        (
            'qt.qpa.plugin: Could not load the Qt platform plugin "xcb" in ""\n'
            "Available platform plugins are: eglfs, minimal, offscreen, xcb.\n",
            'qt.qpa.plugin: Could not load the Qt platform plugin "xcb" in ""',
        ),
    ],
)
def test_last_words(words: str, last: str) -> None:
    assert last_words(words) == last


NAMES = sorted(
    [f"2026-01-{day:02}-{number:05}.jpg" for day in (1, 2) for number in range(4_000)]
    + ["it's b.jpg", "it's b.png", "it's.jpg", "a (1).jpg", "Jürgen.png"]
)


def test_a_search_finds_the_photos_asked_for_and_no_others() -> None:
    asked = NAMES[::3]
    search = re.compile(search_for(asked))
    for folder in ("/disk/it's b.jpg/photos/", "C:\\faces\\photos\\", ""):
        assert [name for name in NAMES if search.search(folder + name)] == asked
    assert re.search(search_for(["b.jpg"]), "/photos/ab.jpg") is None
    assert re.search(search_for(["b.jpg"]), "ab.jpg") is None


def test_of_too_many_photos_the_nearest_are_found() -> None:
    random = np.random.default_rng(1)
    names = sorted(f"{number:09}.jpg" for number in random.integers(0, 10**9, 5_000))
    told = arguments(Path("photos") / names[2_500], Path("labels"), names)
    search = json.loads(told[told.index("--config") + 1])["file_search"]
    assert len(json.dumps(search)) <= LONGEST_SEARCH
    found = [name for name in names if re.search(search, f"photos/{name}")]
    place = found.index(names[2_500])
    assert found == names[2_500 - place : 2_500 - place + len(found)]
    assert len(found) > 500


def test_a_command_is_no_longer_than_windows_allows_with_names_in_another_script() -> None:
    random = np.random.default_rng(1)
    letters = random.integers(0x430, 0x450, (1_000, 8))  # Cyrillic
    names = sorted("".join(map(chr, name)) + ".jpg" for name in letters)
    told = arguments(Path("photos") / names[500], Path("labels"), names)
    assert len(" ".join(told)) < 32_767 - 4 * 260, "and there are paths"
    search = json.loads(told[told.index("--config") + 1])["file_search"]
    assert sum(re.search(search, f"photos/{name}") is not None for name in names) > 200


@pytest.mark.slow
def test_the_real_labelme_shows_the_photos_of_the_filter(
    make_labelme: Any, photo: Path, qtbot: QtBot, tmp_path: Path
) -> None:
    """D goes to the next photo: of three here, the one between is left out."""
    driver = tmp_path / "drive.py"
    driver.write_text(DRIVER.replace("Key_R)", "Key_D)\n    Test.qWait(500)\n    App.quit()"))
    process = make_labelme(command=(sys.executable, "-P", str(driver)))
    shown: list[str] = []
    process.photo_shown.connect(shown.append)
    with qtbot.waitSignal(process.closed, timeout=120_000):
        process.start(photo.with_name("a.jpg"), tmp_path / "labels", ["a.jpg", "it's b.jpg"])
    assert shown == ["a.jpg", "it's b.jpg"]


@pytest.mark.slow
def test_the_real_labelme_opens_the_folder_at_the_photo(
    make_labelme: Any, photo: Path, qtbot: QtBot
) -> None:
    """The contract: our arguments are understood, and the folder is shown at that photo."""
    process = make_labelme()
    with qtbot.waitSignal(process.photo_shown, timeout=120_000) as shown:
        process.start(photo, photo.parents[1] / "labels")
    assert shown.args == ["it's b.jpg"]
    assert process.running


@pytest.mark.slow
def test_what_is_drawn_in_the_real_labelme_is_saved_where_we_read_it(
    make_labelme: Any, photo: Path, qtbot: QtBot, tmp_path: Path
) -> None:
    """R, then two clicks a box; asked for its label until "face" is chosen in the list."""
    driver = tmp_path / "drive.py"
    driver.write_text(DRIVER)
    process = make_labelme(command=(sys.executable, "-P", str(driver)))
    with qtbot.waitSignal(process.closed, timeout=120_000) as closed:
        process.start(photo, tmp_path / "labels")
    words = closed.args[0].words
    assert closed.args[0].outcome is Outcome.CLOSED, words
    assert "asked: ['LabelDialog']" in words
    (saved,) = (tmp_path / "labels").iterdir()
    assert saved.name == "it's b.json"
    document = json.loads(saved.read_text("utf-8"))
    assert document["imagePath"] == "../photos/it's b.jpg"
    assert document["imageData"] is None
    assert len(read_label_file(saved).boxes) == 2
