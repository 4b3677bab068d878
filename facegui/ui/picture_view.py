"""A picture scaled to fit, with boxes, words and signs over it."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QRect, QRectF, QSize, Qt, QTimer, Slot
from PySide6.QtGui import QColor, QFont, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from facegui.core.boxes import Box
from facegui.core.drawing import MarkedBox
from facegui.core.images import Pixels
from facegui.core.scaling import scaled_for_screen
from facegui.ui.box_painter import paint_boxes
from facegui.ui.icons import icon as make_icon
from facegui.ui.pixel_images import image_of
from facegui.ui.style import GRID, STAGE_COLOUR

_WORDS = QColor("#e8eaee")
_FAINT_WORDS = QColor("#b4bbc6")
_VEIL = QColor(22, 24, 29, 215)
_PLATE = QColor(0, 0, 0, 150)
_FLASH = QColor(255, 255, 255, 110)
_FLASH_MS = 120
_ICON_SIDE = 6 * GRID


class PictureView(QWidget):
    """Shows one picture at a time, cheaply enough for every frame of a video.

    Boxes are in pixels of the picture and are drawn as lines, sharp at any
    size. When the view is mirrored, so are they, but not their words.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._pixels: Pixels | None = None
        self._boxes: tuple[MarkedBox, ...] = ()
        self._mirrored = False
        self._message = ("", "", "")
        self._caption = ""
        self._note = ""
        self._status = ""
        self._scaled: Pixels | None = None
        self._flashing = False
        self._flash_timer = QTimer(self)
        self._flash_timer.setSingleShot(True)
        self._flash_timer.setInterval(_FLASH_MS)
        self._flash_timer.timeout.connect(self._end_flash)
        self.setAccessibleName("Picture")
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumSize(20 * GRID, 15 * GRID)

    @property
    def pixels(self) -> Pixels | None:
        """The picture that is shown, as it was given."""
        return self._pixels

    @property
    def boxes(self) -> tuple[MarkedBox, ...]:
        return self._boxes

    @property
    def mirrored(self) -> bool:
        return self._mirrored

    @property
    def message(self) -> str:
        """What is said in the picture, all of it."""
        return " ".join(filter(None, self._message[:2]))

    @property
    def caption(self) -> str:
        return self._caption

    @property
    def note(self) -> str:
        return self._note

    @property
    def status(self) -> str:
        return self._status

    def show_picture(self, pixels: Pixels, boxes: Sequence[MarkedBox] = ()) -> None:
        """Shows a picture, with boxes or without.

        Args:
            pixels: (h, w, 3) RGB uint8; not copied, so it must not change any more.
            boxes: found in this very picture.
        """
        self._pixels = pixels
        self._boxes = tuple(boxes)
        self._scaled = None
        self.update()

    def show_boxes(self, boxes: Sequence[MarkedBox]) -> None:
        """Other boxes on the picture that is there."""
        self._boxes = tuple(boxes)
        self.update()

    def clear(self) -> None:
        """Shows no picture; what is said stays."""
        self._pixels = self._scaled = None
        self._boxes = ()
        self.update()

    def set_mirrored(self, mirrored: bool) -> None:
        """As in a mirror: people find their way in their own picture only so."""
        if mirrored != self._mirrored:
            self._mirrored = mirrored
            self._scaled = None
            self.update()

    def set_message(self, text: str, remedy: str = "", icon: str = "mdi6.information") -> None:
        """Says something in the middle, over the dimmed picture; "" takes it away.

        Args:
            text: one sentence.
            remedy: what to do, in smaller type.
            icon: a name of qtawesome.
        """
        if (text, remedy, icon) != self._message:
            self._message = (text, remedy, icon if text else "")
            self.setAccessibleDescription(self.message)
            self.update()

    def set_caption(self, text: str) -> None:
        """A word or number in large type at the top, such as a countdown."""
        if text != self._caption:
            self._caption = text
            self.update()

    def set_note(self, text: str) -> None:
        """A sentence at the top that leaves the picture to be seen, such as "Paused"."""
        if text != self._note:
            self._note = text
            self.update()

    def set_status(self, text: str) -> None:
        """A discreet line at the bottom."""
        if text != self._status:
            self._status = text
            self.update()

    def flash(self) -> None:
        """Lights up for a moment: a photo was taken."""
        self._flashing = True
        self._flash_timer.start()
        self.update()

    def picture_area(self) -> QRectF:
        """Where the picture is in the widget; empty without a picture."""
        if self._pixels is None:
            return QRectF()
        height, width = self._pixels.shape[:2]
        scale = min(self.width() / width, self.height() / height)
        # Whole pixels of the screen, or the picture would be scaled a second time.
        ratio = self.devicePixelRatioF()
        shown_width = max(1, round(width * scale * ratio)) / ratio
        shown_height = max(1, round(height * scale * ratio)) / ratio
        left = round((self.width() - shown_width) / 2 * ratio) / ratio
        top = round((self.height() - shown_height) / 2 * ratio) / ratio
        return QRectF(left, top, shown_width, shown_height)

    def sizeHint(self) -> QSize:
        return QSize(640, 480)

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: ARG002
        painter = QPainter(self)
        painter.fillRect(self.rect(), STAGE_COLOUR)
        area = self.picture_area()
        if self._pixels is not None:
            self._paint_picture(painter, self._pixels, area)
            paint_boxes(painter, self._boxes, self._place, area)
            if self._flashing:
                painter.fillRect(area, _FLASH)
        if self._message[0]:
            painter.fillRect(self.rect(), _VEIL)
            self._paint_message(painter)
        elif self._caption:
            self._paint_caption(painter)
        if self._note and not self._message[0]:
            self._paint_note(painter, area if self._pixels is not None else QRectF(self.rect()))
        if self._status:
            self._paint_status(painter, area if self._pixels is not None else QRectF(self.rect()))

    def _paint_picture(self, painter: QPainter, pixels: Pixels, area: QRectF) -> None:
        ratio = self.devicePixelRatioF()
        width, height = round(area.width() * ratio), round(area.height() * ratio)
        if self._scaled is None or self._scaled.shape[:2] != (height, width):
            self._scaled = scaled_for_screen(pixels, width, height, mirrored=self._mirrored)
        image = image_of(self._scaled)
        image.setDevicePixelRatio(ratio)
        painter.drawImage(area.topLeft(), image)

    def _place(self, box: Box) -> QRectF:
        """Where a box of the picture lies in the widget."""
        assert self._pixels is not None
        area = self.picture_area()
        height, width = self._pixels.shape[:2]
        across, down = area.width() / width, area.height() / height
        left = width - box.x1 if self._mirrored else box.x0
        return QRectF(
            area.left() + left * across,
            area.top() + box.y0 * down,
            box.width * across,
            box.height * down,
        )

    def _paint_message(self, painter: QPainter) -> None:
        text, remedy, icon = self._message
        room = self.rect().adjusted(3 * GRID, GRID, -3 * GRID, -GRID)
        room.setWidth(min(room.width(), 60 * GRID))
        room.moveCenter(self.rect().center())
        heading = _font(painter, 17, bold=True)
        words = _font(painter, 14)
        flags = int(Qt.AlignmentFlag.AlignHCenter) | int(Qt.TextFlag.TextWordWrap)
        painter.setFont(heading)
        text_height = painter.boundingRect(room, flags, text).height()
        painter.setFont(words)
        remedy_height = painter.boundingRect(room, flags, remedy).height() if remedy else 0
        with_icon = _ICON_SIDE + 2 * GRID if icon and room.height() > 20 * GRID else 0
        whole = with_icon + text_height + (GRID + remedy_height if remedy else 0)
        top = max(room.top(), room.center().y() - whole // 2)
        if with_icon:
            left = room.center().x() - _ICON_SIDE // 2
            make_icon(icon, _WORDS).paint(painter, QRect(left, top, _ICON_SIDE, _ICON_SIDE))
            top += with_icon
        room.setTop(top)
        painter.setPen(_WORDS)
        painter.setFont(heading)
        painter.drawText(room, flags, text)
        room.setTop(top + text_height + GRID)
        painter.setPen(_FAINT_WORDS)
        painter.setFont(words)
        painter.drawText(room, flags, remedy)

    def _paint_caption(self, painter: QPainter) -> None:
        painter.setFont(_font(painter, max(24, min(72, self.height() // 7)), bold=True))
        metrics = painter.fontMetrics()
        width = max(metrics.horizontalAdvance(self._caption) + 4 * GRID, metrics.height())
        plate = QRectF(0, 2 * GRID, width, metrics.height() + GRID)
        plate.moveLeft((self.width() - width) / 2)
        _paint_plate(painter, plate, self._caption)

    def _paint_note(self, painter: QPainter, area: QRectF) -> None:
        painter.setFont(_font(painter, 14, bold=True))
        metrics = painter.fontMetrics()
        width = min(metrics.horizontalAdvance(self._note) + 2.0 * GRID, area.width() - 2 * GRID)
        plate = QRectF(0, area.top() + GRID, width, metrics.height() + GRID)
        plate.moveLeft(area.center().x() - width / 2)
        text = metrics.elidedText(self._note, Qt.TextElideMode.ElideRight, round(width) - GRID)
        _paint_plate(painter, plate, text)

    def _paint_status(self, painter: QPainter, area: QRectF) -> None:
        painter.setFont(_font(painter, 13))
        metrics = painter.fontMetrics()
        room = area.width() - 4 * GRID
        text = metrics.elidedText(self._status, Qt.TextElideMode.ElideRight, round(room))
        width, height = metrics.horizontalAdvance(text) + 2 * GRID, metrics.height() + 6
        plate = QRectF(area.left() + GRID, area.bottom() - GRID - height, width, height)
        _paint_plate(painter, plate, text)

    @Slot()
    def _end_flash(self) -> None:
        self._flashing = False
        self.update()


def _font(painter: QPainter, pixels: int, *, bold: bool = False) -> QFont:
    font = QFont(painter.font())
    font.setPixelSize(pixels)
    font.setBold(bold)
    return font


def _paint_plate(painter: QPainter, plate: QRectF, text: str) -> None:
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(_PLATE)
    painter.drawRoundedRect(plate, GRID, GRID)
    painter.setPen(_WORDS)
    painter.drawText(plate, Qt.AlignmentFlag.AlignCenter, text)
