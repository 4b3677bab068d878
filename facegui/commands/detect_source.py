"""What `facegui detect` looks at, also when a camera is unplugged and comes back."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from types import TracebackType
from typing import Self

from facegui.commands.console import Console
from facegui.core.camera import Camera, CameraKind, Frame
from facegui.core.camera_errors import CameraError, CameraStalledError
from facegui.core.cameras import open_camera
from facegui.core.progress import StopToken
from facegui.core.recordings import PictureFolder

REOPEN_PAUSES_S = (0.5, 1.0, 2.0, 3.0)
"""From a failure of a webcam to the next try; the last is repeated."""

OpenCamera = Callable[[str], Camera]


class Source:
    """An open camera, video or folder; used in a `with` statement.

    Args:
        name: as the user gave it.
        console: told of a webcam that is gone, and of what was amiss with a recording.
        stop: ends the frames.
        open_camera: opens it; tests give fakes.
        pauses_s: from a failure of a webcam to the next try; the last is repeated.
        clock: seconds, never running backwards.

    Raises:
        CameraError: when it cannot be opened.
    """

    def __init__(
        self,
        name: str,
        console: Console,
        stop: StopToken,
        *,
        open_camera: OpenCamera = open_camera,
        pauses_s: tuple[float, ...] = REOPEN_PAUSES_S,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.name = name
        self._console = console
        self._stop = stop
        self._open = open_camera
        self._pauses_s = pauses_s
        self._clock = clock
        self._came_s = clock()
        self._last: Frame | None = None
        self._before_s, self._before_count = 0.0, 0
        self._stack = ExitStack()
        self.camera = self._stack.enter_context(self._open(name))

    def frames(self) -> Iterator[Frame]:
        """Every frame until the end, or until the token says so.

        Of a webcam that stops sending pictures this is told, and it is waited for; the
        times and numbers of its frames then go on where they were.

        Raises:
            CameraError: when a recording fails.
            Cancelled: when the token was cancelled.
        """
        while not self._stop.should_stop:
            try:
                frame = self.camera.read()
            except CameraStalledError as error:
                self._console.warn(str(error))
                continue
            except CameraError as error:
                if self.camera.kind is not CameraKind.WEBCAM:
                    raise
                self._console.warn(f"{error} Waiting for it.")
                self._reopen()
                continue
            if frame is None:
                break
            self._last = self._continued(frame)
            self._came_s = self._clock()
            yield self._last
        self._stop.raise_if_cancelled()

    def skipped(self) -> list[dict[str, str]]:
        """The pictures of a folder that could not be read and why; all notes are told."""
        for note in self.camera.notes:
            self._console.warn(note)
        pictures = self.camera.skipped if isinstance(self.camera, PictureFolder) else ()
        return [{"source": str(one.path), "reason": one.reason} for one in pictures]

    def _reopen(self) -> None:
        self._stack.close()
        for pause_s in itertools.chain(self._pauses_s, itertools.repeat(self._pauses_s[-1])):
            if self._stop.should_stop:
                return
            time.sleep(pause_s)
            try:
                self.camera = self._stack.enter_context(self._open(self.name))
            except CameraError:
                continue
            self._go_on()
            return

    def _go_on(self) -> None:
        """A camera that was opened anew counts from nought again."""
        if self._last is not None:
            self._before_s = self._last.time_s + self._clock() - self._came_s
            self._before_count = self._last.number + 1

    def _continued(self, frame: Frame) -> Frame:
        time_s, number = self._before_s + frame.time_s, self._before_count + frame.number
        return replace(frame, time_s=time_s, number=number)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stack.close()
