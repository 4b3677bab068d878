"""The window around the tabs."""

from __future__ import annotations

import threading
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QCoreApplication, QMimeData, QPoint, QPointF, QSettings, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QKeySequence, QShortcut
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from facegui.core import trash
from facegui.core.errors import UserError
from facegui.core.packing import pack_project
from facegui.core.progress import StopToken, ignore_progress
from facegui.core.project import Project
from facegui.core.runs import Run
from facegui.core.trash import entries
from facegui.ui import project_actions
from facegui.ui.capture_tab import CaptureTab
from facegui.ui.detect_tab import DetectTab
from facegui.ui.main_window import MainWindow
from facegui.ui.questions import Questions
from facegui.ui.tab import Tab
from facegui.ui.user_settings import Colours, UserSettings, UserSettingsFile
from facegui.workers.job import Job
from facegui.workers.job_board import JobBoard
from facegui.workers.project_store import ProjectStore
from facegui.workers.tensorflow_loader import TensorFlowLoader


class FakeTab(Tab):
    """Writes down what the window does with it."""

    def __init__(self, store: ProjectStore, board: JobBoard, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.store, self.board = store, board
        self.calls: list[str] = []
        self.is_live = False
        self.summary_changed.emit(f"{self.NAME} as it was made")

    @property
    def live(self) -> bool:
        return self.is_live

    def enter(self) -> None:
        self.calls.append("enter")

    def leave(self) -> None:
        self.calls.append("leave")

    def tensorflow_ready(self) -> None:
        self.calls.append("tensorflow")

    def try_live(self, run: Run) -> None:
        self.calls.append(f"live {run.name}")

    def shut_down(self) -> None:
        self.calls.append("shut_down")


class First(FakeTab):
    NAME, TITLE, ICON = "capture", "Capture", "mdi6.camera"
    KEYS = (("N", "Says no face"),)

    def __init__(self, store: ProjectStore, board: JobBoard, parent: QWidget | None = None) -> None:
        super().__init__(store, board, parent)
        QShortcut(QKeySequence("Space"), self).setWhatsThis("Takes a photo")


class Second(FakeTab):
    NAME, TITLE, ICON = "annotate", "Annotate", "mdi6.vector-rectangle"


class Third(FakeTab):
    NAME, TITLE, ICON = "train", "Train", "mdi6.school-outline"
    NEEDS_TENSORFLOW = True


class Fourth(FakeTab):
    NAME, TITLE, ICON = "detect", "Detect", "mdi6.face-recognition"


@dataclass
class Answers(Questions):
    """Answers in the user's place, and remembers what was asked."""

    folders: list[Path | None] = field(default_factory=list)
    close: bool = True
    empty: bool = True
    asked: list[str] = field(default_factory=list)

    def new_folder(self, parent: QWidget, title: str, text: str, suggestion: Path) -> Path | None:  # noqa: ARG002
        self.asked.append(title)
        return self.folders.pop(0)

    def existing_folder(self, parent: QWidget, title: str, start: Path) -> Path | None:  # noqa: ARG002
        self.asked.append(title)
        return self.folders.pop(0)

    def packed_project(self, parent: QWidget, start: Path) -> Path | None:  # noqa: ARG002
        self.asked.append("packed")
        return self.folders.pop(0)

    def stop_and_close(self, parent: QWidget, job_title: str, goes_on: str) -> bool:  # noqa: ARG002
        self.asked.append(job_title)
        return self.close

    def empty_trash(self, parent: QWidget, what: str) -> bool:  # noqa: ARG002
        self.asked.append(what)
        return self.empty


MakeWindow = Callable[..., MainWindow]


@pytest.fixture
def answers() -> Answers:
    return Answers()


@pytest.fixture
def user_settings(own_home: Path) -> UserSettingsFile:
    return UserSettingsFile(own_home / "settings.json")


@pytest.fixture
def make_window(
    qtbot: QtBot,
    store: ProjectStore,
    board: JobBoard,
    user_settings: UserSettingsFile,
    answers: Answers,
) -> Iterator[MakeWindow]:
    windows: list[MainWindow] = []

    def make(**seams: Any) -> MainWindow:
        seams.setdefault("loader", TensorFlowLoader(load=lambda: None))
        seams.setdefault("user_settings", user_settings)
        seams.setdefault("tab_classes", (First, Second, Third))
        window = MainWindow(store, board, questions=answers, **seams)
        windows.append(window)
        qtbot.addWidget(window)
        window.show()
        return window

    yield make
    for window in windows:
        window.shut_down()


def waiting_job(begun: threading.Event) -> Job:
    def work(report: Any, stop: StopToken) -> None:  # noqa: ARG001
        begun.set()
        while not stop.cancelled:
            threading.Event().wait(0.001)
        stop.raise_if_cancelled()

    return Job("Training", work)


def calls(window: MainWindow, number: int) -> list[str]:
    tab = window.tabs[number]
    assert isinstance(tab, FakeTab)
    return tab.calls


def drop(window: MainWindow, path: Path) -> None:
    """What comes of it is done once the drop is."""
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path))])
    copy, left, none = (
        Qt.DropAction.CopyAction,
        Qt.MouseButton.LeftButton,
        Qt.KeyboardModifier.NoModifier,
    )
    entering = QDragEnterEvent(QPoint(9, 9), copy, data, left, none)
    window.dragEnterEvent(entering)
    if entering.isAccepted():
        before = window._store.project
        window.dropEvent(QDropEvent(QPointF(9, 9), copy, data, left, none))
        assert window._store.project is before, "the program that it comes from waits"
        QCoreApplication.processEvents()


