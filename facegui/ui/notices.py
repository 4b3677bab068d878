"""What has to be said, in place: a banner above the tab."""

from __future__ import annotations

import logging
import traceback

from PySide6.QtCore import Qt, Slot
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from facegui.core.errors import UserError
from facegui.ui.icons import icon
from facegui.ui.style import GRID, set_role

log = logging.getLogger(__name__)


class Notices(QFrame):
    """Shows the newest error or notice, until it is closed or another comes."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("notices")
        self._details = ""
        self.text = QLabel()
        self.text.setObjectName("notices.text")
        self.text.setWordWrap(True)
        self.text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.copy_button = QPushButton("Copy details")
        self.copy_button.setObjectName("notices.copy")
        self.copy_button.clicked.connect(self._copy)
        self.close_button = QPushButton(icon("mdi6.close"), "")
        self.close_button.setObjectName("notices.close")
        self.close_button.setAccessibleName("Close")
        self.close_button.setFlat(True)
        self.close_button.clicked.connect(self.hide)
        words = QVBoxLayout()
        words.addWidget(self.text)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(2 * GRID, GRID, GRID, GRID)
        layout.addLayout(words, 1)
        layout.addWidget(self.copy_button)
        layout.addWidget(self.close_button)
        self.hide()

    @Slot(object)
    def show_error(self, error: Exception) -> None:
        """Says what happened and what to do; a fault of the program is said to be one."""
        if isinstance(error, UserError):
            text = f"<b>{_escaped(error.what)}</b> {_escaped(error.remedy)}"
            details = f"{error}\n{error.details}" if error.details else ""
        else:
            text = (
                "<b>Something went wrong in the program.</b> Your photos and labels are safe."
                " Copy the details and send them to the developers."
            )
            details = "".join(traceback.format_exception(error))
        self._show("error", text, details)

    @Slot(str)
    def show_notice(self, text: str) -> None:
        """Says something that is no error."""
        self._show("notice", _escaped(text), "")

    def _show(self, role: str, text: str, details: str) -> None:
        set_role(self, role)
        self.text.setText(text)
        self._details = details
        self.copy_button.setVisible(bool(details))
        self.show()

    @Slot()
    def _copy(self) -> None:
        QGuiApplication.clipboard().setText(self._details)


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
