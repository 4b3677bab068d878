"""Photos out of videos: every n-th frame, or those least alike; the same ones only once."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from facegui.core.errors import Cancelled
from facegui.core.import_plan import survey
from facegui.core.importing import import_plan, import_source
from facegui.core.progress import StopToken, ignore_progress
from facegui.core.video_photos import FrameChoice, chosen_frames

SIZE = (64, 48)
PACE = 8.0


@pytest.fixture
def video(tmp_path):
    """48 frames at 8 a second: six pictures, each standing still for a second."""
    path = tmp_path / "clip.avi"
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), PACE, SIZE)
    assert writer.isOpened()
    for picture in range(6):
        noise = np.random.default_rng(picture).integers(0, 255, (6, 8, 3), np.uint8)
        pixels = cv2.resize(noise, SIZE, interpolation=cv2.INTER_NEAREST)
        for _ in range(8):
            writer.write(pixels)
    writer.release()
    return path


def numbers(path, choice):
    return [frame.number for frame in chosen_frames(path, choice, ignore_progress, StopToken())]


def test_every_nth_frame(video):
    assert numbers(video, FrameChoice(every=10)) == [0, 10, 20, 30, 40]


def test_the_least_alike_frames_show_each_picture_once(video):
    assert sorted(number // 8 for number in numbers(video, FrameChoice())) == [0, 1, 2, 3, 4, 5]
    assert len({number // 8 for number in numbers(video, FrameChoice(count=3))}) == 3


def test_frames_come_in_as_photos_of_a_session_and_only_once(project, video):
    report = import_source(project, [video.parent / "clip.avi"], ignore_progress, StopToken())
    assert (len(report.photos), report.unlabelled, report.skipped) == (6, 6, ())
    assert [session.title for session in project.sessions.values()] == ["Video clip.avi"]
    again = import_source(project, [video], ignore_progress, StopToken())
    assert (again.photos, len(again.duplicates)) == ((), 6)
    with survey([video]) as plan:
        assert plan.in_words() == "Found 1 video."
        more = import_plan(project, plan, ignore_progress, StopToken(), frames=FrameChoice(every=8))
    assert len(project.photos) == 6 + len(more.photos)


def test_what_is_no_video_is_told(project, tmp_path):
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.mp4").write_bytes(b"no video")
    report = import_source(project, [tmp_path / "in"], ignore_progress, StopToken())
    assert [finding.path.name for finding in report.skipped] == ["a.mp4"]


def test_reading_a_video_can_be_cancelled(video):
    stop = StopToken()
    stop.cancel()
    with pytest.raises(Cancelled):
        next(chosen_frames(video, FrameChoice(), ignore_progress, stop))


@pytest.mark.parametrize("numbers", [(0, 1), (None, 0), (-1, 5)])
def test_choices_below_one_are_refused(numbers):
    with pytest.raises(ValueError, match="1 or more"):
        FrameChoice(*numbers)
