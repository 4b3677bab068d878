"""Drafts in the Annotate tab: one key a photo, nothing is a label until the user says so."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from facegui.core import trash
from facegui.core.boxes import Box, Detection
from facegui.core.errors import UserError
from facegui.core.mistakes import Mistake, MistakeKind, PhotoMistakes
from facegui.core.photo_library import Changes, Photo, PhotoState
from facegui.core.project import Project
from facegui.ml.draft_messages import (
    DraftRequest,
    OpinionRequest,
    PhotoDraft,
    Request,
)
from facegui.ui.annotate_tab import AnnotateTab
from facegui.ui.label_clock import LabelClock, Way
from facegui.workers import drafting
from facegui.workers.draft_process import DraftProcess
from facegui.workers.drafting import DraftingState
from facegui.workers.labelme_process import LabelmeProcess
from facegui.workers.project_store import ProjectStore

SHIFT, NONE = Qt.KeyboardModifier.ShiftModifier, Qt.KeyboardModifier.NoModifier
FACE, OTHER = Box(200.0, 100.0, 320.0, 260.0), Box(20.0, 30.0, 100.0, 140.0)
UNLABELLED = 4


class FakeProcess(DraftProcess):
    """Notes what it is asked for; the test answers."""

    def __init__(self) -> None:
        super().__init__()
        self.requests: list[Request] = []
        self.ended = 0

    def ask(self, request: Request, cache_folder: Path) -> None:
        assert cache_folder.name == "cache"
        self._busy = True
        self.requests.append(request)

    def end(self) -> None:
        self.ended += self._busy
        self._busy = False

    def answer(self, certainty: dict[str, float], box: Box | None = FACE) -> None:
        """Drafts a face, or none, for each photo of the last request that is named."""
        request = self.requests[-1]
        assert isinstance(request, DraftRequest)
        self.drafted.emit(
            tuple(
                PhotoDraft(
                    photo,
                    (Detection(box, certainty[photo.name]),) if box else (),
                    certainty[photo.name],
                )
                for photo in request.unlabelled
                if photo.name in certainty
            )
        )
        self.finish()

    def finish(self) -> None:
        self._busy = False
        self.done.emit()


@pytest.fixture
def project(demo_project: Project) -> Project:
    """Twelve photos; the first four are not labelled."""
    for photo in demo_project.photos[:UNLABELLED]:
        demo_project.label_path(photo).unlink()
    demo_project.refresh()
    return demo_project


@pytest.fixture
def process(monkeypatch: pytest.MonkeyPatch) -> FakeProcess:
    monkeypatch.setattr(drafting, "PAUSE_MS", 0)
    return FakeProcess()


@pytest.fixture
def make_annotate(make_tab: Any, qtbot: QtBot, process: FakeProcess) -> Callable[..., AnnotateTab]:
    def make(**seams: Any) -> AnnotateTab:
        tab: AnnotateTab = make_tab(AnnotateTab, draft_process=process, **seams)
        tab.resize(1000, 800)
        with qtbot.waitActive(tab):
            tab.show()
            tab.activateWindow()
        tab.enter()
        return tab

    return make


@pytest.fixture
def tab(
    project: Project,  # noqa: ARG001
    make_annotate: Callable[..., AnnotateTab],
    process: FakeProcess,
    qtbot: QtBot,
) -> AnnotateTab:
    """The four photos are drafted, the third least certainly; the second is shown."""
    tab = make_annotate()
    qtbot.waitUntil(lambda: bool(process.requests))
    names = tab.model.names
    tab.show_photo(names[1])
    process.answer(dict(zip(names, (0.9, 0.8, 0.2, 0.6), strict=False)))
    qtbot.waitUntil(lambda: tab.editor.can_edit and tab.editor.shows_draft)
    return tab


def press(tab: AnnotateTab, key: Qt.Key, modifier: Qt.KeyboardModifier = NONE) -> None:
    QTest.keyClick(tab.editor, key, modifier)


def undo(tab: AnnotateTab) -> None:
    press(tab, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)


def ready(qtbot: QtBot, tab: AnnotateTab, name: str) -> None:
    qtbot.waitUntil(lambda: tab.photo_name == name and tab.editor.can_edit)


def label(project: Project, name: str) -> tuple[Box, ...] | None:
    return project.label(project.photo(name))


# When it drafts


def test_the_eighth_label_begins_it_with_all_labels(
    tab: AnnotateTab, project: Project, process: FakeProcess
) -> None:
    request = process.requests[0]
    assert isinstance(request, DraftRequest)
    assert [s.photo.name for s in request.labelled] == list(tab.model.names[UNLABELLED:])
    assert [s.boxes for s in request.labelled] == [
        label(project, name) for name in tab.model.names[UNLABELLED:]
    ]
    assert [photo.name for photo in request.unlabelled] == list(tab.model.names[:UNLABELLED])
    assert "4 drafts, 62% sure" in tab.draft_controls.sign.text()


def test_seven_labels_begin_nothing(
    demo_project: Project, make_annotate: Any, process: FakeProcess, qtbot: QtBot
) -> None:
    for photo in demo_project.photos[7:]:
        demo_project.label_path(photo).unlink()
    demo_project.refresh()
    tab = make_annotate()
    qtbot.waitUntil(lambda: "1 to go" in tab.draft_controls.sign.text())
    assert process.requests == []
    ready(qtbot, tab, tab.model.names[7])
    press(tab, Qt.Key.Key_N)
    qtbot.waitUntil(lambda: len(process.requests) == 1)


def test_switched_off_it_stays_off(
    tab: AnnotateTab, project: Project, process: FakeProcess, qtbot: QtBot
) -> None:
    tab.draft_controls.switch.click()
    names = tab.model.names
    for name in (names[1], names[2], names[3]):
        ready(qtbot, tab, name)
        press(tab, Qt.Key.Key_Return)
    assert len(process.requests) == 1
    assert project.settings("drafts") == {"on": False}
    tab.draft_controls.switch.click()
    qtbot.waitUntil(lambda: len(process.requests) == 2)


def test_leaving_the_tab_frees_the_machine(
    tab: AnnotateTab, process: FakeProcess, qtbot: QtBot
) -> None:
    names = tab.model.names
    for name in (names[1], names[2]):
        ready(qtbot, tab, name)
        press(tab, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: process.busy)
    tab.leave()
    assert process.ended == 1


# Review


def test_a_draft_is_shown_and_is_no_label(tab: AnnotateTab, project: Project) -> None:
    assert tab.editor.boxes == (FACE,)
    assert tab.editor.badge == "Draft, 80% sure. Enter accepts it."
    assert label(project, tab.photo_name or "") is None
    assert tab.summary == "8 of 12 labelled"
    assert not project.label_path(project.photo(tab.photo_name or "")).exists()


def test_enter_accepts_and_goes_to_the_least_certain(
    tab: AnnotateTab, project: Project, qtbot: QtBot
) -> None:
    names = tab.model.names
    press(tab, Qt.Key.Key_Return)
    assert label(project, names[1]) == (FACE,)
    ready(qtbot, tab, names[2])
    press(tab, Qt.Key.Key_Return)
    ready(qtbot, tab, names[3])
    undo(tab)
    assert label(project, names[2]) is None
    ready(qtbot, tab, names[2])
    assert tab.editor.shows_draft  # it is a draft again
    assert project.drafts.draft(project.photo(names[2])) is not None


def test_arrows_and_u_move_without_accepting(
    tab: AnnotateTab, project: Project, qtbot: QtBot
) -> None:
    names = tab.model.names
    press(tab, Qt.Key.Key_Left)
    assert tab.photo_name == names[0]
    press(tab, Qt.Key.Key_U)
    ready(qtbot, tab, names[2])
    assert all(label(project, name) is None for name in names[:UNLABELLED])


def test_dragging_a_draft_makes_it_a_label(tab: AnnotateTab, project: Project) -> None:
    name = tab.photo_name or ""
    start = tab.editor.to_widget(FACE.x1, FACE.y1).toPoint()
    end = tab.editor.to_widget(FACE.x1 + 40, FACE.y1 + 30).toPoint()
    QTest.mousePress(tab.editor, Qt.MouseButton.LeftButton, NONE, start)
    QTest.mouseMove(tab.editor, end)
    QTest.mouseRelease(tab.editor, Qt.MouseButton.LeftButton, NONE, end)
    (box,) = label(project, name) or ()
    assert box.corners == pytest.approx((200, 100, 360, 290), abs=2)
    assert not tab.editor.shows_draft
    assert tab.photo_name == name


def test_n_says_no_face_and_goes_on(tab: AnnotateTab, project: Project, qtbot: QtBot) -> None:
    name = tab.photo_name or ""
    press(tab, Qt.Key.Key_N)
    assert label(project, name) == ()
    ready(qtbot, tab, tab.model.names[2])


def test_a_draft_of_no_face_is_accepted_like_any_other(
    tab: AnnotateTab, project: Project, process: FakeProcess, qtbot: QtBot
) -> None:
    names = tab.model.names
    press(tab, Qt.Key.Key_Return)
    ready(qtbot, tab, names[2])
    press(tab, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: len(process.requests) == 2)
    tab.show_photo(names[4])
    process.answer({names[0]: 0.7}, box=None)
    tab.show_photo(names[0])
    qtbot.waitUntil(lambda: "Draft: no face, 70% sure" in tab.editor.badge)
    assert label(project, names[0]) is None
    press(tab, Qt.Key.Key_Return)
    assert label(project, names[0]) == ()


def test_backspace_rejects_for_good_and_can_be_undone(
    tab: AnnotateTab, project: Project, process: FakeProcess, qtbot: QtBot
) -> None:
    names = tab.model.names
    press(tab, Qt.Key.Key_Backspace)
    assert tab.editor.boxes == ()
    assert tab.photo_name == names[1]
    assert project.drafts.draft(project.photo(names[1])) is None
    press(tab, Qt.Key.Key_Return)
    for name in names[2:UNLABELLED]:
        ready(qtbot, tab, name)
        press(tab, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: len(process.requests) == 2)
    request = process.requests[1]
    assert isinstance(request, DraftRequest)
    assert names[1] not in [photo.name for photo in request.unlabelled]
    for _ in range(3):
        undo(tab)
    ready(qtbot, tab, names[1])
    assert tab.editor.shows_draft


def test_a_rejection_is_not_undone_over_a_file_that_is_being_written(
    tab: AnnotateTab, project: Project, qtbot: QtBot
) -> None:
    press(tab, Qt.Key.Key_Backspace)
    path = project.label_path(project.photo(tab.photo_name or ""))
    path.write_text('{"shapes": [')
    with qtbot.waitSignal(tab.failed):
        undo(tab)
    assert path.read_text() == '{"shapes": ['


def test_the_draft_that_is_looked_at_stays_as_it_is(
    tab: AnnotateTab, project: Project, process: FakeProcess, qtbot: QtBot
) -> None:
    names = tab.model.names
    press(tab, Qt.Key.Key_Return)
    ready(qtbot, tab, names[2])
    press(tab, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: len(process.requests) == 2)
    ready(qtbot, tab, names[3])
    process.answer({names[0]: 0.99, names[3]: 0.99}, OTHER)
    assert tab.editor.boxes == (FACE,)
    assert project.drafts.draft(project.photo(names[0])).boxes == (OTHER,)


def test_all_above_a_confidence_are_accepted_together_and_undone_together(
    tab: AnnotateTab, project: Project, qtbot: QtBot
) -> None:
    names = tab.model.names
    tab.draft_controls.least.setValue(50)
    assert tab.draft_controls.accept_all.text() == "Accept 3 drafts"
    tab.draft_controls.accept_all.click()
    assert tab.history.busy
    assert not tab.editor.can_edit  # nothing else is written meanwhile
    qtbot.waitUntil(lambda: not tab.history.busy)
    assert [label(project, name) for name in names[:4]] == [(FACE,), (FACE,), None, (FACE,)]
    assert tab.history.stack.undoText() == "Accept 3 drafts"
    tab.editor.setFocus()
    undo(tab)
    qtbot.waitUntil(lambda: not tab.history.busy)
    assert all(label(project, name) is None for name in names[:4])
    assert set(project.drafts.names) == set(names[:4])
    (thrown,) = trash.entries(project.trash_folder)  # all in one
    assert len(list((thrown.folder / "labels").iterdir())) == 3
    tab.actions_here.redo.trigger()
    qtbot.waitUntil(lambda: not tab.history.busy)
    assert label(project, names[3]) == (FACE,)
    assert trash.entries(project.trash_folder) == ()


def test_it_says_how_many_become_no_face(
    tab: AnnotateTab, project: Project, store: ProjectStore
) -> None:
    names = tab.model.names
    project.drafts.set_draft(project.photo(names[0]), (), "drafting", 0.95)
    store.drafts_changed.emit((names[0],))
    tab.draft_controls.least.setValue(70)
    assert tab.draft_controls.accept_all.text() == "Accept 2 drafts, 1 no face"


def test_the_photo_that_enter_goes_to_is_read_ahead(
    tab: AnnotateTab, monkeypatch: pytest.MonkeyPatch, qtbot: QtBot
) -> None:
    names, wanted = tab.model.names, []
    get = tab.pictures.get

    def note(photo: Photo, then: Photo | None = None) -> Any:
        wanted.append((photo.name, then.name if then else None))
        return get(photo, then)

    monkeypatch.setattr(tab.pictures, "get", note)
    tab.show_photo(names[0])
    ready(qtbot, tab, names[0])
    assert wanted[-1] == (names[0], names[2])


def test_the_sign_moves_no_button(tab: AnnotateTab) -> None:
    controls = tab.draft_controls
    news = replace(tab.drafting.news, state=DraftingState.WORKING)
    places = set()
    for now in (news, replace(news, state=DraftingState.RESTING)):
        controls.show_drafts(True, now, [0.5])
        controls.layout().activate()
        places.add(controls.one.y())
    assert len(places) == 1


def test_accepting_many_is_undone_although_one_of_them_was_deleted(
    tab: AnnotateTab, project: Project, store: ProjectStore, qtbot: QtBot
) -> None:
    names = tab.model.names
    tab.draft_controls.least.setValue(1)
    tab.draft_controls.accept_all.click()
    qtbot.waitUntil(lambda: not tab.history.busy)
    project.delete([project.photo(names[2])])
    store.tell(Changes(removed=(names[2],)))
    tab.editor.setFocus()
    undo(tab)
    qtbot.waitUntil(lambda: not tab.history.busy)
    assert [label(project, name) for name in (*names[:2], names[3])] == [None] * 3
    assert tab.history.stack.canRedo()


def test_one_photo_that_cannot_be_written_holds_up_no_other(
    tab: AnnotateTab, project: Project, monkeypatch: pytest.MonkeyPatch, qtbot: QtBot
) -> None:
    names, set_label = tab.model.names, project.set_label

    def refuse(photo: Photo, boxes: Any) -> None:
        if photo.name == names[1]:
            raise UserError("The disk is full.", "Free some space.")
        set_label(photo, boxes)

    monkeypatch.setattr(project, "set_label", refuse)
    tab.draft_controls.least.setValue(1)
    with qtbot.waitSignal(tab.failed):
        tab.draft_controls.accept_all.click()
    assert [label(project, name) for name in names[:4]] == [(FACE,), None, (FACE,), (FACE,)]
    tab.editor.setFocus()
    undo(tab)
    qtbot.waitUntil(lambda: not tab.history.busy)
    assert all(label(project, name) is None for name in names[:4])


def test_the_time_per_photo_is_told_at_the_end(tab: AnnotateTab, qtbot: QtBot) -> None:
    for _ in range(UNLABELLED):
        qtbot.waitUntil(lambda: tab.editor.can_edit)
        press(tab, Qt.Key.Key_Return)
    text = tab.findChild(type(tab.draft_controls.sign), "annotate.next").text()
    assert text.startswith("All photos are labelled. You took ")
    assert "4 drafts accepted" in text


def test_c_copies_the_boxes_of_the_photo_before(
    tab: AnnotateTab, project: Project, qtbot: QtBot
) -> None:
    names = tab.model.names
    press(tab, Qt.Key.Key_Return)
    ready(qtbot, tab, names[2])
    tab.show_photo(names[1])
    ready(qtbot, tab, names[1])
    press(tab, Qt.Key.Key_Left)
    ready(qtbot, tab, names[0])
    assert tab.actions_here.copy.isEnabled()
    press(tab, Qt.Key.Key_C)
    assert label(project, names[0]) == (FACE,)
    undo(tab)
    assert label(project, names[0]) is None


# LabelMe


@pytest.mark.parametrize("wanted", [False, True])
def test_labelme_gets_the_draft_only_where_the_user_chose_so(
    make_annotate: Any, project: Project, process: FakeProcess, qtbot: QtBot, wanted: bool
) -> None:
    started: list[Path] = []

    class NoLabelme(LabelmeProcess):
        def start(self, photo: Path, *_: Any) -> None:
            started.append(photo)

    tab = make_annotate(labelme=NoLabelme())
    qtbot.waitUntil(lambda: bool(process.requests))
    assert not tab.labelme_controls.take_draft.isVisible()
    name = tab.photo_name
    process.answer({name: 0.9})
    qtbot.waitUntil(lambda: tab.editor.shows_draft and tab.editor.can_edit)
    tab.labelme_controls.take_draft.setChecked(wanted)
    tab.labelme_controls.button.click()
    assert [path.name for path in started] == [name]
    assert label(project, name) == ((FACE,) if wanted else None)


def test_while_labelme_is_open_nothing_is_accepted_and_enter_goes_on(
    tab: AnnotateTab, project: Project, monkeypatch: pytest.MonkeyPatch, qtbot: QtBot
) -> None:
    names = tab.model.names
    monkeypatch.setattr(LabelmeProcess, "running", True)
    tab.labelme.started.emit()
    assert not tab.draft_controls.accept_all.isEnabled()
    assert "Close LabelMe" in tab.draft_controls.accept_all.toolTip()
    assert tab.main_button.text() == "Next photo without label"
    tab.main_button.click()
    qtbot.waitUntil(lambda: tab.photo_name == names[2])
    tab.desk.accept_certain(0.0)
    assert all(label(project, name) is None for name in names[:4])
    monkeypatch.undo()


# Second opinion


def test_second_opinion_leads_to_the_doubted_labels(
    demo_project: Project, make_annotate: Any, process: FakeProcess, qtbot: QtBot
) -> None:
    tab = make_annotate()
    qtbot.waitUntil(lambda: bool(process.requests))  # all is labelled: it is asked unasked
    request = process.requests[0]
    assert isinstance(request, OpinionRequest)
    assert len(request.labelled) == 12
    names = tab.model.names
    doubted = [
        PhotoMistakes(names[5], (Mistake(MistakeKind.FALSE_ALARM, OTHER, 0.9),)),
        PhotoMistakes(names[7], (Mistake(MistakeKind.MISSED, FACE, 0.7),)),
        PhotoMistakes(names[8], (Mistake(MistakeKind.POOR_BOX, FACE, 0.3),)),
    ]
    process.judged.emit(tuple(doubted))
    process.finish()
    assert "2 labels are worth another look" in tab.draft_controls.opinion.text()
    tab.draft_controls.ask.click()
    ready(qtbot, tab, names[5])
    assert "a face without a box" in tab.notice.text.text()
    tab.draft_controls.ask.click()
    ready(qtbot, tab, names[7])
    tab.notice.button.click()  # the label is right
    assert not tab.notice.isVisible()
    assert [doubt.name for doubt in tab.drafting.doubts] == [names[5]]
    tab.show_photo(names[5])
    ready(qtbot, tab, names[5])
    press(tab, Qt.Key.Key_B)
    assert tab.drafting.doubts == ()  # it is another label now
    assert demo_project.settings("drafts")["confirmed"].keys() == {names[7]}


def test_an_opinion_that_comes_loses_no_nudge(
    demo_project: Project, make_annotate: Any, process: FakeProcess, qtbot: QtBot
) -> None:
    tab = make_annotate()
    qtbot.waitUntil(lambda: bool(process.requests) and tab.editor.can_edit)
    name = tab.photo_name or ""
    before = label(demo_project, name)
    tab.editor.setFocus()
    press(tab, Qt.Key.Key_Tab)
    press(tab, Qt.Key.Key_Down)
    process.judged.emit(())
    assert label(demo_project, name) == tab.editor.boxes != before


# The clock


def test_the_clock_tells_ways_apart_and_leaves_pauses_out() -> None:
    now = [0.0]
    clock = LabelClock(lambda: now[0])
    assert clock.words == ""
    for name, seconds, way in (
        ("a", 8.0, Way.BY_HAND),
        ("b", 1.0, Way.ACCEPTED),
        ("c", 2.0, Way.ACCEPTED),
        ("d", 1000.0, Way.CORRECTED),
    ):
        clock.look_at(name)
        now[0] += seconds
        clock.labelled(name, way)
    assert clock.words == (
        "17.8 s a photo (1 by hand: 8.0 s, 2 drafts accepted: 1.5 s, 1 corrected: 60.0 s)"
    )
    clock.forget()
    assert clock.words == ""


def test_the_clock_counts_a_photo_that_was_first_left_without_a_label() -> None:
    now = [0.0]
    clock = LabelClock(lambda: now[0])
    for name in ("a", "b", "a"):
        clock.look_at(name)
        now[0] += 3.0
    clock.labelled("a", Way.BY_HAND)
    assert clock.words == "6.0 s a photo (1 by hand: 6.0 s)"


def test_another_project_forgets_what_was_drafted(
    tab: AnnotateTab, store: ProjectStore, process: FakeProcess
) -> None:
    process._busy = True
    store.close()
    assert process.ended == 1
    assert tab.drafting.doubts == ()
    assert PhotoState.UNLABELLED not in tab.model.counts()
