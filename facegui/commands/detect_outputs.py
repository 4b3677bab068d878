"""What `facegui detect` writes: pictures with boxes, one video, photos for a project."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import TracebackType
from typing import Self

from facegui.commands.console import Console
from facegui.core.camera import Camera, Frame
from facegui.core.capturing import new_photo
from facegui.core.drawing import side_by_side
from facegui.core.errors import UserError, disk_error
from facegui.core.found import FoundPicture
from facegui.core.found_files import FoundFiles
from facegui.core.images import Pixels
from facegui.core.project import Project
from facegui.core.video_writing import USUAL_PACE, EvenPace, VideoWriter
from facegui.ml.following import Found


class Outputs:
    """All that is asked for; used in a `with` statement around all sources.

    Args:
        save: a folder for pictures or videos and data; made where it is missing.
        record: one video of everything.
        keep: a project that takes pictures.
        every_s: time between two pictures that are kept.
        blurred: whether faces are made unrecognisable in `save` and `record`.
        mirrored: whether left and right change over there.
        console: told of a recording that is kept though something went wrong.

    Raises:
        UserError: when a folder cannot be made, or the project not be opened.
    """

    def __init__(
        self,
        save: Path | None = None,
        record: Path | None = None,
        keep: Path | None = None,
        every_s: float = 1.0,
        *,
        blurred: bool = False,
        mirrored: bool = False,
        console: Console,
    ) -> None:
        if record is not None and record.suffix.casefold() != ".mp4":
            raise UserError(f"{record.name} is no MP4 video.", "Give a name that ends in .mp4.")
        self._save, self._record = save, record
        self._every_s = every_s
        self._console = console
        self._blurred, self._mirrored = blurred, mirrored
        self._whole = ExitStack()
        self._project = self._whole.enter_context(Project.open(keep)) if keep is not None else None
        self._session = ""
        self._next_kept_s = 0.0
        self._files: FoundFiles | None = None
        self._video: VideoWriter | None = None
        self._pace: EvenPace | None = None
        self.kept = 0
        for folder in (save, record.parent if record is not None else None):
            if folder is not None:
                _make_folder(folder)

    @classmethod
    def of(cls, arguments: argparse.Namespace, console: Console) -> Self:
        """What the command line asks for."""
        return cls(
            arguments.save,
            arguments.record,
            arguments.keep,
            arguments.every,
            blurred=arguments.blur,
            mirrored=arguments.mirror,
            console=console,
        )

    @contextmanager
    def source(self, camera: Camera, threshold: float) -> Iterator[None]:
        """Around what is found in one source; an error leaves no data files of it.

        Raises:
            UserError: when something cannot be written.
        """
        with ExitStack() as stack:
            if self._save is not None:
                self._files = stack.enter_context(FoundFiles(self._save, camera, threshold))
            self._begin(camera)
            yield
            if self._pace is not None:
                self._pace.end()
        self._files = self._pace = None

    def _begin(self, camera: Camera) -> None:
        if self._record is not None:
            if self._video is None:
                pace = camera.frames_per_second or USUAL_PACE
                self._video = self._whole.enter_context(VideoWriter(self._record, pace))
            self._pace = EvenPace(self._video, self._video.frames_per_second)
        if self._project is not None:
            self._session = self._project.new_session(f"Found in {camera.name}")
            self._next_kept_s = 0.0

    def add(self, picture: FoundPicture, found: list[Found]) -> FoundPicture:
        """Writes a picture wherever it is wanted.

        Args:
            picture: what the first run found.
            found: by each run; their pictures stand side by side.

        Returns:
            The same, with the file that it is in.

        Raises:
            UserError: when something cannot be written.
        """
        frame = found[0].frame
        if self._files is not None or self._pace is not None:
            drawn = self._drawn(found)
            if self._files is not None:
                picture = self._files.add(picture, drawn)
            if self._pace is not None:
                self._pace.add(drawn, frame.time_s)
        if self._project is not None and frame.time_s >= self._next_kept_s:
            self._next_kept_s = frame.time_s + self._every_s
            self._keep(self._project, frame, found[0])
        return picture

    def _drawn(self, found: list[Found]) -> Pixels:
        # What one of two runs finds is hidden on both sides, or it would stand clear on one.
        hidden = [place for one in found for place in one.hidden] if self._blurred else []
        pictures = [one.drawn(hidden=hidden, mirrored=self._mirrored) for one in found]
        return side_by_side(pictures)

    def _keep(self, project: Project, frame: Frame, found: Found) -> None:
        name = frame.path.stem if frame.path is not None else None
        (photo,) = project.add_photos([new_photo(frame, self._session, name)])
        detections = tuple(face.detection for face in found.faces)
        project.drafts.set_draft(photo, detections, "facegui detect")
        self.kept += 1

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        # Not told of the error: what was recorded until then is kept, nobody sees it again.
        self._whole.close()
        if error is not None and self._video is not None and self._video.path.exists():
            self._console.warn(f"What was recorded until then is in {self._video.path}.")


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise disk_error(error, f"making the folder {folder.name}") from error
