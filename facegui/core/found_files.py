"""What was found in a source, as files: the pictures with boxes, and the boxes as data."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Self

from facegui.core.camera import Camera, CameraKind
from facegui.core.errors import UserError, disk_error
from facegui.core.files import free_name, stem_key, stems_in, written_atomically
from facegui.core.found import BoxTable, FoundPicture, PictureLines, Write
from facegui.core.images import Pixels, portable_stem, write_picture
from facegui.core.video_writing import USUAL_PACE, EvenPace, VideoWriter


class FoundFiles:
    """Written picture by picture, under names that are free.

    A video or camera becomes one MP4 video; of a folder every picture becomes a JPEG. Beside
    them lie a CSV and a JSON file with the boxes of each, named after the video or "boxes".
    Used in a `with` statement; an error leaves no video and no data. Only what a live camera
    saw is kept whatever ends it, for nobody sees it again: the video even where the data
    cannot be written.

    Args:
        folder: that exists.
        camera: the source; tells name, kind and pace.
        threshold: told in the JSON file.

    Raises:
        UserError: when they cannot be written.
    """

    def __init__(self, folder: Path, camera: Camera, threshold: float) -> None:
        self._folder = folder
        self._stack = ExitStack()
        self._live = camera.live
        self._video: VideoWriter | None = None
        self._pace: EvenPace | None = None
        self._taken = stems_in(folder)
        pictures = camera.kind is CameraKind.FOLDER
        stem = "boxes" if pictures else portable_stem(camera.name)
        name = Path(self._free_name(f"{stem}.mp4"))
        if not pictures:
            pace = camera.frames_per_second or USUAL_PACE
            self._video = VideoWriter(folder / name, pace)
            if camera.live:
                # It is searched at a pace of its own, mostly a slower one.
                self._pace = EvenPace(self._video, pace)
                # Callbacks learn of no error: neither the data nor the last picture costs it.
                self._stack.callback(self._video.close)
                self._stack.callback(self._end_pace)
            else:
                self._stack.enter_context(self._video)
        try:
            self._table = BoxTable(self._open(name.with_suffix(".csv")))
            self._lines = PictureLines(
                self._open(name.with_suffix(".json")), {"threshold": threshold}
            )
        except OSError as error:
            self._stack.close()
            raise self._failure(error) from error
        self._stack.push(self._end)

    def add(self, picture: FoundPicture, drawn: Pixels) -> FoundPicture:
        """Writes a picture.

        Args:
            picture: what was found in it.
            drawn: (h, w, 3) RGB uint8, with its boxes.

        Returns:
            The same, with the file that it is in.

        Raises:
            UserError: when it cannot be written.
        """
        try:
            path = self._write(picture, drawn)
            self._table.add(picture)
            # By name alone: the folder may be moved.
            self._lines.add(replace(picture, saved=Path(path.name)).to_json())
        except OSError as error:
            raise self._failure(error) from error
        return replace(picture, saved=path)

    def _open(self, name: Path) -> Write:
        """Writes text into a file that is there whole once all is well, or not at all."""
        path = self._folder / name
        stream = self._stack.enter_context(written_atomically(path, durable=False))
        return lambda text: stream.write(text.encode("utf-8", "backslashreplace"))

    def _write(self, picture: FoundPicture, drawn: Pixels) -> Path:
        if self._video is not None:
            if self._pace is not None:
                self._pace.add(drawn, picture.time_s)
            else:
                self._video.write(drawn)
            return self._video.path
        path = self._folder / self._free_name(f"{Path(picture.source).stem}.jpg")
        write_picture(path, drawn)
        return path

    def _free_name(self, name: str) -> str:
        free = free_name(self._taken, name)
        self._taken.add(stem_key(free))
        return free

    def _end_pace(self) -> None:
        if self._pace is not None:
            self._pace.end()

    def _end(
        self,
        kind: type[BaseException] | None,  # noqa: ARG002
        error: BaseException | None,
        trace: TracebackType | None,  # noqa: ARG002
    ) -> None:
        """The end of the data; runs first: without it no file is left but a live video."""
        if error is None:
            self._lines.end({})

    def _failure(self, error: OSError) -> UserError:
        return disk_error(error, f"writing into {self._folder.name}")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            if self._live and error is not None:
                self._pace = None  # its last picture might fail again
                self._stack.close()
            else:
                self._stack.__exit__(kind, error, trace)
        except OSError as failure:
            raise self._failure(failure) from failure
