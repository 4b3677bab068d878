"""Help beside the tab: what it is for, in plain words, and its keys."""

from __future__ import annotations

import html
from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDockWidget, QTextBrowser, QWidget

from facegui.core.resources import resource
from facegui.ui.shortcuts import Key
from facegui.ui.style import GRID

_WIDTH = 40 * GRID


class HelpPanel(QDockWidget):
    """Stands at the left, so that the controls at the right stay where they are."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("Help", parent)
        self.setObjectName("help")
        self.setAllowedAreas(
            Qt.DockWidgetArea.LeftDockWidgetArea | Qt.DockWidgetArea.RightDockWidgetArea
        )
        self.text = QTextBrowser()
        self.text.setObjectName("help.text")
        self.text.setOpenExternalLinks(True)
        self.text.document().setDocumentMargin(2 * GRID)
        self.text.document().setIndentWidth(2 * GRID)
        self.setWidget(self.text)
        self.text.setMinimumWidth(_WIDTH - 10 * GRID)

    def show_page(self, name: str, tab_keys: Sequence[Key], window_keys: Sequence[Key]) -> None:
        """Shows the help text of that name, and the keys below it."""
        self.text.setMarkdown(resource(f"help/{name}.md").read_text("utf-8"))
        page = self.text.toHtml()
        keys = _table("Keys here", tab_keys) + _table("Keys everywhere", window_keys)
        self.text.setHtml(page.replace("</body>", f"{keys}</body>"))
        self.text.moveCursor(self.text.textCursor().MoveOperation.Start)


def _table(title: str, keys: Sequence[Key]) -> str:
    if not keys:
        return ""
    rows = "".join(
        f"<tr><td><b>{html.escape(key.keys)}</b>&nbsp;&nbsp;</td>"
        f"<td>{html.escape(key.what)}</td></tr>"
        for key in keys
    )
    return f"<h3>{title}</h3><table cellpadding='2'>{rows}</table>"
