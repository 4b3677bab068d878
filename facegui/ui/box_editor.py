"""The large photo, on which boxes are drawn, moved, resized and deleted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QEvent, QPointF, Qt, QTimer, Signal, Slot
from PySide6.QtGui import QFocusEvent, QKeyEvent, QMouseEvent, QPainter, QWheelEvent
from PySide6.QtWidgets import QWidget

from facegui.core.boxes import Box
from facegui.core.images import Pixels
from facegui.ui.box_canvas import REACH, BoxCanvas
from facegui.ui.box_grips import BoxDrag, Grip, box_at, grip_at, moved, resized

REACH_OF_OTHERS = 7.0
"""How near the mouse must be to a grip of a box that is not chosen, in pixels of the widget."""
SNAP = 8.0
"""How near the edge of the photo a side of a box settles on it, likewise."""
LEAST_DRAG = 5.0
"""Less is a click with a shaky hand, likewise."""
NUDGE_PAUSE_MS = 200
"""Nudges that follow each other faster than this are one change."""
LONGEST_NUDGE_MS = 800
"""But for those of a key that is held: what was done must be on disk within a second."""

EDITOR_KEYS = (
    ("Left or Right", "The photo before or after this one, while no box is chosen"),
    ("Tab", "Choose the next box"),
    ("Arrows", "Move the chosen box by a pixel, with Shift by ten"),
    ("Ctrl+arrows", "Move its lower right corner"),
    ("B", "Make a box without the mouse"),
    ("Shift+drag", "Draw a box that begins in another"),
    ("Esc", "Choose no box"),
    ("Wheel", "Zoom"),
    ("Space+drag", "Move the zoomed photo"),
)
"""For the list under F1."""

_ARROWS = {
    Qt.Key.Key_Left: (-1, 0),
    Qt.Key.Key_Right: (1, 0),
    Qt.Key.Key_Up: (0, -1),
    Qt.Key.Key_Down: (0, 1),
}
_CURSORS = {
    Grip.TOP_LEFT: Qt.CursorShape.SizeFDiagCursor,
    Grip.BOTTOM_RIGHT: Qt.CursorShape.SizeFDiagCursor,
    Grip.TOP_RIGHT: Qt.CursorShape.SizeBDiagCursor,
    Grip.BOTTOM_LEFT: Qt.CursorShape.SizeBDiagCursor,
    Grip.TOP: Qt.CursorShape.SizeVerCursor,
    Grip.BOTTOM: Qt.CursorShape.SizeVerCursor,
    Grip.LEFT: Qt.CursorShape.SizeHorCursor,
    Grip.RIGHT: Qt.CursorShape.SizeHorCursor,
}


@dataclass(frozen=True, slots=True)
class BoxEdit:
    """What the user made of the boxes, and what that is called in Undo."""

    boxes: tuple[Box, ...]
    text: str


class BoxEditor(BoxCanvas):
    """Shows a photo and its boxes and lets them be changed. Knows no project.

    Mouse: a drag draws a box, or moves or resizes the one that it begins on; with Shift it
    always draws. The wheel zooms; the middle button, or Space with the left one, pans.
    Keys: Tab goes from box to box; arrows move the chosen box by a pixel, with Ctrl its
    lower right corner, with Shift by ten; B makes a box; Escape lets go. While no box is
    chosen, arrows ask for another photo.

    A draft is shown like boxes and changed like boxes; what comes of it is no draft.

    Signals:
        edited(BoxEdit): the user changed the boxes.
        choice_changed(): another box is chosen, or none.
        step_wanted(int): the photo before (-1) or after (1) this one.
    """

    edited = Signal(object)
    choice_changed = Signal()
    step_wanted = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName("The photo with its boxes")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        self._chosen: int | None = None
        self._drag: BoxDrag | None = None
        self._dragged: Box | None = None
        self._pan_from: QPointF | None = None
        self._mouse: QPointF | None = None
        self._space_down = False
        self._why_locked = ""
        self._has_nudged = False
        self._pause = QTimer(self, singleShot=True, interval=NUDGE_PAUSE_MS)
        self._pause.timeout.connect(self.flush)
        self._longest = QTimer(self, singleShot=True, interval=LONGEST_NUDGE_MS)
        self._longest.timeout.connect(self.flush)

    @property
    def chosen(self) -> int | None:
        """Number of the box that keys act on."""
        return self._chosen

    @property
    def can_edit(self) -> bool:
        return self.has_picture and not self._why_locked

    @property
    def why_locked(self) -> str:
        """Why boxes are only shown; "" where they can be changed."""
        return self._why_locked

    def set_picture(self, pixels: Pixels | None, size: tuple[int, int] = (1, 1)) -> None:
        """Shows another photo, without boxes; None: nothing."""
        self.set_boxes(())
        super().set_picture(pixels, size)

    @property
    def is_dragging(self) -> bool:
        return self._drag is not None

    def set_boxes(self, boxes: Sequence[Box], confidences: Sequence[float] | None = None) -> None:
        """Shows other boxes; a drag ends, for what is dragged may be gone.

        Args:
            boxes: in pixels of the photo.
            confidences: of each where they are a draft; None: a label.
        """
        boxes, given = tuple(boxes), None if confidences is None else tuple(confidences)
        if given != self._confidences:
            self._confidences = given
            self.update()
        if boxes == self._boxes:
            return
        self._forget_nudges()
        self._let_go()
        before = None if self._chosen is None else self._boxes[self._chosen]
        self._boxes = boxes
        self._choose(boxes.index(before) if before in boxes else None)

    def set_locked(self, why: str) -> None:
        """With a reason, boxes are only shown; with none, they can be changed."""
        if why == self._why_locked:
            return
        self.flush()
        self._why_locked = why
        self._let_go()
        self._choose(None)

    @Slot()
    def delete_chosen(self) -> None:
        """Deletes the chosen box, or the only one."""
        number = 0 if self._chosen is None and len(self._boxes) == 1 else self._chosen
        if number is not None and self.can_edit and self._drag is None:
            self.flush()
            self._commit((*self._boxes[:number], *self._boxes[number + 1 :]), "Delete box", None)

    @Slot()
    def add_box(self) -> None:
        """A new box in the middle of what is shown, to be moved by keys."""
        if not self.can_edit or self._drag is not None:
            return
        self.flush()
        x, y = self._point(QPointF(self.rect().center()))
        half = min(self._size) / 6
        box = moved(Box(x - half, y - half, x + half, y + half), 0, 0, self._size)
        self._commit((*self._boxes, box), "Draw box", len(self._boxes))

    @Slot()
    def flush(self) -> None:
        """Tells now of boxes that were nudged, without waiting for more."""
        if self._has_nudged:
            self._forget_nudges()
            self.edited.emit(BoxEdit(self._boxes, "Move box"))

    # Mouse

    def mousePressEvent(self, event: QMouseEvent) -> None:
        left = event.button() == Qt.MouseButton.LeftButton
        if event.button() == Qt.MouseButton.MiddleButton or (left and self._space_down):
            self._pan_from = event.position()
        elif left and self.can_edit and self._drag is None:
            self.flush()
            self._mouse = event.position()
            always_draw = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
            self._drag = self._new_drag(event.position(), always_draw)
            self._choose(self._drag.number)
        self._show_cursor()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._mouse = event.position()
        if self._pan_from is not None:
            self._frame.pan(event.position() - self._pan_from)
            self._pan_from = event.position()
        elif self._drag is not None:
            self._dragged = self._dragged_to(self._drag, event.position())
        self._show_cursor()
        self.update()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if self._pan_from is not None:
            self._pan_from = None
        elif self._drag is not None and event.button() == Qt.MouseButton.LeftButton:
            drag, box = self._drag, self._dragged_to(self._drag, event.position())
            self._drag = self._dragged = None
            if box is not None and drag.number is None:
                self._commit((*self._boxes, box), "Draw box", len(self._boxes))
            elif box is not None and box != drag.before:
                text = "Move box" if drag.grip is None else "Resize box"
                self._commit(self._with(drag.number, box), text, drag.number)
        self._show_cursor()
        self.update()

    def wheelEvent(self, event: QWheelEvent) -> None:
        self.zoom_by(1.0015 ** event.angleDelta().y(), event.position())
        event.accept()

    def leaveEvent(self, event: QEvent) -> None:
        self._mouse = None
        self.update()
        super().leaveEvent(event)

    def _new_drag(self, position: QPointF, always_draw: bool) -> BoxDrag:
        start = self._point(position)
        number, grip = (None, None) if always_draw else self._under(position)
        if number is None:
            return BoxDrag(start)
        return BoxDrag(start, number, self._boxes[number], grip)

    def _dragged_to(self, drag: BoxDrag, position: QPointF) -> Box | None:
        far = (position - self.to_widget(*drag.start)).manhattanLength()
        if self._dragged is None and far < LEAST_DRAG:
            return drag.before
        return drag.box(self._point(position), self._size, SNAP / self.zoom)

    def _under(self, position: QPointF) -> tuple[int | None, Grip | None]:
        """The box at a place of the widget, and its grip there."""
        point = self._point(position)
        others = [number for number in range(len(self._boxes)) if number != self._chosen]
        for number in ([] if self._chosen is None else [self._chosen]) + others:
            reach = REACH if number == self._chosen else REACH_OF_OTHERS
            grip = grip_at(self._boxes[number], point, reach / self.zoom)
            if grip is not None:
                return number, grip
        return box_at(self._boxes, point), None

    # Keys

    def keyPressEvent(self, event: QKeyEvent) -> None:
        step = _ARROWS.get(Qt.Key(event.key()))
        modifiers = event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier
        pixels = 10 if modifiers & Qt.KeyboardModifier.ShiftModifier else 1
        others = modifiers & ~Qt.KeyboardModifier.ShiftModifier
        if step is not None and others == Qt.KeyboardModifier.ControlModifier:
            self._nudge(step, pixels, resizing=True)
        elif step is not None and not others and self._chosen is not None:
            self._nudge(step, pixels, resizing=False)
        elif step is not None and not modifiers:
            self.step_wanted.emit(sum(step))
        elif event.key() == Qt.Key.Key_Escape and self._drag is not None:
            self._let_go()
        elif event.key() == Qt.Key.Key_Escape and self._chosen is not None:
            self._choose(None)
        elif event.key() == Qt.Key.Key_Space:
            self._space_down = True
            self._show_cursor()
        elif event.key() == Qt.Key.Key_B and not modifiers:
            self.add_box()
        else:
            super().keyPressEvent(event)

    def keyReleaseEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Space and not event.isAutoRepeat():
            self._space_down = False
            self._show_cursor()
        super().keyReleaseEvent(event)

    def focusNextPrevChild(self, forward: bool) -> bool:
        """Tab goes from box to box before it leaves the editor."""
        last = len(self._boxes) - 1
        if self._chosen is None:
            number = 0 if forward else last
        else:
            number = self._chosen + (1 if forward else -1)
        if self.can_edit and 0 <= number <= last:
            self._choose(number)
            return True
        return super().focusNextPrevChild(forward)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        self.flush()
        self._space_down = False
        self._show_cursor()
        super().focusOutEvent(event)

    def _nudge(self, step: tuple[int, int], pixels: int, *, resizing: bool) -> None:
        if self._chosen is None or not self.can_edit or self._drag is not None:
            return
        box = self._boxes[self._chosen]
        across, down = step[0] * pixels, step[1] * pixels
        if resizing:
            corner = box.x1 + across, box.y1 + down
            other = resized(box, Grip.BOTTOM_RIGHT, corner, self._size)
        else:
            other = moved(box, across, down, self._size)
        if other != box:
            self._boxes = self._with(self._chosen, other)
            if not self._has_nudged:
                self._has_nudged = True
                self._longest.start()
            self._pause.start()
            self.update()

    def _forget_nudges(self) -> None:
        self._has_nudged = False
        self._pause.stop()
        self._longest.stop()

    # Common to both

    def _point(self, position: QPointF) -> tuple[float, float]:
        point = self._frame.to_picture(position)
        return point.x(), point.y()

    def _with(self, number: int | None, box: Box) -> tuple[Box, ...]:
        return tuple(box if place == number else old for place, old in enumerate(self._boxes))

    def _commit(self, boxes: tuple[Box, ...], text: str, chosen: int | None) -> None:
        self._boxes, self._chosen = boxes, chosen
        self.choice_changed.emit()
        self.update()
        self.edited.emit(BoxEdit(boxes, text))

    def _choose(self, number: int | None) -> None:
        if number != self._chosen:
            self.flush()
            self._chosen = number
            self.choice_changed.emit()
        self.update()

    def _let_go(self) -> None:
        self._drag = self._dragged = self._pan_from = None
        self._show_cursor()
        self.update()

    def _show_cursor(self) -> None:
        if self._pan_from is not None:
            shape = Qt.CursorShape.ClosedHandCursor
        elif self._space_down:
            shape = Qt.CursorShape.OpenHandCursor
        elif not self.can_edit or self._mouse is None:
            shape = Qt.CursorShape.ArrowCursor
        else:
            drag = self._drag
            number, grip = (drag.number, drag.grip) if drag else self._under(self._mouse)
            over = Qt.CursorShape.CrossCursor if number is None else Qt.CursorShape.SizeAllCursor
            shape = over if grip is None else _CURSORS[grip]
        self.setCursor(shape)

    # Painting

    def paint_over(self, painter: QPainter) -> None:
        boxes, chosen = self._boxes, self._chosen
        if self._drag is not None and self._dragged is not None:
            if self._drag.number is None:
                boxes, chosen = (*boxes, self._dragged), len(boxes)
            else:
                boxes = self._with(self._drag.number, self._dragged)
        if chosen is not None:
            self.paint_chosen(painter, boxes[chosen])
        self.paint_labels(painter, boxes)
        lively = {chosen}
        if self._mouse is not None and self._drag is None and self.can_edit:
            lively.add(self._under(self._mouse)[0])
        self.paint_grips(painter, [boxes[number] for number in lively if number is not None])
        if self._mouse is not None and self._would_draw(self._mouse):
            self.paint_crosshair(painter, self._mouse)

    def _would_draw(self, mouse: QPointF) -> bool:
        if not self.can_edit or self._pan_from is not None or self._space_down:
            return False
        if self._drag is not None:
            return self._drag.number is None
        return self._frame.rect.contains(mouse) and self._under(mouse) == (None, None)
