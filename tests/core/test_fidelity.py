"""How far a converted model may be from the trained one."""

from __future__ import annotations

import pytest

from facegui.core.boxes import Box, Detection
from facegui.core.fidelity import Fidelity, compare
from facegui.core.metrics import PhotoResult

SIDE = 100.0
FACE = Box(20.0, 20.0, 60.0, 60.0)


def photo(*found: tuple[Box, float], truth: tuple[Box, ...] = (FACE,)) -> PhotoResult:
    detections = tuple(Detection(box, confidence) for box, confidence in found)
    return PhotoResult("photo", detections, truth)


def moved(by: float) -> Box:
    return Box(FACE.x0, FACE.y0, FACE.x1 + by, FACE.y1)


def test_the_same_is_faithful() -> None:
    results = [photo((FACE, 0.9))]
    seen = compare(results, results, 0.5, SIDE)
    assert seen == Fidelity(1, 1, 0, 1.0, 1.0, 0.0, 0.0)
    assert seen.faithful


def test_shift_is_that_of_the_farthest_side_in_shares_of_the_photo() -> None:
    trained = [photo((FACE, 0.9))] * 3
    converted = [photo((moved(by), 0.9)) for by in (0.0, 2.0, 5.0)]
    seen = compare(trained, converted, 0.5, SIDE)
    assert (seen.median_shift, seen.largest_shift) == (pytest.approx(0.02), pytest.approx(0.05))
    assert not seen.faithful  # 2 % in the median, though every face is found


def test_a_face_lost_shows_in_ap50() -> None:
    trained = [photo((FACE, 0.9)), photo((FACE, 0.8))]
    seen = compare(trained, [photo((FACE, 0.9)), photo()], 0.5, SIDE)
    assert (seen.boxes, seen.lost) == (2, 1)
    assert seen.trained_ap50 == 1.0
    assert seen.ap50_off > 0.4
    assert not seen.faithful


def test_somewhat_less_sure_is_the_same_box() -> None:
    trained = [photo((FACE, 0.52))]
    assert compare(trained, [photo((FACE, 0.48))], 0.5, SIDE).lost == 0
    assert compare(trained, [photo((FACE, 0.2))], 0.5, SIDE).lost == 1


def test_without_faces_the_boxes_themselves_are_compared() -> None:
    alarm = photo((FACE, 0.9), truth=())
    assert compare([alarm], [alarm], 0.5, SIDE).faithful
    assert not compare([alarm], [photo(truth=())], 0.5, SIDE).faithful
    nothing = compare([photo(truth=())], [photo(truth=())], 0.5, SIDE)
    assert nothing.faithful
    assert nothing.median_shift is None


def test_no_photos_at_all_say_nothing_against_it() -> None:
    assert compare([], [], 0.5, SIDE).faithful


def test_a_faithful_model_is_better_whatever_its_ap50() -> None:
    far_off = Fidelity(30, 30, 0, 0.9, 0.9, 0.03, 0.05)
    faithful = Fidelity(30, 30, 0, 0.895, 0.9, 0.002, 0.004)
    nearer = Fidelity(30, 30, 0, 0.895, 0.9, 0.001, 0.004)
    assert not far_off.faithful
    assert sorted([far_off, faithful, nearer], key=lambda item: item.rank) == [
        nearer,
        faithful,
        far_off,
    ]
