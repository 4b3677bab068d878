"""From an empty project to photos: by Space, in bursts, by import; deleted and back again."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QMainWindow, QSpinBox
from pytestqt.qtbot import QtBot

from facegui.core.camera import CameraInfo, CameraKind
from facegui.core.camera_errors import CameraUnpluggedError
from facegui.core.cameras import DEMO, open_camera
from facegui.core.coverage import Place, Task
from facegui.core.images import read_picture, write_picture
from facegui.core.labelme import write_label_file
from facegui.core.project import Project
from facegui.ui.burst import Burst
from facegui.ui.capture_tab import CaptureTab
from facegui.ui.full_screen import FullScreen
from facegui.workers.job import Job
from facegui.workers.job_board import JobBoard
from facegui.workers.project_store import ProjectStore

CONTROL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier

WEBCAM = CameraInfo("Test camera", CameraKind.WEBCAM, "0", 0)


@pytest.fixture
def project(store: ProjectStore, tmp_path: Path) -> Project:
    store.create(tmp_path / "Faces")
    assert store.project is not None
    return store.project


@pytest.fixture
def make_capture(make_tab: Any, qtbot: QtBot) -> Callable[..., CaptureTab]:
    """A tab that is shown, with fake cameras that are opened one after the other."""

    def make(*cameras: Any, **seams: Any) -> CaptureTab:
        given = list(cameras)
        seams.setdefault("open_camera", lambda _: given.pop(0))
        seams.setdefault("list_cameras", lambda: (WEBCAM, DEMO))
        tab: CaptureTab = make_tab(CaptureTab, burst=Burst(tick_ms=1), **seams)
        tab.resize(900, 600)
        tab.show()
        qtbot.waitExposed(tab)
        tab.enter()
        return tab

    return make


@pytest.fixture
def capture(
    project: Project,  # noqa: ARG001
    make_capture: Any,
    make_camera: Any,
    qtbot: QtBot,
) -> tuple[CaptureTab, Any]:
    """A tab that shows the first picture of a webcam."""
    camera = make_camera()
    tab = make_capture(camera)
    camera.send()
    qtbot.waitUntil(tab.main_button.isEnabled)
    return tab, camera


def press_space(qtbot: QtBot, tab: CaptureTab) -> None:
    qtbot.keyClick(tab, Qt.Key.Key_Space)


def take_photos(qtbot: QtBot, tab: CaptureTab, camera: Any, count: int) -> None:
    for seed in range(count):
        sent = camera.send(seed=seed)
        qtbot.waitUntil(lambda sent=sent: tab.view.pixels is sent.pixels)
        with qtbot.waitSignal(tab._store.photos_changed):
            press_space(qtbot, tab)


def files(project: Project) -> list[Path]:
    return sorted(project.photos_folder.iterdir())


def test_space_takes_a_photo_of_the_demo_camera(
    qtbot: QtBot, project: Project, make_capture: Any, store: ProjectStore
) -> None:
    tab = make_capture(open_camera=open_camera, list_cameras=lambda: (DEMO,))
    qtbot.waitUntil(tab.main_button.isEnabled, timeout=20_000)
    with qtbot.waitSignal(store.photos_changed):
        press_space(qtbot, tab)
    assert len(files(project)) == 1
    assert read_picture(files(project)[0]).shape == (480, 640, 3)
    assert tab.summary == "1 photo"
    assert tab.strip.model.rowCount() == 1
    assert tab.photo_controls.count_label.text() == "1"
    assert [session.title for session in project.sessions.values()] == ["Taken with Demo camera"]


def test_preview_is_mirrored_and_the_photo_is_not(
    qtbot: QtBot, project: Project, capture: tuple[CaptureTab, Any]
) -> None:
    tab, camera = capture
    assert tab.view.mirrored
    take_photos(qtbot, tab, camera, 1)
    stored = read_picture(files(project)[0])
    # The fake's left half is dark: so it is in the photo, but on the other side of the view.
    assert stored[:, :32].mean() < stored[:, 32:].mean() - 50
    image = tab.view.grab().toImage()
    area = tab.view.picture_area()
    left = image.copy(int(area.left()), int(area.top()), int(area.width() / 2), int(area.height()))
    assert np.array(left.convertToFormat(image.Format.Format_Grayscale8).constBits()).mean() > 100


def test_photos_of_one_camera_are_one_session(
    qtbot: QtBot, project: Project, capture: tuple[CaptureTab, Any]
) -> None:
    tab, camera = capture
    take_photos(qtbot, tab, camera, 2)
    assert len(project.sessions) == 1
    assert {project.record(photo.name).session for photo in project.photos} == set(project.sessions)


def test_burst_counts_down_takes_its_photos_and_ends(
    qtbot: QtBot, project: Project, capture: tuple[CaptureTab, Any]
) -> None:
    tab, camera = capture
    tab.burst_controls._count.setValue(3)
    tab.burst_controls._interval.setValue(0.1)
    tab.burst_controls.skip_box.setChecked(False)  # the fake's pictures are all alike
    captions: list[str] = []
    tab.burst.changed.connect(lambda: captions.append(tab.view.caption))
    tab.burst_controls.start_button.click()
    assert tab.view.caption == "3"
    assert tab.main_button.text() == "Stop the burst"
    assert not tab.burst_controls.start_button.isEnabled()
    assert tab.burst_controls.start_button.toolTip()
    while tab.burst.active:
        sent = camera.send(seed=len(captions))
        qtbot.waitUntil(lambda sent=sent: tab.view.pixels is sent.pixels)
    qtbot.waitUntil(lambda: len(files(project)) == 3 and tab.strip.model.rowCount() == 3)
    assert captions[:3] == ["3", "2", "1"]
    assert "2 of 3" in captions
    assert tab.view.caption == ""
    assert tab.main_button.text() == "Take photo"


def test_space_stops_a_burst(qtbot: QtBot, project: Project, capture: Any) -> None:
    tab, camera = capture
    tab.burst_controls.start_button.click()
    press_space(qtbot, tab)
    assert not tab.burst.active
    camera.send()
    camera.wait_until_read(2)
    assert files(project) == []


def test_escape_stops_a_burst_and_then_leaves_the_full_screen(qtbot: QtBot, capture: Any) -> None:
    tab, _ = capture
    window = QMainWindow()
    qtbot.addWidget(window)
    window.setCentralWidget(tab)
    full_screen = FullScreen(window, ())
    window.show()
    window.activateWindow()
    full_screen.action.trigger()
    tab.main_button.setFocus()
    qtbot.waitUntil(tab.main_button.hasFocus)
    tab.burst_controls.start_button.click()
    qtbot.keyClick(tab.main_button, Qt.Key.Key_Escape)
    assert not tab.burst.active
    assert full_screen.action.isChecked()
    qtbot.keyClick(tab.main_button, Qt.Key.Key_Escape)
    assert not full_screen.action.isChecked()
    assert not window.isFullScreen()
    window.takeCentralWidget()


def test_burst_waits_while_the_camera_is_away(
    qtbot: QtBot, project: Project, make_capture: Any, make_camera: Any
) -> None:
    first, second = make_camera(), make_camera()
    tab = make_capture(first, second)
    tab.feed._pauses_s = (0.0,)
    tab.picker.choose(WEBCAM)
    first.send()
    qtbot.waitUntil(tab.main_button.isEnabled)
    tab.burst_controls.start_button.click()
    qtbot.waitUntil(lambda: not tab.burst.countdown)
    first.fail(CameraUnpluggedError("Test camera"))
    qtbot.waitUntil(lambda: "cable" in tab.view.message)
    assert tab.burst.active
    second.send()
    qtbot.waitUntil(lambda: len(files(project)) == 1)


def test_delete_and_undo(qtbot: QtBot, project: Project, capture: tuple[CaptureTab, Any]) -> None:
    tab, camera = capture
    take_photos(qtbot, tab, camera, 3)
    names = [path.name for path in files(project)]
    assert not tab.strip.delete_button.isEnabled()
    assert tab.strip.delete_button.toolTip()
    newest = tab.strip.model.index(0)
    assert newest.data(Qt.ItemDataRole.ToolTipRole) == names[-1]
    place = tab.strip.list.visualRect(newest).center()
    qtbot.mouseClick(tab.strip.list.viewport(), Qt.MouseButton.LeftButton, pos=place)
    qtbot.waitUntil(tab.strip.list.hasFocus)
    qtbot.keyClick(tab.strip.list, Qt.Key.Key_Delete)
    assert [path.name for path in files(project)] == names[:2]
    assert tab.strip.model.rowCount() == 2
    assert tab.summary == "2 photos"
    assert tab.strip.undo_button.isVisible()
    qtbot.keyClick(tab, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert [path.name for path in files(project)] == names
    assert tab.strip.model.index(0).data(Qt.ItemDataRole.ToolTipRole) == names[-1]
    assert not tab.strip.undo_button.isVisible()


def test_photo_deleted_elsewhere_leaves_the_strip(
    qtbot: QtBot, project: Project, store: ProjectStore, capture: tuple[CaptureTab, Any]
) -> None:
    tab, camera = capture
    take_photos(qtbot, tab, camera, 2)
    files(project)[0].unlink()
    store.look()
    assert tab.strip.model.rowCount() == 1


@pytest.mark.usefixtures("project")
def test_unplugged_camera_is_said_in_the_picture_and_comes_back(
    qtbot: QtBot, make_capture: Any, make_camera: Any
) -> None:
    first, second = make_camera(), make_camera()
    tab = make_capture(first, second)
    tab.feed._pauses_s = (0.0,)
    tab.picker.choose(WEBCAM)  # once more, without a pause
    first.send()
    qtbot.waitUntil(tab.main_button.isEnabled)
    first.fail(CameraUnpluggedError("Test camera"))
    qtbot.waitUntil(lambda: "cable" in tab.view.message)
    assert not tab.main_button.isEnabled()
    assert tab.main_button.toolTip()
    sent = second.send()
    qtbot.waitUntil(lambda: tab.view.pixels is sent.pixels)
    assert tab.view.message == ""
    assert tab.main_button.isEnabled()


def test_leaving_lets_go_of_the_camera(capture: tuple[CaptureTab, Any]) -> None:
    tab, camera = capture
    tab.leave()
    assert camera.closed.wait(20)
    assert not tab.live
    assert not tab.main_button.isEnabled()


@pytest.mark.usefixtures("project")
def test_another_camera_is_opened_when_it_is_chosen(
    qtbot: QtBot, make_capture: Any, make_camera: Any
) -> None:
    webcam, demo = make_camera(), make_camera("Demo camera", CameraKind.DEMO)
    tab = make_capture(webcam, demo)
    webcam.send()
    qtbot.waitUntil(tab.main_button.isEnabled)
    tab.picker.choose(DEMO)
    sent = demo.send()
    qtbot.waitUntil(lambda: tab.view.pixels is sent.pixels)
    assert webcam.closed.wait(20)
    assert not tab.view.mirrored


def test_space_means_the_photo_in_a_field_of_numbers_and_a_button_on_a_button(
    qtbot: QtBot, project: Project, store: ProjectStore, capture: tuple[CaptureTab, Any]
) -> None:
    tab, _ = capture
    tab.activateWindow()
    field = tab.findChild(QSpinBox, "capture.burst_count")
    field.setFocus()
    qtbot.waitUntil(field.hasFocus)
    with qtbot.waitSignal(store.photos_changed):
        qtbot.keyClick(field, Qt.Key.Key_Space)
    button = tab.photo_controls.next_button
    button.setFocus()
    qtbot.waitUntil(button.hasFocus)
    with qtbot.waitSignal(tab.step_wanted) as wanted:
        qtbot.keyClick(button, Qt.Key.Key_Space)
    assert wanted.args == ["annotate"]
    assert len(files(project)) == 1


def test_full_disk_is_said(
    qtbot: QtBot, project: Project, capture: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from facegui.core.errors import UserError

    tab, _ = capture

    def failing(photos: object) -> None:  # noqa: ARG001
        raise UserError("The disk is full.", "Free some space.")

    monkeypatch.setattr(project, "add_photos", failing)
    with qtbot.waitSignal(tab.failed) as failed:
        press_space(qtbot, tab)
    assert "Free" in failed.args[0].remedy
    monkeypatch.undo()
    with qtbot.waitSignal(tab._store.photos_changed):
        press_space(qtbot, tab)


def drop(tab: CaptureTab, *paths: Path) -> bool:
    """Whether the drop was taken."""
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
    buttons, keys = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    enter = QDragEnterEvent(QPoint(9, 9), Qt.DropAction.CopyAction, data, buttons, keys)
    enter.ignore()
    tab.dragEnterEvent(enter)
    if not enter.isAccepted():
        return False
    tab.dropEvent(QDropEvent(QPointF(9, 9), Qt.DropAction.CopyAction, data, buttons, keys))
    return True


def test_dropped_folder_is_imported_and_reported(
    qtbot: QtBot, project: Project, store: ProjectStore, capture: Any, tmp_path: Path
) -> None:
    tab, _ = capture
    folder = tmp_path / "old photos"
    folder.mkdir()
    for number in range(2):
        pixels = np.random.default_rng(number).integers(0, 255, (40, 40, 3), np.uint8)
        write_picture(folder / f"{number}.png", pixels)
    write_label_file(folder / "0.json", (), folder / "0.png", (40, 40))
    (folder / "notes.txt").write_text("not a picture")
    with qtbot.waitSignals([tab.noticed, store.photos_changed]):
        assert drop(tab, folder)
    qtbot.waitUntil(lambda: tab.photo_controls.import_button.isEnabled())
    assert len(files(project)) == 2
    assert tab.photo_controls.labelled_label.text() == "1 of them labelled"
    with qtbot.waitSignal(tab.noticed) as noticed:
        drop(tab, folder)
    assert noticed.args[0].startswith("No new photo came in.")
    assert "2 that the project has already" in noticed.args[0]
    assert "notes.txt" in noticed.args[0]


def test_import_waits_for_the_job_that_runs(
    qtbot: QtBot, board: JobBoard, capture: Any, tmp_path: Path
) -> None:
    tab, _ = capture

    def until_stopped(report: object, stop: Any) -> None:  # noqa: ARG001
        stop._cancel.wait(20)

    board.start(Job("Training", until_stopped))
    assert not tab.photo_controls.import_button.isEnabled()
    assert "Training" in tab.photo_controls.import_button.toolTip()
    with qtbot.waitSignal(tab.noticed) as noticed:
        drop(tab, tmp_path)
    assert "Training" in noticed.args[0]
    with qtbot.waitSignal(board.ended):
        board.job.cancel()
    assert tab.photo_controls.import_button.isEnabled()


def test_without_a_project_nothing_can_be_done_or_breaks(make_capture: Any, tmp_path: Path) -> None:
    tab = make_capture()
    assert not tab.main_button.isEnabled()
    assert "project" in tab.main_button.toolTip()
    assert not drop(tab, tmp_path)
    tab.undo()


def test_another_project_begins_with_an_empty_strip(
    qtbot: QtBot, store: ProjectStore, capture: Any, tmp_path: Path
) -> None:
    tab, camera = capture
    take_photos(qtbot, tab, camera, 1)
    store.create(tmp_path / "Other")
    assert tab.strip.model.rowCount() == 0
    assert tab.summary == "no photos yet"
    store.close()
    assert camera.closed.wait(20)


def test_photos_offered_before_closing_are_on_disk(
    qtbot: QtBot, project: Project, capture: tuple[CaptureTab, Any]
) -> None:
    tab, _ = capture
    press_space(qtbot, tab)
    tab.leave()
    tab.shut_down()
    assert len(files(project)) == 1


def sessions_of(project: Project) -> list[tuple[str, ...]]:
    """Who is in the session of each photo, in the order in which they were taken."""
    keys = [project.record(photo.name).session or "" for photo in project.photos]
    return [project.sessions[key].people for key in keys]


def test_a_new_session_begins_by_the_button_or_its_key(
    qtbot: QtBot, capture: tuple[CaptureTab, Any], project: Project
) -> None:
    tab, camera = capture
    controls = tab.session_controls
    controls.field.setText("Ada")
    take_photos(qtbot, tab, camera, 2)
    controls.new_button.click()
    assert controls.field.text() == ""
    assert tab.view.status == "The next photo begins a new session."
    take_photos(qtbot, tab, camera, 1)
    assert tab.view.status == ""
    qtbot.keyClick(tab, Qt.Key.Key_N)
    assert tab.view.status == "", 'N is "no face", in Annotate'
    qtbot.keyClick(tab, Qt.Key.Key_N, CONTROL | SHIFT)
    assert tab.view.status == "The next photo begins a new session."
    controls.field.setText("Bob")
    take_photos(qtbot, tab, camera, 1)
    assert len(project.sessions) == 3
    assert sessions_of(project) == [("Ada",), ("Ada",), (), ("Bob",)]


def press_in_window(tab: CaptureTab, key: Qt.Key) -> None:
    """As a person does: it goes to whatever has the focus."""
    QTest.keyClick(tab.window().windowHandle(), key)


def test_space_takes_a_photo_as_soon_as_the_tab_is_entered(
    qtbot: QtBot, project: Project, capture: tuple[CaptureTab, Any]
) -> None:
    tab, _ = capture
    with qtbot.waitActive(tab):
        tab.activateWindow()
    assert tab.view.hasFocus()
    with qtbot.waitSignal(tab._store.photos_changed):
        press_in_window(tab, Qt.Key.Key_Space)
    assert len(files(project)) == 1


def test_typing_a_name_takes_no_photo_and_enter_gives_space_back(
    qtbot: QtBot, project: Project, capture: tuple[CaptureTab, Any]
) -> None:
    tab, _ = capture
    with qtbot.waitActive(tab):
        tab.activateWindow()
    field = tab.session_controls.field
    field.setFocus()
    qtbot.keyClicks(field, "Ann N")
    assert field.text() == "Ann N"
    press_in_window(tab, Qt.Key.Key_Return)
    assert files(project) == []
    with qtbot.waitSignal(tab._store.photos_changed):
        press_in_window(tab, Qt.Key.Key_Space)
    assert sessions_of(project) == [("Ann N",)]


def test_tasks_of_one_sitting_are_one_session(
    qtbot: QtBot, capture: tuple[CaptureTab, Any], project: Project
) -> None:
    tab, camera = capture
    for place in (Place.LEFT, Place.RIGHT):
        tab.take_tasks((Task(place, 1),), False)
        take_photos(qtbot, tab, camera, 1)
    assert len(project.sessions) == 1
