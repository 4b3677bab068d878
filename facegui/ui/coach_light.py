"""A quiet traffic light below the preview, and what to do in a few words."""

from __future__ import annotations

from PySide6.QtCore import QSize
from PySide6.QtWidgets import QHBoxLayout, QLabel, QWidget

from facegui.core.coach import Advice, Signal
from facegui.ui.icons import icon
from facegui.ui.style import GRID

_SIDE = 3 * GRID
_HOLD = 4
"""So many frames in a row must say the same before the words change: flicker is no advice."""

# Told apart by their shape, too.
_SIGNS: dict[Signal, tuple[str, str]] = {
    Signal.GO: ("mdi6.check-circle", "#1f9d63"),
    Signal.CARE: ("mdi6.alert-circle", "#d08a00"),
    Signal.WAIT: ("mdi6.close-octagon", "#d64541"),
}


class CoachLight(QWidget):
    """Shows an advice once it has lasted for some frames."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.advice: Advice | None = None
        self._coming: Advice | None = None
        self._times = 0
        self._sign = QLabel()
        self._sign.setFixedSize(_SIDE, _SIDE)
        self.words = QLabel()
        self.words.setObjectName("capture.coach")
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(GRID)
        layout.addWidget(self._sign)
        layout.addWidget(self.words, 1)
        self.setFixedHeight(_SIDE)
        self.show_advice(None)

    def offer(self, advice: Advice) -> None:
        """What is said of the newest frame."""
        self._times = self._times + 1 if advice == self._coming else 1
        self._coming = advice
        if self.advice is None or self._times >= _HOLD:
            self.show_advice(advice)

    def show_advice(self, advice: Advice | None) -> None:
        """At once; None: there is no frame."""
        if advice == self.advice and self.words.text():
            return
        self.advice = advice
        self._coming, self._times = advice, 0
        self._sign.setVisible(advice is not None)
        self.words.setText(advice.words if advice else "")
        if advice is not None:
            name, colour = _SIGNS[advice.signal]
            self._sign.setPixmap(icon(name, color=colour).pixmap(QSize(_SIDE, _SIDE)))
