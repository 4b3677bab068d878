"""What was found in a source, as files: the pictures with boxes, and the boxes as data."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Self

from facegui.core.camera import Camera, CameraKind
from facegui.core.errors import disk_error
from facegui.core.files import free_name, stem_key, stems_in, written_atomically
from facegui.core.found import BoxTable, FoundPicture, PictureLines, Write
from facegui.core.images import Pixels, portable_stem, write_picture
from facegui.core.video_writing import USUAL_PACE, VideoWriter


class FoundFiles:
    """Written picture by picture, under names that are free.

    A video or camera becomes one MP4 video; of a folder every picture becomes a JPEG. Beside
    them lie a CSV and a JSON file with the boxes of each, named after the video or "boxes".
    Used in a `with` statement.

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
        self._video: VideoWriter | None = None
        self._taken = stems_in(folder)
        pictures = camera.kind is CameraKind.FOLDER
        stem = "boxes" if pictures else portable_stem(camera.name)
        name = Path(self._free_name(f"{stem}.mp4"))
        if not pictures:
            pace = camera.frames_per_second or USUAL_PACE
            self._video = self._stack.enter_context(VideoWriter(folder / name, pace))
        try:
            self._table = BoxTable(self._open(name.with_suffix(".csv")))
            self._lines = PictureLines(
                self._open(name.with_suffix(".json")), {"threshold": threshold}
            )
        except OSError as error:
            self._stack.close()
            raise disk_error(error, f"writing into {folder.name}") from error

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
            raise disk_error(error, f"writing into {self._folder.name}") from error
        return replace(picture, saved=path)

    def _open(self, name: Path) -> Write:
        """Writes text into a file that is there whole once all is well, or not at all."""
        path = self._folder / name
        stream = self._stack.enter_context(written_atomically(path, durable=False))
        return lambda text: stream.write(text.encode("utf-8", "backslashreplace"))

    def _write(self, picture: FoundPicture, drawn: Pixels) -> Path:
        if self._video is not None:
            self._video.write(drawn)
            return self._video.path
        path = self._folder / self._free_name(f"{Path(picture.source).stem}.jpg")
        write_picture(path, drawn)
        return path

    def _free_name(self, name: str) -> str:
        free = free_name(self._taken, name)
        self._taken.add(stem_key(free))
        return free

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if error is None:
            self._lines.end({})
        self._stack.__exit__(kind, error, trace)
