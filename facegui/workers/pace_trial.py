"""Measures how fast this computer trains, beside the window and ended at any moment."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from PySide6.QtCore import QObject, QProcess, Signal, Slot

from facegui.core.own_process import module_command
from facegui.workers.own_process import own_process

log = logging.getLogger(__name__)

COMMAND = module_command("facegui.ml.trial")
_PATIENCE_MS = 3_000


class PaceTrial(QObject):
    """A process that tries a few batches of each part of a training; see `ml.trial`.

    What fails is not tried again: it is only for an estimate.

    Signals:
        measured(): the time of another part is remembered now.

    Args:
        command: what starts it.
    """

    measured = Signal()

    def __init__(self, command: Sequence[str] = COMMAND, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._command = tuple(command)
        self._process: QProcess | None = None
        self._failed = False

    @property
    def running(self) -> bool:
        return self._process is not None

    def start(self) -> None:
        """Begins, unless it is under way or has failed."""
        if self._process is not None or self._failed:
            return
        program, *arguments = self._command
        process = own_process(program, arguments, self)
        process.readyReadStandardOutput.connect(self._on_lines)
        process.errorOccurred.connect(self._on_error)
        process.finished.connect(self._on_finished)
        self._process = process
        log.info("measuring how fast this computer trains")
        process.start()

    def end(self) -> None:
        """Ends it at once; what it has measured stays remembered."""
        process, self._process = self._process, None
        if process is not None:
            process.readyReadStandardOutput.disconnect(self._on_lines)
            process.errorOccurred.disconnect(self._on_error)
            process.finished.disconnect(self._on_finished)
            process.finished.connect(process.deleteLater)
            process.kill()

    def shut_down(self) -> None:
        """Ends it and waits until it is gone."""
        self.end()
        for process in self.findChildren(QProcess):
            process.waitForFinished(_PATIENCE_MS)

    @Slot()
    def _on_lines(self) -> None:
        if self._process is not None and self._process.readAllStandardOutput().data():
            self.measured.emit()

    @Slot(QProcess.ProcessError)
    def _on_error(self, error: QProcess.ProcessError) -> None:
        # All others are followed by `finished`.
        if error == QProcess.ProcessError.FailedToStart and self._process is not None:
            self._gone(self._process.errorString())

    @Slot(int, QProcess.ExitStatus)
    def _on_finished(self, code: int, status: QProcess.ExitStatus) -> None:
        if self._process is not None:
            words = bytes(self._process.readAllStandardError().data()).decode("utf-8", "replace")
            failed = code != 0 or status != QProcess.ExitStatus.NormalExit
            self._gone(f"{status.name}, exit code {code}\n{words}" if failed else "")

    def _gone(self, fault: str) -> None:
        process, self._process = self._process, None
        if process is not None:
            process.deleteLater()
        if fault:
            self._failed = True
            log.warning("cannot measure how fast this computer trains: %s", fault)
