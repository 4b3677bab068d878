"""About the program: what it is, and whether everything that it needs is there."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from PySide6.QtCore import Slot
from PySide6.QtGui import QFontDatabase, QGuiApplication
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QLabel,
    QPlainTextEdit,
    QVBoxLayout,
    QWidget,
)

from facegui import __version__
from facegui.core.environment import Finding, examine, is_healthy, to_text
from facegui.core.errors import UserError
from facegui.core.progress import Report, StopToken
from facegui.ml.weights import default_weights_folder, load_cached
from facegui.ui.style import GRID, set_role
from facegui.workers.newest import NewestWork


class About(QDialog):
    """Looks at this computer when it is asked to, as `facegui doctor` does.

    Args:
        log_path: the file that the program writes down in what happens.
    """

    def __init__(self, log_path: Path | None = None, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("About FaceGUI")
        self.setObjectName("about")
        self._log_path = log_path
        self.verdict = QLabel()
        self.verdict.setObjectName("about.verdict")
        self.verdict.setWordWrap(True)
        self.text = QPlainTextEdit()
        self.text.setObjectName("about.text")
        self.text.setReadOnly(True)
        self.text.setFont(QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont))
        self.text.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        self.buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        self.copy_button = self.buttons.addButton("Copy", QDialogButtonBox.ButtonRole.ActionRole)
        self.copy_button.setObjectName("about.copy")
        self.copy_button.clicked.connect(self._copy)
        self.buttons.rejected.connect(self.hide)
        self._lay_out()
        self._looks = NewestWork(self)
        self._looks.succeeded.connect(self._on_examined)
        self._looks.failed.connect(self._on_failed)

    def look(self, project_folder: Path | None) -> None:
        """Looks anew; at the disk of the open project, too."""
        folders = {"weights": default_weights_folder()}
        if project_folder is not None:
            folders["the project"] = project_folder
        self.verdict.setText("Looking at this computer. It takes some seconds.")
        self.copy_button.setEnabled(False)
        self._looks.ask(partial(_examine, folders))

    def shut_down(self) -> None:
        """Waits for the look, which cannot be broken off."""
        self._looks.shut_down()

    def _lay_out(self) -> None:
        title = QLabel(f"FaceGUI {__version__}")
        set_role(title, "big")
        about = QLabel(
            "Make your own face detector, on your own computer, without programming."
            " Nothing is uploaded. Free software under the MIT license."
        )
        about.setWordWrap(True)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(3 * GRID, 3 * GRID, 3 * GRID, 2 * GRID)
        layout.setSpacing(2 * GRID)
        for widget in (title, about, self.verdict):
            layout.addWidget(widget)
        layout.addWidget(self.text, 1)
        layout.addWidget(self.buttons)
        self.resize(90 * GRID, 70 * GRID)

    @Slot(object)
    def _on_examined(self, findings: tuple[Finding, ...]) -> None:
        self.verdict.setText(
            "Everything that the program needs is there."
            if is_healthy(findings)
            else "Something that the program needs is missing: see PROBLEM below."
        )
        lines = [to_text(findings)]
        if self._log_path is not None:
            lines.append(f"{'':8}Log: {self._log_path}")
        self.text.setPlainText("\n".join(lines))
        self.copy_button.setEnabled(True)

    @Slot(object)
    def _on_failed(self, error: Exception) -> None:
        remedy = str(error) if isinstance(error, UserError) else repr(error)
        self.verdict.setText(f"This computer could not be looked at. {remedy}")

    @Slot()
    def _copy(self) -> None:
        QGuiApplication.clipboard().setText(self.text.toPlainText())


def _examine(folders: dict[str, Path], _report: Report, _stop: StopToken) -> tuple[Finding, ...]:
    weights = load_cached(default_weights_folder())
    return examine(weights.source if weights else None, folders)
