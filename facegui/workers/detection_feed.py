"""Faces in the newest frame of a camera, found on a thread of its own."""

from __future__ import annotations

import logging
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from PySide6.QtCore import QObject, Qt, QThread, QTimer, Signal, Slot

from facegui.core.boxes import Detection
from facegui.core.camera import Frame
from facegui.core.errors import UserError
from facegui.ml.detection import Detector
from facegui.ml.following import LEAST_CONFIDENCE, FaceDetector
from facegui.workers.camera_feed import CameraFeed
from facegui.workers.frame_slot import FrameSlot

log = logging.getLogger(__name__)

WATCH_INTERVAL_MS = 1000
"""How often it is looked whether the model file is still the one that was loaded."""


class LoadDetector(Protocol):
    """Makes a detector of a model file, such as `detection.Detector`."""

    def __call__(self, path: Path, *, threads: int | None = None) -> FaceDetector:
        """Args: path: of the file; threads: cores to use, all that it may use by default."""


@dataclass(frozen=True, slots=True)
class LoadedModel:
    """A model that is ready.

    Args:
        path: of its file.
        threshold: the lowest confidence that it recommends.
    """

    path: Path
    threshold: float


@dataclass(frozen=True, slots=True, eq=False)
class DetectionResult:
    """What was found, and the very frame that it was found in.

    Args:
        frame: as the camera gave it.
        detections: surest first, down to `LEAST_CONFIDENCE`; None while no model is loaded.
        detection_ms: that the search took, resizing included.
    """

    frame: Frame
    detections: tuple[Detection, ...] | None
    detection_ms: float = 0.0


class _Worker(QObject):
    """Lives in the feed's thread."""

    ready = Signal()
    loaded = Signal(object)
    failed = Signal(object, object)

    def __init__(self, frames: FrameSlot, load_detector: LoadDetector, watch_ms: int) -> None:
        super().__init__()
        self._frames = frames
        self._load_detector = load_detector
        self._detector: FaceDetector | None = None
        self._path: Path | None = None
        self._threads: int | None = None
        self._signature: tuple[int, int] | None = None
        self._watch = QTimer(self)
        self._watch.setInterval(watch_ms)
        self._watch.timeout.connect(self.look_at_file)
        self._last: Frame | None = None
        self._last_source = 0
        self._lock = threading.Lock()
        self._newest: DetectionResult | None = None
        self._newest_source = 0

    def take(self) -> DetectionResult | None:
        with self._lock:
            result, self._newest = self._newest, None
            return result if self._newest_source == self._frames.source_number else None

    @Slot()
    def look(self) -> None:
        source, frame = self._frames.take_numbered()
        if frame is not None:
            self._last, self._last_source = frame, source
            self._search(frame, source)

    @Slot(object, object)
    def load(self, path: Path | None, threads: int | None) -> None:
        self._detector = None
        self._path, self._threads = path, threads
        if path is None:
            self._watch.stop()
            return
        self._signature = _signature(path)
        self._watch.start()
        try:
            detector = self._load_detector(path, threads=threads)
        except Exception as error:
            log.warning("the model %s cannot be loaded", path, exc_info=True)
            self.failed.emit(path, error)
            return
        self._detector = detector
        self.loaded.emit(LoadedModel(path, detector.threshold))
        if self._last is not None and self._last_source == self._frames.source_number:
            # A picture that stands still gets the boxes of the new model, too.
            self._search(self._last, self._last_source)

    @Slot()
    def look_at_file(self) -> None:
        """The model is in memory, but a run that is gone or damaged should not go unnoticed."""
        assert self._path is not None
        before, now = self._signature, _signature(self._path)
        if now == before:
            return
        if now is not None:
            self.load(self._path, self._threads)
            return
        self._signature = None
        self._detector = None
        error = UserError(
            f"The model file of the run {self._path.parent.name} is gone.",
            "Choose another run, or put the file back: then it goes on by itself.",
            str(self._path),
        )
        self.failed.emit(self._path, error)

    @Slot()
    def end(self) -> None:
        """Timers have to be stopped in their own thread."""
        self._watch.stop()

    def _search(self, frame: Frame, source: int) -> None:
        if self._detector is None:
            self._put(DetectionResult(frame, None), source)
            return
        started_s = time.perf_counter()
        try:
            found = self._detector.detect(frame.pixels, LEAST_CONFIDENCE)
        except Exception as error:
            log.exception("the detector failed")
            self._detector = None
            self.failed.emit(None, error)
        else:
            took_ms = 1000 * (time.perf_counter() - started_s)
            self._put(DetectionResult(frame, found, took_ms), source)

    def _put(self, result: DetectionResult, source: int) -> None:
        with self._lock:
            was_empty = self._newest is None
            self._newest, self._newest_source = result, source
        if was_empty:
            self.ready.emit()


