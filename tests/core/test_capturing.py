from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from facegui.core.camera import CameraKind, Frame
from facegui.core.camera_errors import CameraStalledError, CameraUnpluggedError
from facegui.core.capturing import capture_photos, make_demo_project
from facegui.core.demo_camera import DemoCamera
from facegui.core.errors import Cancelled
from facegui.core.images import read_picture
from facegui.core.photo_library import PhotoState
from facegui.core.progress import Progress, StopToken, ignore_progress
from facegui.core.project import Project


class Film:
    """A camera that gives grey frames, ten a second, brighter and brighter, then ends or fails."""

    name = "Film"
    kind = CameraKind.VIDEO
    live = False
    frame_count: int | None = None
    frames_per_second: float | None = 10.0
    notes: tuple[str, ...] = ()

    def __init__(self, count: int, error: Exception | None = None) -> None:
        self._count = count
        self._error = error
        self._number = 0

    def read(self) -> Frame | None:
        number = self._number
        if number == self._count:
            if self._error:
                raise self._error
            return None
        self._number += 1
        return Frame(np.full((48, 64, 3), 2 * number, np.uint8), number / 10, number)

    def close(self) -> None:
        pass


@pytest.fixture
def project(tmp_path: Path):
    with Project.create(tmp_path / "project") as project:
        yield project


def brightness(project: Project) -> list[int]:
    return [round(float(read_picture(photo.path).mean()) / 2) for photo in project.photos]


def test_photos_are_the_frames_that_are_the_interval_apart(project: Project) -> None:
    photos = capture_photos(project, Film(40), 4, 0.5, ignore_progress, StopToken())
    assert len(photos) == 4
    assert brightness(project) == [0, 5, 10, 15]
    assert {project.state(photo) for photo in photos} == {PhotoState.UNLABELLED}
    assert len({project.record(photo.name).session for photo in photos}) == 1


def test_nothing_is_caught_up_with_after_a_delay(project: Project) -> None:
    class Delayed(Film):
        def read(self) -> Frame | None:
            frame = super().read()
            assert frame is not None
            return frame if frame.number < 6 else replace(frame, time_s=frame.time_s + 5.0)

    capture_photos(project, Delayed(40), 4, 0.5, ignore_progress, StopToken())
    assert brightness(project) == [0, 5, 6, 11]


@pytest.mark.parametrize(("pauses", "photos"), [(3, 3), (9, 1)])
def test_a_camera_that_pauses_is_waited_for_until_it_is_stuck(
    project: Project, pauses: int, photos: int
) -> None:
    class Pausing(Film):
        left = pauses

        def read(self) -> Frame | None:
            if self._number == 2 and self.left:
                self.left -= 1
                raise CameraStalledError("Film", 2.0)
            return super().read()

    def take() -> None:
        capture_photos(project, Pausing(40), 3, 0.5, ignore_progress, StopToken())

    if photos == 3:
        take()
    else:
        with pytest.raises(CameraStalledError):
            take()
    assert len(project.photos) == photos


def test_a_recording_that_ends_gives_fewer_photos(project: Project) -> None:
    assert len(capture_photos(project, Film(12), 9, 0.5, ignore_progress, StopToken())) == 3


def test_an_unplugged_camera_leaves_the_photos_taken_before(project: Project) -> None:
    film = Film(12, CameraUnpluggedError("Film"))
    with pytest.raises(CameraUnpluggedError):
        capture_photos(project, film, 9, 0.5, ignore_progress, StopToken())
    assert len(project.photos) == 3


def test_finish_keeps_what_was_taken(project: Project) -> None:
    stop = StopToken()

    def finish_at_two(progress: Progress) -> None:
        if progress.done == 2:
            stop.finish()

    assert len(capture_photos(project, Film(100), 9, 0.5, finish_at_two, stop)) == 2


def test_cancel_keeps_the_photos_but_says_so(project: Project) -> None:
    stop = StopToken()
    with pytest.raises(Cancelled):
        capture_photos(project, Film(100), 9, 0.5, lambda _: stop.cancel(), stop)
    assert len(project.photos) == 1


def test_the_demo_project_is_labelled_with_the_true_boxes(tmp_path: Path) -> None:
    with make_demo_project(tmp_path / "demo", 6, 5, ignore_progress, StopToken()) as project:
        samples = project.samples()
        truth = [DemoCamera(5, paced=False).frame(15 * number).boxes for number in range(6)]
        assert [len(sample.boxes) for sample in samples] == [len(boxes or ()) for boxes in truth]
        assert [sample.boxes for sample in samples] == truth
        assert all(project.split(sample.photo) for sample in samples)


def test_a_cancelled_demo_project_can_be_opened_again(tmp_path: Path) -> None:
    stop = StopToken()
    with pytest.raises(Cancelled):
        make_demo_project(tmp_path / "demo", 6, 0, lambda _: stop.cancel(), stop)
    with Project.open(tmp_path / "demo") as project:
        assert len(project.photos) == 1
