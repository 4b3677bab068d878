"""Empties the trash of the project: the action of the menu for it."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal, Slot
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QWidget

from facegui.core.errors import disk_error
from facegui.core.progress import Report, StopToken
from facegui.ui.questions import Questions
from facegui.workers.job import Job
from facegui.workers.job_board import JobBoard
from facegui.workers.newest import NewestWork
from facegui.workers.project_store import ProjectStore

if TYPE_CHECKING:
    from facegui.core.trash import TrashContents


class TrashAction(QObject):
    """Says what the trash holds, asks once, and deletes it for good.

    Signals:
        failed(Exception): some of it is still there.
        noticed(str): what was done.
    """

    failed = Signal(object)
    noticed = Signal(str)

    def __init__(
        self, store: ProjectStore, board: JobBoard, questions: Questions, window: QWidget
    ) -> None:
        super().__init__(window)
        self._store, self._board = store, board
        self._questions, self._window = questions, window
        self.action = QAction("Empty the trash…", self)
        self.action.triggered.connect(self.ask)
        self._counting = NewestWork(self)
        self._counting.succeeded.connect(self._on_counted)
        self._counting.failed.connect(self.failed)
        for signal in (store.opened, board.started):
            signal.connect(self._forget_count)
        for signal in (store.opened, board.started, board.ended):
            signal.connect(self.show_state)
        self.show_state()

    @Slot()
    def show_state(self) -> None:
        """Enables it while nothing works on the project; else it says why not."""
        job = self._board.job
        why_not = f"{job.title} is still running." if job else ""
        if self._store.project is None:
            why_not = "No project is open."
        self.action.setEnabled(not why_not)
        self.action.setToolTip(why_not or "Deletes for good what lies in the project's trash.")

    @Slot()
    def ask(self) -> None:
        """Counts what there is, which takes a while where it is much, and then asks."""
        project = self._store.project
        if project is not None and self._board.job is None:
            self._counting.ask(partial(_count, project.trash_folder))

    def shut_down(self) -> None:
        """Ends the thread."""
        self._counting.shut_down()

    @Slot()
    def _forget_count(self) -> None:
        """It is of another project, or of a trash that changes."""
        self._counting.forget()

    @Slot(object)
    def _on_counted(self, held: TrashContents) -> None:
        project = self._store.project
        if project is None:
            return
        if not held:
            self.noticed.emit("The trash is empty.")
            return
        counted = ((held.photos, "photo"), (held.labels, "label"), (held.runs, "run"))
        parts = [f"{n:,} {noun}{'' if n == 1 else 's'}" for n, noun in counted if n]
        what = f"{', '.join(parts)} ({held.size / 1e6:.1f} MB)"
        if self._questions.empty_trash(self._window, what):
            work = partial(_empty, project.trash_folder)
            job = Job("Emptying the trash", work, can_stop=False)
            job.succeeded.connect(self._on_emptied)
            job.failed.connect(self.failed)
            job.finished.connect(self._store.trash_emptied)
            self._board.start(job)

    @Slot()
    def _on_emptied(self) -> None:
        self.noticed.emit("The trash is empty.")


def _count(folder: Path, _report: Report, stop: StopToken) -> TrashContents:
    from facegui.core.trash import contents  # not needed to start

    return contents(folder, stop)


def _empty(folder: Path, _report: Report, _stop: StopToken) -> None:
    from facegui.core.trash import empty

    try:
        empty(folder)
    except OSError as error:
        raise disk_error(error, "emptying the trash") from error
