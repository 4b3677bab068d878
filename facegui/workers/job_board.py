"""The one long job that runs at a time."""

from __future__ import annotations

import logging

from PySide6.QtCore import QObject, Signal, Slot

from facegui.workers.job import Job

log = logging.getLogger(__name__)


class JobBoard(QObject):
    """Where tabs start long jobs, and where the strip at the bottom watches them.

    One at a time: two would fight for the cores, and a project is edited by one.

    Signals:
        started(Job): a job runs now.
        ended(Job): it does not run any more.
    """

    started = Signal(object)
    ended = Signal(object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._job: Job | None = None
        self._closed = False

    @property
    def job(self) -> Job | None:
        """The job that runs."""
        return self._job

    def start(self, job: Job) -> None:
        """Starts a job and keeps it alive until it has ended.

        After `shut_down` it is dropped: the window is closing.

        Raises:
            RuntimeError: when one runs already; buttons are disabled then.
        """
        if self._closed:
            log.info("not started, the window is closing: %s", job.title)
            return
        if self._job is not None:
            raise RuntimeError(f"{self._job.title} is still running")
        self._job = job
        job.setParent(self)
        job.finished.connect(self._on_finished)
        self.started.emit(job)
        job.start()

    def shut_down(self) -> None:
        """Breaks the job off and waits for it; no other starts after it."""
        self._closed = True
        if self._job is not None:
            self._job.shut_down()

    @Slot()
    def _on_finished(self) -> None:
        job, self._job = self._job, None
        if job is not None:
            self.ended.emit(job)
            job.deleteLater()
