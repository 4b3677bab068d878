"""All photos in small, each with its boxes and its state."""

from __future__ import annotations

import functools

from PySide6.QtCore import (
    QModelIndex,
    QPersistentModelIndex,
    QRect,
    QRectF,
    QSize,
    Qt,
    QTimer,
    Slot,
)
from PySide6.QtGui import (
    QColor,
    QFont,
    QImage,
    QPainter,
    QPainterPath,
    QPalette,
    QPen,
    QPixmap,
    QResizeEvent,
)
from PySide6.QtWidgets import (
    QAbstractItemView,
    QFrame,
    QListView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QWidget,
)

from facegui.core.boxes import Box
from facegui.core.drawing import MarkedBox, Meaning
from facegui.core.photo_library import PhotoState
from facegui.ui.box_painter import paint_boxes
from facegui.ui.icons import icon
from facegui.ui.photo_model import EntryRole, PhotoModel, SizeRole, state_in_words
from facegui.ui.style import GRID, STAGE_COLOUR
from facegui.workers.label_reader import PhotoEntry

PICTURE = QSize(16 * GRID, 12 * GRID)
_LINE = 3 * GRID
_PAD = GRID // 2
CELL = QSize(PICTURE.width() + 2 * _PAD, PICTURE.height() + _LINE + 2 * _PAD)

STATE_ICONS: dict[PhotoState | None, str] = {
    None: "mdi6.dots-horizontal",
    PhotoState.UNLABELLED: "mdi6.circle-outline",
    PhotoState.FACES: "mdi6.check-circle",
    PhotoState.NO_FACE: "mdi6.account-off",
    PhotoState.BROKEN: "mdi6.alert",
}


