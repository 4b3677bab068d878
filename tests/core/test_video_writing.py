from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from facegui.core.cameras import open_camera
from facegui.core.errors import UserError
from facegui.core.video_writing import EvenPace, VideoWriter

RED = np.full((64, 96, 3), (220, 20, 20), np.uint8)


def test_a_video_has_every_picture_in_its_own_colours(tmp_path: Path) -> None:
    with VideoWriter(tmp_path / "red.mp4", 10) as video:
        for _ in range(5):
            video.write(RED)
    with open_camera(tmp_path / "red.mp4") as camera:
        frames = list(iter(camera.read, None))
    assert len(frames) == 5
    assert np.abs(frames[-1].pixels.mean(axis=(0, 1)) - (220, 20, 20)).max() < 12


def test_a_picture_of_another_size_is_fitted(tmp_path: Path) -> None:
    with VideoWriter(tmp_path / "mixed.mp4", 10) as video:
        video.write(RED)
        video.write(np.zeros((10, 10, 3), np.uint8))
    with open_camera(tmp_path / "mixed.mp4") as camera:
        assert [frame.pixels.shape for frame in iter(camera.read, None)] == [RED.shape] * 2


def test_a_picture_of_another_shape_keeps_its_proportions(tmp_path: Path) -> None:
    with VideoWriter(tmp_path / "tall.mp4", 10) as video:
        video.write(RED)
        video.write(np.full((128, 32, 3), (20, 20, 220), np.uint8))
    with open_camera(tmp_path / "tall.mp4") as camera:
        second = list(iter(camera.read, None))[1].pixels
    assert second[:, :30].max() < 40
    assert second[32, 48, 2] > 150


def test_a_disk_that_is_nearly_full_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = shutil.disk_usage(tmp_path)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage._replace(free=1000))
    with (
        pytest.raises(UserError, match="nearly full"),
        VideoWriter(tmp_path / "full.mp4", 10) as video,
    ):
        video.write(RED)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("times_s", "seen"),
    [
        ((0.0, 0.1, 0.2), [0, 1, 2]),
        ((0.0, 0.3, 0.4), [0, 0, 0, 1, 2]),  # a slow camera
        ((0.0, 0.02, 0.04, 0.06, 0.1), [2, 4]),  # a fast one
        ((0.0, 60.0), [0] * 20 + [1]),  # a pause
    ],
)
def test_an_uneven_pace_becomes_an_even_one(
    tmp_path: Path, times_s: tuple[float, ...], seen: list[int]
) -> None:
    written: list[int] = []

    class Noting(VideoWriter):
        def write(self, pixels: np.ndarray) -> None:
            written.append(int(pixels[0, 0, 0]))

    even = EvenPace(Noting(tmp_path / "even.mp4", 10), 10)
    for number, time_s in enumerate(times_s):
        even.add(np.full((2, 2, 3), number, np.uint8), time_s)
    even.end()
    assert written == pytest.approx(seen)


def test_a_failure_leaves_no_file_and_keeps_the_one_before(tmp_path: Path) -> None:
    path = tmp_path / "kept.mp4"
    path.write_bytes(b"the one before")
    with pytest.raises(RuntimeError), VideoWriter(path, 10) as video:
        video.write(RED)
        raise RuntimeError
    assert path.read_bytes() == b"the one before"
    assert list(tmp_path.iterdir()) == [path]


def test_a_folder_that_is_not_there_is_said(tmp_path: Path) -> None:
    with (
        pytest.raises(UserError, match=r"nowhere\.mp4"),
        VideoWriter(tmp_path / "gone" / "nowhere.mp4", 10) as video,
    ):
        video.write(RED)
