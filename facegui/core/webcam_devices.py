"""Which webcams there are, what they are called, and why one cannot be used.

Everything here asks the operating system; `Devices` lets tests answer instead.
"""

from __future__ import annotations

import errno
import importlib
import logging
import os
import sys
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

import cv2
import numpy as np
import numpy.typing as npt

from facegui.core.camera import CameraInfo, CameraKind
from facegui.core.camera_errors import (
    CameraBusyError,
    CameraError,
    CameraNotFoundError,
    CameraPermissionError,
)

log = logging.getLogger(__name__)

# One interface a system: the same webcam would be listed once for each. On Windows
# DirectShow opens at once where Media Foundation takes many seconds.
_BACKENDS = {"win32": cv2.CAP_DSHOW, "darwin": cv2.CAP_AVFOUNDATION}


class Capture(Protocol):
    """What is used of `cv2.VideoCapture`."""

    def isOpened(self) -> bool: ...  # noqa: N802
    def read(self) -> tuple[bool, npt.NDArray[np.uint8] | None]: ...
    def get(self, propId: int) -> float: ...  # noqa: N803
    def set(self, propId: int, value: float) -> bool: ...  # noqa: N803
    def release(self) -> None: ...


OpenCapture = Callable[[int | str, int], Capture]
"""Opens a device number or a file with a backend; may take for ever."""


@dataclass(frozen=True, slots=True)
class Devices:
    """What the cameras need of the operating system.

    Args:
        open_capture: opens a device or file.
        list_webcams: the webcams connected now, unnamed doubles and all.
        find_problem: why this webcam cannot be used, or None where nothing is known.
    """

    open_capture: OpenCapture
    list_webcams: Callable[[], Sequence[CameraInfo]]
    find_problem: Callable[[CameraInfo], CameraError | None]


def system_devices() -> Devices:
    """The devices of this computer."""
    return Devices(_open_capture, _list_webcams, find_problem)


def default_backend() -> int:
    """OpenCV's number of the interface to this system's webcams."""
    return _BACKENDS.get(sys.platform, int(cv2.CAP_V4L2))


def with_distinct_names(webcams: Sequence[CameraInfo]) -> tuple[CameraInfo, ...]:
    """Webcams in the order of their numbers; doubled names carry "(2)", "(3)", ..."""
    seen: Counter[str] = Counter()
    named = []
    for webcam in sorted(webcams, key=lambda info: info.index or 0):
        seen[webcam.name] += 1
        count = seen[webcam.name]
        name = webcam.name if count == 1 else f"{webcam.name} ({count})"
        named.append(replace(webcam, name=name, source=name))
    return tuple(named)


def plain_name(name: str) -> str:
    """A device's name without the repetition that Linux's driver adds.

    "HD Webcam: HD Webcam" and, cut to 31 characters, "Integrated Camera: Integrated C".
    """
    first, separator, second = name.partition(": ")
    return first if separator and first.startswith(second) else name


def find_problem(webcam: CameraInfo, platform: str = sys.platform) -> CameraError | None:
    """Why a webcam cannot be used; None where the operating system knows of nothing."""
    if platform == "darwin":
        return _macos_problem(webcam)
    if platform == "win32":
        return _windows_problem(webcam)
    return _linux_problem(webcam)


def _linux_problem(webcam: CameraInfo) -> CameraError | None:
    device = webcam.device or f"/dev/video{webcam.index}"
    try:
        handle = os.open(device, os.O_RDWR | getattr(os, "O_NONBLOCK", 0))
    except PermissionError as error:
        return CameraPermissionError(webcam.name, str(error), "linux")
    except OSError as error:
        if error.errno == errno.EBUSY:
            return CameraBusyError(webcam.name, str(error))
        if error.errno in (errno.ENOENT, errno.ENODEV, errno.ENXIO):
            return CameraNotFoundError(webcam.name, details=str(error))
        log.warning("cannot look at %s: %s", device, error)
        return None
    os.close(handle)
    return None


def _macos_problem(webcam: CameraInfo) -> CameraError | None:
    try:
        foundation: Any = importlib.import_module("AVFoundation")
        status = foundation.AVCaptureDevice.authorizationStatusForMediaType_(
            foundation.AVMediaTypeVideo
        )
    except (ImportError, AttributeError) as error:
        log.warning("cannot ask macOS for the camera permission: %s", error)
        return None
    restricted, denied = 1, 2
    if status in (restricted, denied):
        return CameraPermissionError(webcam.name, f"status {status}", "darwin")
    return None


def _windows_problem(webcam: CameraInfo) -> CameraError | None:
    store = r"Software\Microsoft\Windows\CurrentVersion\CapabilityAccessManager\ConsentStore\webcam"
    winreg: Any = importlib.import_module("winreg")
    for root in (winreg.HKEY_LOCAL_MACHINE, winreg.HKEY_CURRENT_USER):
        for key in (store, store + r"\NonPackaged"):
            try:
                with winreg.OpenKey(root, key) as opened:
                    value, _ = winreg.QueryValueEx(opened, "Value")
            except OSError:
                continue
            if value == "Deny":
                return CameraPermissionError(webcam.name, key, "win32")
    return None


def _list_webcams() -> Sequence[CameraInfo]:
    backend = default_backend()
    try:
        from cv2_enumerate_cameras import enumerate_cameras

        found = enumerate_cameras(backend)
    except (ImportError, NotImplementedError, OSError) as error:
        log.warning("cannot list the webcams: %s", error)
        return ()
    return [
        CameraInfo(
            plain_name(str(camera.name)),
            CameraKind.WEBCAM,
            str(camera.index),
            int(camera.index),
            backend,
            str(camera.path or ""),
        )
        for camera in found
    ]


def _open_capture(source: int | str, backend: int) -> Capture:
    capture: Capture = cv2.VideoCapture(source, backend)
    return capture


def _quieten_opencv() -> None:
    """Keeps OpenCV and FFmpeg from writing to the terminal what we report in words.

    Who sets their own variables to look for a fault keeps them.
    """
    os.environ.setdefault("OPENCV_FFMPEG_LOGLEVEL", "8")  # AV_LOG_FATAL
    # AVFoundation can ask for permission on the main thread only; macOS itself asks
    # at the first use of the camera.
    os.environ.setdefault("OPENCV_AVFOUNDATION_SKIP_AUTH", "1")
    if "OPENCV_LOG_LEVEL" not in os.environ:
        cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_ERROR)


# At import: FFmpeg looks only once, when the first video is opened or written.
_quieten_opencv()
