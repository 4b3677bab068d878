"""What can be done with a run: export it, learn on from it; or go on where it was broken off."""

from __future__ import annotations

import functools
from pathlib import Path

from PySide6.QtCore import QObject, Signal, Slot
from PySide6.QtWidgets import QFileDialog, QHBoxLayout, QMenu, QPushButton, QWidget

from facegui.core.project import Project
from facegui.core.runs import Run
from facegui.ml.export_formats import FORMATS, ExportFormat
from facegui.ui.icons import icon
from facegui.ui.style import GRID
from facegui.workers.export_job import ExportRun, export_job, export_lazily
from facegui.workers.job_board import JobBoard


class RunActions(QWidget):
    """A row of buttons for the run that is shown.

    Signals:
        export_wanted(Run, ExportFormat): the run is to be exported.
        learn_on_wanted(Run): a new training is to begin with what the run has learned.
        resume_wanted(Run): the training is to go on where it was broken off.
        keep_wanted(Run): a detector is to be made of what it has learned so far.
        throw_away_wanted(): the training that was broken off is not wanted any more.
    """

    export_wanted = Signal(object, object)
    learn_on_wanted = Signal(object)
    resume_wanted = Signal(object)
    keep_wanted = Signal(object)
    throw_away_wanted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._run: Run | None = None
        self._reason = ""
        self.export_button = QPushButton(icon("mdi6.export-variant"), "Export")
        self.export_button.setObjectName("train.export")
        self.learn_on_button = QPushButton(icon("mdi6.school-outline"), "Learn on")
        self.learn_on_button.setObjectName("train.learn_on")
        self.resume_button = QPushButton(icon("mdi6.play"), "Go on")
        self.resume_button.setObjectName("train.resume")
        self.keep_button = QPushButton(icon("mdi6.content-save-outline"), "Keep what it learned")
        self.keep_button.setObjectName("train.keep_learned")
        self.throw_button = QPushButton(icon("mdi6.trash-can-outline"), "Throw away")
        self.throw_button.setObjectName("train.throw_away")
        self.formats = QMenu(self.export_button)
        self.formats.setToolTipsVisible(True)
        for chosen, facts in FORMATS.items():
            action = self.formats.addAction(facts.title)
            action.setToolTip(facts.good_for)
            action.triggered.connect(functools.partial(self._on_format, chosen))
        self.export_button.setMenu(self.formats)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(GRID)
        for button in self._buttons:
            layout.addWidget(button)
        layout.addStretch(1)
        self.learn_on_button.clicked.connect(self._on_learn_on)
        self.resume_button.clicked.connect(self._on_resume)
        self.keep_button.clicked.connect(self._on_keep)
        self.throw_button.clicked.connect(self.throw_away_wanted)

    @property
    def _buttons(self) -> tuple[QPushButton, ...]:
        return (
            *(self.resume_button, self.keep_button, self.throw_button),
            *(self.export_button, self.learn_on_button),
        )

    def show_run(self, run: Run) -> None:
        self._run = run
        self._show_state()

    def set_reason(self, reason: str) -> None:
        """Why nothing can be started now; empty where it can."""
        self._reason = reason
        self._show_state()

    def _show_state(self) -> None:
        complete = self._run is not None and self._run.complete
        resumable = self._run is not None and self._run.resumable
        self.export_button.setVisible(complete)
        self.learn_on_button.setVisible(complete)
        self.resume_button.setVisible(resumable)
        self.keep_button.setVisible(resumable)
        self.throw_button.setVisible(not complete)
        for button, words in (
            (self.export_button, "Writes the detector for phones, web pages and other programs"),
            (
                self.learn_on_button,
                "Trains again, beginning with what this run has learned: after new photos",
            ),
            (self.resume_button, "Goes on after the last epoch that was saved"),
            (self.keep_button, "Learns no more: makes a detector of the best epoch so far"),
            (self.throw_button, "Moves it to the trash"),
        ):
            button.setEnabled(not self._reason or button is self.throw_button)
            button.setToolTip(words if button.isEnabled() else self._reason)

    def _on_format(self, chosen: ExportFormat) -> None:
        if self._run is not None:
            self.export_wanted.emit(self._run, chosen)

    @Slot()
    def _on_learn_on(self) -> None:
        self.learn_on_wanted.emit(self._run)

    @Slot()
    def _on_resume(self) -> None:
        self.resume_wanted.emit(self._run)

    @Slot()
    def _on_keep(self) -> None:
        self.keep_wanted.emit(self._run)


class RunExporter(QObject):
    """Asks where to, and exports.

    Signals:
        succeeded(str): what was written, and how good it is.
        failed(Exception): it could not be written.

    Args:
        board: where the export runs.
        parent: over which the dialog opens.
        export: see `workers.export_job`.
    """

    succeeded = Signal(str)
    failed = Signal(object)

    def __init__(
        self, board: JobBoard, parent: QWidget, *, export: ExportRun = export_lazily
    ) -> None:
        super().__init__(parent)
        self._board, self._parent, self._export = board, parent, export
        self.ask = QFileDialog.getExistingDirectory
        """For a folder; gives an empty text where the user would rather not."""

    def start(self, run: Run, project: Project, chosen: ExportFormat) -> None:
        place = self.ask(self._parent, f"Export as {FORMATS[chosen].title} into a folder")
        if not place or self._board.job is not None:
            return
        job = export_job(self._export, run, project, chosen, Path(place))
        job.succeeded.connect(self._on_succeeded)
        job.failed.connect(self.failed)
        self._board.start(job)

    @Slot(object)
    def _on_succeeded(self, words: object) -> None:
        self.succeeded.emit(str(words))
