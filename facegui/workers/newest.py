"""Short work in the background of which only the newest matters."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QObject, QThread, Signal, Slot

from facegui.core.errors import Cancelled
from facegui.core.progress import StopToken
from facegui.workers.job import Work
from facegui.workers.priority import step_back

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Request:
    number: int
    work: Work
    stop: StopToken


class _Desk:
    """Holds the one request that waits."""

    def __init__(self) -> None:
        self._waiting: _Request | None = None
        self._changed = threading.Condition()
        self._closed = False

    def put(self, request: _Request | None) -> None:
        with self._changed:
            self._waiting = request
            self._changed.notify()

    def take(self) -> _Request | None:
        """Waits for a request; None: there will be no more."""
        with self._changed:
            self._changed.wait_for(lambda: self._waiting is not None or self._closed)
            request, self._waiting = self._waiting, None
            return None if self._closed else request

    def close(self) -> None:
        with self._changed:
            self._closed = True
            self._changed.notify_all()


class _Worker(QObject):
    """Lives in the thread and does one request after another."""

    progressed = Signal(int, object)
    succeeded = Signal(int, object)
    failed = Signal(int, object)

    def __init__(self, desk: _Desk, *, patient: bool) -> None:
        super().__init__()
        self._desk = desk
        self._patient = patient
        self._failure = ""

    @Slot()
    def run(self) -> None:
        if self._patient:
            step_back()
        while (request := self._desk.take()) is not None:
            self._do(request)
        QThread.currentThread().quit()

    def _do(self, request: _Request) -> None:
        try:
            result = request.work(self._report_of(request.number), request.stop)
        except Cancelled:
            pass
        except Exception as error:
            self._log(error)
            self.failed.emit(request.number, error)
        else:
            self._failure = ""
            self.succeeded.emit(request.number, result)

    def _log(self, error: Exception) -> None:
        """Once for what fails again and again: some work is tried until it succeeds."""
        failure = repr(error)
        if failure != self._failure:
            self._failure = failure
            log.error("background work failed", exc_info=error)

    def _report_of(self, number: int) -> Callable[[Any], None]:
        def report(value: Any) -> None:
            self.progressed.emit(number, value)

        return report


class NewestWork(QObject):
    """Does work on a thread of its own; what is asked for later replaces what came before.

    What was asked for before is cancelled, and nothing more is heard of it.

    Signals, in the thread that it belongs to:
        progressed(object): what the newest work reported.
        succeeded(object): its result.
        failed(Exception): why it failed.

    Args:
        patient: whether it computes for long while nobody waits: the cores are others' first.
    """

    progressed = Signal(object)
    succeeded = Signal(object)
    failed = Signal(object)

    def __init__(self, parent: QObject | None = None, *, patient: bool = False) -> None:
        super().__init__(parent)
        self._number = 0
        self._stop = StopToken()
        self._desk = _Desk()
        self._thread = QThread(self)
        self._worker = _Worker(self._desk, patient=patient)
        self._worker.moveToThread(self._thread)
        self._thread.started.connect(self._worker.run)
        self._worker.progressed.connect(self._on_progressed)
        self._worker.succeeded.connect(self._on_succeeded)
        self._worker.failed.connect(self._on_failed)

    def ask(self, work: Work) -> None:
        """Wants this done, instead of anything asked for before."""
        self.forget()
        self._desk.put(_Request(self._number, work, self._stop))
        if not self._thread.isRunning():
            self._thread.start()

    def forget(self) -> None:
        """Wants nothing any more."""
        self._stop.cancel()
        self._stop = StopToken()
        self._number += 1
        self._desk.put(None)

    def shut_down(self) -> None:
        """Cancels and waits until the thread has ended."""
        self.forget()
        self._desk.close()
        self._thread.quit()
        self._thread.wait()

    @Slot(int, object)
    def _on_progressed(self, number: int, value: object) -> None:
        if number == self._number:
            self.progressed.emit(value)

    @Slot(int, object)
    def _on_succeeded(self, number: int, result: object) -> None:
        if number == self._number:
            self.succeeded.emit(result)

    @Slot(int, object)
    def _on_failed(self, number: int, error: Exception) -> None:
        if number == self._number:
            self.failed.emit(error)
