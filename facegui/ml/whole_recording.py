"""A whole video or folder of pictures, as fast as it goes: annotated, and as data."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from facegui.core.camera import Camera
from facegui.core.errors import disk_error
from facegui.core.files import TEMPORARY_PREFIX, free_name, stems_in
from facegui.core.found_files import FoundFiles
from facegui.core.images import portable_stem
from facegui.core.progress import Progress, Report, StopToken, throttled
from facegui.ml.following import Follower


@dataclass(frozen=True, slots=True)
class WholeResult:
    """What came of a whole recording.

    Args:
        folder: with the video or the pictures with boxes, and the boxes as CSV and JSON.
        pictures: that were looked at.
        with_face: those of them in which a face was found.
        notes: what was amiss with the recording, for people.
        seconds: that it took.
    """

    folder: Path
    pictures: int
    with_face: int
    notes: tuple[str, ...]
    seconds: float


def find_in_whole(
    camera: Camera,
    follower: Follower,
    parent: Path,
    report: Report,
    stop: StopToken,
    *,
    blurred: bool = False,
) -> WholeResult:
    """Looks for faces in every picture of a recording.

    Args:
        camera: open; a video or a folder of pictures.
        follower: finds and follows faces.
        parent: a new folder named after the recording is made in it.
        report: told of every picture.
        stop: *cancel* leaves nothing, *finish* keeps what there is.
        blurred: whether faces are made unrecognisable in what is written.

    Raises:
        UserError: when the recording cannot be read or the results cannot be written.
        Cancelled: when `stop` was cancelled.
    """
    started_s = time.monotonic()
    report = throttled(report)
    pictures = with_face = 0
    with _new_folder(parent, camera.name) as (folder, final):
        with FoundFiles(folder, camera, follower.threshold) as files:
            while not stop.should_stop and (frame := camera.read()) is not None:
                found = follower.find(frame)
                drawn = found.drawn(hidden=found.hidden if blurred else ())
                files.add(found.as_data(camera.name), drawn)
                pictures += 1
                with_face += bool(found.faces)
                report(Progress(pictures, camera.frame_count, f"Finding faces in {camera.name}"))
        stop.raise_if_cancelled()
    seconds = time.monotonic() - started_s
    return WholeResult(final, pictures, with_face, camera.notes, seconds)


@contextmanager
def _new_folder(parent: Path, name: str) -> Iterator[tuple[Path, Path]]:
    """A folder to write into, and what it is called once all is well; else it is removed."""
    stem = portable_stem(name)
    temporary = parent / f"{TEMPORARY_PREFIX}{stem}"
    try:
        parent.mkdir(parents=True, exist_ok=True)
        shutil.rmtree(temporary, ignore_errors=True)
        final = parent / free_name(stems_in(parent), stem)
        temporary.mkdir()
    except OSError as error:
        raise disk_error(error, f"making the folder {parent.name}") from error
    try:
        yield temporary, final
        temporary.rename(final)
    except OSError as error:
        shutil.rmtree(temporary, ignore_errors=True)
        raise disk_error(error, f"writing {final.name}") from error
    except BaseException:
        shutil.rmtree(temporary, ignore_errors=True)
        raise
