"""Which photos belong together: who is in them, and the button that begins another session."""

from __future__ import annotations

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QHBoxLayout, QLabel, QLineEdit, QPushButton, QVBoxLayout, QWidget

from facegui.core.people import names_in
from facegui.ui.icons import icon
from facegui.ui.style import GRID, set_role


class SessionControls(QWidget):
    """A field for names, and the button.

    Signals:
        new_wanted(): the next photo is to begin another session.
    """

    new_wanted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        title = QLabel("Session")
        set_role(title, "title")
        self.field = QLineEdit()
        self.field.setObjectName("capture.people")
        self.field.setPlaceholderText("Who is it? Then Enter")
        self.field.setAccessibleName("Who is in the photos of this session")
        self.field.setToolTip("Names, with commas between. Ask them first.")
        self.new_button = QPushButton(icon("mdi6.account-switch"), "New session")
        self.new_button.setObjectName("capture.new_session")
        self.new_button.setToolTip(
            "Press it in another place, in other clothes or light, or with another person: such"
            " photos test a detector honestly."
        )
        line = QHBoxLayout()
        line.setSpacing(GRID)
        line.addWidget(self.field, 1)
        line.addWidget(self.new_button)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 2 * GRID, 0, 0)
        layout.setSpacing(GRID)
        layout.addWidget(title)
        layout.addLayout(line)
        self.new_button.clicked.connect(self.begin)

    @property
    def people(self) -> tuple[str, ...]:
        return names_in(self.field.text())

    @Slot()
    def begin(self) -> None:
        """Another session: it is not known yet who is in it."""
        self.field.clear()
        self.new_wanted.emit()

    def forget(self) -> None:
        """Another project is open."""
        self.field.clear()
