"""A webcam that never makes anybody wait for ever.

OpenCV may block for minutes while it opens or reads a device. One daemon thread
therefore owns the `VideoCapture` from opening to release and keeps only the newest
picture; whoever reads waits for that thread, with a time limit. It also keeps the
delay small where the driver queues pictures.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from facegui.core.camera import (
    DEFAULT_SIZE,
    CameraInfo,
    CameraKind,
    ClosesAfterwards,
    Frame,
)
from facegui.core.camera_errors import (
    CameraBusyError,
    CameraError,
    CameraNotFoundError,
    CameraStalledError,
    CameraTimeoutError,
    CameraUnpluggedError,
)
from facegui.core.images import Pixels
from facegui.core.webcam_devices import Capture, Devices, system_devices

log = logging.getLogger(__name__)

_TO_RGB = {1: cv2.COLOR_GRAY2RGB, 3: cv2.COLOR_BGR2RGB, 4: cv2.COLOR_BGRA2RGB}


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a webcam is waited for.

    Args:
        open_s: from the start of opening to the first picture.
        stall_s: for the next picture while running.
        failed_reads: reads in a row that may fail before the camera counts as gone.
        pause_s: between two failed reads.
        release_s: how long closing waits for the device to be free again.
    """

    open_s: float = 10.0
    stall_s: float = 2.0
    failed_reads: int = 20
    pause_s: float = 0.1
    release_s: float = 1.0


@dataclass(frozen=True, slots=True)
class _Grabbed:
    image: npt.NDArray[np.uint8]
    time_s: float
    number: int


class Webcam(ClosesAfterwards):
    """An open webcam; see `Camera`. Opening waits for the first picture.

    Args:
        info: which one.
        size: width and height to ask for; what comes may differ, also from one
            frame to the next.
        patience: the time limits.
        devices: the operating system, or what stands in for it.
        clock: seconds, never running backwards.

    Raises:
        CameraError: of the class that tells what is wrong.
    """

    kind = CameraKind.WEBCAM
    live = True
    frame_count: int | None = None
    notes: tuple[str, ...] = ()

    def __init__(
        self,
        info: CameraInfo,
        *,
        size: tuple[int, int] = DEFAULT_SIZE,
        patience: Patience | None = None,
        devices: Devices | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.name = info.name
        self.frames_per_second: float | None = None
        self._info = info
        self._size = size
        self._patience = patience or Patience()
        self._devices = devices or system_devices()
        self._clock = clock
        self._was_listed = False
        self._changed = threading.Condition()
        self._closing = threading.Event()
        self._opened = False
        self._newest: _Grabbed | None = None
        self._failure: CameraError | None = None
        self._last_number = -1
        self._thread = threading.Thread(target=self._work, name=f"webcam {info.name}", daemon=True)
        self._thread.start()
        self._await_first_picture()

    def read(self) -> Frame | None:
        """The newest frame that was not read before; see `Camera.read`."""
        with self._changed:
            self._changed.wait_for(
                lambda: self._has_news() or self._closing.is_set() or self._failure is not None,
                self._patience.stall_s,
            )
            if self._closing.is_set():
                return None
            grabbed = self._newest if self._has_news() else None
            if grabbed is None and self._failure is not None:
                raise self._failure
            if grabbed is not None:
                self._last_number = grabbed.number
        if grabbed is None:
            raise self._silence()
        return Frame(_rgb(grabbed.image), grabbed.time_s, grabbed.number)

    def close(self) -> None:
        with self._changed:
            self._closing.set()
            self._changed.notify_all()
        self._thread.join(self._patience.release_s)

    def _has_news(self) -> bool:
        return self._newest is not None and self._newest.number > self._last_number

    def _silence(self) -> CameraError:
        """Why no picture came: the camera is gone, or only slow."""
        if self._was_listed and not self._is_listed():
            return CameraUnpluggedError(self.name)
        return CameraStalledError(self.name, self._patience.stall_s)

    def _is_listed(self) -> bool:
        return any(
            (webcam.index, webcam.device) == (self._info.index, self._info.device)
            for webcam in self._devices.list_webcams()
        )

    def _await_first_picture(self) -> None:
        with self._changed:
            self._changed.wait_for(
                lambda: self._newest is not None or self._failure is not None,
                self._patience.open_s,
            )
            if self._newest is not None:
                return
            # The thread may still be inside OpenCV; it releases the device when it gets out.
            self._closing.set()
            failure, opened = self._failure, self._opened
        if failure is not None:
            raise failure
        if opened:
            raise CameraBusyError(self.name, "opened, but no picture came")
        raise CameraTimeoutError(self.name, self._patience.open_s)

    # From here on: the thread that owns the capture.

    def _work(self) -> None:
        try:
            failure: CameraError | None = self._run()
        except (cv2.error, OSError) as error:
            log.warning("webcam %s failed", self.name, exc_info=True)
            failure = self._failure_now(str(error))
        with self._changed:
            self._failure = failure
            self._changed.notify_all()

    def _run(self) -> CameraError | None:
        """Opens the device and keeps its newest picture until closed; tells what ended it."""
        self._was_listed = self._is_listed()
        problem = self._devices.find_problem(self._info)
        if problem is not None:
            return problem
        capture = self._devices.open_capture(self._info.index or 0, self._info.backend)
        try:
            if not capture.isOpened():
                return self._failure_now("could not be opened")
            self._opened = True
            self._prepare(capture)
            return self._grab(capture)
        finally:
            capture.release()

    def _prepare(self, capture: Capture) -> None:
        width, height = self._size
        if width * height > DEFAULT_SIZE[0] * DEFAULT_SIZE[1]:
            # Raw pictures of this size do not fit through USB 2 at 30 frames a second.
            capture.set(cv2.CAP_PROP_FOURCC, cv2.VideoWriter.fourcc(*"MJPG"))
        capture.set(cv2.CAP_PROP_FRAME_WIDTH, width)
        capture.set(cv2.CAP_PROP_FRAME_HEIGHT, height)
        capture.set(cv2.CAP_PROP_BUFFERSIZE, 1)
        pace = capture.get(cv2.CAP_PROP_FPS)
        self.frames_per_second = pace if 0 < pace < 1000 else None

    def _grab(self, capture: Capture) -> CameraError | None:
        started_s = self._clock()
        number = failed = 0
        while not self._closing.is_set():
            well, image = capture.read()
            if not well or image is None or image.size == 0:
                failed += 1
                if failed >= self._patience.failed_reads:
                    return self._failure_now(f"{failed} reads failed")
                self._closing.wait(self._patience.pause_s)
                continue
            failed = 0
            with self._changed:
                self._newest = _Grabbed(image, self._clock() - started_s, number)
                self._changed.notify_all()
            number += 1
        return None

    def _failure_now(self, details: str) -> CameraError:
        if self._newest is not None:
            return CameraUnpluggedError(self.name, details)
        if not self._opened and not self._is_listed():
            connected = [webcam.name for webcam in self._devices.list_webcams()]
            return CameraNotFoundError(self.name, connected, details)
        return CameraBusyError(self.name, details)


def _rgb(image: npt.NDArray[np.uint8]) -> Pixels:
    """RGB of what OpenCV gives: BGR, BGRA, or grey from infrared cameras."""
    channels = 1 if image.ndim == 2 else image.shape[2]
    converted: Pixels = cv2.cvtColor(image, _TO_RGB[channels])
    return converted
