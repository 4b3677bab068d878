"""Where the newest frame of a camera waits for one who looks at it."""

from __future__ import annotations

import threading

from PySide6.QtCore import QObject, Signal

from facegui.core.camera import Frame


class FrameSlot(QObject):
    """Keeps one frame; a newer one takes its place. Used from any thread.

    Signals:
        ready(): `take` has a frame; emitted once until it is taken, in the thread
            that put it there.
    """

    ready = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._lock = threading.Lock()
        self._newest: Frame | None = None
        self._source_number = 0
        self._next: FrameSlot | None = None

    @property
    def source_number(self) -> int:
        """Goes up with every source: what is known of an earlier one's frames is out of date."""
        return self._source_number

    def add_next(self) -> FrameSlot:
        """A slot for somebody who is to look at frames that were taken from this one alone."""
        self._next = FrameSlot(self)
        return self._next

    def put(self, frame: Frame) -> None:
        with self._lock:
            was_empty = self._newest is None
            self._newest = frame
        if was_empty:
            self.ready.emit()

    def take(self) -> Frame | None:
        """The newest frame, once."""
        return self.take_numbered()[1]

    def take_numbered(self) -> tuple[int, Frame | None]:
        """Likewise, and the number of the source that it belongs to."""
        with self._lock:
            frame, self._newest = self._newest, None
            if frame is not None and self._next is not None:
                self._next.put(frame)
            return self._source_number, frame

    def clear(self) -> None:
        """Another source begins."""
        with self._lock:
            self._newest = None
            self._source_number += 1
            if self._next is not None:
                self._next.clear()