class PhotoGallery(QListView):
    """A grid of photos; the current one is the one that is shown in large."""

    def __init__(self, model: PhotoModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName("All photos")
        self.setModel(model)
        self.setItemDelegate(PhotoDelegate(self))
        self.setViewMode(QListView.ViewMode.IconMode)
        self.setResizeMode(QListView.ResizeMode.Adjust)
        self.setMovement(QListView.Movement.Static)
        self.setUniformItemSizes(True)
        self.setGridSize(CELL)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setMouseTracking(True)
        self.viewport().setAutoFillBackground(False)
        self.setMinimumHeight(CELL.height())
        self.verticalScrollBar().setSingleStep(CELL.height() // 4)
        self._resized = QTimer(self)
        self._resized.setSingleShot(True)
        self._resized.timeout.connect(self._show_current)

    def sizeHint(self) -> QSize:
        return QSize(4 * CELL.width(), round(1.2 * CELL.height()))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._resized.start()  # once the rows are laid out anew

    @Slot()
    def _show_current(self) -> None:
        self.scrollTo(self.currentIndex())

    @Slot(int)
    def step(self, by: int) -> None:
        """Goes that many photos on, where there are so many."""
        row = self.currentIndex().row() + by
        if 0 <= row < self.model().rowCount():
            self.setCurrentIndex(self.model().index(row, 0))

    @Slot()
    def go_back(self) -> None:
        self.step(-1)

    @Slot()
    def go_on(self) -> None:
        self.step(1)


class PhotoDelegate(QStyledItemDelegate):
    """Paints a photo, its boxes and below them its state."""

    def sizeHint(
        self,
        option: QStyleOptionViewItem,  # noqa: ARG002
        index: QModelIndex | QPersistentModelIndex,  # noqa: ARG002
    ) -> QSize:
        return CELL

    def paint(
        self,
        painter: QPainter,
        option: QStyleOptionViewItem,
        index: QModelIndex | QPersistentModelIndex,
    ) -> None:
        entry = index.data(EntryRole)
        if not isinstance(entry, PhotoEntry):
            return
        cell: QRect = option.rect
        palette: QPalette = option.palette
        state: QStyle.StateFlag = option.state
        font: QFont = option.font
        area = QRect(cell.topLeft(), CELL).adjusted(_PAD, _PAD, -_PAD, -_PAD)
        picture = QRect(area.topLeft(), PICTURE)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self._paint_picture(painter, picture, index, entry)
        chosen = bool(state & QStyle.StateFlag.State_Selected)
        if chosen or state & QStyle.StateFlag.State_MouseOver:
            accent = palette.color(QPalette.ColorRole.Accent)
            painter.setPen(QPen(accent, 3.0 if chosen else 1.5))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(picture.adjusted(-1, -1, 1, 1), _PAD, _PAD)
        line = QRect(area.left(), picture.bottom() + 1, area.width(), _LINE)
        self._paint_state(painter, line, entry, palette, font)
        painter.restore()

    def _paint_picture(
        self,
        painter: QPainter,
        area: QRect,
        index: QModelIndex | QPersistentModelIndex,
        entry: PhotoEntry,
    ) -> None:
        image, size = index.data(Qt.ItemDataRole.DecorationRole), index.data(SizeRole)
        painter.save()
        outline = QPainterPath()
        outline.addRoundedRect(QRectF(area), _PAD, _PAD)
        painter.setClipPath(outline)
        painter.fillRect(area, STAGE_COLOUR)
        if isinstance(image, QImage):
            target = QRectF(0, 0, *image.size().scaled(area.size(), _KEEP).toTuple())
            target.moveCenter(QRectF(area).center())
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
            painter.drawImage(target, image)
            paint_boxes(painter, _labels(entry), _Placing(target, size), target)
        elif size is not None:  # it was tried and could not be read
            middle = QRect(0, 0, 3 * GRID, 3 * GRID)
            middle.moveCenter(area.center())
            icon("mdi6.image-broken-variant", color="#b4bbc6").paint(painter, middle)
        painter.restore()

    def _paint_state(
        self, painter: QPainter, line: QRect, entry: PhotoEntry, palette: QPalette, font: QFont
    ) -> None:
        done = entry.state in (PhotoState.FACES, PhotoState.NO_FACE)
        role = QPalette.ColorRole.Text if done else QPalette.ColorRole.PlaceholderText
        if entry.state is PhotoState.BROKEN:
            colour = palette.color(QPalette.ColorRole.Text)
        else:
            colour = palette.color(role)
        side = 2 * GRID
        place = QRect(line.left(), line.center().y() - side // 2, side, side)
        density = painter.device().devicePixelRatioF()
        painter.drawPixmap(place, _sign(STATE_ICONS[entry.state], side, colour.rgba(), density))
        painter.setFont(font)
        painter.setPen(colour)
        words = line.adjusted(side + _PAD, 0, 0, 0)
        text = painter.fontMetrics().elidedText(
            state_in_words(entry), Qt.TextElideMode.ElideRight, words.width()
        )
        painter.drawText(words, Qt.AlignmentFlag.AlignVCenter, text)


@functools.lru_cache(maxsize=32)
def _sign(name: str, side: int, rgba: int, density: float) -> QPixmap:
    """Kept, for drawing a character of a font takes longer than all the rest of a cell."""
    pixmap = icon(name, color=QColor.fromRgba(rgba)).pixmap(QSize(side, side) * density)
    pixmap.setDevicePixelRatio(density)
    return pixmap


_KEEP = Qt.AspectRatioMode.KeepAspectRatio


def _labels(entry: PhotoEntry) -> list[MarkedBox]:
    if entry.draft is not None:
        return [MarkedBox(box, Meaning.DRAFT) for box in entry.draft.boxes]
    return [MarkedBox(box, Meaning.LABEL) for box in entry.boxes]


class _Placing:
    """Where a box of the photo lies in its thumbnail."""

    def __init__(self, target: QRectF, size: tuple[int, int]) -> None:
        self._target = target
        self._across, self._down = target.width() / size[0], target.height() / size[1]

    def __call__(self, box: Box) -> QRectF:
        return QRectF(
            self._target.left() + box.x0 * self._across,
            self._target.top() + box.y0 * self._down,
            box.width * self._across,
            box.height * self._down,
        )
