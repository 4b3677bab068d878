"""Work on a thread of its own, watched by signals."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QCoreApplication, QObject, Qt, QThread, Signal, Slot

from facegui.core.errors import Cancelled, UserError
from facegui.core.progress import StopToken

log = logging.getLogger(__name__)

Work = Callable[[Callable[[Any], None], StopToken], Any]
"""A plain function: takes a report and a token, returns its result."""


class _Worker(QObject):
    """Lives in the job's thread and runs the work there."""

    progressed = Signal(object)
    succeeded = Signal(object)
    failed = Signal(object)
    cancelled = Signal()
    done = Signal()

    def __init__(self, work: Work, stop: StopToken) -> None:
        super().__init__()
        self._work: Work | None = work
        self._stop = stop

    def drop_work(self) -> None:
        """Once it has run."""
        self._work = None

    @Slot()
    def run(self) -> None:
        assert self._work is not None
        try:
            result = self._work(self.progressed.emit, self._stop)
        except Cancelled:
            self.cancelled.emit()
        except UserError as error:
            log.warning("job failed", exc_info=True)
            self.failed.emit(error)
        except Exception as error:
            log.exception("job failed")
            self.failed.emit(error)
        else:
            self.succeeded.emit(result)
        finally:
            self.done.emit()


class Job(QObject):
    """One piece of work on its own thread. Runs once.

    Signals, in the thread that the job belongs to:
        progressed(object): what the work reported.
        succeeded(object): its result.
        failed(Exception): a `UserError`, or a fault of the program (logged already).
        cancelled(): it obeyed a cancel.
        finished(): after one of these three, when the thread has ended.

    Args:
        title: what it does, for people, such as "Training".
        work: must touch no widget, and obey its token unless it is told below.
        goes_on: what becomes of it when it is broken off, for people, where it can go on
            later; else empty.
        can_stop: whether the work obeys its token; what does not is waited for.
    """

    progressed = Signal(object)
    succeeded = Signal(object)
    failed = Signal(object)
    cancelled = Signal()
    finished = Signal()

    def __init__(
        self,
        title: str,
        work: Work,
        parent: QObject | None = None,
        *,
        goes_on: str = "",
        can_stop: bool = True,
    ) -> None:
        super().__init__(parent)
        self.title = title
        self.goes_on = goes_on
        self.can_stop = can_stop
        self._stop = StopToken()
        self._thread = QThread(self)
        self._worker = _Worker(work, self._stop)
        self._worker.moveToThread(self._thread)
        self._thread.started.connect(self._worker.run)
        self._worker.progressed.connect(self.progressed)
        self._worker.succeeded.connect(self.succeeded)
        self._worker.failed.connect(self.failed)
        self._worker.cancelled.connect(self.cancelled)
        # Directly: the thread ends by itself, without waiting for the window.
        self._worker.done.connect(self._thread.quit, Qt.ConnectionType.DirectConnection)
        self._thread.finished.connect(self._on_thread_finished)

    @property
    def running(self) -> bool:
        return self._thread.isRunning()

    def start(self) -> None:
        self._thread.start()

    def finish(self) -> None:
        """Asks the work to end with what it has."""
        self._stop.finish()

    def cancel(self) -> None:
        """Asks the work to drop everything."""
        self._stop.cancel()

    def break_off(self) -> None:
        """Asks the work to stop, and to keep what it needs to go on later."""
        self._stop.break_off()

    def shut_down(self) -> None:
        """Breaks off and waits until the thread has ended. Never kills it.

        What the work still told is delivered before this returns: a result that
        has to be closed reaches its owner.
        """
        self._stop.break_off()
        self._thread.wait()
        QCoreApplication.sendPostedEvents(self)

    @Slot()
    def _on_thread_finished(self) -> None:
        # It says so a moment before it has.
        self._thread.wait()
        self.finished.emit()
        # The work is mostly a method of the job's parent. Kept, it could be all that keeps the
        # parent: destroying the job would destroy the parent, and so the job once more.
        self._worker.drop_work()
