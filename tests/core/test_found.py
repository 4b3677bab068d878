"""Boxes as data: JSON that is one document and has a line for each picture, CSV, files."""

from __future__ import annotations

import csv
import errno
import io
import json
from collections.abc import Sequence
from pathlib import Path
from typing import cast

import numpy as np
import pytest

from facegui.core.boxes import Box, Detection
from facegui.core.camera import Camera, CameraKind
from facegui.core.cameras import open_camera
from facegui.core.errors import UserError
from facegui.core.found import BoxTable, FoundFace, FoundPicture, PictureLines
from facegui.core.found_files import FoundFiles
from facegui.core.images import write_picture
from facegui.core.video_writing import EvenPace

FACE = Detection(Box(1, 2, 30, 40), 0.9)
PIXELS = np.full((48, 64, 3), 90, np.uint8)


def picture(number: int, *faces: FoundFace, source: str = "film.mp4") -> FoundPicture:
    return FoundPicture(source, number, number / 30, 64, 48, faces)


@pytest.mark.parametrize("count", [0, 1, 3])
def test_lines_are_one_document_and_each_picture_is_a_whole_line(count: int) -> None:
    stream = io.StringIO()
    lines = PictureLines(stream.write, {"threshold": 0.5})
    for number in range(count):
        lines.add(picture(number, FoundFace(FACE, 7)).to_json())
    lines.end({"skipped": []})
    document = json.loads(stream.getvalue())
    assert document.keys() == {"threshold", "pictures", "skipped"}
    assert [one["frame"] for one in document["pictures"]] == list(range(count))
    whole = [line for line in stream.getvalue().splitlines() if line.startswith('{"source"')]
    assert [json.loads(line) for line in whole] == document["pictures"]


def test_lines_without_head_or_tail_are_a_document() -> None:
    stream = io.StringIO()
    PictureLines(stream.write, {}).end({})
    assert json.loads(stream.getvalue()) == {"pictures": []}


def test_face_is_corners_confidence_and_the_id_where_it_is_followed() -> None:
    assert FoundFace(FACE).to_json() == {"x0": 1, "y0": 2, "x1": 30, "y1": 40, "confidence": 0.9}
    followed = FoundFace(FACE, 3, carried=True).to_json()
    assert (followed["id"], followed["carried"]) == (3, True)


def test_table_has_a_row_for_each_face_and_one_for_none() -> None:
    stream = io.StringIO()
    table = BoxTable(stream.write)
    table.add(picture(0, FoundFace(FACE, 1), FoundFace(FACE, 2, carried=True)))
    table.add(picture(1))
    table.add(picture(2, FoundFace(FACE), source="a.png"))
    rows = list(csv.DictReader(io.StringIO(stream.getvalue())))
    assert [(row["frame"], row["id"], row["x1"], row["carried"]) for row in rows] == [
        ("0", "1", "30.00", "0"),
        ("0", "2", "30.00", "1"),
        ("1", "", "", ""),
        ("2", "", "30.00", ""),
    ]


def test_pictures_of_one_name_do_not_overwrite_each_other(tmp_path: Path) -> None:
    pictures, saved = tmp_path / "pictures", tmp_path / "saved"
    pictures.mkdir()
    saved.mkdir()
    for name in ("a.jpg", "a.png"):
        write_picture(pictures / name, PIXELS)
    with open_camera(pictures) as camera, FoundFiles(saved, camera, 0.5) as files:
        for name in ("a.jpg", "a.png"):
            files.add(picture(0, source=str(pictures / name)), PIXELS)
    assert {path.name for path in saved.iterdir()} == {
        *("a.jpg", "a-2.jpg"),
        *("boxes.csv", "boxes.json"),
    }


def test_failure_leaves_no_half_written_data(tmp_path: Path) -> None:
    write_picture(tmp_path / "a.png", PIXELS)
    target = tmp_path / "target"
    target.mkdir()
    with (
        pytest.raises(RuntimeError),
        open_camera(tmp_path / "a.png") as camera,
        FoundFiles(target, camera, 0.5) as files,
    ):
        files.add(picture(0, source="b.png"), PIXELS)
        raise RuntimeError
    assert [path.name for path in target.iterdir()] == ["b.jpg"]


class SlowlySearched:
    """A webcam of 30 frames a second."""

    name, kind, live, frames_per_second = "Cam", CameraKind.WEBCAM, True, 30.0


def save_live(folder: Path, times_s: Sequence[float]) -> None:
    with FoundFiles(folder, cast(Camera, SlowlySearched()), 0.5) as files:
        for number, time_s in enumerate(times_s):
            files.add(FoundPicture("0", number, time_s, 64, 48, ()), PIXELS)
        if not times_s[-1]:
            raise RuntimeError


def frames_in(video: Path) -> int:
    with open_camera(video) as camera:
        return len(list(iter(camera.read, None)))


def test_live_video_is_as_long_as_it_was_watched(tmp_path: Path) -> None:
    save_live(tmp_path, [number / 10 for number in range(11)])
    assert frames_in(tmp_path / "Cam.mp4") == 31


def test_failure_keeps_what_a_live_camera_saw(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError):
        save_live(tmp_path, [-1.0, -0.5, 0.0])
    assert frames_in(tmp_path / "Cam.mp4") == 30
    assert len(json.loads((tmp_path / "Cam.json").read_text("utf-8"))["pictures"]) == 3


def full(*_: object) -> None:
    raise OSError(errno.ENOSPC, "No space left on device")


@pytest.mark.parametrize("first_lost", [1, 2], ids=["in the middle", "at the end"])
def test_data_that_cannot_be_written_cost_no_live_video(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, first_lost: int
) -> None:
    def add(_: PictureLines, line: dict[str, int]) -> None:
        if line["frame"] >= first_lost:
            full()

    monkeypatch.setattr(PictureLines, "add", add)
    monkeypatch.setattr(PictureLines, "end", full)
    with pytest.raises(UserError, match="full"):
        save_live(tmp_path, [1.0, 1.5])
    assert [path.name for path in tmp_path.iterdir()] == ["Cam.mp4"]
    assert frames_in(tmp_path / "Cam.mp4") == 14 + first_lost


def test_the_last_picture_of_a_live_video_costs_neither_it_nor_the_data(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(EvenPace, "end", full)
    with pytest.raises(UserError, match="full"):
        save_live(tmp_path, [1.0, 1.5])
    assert frames_in(tmp_path / "Cam.mp4") == 15
    assert len(json.loads((tmp_path / "Cam.json").read_text("utf-8"))["pictures"]) == 2


def test_failure_at_the_very_end_leaves_nothing_half_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_picture(tmp_path / "a.png", PIXELS)
    target = tmp_path / "target"
    target.mkdir()
    monkeypatch.setattr(PictureLines, "end", full)
    with (
        pytest.raises(UserError, match="full"),
        open_camera(tmp_path / "a.png") as camera,
        FoundFiles(target, camera, 0.5) as files,
    ):
        files.add(picture(0, source="a.png"), PIXELS)
    assert [path.name for path in target.iterdir()] == ["a.jpg"]


def test_full_folder_is_said(tmp_path: Path) -> None:
    write_picture(tmp_path / "a.png", PIXELS)
    target = tmp_path / "target"
    target.mkdir()
    with open_camera(tmp_path / "a.png") as camera, FoundFiles(target, camera, 0.5) as files:
        (target / "a.jpg").mkdir()
        with pytest.raises(UserError, match="target"):
            files.add(picture(0, source="a.png"), PIXELS)
