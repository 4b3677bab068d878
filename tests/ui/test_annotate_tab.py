"""Labelling: every change is on disk, can be taken back, and overwrites nothing unseen."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.modeltest import ModelTester
from pytestqt.qtbot import QtBot

from facegui.core.boxes import Box
from facegui.core.errors import UserError
from facegui.core.photo_library import PhotoState
from facegui.core.project import Project
from facegui.core.trash import empty, entries
from facegui.ui.annotate_tab import AnnotateTab
from facegui.workers import label_reader
from facegui.workers.labelme_process import LabelmeProcess
from facegui.workers.project_store import ProjectStore

CONTROL = Qt.KeyboardModifier.ControlModifier
SHIFT, NONE = Qt.KeyboardModifier.ShiftModifier, Qt.KeyboardModifier.NoModifier

FAKE_LABELME = """
import pathlib, sys, time
photo, orders = sys.argv[2], pathlib.Path(sys.argv[1])
print(f"12:00 | INFO | app:load:1 - Loaded file: {photo!r} in 3ms", file=sys.stderr, flush=True)
while not orders.exists():
    time.sleep(0.01)
words = orders.read_text()
print(words, file=sys.stderr, flush=True)
sys.exit(1 if words else 0)
"""


@pytest.fixture
def project(demo_project: Project) -> Project:
    """Twelve photos; the first three are not labelled."""
    for photo in demo_project.photos[:3]:
        demo_project.label_path(photo).unlink()
    demo_project.refresh()
    return demo_project


@pytest.fixture
def make_annotate(make_tab: Any, qtbot: QtBot) -> Callable[..., AnnotateTab]:
    def make(**seams: Any) -> AnnotateTab:
        tab: AnnotateTab = make_tab(AnnotateTab, **seams)
        tab.resize(1000, 700)
        with qtbot.waitActive(tab):
            tab.show()
            tab.activateWindow()
        tab.enter()
        return tab

    return make


@pytest.fixture
def tab(project: Project, make_annotate: Any, qtbot: QtBot) -> AnnotateTab:  # noqa: ARG001
    tab: AnnotateTab = make_annotate()
    qtbot.waitUntil(lambda: tab.editor.can_edit)
    return tab


def go_to(qtbot: QtBot, tab: AnnotateTab, number: int) -> str:
    name = tab.model.names[number]
    tab.show_photo(name)
    qtbot.waitUntil(lambda: tab.photo_name == name and tab.editor.has_picture)
    return name


def draw(tab: AnnotateTab, x0: float, y0: float, x1: float, y1: float) -> None:
    editor = tab.editor
    start, end = (editor.to_widget(*point).toPoint() for point in ((x0, y0), (x1, y1)))
    QTest.mousePress(editor, Qt.MouseButton.LeftButton, SHIFT, start)
    QTest.mouseMove(editor, (start + end) / 2)
    QTest.mouseMove(editor, end)
    QTest.mouseRelease(editor, Qt.MouseButton.LeftButton, SHIFT, end)


def press(tab: AnnotateTab, key: Qt.Key, modifier: Qt.KeyboardModifier = NONE) -> None:
    QTest.keyClick(tab.editor, key, modifier)


def undo(tab: AnnotateTab) -> None:
    press(tab, Qt.Key.Key_Z, CONTROL)


def redo(tab: AnnotateTab) -> None:
    press(tab, Qt.Key.Key_Z, CONTROL | SHIFT)


def on_disk(project: Project, name: str) -> tuple[Box, ...] | None:
    """What another program would read."""
    with Project.open(project.folder, read_only=True) as other:
        return other.label(other.photo(name))


def write_as_labelme(project: Project, name: str, *boxes: Box) -> None:
    """In place, with keys of its own."""
    path = project.labels_folder / f"{Path(name).stem}.json"
    shapes = [
        {"label": "face", "points": [[b.x0, b.y0], [b.x1, b.y1]], "shape_type": "rectangle",
         "flags": {}, "group_id": None, "description": "mine"}
        for b in boxes
    ]  # fmt: skip
    width, height = project.size(project.photo(name))
    document = {
        "version": "6.3.1", "flags": {}, "shapes": shapes, "imagePath": f"../photos/{name}",
        "imageData": None, "imageHeight": height, "imageWidth": width,
    }  # fmt: skip
    path.write_text(json.dumps(document))


# Where one begins


def test_without_photos_there_is_one_thing_to_do(
    store: ProjectStore, make_annotate: Any, tmp_path: Path, qtbot: QtBot
) -> None:
    tab = make_annotate()
    assert not tab.main_button.isEnabled()
    assert "project" in tab.main_button.toolTip()
    store.create(tmp_path / "Faces")
    assert tab.main_button.isEnabled()
    assert tab.summary == ""
    with qtbot.waitSignal(tab.step_wanted) as wanted:
        tab.main_button.click()
    assert wanted.args == ["capture"]


def test_it_begins_at_the_first_photo_without_a_label(
    project: Project, make_annotate: Any, qtbot: QtBot
) -> None:
    project.set_label(project.photos[0], [])
    tab = make_annotate()
    qtbot.waitUntil(lambda: tab.editor.can_edit)
    assert tab.photo_name == project.photos[1].name
    assert tab.editor.badge == "Not labelled yet"
    assert tab.summary == "10 of 12 labelled"


def test_labels_that_are_read_in_the_background_do_not_change_where_it_begins(
    project: Project, make_annotate: Any, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("facegui.ui.photo_model.AT_ONCE", 2)
    project.set_label(project.photos[0], [])
    tab = make_annotate()
    qtbot.waitUntil(lambda: tab.editor.can_edit and tab.photo_name == project.photos[1].name)
    assert tab.summary == "10 of 12 labelled"


# Labels


def test_a_drawn_box_is_on_disk_at_once_and_can_be_undone(
    project: Project, tab: AnnotateTab
) -> None:
    name = tab.photo_name
    assert name is not None
    draw(tab, 100, 80, 220, 240)
    draw(tab, 300, 80, 420, 240)
    boxes = on_disk(project, name)
    assert boxes is not None
    assert [tuple(round(v) for v in box.corners) for box in boxes] == [
        pytest.approx((100, 80, 220, 240), abs=2),
        pytest.approx((300, 80, 420, 240), abs=2),
    ]
    undo(tab)
    assert on_disk(project, name) == boxes[:1]
    undo(tab)
    assert on_disk(project, name) is None
    assert tab.editor.boxes == ()
    redo(tab)
    redo(tab)
    assert on_disk(project, name) == boxes


def test_n_says_no_face_and_can_be_undone(project: Project, tab: AnnotateTab, qtbot: QtBot) -> None:
    name = tab.photo_name
    assert name is not None
    press(tab, Qt.Key.Key_N)
    assert on_disk(project, name) == ()
    assert tab.photo_name == tab.model.names[1]  # there is nothing more to say of it
    undo(tab)
    assert tab.photo_name == name
    assert on_disk(project, name) is None
    with_face = next(n for n in tab.model.names if tab.model.entry(n).boxes)
    go_to(qtbot, tab, tab.model.names.index(with_face))
    before = on_disk(project, with_face)
    press(tab, Qt.Key.Key_N)
    assert on_disk(project, with_face) == ()
    assert tab.photo_name == with_face
    assert tab.editor.badge == "No face"
    undo(tab)
    assert on_disk(project, with_face) == before


def test_a_photo_whose_last_box_is_deleted_is_not_one_without_a_face(
    project: Project, tab: AnnotateTab
) -> None:
    name = tab.photo_name
    assert name is not None
    draw(tab, 100, 80, 220, 240)
    press(tab, Qt.Key.Key_Delete)
    assert on_disk(project, name) is None
    undo(tab)
    assert len(on_disk(project, name) or ()) == 1


def test_clearing_and_undo_bring_back_the_very_file(
    project: Project, store: ProjectStore, tab: AnnotateTab, qtbot: QtBot
) -> None:
    name = go_to(qtbot, tab, 0)
    write_as_labelme(project, name, Box(10, 20, 100, 120))
    store.look()
    path = project.label_path(project.photo(name))
    before = path.read_bytes()
    tab.actions_here.clear.trigger()
    assert not path.exists()
    undo(tab)
    assert path.read_bytes() == before
    assert tab.editor.boxes == (Box(10, 20, 100, 120),)
    redo(tab)
    assert not path.exists()


def test_nudged_boxes_are_on_disk_within_a_second(
    project: Project, tab: AnnotateTab, qtbot: QtBot
) -> None:
    name = tab.photo_name
    assert name is not None
    draw(tab, 100, 80, 220, 240)
    (before,) = on_disk(project, name) or ()
    press(tab, Qt.Key.Key_Right)
    press(tab, Qt.Key.Key_Down, SHIFT)
    expected = Box(before.x0 + 1, before.y0 + 10, before.x1 + 1, before.y1 + 10)
    qtbot.waitUntil(lambda: on_disk(project, name) == (expected,), timeout=1000)
    undo(tab)
    assert on_disk(project, name) == (before,)


def test_nudges_are_kept_when_another_photo_is_shown(project: Project, tab: AnnotateTab) -> None:
    name = tab.photo_name
    assert name is not None
    draw(tab, 100, 80, 220, 240)
    (before,) = on_disk(project, name) or ()
    press(tab, Qt.Key.Key_Left)
    press(tab, Qt.Key.Key_PageDown)
    assert tab.photo_name != name
    (after,) = on_disk(project, name) or ()
    assert after.x0 == before.x0 - 1


def test_undo_goes_back_over_photos(project: Project, tab: AnnotateTab, qtbot: QtBot) -> None:
    first, second = tab.model.names[:2]
    press(tab, Qt.Key.Key_N)
    go_to(qtbot, tab, 1)
    press(tab, Qt.Key.Key_N)
    go_to(qtbot, tab, 5)
    undo(tab)
    assert tab.photo_name == second
    undo(tab)
    assert tab.photo_name == first
    assert on_disk(project, first) is None
    assert on_disk(project, second) is None
    assert not tab.actions_here.undo.isEnabled()
    assert "nothing" in tab.actions_here.undo.toolTip()


def test_what_cannot_be_written_is_said_and_not_shown_as_done(
    project: Project, tab: AnnotateTab, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any) -> None:
        raise UserError("The disk is full.", "Free some space.")

    monkeypatch.setattr(project, "set_label", fail)
    with qtbot.waitSignal(tab.failed) as failed:
        draw(tab, 100, 80, 220, 240)
    assert "full" in failed.args[0].what
    assert tab.editor.boxes == ()
    assert not tab.history.stack.canUndo()


# Going through the photos


def test_keys_go_from_photo_to_photo(tab: AnnotateTab) -> None:
    names = tab.model.names
    press(tab, Qt.Key.Key_Right)
    press(tab, Qt.Key.Key_PageDown)
    assert tab.photo_name == names[2]
    press(tab, Qt.Key.Key_Left)
    press(tab, Qt.Key.Key_PageUp)
    press(tab, Qt.Key.Key_PageUp)
    assert tab.photo_name == names[0]


def test_enter_and_the_main_button_lead_through_all_that_is_left(
    project: Project, tab: AnnotateTab, qtbot: QtBot
) -> None:
    names = tab.model.names
    assert tab.main_button.text() == "Next photo without label"
    press(tab, Qt.Key.Key_N)
    assert tab.photo_name == names[1]
    press(tab, Qt.Key.Key_Return)
    assert tab.photo_name == names[2]
    tab.main_button.click()
    assert tab.photo_name == names[1]
    qtbot.waitUntil(lambda: tab.editor.can_edit)
    press(tab, Qt.Key.Key_N)
    assert tab.photo_name == names[2]
    qtbot.waitUntil(lambda: tab.editor.can_edit)
    assert not tab.main_button.isEnabled()  # this is the last one
    assert "last" in tab.main_button.toolTip()
    press(tab, Qt.Key.Key_Return)
    assert tab.photo_name == names[2]
    press(tab, Qt.Key.Key_N)
    assert tab.summary == "12 of 12 labelled"
    assert tab.main_button.text() == "Next: Augment"
    assert all(project.state(photo) is not PhotoState.UNLABELLED for photo in project.photos)
    with qtbot.waitSignal(tab.step_wanted) as wanted:
        tab.main_button.click()
    assert wanted.args == ["augment"]


def test_a_filter_keeps_the_photo_that_is_worked_on(tab: AnnotateTab) -> None:
    tab.filters.button(PhotoState.UNLABELLED).click()
    assert tab.model.rowCount() == 3
    name = tab.photo_name
    draw(tab, 100, 80, 220, 240)
    assert (tab.photo_name, tab.model.rowCount()) == (name, 3)
    press(tab, Qt.Key.Key_PageDown)  # an arrow would move the box
    assert tab.model.rowCount() == 2
    assert tab.photo_name == tab.model.names[1]
    tab.filters.button(PhotoState.FACES).click()
    assert tab.model.shown_names[:2] == (name, tab.model.names[3])
    assert tab.photo_name == tab.model.names[3]  # the next one that the filter shows
    press(tab, Qt.Key.Key_Right)
    undo(tab)  # of a photo that is hidden: all are shown again
    assert tab.photo_name == name
    assert tab.model.filter is None


def test_a_deleted_photo_gives_way_to_another(
    project: Project, store: ProjectStore, tab: AnnotateTab
) -> None:
    gone = tab.photo_name
    assert gone is not None
    (project.photos_folder / gone).unlink()
    store.look()
    assert tab.photo_name not in (None, gone)
    for photo in project.photos:
        photo.path.unlink()
    store.look()
    assert tab.photo_name is None
    assert tab.main_button.text() == "Go to Capture"
    assert not tab.editor.has_picture


# Other programs


def test_what_another_program_saves_is_shown_and_not_overwritten(
    project: Project, tab: AnnotateTab, qtbot: QtBot
) -> None:
    name = tab.photo_name
    assert name is not None
    theirs = Box(10, 20, 100, 120)
    write_as_labelme(project, name, theirs)
    # The store looks twice a second by itself.
    qtbot.waitUntil(lambda: tab.editor.boxes == (theirs,), timeout=1500)
    draw(tab, 300, 80, 420, 240)
    document = json.loads(project.label_path(project.photo(name)).read_text())
    assert document["shapes"][0]["description"] == "mine"
    assert len(document["shapes"]) == 2


def test_a_change_on_disk_just_before_ours_wins(
    project: Project, tab: AnnotateTab, qtbot: QtBot
) -> None:
    name = tab.photo_name
    assert name is not None
    theirs = Box(10, 20, 100, 120)
    write_as_labelme(project, name, theirs)  # and nobody has looked yet
    with qtbot.waitSignal(tab.failed) as failed:
        draw(tab, 300, 80, 420, 240)
    assert "Another program" in failed.args[0].what
    assert on_disk(project, name) == (theirs,)
    assert tab.editor.boxes == (theirs,)


def test_undo_takes_back_what_another_program_did_before_it_takes_back_ours(
    project: Project, tab: AnnotateTab
) -> None:
    name = tab.photo_name
    assert name is not None
    draw(tab, 300, 80, 420, 240)
    ours = on_disk(project, name)
    write_as_labelme(project, name, Box(10, 20, 100, 120))
    undo(tab)
    assert on_disk(project, name) == ours
    undo(tab)
    assert on_disk(project, name) is None


def test_a_broken_label_file_is_said_and_left_alone_until_one_starts_over(
    project: Project, store: ProjectStore, tab: AnnotateTab, qtbot: QtBot
) -> None:
    name = go_to(qtbot, tab, 4)
    path = project.label_path(project.photo(name))
    path.write_text("{broken")
    store.look()
    assert tab.notice.isVisible()
    assert path.name in tab.notice.text.text()
    draw(tab, 100, 80, 220, 240)
    press(tab, Qt.Key.Key_N)
    assert path.read_text() == "{broken"
    tab.notice.button.click()
    assert not path.exists()
    (entry,) = entries(project.trash_folder)
    assert (entry.folder / "labels" / path.name).read_text() == "{broken"
    assert not tab.notice.isVisible()
    draw(tab, 100, 80, 220, 240)
    assert len(on_disk(project, name) or ()) == 1
    undo(tab)
    undo(tab)
    assert path.read_text() == "{broken"


def test_a_label_that_another_program_breaks_is_never_overwritten_by_undo(
    project: Project, store: ProjectStore, tab: AnnotateTab, qtbot: QtBot
) -> None:
    name = tab.photo_name
    assert name is not None
    draw(tab, 100, 80, 220, 240)
    path = project.label_path(project.photo(name))
    path.write_text("{broken")
    with qtbot.waitSignal(tab.failed) as failed:
        undo(tab)
    assert "being written" in failed.args[0].what
    assert path.read_text() == "{broken"
    store.look()
    assert tab.notice.isVisible()


def test_a_half_written_file_takes_no_way_back_away(
    project: Project, store: ProjectStore, tab: AnnotateTab
) -> None:
    name = tab.photo_name
    assert name is not None
    draw(tab, 100, 80, 220, 240)
    ours = on_disk(project, name)
    project.label_path(project.photo(name)).write_text('{"shapes": [')  # as LabelMe begins
    store.look()
    write_as_labelme(project, name, Box(10, 20, 100, 120))
    store.look()
    undo(tab)
    assert on_disk(project, name) == ours
    undo(tab)
    assert on_disk(project, name) is None


def test_start_over_is_not_undone_into_no_face(
    project: Project, store: ProjectStore, tab: AnnotateTab, qtbot: QtBot
) -> None:
    name = go_to(qtbot, tab, 4)
    path = project.label_path(project.photo(name))
    path.write_text("{broken")
    store.look()
    tab.notice.button.click()
    empty(project.trash_folder)
    with qtbot.waitSignal(tab.failed) as failed:
        undo(tab)
    assert "trash" in failed.args[0].what
    assert on_disk(project, name) is None


def test_reading_labels_that_breaks_off_is_said(
    project: Project,  # noqa: ARG001
    tab: AnnotateTab,
    monkeypatch: pytest.MonkeyPatch,
    qtbot: QtBot,
) -> None:
    def fail(*_: object) -> None:
        raise MemoryError

    monkeypatch.setattr(label_reader, "read_entry", fail)
    with qtbot.waitSignal(tab.failed) as failed:
        tab.model._reader.read(tab.model.names)
    assert isinstance(failed.args[0], MemoryError)


def test_a_damaged_photo_is_said(
    project: Project, store: ProjectStore, tab: AnnotateTab, qtbot: QtBot
) -> None:
    (project.photos_folder / tab.model.names[1]).write_bytes(b"no picture")
    store.look()
    tab.show_photo(tab.model.names[1])
    qtbot.waitUntil(tab.notice.isVisible)
    assert "damaged" in tab.notice.text.text()
    assert not tab.editor.can_edit


# LabelMe


@pytest.fixture
def labelme(tmp_path: Path) -> tuple[LabelmeProcess, Path]:
    """A program that behaves as LabelMe does, and the file that ends it with last words."""
    script, orders = tmp_path / "labelme.py", tmp_path / "orders"
    script.write_text(FAKE_LABELME)
    return LabelmeProcess((sys.executable, str(script), str(orders))), orders


def test_labelme_opens_at_the_photo_and_its_labels_come_in(
    project: Project, make_annotate: Any, labelme: tuple[LabelmeProcess, Path], qtbot: QtBot
) -> None:
    process, orders = labelme
    tab = make_annotate(labelme=process)
    qtbot.waitUntil(lambda: tab.editor.can_edit)
    name = go_to(qtbot, tab, 1)
    with qtbot.waitSignal(process.photo_shown) as shown:
        tab.labelme_controls.button.click()
    assert shown.args == [name]
    assert tab.labelme_controls.button.text() == "LabelMe is open"
    assert not tab.labelme_controls.button.isEnabled()
    draw(tab, 300, 80, 420, 240)  # it would be overwritten by LabelMe
    press(tab, Qt.Key.Key_N)
    assert on_disk(project, name) is None
    theirs = Box(10, 20, 100, 120)
    write_as_labelme(project, name, theirs)
    qtbot.waitUntil(lambda: tab.editor.boxes == (theirs,), timeout=1500)
    with qtbot.waitSignal(process.closed):
        orders.write_text("")
    assert tab.labelme_controls.button.isEnabled()
    draw(tab, 300, 80, 420, 240)
    assert len(on_disk(project, name) or ()) == 2


def test_labelme_gets_the_photos_that_the_filter_shows(
    make_annotate: Any, monkeypatch: pytest.MonkeyPatch, qtbot: QtBot, project: Project
) -> None:
    process = LabelmeProcess()
    given: list[Any] = []
    monkeypatch.setattr(process, "start", lambda *told: given.append(told))
    tab = make_annotate(labelme=process)
    qtbot.waitUntil(lambda: tab.editor.can_edit)
    tab.open_labelme()
    tab.filters.button(PhotoState.UNLABELLED).click()
    tab.open_labelme()
    photo = project.photos[0].path
    assert given == [
        (photo, project.labels_folder, None),
        (photo, project.labels_folder, tab.model.names[:3]),
    ]
    assert "shown below" in tab.labelme_controls.button.toolTip()


@pytest.mark.usefixtures("project")
def test_a_crash_of_labelme_is_told_with_its_last_words(
    make_annotate: Any, labelme: tuple[LabelmeProcess, Path], qtbot: QtBot
) -> None:
    process, orders = labelme
    tab = make_annotate(labelme=process)
    qtbot.waitUntil(lambda: tab.editor.can_edit)
    with qtbot.waitSignal(process.photo_shown):
        tab.open_labelme()
    with qtbot.waitSignal(tab.failed) as failed:
        orders.write_text("Traceback:\nValueError: no such tool\n")
    assert "ValueError: no such tool" in failed.args[0].what
    assert tab.editor.can_edit


@pytest.mark.usefixtures("project")
def test_labelme_goes_with_its_project(
    store: ProjectStore,
    make_annotate: Any,
    labelme: tuple[LabelmeProcess, Path],
    qtbot: QtBot,
    tmp_path: Path,
) -> None:
    process, _ = labelme
    tab = make_annotate(labelme=process)
    qtbot.waitUntil(lambda: tab.editor.can_edit)
    with qtbot.waitSignal(process.photo_shown):
        tab.open_labelme()
    store.create(tmp_path / "Other")
    assert not process.running
    assert tab.photo_name is None
    assert tab.main_button.text() == "Go to Capture"


def test_the_photo_under_the_mouse_is_drawn_on_while_zoomed(
    project: Project, tab: AnnotateTab
) -> None:
    name = tab.photo_name
    assert name is not None
    press(tab, Qt.Key.Key_Plus, CONTROL)
    press(tab, Qt.Key.Key_Plus, CONTROL)
    zoomed = tab.editor.zoom
    draw(tab, 300, 200, 360, 280)
    (box,) = on_disk(project, name) or ()
    assert box.corners == pytest.approx((300, 200, 360, 280), abs=2)
    assert tab.editor.zoom == zoomed  # a change does not lose one's place


def test_a_photo_goes_to_the_trash_and_comes_back(
    project: Project, tab: AnnotateTab, qtbot: QtBot
) -> None:
    told: list[str] = []
    tab.noticed.connect(told.append)
    name, after = go_to(qtbot, tab, 5), tab.model.names[6]
    boxes = on_disk(project, name)
    press(tab, Qt.Key.Key_Delete, CONTROL)
    assert name not in {photo.name for photo in project.photos}
    assert tab.photo_name == after
    assert told == [f"{name} is in the trash. Ctrl+Z takes it back."]
    undo(tab)
    assert tab.photo_name == name
    assert on_disk(project, name) == boxes
    redo(tab)
    assert tab.photo_name == after
    assert tab.actions_here.delete_photo in tab.gallery.actions()


@pytest.mark.parametrize(("deleted", "then"), [(0, 1), (1, 2), (2, 1)])
def test_after_a_photo_that_is_deleted_in_a_filter_comes_the_next(
    tab: AnnotateTab, qtbot: QtBot, qtmodeltester: ModelTester, deleted: int, then: int
) -> None:
    qtmodeltester.check(tab.model)
    tab.filters.button(PhotoState.UNLABELLED).click()
    names = tab.model.shown_names
    assert len(names) == 3
    go_to(qtbot, tab, deleted)
    press(tab, Qt.Key.Key_Delete, CONTROL)
    assert tab.model.shown_names == (*names[:deleted], *names[deleted + 1 :])
    assert tab.model.filter is PhotoState.UNLABELLED
    assert tab.photo_name == names[then]
    chosen = tab.gallery.selectionModel().selectedIndexes()
    assert [tab.model.name_at(index) for index in chosen] == [names[then]]


def test_after_the_last_photo_of_a_filter_all_are_shown(
    tab: AnnotateTab, qtmodeltester: ModelTester
) -> None:
    qtmodeltester.check(tab.model)
    tab.filters.button(PhotoState.UNLABELLED).click()
    for _ in range(3):
        press(tab, Qt.Key.Key_Delete, CONTROL)
    assert tab.model.filter is None
    assert tab.model.rowCount() == 9
    assert tab.gallery.currentIndex() == tab.model.index_of(tab.photo_name or "")


def test_a_photo_whose_trash_was_emptied_cannot_come_back(
    project: Project, tab: AnnotateTab, qtbot: QtBot
) -> None:
    go_to(qtbot, tab, 5)
    press(tab, Qt.Key.Key_Delete, CONTROL)
    empty(project.trash_folder)
    with qtbot.waitSignal(tab.failed) as failed:
        undo(tab)
    assert "not in the trash any more" in failed.args[0].what
    assert not tab.history.stack.canUndo()
