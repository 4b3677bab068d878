"""Live pictures from a camera, read on a thread of its own."""

from __future__ import annotations

import contextlib
import itertools
import logging
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future

from PySide6.QtCore import QObject, Qt, QThread, Signal, Slot

from facegui.core.camera import Camera, CameraInfo, CameraKind, Frame
from facegui.core.camera_errors import CameraError, CameraStalledError
from facegui.core.cameras import open_camera as open_any_camera
from facegui.workers.frame_slot import FrameSlot

log = logging.getLogger(__name__)

OpenCamera = Callable[[CameraInfo], Camera]
"""Opens a source and waits for its first picture; called in a thread of its own."""

REOPEN_PAUSES_S = (0.5, 1.0, 2.0, 3.0)
"""From a failure to the next try; the last is repeated."""

_webcam_turn = threading.Lock()
"""Held while a webcam is open: the one that a tab let go of a moment ago may still
be closing when the next tab wants it."""


class Pace:
    """When to show the frames of a recording: at the distances they were taken in."""

    def __init__(self) -> None:
        self._due_s = 0.0
        self._last_time_s: float | None = None

    def delay_s(self, frame: Frame, now_s: float) -> float:
        """How long to wait with this frame; nothing after a pause or when it is late."""
        if self._last_time_s is None:
            self._due_s = now_s
        else:
            self._due_s = max(self._due_s + frame.time_s - self._last_time_s, now_s)
        self._last_time_s = frame.time_s
        return self._due_s - now_s


class _Reader(QObject):
    """Lives in the feed's thread: opens one source, reads it, opens it again."""

    opened = Signal(int, str)
    failed = Signal(int, object)
    ended = Signal(int, object)
    done = Signal()

    def __init__(
        self,
        number: int,
        info: CameraInfo,
        open_camera: OpenCamera,
        pauses_s: Sequence[float],
        slots: Sequence[FrameSlot],
    ) -> None:
        super().__init__()
        self._number = number
        self._info = info
        self._open_camera = open_camera
        self._pauses_s = pauses_s
        self._slots = slots
        self._stopping = threading.Event()
        self._woken = threading.Event()
        self._running = threading.Event()
        self._running.set()
        self._lock = threading.Lock()
        self._camera: Camera | None = None

    # Called from other threads.

    def set_paused(self, paused: bool) -> None:
        if paused:
            self._running.clear()
        else:
            self._running.set()

    def stop(self) -> None:
        """Makes `run` return soon; waits for nothing. No frame comes after it."""
        with self._lock:
            self._stopping.set()
            camera = self._camera
        self._woken.set()
        self._running.set()
        if camera is not None:
            # It wakes a read that waits, and may itself wait for the device.
            threading.Thread(target=camera.close, name="closing a camera", daemon=True).start()

    # From here on: the feed's thread.

    @Slot()
    def run(self) -> None:
        try:
            self._run()
        except Exception as error:
            log.exception("the camera feed failed")
            self.failed.emit(self._number, error)
            self.ended.emit(self._number, ())
        finally:
            self.done.emit()

    def _run(self) -> None:
        pauses_s = self._pauses()
        while not self._stopping.is_set():
            try:
                with self._opened_camera() as camera:
                    if camera is None:
                        return
                    pauses_s = self._pauses()
                    self.opened.emit(self._number, camera.name)
                    self._read_all(camera)
                    notes = camera.notes
            except CameraError as error:
                log.warning("%s: %s %s", self._info.name, error, error.details)
                self.failed.emit(self._number, error)
                notes = ()
            if not self._info.kind.live:
                self.ended.emit(self._number, notes)
                return
            self._stopping.wait(next(pauses_s))

    def _pauses(self) -> Iterator[float]:
        return itertools.chain(self._pauses_s, itertools.repeat(self._pauses_s[-1]))

    @contextlib.contextmanager
    def _opened_camera(self) -> Iterator[Camera | None]:
        """The open camera; None when `stop` came first. Closed afterwards."""
        with self._turn() as ours:
            camera = self._open() if ours else None
            if camera is None:
                yield None
                return
            with self._lock:
                self._camera = camera
            try:
                yield camera
            finally:
                with self._lock:
                    self._camera = None
                camera.close()

    @contextlib.contextmanager
    def _turn(self) -> Iterator[bool]:
        """Waits until no other feed has a webcam open; False when `stop` came first."""
        if self._info.kind is not CameraKind.WEBCAM:
            yield True
            return
        while not (ours := _webcam_turn.acquire(timeout=0.1)) and not self._stopping.is_set():
            pass
        try:
            yield ours
        finally:
            if ours:
                _webcam_turn.release()

    def _open(self) -> Camera | None:
        """Opens in yet another thread, because opening may hang and stopping must not."""
        opened: Future[Camera] = Future()

        def work() -> None:
            try:
                opened.set_result(self._open_camera(self._info))
            except Exception as error:  # raised again in the feed's thread
                opened.set_exception(error)
            self._woken.set()

        self._woken.clear()
        threading.Thread(target=work, name=f"opening {self._info.name}", daemon=True).start()
        if not self._stopping.is_set():
            self._woken.wait()
        if self._stopping.is_set():
            opened.add_done_callback(_close_late)
            return None
        return opened.result()

    def _read_all(self, camera: Camera) -> None:
        pace = Pace()
        stalled = False
        while not self._stopping.is_set():
            try:
                frame = camera.read()
            except CameraStalledError as error:
                if not stalled:
                    self.failed.emit(self._number, error)
                stalled = True
                continue
            if frame is None:
                return
            stalled = False
            if not camera.live:
                self._stopping.wait(pace.delay_s(frame, time.monotonic()))
                self._running.wait()
            self._put(frame)

    def _put(self, frame: Frame) -> None:
        if not self._running.is_set():
            return
        with self._lock:
            if not self._stopping.is_set():
                for slot in self._slots:
                    slot.put(frame)


