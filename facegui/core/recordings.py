"""Videos and folders of pictures as cameras: every frame, as fast as it is asked."""

from __future__ import annotations

import logging
import math
import re
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path

import cv2

from facegui.core.camera import CameraKind, ClosesAfterwards, Frame
from facegui.core.camera_errors import (
    CameraTimeoutError,
    NoPicturesError,
    NotAVideoError,
    SourceMissingError,
    SourceUnreadableError,
)
from facegui.core.errors import UserError
from facegui.core.images import Pixels, is_picture_name, read_picture
from facegui.core.webcam_devices import Capture, OpenCapture

log = logging.getLogger(__name__)

# By name, because FFmpeg shows a text file as a video of its words.
VIDEO_SUFFIXES = frozenset(
    {".mp4", ".m4v", ".mov", ".avi", ".mkv", ".webm", ".wmv", ".asf", ".flv", ".ogv", ".gif"}
    | {".mpg", ".mpeg", ".m2v", ".mts", ".m2ts", ".ts", ".vob", ".3gp", ".3g2", ".mjpg", ".mjpeg"}
)


@dataclass(frozen=True, slots=True)
class SkippedPicture:
    """A picture of a folder that could not be read, and why."""

    path: Path
    reason: str


class Video(ClosesAfterwards):
    """An open video file; see `Camera`.

    A file that breaks off gives what can be read, then ends, with a note.

    Raises:
        NotAVideoError: when not even the first frame can be read.
    """

    kind = CameraKind.VIDEO
    live = False

    def __init__(self, path: Path, open_capture: OpenCapture) -> None:
        self.name = path.name
        self._lock = threading.Lock()
        self._notes: tuple[str, ...] = ()
        self._number = 0
        self._last_time_s = 0.0
        # Absolute, so that no name is taken for an address; FFmpeg by name, because
        # OpenCV would take digits in a name for a series of pictures.
        capture = open_capture(str(path.resolve()), int(cv2.CAP_FFMPEG))
        self._capture: Capture | None = capture
        try:
            if not capture.isOpened():
                raise NotAVideoError(path.name)
            self.frame_count = _announced_count(capture)
            self.frames_per_second = _announced_pace(capture)
            self._next = self._advance(capture)
            if self._next is None:
                raise NotAVideoError(path.name, "no frame could be read")
        except BaseException:
            capture.release()
            raise

    @property
    def notes(self) -> tuple[str, ...]:
        return self._notes

    def read(self) -> Frame | None:
        with self._lock:
            if self._capture is None:
                return None
            frame, self._next = self._next, None
            if frame is None:
                frame = self._advance(self._capture)
            if frame is None:
                self._note_missing_frames()
            return frame

    def close(self) -> None:
        with self._lock:
            if self._capture is not None:
                self._capture.release()
                self._capture = None

    def _advance(self, capture: Capture) -> Frame | None:
        try:
            well, image = capture.read()
            if not well or image is None or image.size == 0:
                return None
            pixels: Pixels = cv2.cvtColor(image, cv2.COLOR_BGR2RGB)
        except cv2.error as error:
            log.warning("%s ends at frame %d: %s", self.name, self._number, error)
            return None
        frame = Frame(pixels, self._time_of(capture), self._number)
        self._number += 1
        self._last_time_s = frame.time_s
        return frame

    def _time_of(self, capture: Capture) -> float:
        """The frame's own time; by the pace where the file does not tell it."""
        time_s = capture.get(cv2.CAP_PROP_POS_MSEC) / 1000.0
        if self._number == 0:
            return max(time_s, 0.0) if math.isfinite(time_s) else 0.0
        if math.isfinite(time_s) and time_s > self._last_time_s:
            return time_s
        return self._last_time_s + 1.0 / (self.frames_per_second or 30.0)

    def _note_missing_frames(self) -> None:
        announced = self.frame_count
        # Many formats announce a frame or two more than they hold.
        if announced is not None and self._number < 0.98 * announced - 2:
            self._notes = (
                f"{self.name} breaks off: {self._number} of {announced} frames could be read.",
            )


