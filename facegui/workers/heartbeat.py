"""Notices when the window stands still."""

from __future__ import annotations

import logging
import time

from PySide6.QtCore import QObject, Qt, QTimer, Signal, Slot

log = logging.getLogger(__name__)

BEAT_MS = 50
STALL_MS = 100


class Heartbeat(QObject):
    """A timer that should fire every `BEAT_MS`: what comes later held the window up.

    Signals:
        stalled(float): the window stood still for so many milliseconds.
    """

    stalled = Signal(float)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._last_s = 0.0
        self.longest_ms = 0.0
        self._timer = QTimer(self)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.setInterval(BEAT_MS)
        self._timer.timeout.connect(self._beat)

    def start(self) -> None:
        """Begins to watch, with nothing seen so far."""
        self._last_s = time.monotonic()
        self.longest_ms = 0.0
        self._timer.start()

    def stop(self) -> None:
        self._timer.stop()

    @Slot()
    def _beat(self) -> None:
        now_s = time.monotonic()
        late_ms = 1000 * (now_s - self._last_s) - BEAT_MS
        self._last_s = now_s
        self.longest_ms = max(self.longest_ms, late_ms)
        if late_ms > STALL_MS:
            log.warning("the window stood still for %.0f ms", late_ms)
            self.stalled.emit(late_ms)
