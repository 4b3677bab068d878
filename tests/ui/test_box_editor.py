"""Boxes by mouse and by keys; what comes out are boxes in pixels of the photo."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import QPoint, QPointF, QSize, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLineEdit, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from facegui.core.boxes import Box
from facegui.ui import box_editor
from facegui.ui.box_editor import BoxEdit, BoxEditor
from facegui.ui.box_grips import LEAST_SIDE, BoxDrag, Grip
from facegui.ui.picture_frame import PictureFrame

SIZE = (640, 480)
LEFT, MIDDLE = Qt.MouseButton.LeftButton, Qt.MouseButton.MiddleButton
NONE, SHIFT = Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.ShiftModifier
CONTROL = Qt.KeyboardModifier.ControlModifier


@pytest.fixture
def make_editor(qtbot: QtBot) -> Callable[..., tuple[BoxEditor, list[BoxEdit]]]:
    def make(*boxes: Box, size: tuple[int, int] = SIZE) -> tuple[BoxEditor, list[BoxEdit]]:
        editor = BoxEditor()
        qtbot.addWidget(editor)
        editor.resize(664, 504)  # the photo of 640 x 480 fits at one to one
        with qtbot.waitExposed(editor):
            editor.show()
        editor.set_picture(np.full((480, 640, 3), 90, np.uint8), size)
        editor.set_boxes(boxes)
        edits: list[BoxEdit] = []
        editor.edited.connect(edits.append)
        return editor, edits

    return make


def place(editor: BoxEditor, x: float, y: float) -> QPoint:
    return editor.to_widget(x, y).toPoint()


def drag(
    editor: BoxEditor,
    start: tuple[float, float],
    end: tuple[float, float],
    button: Qt.MouseButton = LEFT,
    modifier: Qt.KeyboardModifier = NONE,
) -> None:
    """With the mouse, from and to pixels of the photo as it lies at the beginning."""
    first, last = place(editor, *start), place(editor, *end)
    QTest.mouseMove(editor, first)
    QTest.mousePress(editor, button, modifier, first)
    QTest.mouseMove(editor, (first + last) / 2)
    QTest.mouseMove(editor, last)
    QTest.mouseRelease(editor, button, modifier, last)


def corners(edit: BoxEdit) -> list[tuple[float, ...]]:
    return [tuple(round(value) for value in box.corners) for box in edit.boxes]


def test_a_drag_draws_a_box_in_any_direction(make_editor: Any) -> None:
    editor, edits = make_editor()
    drag(editor, (300, 250), (100, 80))
    assert corners(edits[-1]) == [(100, 80, 300, 250)]
    assert edits[-1].text == "Draw box"
    assert editor.chosen == 0


def test_several_faces_get_several_boxes(make_editor: Any) -> None:
    editor, edits = make_editor()
    drag(editor, (50, 50), (150, 150))
    drag(editor, (300, 50), (400, 150))
    assert corners(edits[-1]) == [(50, 50, 150, 150), (300, 50, 400, 150)]


def test_a_click_is_no_box(make_editor: Any, qtbot: QtBot) -> None:
    editor, edits = make_editor()
    qtbot.mouseClick(editor, LEFT, pos=place(editor, 200, 200))
    drag(editor, (200, 200), (202, 201))
    assert edits == []
    assert editor.boxes == ()


def test_boxes_end_at_the_edge_of_the_photo(make_editor: Any) -> None:
    editor, edits = make_editor()
    drag(editor, (500, 300), (700, 520))
    drag(editor, (5, 6), (100, 100))  # near the edge is at the edge
    assert corners(edits[-1]) == [(500, 300, 640, 480), (0, 0, 100, 100)]


def test_a_drag_in_a_box_moves_it(make_editor: Any) -> None:
    editor, edits = make_editor(Box(100, 100, 200, 200))
    drag(editor, (150, 150), (190, 130))
    assert corners(edits[-1]) == [(140, 80, 240, 180)]
    drag(editor, (190, 130), (900, 900))  # as far as the photo goes
    assert corners(edits[-1]) == [(540, 380, 640, 480)]


def test_shift_draws_a_box_within_another(make_editor: Any) -> None:
    editor, edits = make_editor(Box(100, 100, 400, 400))
    drag(editor, (200, 200), (260, 280), modifier=SHIFT)
    assert corners(edits[-1])[1] == (200, 200, 260, 280)


def test_a_click_chooses_the_smaller_of_two_boxes(make_editor: Any, qtbot: QtBot) -> None:
    editor, edits = make_editor(Box(100, 100, 400, 400), Box(200, 200, 260, 280))
    qtbot.mouseClick(editor, LEFT, pos=place(editor, 230, 240))
    assert editor.chosen == 1
    assert edits == []


@pytest.mark.parametrize(
    ("grip", "expected"),
    [
        (Grip.TOP_LEFT, (120, 130, 300, 300)),
        (Grip.TOP, (100, 130, 300, 300)),
        (Grip.TOP_RIGHT, (100, 130, 320, 300)),
        (Grip.RIGHT, (100, 100, 320, 300)),
        (Grip.BOTTOM_RIGHT, (100, 100, 320, 330)),
        (Grip.BOTTOM, (100, 100, 300, 330)),
        (Grip.BOTTOM_LEFT, (120, 100, 300, 330)),
        (Grip.LEFT, (120, 100, 300, 300)),
    ],
)
def test_grips_resize(
    make_editor: Any, qtbot: QtBot, grip: Grip, expected: tuple[float, ...]
) -> None:
    box = Box(100, 100, 300, 300)
    editor, edits = make_editor(box)
    qtbot.mouseClick(editor, LEFT, pos=place(editor, 200, 200))
    x, y = grip.point(box)
    # Taken hold of beside its middle, as people do: the box does not jump.
    drag(editor, (x + 7, y - 5), (x + 27, y + 25))
    assert corners(edits[-1]) == [expected]
    assert edits[-1].text == "Resize box"


def test_a_box_dragged_over_itself_stays_a_box(make_editor: Any) -> None:
    editor, edits = make_editor(Box(100, 100, 300, 300))
    drag(editor, (300, 300), (20, 20))
    (box,) = edits[-1].boxes
    assert (box.width, box.height) == (LEAST_SIDE, LEAST_SIDE)


def test_delete_takes_the_chosen_box(make_editor: Any) -> None:
    editor, edits = make_editor(Box(10, 10, 50, 50), Box(100, 100, 200, 200))
    editor.delete_chosen()
    assert edits == []  # none is chosen, and there are two
    QTest.keyClick(editor, Qt.Key.Key_Tab)
    QTest.keyClick(editor, Qt.Key.Key_Tab)
    assert editor.chosen == 1
    editor.delete_chosen()
    assert corners(edits[-1]) == [(10, 10, 50, 50)]
    editor.delete_chosen()  # the only one needs no choosing
    assert edits[-1].boxes == ()


def test_tab_leaves_the_editor_after_the_last_box(qtbot: QtBot) -> None:
    window = QWidget()
    qtbot.addWidget(window)
    layout = QVBoxLayout(window)
    editor, beyond = BoxEditor(), QLineEdit()
    layout.addWidget(editor)
    layout.addWidget(beyond)
    with qtbot.waitActive(window):
        window.show()
        window.activateWindow()
    editor.set_picture(np.zeros((480, 640, 3), np.uint8), SIZE)
    editor.set_boxes([Box(10, 10, 50, 50)])
    editor.setFocus()
    QTest.keyClick(editor, Qt.Key.Key_Tab)
    assert editor.chosen == 0
    QTest.keyClick(editor, Qt.Key.Key_Tab)
    assert beyond.hasFocus()


def test_nudges_are_one_change(make_editor: Any, qtbot: QtBot) -> None:
    editor, edits = make_editor(Box(100, 100, 200, 200))
    QTest.keyClick(editor, Qt.Key.Key_Tab)
    with qtbot.waitSignal(editor.edited):
        QTest.keyClick(editor, Qt.Key.Key_Right)
        QTest.keyClick(editor, Qt.Key.Key_Down, SHIFT)
        QTest.keyClick(editor, Qt.Key.Key_Right, CONTROL | SHIFT)
        QTest.keyClick(editor, Qt.Key.Key_Up, CONTROL)
        assert edits == []
    assert [corners(edit) for edit in edits] == [[(101, 110, 211, 209)]]


def test_a_key_that_is_held_is_told_of_before_it_is_let_go(
    make_editor: Any, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(box_editor, "NUDGE_PAUSE_MS", 3_600_000)  # there is never a pause
    monkeypatch.setattr(box_editor, "LONGEST_NUDGE_MS", 0)
    editor, edits = make_editor(Box(100, 100, 200, 200))
    QTest.keyClick(editor, Qt.Key.Key_Tab)
    for x in (101, 102):
        with qtbot.waitSignal(editor.edited):
            QTest.keyClick(editor, Qt.Key.Key_Right)
        assert corners(edits[-1]) == [(x, 100, x + 100, 200)]


def test_what_was_nudged_is_told_before_anything_else(make_editor: Any) -> None:
    editor, edits = make_editor(Box(100, 100, 200, 200))
    QTest.keyClick(editor, Qt.Key.Key_Tab)
    QTest.keyClick(editor, Qt.Key.Key_Left)
    drag(editor, (300, 300), (400, 400))
    assert [corners(edit) for edit in edits] == [
        [(99, 100, 199, 200)],
        [(99, 100, 199, 200), (300, 300, 400, 400)],
    ]


def test_arrows_alone_go_to_other_photos(make_editor: Any) -> None:
    editor, edits = make_editor(Box(100, 100, 200, 200))
    steps: list[int] = []
    editor.step_wanted.connect(steps.append)
    for key in (Qt.Key.Key_Left, Qt.Key.Key_Right, Qt.Key.Key_Up, Qt.Key.Key_Down):
        QTest.keyClick(editor, key)
    assert steps == [-1, 1, -1, 1]
    assert edits == []


def test_a_box_can_be_made_without_the_mouse(make_editor: Any) -> None:
    editor, edits = make_editor()
    QTest.keyClick(editor, Qt.Key.Key_B)
    assert edits[-1].boxes[0].corners == pytest.approx((240, 160, 400, 320), abs=1)
    assert editor.chosen == 0


def test_escape_drops_a_drag(make_editor: Any) -> None:
    editor, edits = make_editor(Box(100, 100, 200, 200))
    QTest.mousePress(editor, LEFT, NONE, place(editor, 150, 150))
    QTest.mouseMove(editor, place(editor, 190, 190))
    QTest.keyClick(editor, Qt.Key.Key_Escape)
    QTest.mouseRelease(editor, LEFT, NONE, place(editor, 190, 190))
    assert edits == []
    assert editor.boxes == (Box(100, 100, 200, 200),)


def test_other_boxes_from_outside_end_a_drag(make_editor: Any) -> None:
    editor, edits = make_editor(Box(100, 100, 200, 200))
    QTest.mousePress(editor, LEFT, NONE, place(editor, 150, 150))
    QTest.mouseMove(editor, place(editor, 190, 190))
    editor.set_boxes([Box(1, 2, 30, 40)])
    QTest.mouseRelease(editor, LEFT, NONE, place(editor, 190, 190))
    assert edits == []
    assert editor.boxes == (Box(1, 2, 30, 40),)


def test_locked_it_only_shows(make_editor: Any) -> None:
    editor, edits = make_editor(Box(100, 100, 200, 200))
    editor.set_locked("LabelMe is open")
    drag(editor, (150, 150), (190, 190))
    drag(editor, (300, 300), (400, 400))
    QTest.keyClick(editor, Qt.Key.Key_B)
    editor.delete_chosen()
    assert edits == []


def wheel(editor: BoxEditor, at: QPoint, steps: int) -> None:
    event = QWheelEvent(
        QPointF(at),
        editor.mapToGlobal(QPointF(at)),
        QPoint(),
        QPoint(0, 120 * steps),
        Qt.MouseButton.NoButton,
        NONE,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QApplication.sendEvent(editor, event)


def test_the_wheel_zooms_where_the_mouse_is(make_editor: Any) -> None:
    editor, edits = make_editor()
    before = place(editor, 400, 300)
    wheel(editor, before, 5)
    assert editor.zoom > 2
    assert (place(editor, 400, 300) - before).manhattanLength() <= 1
    # A drag is in pixels of the photo all the same.
    drag(editor, (390, 290), (420, 330))
    (drawn,) = edits[-1].boxes
    assert drawn.corners == pytest.approx((390, 290, 420, 330), abs=1)
    wheel(editor, before, -20)
    assert editor.zoom == pytest.approx(1.0)


@pytest.mark.parametrize("by_space", [False, True])
def test_a_zoomed_photo_is_panned(make_editor: Any, by_space: bool) -> None:
    editor, edits = make_editor()
    for _ in range(5):
        editor.zoom_in()
    before = place(editor, 320, 240)
    if by_space:
        QTest.keyPress(editor, Qt.Key.Key_Space)
    drag(editor, (320, 240), (300, 250), LEFT if by_space else MIDDLE)
    if by_space:
        QTest.keyRelease(editor, Qt.Key.Key_Space)
    moved = place(editor, 320, 240) - before
    assert moved.x() < -20
    assert moved.y() > 10
    assert edits == []


def test_boxes_are_in_pixels_of_the_photo_though_it_was_made_smaller(make_editor: Any) -> None:
    editor, edits = make_editor(size=(6400, 4800))
    drag(editor, (1000, 2000), (3000, 4000))
    assert edits[-1].boxes[0].corners == pytest.approx((1000, 2000, 3000, 4000), abs=10)


@given(
    start=st.tuples(st.floats(-50, 700), st.floats(-50, 500)),
    end=st.tuples(st.floats(-1e4, 1e4), st.floats(-1e4, 1e4)),
    grip=st.sampled_from([None, *Grip]),
    snap=st.floats(0, 20),
)
def test_whatever_is_dragged_where_the_box_stays_in_the_photo(
    start: tuple[float, float], end: tuple[float, float], grip: Grip | None, snap: float
) -> None:
    box = BoxDrag(start, 0, Box(100, 90, 180, 200), grip).box(end, SIZE, snap)
    drawn = BoxDrag(start).box(end, SIZE, snap)
    for result in filter(None, (box, drawn)):
        assert 0 <= result.x0 < result.x1 <= SIZE[0]
        assert 0 <= result.y0 < result.y1 <= SIZE[1]
    assert box is not None
    assert min(box.width, box.height) >= LEAST_SIDE - 1e-6


@given(
    st.lists(
        st.tuples(st.floats(0.5, 2), st.floats(0, 800), st.floats(0, 600), st.floats(-900, 900)),
        max_size=8,
    )
)
def test_a_photo_is_never_lost_from_view(steps: list[tuple[float, float, float, float]]) -> None:
    frame = PictureFrame()
    frame.set_widget(QSize(800, 600))
    frame.set_picture(QSize(*SIZE))
    for factor, x, y, by in steps:
        frame.zoom(factor, QPointF(x, y))
        frame.pan(QPointF(by, -by))
    area = frame.rect
    middle = QPointF(400, 300)
    assert area.contains(middle)
    there_and_back = frame.to_widget(frame.to_picture(middle))
    assert (there_and_back - middle).manhattanLength() < 1e-6
