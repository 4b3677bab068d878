"""What is amiss with pictures that come one after the other, though the camera reports nothing."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum
from time import monotonic

from facegui.core.camera import Frame

STALL_S = 2.0
"""Without a frame for so long a source counts as stalled."""

BLACK_S = 1.0
"""Pictures have to be black for so long before it is said."""

DARKEST = 20
"""Of 255: a picture with no brighter place counts as black; sensors of covered cameras
give a little more than 0."""

_STEP = 16


class Trouble(Enum):
    """What can be amiss."""

    STALLED = "stalled"
    BLACK = "black"


class StreamWatch:
    """Looks at every frame that is shown.

    Args:
        clock: seconds, never running backwards.
    """

    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        self._clock = clock
        self._last_s: float | None = None
        self._black_since_s: float | None = None
        self._size: tuple[int, int] | None = None

    @property
    def size(self) -> tuple[int, int] | None:
        """Width and height of the newest frame in pixels."""
        return self._size

    def see(self, frame: Frame) -> bool:
        """Looks at a frame; whether it has another size than the one before."""
        now_s = self._clock()
        self._last_s = now_s
        # Every so many rows and columns: a look at each frame must cost nothing.
        if int(frame.pixels[::_STEP, ::_STEP].max()) > DARKEST:
            self._black_since_s = None
        elif self._black_since_s is None:
            self._black_since_s = now_s
        height, width = frame.pixels.shape[:2]
        before, self._size = self._size, (width, height)
        return before is not None and before != self._size

    def trouble(self) -> Trouble | None:
        """What is amiss at this moment; nothing before the first frame."""
        now_s = self._clock()
        if self._last_s is not None and now_s - self._last_s > STALL_S:
            return Trouble.STALLED
        if self._black_since_s is not None and now_s - self._black_since_s >= BLACK_S:
            return Trouble.BLACK
        return None

    def rest(self) -> None:
        """A pause that the user made counts as no stall."""
        self._last_s = None

    def clear(self) -> None:
        """Another source begins."""
        self._last_s = self._black_since_s = self._size = None
