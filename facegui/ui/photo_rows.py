"""The names of the photos that are shown, as rows."""

from __future__ import annotations

import bisect

from PySide6.QtCore import QAbstractListModel, QModelIndex, QObject, QPersistentModelIndex

_ROOT = QModelIndex()


class PhotoRows(QAbstractListModel):
    """A list of names in their order, changed all at once: Qt lays out once, not for each row."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._names: list[str] = []

    @property
    def names(self) -> list[str]:
        return self._names

    def row_of(self, name: str) -> int | None:
        row = self.row_from(name)
        return row if row < len(self._names) and self._names[row] == name else None

    def row_from(self, name: str) -> int:
        """That of the first name that does not come before this one."""
        return bisect.bisect_left(self._names, name)

    def row_after(self, name: str) -> int:
        """That of the first name that comes after this one."""
        return bisect.bisect_right(self._names, name)

    def rowCount(self, parent: QModelIndex | QPersistentModelIndex = _ROOT) -> int:
        return 0 if parent.isValid() else len(self._names)

    def data(self, index: QModelIndex | QPersistentModelIndex, role: int = 0) -> None:
        """Nothing: what there is of a photo is for `PhotoModel` to say."""

    def begin_anew(self, names: list[str]) -> None:
        """Other photos altogether: no view keeps its place."""
        self.beginResetModel()
        self._names = names
        self.endResetModel()

    def show(self, names: list[str]) -> None:
        """Rows come and go; a view keeps its place at those that stay."""
        if names == self._names:
            return
        self.layoutAboutToBeChanged.emit()
        before = self.persistentIndexList()
        held = [self._names[index.row()] for index in before]
        self._names = names
        rows = (self.row_of(name) for name in held)
        now = [QModelIndex() if row is None else self.index(row) for row in rows]
        self.changePersistentIndexList(before, now)
        self.layoutChanged.emit()
