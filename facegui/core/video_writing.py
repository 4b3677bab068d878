"""Video files written from RGB pictures."""

from __future__ import annotations

import math
import shutil
from pathlib import Path
from types import TracebackType
from typing import Self

import cv2
import numpy as np

from facegui.core.errors import UserError, disk_error
from facegui.core.files import TEMPORARY_PREFIX
from facegui.core.images import Pixels, resized

USUAL_PACE = 30.0
"""Frames a second of sources that do not tell theirs, and of recordings."""

LEAST_FREE_BYTES = 64 * 1024**2
"""On the disk: OpenCV says nothing when a disk is full."""

_FRAMES_PER_LOOK = 30
_LONGEST_GAP_S = 2.0


class VideoWriter:
    """An MP4 file that takes its place at `path` when it is closed without error.

    Args:
        path: ends in ".mp4".
        frames_per_second: at which it is to be played.

    Raises:
        UserError: when the file cannot be written.
    """

    def __init__(self, path: Path, frames_per_second: float) -> None:
        self._path = path
        self._temporary = path.with_name(TEMPORARY_PREFIX + path.name)
        self._frames_per_second = frames_per_second
        self._size: tuple[int, int] | None = None
        self._count = 0
        self._writer = cv2.VideoWriter()

    @property
    def frames_per_second(self) -> float:
        return self._frames_per_second

    @property
    def path(self) -> Path:
        """Where the video will be."""
        return self._path

    def write(self, pixels: Pixels) -> None:
        """Adds a picture; the first one decides the size of the video.

        Others are fitted into it, in their own proportions.

        Raises:
            UserError: when the file cannot be written, or the disk is nearly full.
        """
        if self._count % _FRAMES_PER_LOOK == 0:
            self._look_at_disk()
        self._count += 1
        if self._size is None:
            height, width = pixels.shape[:2]
            self._size = (width, height)
            code = cv2.VideoWriter.fourcc(*"mp4v")
            self._writer.open(str(self._temporary), code, self._frames_per_second, self._size)
            if not self._writer.isOpened():
                raise UserError(
                    f"The video {self._path.name} cannot be written.",
                    "Choose a folder that you may write to, with space on the disk.",
                )
        self._writer.write(cv2.cvtColor(_fitted(pixels, *self._size), cv2.COLOR_RGB2BGR))

    def close(self) -> None:
        """Puts the video in its place, with the pictures that it has.

        Raises:
            OSError: when that place cannot be taken.
        """
        self._writer.release()
        try:
            if self._temporary.exists():
                self._temporary.replace(self._path)
        finally:
            self._temporary.unlink(missing_ok=True)

    def _look_at_disk(self) -> None:
        try:
            free = shutil.disk_usage(self._path.parent).free
        except OSError as error:
            raise disk_error(error, f"writing {self._path.name}") from error
        if free < LEAST_FREE_BYTES:
            raise UserError(
                f"The disk is nearly full: {self._path.name} cannot be written on.",
                "Make room on the disk, then try again.",
            )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if error is None:
            self.close()
        else:
            self._writer.release()
            self._temporary.unlink(missing_ok=True)


class EvenPace:
    """Pictures that come at any pace, written as a video of an even one.

    Args:
        video: is given each picture as often as it was seen.
        frames_per_second: of the video.
    """

    def __init__(self, video: VideoWriter, frames_per_second: float = USUAL_PACE) -> None:
        self._video = video
        self._pace = frames_per_second
        self._newest: Pixels | None = None
        self._last_s = 0.0
        self._due_s = 0.0
        self._written = 0

    def add(self, pixels: Pixels, time_s: float) -> None:
        """Takes a picture; the one before was seen until now.

        Args:
            pixels: (h, w, 3) RGB uint8; must not change any more.
            time_s: by a clock that does not run backwards; of a pause no more than
                two seconds are kept.

        Raises:
            UserError: as `VideoWriter.write`.
        """
        if self._newest is not None:
            self._due_s += min(time_s - self._last_s, _LONGEST_GAP_S)
            while self._written < math.floor(self._due_s * self._pace + 0.5):
                self._write(self._newest)
        self._newest, self._last_s = pixels, time_s

    def end(self) -> None:
        """Writes the picture that came last."""
        if self._newest is not None:
            self._write(self._newest)

    def _write(self, pixels: Pixels) -> None:
        self._video.write(pixels)
        self._written += 1


def _fitted(pixels: Pixels, width: int, height: int) -> Pixels:
    """A picture as large as fits, in the middle of a black one of that size."""
    rows, columns = pixels.shape[:2]
    if (columns, rows) == (width, height):
        return pixels
    scale = min(width / columns, height / rows)
    inner = resized(pixels, max(1, round(columns * scale)), max(1, round(rows * scale)))
    rows, columns = inner.shape[:2]
    sheet = np.zeros((height, width, 3), np.uint8)
    top, left = (height - rows) // 2, (width - columns) // 2
    sheet[top : top + rows, left : left + columns] = inner
    return sheet
