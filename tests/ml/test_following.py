"""Faces followed through a source, and whole recordings: all of it is written or nothing."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from facegui.core.boxes import Box, Detection
from facegui.core.camera import Frame
from facegui.core.cameras import open_camera
from facegui.core.errors import Cancelled, UserError
from facegui.core.images import Pixels, write_picture
from facegui.core.progress import Progress, StopToken, ignore_progress
from facegui.core.video_writing import VideoWriter
from facegui.ml.following import LEAST_CONFIDENCE, Follower
from facegui.ml.whole_recording import find_in_whole

SURE = Detection(Box(5, 5, 25, 30), 0.9)
UNSURE = Detection(Box(30, 5, 60, 40), 0.3)
NOISE = np.random.default_rng(0).integers(0, 256, (48, 64, 3), np.uint8)


class FakeDetector:
    threshold = 0.4

    def __init__(self) -> None:
        self.asked: list[float | None] = []
        self.found: tuple[Detection, ...] = (SURE, UNSURE)

    def detect(self, pixels: Pixels, threshold: float | None = None) -> tuple[Detection, ...]:  # noqa: ARG002
        self.asked.append(threshold)
        return self.found


@pytest.fixture
def film(tmp_path: Path) -> Path:
    path = tmp_path / "film.mp4"
    with VideoWriter(path, 30) as video:
        for _ in range(8):
            video.write(NOISE)
    return path


def frame(number: int, path: Path | None = None) -> Frame:
    return Frame(NOISE.copy(), number / 30, number, path=path)


def test_faces_of_a_video_have_an_id_and_those_of_a_picture_none() -> None:
    follower = Follower(FakeDetector())
    (face,) = follower.find(frame(0)).as_data("film").faces
    assert (face.number, face.detection) == (1, SURE)
    (face,) = follower.find(frame(1)).as_data("film").faces
    assert face.number == 1
    data = follower.find(frame(2, Path("a.jpg"))).as_data("folder")
    assert (data.source, data.faces[0].number) == ("a.jpg", None)


def test_doubtful_detections_are_asked_for_but_do_not_count() -> None:
    detector = FakeDetector()
    found = Follower(detector).find(frame(0))
    assert detector.asked == [LEAST_CONFIDENCE]
    assert found.sure == (SURE,)
    assert Follower(detector, 0.2).find(frame(0)).sure == (SURE, UNSURE)


def test_data_of_a_video_has_the_very_faces_that_are_drawn() -> None:
    detector = FakeDetector()
    follower = Follower(detector)
    weak = replace(SURE, confidence=0.2)
    for number, (seen, faces) in enumerate(
        (((SURE,), [(SURE, False)]), ((weak,), [(weak, False)]), ((), [(weak, True)]))
    ):
        detector.found = seen
        found = follower.find(frame(number))
        data = found.as_data("film").faces
        assert [(face.detection.confidence, face.carried) for face in data] == [
            (one.confidence, carried) for one, carried in faces
        ]
        assert len(data) == len(found.tracks)
        assert {face.number for face in data} == {1}


def test_blurred_pictures_hide_doubtful_faces_too() -> None:
    found = Follower(FakeDetector()).find(frame(0))
    drawn = found.drawn(hidden=found.hidden)
    doubtful, rest = drawn[15:35, 36:54].astype(int), NOISE[15:35, 36:54].astype(int)
    assert np.abs(np.diff(doubtful, axis=1)).mean() < np.abs(np.diff(rest, axis=1)).mean() / 4


def test_whole_video_gives_video_csv_and_json_and_tells_its_progress(
    film: Path, tmp_path: Path
) -> None:
    told: list[Progress] = []
    with open_camera(film) as camera:
        result = find_in_whole(
            camera, Follower(FakeDetector()), tmp_path / "found", told.append, StopToken()
        )
    assert (result.pictures, result.with_face, result.notes) == (8, 8, ())
    assert sorted(path.name for path in result.folder.iterdir()) == [
        *("film.csv", "film.json", "film.mp4")
    ]
    assert (told[-1].done, told[-1].total) == (8, 8)
    document = json.loads((result.folder / "film.json").read_text("utf-8"))
    assert document["threshold"] == 0.4
    assert document["pictures"][0]["saved"] == "film.mp4"


def test_second_time_stands_beside_the_first(film: Path, tmp_path: Path) -> None:
    names = []
    for _ in range(2):
        with open_camera(film) as camera:
            follower = Follower(FakeDetector())
            result = find_in_whole(camera, follower, tmp_path / "f", ignore_progress, StopToken())
            names.append(result.folder.name)
    assert len(set(names)) == 2


def test_cancelled_leaves_nothing(film: Path, tmp_path: Path) -> None:
    stop = StopToken()
    stop.cancel()
    with open_camera(film) as camera, pytest.raises(Cancelled):
        find_in_whole(camera, Follower(FakeDetector()), tmp_path / "f", ignore_progress, stop)
    assert list((tmp_path / "f").iterdir()) == []


def test_folder_with_a_damaged_picture_says_so(tmp_path: Path) -> None:
    pictures = tmp_path / "pictures"
    pictures.mkdir()
    write_picture(pictures / "1.png", NOISE)
    (pictures / "2.png").write_bytes(b"no picture")
    with open_camera(pictures) as camera:
        result = find_in_whole(
            camera, Follower(FakeDetector()), tmp_path / "f", ignore_progress, StopToken()
        )
    assert result.pictures == 1
    assert "2.png" in result.notes[0]


def test_folder_that_cannot_be_made_is_said(film: Path, tmp_path: Path) -> None:
    (tmp_path / "f").write_text("in the way")
    with open_camera(film) as camera, pytest.raises(UserError):
        find_in_whole(
            camera, Follower(FakeDetector()), tmp_path / "f", ignore_progress, StopToken()
        )