def test_tabs_remember_their_controls_from_one_start_to_the_next(
    make_window: MakeWindow, own_home: Path
) -> None:
    for count in (30, 44):
        window = make_window(user_settings=UserSettingsFile(own_home / "settings.json"))
        window.add_tabs([CaptureTab, DetectTab])
        capture, detect = window.tabs[-2:]
        assert isinstance(capture, CaptureTab)
        assert isinstance(detect, DetectTab)
        field = capture.burst_controls.fields[0]
        assert field.value() == count
        field.setValue(44)
        assert detect._settings is capture._settings
        window.shut_down()


# Projects


def test_first_start_shows_three_ways_to_begin(make_window: MakeWindow) -> None:
    window = make_window()
    assert window.stack.currentWidget() is window.welcome
    assert window.step_bar.isHidden()
    assert window.windowTitle() == "FaceGUI"
    for button in (
        window.welcome.new_button,
        window.welcome.demo_button,
        window.welcome.import_button,
    ):
        assert button.isEnabled()
    assert window.welcome.recent_list.isHidden()


def test_new_project_leads_to_the_first_step(
    make_window: MakeWindow, answers: Answers, tmp_path: Path
) -> None:
    window = make_window()
    answers.folders = [tmp_path / "Faces"]
    window.welcome.new_button.click()
    assert window.windowTitle() == "Faces - FaceGUI"
    assert window.stack.currentWidget() is window.tabs[0]
    assert calls(window, 0) == ["enter"]
    assert not window.step_bar.isHidden()


def test_nothing_happens_where_the_user_would_rather_not(
    make_window: MakeWindow, answers: Answers, store: ProjectStore
) -> None:
    window = make_window()
    answers.folders = [None] * 5
    for button in (
        window.welcome.new_button,
        window.welcome.demo_button,
        window.welcome.import_button,
        window.welcome.open_button,
        window.welcome.unpack_button,
    ):
        button.click()
    assert len(answers.asked) == 5
    assert store.project is None
    assert window.notices.isHidden()


