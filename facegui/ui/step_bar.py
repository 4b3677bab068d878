"""The five steps along the top, each with its state in small."""

from __future__ import annotations

from PySide6.QtCore import QRect, QSize, Qt, Signal, Slot
from PySide6.QtGui import QPainter, QPaintEvent, QPalette
from PySide6.QtWidgets import QAbstractButton, QButtonGroup, QHBoxLayout, QSizePolicy, QWidget

from facegui.ui.icons import icon
from facegui.ui.style import GRID

HEIGHT = 8 * GRID
_ICON_SIDE = 3 * GRID
_ROOMY = 18 * GRID


class _Step(QAbstractButton):
    """A step: icon, number and name, and below them how far it is."""

    def __init__(self, number: int, name: str, title: str, icon_name: str) -> None:
        super().__init__()
        self.setObjectName(f"step.{name}")
        self.setCheckable(True)
        self.setText(f"{number}  {title}")
        self.setAccessibleName(title)
        self.setToolTip(f"{title} (Alt+{number})")
        self.setShortcut(f"Alt+{number}")
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self._icon_name = icon_name
        self._summary = ""

    @property
    def summary(self) -> str:
        return self._summary

    def set_summary(self, text: str) -> None:
        self._summary = text
        self.setAccessibleDescription(text)
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(20 * GRID, HEIGHT)

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: ARG002
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        palette = self.palette()
        chosen, hovered = self.isChecked(), self.underMouse()
        if chosen or hovered:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(palette.color(QPalette.ColorRole.AlternateBase))
            painter.drawRoundedRect(self.rect().adjusted(0, 4, 0, -4), GRID, GRID)
        role = QPalette.ColorRole.Accent if chosen else QPalette.ColorRole.WindowText
        colour = palette.color(role)
        left = 2 * GRID if self.width() >= _ROOMY else GRID // 2
        place = QRect(left, (HEIGHT - _ICON_SIDE) // 2, _ICON_SIDE, _ICON_SIDE)
        icon(self._icon_name, role).paint(painter, place)
        left += _ICON_SIDE + GRID
        room = self.width() - left - GRID // 2
        font = self.font()
        font.setBold(chosen)
        painter.setFont(font)
        painter.setPen(colour)
        painter.drawText(QRect(left, 12, room, 20), Qt.AlignmentFlag.AlignVCenter, self.text())
        font.setBold(False)
        font.setPointSizeF(font.pointSizeF() * 0.85)
        painter.setFont(font)
        painter.setPen(palette.color(QPalette.ColorRole.PlaceholderText))
        summary = painter.fontMetrics().elidedText(self._summary, Qt.TextElideMode.ElideRight, room)
        painter.drawText(QRect(left, 32, room, 18), Qt.AlignmentFlag.AlignVCenter, summary)
        if self.hasFocus():
            painter.setPen(palette.color(QPalette.ColorRole.Accent))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(self.rect().adjusted(1, 5, -1, -5), GRID, GRID)


class StepBar(QWidget):
    """The row of steps.

    Signals:
        chosen(int): the user wants to see that step, from 0.
    """

    chosen = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._group = QButtonGroup(self)
        self._group.idClicked.connect(self.chosen)
        self._layout = QHBoxLayout(self)
        self._layout.setContentsMargins(GRID, 0, GRID, 0)
        self._layout.setSpacing(GRID)

    def add_step(self, name: str, title: str, icon_name: str) -> None:
        number = len(self._group.buttons())
        step = _Step(number + 1, name, title, icon_name)
        self._group.addButton(step, number)
        self._layout.insertWidget(number, step)

    def add_badge(self, widget: QWidget) -> None:
        """Puts something small at the right of the steps."""
        self._layout.addWidget(widget)

    def summary(self, number: int) -> str:
        return self._step(number).summary

    def set_summary(self, number: int, text: str) -> None:
        self._step(number).set_summary(text)

    @Slot(int)
    def show_chosen(self, number: int) -> None:
        """Marks a step as the one that is shown."""
        self._step(number).setChecked(True)

    def _step(self, number: int) -> _Step:
        step = self._group.button(number)
        assert isinstance(step, _Step)
        return step
