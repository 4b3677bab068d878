"""Video files written from RGB pictures."""

from __future__ import annotations

from pathlib import Path
from types import TracebackType
from typing import Self

import cv2

from facegui.core.errors import UserError
from facegui.core.files import TEMPORARY_PREFIX
from facegui.core.images import Pixels, resized


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
        self._writer = cv2.VideoWriter()

    def write(self, pixels: Pixels) -> None:
        """Adds a picture; the first one decides the size of the video.

        Raises:
            UserError: when the file cannot be written.
        """
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
        self._writer.write(cv2.cvtColor(resized(pixels, *self._size), cv2.COLOR_RGB2BGR))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._writer.release()
        if error is None and self._temporary.exists():
            self._temporary.replace(self._path)
        self._temporary.unlink(missing_ok=True)
