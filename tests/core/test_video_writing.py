from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from facegui.core.cameras import open_camera
from facegui.core.errors import UserError
from facegui.core.video_writing import VideoWriter

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
