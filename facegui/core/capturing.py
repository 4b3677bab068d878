"""Photos from a camera into a project."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from facegui.core.boxes import Box
from facegui.core.camera import Camera, Frame
from facegui.core.camera_errors import CameraStalledError
from facegui.core.demo_camera import FRAMES_PER_SECOND, DemoCamera
from facegui.core.images import EncodedPicture, encode_jpeg
from facegui.core.photo_library import Photo
from facegui.core.progress import Progress, Report, StopToken
from facegui.core.project import NewPhoto, Project
from facegui.core.project_index import PhotoRecord

DEMO_INTERVAL_S = 0.5
_MOST_PAUSES = 5
"""Of a camera in a row, about two seconds each, before it counts as stuck."""


def capture_photos(
    project: Project,
    camera: Camera,
    count: int,
    interval_s: float,
    report: Report,
    stop: StopToken,
) -> tuple[Photo, ...]:
    """Takes photos at a camera, each stored at once.

    Args:
        project: open for writing.
        camera: open; of a recording the frames that are `interval_s` apart.
        count: how many photos; fewer when a recording ends before.
        interval_s: seconds from one photo to the next.
        report: told of each photo.
        stop: *finish* and *cancel* both keep the photos taken so far.

    Raises:
        UserError: when the camera fails or the project cannot be written; the photos
            taken so far stay.
        Cancelled: when `stop` was cancelled.
    """
    session = project.new_session(f"Taken with {camera.name}")
    photos: list[Photo] = []
    next_time_s = 0.0
    while len(photos) < count and not stop.should_stop:
        frame = _read_patiently(camera, stop)
        if frame is None:
            break
        if not photos:
            next_time_s = frame.time_s
        if frame.time_s < next_time_s:
            continue
        next_time_s += interval_s
        if next_time_s < frame.time_s:  # after a delay nothing is caught up with
            next_time_s = frame.time_s + interval_s
        photos += project.add_photos([new_photo(frame, session)])
        report(Progress(len(photos), count, "Taking photos"))
    stop.raise_if_cancelled()
    return tuple(photos)


def _read_patiently(camera: Camera, stop: StopToken) -> Frame | None:
    """The next frame, also of a camera that pauses for a while."""
    for _ in range(_MOST_PAUSES):
        try:
            return camera.read()
        except CameraStalledError:
            if stop.should_stop:
                return None
    return camera.read()


def make_demo_project(
    folder: Path, count: int, seed: int, report: Report, stop: StopToken
) -> Project:
    """Makes a project of labelled photos by the demo camera, which knows the true boxes.

    The same seed gives the same photos.

    Returns:
        The project, open.

    Raises:
        UserError: when the folder cannot be used.
        Cancelled: when `stop` was cancelled; the photos made so far stay.
    """
    project = Project.create(folder)
    try:
        session = project.new_session("Demo camera")
        step = round(DEMO_INTERVAL_S * FRAMES_PER_SECOND)
        with DemoCamera(seed, paced=False) as camera:
            for done in range(count):
                stop.raise_if_cancelled()
                frame = camera.frame(done * step)
                name = f"demo-{done + 1:04}"
                project.add_photos([new_photo(frame, session, name, frame.boxes or ())])
                report(Progress(done + 1, count, "Taking photos"))
        project.assign_missing_splits(report, stop)
    except BaseException:
        project.close()
        raise
    return project


def new_photo(
    frame: Frame, session: str, name: str | None = None, boxes: tuple[Box, ...] | None = None
) -> NewPhoto:
    """A frame as a photo that a project can take.

    Args:
        frame: of any camera.
        session: the key of one that the project has.
        name: without ending; the time of day by default.
        boxes: its label; None for not labelled.
    """
    height, width = frame.pixels.shape[:2]
    picture = EncodedPicture(encode_jpeg(frame.pixels), ".jpg", width, height)
    if name is None:
        name = f"{datetime.now():%Y-%m-%d_%H-%M-%S-%f}"[:-3]
    return NewPhoto(picture, name, PhotoRecord(session=session), boxes)
