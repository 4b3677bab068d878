"""The keys that do something, asked of those who listen to them."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtGui import QAction, QKeySequence, QShortcut
from PySide6.QtWidgets import QAbstractButton, QWidget

from facegui.ui.tab import Tab

_NATIVE = QKeySequence.SequenceFormat.NativeText


@dataclass(frozen=True, slots=True)
class Key:
    """A key and what it does."""

    keys: str
    what: str


def keys_of(widget: QWidget) -> tuple[Key, ...]:
    """All keys of a widget and of those within it, each once, as they were made."""
    found: dict[str, str] = dict(widget.KEYS) if isinstance(widget, Tab) else {}
    for shortcut in widget.findChildren(QShortcut):
        _add(found, shortcut.keys(), shortcut.whatsThis())
    for action in widget.findChildren(QAction):
        _add(found, action.shortcuts(), action.whatsThis() or action.text())
    for button in widget.findChildren(QAbstractButton):
        _add(found, [button.shortcut()], button.whatsThis() or button.accessibleName())
    return tuple(Key(keys, what) for keys, what in found.items())


def _add(found: dict[str, str], sequences: list[QKeySequence], what: str) -> None:
    keys = sequences[0].toString(_NATIVE) if sequences else ""  # the others are synonyms
    # A mnemonic, the underlined letter of a label, is seen where it is.
    if keys and what and not (keys.startswith("Alt+") and keys[4:].isalpha()):
        found.setdefault(keys, what.replace("&", "").removesuffix("…"))
