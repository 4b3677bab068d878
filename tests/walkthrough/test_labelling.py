"""Labelling in the whole window, by mouse and keys, from the first box to the last draft."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import QPointF, Qt, QTimer
from PySide6.QtGui import QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from facegui.core.boxes import Box, Detection
from facegui.core.photo_library import PhotoState
from facegui.core.project import Project
from facegui.ml.draft_messages import DraftRequest, PhotoDraft, Request
from facegui.ui.annotate_tab import AnnotateTab
from facegui.ui.main_window import MainWindow
from facegui.workers import drafting
from facegui.workers.draft_process import DraftProcess

LEFT = Qt.MouseButton.LeftButton
NONE, SHIFT = Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.ShiftModifier
CONTROL = Qt.KeyboardModifier.ControlModifier
BY_HAND = 8


class KnowingProcess(DraftProcess):
    """Knows all boxes, and draws each a little too far to the right."""

    def __init__(self, truth: dict[str, tuple[Box, ...]]) -> None:
        super().__init__()
        self._truth = truth

    def ask(self, request: Request, cache_folder: Path) -> None:  # noqa: ARG002
        if isinstance(request, DraftRequest):
            drafts = tuple(
                PhotoDraft(
                    photo,
                    tuple(
                        Detection(Box(box.x0 + 9, box.y0, box.x1 + 9, box.y1), 0.9)
                        for box in self._truth[photo.name]
                    ),
                    0.9,
                )
                for photo in request.unlabelled
            )
            QTimer.singleShot(0, lambda: self.drafted.emit(drafts))
        QTimer.singleShot(0, self.done.emit)


class Person:
    """Who looks at the photo, then moves the mouse or presses a key."""

    def __init__(self, qtbot: QtBot, tab: AnnotateTab) -> None:
        self._qtbot, self.tab = qtbot, tab

    def wait_for_photo(self, name: str | None = None) -> str:
        self._qtbot.waitUntil(
            lambda: self.tab.editor.can_edit and name in (None, self.tab.photo_name)
        )
        assert self.tab.photo_name is not None
        return self.tab.photo_name

    def press(self, key: Qt.Key, modifier: Qt.KeyboardModifier = NONE) -> None:
        focused = QApplication.focusWidget()
        assert focused is not None
        QTest.keyClick(focused, key, modifier)

    def drag(
        self,
        start: tuple[float, float],
        end: tuple[float, float],
        modifier: Qt.KeyboardModifier = NONE,
    ) -> None:
        """From and to points of the photo."""
        editor = self.tab.editor
        first, last = (editor.to_widget(*point).toPoint() for point in (start, end))
        QTest.mouseMove(editor, first)
        QTest.mousePress(editor, LEFT, modifier, first)
        QTest.mouseMove(editor, (first + last) / 2)
        QTest.mouseMove(editor, last)
        QTest.mouseRelease(editor, LEFT, modifier, last)

    def turn_wheel(self, at: tuple[float, float], by: int) -> None:
        editor = self.tab.editor
        place = editor.to_widget(*at)
        event = QWheelEvent(
            place,
            QPointF(editor.mapToGlobal(place.toPoint())),
            QPointF().toPoint(),
            QPointF(0, by).toPoint(),
            Qt.MouseButton.NoButton,
            NONE,
            Qt.ScrollPhase.NoScrollPhase,
            False,
        )
        QApplication.sendEvent(editor, event)


@pytest.fixture
def truth(demo_project: Project) -> dict[str, tuple[Box, ...]]:
    """What all photos show; none is labelled any more, and there is a draft of none."""
    known = {photo.name: demo_project.label(photo) or () for photo in demo_project.photos}
    for photo in demo_project.photos:
        demo_project.label_path(photo).unlink()
    demo_project.refresh()
    return known


def test_boxes_by_hand_then_drafts_by_one_key_each(
    demo_project: Project,
    truth: dict[str, tuple[Box, ...]],
    make_window: Callable[..., MainWindow],
    qtbot: QtBot,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(drafting, "PAUSE_MS", 0)
    window = make_window(annotate={"draft_process": KnowingProcess(truth)})
    tab = window.tabs[1]
    assert isinstance(tab, AnnotateTab)
    with qtbot.waitActive(window):
        window.activateWindow()
    tab.editor.setFocus()
    person, names = Person(qtbot, tab), list(truth)
    by_hand: list[str] = []
    was_moved = False

    def label(name: str) -> tuple[Box, ...] | None:
        return Project.open(demo_project.folder, read_only=True).label(demo_project.photo(name))

    while len(by_hand) < BY_HAND:
        name = person.wait_for_photo()
        assert name not in by_hand
        by_hand.append(name)
        assert not demo_project.drafts.names
        if not truth[name]:
            person.press(Qt.Key.Key_N)
            assert label(name) == ()
        for number, box in enumerate(truth[name]):
            person.drag((box.x0, box.y0), (box.x1, box.y1), SHIFT if number else NONE)
            (*_, drawn) = label(name) or ()  # on disk at once
            assert drawn.corners == pytest.approx(box.corners, abs=2)
        if truth[name] and not was_moved:
            was_moved = True
            (before,) = label(name) or ()
            person.press(Qt.Key.Key_Right, SHIFT)  # the box is chosen: it moves
            person.press(Qt.Key.Key_Down)
            qtbot.waitUntil(lambda name=name, before=before: label(name) != (before,))
            (moved,) = label(name) or ()
            assert (moved.x0 - before.x0, moved.y0 - before.y0) == pytest.approx((10, 1))
            person.press(Qt.Key.Key_Z, CONTROL)
            assert label(name) == (before,)
        if len(by_hand) < BY_HAND:
            person.press(Qt.Key.Key_Return)
            qtbot.waitUntil(lambda name=name: tab.photo_name != name)

    drafted = tuple(name for name in names if name not in by_hand)
    qtbot.waitUntil(lambda: demo_project.drafts.names == drafted)
    person.press(Qt.Key.Key_Return)
    first = person.wait_for_photo(drafted[0])
    assert tab.editor.shows_draft
    assert label(first) is None

    fitting = tab.editor.zoom
    person.turn_wheel((100, 100), 240)
    assert tab.editor.zoom > fitting
    person.press(Qt.Key.Key_0, CONTROL)
    assert tab.editor.zoom == fitting

    person.press(Qt.Key.Key_Backspace)
    assert tab.editor.boxes == ()
    person.press(Qt.Key.Key_Z, CONTROL)
    person.wait_for_photo(first)
    assert tab.editor.shows_draft

    corrected = False
    while (name := person.wait_for_photo()) and demo_project.drafts.names:
        if truth[name] and not corrected:
            box, corrected = tab.editor.boxes[0], True
            middle = (box.x0 + box.x1) / 2, (box.y0 + box.y1) / 2
            person.drag(middle, (middle[0] - 9, middle[1]))
            assert label(name)[0].corners == pytest.approx(truth[name][0].corners, abs=2)
            qtbot.waitUntil(lambda: not tab.editor.shows_draft)
        person.press(Qt.Key.Key_Return)
        if demo_project.drafts.names:
            qtbot.waitUntil(lambda name=name: tab.photo_name != name)
    assert corrected
    states = {demo_project.state(photo) for photo in demo_project.photos}
    assert states == {PhotoState.FACES, PhotoState.NO_FACE}
    assert tab.summary == f"{len(names)} of {len(names)} labelled"
    assert tab.main_button.text() == "Next: Augment"
