"""Boxes over pictures on the screen, in the lines and colours of `core.drawing`."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QPainter, QPainterPath, QPen

from facegui.core.boxes import Box
from facegui.core.drawing import COLOURS, MarkedBox, Meaning

Place = Callable[[Box], QRectF]
"""Where a box lies on the screen."""

TEXT_PIXELS = 13
_THIN, _PLAIN, _HEAVY = 1.5, 2.5, 5.0
_CORNER_SHARE = 0.22
_DASHES = {Meaning.DRAFT: (5.0, 4.0), Meaning.MISTAKE: (10.0, 7.0)}
"""Length of a dash and of the gap after it, in pixels."""
_CASING = QColor(0, 0, 0, 200)


def paint_boxes(painter: QPainter, boxes: Iterable[MarkedBox], place: Place, area: QRectF) -> None:
    """Paints boxes, the later ones on top; lines are as thick at every size of the picture.

    Args:
        painter: of a widget or a picture.
        boxes: a label has a plain line, a detection heavy corners, a draft short dashes,
            a mistake long ones.
        place: where each lies.
        area: of the picture; nothing is painted outside.
    """
    placed = [
        (marked, rect)
        for marked in boxes
        if not (rect := place(marked.box).intersected(area)).isEmpty()
    ]
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    for marked, rect in placed:
        _paint_frame(painter, rect, marked)
    font = QFont(painter.font())
    font.setPixelSize(TEXT_PIXELS)
    font.setBold(True)
    painter.setFont(font)
    for marked, rect in placed:
        if marked.text:
            _paint_text(painter, rect, marked, area)
    painter.restore()


def _paint_frame(painter: QPainter, rect: QRectF, marked: MarkedBox) -> None:
    """A dark casing first keeps the colour visible on a background like it."""
    meaning = marked.meaning
    colour = QColor(*COLOURS[meaning])
    for ink, extra in ((_CASING, 2.0), (colour, 0.0)):
        if meaning is Meaning.DETECTION:
            painter.setPen(_pen(ink, _THIN + extra))
            painter.drawRect(rect)
            if not marked.carried:
                painter.setPen(_pen(ink, _HEAVY + extra))
                painter.drawPath(_corners(rect))
        elif meaning in _DASHES:
            painter.setPen(_dashed(ink, extra, _DASHES[meaning]))
            painter.drawRect(rect)
        else:
            painter.setPen(_pen(ink, _PLAIN + extra))
            painter.drawRect(rect)


def _pen(colour: QColor, width: float) -> QPen:
    pen = QPen(colour, width)
    pen.setJoinStyle(Qt.PenJoinStyle.MiterJoin)
    pen.setCapStyle(Qt.PenCapStyle.FlatCap)
    return pen


def _dashed(colour: QColor, extra: float, dashes: tuple[float, float]) -> QPen:
    pen = _pen(colour, _PLAIN + extra)
    # Qt counts dashes in widths of the pen; the casing's have to end where the colour's do.
    pen.setDashPattern([length / pen.widthF() for length in dashes])
    return pen


def _corners(rect: QRectF) -> QPainterPath:
    across, down = rect.width() * _CORNER_SHARE, rect.height() * _CORNER_SHARE
    path = QPainterPath()
    for corner, step_x, step_y in (
        (rect.topLeft(), across, down),
        (rect.topRight(), -across, down),
        (rect.bottomRight(), -across, -down),
        (rect.bottomLeft(), across, -down),
    ):
        path.moveTo(corner + QPointF(step_x, 0.0))
        path.lineTo(corner)
        path.lineTo(corner + QPointF(0.0, step_y))
    return path


def _paint_text(painter: QPainter, rect: QRectF, marked: MarkedBox, area: QRectF) -> None:
    """On a plate of the box's colour: above the box, or in it where there is no room."""
    metrics = painter.fontMetrics()
    width, height = metrics.horizontalAdvance(marked.text) + 12.0, metrics.height() + 4.0
    left = max(area.left(), min(rect.left() - _HEAVY / 2, area.right() - width))
    top = rect.top() - _HEAVY / 2 - height
    if top < area.top():
        top = max(area.top(), min(rect.top() + _HEAVY / 2, area.bottom() - height))
    plate = QRectF(left, top, width, height)
    colour = QColor(*COLOURS[marked.meaning])
    painter.fillRect(plate, colour)
    luma = 0.299 * colour.red() + 0.587 * colour.green() + 0.114 * colour.blue()
    painter.setPen(Qt.GlobalColor.black if luma > 128 else Qt.GlobalColor.white)
    painter.drawText(plate, Qt.AlignmentFlag.AlignCenter, marked.text)
