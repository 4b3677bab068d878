"""Keys of a tab: shortcuts that say what they do, and Space for its one main button."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QEvent, QKeyCombination, QObject, Qt
from PySide6.QtGui import QKeyEvent, QKeySequence, QShortcut
from PySide6.QtWidgets import QAbstractButton, QApplication, QWidget


def add_shortcut(
    where: QWidget,
    keys: Qt.Key | QKeyCombination | QKeySequence.StandardKey,
    slot: Callable[[], object],
    words: str,
) -> QShortcut:
    """A key that works while the focus is in `where`; `words` stand in the list under F1."""
    shortcut = QShortcut(QKeySequence(keys), where)
    shortcut.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
    shortcut.setWhatsThis(words)
    shortcut.activated.connect(slot)
    return shortcut


def keep_space_free(parent: QWidget) -> None:
    """Has buttons take the focus by Tab alone, not by the mouse.

    Else Space would press the button again that was clicked last.
    """
    for button in parent.findChildren(QAbstractButton):
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)


class _ArrowGuard(QObject):
    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: ARG002
        arrows = (Qt.Key.Key_Left, Qt.Key.Key_Right)
        if (
            event.type() == QEvent.Type.ShortcutOverride
            and isinstance(event, QKeyEvent)
            and event.key() in arrows
        ):
            event.accept()
            return True
        return False


def keep_arrows(slider: QWidget) -> None:
    """Has the arrows move a slider that has the focus, whatever else they do in its tab."""
    slider.installEventFilter(_ArrowGuard(slider))


def press_by_space(main_button: QAbstractButton) -> None:
    """Whoever went to another button by the keyboard means that one."""
    focused = QApplication.focusWidget()
    (focused if isinstance(focused, QAbstractButton) else main_button).click()
