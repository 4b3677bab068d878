"""What the window asks the user in dialogs; another one answers in tests."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QFileDialog, QMessageBox, QWidget

if TYPE_CHECKING:
    from facegui.core.import_plan import ImportPlan
    from facegui.ui.import_questions import ImportChoice


class Questions:
    """Each returns None where the user would rather not."""

    def new_folder(self, parent: QWidget, title: str, text: str, suggestion: Path) -> Path | None:
        """Where a project is to be made: a folder that is suitable for it."""
        from facegui.ui.new_project import NewProjectDialog  # not needed to start

        dialog = NewProjectDialog(title, text, suggestion, parent)
        try:
            accepted = dialog.exec()
            return dialog.folder if accepted else None
        finally:
            dialog.deleteLater()

    def existing_folder(self, parent: QWidget, title: str, start: Path) -> Path | None:
        chosen = QFileDialog.getExistingDirectory(parent, title, str(start))
        return Path(chosen) if chosen else None

    def packed_project(self, parent: QWidget, start: Path) -> Path | None:
        chosen, _ = QFileDialog.getOpenFileName(
            parent, "Open a packed project", str(start), "Zip files (*.zip)"
        )
        return Path(chosen) if chosen else None

    def about_import(self, plan: ImportPlan, parent: QWidget) -> ImportChoice | None:
        """What has to be known before photos are imported."""
        from facegui.ui.import_questions import ask_about_import  # not needed to start

        return ask_about_import(plan, parent)

    def stop_and_close(self, parent: QWidget, job_title: str, goes_on: str) -> bool:
        """Whether the window is to close although something runs; see `Job` for the words."""
        sentences = ("Closing stops it.", goes_on, "Your photos and labels are safe.")
        return _ask(
            parent,
            "Close FaceGUI",
            f"{job_title} is still running.",
            " ".join(filter(None, sentences)),
            ("Stop and close", "Keep running"),
        )

    def empty_trash(self, parent: QWidget, what: str) -> bool:
        """Whether what lies in the trash is to be deleted for good."""
        return _ask(
            parent,
            "Empty the trash",
            f"The trash holds {what}.",
            "It goes for good, and cannot be taken back.",
            ("Delete for good", "Keep"),
        )


def _ask(parent: QWidget, title: str, text: str, more: str, buttons: tuple[str, str]) -> bool:
    """Whether the first button is pressed; the second is the one that does no harm."""
    box = QMessageBox(
        QMessageBox.Icon.Question, title, text, QMessageBox.StandardButton.NoButton, parent
    )
    box.setInformativeText(more)
    harmful = box.addButton(buttons[0], QMessageBox.ButtonRole.DestructiveRole)
    box.setDefaultButton(box.addButton(buttons[1], QMessageBox.ButtonRole.RejectRole))
    try:
        box.exec()
        return box.clickedButton() is harmful
    finally:
        box.deleteLater()
