"""What the window asks the user in dialogs; another one answers in tests."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtWidgets import QFileDialog, QMessageBox, QWidget


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

    def stop_and_close(self, parent: QWidget, job_title: str) -> bool:
        """Whether the window is to close although something runs."""
        box = QMessageBox(
            QMessageBox.Icon.Question,
            "Close FaceGUI",
            f"{job_title} is still running.",
            QMessageBox.StandardButton.NoButton,
            parent,
        )
        box.setInformativeText("Closing stops it. Your photos and labels are safe.")
        stop = box.addButton("Stop and close", QMessageBox.ButtonRole.DestructiveRole)
        stay = box.addButton("Keep running", QMessageBox.ButtonRole.RejectRole)
        box.setDefaultButton(stay)
        try:
            box.exec()
            return box.clickedButton() is stop
        finally:
            box.deleteLater()
