"""Asks for the name and the place of a new project."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Slot
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QFileDialog,
    QGridLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from facegui.core.errors import UserError
from facegui.core.images import portable_stem
from facegui.core.project_folder import refuse_unsuitable
from facegui.ui.style import GRID, set_role

WIDTH = 60 * GRID


class NewProjectDialog(QDialog):
    """Name and place, and at once whether a project can be made there.

    Args:
        title: of the dialog.
        text: what the project will be.
        suggestion: the folder that is offered; numbered where it is taken.
    """

    def __init__(
        self, title: str, text: str, suggestion: Path, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle(title)
        self.setObjectName("new_project")
        suggestion = free_folder(suggestion)
        self._place = suggestion.parent
        self.name_field = QLineEdit(suggestion.name)
        self.name_field.setObjectName("new_project.name")
        self.name_field.selectAll()
        self.place_label = QLabel()
        self.place_label.setWordWrap(True)
        self.place_button = QPushButton("Change…")
        self.place_button.setObjectName("new_project.place")
        self.place_button.setAutoDefault(False)  # Enter creates
        self.problem_label = QLabel()
        self.problem_label.setWordWrap(True)
        self.problem_label.setMinimumHeight(5 * GRID)
        set_role(self.problem_label, "faint")
        self.buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Cancel)
        self.create_button = self.buttons.addButton(
            "Create", QDialogButtonBox.ButtonRole.AcceptRole
        )
        self.create_button.setObjectName("new_project.create")
        self.create_button.setDefault(True)
        self._lay_out(text)
        self.name_field.textChanged.connect(self._show_state)
        self.place_button.clicked.connect(self._change_place)
        self.buttons.accepted.connect(self.accept)
        self.buttons.rejected.connect(self.reject)
        self._show_state()

    @property
    def folder(self) -> Path:
        """Where the project is to be made."""
        return self._place / self.name_field.text().strip()

    def _lay_out(self, text: str) -> None:
        explanation = QLabel(text)
        explanation.setWordWrap(True)
        fields = QGridLayout()
        fields.setSpacing(GRID)
        fields.setColumnStretch(1, 1)
        name = QLabel("&Name")
        name.setBuddy(self.name_field)
        fields.addWidget(name, 0, 0)
        fields.addWidget(self.name_field, 0, 1, 1, 2)
        fields.addWidget(QLabel("Place"), 1, 0)
        fields.addWidget(self.place_label, 1, 1)
        fields.addWidget(self.place_button, 1, 2)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(3 * GRID, 3 * GRID, 3 * GRID, 2 * GRID)
        layout.setSpacing(2 * GRID)
        layout.addWidget(explanation)
        layout.addLayout(fields)
        layout.addWidget(self.problem_label)
        layout.addWidget(self.buttons)
        self.setFixedWidth(WIDTH)

    @Slot()
    def _show_state(self) -> None:
        self.place_label.setText(str(self._place))
        problem = self._problem()
        self.problem_label.setText(problem or f"Everything will be in {self.folder}")
        self.create_button.setEnabled(not problem)
        self.create_button.setToolTip(problem)

    def _problem(self) -> str:
        """Why no project can be made there; empty where one can."""
        name = self.name_field.text().strip()
        if not name:
            return "Give the project a name."
        if portable_stem(f"{name}.") != name:
            return f"{name} cannot be the name of a folder on every computer."
        try:
            refuse_unsuitable(self.folder)
        except UserError as error:
            return str(error)
        except OSError as error:
            return f"The folder cannot be read: {error.strerror}."
        return ""

    @Slot()
    def _change_place(self) -> None:
        chosen = QFileDialog.getExistingDirectory(
            self, "Where should the project be?", str(_nearest(self._place))
        )
        if chosen:
            self._place = Path(chosen)
            self._show_state()


def free_folder(folder: Path) -> Path:
    """That folder, or with a number behind its name where a project cannot be made in it."""
    number, candidate = 2, folder
    while candidate.exists():
        try:
            refuse_unsuitable(candidate)
        except (UserError, OSError):
            candidate, number = folder.with_name(f"{folder.name} {number}"), number + 1
        else:
            break
    return candidate


def _nearest(folder: Path) -> Path:
    """The folder, or the first above it that exists."""
    return next(place for place in (folder, *folder.parents) if place.is_dir())
