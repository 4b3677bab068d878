"""The whole screen for the window, and in the Detect step for the picture alone."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QObject, Qt, Slot
from PySide6.QtGui import QAction, QKeyEvent, QKeySequence
from PySide6.QtWidgets import QMainWindow, QWidget

from facegui.ui.tab import Tab


class FullScreen(QObject):
    """Switches it on and off, by F11; off by Escape too, where nothing else wants that key.

    Args:
        window: that fills the screen.
        bars: hidden meanwhile where the picture is to stand alone.
    """

    KEYS = (("Esc", "Leave the full screen"),)
    """Those that are no shortcut, with what they do."""

    def __init__(self, window: QMainWindow, bars: Sequence[QWidget]) -> None:
        super().__init__(window)
        self._window = window
        self._bars = bars
        self._tab: Tab | None = None
        self._hidden: tuple[QWidget, ...] = ()
        self.action = QAction("Full screen", window)
        self.action.setCheckable(True)
        self.action.setShortcut(QKeySequence("F11"))
        # In the window as well: in a menu that is hidden its key would be dead.
        window.addAction(self.action)
        self.action.toggled.connect(self._on_toggled)
        # Not as a shortcut: beside another one for Escape neither would work.
        window.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Leaves the full screen at an Escape that no widget in the window took."""
        if (
            event.type() == QEvent.Type.KeyPress
            and isinstance(event, QKeyEvent)
            and event.key() == Qt.Key.Key_Escape
            and self.action.isChecked()
        ):
            self.action.setChecked(False)
            return True
        return super().eventFilter(watched, event)

    def show_tab(self, tab: Tab | None) -> None:
        """Another tab is shown now."""
        self._set_alone(False)
        self._tab = tab
        self._set_alone(self.action.isChecked())

    @Slot(bool)
    def _on_toggled(self, wanted: bool) -> None:
        state, full = self._window.windowState(), Qt.WindowState.WindowFullScreen
        self._window.setWindowState(state | full if wanted else state & ~full)
        self._set_alone(wanted)

    def _set_alone(self, wanted: bool) -> None:
        """Hides what stands around the picture, or shows again what was hidden so."""
        alone = wanted and self._tab is not None and self._tab.HAS_PICTURE_ALONE
        if alone and not self._hidden:
            self._hidden = tuple(bar for bar in self._bars if not bar.isHidden())
            for bar in self._hidden:
                bar.hide()
        elif not alone:
            for bar in self._hidden:
                bar.show()
            self._hidden = ()
        if self._tab is not None:
            self._tab.show_picture_alone(alone)
