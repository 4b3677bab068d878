"""Some photos of a project in a row, with their boxes; they can be chosen and opened."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QRectF, QSize, Qt, Signal, Slot
from PySide6.QtGui import QColor, QIcon, QPainter, QPixmap
from PySide6.QtWidgets import QFrame, QListView, QListWidget, QListWidgetItem, QWidget

from facegui.core.boxes import Box
from facegui.core.drawing import MarkedBox, Meaning
from facegui.core.labelme import LabelFileError
from facegui.core.project import Project
from facegui.ui.box_painter import paint_boxes
from facegui.ui.pixel_images import image_of
from facegui.ui.style import GRID, STAGE_COLOUR
from facegui.workers.thumbnails import THUMBNAIL_SIDE, LoadedPicture, PictureLoader

MOST_SHOWN = 120
"""Of one finding; the others are counted."""
PICTURE = QSize(16 * GRID, 12 * GRID)


class PhotoRow(QListWidget):
    """Thumbnails from left to right, made in the background.

    Attributes:
        loaded: names of the photos whose pictures are shown.

    Signals:
        photo_wanted(str): one was double-clicked, or Enter pressed on it.
    """

    photo_wanted = Signal(str)

    def __init__(self, loader: PictureLoader, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._loader = loader
        self._project: Project | None = None
        self._items: dict[str, QListWidgetItem] = {}
        self.loaded: set[str] = set()
        self.setFlow(QListView.Flow.LeftToRight)
        self.setWrapping(False)
        self.setViewMode(QListView.ViewMode.IconMode)
        self.setMovement(QListView.Movement.Static)
        self.setIconSize(PICTURE)
        self.setUniformItemSizes(True)
        self.setSpacing(GRID // 2)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setSelectionMode(QListWidget.SelectionMode.ExtendedSelection)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setHorizontalScrollMode(QListView.ScrollMode.ScrollPerPixel)
        self.setFixedHeight(PICTURE.height() + 3 * GRID)
        self.viewport().setAutoFillBackground(False)
        self.setToolTip("Double-click a photo to see it in large.")
        self.itemActivated.connect(self._on_activated)
        loader.loaded.connect(self._on_loaded)

    def show_photos(self, project: Project, names: Sequence[str]) -> None:
        self._project = project
        self.loaded.clear()
        self._items.clear()
        self.clear()
        blank = QPixmap(PICTURE)
        blank.fill(STAGE_COLOUR)
        for name in names[:MOST_SHOWN]:
            item = QListWidgetItem(QIcon(blank), "")
            item.setData(Qt.ItemDataRole.UserRole, name)
            item.setData(Qt.ItemDataRole.AccessibleTextRole, name)
            item.setToolTip(name)
            self.addItem(item)
            self._items[name] = item
        # The first are made first: the newest wish is served before the others.
        for name in reversed(names[:MOST_SHOWN]):
            try:
                self._loader.want(project.photo(name))
            except KeyError:
                continue

    @property
    def chosen(self) -> tuple[str, ...]:
        """The names of the photos that are chosen."""
        return tuple(str(item.data(Qt.ItemDataRole.UserRole)) for item in self.selectedItems())

    @Slot(QListWidgetItem)
    def _on_activated(self, item: QListWidgetItem) -> None:
        self.photo_wanted.emit(item.data(Qt.ItemDataRole.UserRole))

    @Slot(object)
    def _on_loaded(self, loaded: LoadedPicture) -> None:
        item = self._items.get(loaded.photo.name)
        if item is not None:
            item.setIcon(QIcon(_with_boxes(loaded, self._boxes_of(loaded))))
            self.loaded.add(loaded.photo.name)

    def _boxes_of(self, loaded: LoadedPicture) -> tuple[Box, ...]:
        if self._project is None:
            return ()
        try:
            return self._project.label(loaded.photo) or ()
        except LabelFileError:
            return ()


def row_loader(parent: QWidget, rows: int) -> PictureLoader:
    """What makes the thumbnails of all rows of a page; of so many rows it drops no wish."""
    return PictureLoader(
        THUMBNAIL_SIDE, threads=1, longest=rows * MOST_SHOWN, keep=True, parent=parent
    )


def _with_boxes(loaded: LoadedPicture, boxes: Sequence[Box]) -> QPixmap:
    pixmap = QPixmap(PICTURE)
    pixmap.fill(STAGE_COLOUR)
    if loaded.pixels is None:
        return pixmap
    image = image_of(loaded.pixels)
    size = image.size().scaled(PICTURE, Qt.AspectRatioMode.KeepAspectRatio)
    target = QRectF(0, 0, size.width(), size.height())
    target.moveCenter(QRectF(pixmap.rect()).center())
    painter = QPainter(pixmap)
    painter.setRenderHints(
        QPainter.RenderHint.Antialiasing | QPainter.RenderHint.SmoothPixmapTransform
    )
    painter.drawImage(target, image)
    across, down = target.width() / loaded.size[0], target.height() / loaded.size[1]

    def place(box: Box) -> QRectF:
        return QRectF(
            target.left() + box.x0 * across,
            target.top() + box.y0 * down,
            box.width * across,
            box.height * down,
        )

    paint_boxes(painter, [MarkedBox(box, Meaning.LABEL) for box in boxes], place, target)
    painter.setPen(QColor(0, 0, 0, 60))
    painter.drawRect(pixmap.rect().adjusted(0, 0, -1, -1))
    painter.end()
    return pixmap