class CameraFeed(QObject):
    """Reads one source at a time and keeps only its newest frame.

    Whoever is slow misses frames; none ever waits in a queue. Others can look at the
    same frames at their own pace, each through a slot of their own. A webcam that fails
    is opened again until it is back. Recordings keep the pace they were taken in.

    Signals:
        opened(str): the source of that name gives pictures now, also once more.
        frame_ready(): `take` has a frame; emitted once until it is taken, in the
            reading thread, so that a receiver in any thread is told at once.
        failed(Exception): no pictures; a `CameraError` says why. A webcam is tried
            again by itself; `active` is false where nothing more will come.
        ended(tuple[str, ...]): a recording is over, with what was amiss in it.

    Args:
        open_camera: opens a source; tests give fakes.
        pauses_s: from a failure of a webcam to the next try; the last is repeated.
    """

    opened = Signal(str)
    frame_ready = Signal()
    failed = Signal(object)
    ended = Signal(object)

    def __init__(
        self,
        open_camera: OpenCamera = open_any_camera,
        *,
        pauses_s: Sequence[float] = REOPEN_PAUSES_S,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._open_camera = open_camera
        self._pauses_s = pauses_s
        self._number = 0
        self._slot = FrameSlot(self)
        # Straight from the reading thread: whoever looks need not wait for the window.
        self._slot.ready.connect(self.frame_ready, Qt.ConnectionType.DirectConnection)
        self._slots: tuple[FrameSlot, ...] = (self._slot,)
        self._source: CameraInfo | None = None
        self._reader: _Reader | None = None
        self._threads: list[tuple[QThread, _Reader]] = []
        self._active = False
        self._paused = False

    @property
    def source(self) -> CameraInfo | None:
        """What was started last; None after `stop`."""
        return self._source

    @property
    def active(self) -> bool:
        """Whether frames come, or are being waited for."""
        return self._active

    @property
    def paused(self) -> bool:
        return self._paused

    def take(self) -> Frame | None:
        """The newest frame, once; from any thread."""
        return self._slot.take()

    def add_slot(self) -> FrameSlot:
        """A place where the newest frame waits for somebody else, too; before the first start."""
        slot = FrameSlot(self)
        self._slots = (*self._slots, slot)
        return slot

    def start(self, source: CameraInfo) -> None:
        """Shows another source, or the same one from the beginning. Returns at once."""
        self.stop()
        self._number += 1
        self._source = source
        reader = _Reader(self._number, source, self._open_camera, self._pauses_s, self._slots)
        reader.opened.connect(self._on_opened)
        reader.failed.connect(self._on_failed)
        reader.ended.connect(self._on_ended)
        thread = QThread(self)
        reader.moveToThread(thread)
        thread.started.connect(reader.run)
        # Directly: the thread ends by itself, without waiting for the window.
        reader.done.connect(thread.quit, Qt.ConnectionType.DirectConnection)
        thread.finished.connect(self._on_thread_finished)
        self._reader = reader
        self._threads.append((thread, reader))
        self._active = True
        thread.start()

    def stop(self) -> None:
        """Lets go of the source. Returns at once; the camera's light goes out soon."""
        self._paused = False
        self._active = False
        self._source = None
        if self._reader is not None:
            self._reader.stop()
            self._reader = None
        for slot in self._slots:
            slot.clear()

    def set_paused(self, paused: bool) -> None:
        """While paused a webcam's frames are dropped, and a recording stands still."""
        self._paused = paused and self._active
        if self._reader is not None:
            self._reader.set_paused(self._paused)

    def shut_down(self) -> None:
        """Stops and waits until all threads have ended, a second or so at most."""
        self.stop()
        for thread, _ in self._threads:
            thread.quit()
            thread.wait()
        self._threads.clear()

    @Slot(int, str)
    def _on_opened(self, number: int, name: str) -> None:
        if number == self._number and self._source is not None:
            self.opened.emit(name)

    @Slot(int, object)
    def _on_failed(self, number: int, error: Exception) -> None:
        if number == self._number and self._source is not None:
            self._active = self._source.kind.live and isinstance(error, CameraError)
            self.failed.emit(error)

    @Slot(int, object)
    def _on_ended(self, number: int, notes: tuple[str, ...]) -> None:
        if number == self._number and self._active:
            self._active = False
            self.ended.emit(notes)

    @Slot()
    def _on_thread_finished(self) -> None:
        for thread, _ in self._threads:
            if thread.isFinished():
                thread.deleteLater()
        self._threads = [pair for pair in self._threads if not pair[0].isFinished()]


def _close_late(opened: Future[Camera]) -> None:
    if opened.exception() is None:
        opened.result().close()