class DetectionFeed(QObject):
    """Takes the newest frame of a `CameraFeed` whenever it is done with the one before.

    The camera never waits for the detector, and neither waits for the window:
    what comes too fast is passed over. Until a model is loaded frames go through
    without boxes. Once the camera shows another source nothing more comes of the frames
    of the one before, though one of them is being searched just then.

    The model's file is watched: when it goes away or is damaged this is told, and when it
    is back it is loaded once more.

    Signals:
        ready(): `take` has a result; emitted once until it is taken.
        loaded(LoadedModel): the model that was wanted last is ready, perhaps again.
        failed(Exception): it cannot be used; a `UserError` says why.

    Args:
        camera: gives the frames; it must not have been started yet.
        load_detector: makes a detector of a model file, in the feed's thread.
        beside: looks at frames of that camera, too; this one looks at no others, so that each
            frame that it has searched is searched by both.
        watch_ms: from one look at the model's file to the next.
    """

    ready = Signal()
    loaded = Signal(object)
    failed = Signal(object)
    _load_wanted = Signal(object, object)
    _end_wanted = Signal()

    def __init__(
        self,
        camera: CameraFeed,
        load_detector: LoadDetector = Detector,
        parent: QObject | None = None,
        *,
        beside: DetectionFeed | None = None,
        watch_ms: int = WATCH_INTERVAL_MS,
    ) -> None:
        super().__init__(parent)
        self._path: Path | None = None
        self._threads: int | None = None
        self._model: LoadedModel | None = None
        self._has_failed = False
        frames = camera.add_slot() if beside is None else beside._frames.add_next()
        self._frames: FrameSlot = frames
        self._worker = _Worker(frames, load_detector, watch_ms)
        self._thread = QThread(self)
        self._worker.moveToThread(self._thread)
        # Queued to the worker's thread, straight from the one that reads the camera.
        frames.ready.connect(self._worker.look, Qt.ConnectionType.QueuedConnection)
        self._load_wanted.connect(self._worker.load)
        self._end_wanted.connect(self._worker.end, Qt.ConnectionType.BlockingQueuedConnection)
        self._worker.ready.connect(self.ready)
        self._worker.loaded.connect(self._on_loaded)
        self._worker.failed.connect(self._on_failed)

    @property
    def path(self) -> Path | None:
        """The model file that is wanted."""
        return self._path

    @property
    def model(self) -> LoadedModel | None:
        """The model, once it is ready."""
        return self._model

    def use(self, path: Path | None, threads: int | None = None) -> None:
        """Loads a model in the background, unless it is in use already.

        Args:
            path: of the model file; None lets go of the model.
            threads: cores to use; by default all that this process may use.
        """
        if (path, threads) == (self._path, self._threads) and not self._has_failed:
            return
        self._path, self._threads = path, threads
        self._model = None
        self._has_failed = False
        self._start()
        self._load_wanted.emit(path, threads)

    def take(self) -> DetectionResult | None:
        """The newest result, once."""
        return self._worker.take()

    def shut_down(self) -> None:
        """Waits until the frame at hand is done."""
        if self._thread.isRunning():
            self._end_wanted.emit()
        self._thread.quit()
        self._thread.wait()

    def _start(self) -> None:
        if not self._thread.isRunning():
            self._thread.start()

    @Slot(object)
    def _on_loaded(self, model: LoadedModel) -> None:
        if model.path == self._path:
            self._model = model
            self._has_failed = False
            self.loaded.emit(model)

    @Slot(object, object)
    def _on_failed(self, path: Path | None, error: Exception) -> None:
        """With no path it failed at a frame, and that was the model in use."""
        if path is None or path == self._path:
            self._model = None
            self._has_failed = True
            self.failed.emit(error)


def _signature(path: Path) -> tuple[int, int] | None:
    """What changes when a file is written; None where there is none."""
    try:
        state = path.stat()
    except OSError:
        return None
    return state.st_mtime_ns, state.st_size