def test_demo_project_is_made_by_a_job_and_opened(
    qtbot: QtBot,
    make_window: MakeWindow,
    answers: Answers,
    board: JobBoard,
    store: ProjectStore,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(project_actions, "DEMO_PHOTOS", 3)
    window = make_window()
    answers.folders = [tmp_path / "Demo"]
    with qtbot.waitSignal(board.ended, timeout=30_000):
        window.welcome.demo_button.click()
        assert not window.job_strip.isHidden()
        assert not window.welcome.new_button.isEnabled()
        assert "still running" in window.welcome.new_button.toolTip()
    assert store.project is not None
    assert len(store.project.samples()) == 3
    assert window.stack.currentWidget() is window.tabs[1]
    assert window.job_strip.isHidden()


def test_photos_are_imported_into_a_new_project(
    qtbot: QtBot,
    make_window: MakeWindow,
    answers: Answers,
    board: JobBoard,
    store: ProjectStore,
    demo_project: Project,
    tmp_path: Path,
) -> None:
    source = tmp_path / "source"
    source.mkdir()
    for photo in demo_project.photos[:2]:
        (source / photo.name).write_bytes(photo.path.read_bytes())
    store.close()
    window = make_window()
    answers.folders = [source, tmp_path / "Mine"]
    with qtbot.waitSignal(board.ended, timeout=30_000):
        window.welcome.import_button.click()
    assert store.project is not None
    assert store.project.name == "Mine"
    assert len(store.project.photos) == 2
    assert "2 photos came in" in window.notices.text.text()
    assert window.stack.currentWidget() is window.tabs[1]


def test_project_with_photos_opens_where_they_are_seen(
    make_window: MakeWindow, demo_project: Project
) -> None:
    window = make_window()
    assert window.windowTitle() == f"{demo_project.name} - FaceGUI"
    assert window.stack.currentWidget() is window.tabs[1]


def test_failed_open_is_told_and_keeps_the_project(
    make_window: MakeWindow, answers: Answers, store: ProjectStore, tmp_path: Path
) -> None:
    store.create(tmp_path / "One")
    window = make_window()
    answers.folders = [tmp_path]
    window.projects.open_action.trigger()
    assert not window.notices.isHidden()
    assert store.project is not None
    assert store.project.name == "One"


def test_recent_projects_are_offered_newest_first(
    qtbot: QtBot, make_window: MakeWindow, store: ProjectStore, tmp_path: Path
) -> None:
    window = make_window()
    for name in ("One", "Two"):
        store.create(tmp_path / name)
    window.projects.close_action.trigger()
    assert store.project is None
    recent = window.welcome.recent_list
    assert [recent.item(row).text().split("\n")[0] for row in range(2)] == ["Two", "One"]
    place = recent.visualItemRect(recent.item(1)).center()
    qtbot.mouseClick(recent.viewport(), Qt.MouseButton.LeftButton, pos=place)
    assert store.project is not None
    assert store.project.name == "One"
    window.projects.recent_menu.actions()[1].trigger()
    assert store.project.name == "Two"


def test_last_project_is_known_unless_it_was_closed_or_is_gone(
    make_window: MakeWindow, store: ProjectStore, user_settings: UserSettingsFile, tmp_path: Path
) -> None:
    window = make_window()
    assert window.projects.last is None
    store.create(tmp_path / "One")
    assert window.projects.last == tmp_path / "One"
    window.projects.close_project()
    assert window.projects.last is None
    user_settings.change(UserSettings().with_project(tmp_path / "Gone"))
    assert window.projects.last is None


def test_dropped_project_is_opened_and_dropped_photos_become_one(
    qtbot: QtBot,
    make_window: MakeWindow,
    answers: Answers,
    board: JobBoard,
    store: ProjectStore,
    demo_project: Project,
    tmp_path: Path,
) -> None:
    store.close()
    window = make_window()
    drop(window, demo_project.photos[0].path)  # a file: not for the window
    assert store.project is None
    drop(window, demo_project.folder)
    assert store.project is not None
    assert store.project.folder == demo_project.folder
    photos = tmp_path / "more"
    photos.mkdir()
    (photos / "a.jpg").write_bytes(demo_project.photos[0].path.read_bytes())
    answers.folders = [tmp_path / "New"]
    with qtbot.waitSignal(board.ended, timeout=30_000):
        drop(window, photos)
    assert store.project.name == "New"


def test_packed_project_is_opened_as_it_was(
    qtbot: QtBot,
    make_window: MakeWindow,
    answers: Answers,
    board: JobBoard,
    store: ProjectStore,
    demo_project: Project,
    tmp_path: Path,
) -> None:
    photos = len(demo_project.photos)
    (demo_project.runs_folder / "run").mkdir()
    (demo_project.runs_folder / "run" / "run.json").write_text("{}", "utf-8")
    demo_project.save_settings("x", {"y": 1})
    whole, labels = tmp_path / "whole.zip", tmp_path / "labels.zip"
    pack_project(demo_project, whole, ignore_progress, StopToken())
    pack_project(demo_project, labels, ignore_progress, StopToken(), with_photos=False)
    store.close()
    window = make_window()
    answers.folders = [whole, tmp_path / "There"]
    with qtbot.waitSignal(board.ended, timeout=30_000):
        window.welcome.unpack_button.click()
        assert not window.job_strip.isHidden()
    assert store.project is not None
    assert store.project.folder == tmp_path / "There"
    assert len(store.project.photos) == photos
    assert store.project.settings("x") == {"y": 1}
    assert (store.project.runs_folder / "run" / "run.json").exists()
    assert window.stack.currentWidget() is window.tabs[1]
    answers.folders = [tmp_path / "Labels alone"]
    with qtbot.waitSignal(board.ended, timeout=30_000):
        drop(window, labels)
    assert store.project.folder == tmp_path / "Labels alone"
    assert "import them" in window.notices.text.text()
    assert window.stack.currentWidget() is window.tabs[0]


def test_zip_file_of_photos_becomes_a_new_project(
    qtbot: QtBot,
    make_window: MakeWindow,
    answers: Answers,
    board: JobBoard,
    store: ProjectStore,
    demo_project: Project,
    tmp_path: Path,
) -> None:
    with zipfile.ZipFile(tmp_path / "photos.zip", "w") as archive:
        archive.write(demo_project.photos[0].path, "a.jpg")
    store.close()
    window = make_window()
    answers.folders = [tmp_path / "New"]
    with qtbot.waitSignal(board.ended, timeout=30_000):
        drop(window, tmp_path / "photos.zip")
    assert store.project is not None
    assert [photo.name for photo in store.project.photos] == ["a.jpg"]


def test_no_other_project_while_a_job_runs(
    make_window: MakeWindow, answers: Answers, store: ProjectStore, board: JobBoard, tmp_path: Path
) -> None:
    store.create(tmp_path / "One")
    Project.create(tmp_path / "Two").close()
    window = make_window()
    board.start(waiting_job(threading.Event()))
    assert not window.projects.new_action.isEnabled()
    assert "Training is still running" in window.projects.close_action.toolTip()
    drop(window, tmp_path / "Two")
    window.projects.make_new()
    window.projects.close_project()
    assert store.project is not None
    assert store.project.name == "One"
    assert answers.asked == []
    assert "Training is still running" in window.notices.text.text()


def test_project_that_is_gone_leads_to_the_first_page(
    make_window: MakeWindow, store: ProjectStore, tmp_path: Path
) -> None:
    store.create(tmp_path / "One")
    window = make_window()
    store.failed.emit(UserError("The project folder One is gone.", "Connect the disk again."))
    assert window.stack.currentWidget() is window.welcome
    assert "gone" in window.notices.text.text()


# Tabs


def test_a_photo_that_one_tab_wants_seen_is_shown_by_the_others(
    make_window: MakeWindow, store: ProjectStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.create(tmp_path / "One")
    window = make_window()
    shown: list[str] = []
    monkeypatch.setattr(window.tabs[0], "show_photo", shown.append)
    window.tabs[1].photo_wanted.emit("bad label.jpg")
    assert shown == ["bad label.jpg"]


def test_tabs_are_entered_and_left_by_keys_and_by_each_other(
    qtbot: QtBot, make_window: MakeWindow, store: ProjectStore, tmp_path: Path
) -> None:
    store.create(tmp_path / "One")
    window = make_window()
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow)
    qtbot.keyClick(window, Qt.Key.Key_2, Qt.KeyboardModifier.AltModifier)
    qtbot.waitUntil(lambda: calls(window, 0) == ["enter", "leave"])
    assert calls(window, 1) == ["enter"]
    window.tabs[1].step_wanted.emit("capture")
    assert window.stack.currentWidget() is window.tabs[0]
    window.step_bar.chosen.emit(0)
    assert calls(window, 0) == ["enter", "leave", "enter"]
    window.projects.close_project()
    assert calls(window, 0)[-1] == "leave"


def test_a_run_that_is_to_be_tried_live_leads_to_the_tab_that_does(
    make_window: MakeWindow, store: ProjectStore, tmp_path: Path
) -> None:
    store.create(tmp_path / "One")
    window = make_window()
    window.add_tabs([Fourth])
    window.tabs[0].live_wanted.emit(Run(tmp_path / "One" / "runs" / "first"))
    assert window.stack.currentWidget() is window.tabs[-1]
    assert calls(window, -1) == ["enter", "live first"]


def test_another_project_enters_the_tab_anew(
    make_window: MakeWindow, store: ProjectStore, tmp_path: Path
) -> None:
    window = make_window()
    store.create(tmp_path / "One")
    store.create(tmp_path / "Two")
    assert calls(window, 0) == ["enter", "leave", "enter"]


def test_summaries_stand_in_the_steps(make_window: MakeWindow) -> None:
    window = make_window()
    assert window.step_bar.summary(1) == "annotate as it was made"
    window.tabs[1].summary_changed.emit("76 of 90 labelled")
    assert window.step_bar.summary(1) == "76 of 90 labelled"


def test_error_of_a_tab_goes_with_the_tab(
    make_window: MakeWindow, store: ProjectStore, tmp_path: Path
) -> None:
    store.create(tmp_path / "One")
    window = make_window()
    window.tabs[0].failed.emit(UserError("The camera is gone.", "Check the cable."))
    assert "The camera is gone." in window.notices.text.text()
    window.show_step(1)
    assert window.notices.isHidden()
    window.show_error(ValueError("a fault"))
    window.show_step(0)
    assert not window.notices.isHidden()


def test_tensorflow_is_loaded_where_it_is_needed(
    qtbot: QtBot, make_window: MakeWindow, store: ProjectStore, tmp_path: Path
) -> None:
    store.create(tmp_path / "One")
    window = make_window()
    assert not window.loader.is_loading
    with qtbot.waitSignal(window.loader.ready):
        window.show_step_named("train")
    assert "tensorflow" in calls(window, 2)


def test_tensorflow_is_loaded_when_idle_with_something_to_train_on(
    qtbot: QtBot,
    make_window: MakeWindow,
    store: ProjectStore,
    demo_project: Project,  # noqa: ARG001
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("facegui.ui.idle_loading.IDLE_MS", 1)
    window = make_window()
    shown = window.tabs[1]
    assert isinstance(shown, FakeTab)
    shown.is_live = True
    with qtbot.assertNotEmitted(window.loader.ready, wait=50):
        pass
    with qtbot.waitSignal(window.loader.ready):
        shown.is_live = False
    assert store.project is not None


def test_empty_project_loads_no_tensorflow(
    qtbot: QtBot,
    make_window: MakeWindow,
    store: ProjectStore,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("facegui.ui.idle_loading.IDLE_MS", 1)
    store.create(tmp_path / "One")
    window = make_window()
    with qtbot.assertNotEmitted(window.loader.ready, wait=50):
        pass


# The end


def test_closing_during_work_asks_once_and_can_be_called_off(
    make_window: MakeWindow, answers: Answers, store: ProjectStore, board: JobBoard, tmp_path: Path
) -> None:
    store.create(tmp_path / "One")
    window = make_window()
    begun = threading.Event()
    job = waiting_job(begun)
    board.start(job)
    assert begun.wait(10)
    answers.close = False
    assert not window.close()
    assert answers.asked == ["Training"]
    assert window.isVisible()
    assert job.running


def test_closing_waits_without_a_question_for_what_cannot_be_stopped(
    make_window: MakeWindow, answers: Answers, board: JobBoard
) -> None:
    answers.close = False
    window = make_window()
    begun, done = threading.Event(), threading.Event()

    def work(_report: object, stop: StopToken) -> None:
        begun.set()
        while not stop.cancelled:  # by the window that closes
            threading.Event().wait(0.001)
        done.set()

    board.start(Job("Deleting photos", work, can_stop=False))
    assert begun.wait(10)
    assert window.close()
    assert answers.asked == []
    assert done.is_set()


def test_closing_stops_everything_and_frees_the_project(
    make_window: MakeWindow, answers: Answers, store: ProjectStore, board: JobBoard, tmp_path: Path
) -> None:
    store.create(tmp_path / "One")
    window = make_window()
    begun = threading.Event()
    board.start(waiting_job(begun))
    assert begun.wait(10)
    assert window.close()
    assert answers.asked == ["Training"]
    assert board.job is None
    assert calls(window, 0) == ["enter", "leave", "shut_down"]
    assert calls(window, 1) == ["shut_down"]
    Project.open(tmp_path / "One").close()
    assert window.close()
    assert answers.asked == ["Training"]


def test_closing_while_the_demo_is_made_frees_its_folder(
    make_window: MakeWindow, answers: Answers, tmp_path: Path
) -> None:
    window = make_window()
    answers.folders = [tmp_path / "Demo"]
    window.welcome.demo_button.click()
    window.close()
    if (tmp_path / "Demo" / "project.json").exists():
        Project.open(tmp_path / "Demo").close()


def test_geometry_is_kept(make_window: MakeWindow) -> None:
    window = make_window()
    assert (window.width(), window.height()) == (1280, 800)
    window.resize(900, 640)
    window.close()
    assert QSettings().value("geometry") is not None
    again = make_window()
    assert (again.width(), again.height()) == (900, 640)


def test_full_screen_is_left_with_the_window(make_window: MakeWindow) -> None:
    window = make_window()
    window.full_screen.action.trigger()
    window.close()
    again = make_window()
    assert not again.isFullScreen()
    assert not again.full_screen.action.isChecked()


def test_window_is_usable_at_900x600(
    make_window: MakeWindow, store: ProjectStore, tmp_path: Path
) -> None:
    store.create(tmp_path / "One")
    window = make_window()
    window.resize(900, 600)
    assert (window.width(), window.height()) == (900, 600)


# Menus


def test_help_lists_the_keys_of_the_tab_and_of_the_window(
    qtbot: QtBot, make_window: MakeWindow, store: ProjectStore, tmp_path: Path
) -> None:
    window = make_window()
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow)
    qtbot.keyClick(window, Qt.Key.Key_F1)
    assert "How to begin" in window.help_panel.text.toPlainText()
    store.create(tmp_path / "One")
    text = window.help_panel.text.toPlainText()
    for words in ("Space", "Takes a photo", "Says no face", "Ctrl+N", "Alt+2", "F1", "F11"):
        assert words in text
    assert text.index("Takes a photo") < text.index("Keys everywhere")
    assert text.count("Takes a photo") == 1
    window.show_step(2)
    assert "Takes a photo" not in window.help_panel.text.toPlainText()
    qtbot.keyClick(window, Qt.Key.Key_F1)
    assert window.help_panel.isHidden()


def test_colours_are_chosen_in_the_menu(qtbot: QtBot, make_window: MakeWindow) -> None:
    window = make_window()
    dark = next(a for a in window.colour_actions.actions() if a.data() == Colours.DARK)
    with qtbot.waitSignal(window.colours_chosen) as chosen:
        dark.trigger()
    assert chosen.args == [Colours.DARK]


def test_full_screen_and_back(make_window: MakeWindow) -> None:
    window = make_window()
    window.full_screen.action.trigger()
    assert window.isFullScreen()
    window.full_screen.action.trigger()
    assert not window.isFullScreen()


def test_about_tells_what_the_doctor_tells(
    qtbot: QtBot, make_window: MakeWindow, monkeypatch: pytest.MonkeyPatch
) -> None:
    from facegui.core.environment import Finding, State

    found = (Finding("Python", "3.11"), Finding("LabelMe", "gone", State.PROBLEM, "pip it"))
    monkeypatch.setattr("facegui.ui.about.examine", lambda *_: found)
    window = make_window(log_path=Path("facegui.log"))
    window.about_action.trigger()
    about = window.findChild(QWidget, "about")
    assert about is not None
    qtbot.waitUntil(about.copy_button.isEnabled)  # type: ignore[attr-defined]
    text = about.text.toPlainText()  # type: ignore[attr-defined]
    for words in ("Python: 3.11", "PROBLEM", "-> pip it", "facegui.log"):
        assert words in text
    assert "missing" in about.verdict.text()  # type: ignore[attr-defined]
    about.hide()
    found = found[:1]  # it was mended
    window.about_action.trigger()
    qtbot.waitUntil(lambda: "Everything" in about.verdict.text())  # type: ignore[attr-defined]


def test_an_error_while_a_tab_is_left_stays_to_be_read(
    make_window: MakeWindow, demo_project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert demo_project.photos
    window = make_window()
    first = window.tabs[0]
    error = UserError("The label could not be saved.", "Make room.")
    window.show_step(0)
    monkeypatch.setattr(First, "leave", lambda self: self.failed.emit(error))
    window.show_step(1)
    assert window.notices.isVisible()
    assert "could not be saved" in window.notices.text.text()
    monkeypatch.undo()
    window.show_step(0)
    assert window.tabs[0] is first
    window.show_step(1)
    assert not window.notices.isVisible()


def test_trash_is_emptied_after_one_question(
    qtbot: QtBot,
    make_window: MakeWindow,
    store: ProjectStore,
    board: JobBoard,
    answers: Answers,
    demo_project: Project,
) -> None:
    window = make_window()
    action = window.trash.action
    with qtbot.waitSignal(window.trash.noticed):
        action.trigger()
    assert window.notices.text.text() == "The trash is empty."
    demo_project.delete(demo_project.photos[:2])
    answers.empty = False
    action.trigger()
    qtbot.waitUntil(lambda: bool(answers.asked))
    assert answers.asked[-1].startswith("2 photos, 2 labels (")
    assert answers.asked[-1].endswith(" MB)")
    assert len(entries(demo_project.trash_folder)) == 1
    answers.empty = True
    started: list[tuple[bool, bool]] = []
    with qtbot.waitSignals([store.trash_emptied, board.ended]):
        board.started.connect(lambda job: started.append((job.can_stop, action.isEnabled())))
        action.trigger()
    assert started == [(False, False)]
    assert entries(demo_project.trash_folder) == ()
    store.close()
    assert action.toolTip() == "No project is open."


def test_what_the_trash_holds_is_counted_beside_the_window(
    qtbot: QtBot,
    make_window: MakeWindow,
    answers: Answers,
    demo_project: Project,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    counting, go_on = threading.Event(), threading.Event()
    counted = trash.contents

    def count(folder: Path, stop: StopToken) -> trash.TrashContents:
        counting.set()
        assert go_on.wait(10)
        return counted(folder, stop)

    monkeypatch.setattr(trash, "contents", count)
    demo_project.delete(demo_project.photos[:1])
    window = make_window()
    answers.empty = False
    window.trash.action.trigger()
    assert counting.wait(10)
    assert answers.asked == []
    go_on.set()
    qtbot.waitUntil(lambda: bool(answers.asked))
    assert answers.asked[0].startswith("1 photo, 1 label (")
