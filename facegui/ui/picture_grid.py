"""Several pictures at once, as large as there is room."""

from __future__ import annotations

import math

from PySide6.QtCore import QPoint, QRect, QSize, Qt, Signal, Slot
from PySide6.QtGui import (
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPalette,
    QPen,
    QResizeEvent,
)
from PySide6.QtWidgets import QSizePolicy, QWidget

from facegui.ui.picture_view import PictureView
from facegui.ui.style import GRID

SMALLEST_WIDTH = 17 * GRID
"""Of a picture; where there is no room for all, fewer are shown."""

_ASPECT = 4 / 3


class PictureCell(PictureView):
    """A picture that can be clicked, or chosen with Enter.

    Signals:
        clicked(int): its number.
    """

    clicked = Signal(int)

    def __init__(self, number: int, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._number = number
        self.setMinimumSize(1, 1)

    def set_clickable(self, hint: str) -> None:
        """With a hint it can be clicked; "" for a picture to look at only."""
        self.setToolTip(hint)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus if hint else Qt.FocusPolicy.NoFocus)
        shape = Qt.CursorShape.PointingHandCursor if hint else Qt.CursorShape.ArrowCursor
        self.setCursor(shape)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        inside = self.rect().contains(event.position().toPoint())
        if event.button() == Qt.MouseButton.LeftButton and inside and self.toolTip():
            self.clicked.emit(self._number)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space):
            self.clicked.emit(self._number)
        else:
            super().keyPressEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        if self.hasFocus():
            painter = QPainter(self)
            painter.setPen(QPen(self.palette().color(QPalette.ColorRole.Accent), 3))
            painter.drawRect(self.rect().adjusted(1, 1, -2, -2))


class PictureGrid(QWidget):
    """Up to `count` pictures in rows and columns.

    Signals:
        clicked(int): the number of a picture.
    """

    clicked = Signal(int)

    def __init__(self, count: int, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.cells = tuple(PictureCell(number, self) for number in range(count))
        self._wanted = count
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        for cell in self.cells:
            cell.clicked.connect(self._on_clicked)

    def show_count(self, count: int) -> None:
        """How many of the pictures are there."""
        self._wanted = min(count, len(self.cells))
        self._arrange()

    def set_clickable(self, hint: str) -> None:
        """See `PictureCell.set_clickable`."""
        for cell in self.cells:
            cell.set_clickable(hint)

    def clear(self) -> None:
        for cell in self.cells:
            cell.clear()
            cell.set_message("")
            cell.set_status("")

    def height_of_row(self, width: int) -> int:
        """What one row of as many pictures as fit into `width` needs."""
        fit = max(1, (width + GRID) // (SMALLEST_WIDTH + GRID))
        count = max(1, min(self._wanted, fit))
        return round((width - (count - 1) * GRID) / count / _ASPECT)

    def sizeHint(self) -> QSize:
        return QSize(80 * GRID, 60 * GRID)

    def minimumSizeHint(self) -> QSize:
        return QSize(SMALLEST_WIDTH, round(SMALLEST_WIDTH / _ASPECT))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._arrange()

    def _arrange(self) -> None:
        count = self._wanted
        columns = self._columns_for(count)
        while count > 1 and self._cell_width(count, columns) < SMALLEST_WIDTH:
            count -= 1
            columns = self._columns_for(count)
        rows = math.ceil(count / columns) if count else 1
        for number, cell in enumerate(self.cells):
            if number < count:
                cell.setGeometry(self._place(number, columns, rows))
            cell.setVisible(number < count)

    def _columns_for(self, count: int) -> int:
        return max(range(1, max(count, 1) + 1), key=lambda n: self._cell_width(count, n))

    def _cell_width(self, count: int, columns: int) -> float:
        """Of a picture of the usual shape."""
        rows = max(1, math.ceil(count / columns))
        width = (self.width() - (columns - 1) * GRID) / columns
        height = (self.height() - (rows - 1) * GRID) / rows
        return min(width, height * _ASPECT)

    def _place(self, number: int, columns: int, rows: int) -> QRect:
        row, column = divmod(number, columns)
        left, right = (
            round(edge * (self.width() + GRID) / columns) for edge in (column, column + 1)
        )
        top, bottom = (round(edge * (self.height() + GRID) / rows) for edge in (row, row + 1))
        return QRect(QPoint(left, top), QSize(right - left - GRID, bottom - top - GRID))

    @Slot(int)
    def _on_clicked(self, number: int) -> None:
        self.clicked.emit(number)
