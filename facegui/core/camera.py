"""What every source of pictures has in common: webcams, videos, folders, the demo camera."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from types import TracebackType
from typing import Protocol, Self

import numpy as np

from facegui.core.boxes import Box
from facegui.core.images import Pixels

DEFAULT_SIZE = (640, 480)
"""Width and height that a webcam is asked for; it may give another."""


class CameraKind(StrEnum):
    """Where the pictures come from."""

    WEBCAM = "webcam"
    VIDEO = "video"
    FOLDER = "folder"
    DEMO = "demo"

    @property
    def live(self) -> bool:
        """Whether pictures come without end, at a pace of their own."""
        return self in (CameraKind.WEBCAM, CameraKind.DEMO)


@dataclass(frozen=True, slots=True)
class CameraInfo:
    """A source that can be opened.

    Args:
        name: as people know it; webcams of one name carry a number.
        kind: what it is.
        source: the text by which `open_camera` finds it again.
        index: a webcam's number in the operating system, else None.
        backend: OpenCV's number of the interface that `index` belongs to.
        device: what the operating system calls a webcam, "" where unknown.
    """

    name: str
    kind: CameraKind
    source: str
    index: int | None = None
    backend: int = 0
    device: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """One picture of a camera.

    Args:
        pixels: (h, w, 3) RGB uint8; made read-only, because several threads share it.
        time_s: seconds since the camera was opened, by the source's own clock
            where it has one. A folder counts one picture a second.
        number: from 0; a gap shows how many frames were dropped.
        boxes: the true boxes where the camera knows them (the demo camera), else None.
        path: the picture's own file, where it has one.

    Raises:
        ValueError: for pixels of another shape or type; names what came.
    """

    pixels: Pixels
    time_s: float
    number: int
    boxes: tuple[Box, ...] | None = field(default=None, kw_only=True)
    path: Path | None = field(default=None, kw_only=True)

    def __post_init__(self) -> None:
        shape, kind = self.pixels.shape, self.pixels.dtype
        if kind != np.uint8 or len(shape) != 3 or shape[2] != 3:
            raise ValueError(f"expected (h, w, 3) uint8, got {shape} {kind}")
        self.pixels.setflags(write=False)


class Camera(Protocol):
    """An open source of pictures. `read` and `close` may be called from different threads."""

    @property
    def name(self) -> str:
        """As people know it."""

    @property
    def kind(self) -> CameraKind: ...

    @property
    def live(self) -> bool:
        """Whether it keeps its own pace and drops what is not read in time.

        A recording gives every frame, as fast as it is asked.
        """

    @property
    def frame_count(self) -> int | None:
        """How many frames there will be, as announced; None where nobody can know."""

    @property
    def frames_per_second(self) -> float | None:
        """The pace of the source; None where it has none or does not say."""

    @property
    def notes(self) -> tuple[str, ...]:
        """What was amiss so far without stopping the reading, for people."""

    def read(self) -> Frame | None:
        """The next frame; None at the end of a recording and after `close`.

        Never waits for longer than a few seconds.

        Raises:
            CameraError: when a camera gives no more pictures. After
                `CameraStalledError` reading may be tried again; after any
                other the camera has to be opened anew.
        """

    def close(self) -> None:
        """Lets go of the source; wakes a `read` that is waiting. Twice does no harm."""

    def __enter__(self) -> Self: ...

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Closes the camera."""


class ClosesAfterwards(ABC):
    """Lets a camera stand in a `with` statement."""

    @abstractmethod
    def close(self) -> None: ...

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()
