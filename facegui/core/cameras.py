"""Webcams, videos, folders of pictures and the demo camera, all opened here."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from facegui.core.camera import DEFAULT_SIZE, Camera, CameraInfo, CameraKind, Frame
from facegui.core.camera_errors import (
    AmbiguousCameraError,
    CameraBusyError,
    CameraError,
    CameraNotFoundError,
    CameraPermissionError,
    CameraStalledError,
    CameraTimeoutError,
    CameraUnpluggedError,
    NoPicturesError,
    NotAVideoError,
    SourceMissingError,
    SourceUnreadableError,
)
from facegui.core.demo_camera import NAME as DEMO_NAME
from facegui.core.demo_camera import DemoCamera
from facegui.core.images import PICTURE_SUFFIXES
from facegui.core.recordings import (
    VIDEO_SUFFIXES,
    PictureFolder,
    SkippedPicture,
    Video,
    open_recording,
)
from facegui.core.webcam import Patience, Webcam
from facegui.core.webcam_devices import (
    Devices,
    default_backend,
    system_devices,
    with_distinct_names,
)

__all__ = [
    "DEFAULT_SIZE",
    "DEMO",
    "VIDEO_SUFFIXES",
    "AmbiguousCameraError",
    "Camera",
    "CameraBusyError",
    "CameraError",
    "CameraInfo",
    "CameraKind",
    "CameraNotFoundError",
    "CameraPermissionError",
    "CameraStalledError",
    "CameraTimeoutError",
    "CameraUnpluggedError",
    "DemoCamera",
    "Devices",
    "Frame",
    "NoPicturesError",
    "NotAVideoError",
    "PictureFolder",
    "SkippedPicture",
    "SourceMissingError",
    "SourceUnreadableError",
    "Video",
    "Webcam",
    "list_cameras",
    "open_camera",
]

DEMO = CameraInfo(DEMO_NAME, CameraKind.DEMO, "demo")
_DEMO_SOURCE = re.compile(r"demo(?::(\d{1,18}))?", re.IGNORECASE)


def list_cameras(devices: Devices | None = None) -> tuple[CameraInfo, ...]:
    """The webcams connected now, by the names people know, then the demo camera."""
    return (*_webcams(devices or system_devices()), DEMO)


def open_camera(
    source: str | Path | CameraInfo,
    *,
    timeout_s: float = 10.0,
    size: tuple[int, int] = DEFAULT_SIZE,
    paced: bool = True,
    devices: Devices | None = None,
) -> Camera:
    """Opens a source of pictures and waits for its first one.

    Args:
        source: what `list_cameras` gave; "demo" or "demo:SEED"; a webcam's number or
            name (any part that only one has, in any case); the path of a video, a
            picture or a folder of pictures (one called "demo" as "./demo").
        timeout_s: after so long the opening counts as failed.
        size: width and height asked of a webcam; it may give another.
        paced: whether the demo camera keeps the pace of a real one.
        devices: stands in for the operating system, in tests.

    Raises:
        CameraError: of the class that tells what is wrong, with a remedy.
    """
    devices = devices or system_devices()
    found = _find(source, devices)
    if isinstance(found, Path):
        return open_recording(found, timeout_s, devices.open_capture)
    if found.kind is CameraKind.DEMO:
        _, _, seed = found.source.partition(":")
        return DemoCamera(int(seed or 0), paced=paced)
    return Webcam(found, size=size, patience=Patience(open_s=timeout_s), devices=devices)


def _find(source: str | Path | CameraInfo, devices: Devices) -> CameraInfo | Path:
    if isinstance(source, Path):
        return source
    if isinstance(source, CameraInfo):
        return _connected(source, devices)
    text = source.strip()
    if demo := _DEMO_SOURCE.fullmatch(text):
        return replace(DEMO, source=f"demo:{demo[1] or 0}")
    if text.isdecimal():
        return _numbered(text, devices)
    if _looks_like_path(text) and _is_there(text):  # to list webcams takes its time
        return Path(text)
    return _named(text, list_cameras(devices))


def _connected(camera: CameraInfo, devices: Devices) -> CameraInfo | Path:
    """The camera as it is connected now: its number changes when it is plugged in again."""
    if camera.kind is CameraKind.DEMO:
        return camera
    if camera.kind is not CameraKind.WEBCAM:
        return Path(camera.source)
    webcams = _webcams(devices)
    same_name = [webcam for webcam in webcams if webcam.name == camera.name]
    if camera in webcams:
        return camera
    if not same_name:
        raise CameraNotFoundError(camera.name, _names(list_cameras(devices)))
    return same_name[0]


def _numbered(text: str, devices: Devices) -> CameraInfo | Path:
    """A webcam by number, also where the system can name none; or a folder called so."""
    index = int(text)
    webcams = _webcams(devices)
    for webcam in webcams:
        if webcam.index == index:
            return webcam
    if _is_there(text):
        return Path(text)
    return CameraInfo(f"Camera {index}", CameraKind.WEBCAM, str(index), index, default_backend())


def _named(text: str, cameras: Sequence[CameraInfo]) -> CameraInfo | Path:
    wanted = text.casefold()
    for camera in cameras:
        if camera.name.casefold() == wanted:
            return camera
    if wanted and _is_there(text):
        return Path(text)
    candidates = [camera for camera in cameras if wanted and wanted in camera.name.casefold()]
    if len(candidates) == 1:
        return candidates[0]
    if candidates:
        raise AmbiguousCameraError(text, _names(candidates))
    if _looks_like_path(text):
        raise SourceMissingError(text)
    raise CameraNotFoundError(text, _names(cameras))


def _is_there(text: str) -> bool:
    try:
        return Path(text).exists()
    except OSError:  # a folder that may not be entered; opening tells more
        return _looks_like_path(text)


def _looks_like_path(text: str) -> bool:
    endings = VIDEO_SUFFIXES | PICTURE_SUFFIXES
    return "/" in text or "\\" in text or Path(text).suffix.casefold() in endings


def _webcams(devices: Devices) -> tuple[CameraInfo, ...]:
    return with_distinct_names(devices.list_webcams())


def _names(cameras: Sequence[CameraInfo]) -> list[str]:
    return [camera.name for camera in cameras]
