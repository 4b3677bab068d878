"""What is seen, recorded as a video on a thread of its own."""

from __future__ import annotations

import logging
import queue
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from PySide6.QtCore import QObject, QThread, Signal, Slot

from facegui.core.errors import UserError, disk_error
from facegui.core.video_writing import USUAL_PACE, EvenPace, VideoWriter
from facegui.workers.snapshots import Marked, draw_side_by_side

log = logging.getLogger(__name__)

_LONGEST_QUEUE = 16
"""Pictures that wait in memory; what comes faster than the disk takes it is left out."""

_Item = tuple[tuple[Marked, ...], float]


class _Worker(QObject):
    """Lives in the recorder's thread."""

    saved = Signal(object)
    failed = Signal(object)

    def __init__(self, path: Path, pictures: queue.Queue[_Item | None]) -> None:
        super().__init__()
        self._path = path
        self._pictures = pictures

    @Slot()
    def run(self) -> None:
        try:
            self._path.parent.mkdir(exist_ok=True)
            with VideoWriter(self._path, USUAL_PACE) as video:
                self._write_all(video)
        except UserError as error:
            self.failed.emit(error)
        except OSError as error:
            self.failed.emit(disk_error(error, f"recording {self._path.name}"))
        except Exception as error:
            log.exception("the recording failed")
            self.failed.emit(error)
        else:
            if self._path.exists():
                self.saved.emit(self._path)
        finally:
            QThread.currentThread().quit()

    def _write_all(self, video: VideoWriter) -> None:
        pace = EvenPace(video)
        written = False
        try:
            while (item := self._pictures.get()) is not None:
                pictures, time_s = item
                pace.add(draw_side_by_side(pictures), time_s)
                written = True
            pace.end()
        except UserError as error:
            if not written:
                raise
            # A full disk ends the recording; what there is of it can be kept.
            self.failed.emit(error)


class Recorder(QObject):
    """Records one video at a time.

    Signals:
        saved(Path): the video is there.
        failed(Exception): it is not, or not all of it: then `saved` follows.

    Args:
        clock: seconds, never running backwards.
    """

    saved = Signal(object)
    failed = Signal(object)

    def __init__(
        self, parent: QObject | None = None, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        super().__init__(parent)
        self._clock = clock
        self._started_s = 0.0
        self._pictures: queue.Queue[_Item | None] = queue.Queue()
        self._thread: QThread | None = None
        self._worker: _Worker | None = None
        self._ended: list[tuple[QThread, _Worker]] = []

    @property
    def active(self) -> bool:
        return self._thread is not None

    @property
    def seconds(self) -> float:
        """How long it has been recording."""
        return self._clock() - self._started_s if self.active else 0.0

    def start(self, path: Path) -> None:
        """Begins a video.

        Args:
            path: ends in ".mp4"; its folder is made where it is missing.
        """
        self.stop()
        self._pictures = queue.Queue()
        worker, thread = _Worker(path, self._pictures), QThread(self)
        worker.moveToThread(thread)
        thread.started.connect(worker.run)
        thread.finished.connect(self._on_thread_finished)
        worker.saved.connect(self.saved)
        worker.failed.connect(self._on_failed)
        self._thread, self._worker = thread, worker
        self._started_s = self._clock()
        thread.start()

    def add(self, pictures: Sequence[Marked]) -> None:
        """Records what is seen at this moment; several pictures side by side.

        Args:
            pictures: must not change any more.
        """
        if not self.active:
            return
        if self._pictures.qsize() < _LONGEST_QUEUE:
            self._pictures.put((tuple(pictures), self._clock()))
        else:
            log.info("a picture is left out of the recording: the disk is slow")

    def stop(self) -> None:
        """Ends the video; `saved` follows."""
        if self._thread is not None and self._worker is not None:
            self._pictures.put(None)
            self._ended.append((self._thread, self._worker))
            self._thread = self._worker = None

    def shut_down(self) -> None:
        """Ends the video and waits until it is on disk."""
        self.stop()
        for thread, _ in self._ended:
            thread.wait()
        self._ended.clear()

    @Slot(object)
    def _on_failed(self, error: Exception) -> None:
        if self.sender() is self._worker:
            self.stop()
        self.failed.emit(error)

    @Slot()
    def _on_thread_finished(self) -> None:
        for thread, _ in self._ended:
            if thread.isFinished():
                thread.deleteLater()
        self._ended = [pair for pair in self._ended if not pair[0].isFinished()]
