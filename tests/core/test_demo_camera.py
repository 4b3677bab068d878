"""The demo camera: the same film for the same seed, with boxes that are true."""

from __future__ import annotations

import threading
from pathlib import Path

import cv2
import numpy as np
import pytest

from facegui.core import demo_camera
from facegui.core.boxes import Box, boxes_to_array, iou
from facegui.core.camera import Frame
from facegui.core.camera_errors import CameraError
from facegui.core.demo_camera import DemoCamera


def burst(seed: int, count: int = 30) -> list[Frame]:
    """The photos of a burst half a second apart."""
    camera = DemoCamera(seed, paced=False)
    return [camera.frame(15 * number) for number in range(count)]


def test_same_seed_same_film() -> None:
    first, second = DemoCamera(3, paced=False), DemoCamera(3, paced=False)
    for _ in range(4):
        one, two = first.read(), second.read()
        assert one is not None
        assert two is not None
        assert (one.pixels == two.pixels).all()
        assert (one.boxes, one.time_s, one.number) == (two.boxes, two.time_s, two.number)


def test_frames_are_640x480_at_30_a_second() -> None:
    camera = DemoCamera(paced=False)
    frames = [frame for _ in range(31) if (frame := camera.read()) is not None]
    assert frames[0].pixels.shape == (480, 640, 3)
    assert [frame.number for frame in frames] == list(range(31))
    assert frames[30].time_s == 1.0


def test_view_moves_from_frame_to_frame() -> None:
    camera = DemoCamera(paced=False)
    assert (camera.frame(30).pixels != camera.frame(31).pixels).mean() > 0.1


@pytest.mark.parametrize("seed", range(8))
def test_burst_has_faces_in_70_to_80_percent(seed: int) -> None:
    frames = burst(seed)
    assert frames[0].boxes
    assert 20 <= sum(bool(frame.boxes) for frame in frames) <= 24


def test_position_scale_and_light_vary() -> None:
    boxes = [box for seed in range(4) for frame in burst(seed) for box in frame.boxes or ()]
    centres = np.array([((box.x0 + box.x1) / 2, (box.y0 + box.y1) / 2) for box in boxes])
    heights = [box.height for box in boxes]
    light = [frame.pixels.mean() for frame in burst(0)]
    assert (centres.std(axis=0) > (60, 40)).all()
    assert max(heights) > 1.8 * min(heights)
    assert max(light) > 1.5 * min(light)


def test_empty_scenes_show_different_pictures() -> None:
    scenes = [demo_camera._scene(0, number) for number in range(60)]
    empty = {id(scene.picture) for scene in scenes if scene.picture.outline is None}
    assert len(empty) == 3


def painted_head(name: str) -> demo_camera._Picture:
    """The head in white and all else in black, continued like the photograph."""
    side = 512 + 2 * demo_camera._MARGIN
    pixels = np.zeros((side, side, 3), np.uint8)
    if name != demo_camera._PORTRAIT:
        return demo_camera._Picture(pixels, (256.0, 256.0), None)
    outline = (demo_camera._HEAD + demo_camera._MARGIN).astype(np.int32)
    cv2.fillPoly(pixels, [outline], (255, 255, 255))
    return demo_camera._Picture(pixels, demo_camera._HEAD_CENTRE, demo_camera._HEAD)


def test_boxes_are_where_the_head_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(demo_camera, "_picture", painted_head)
    demo_camera._scene.cache_clear()
    partial = 0
    for frame in burst(11, 60):
        rows, columns = np.nonzero(frame.pixels.max(axis=2) > 60)
        for box in frame.boxes or ():
            seen = Box(columns.min(), rows.min(), columns.max() + 1, rows.max() + 1)
            assert iou(boxes_to_array([box]), boxes_to_array([seen]))[0, 0] > 0.97
            partial += box.x0 == 0 or box.y0 == 0 or box.x1 == 640 or box.y1 == 480
        if not frame.boxes and rows.size:  # a head mostly outside the view is no face
            assert columns.min() == 0 or columns.max() == 639
    demo_camera._scene.cache_clear()
    assert partial


def test_box_holds_the_head_of_the_portrait() -> None:
    """Hair top, hair sides and chin, read off the photograph by eye."""
    assert demo_camera._HEAD.min(axis=0).tolist() == [153, 15]
    assert demo_camera._HEAD.max(axis=0).tolist() == [302, 179]


def test_live_camera_drops_what_is_not_read_in_time() -> None:
    now_s = 100.0
    camera = DemoCamera(clock=lambda: now_s)
    first = camera.read()
    now_s += 1.0
    second = camera.read()
    assert camera.live
    assert first is not None
    assert second is not None
    assert (first.number, second.number) == (0, 30)


def test_closing_wakes_a_reader_that_waits_for_the_next_frame() -> None:
    times = iter([0.0])  # then the clock stands an hour before the first frame
    camera = DemoCamera(clock=lambda: next(times, -3600.0))
    read: list[Frame | None] = []
    reader = threading.Thread(target=lambda: read.append(camera.read()))
    reader.start()
    camera.close()
    reader.join(20)
    assert read == [None]


def test_missing_pictures_say_what_to_do(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    demo_camera._picture.cache_clear()
    monkeypatch.setattr("importlib.resources.files", lambda _: tmp_path)
    with pytest.raises(CameraError) as caught:
        DemoCamera()
    assert "scikit-image" in caught.value.remedy
