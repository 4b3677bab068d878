"""Colours, spacing and fonts of the window, light and dark."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QPalette
from PySide6.QtWidgets import QApplication, QWidget

from facegui.core.resources import resource

GRID = 8
"""All spacing is a multiple of this, in device-independent pixels."""

COLUMN_WIDTH = 320
"""Of the controls at the right of every tab."""

STAGE_COLOUR = QColor("#16181d")
"""Behind pictures, in both schemes: photos look the same in both."""


@dataclass(frozen=True, slots=True)
class _Scheme:
    window: str
    raised: str
    field: str
    text: str
    faint: str
    accent: str
    on_accent: str
    line: str


_LIGHT = _Scheme(
    window="#f5f6f8",
    raised="#ffffff",
    field="#ffffff",
    text="#1c2026",
    faint="#626a76",
    accent="#1f63d6",
    on_accent="#ffffff",
    line="#d3d8df",
)
_DARK = _Scheme(
    window="#1e2127",
    raised="#282c34",
    field="#2f353f",
    text="#e8eaee",
    faint="#a3abb8",
    accent="#4c8dff",
    on_accent="#0b1220",
    line="#3b414c",
)


def apply_style(app: QApplication, scheme: Qt.ColorScheme = Qt.ColorScheme.Unknown) -> None:
    """Gives the program its look.

    Args:
        app: the running application.
        scheme: light or dark; unknown: as the system has it, also when it changes.
    """
    if app.style().name() != "fusion":
        app.setStyle("Fusion")
    hints = app.styleHints()
    hints.setColorScheme(scheme)
    chosen = hints.colorScheme() if scheme == Qt.ColorScheme.Unknown else scheme
    colours = _DARK if chosen == Qt.ColorScheme.Dark else _LIGHT
    # Taken away first: a sheet in place of another takes four times as long.
    app.setStyleSheet("")
    app.setPalette(_palette(colours))
    sheet = resource("style.qss").read_text("utf-8")
    for name in ("accent", "on_accent", "raised", "faint", "line", "field"):
        sheet = sheet.replace(f"@{name}@", getattr(colours, name))
    sheet = sheet.replace("@tick@", resource("tick.png").as_posix())
    app.setStyleSheet(sheet)


def set_role(widget: QWidget, role: str) -> None:
    """Says what a widget is to the eye; `style.qss` knows the roles.

    "primary": the one main action of a tab. "next": the button that gets on, elsewhere.
    "faint": an explanation.
    "title": heads a group. "big": a figure that matters. "sentence": a result in words. "error" and
    "notice": the banner.
    """
    widget.setProperty("role", role)
    widget.style().unpolish(widget)
    widget.style().polish(widget)


def _palette(colours: _Scheme) -> QPalette:
    palette = QPalette()
    roles = {
        QPalette.ColorRole.Window: colours.window,
        QPalette.ColorRole.WindowText: colours.text,
        QPalette.ColorRole.Base: colours.field,
        QPalette.ColorRole.AlternateBase: colours.raised,
        QPalette.ColorRole.Text: colours.text,
        QPalette.ColorRole.Button: colours.raised,
        QPalette.ColorRole.ButtonText: colours.text,
        QPalette.ColorRole.ToolTipBase: colours.raised,
        QPalette.ColorRole.ToolTipText: colours.text,
        QPalette.ColorRole.PlaceholderText: colours.faint,
        QPalette.ColorRole.Highlight: colours.accent,
        QPalette.ColorRole.HighlightedText: colours.on_accent,
        QPalette.ColorRole.Accent: colours.accent,
        QPalette.ColorRole.Link: colours.accent,
        QPalette.ColorRole.Mid: colours.line,
    }
    for role, colour in roles.items():
        palette.setColor(role, QColor(colour))
    disabled = QColor(colours.faint)
    disabled.setAlpha(150)
    for role in (
        QPalette.ColorRole.WindowText,
        QPalette.ColorRole.Text,
        QPalette.ColorRole.ButtonText,
    ):
        palette.setColor(QPalette.ColorGroup.Disabled, role, disabled)
    return palette
