"""Photos out of a video: every n-th frame, or those that are least alike."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from facegui.core.camera import Frame
from facegui.core.cameras import open_camera
from facegui.core.images import Pixels
from facegui.core.progress import Progress, Report, StopToken, throttled

LEAST_ALIKE = 40
CANDIDATES_PER_SECOND = 4.0
LEAST_DIFFERENCE = 3.0
"""Frames of which all grey values differ by less, on average, are the same picture."""
_SMALL = (32, 24)
_FINE = (320, 240)
_ASSUMED_PACE = 30.0

_Floats = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class FrameChoice:
    """Which frames of a video become photos.

    Args:
        every: each so many-th frame; None for those that are least alike.
        count: so many of those at most.

    Raises:
        ValueError: when a number is below 1.
    """

    every: int | None = None
    count: int = LEAST_ALIKE

    def __post_init__(self) -> None:
        if self.count < 1 or (self.every is not None and self.every < 1):
            raise ValueError("every and count must be 1 or more")


def chosen_frames(
    path: Path, choice: FrameChoice, report: Report, stop: StopToken
) -> Iterator[Frame]:
    """The frames of a video that are to become photos, in their order.

    For the least alike ones the video is read twice: the sharpest frame of each quarter
    of a second is a candidate, and of those each next one is the farthest from all
    that were chosen before, until the rest is like one of them.

    Raises:
        CameraError: when the file is no video, or cannot be read.
        Cancelled: when `stop` was cancelled.
    """
    report = throttled(report)
    every = choice.every
    if every is not None:
        yield from (f for f in _frames(path, report, stop) if f.number % every == 0)
        return
    numbers = _least_alike(path, choice.count, report, stop)
    last = max(numbers, default=-1)
    for frame in _frames(path, report, stop):
        if frame.number in numbers:
            yield frame
        if frame.number >= last:
            break


def _frames(path: Path, report: Report, stop: StopToken) -> Iterator[Frame]:
    with open_camera(path) as video:
        while (frame := video.read()) is not None:
            stop.raise_if_cancelled()
            yield frame
            report(Progress(frame.number + 1, video.frame_count, f"Reading {path.name}"))


def _least_alike(path: Path, count: int, report: Report, stop: StopToken) -> set[int]:
    with open_camera(path) as video:
        pace = video.frames_per_second or _ASSUMED_PACE
    window = max(1, round(pace / CANDIDATES_PER_SECOND))
    best: dict[int, tuple[float, int, _Floats]] = {}
    for frame in _frames(path, report, stop):
        sharpness, small = _look_at(frame.pixels)
        place = frame.number // window
        if place not in best or sharpness > best[place][0]:
            best[place] = (sharpness, frame.number, small)
    candidates = list(best.values())
    if not candidates:
        return set()
    pictures = np.stack([small for _, _, small in candidates])
    chosen = [int(np.argmax([sharpness for sharpness, _, _ in candidates]))]
    nearest = _differences(pictures, pictures[chosen[0]])
    while len(chosen) < count and nearest.max() >= LEAST_DIFFERENCE:
        chosen.append(int(nearest.argmax()))
        nearest = np.minimum(nearest, _differences(pictures, pictures[chosen[-1]]))
    return {candidates[index][1] for index in chosen}


def _look_at(pixels: Pixels) -> tuple[float, _Floats]:
    """How sharp a picture is, and the picture in very small."""
    grey = cv2.cvtColor(cv2.resize(pixels, _FINE, interpolation=cv2.INTER_AREA), cv2.COLOR_RGB2GRAY)
    small = cv2.resize(grey, _SMALL, interpolation=cv2.INTER_AREA).astype(np.float32)
    return float(cv2.Laplacian(grey, cv2.CV_32F).var()), small.ravel()


def _differences(pictures: _Floats, picture: _Floats) -> _Floats:
    difference: _Floats = np.abs(pictures - picture).mean(axis=1)
    return difference
