"""One photo in large with its boxes: zoomed, panned, painted. `box_editor` changes the boxes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from PySide6.QtCore import QPoint, QPointF, QRect, QRectF, QSize, Qt, Slot
from PySide6.QtGui import QColor, QImage, QPainter, QPaintEvent, QPalette, QPen, QResizeEvent
from PySide6.QtWidgets import QWidget

from facegui.core.boxes import Box
from facegui.core.drawing import COLOURS, MarkedBox, Meaning
from facegui.core.images import Pixels
from facegui.core.scaling import scaled_for_screen
from facegui.ui.box_grips import grips_of
from facegui.ui.box_painter import paint_boxes
from facegui.ui.picture_frame import PictureFrame
from facegui.ui.pixel_images import image_of
from facegui.ui.style import GRID, STAGE_COLOUR

REACH = 12.0
"""How near the mouse must be to a grip of the chosen box, in pixels of the widget."""

_GRIP_SIDE = 10.0
_CASING = QColor(0, 0, 0, 170)
_PLATE = QColor(0, 0, 0, 190)
_WORDS = QColor("#ffffff")
_SHARP_FROM = 4.0
"""Magnified more than this, pixels are shown as squares: edges can be judged."""


class BoxCanvas(QWidget):
    """Shows a photo and boxes on it; boxes are in pixels of the photo."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setMinimumSize(30 * GRID, 20 * GRID)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self._frame = PictureFrame()
        self._pixels: Pixels | None = None
        self._scaled: Pixels | None = None
        self._whole: QImage | None = None
        self._size = (1, 1)
        self._boxes: tuple[Box, ...] = ()
        self._confidences: tuple[float, ...] | None = None
        self._others: tuple[MarkedBox, ...] = ()
        self._badge = ""
        self._message = ""

    @property
    def has_picture(self) -> bool:
        return self._pixels is not None

    @property
    def boxes(self) -> tuple[Box, ...]:
        return self._boxes

    @property
    def shows_draft(self) -> bool:
        """Whether the boxes are no label, but what a network proposes."""
        return self._confidences is not None

    @property
    def badge(self) -> str:
        return self._badge

    @property
    def zoom(self) -> float:
        """Pixels of the widget for one of the photo."""
        return self._frame.scale

    def to_widget(self, x: float, y: float) -> QPointF:
        """Where a point of the photo is in the widget."""
        return self._frame.to_widget(QPointF(x, y))

    def set_picture(self, pixels: Pixels | None, size: tuple[int, int] = (1, 1)) -> None:
        """Shows another photo; None: nothing.

        Args:
            pixels: (h, w, 3) RGB uint8, not copied; may be smaller than the photo.
            size: width and height of the photo.
        """
        self._pixels, self._size = pixels, size
        self._scaled = self._whole = None
        self._frame.set_picture(QSize(*size))
        self.update()

    def set_others(self, boxes: Sequence[MarkedBox]) -> None:
        """Boxes that are only shown, such as where the network sees a face."""
        if tuple(boxes) != self._others:
            self._others = tuple(boxes)
            self.update()

    def set_badge(self, text: str) -> None:
        """A few words in the corner."""
        if text != self._badge:
            self._badge = text
            self.update()

    def set_message(self, text: str) -> None:
        """A sentence in the middle, where there is no photo."""
        if text != self._message:
            self._message = text
            self.setAccessibleDescription(text)
            self.update()

    @Slot()
    def zoom_in(self) -> None:
        self.zoom_by(1.25, QPointF(self.rect().center()))

    @Slot()
    def zoom_out(self) -> None:
        self.zoom_by(0.8, QPointF(self.rect().center()))

    @Slot()
    def fit(self) -> None:
        """Shows the whole photo."""
        self._frame.fit()
        self.update()

    def zoom_by(self, factor: float, about: QPointF) -> None:
        """Makes the photo larger or smaller around a point of the widget."""
        if self._pixels is not None:
            self._frame.zoom(factor, about)
            self.update()

    def resizeEvent(self, event: QResizeEvent) -> None:
        self._frame.set_widget(event.size())
        super().resizeEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: ARG002
        painter = QPainter(self)
        painter.fillRect(self.rect(), STAGE_COLOUR)
        if self._pixels is not None:
            self._paint_picture(painter, self._pixels)
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            self.paint_over(painter)
            self._paint_badge(painter)
        elif self._message:
            self._paint_message(painter)
        if self.hasFocus():
            painter.setPen(QPen(self.palette().color(QPalette.ColorRole.Accent), 2))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRect(self.rect().adjusted(1, 1, -1, -1))

    def paint_over(self, painter: QPainter) -> None:
        """What lies over the photo; an editor paints more."""
        self.paint_labels(painter, self._boxes)

    # For editors to paint with

    def paint_labels(self, painter: QPainter, boxes: Sequence[Box]) -> None:
        if self._confidences is None:
            marked = [MarkedBox(box, Meaning.LABEL) for box in boxes]
        else:
            # A box that is just being drawn has no confidence.
            words = [f"{confidence:.0%}" for confidence in self._confidences]
            words += [""] * (len(boxes) - len(words))
            marked = [
                MarkedBox(box, Meaning.DRAFT, text) for box, text in zip(boxes, words, strict=False)
            ]
        marked += self._others
        # Not cut off at the edge of the photo: there a line would be half as wide.
        paint_boxes(painter, marked, self._place, QRectF(self.rect()).adjusted(-9, -9, 9, 9))

    def paint_chosen(self, painter: QPainter, box: Box) -> None:
        """A light over the box that keys act on."""
        colour = QColor(*COLOURS[self._meaning])
        colour.setAlpha(50)
        painter.fillRect(self._place(box), colour)

    def paint_grips(self, painter: QPainter, boxes: Iterable[Box]) -> None:
        """Squares to take hold of."""
        painter.setPen(QPen(_CASING, 2.0))
        painter.setBrush(QColor(*COLOURS[self._meaning]))
        for box in boxes:
            for grip in grips_of(box, 4 * REACH / self._frame.scale):
                square = QRectF(0, 0, _GRIP_SIDE, _GRIP_SIDE)
                square.moveCenter(self.to_widget(*grip.point(box)))
                painter.drawRect(square)

    def paint_crosshair(self, painter: QPainter, point: QPointF) -> None:
        """Two thin lines over the whole photo."""
        area = self._frame.rect
        for colour, width in ((_CASING, 3.0), (QColor(255, 255, 255, 200), 1.0)):
            painter.setPen(QPen(colour, width))
            painter.drawLine(QPointF(area.left(), point.y()), QPointF(area.right(), point.y()))
            painter.drawLine(QPointF(point.x(), area.top()), QPointF(point.x(), area.bottom()))

    @property
    def _meaning(self) -> Meaning:
        return Meaning.DRAFT if self.shows_draft else Meaning.LABEL

    def _place(self, box: Box) -> QRectF:
        return QRectF(self.to_widget(box.x0, box.y0), self.to_widget(box.x1, box.y1))

    def _paint_picture(self, painter: QPainter, pixels: Pixels) -> None:
        area, density = self._frame.rect, self.devicePixelRatioF()
        width, height = round(area.width() * density), round(area.height() * density)
        scale = width / pixels.shape[1]
        if scale < 1:
            if self._scaled is None or self._scaled.shape[:2] != (height, width):
                self._scaled = scaled_for_screen(pixels, max(width, 1), max(height, 1))
            image = image_of(self._scaled)
            image.setDevicePixelRatio(density)
            painter.drawImage(area.topLeft().toPoint(), image)
            return
        if self._whole is None:
            # In the format that Qt magnifies fastest.
            self._whole = image_of(pixels).convertToFormat(QImage.Format.Format_RGB32)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, scale < _SHARP_FROM)
        painter.drawImage(area, self._whole)

    def _paint_badge(self, painter: QPainter) -> None:
        if not self._badge:
            return
        plate = painter.fontMetrics().boundingRect(self._badge).size() + QSize(2 * GRID, GRID)
        area = QRect(QPoint(2 * GRID, 2 * GRID), plate)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(_PLATE)
        painter.drawRoundedRect(area, GRID / 2, GRID / 2)
        painter.setPen(_WORDS)
        painter.drawText(area, Qt.AlignmentFlag.AlignCenter, self._badge)

    def _paint_message(self, painter: QPainter) -> None:
        font = painter.font()
        font.setPixelSize(17)
        painter.setFont(font)
        painter.setPen(_WORDS)
        room = self.rect().adjusted(3 * GRID, 3 * GRID, -3 * GRID, -3 * GRID)
        flags = int(Qt.AlignmentFlag.AlignCenter) | int(Qt.TextFlag.TextWordWrap)
        painter.drawText(room, flags, self._message)