class PictureFolder(ClosesAfterwards):
    """Picture files, one after the other; see `Camera`.

    Args:
        name: what the source is called.
        paths: the pictures, in order.

    Raises:
        NoPicturesError: when none of them can be read.
    """

    kind = CameraKind.FOLDER
    live = False
    frames_per_second: float | None = None

    def __init__(self, name: str, paths: Sequence[Path]) -> None:
        self.name = name
        self.frame_count: int | None = len(paths)
        self._lock = threading.Lock()
        self._waiting = iter(tuple(paths))
        self._skipped: list[SkippedPicture] = []
        self._number = 0
        self._closed = False
        self._next = self._advance()
        if self._next is None:
            raise NoPicturesError(name, "\n".join(skip.reason for skip in self._skipped))

    @property
    def skipped(self) -> tuple[SkippedPicture, ...]:
        """The pictures so far that could not be read."""
        return tuple(self._skipped)

    @property
    def notes(self) -> tuple[str, ...]:
        return tuple(skip.reason for skip in self.skipped)

    def read(self) -> Frame | None:
        with self._lock:
            if self._closed:
                return None
            frame, self._next = self._next, None
            return frame if frame is not None else self._advance()

    def close(self) -> None:
        self._closed = True

    def _advance(self) -> Frame | None:
        for path in self._waiting:
            try:
                pixels = read_picture(path)
            except UserError as error:
                self._skipped.append(SkippedPicture(path, error.what))
                continue
            frame = Frame(pixels, float(self._number), self._number, path=path)
            self._number += 1
            return frame
        return None


Recording = Video | PictureFolder


def open_recording(path: Path, timeout_s: float, open_capture: OpenCapture) -> Recording:
    """Opens a video, a folder of pictures or one picture.

    Raises:
        CameraError: of the class that tells what is wrong; `CameraTimeoutError`
            when the disk does not answer within `timeout_s`.
    """
    return _within(timeout_s, path.name or str(path), lambda: _open_recording(path, open_capture))


def natural_key(path: Path) -> tuple[tuple[int, int, str], ...]:
    """Sorts "2.jpg" before "10.jpg", as file managers do."""
    parts = re.split(r"(\d+)", path.name.casefold())
    return tuple((0, int(part), "") if part.isdecimal() else (1, 0, part) for part in parts)


def _open_recording(path: Path, open_capture: OpenCapture) -> Recording:
    name = path.name or str(path)
    try:
        if path.is_dir():
            return PictureFolder(name, pictures_in(path))
        if not path.exists():
            raise SourceMissingError(name)
        if not path.is_file() or not (is_picture_name(path) or is_video_name(path)):
            raise NotAVideoError(name, f"not one of {', '.join(sorted(VIDEO_SUFFIXES))}")
        with path.open("rb"):
            pass
    except OSError as error:
        raise SourceUnreadableError(name, str(error)) from error
    return PictureFolder(name, [path]) if is_picture_name(path) else Video(path, open_capture)


def is_video_name(path: Path) -> bool:
    """Whether the name has the ending of a video format."""
    return path.suffix.casefold() in VIDEO_SUFFIXES


def pictures_in(folder: Path) -> list[Path]:
    """The pictures of a folder as file managers sort them; not those of folders in it.

    Raises:
        OSError: when it cannot be read.
    """
    # macOS leaves "._name.jpg" beside each picture on foreign disks.
    pictures = (
        path
        for path in folder.iterdir()
        if is_picture_name(path) and not path.name.startswith(".") and path.is_file()
    )
    return sorted(pictures, key=natural_key)


def _announced_count(capture: Capture) -> int | None:
    count = capture.get(cv2.CAP_PROP_FRAME_COUNT)
    return int(count) if math.isfinite(count) and 0 < count < 1e9 else None


def _announced_pace(capture: Capture) -> float | None:
    pace = capture.get(cv2.CAP_PROP_FPS)
    return float(pace) if math.isfinite(pace) and 0 < pace <= 1000 else None


def _within(timeout_s: float, name: str, opening: Callable[[], Recording]) -> Recording:
    """The result of `opening`, which may hang; what it opens too late is closed again."""
    opened: Future[Recording] = Future()

    def work() -> None:
        try:
            opened.set_result(opening())
        except Exception as error:  # whatever it was, it is raised in the caller's thread
            opened.set_exception(error)

    threading.Thread(target=work, name=f"opening {name}", daemon=True).start()
    try:
        return opened.result(timeout_s)
    except TimeoutError:
        opened.add_done_callback(_close_late)
        raise CameraTimeoutError(name, timeout_s) from None


def _close_late(opened: Future[Recording]) -> None:
    if opened.exception() is None:
        opened.result().close()
