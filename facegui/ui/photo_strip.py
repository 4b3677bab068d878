"""The photos that were just taken, newest first."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from PySide6.QtCore import (
    QAbstractListModel,
    QModelIndex,
    QPersistentModelIndex,
    Qt,
    Signal,
    Slot,
)
from PySide6.QtGui import QKeySequence, QPixmap, QShortcut
from PySide6.QtWidgets import QHBoxLayout, QLabel, QListView, QPushButton, QVBoxLayout, QWidget

from facegui.core.photo_library import Photo
from facegui.ui.icons import icon
from facegui.ui.pixel_images import image_of
from facegui.ui.style import GRID, set_role
from facegui.workers.photo_writer import TakenPhoto

_PICTURE_HEIGHT = 9 * GRID


class TakenModel(QAbstractListModel):
    """The taken photos; their names are times, by which they are in order, newest first."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._taken: list[TakenPhoto] = []
        self._pictures: dict[str, QPixmap] = {}

    @property
    def taken(self) -> tuple[TakenPhoto, ...]:
        return tuple(self._taken)

    def rowCount(self, parent: QModelIndex | QPersistentModelIndex | None = None) -> int:
        return 0 if parent is not None and parent.isValid() else len(self._taken)

    def data(
        self,
        index: QModelIndex | QPersistentModelIndex,
        role: int = Qt.ItemDataRole.DisplayRole,
    ) -> Any:
        if not index.isValid():
            return None
        name = self._taken[index.row()].photo.name
        if role == Qt.ItemDataRole.DecorationRole:
            return self._pictures[name]
        if role in (Qt.ItemDataRole.ToolTipRole, Qt.ItemDataRole.AccessibleTextRole):
            return name
        return None

    def add(self, taken: TakenPhoto) -> None:
        newer = [one for one in self._taken if one.photo.name > taken.photo.name]
        row = len(newer)
        self._pictures[taken.photo.name] = _pixmap(taken)
        self.beginInsertRows(QModelIndex(), row, row)
        self._taken.insert(row, taken)
        self.endInsertRows()

    def remove(self, names: Collection[str]) -> None:
        for row in reversed(range(len(self._taken))):
            if self._taken[row].photo.name in names:
                self.beginRemoveRows(QModelIndex(), row, row)
                del self._pictures[self._taken.pop(row).photo.name]
                self.endRemoveRows()

    def clear(self) -> None:
        self.beginResetModel()
        self._taken.clear()
        self._pictures.clear()
        self.endResetModel()


class PhotoStrip(QWidget):
    """A row of thumbnails, with Delete and Undo in place.

    Signals:
        delete_wanted(tuple[Photo, ...]): the user wants these in the trash.
        undo_wanted(): the last deletion is to be taken back.
    """

    delete_wanted = Signal(object)
    undo_wanted = Signal()

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._undo_text = ""
        self.model = TakenModel(self)
        self.list = QListView()
        self.list.setObjectName(f"{name}.taken")
        self.list.setAccessibleName("Photos taken now, newest first")
        self.list.setModel(self.model)
        self.list.setFlow(QListView.Flow.LeftToRight)
        self.list.setWrapping(False)
        self.list.setSpacing(GRID // 4)
        self.list.setFrameShape(QListView.Shape.NoFrame)
        self.list.viewport().setAutoFillBackground(False)
        self.list.setSelectionMode(QListView.SelectionMode.ExtendedSelection)
        self.list.setHorizontalScrollMode(QListView.ScrollMode.ScrollPerPixel)
        self.list.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        bar_height = self.list.horizontalScrollBar().sizeHint().height()
        self.list.setFixedHeight(_PICTURE_HEIGHT + GRID + bar_height)
        self.title = QLabel()
        set_role(self.title, "faint")
        self.delete_button = QPushButton(icon("mdi6.trash-can-outline"), "Delete")
        self.delete_button.setObjectName(f"{name}.delete")
        self.undo_button = QPushButton(icon("mdi6.undo"), "Undo")
        self.undo_button.setObjectName(f"{name}.undo")
        self.undo_button.setToolTip("Takes the photos out of the trash again (Ctrl+Z).")
        self._lay_out()
        self.delete_button.clicked.connect(self._delete)
        self.undo_button.clicked.connect(self.undo_wanted)
        delete = QShortcut(QKeySequence(QKeySequence.StandardKey.Delete), self.list)
        delete.setContext(Qt.ShortcutContext.WidgetShortcut)
        delete.activated.connect(self._delete)
        self.list.selectionModel().selectionChanged.connect(self._show_state)
        for signal in (self.model.rowsInserted, self.model.rowsRemoved, self.model.modelReset):
            signal.connect(self._show_state)
        self._show_state()

    @property
    def chosen(self) -> tuple[Photo, ...]:
        rows = sorted(index.row() for index in self.list.selectedIndexes())
        return tuple(self.model.taken[row].photo for row in rows)

    def add(self, taken: TakenPhoto) -> None:
        """Shows one more photo, and brings it into view when it is the newest."""
        self.model.add(taken)
        if self.model.taken[0] is taken:
            self.list.scrollToTop()

    def show_undo(self, text: str) -> None:
        """Offers to take the last deletion back; "" where there is nothing to take back."""
        self._undo_text = text
        self._show_state()

    @Slot()
    def _delete(self) -> None:
        if self.chosen:
            self.delete_wanted.emit(self.chosen)

    @Slot()
    def _show_state(self) -> None:
        count, chosen = self.model.rowCount(), len(self.chosen)
        if count:
            chosen_text = f", {chosen} chosen" if chosen else ""
            taken_text = f"Taken now: {photos_in_words(count)}{chosen_text}."
        else:
            taken_text = "Photos that you take appear here."
        self.title.setText(f"{taken_text} {self._undo_text}".strip())
        self.list.setVisible(count > 0)
        self.undo_button.setVisible(bool(self._undo_text))
        self.delete_button.setVisible(count > 0)
        self.delete_button.setEnabled(chosen > 0)
        self.delete_button.setToolTip(
            "Moves the chosen photos to the trash (Delete)." if chosen else "Choose a photo first."
        )

    def _lay_out(self) -> None:
        line = QHBoxLayout()
        line.addWidget(self.title, 1)
        line.addWidget(self.undo_button)
        line.addWidget(self.delete_button)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(GRID // 2)
        layout.addLayout(line)
        layout.addWidget(self.list)


def photos_in_words(count: int) -> str:
    return "1 photo" if count == 1 else f"{count} photos"


def _pixmap(taken: TakenPhoto) -> QPixmap:
    pixmap = QPixmap.fromImage(image_of(taken.thumbnail).copy())
    pixmap.setDevicePixelRatio(pixmap.height() / _PICTURE_HEIGHT)
    return pixmap
