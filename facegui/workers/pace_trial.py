"""Measures how fast this computer trains, beside the window and ended at any moment."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from PySide6.QtCore import QObject, Signal, Slot

from facegui.core.own_process import module_command
from facegui.workers.own_process import OwnProcess

log = logging.getLogger(__name__)

COMMAND = module_command("facegui.ml.trial")


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
        self._process = OwnProcess(command, self)
        self._process.lines_ready.connect(self.measured)
        self._process.gone.connect(self._on_gone)
        self._failed = False

    @property
    def running(self) -> bool:
        return self._process.running

    def start(self) -> None:
        """Begins, unless it is under way or has failed."""
        if not self.running and not self._failed:
            log.info("measuring how fast this computer trains")
            self._process.start()

    def end(self) -> None:
        """Ends it at once; what it has measured stays remembered."""
        self._process.end()

    def shut_down(self) -> None:
        """Ends it and waits until it is gone."""
        self._process.shut_down()

    @Slot(bool, str)
    def _on_gone(self, well: bool, how: str) -> None:
        if not well:
            self._failed = True
            log.warning("cannot measure how fast this computer trains: %s", how)
