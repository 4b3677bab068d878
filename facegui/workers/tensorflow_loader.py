"""TensorFlow, loaded while the user does something else."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, Signal, Slot

from facegui.core.progress import Report, StopToken
from facegui.ml.loading import load_tensorflow
from facegui.workers.job import Job


class TensorFlowLoader(QObject):
    """Imports TensorFlow on a thread of its own, once.

    Signals:
        ready(): it is loaded; also when asked for again after that.
        failed(Exception): it could not be imported; another `start` tries again.

    Args:
        load: does the import; another one in tests.
    """

    ready = Signal()
    failed = Signal(object)

    def __init__(
        self, parent: QObject | None = None, *, load: Callable[[], None] = load_tensorflow
    ) -> None:
        super().__init__(parent)
        self._load = load
        self._job: Job | None = None
        self._is_ready = False

    @property
    def is_ready(self) -> bool:
        return self._is_ready

    @property
    def is_loading(self) -> bool:
        return self._job is not None

    def start(self) -> None:
        """Begins to load, unless that is done or under way."""
        if self._is_ready:
            self.ready.emit()
        elif self._job is None:
            self._job = Job("Loading TensorFlow", self._work, self)
            self._job.succeeded.connect(self._on_succeeded)
            self._job.failed.connect(self.failed)
            self._job.finished.connect(self._on_finished)
            self._job.start()

    def shut_down(self) -> None:
        """Waits for an import that is under way: it cannot be broken off."""
        if self._job is not None:
            self._job.shut_down()

    def _work(self, report: Report, stop: StopToken) -> None:  # noqa: ARG002
        self._load()

    @Slot(object)
    def _on_succeeded(self, result: object) -> None:  # noqa: ARG002
        self._is_ready = True
        self.ready.emit()

    @Slot()
    def _on_finished(self) -> None:
        job, self._job = self._job, None
        if job is not None:
            job.deleteLater()
