"""What is seen of boxes on pictures."""

from __future__ import annotations

import numpy as np
import pytest

from facegui.core.boxes import Box, Detection
from facegui.core.drawing import (
    COLOURS,
    MarkedBox,
    Meaning,
    draw_boxes,
    draw_result,
    mark_detections,
    mark_tracks,
    mirror,
    side_by_side,
)
from facegui.core.images import Pixels
from facegui.core.metrics import PhotoResult
from facegui.core.tracking import Track

BOX = Box(40, 60, 160, 200)


def grey(height: int = 240, width: int = 320, level: int = 128) -> Pixels:
    return np.full((height, width, 3), level, dtype=np.uint8)


def share_of(pixels: Pixels, meaning: Meaning) -> float:
    return float((pixels == COLOURS[meaning]).all(axis=2).mean())


@pytest.mark.parametrize("meaning", Meaning)
def test_box_is_drawn_in_its_colour_on_a_copy(meaning: Meaning) -> None:
    picture = grey()
    picture.flags.writeable = False
    drawn = draw_boxes(picture, [MarkedBox(BOX, meaning)])
    assert (drawn.shape, drawn.dtype) == (picture.shape, np.uint8)
    assert share_of(drawn, meaning) > 0
    assert (picture == 128).all()
    edge = drawn[int(BOX.y0), int(BOX.x0) : int(BOX.x1)]
    assert (edge == COLOURS[meaning]).all(axis=1).any()
    assert (drawn[100:160, 70:130] == 128).all()  # the face itself stays visible


def test_meanings_differ_by_line_and_not_by_colour_alone() -> None:
    shapes = [
        (draw_boxes(grey(), [MarkedBox(BOX, meaning)]) != 128).any(axis=2) for meaning in Meaning
    ]
    for first, second in ((0, 1), (0, 2), (1, 2)):
        assert (shapes[first] != shapes[second]).sum() > 100


@pytest.mark.parametrize("meaning", Meaning)
def test_box_shows_on_a_background_of_its_own_colour(meaning: Meaning) -> None:
    picture = np.full((240, 320, 3), COLOURS[meaning], dtype=np.uint8)
    drawn = draw_boxes(picture, [MarkedBox(BOX, meaning)])
    contrast = np.abs(drawn.astype(int) - picture).max(axis=2)
    assert (contrast > 80).sum() > 100


def test_lines_grow_with_the_picture() -> None:
    small = draw_boxes(grey(240, 240), [MarkedBox(Box(60, 60, 180, 180), Meaning.LABEL)])
    large = draw_boxes(grey(2400, 2400), [MarkedBox(Box(600, 600, 1800, 1800), Meaning.LABEL)])
    assert share_of(large, Meaning.LABEL) == pytest.approx(share_of(small, Meaning.LABEL), rel=0.3)


@pytest.mark.parametrize("level", [0, 128, 255])
def test_confidence_can_be_read_on_any_background(level: int) -> None:
    picture = grey(level=level)
    drawn = draw_boxes(picture, mark_detections([Detection(BOX, 0.87)]))
    above = drawn[int(BOX.y0) - 22 : int(BOX.y0) - 3, int(BOX.x0) : int(BOX.x0) + 30]
    plate = (above == COLOURS[Meaning.DETECTION]).all(axis=2)
    ink = (above < 60).all(axis=2)
    assert plate.sum() > 100
    assert ink[plate.any(axis=1)].sum() > 20
    other = draw_boxes(picture, mark_detections([Detection(BOX, 0.12)]))
    assert (drawn != other).any()


@pytest.mark.parametrize("box", [Box(0, 0, 30, 30), Box(300, 0, 320, 20), Box(0, 0, 320, 240)])
def test_text_stays_inside_the_picture(box: Box) -> None:
    bare = draw_boxes(grey(), [MarkedBox(box, Meaning.MISTAKE)])
    told = draw_boxes(grey(), [MarkedBox(box, Meaning.MISTAKE, "missed")])
    rows, columns = np.nonzero((bare != told).any(axis=2))
    assert columns.max() - columns.min() > 25
    assert rows.max() - rows.min() > 8


def test_text_outside_ascii_does_no_harm() -> None:
    drawn = draw_boxes(grey(), [MarkedBox(BOX, Meaning.LABEL, "Gesicht \u00fc \u9854 \U0001f642")])
    assert (drawn != 128).any()


def test_boxes_outside_the_picture_are_cut_or_left_out() -> None:
    far, huge = Box(1e6, 1e6, 2e6, 2e6), Box(-1e9, -1e9, 1e9, 1e9)
    assert (draw_boxes(grey(), [MarkedBox(far, Meaning.MISTAKE)]) == 128).all()
    drawn = draw_boxes(grey(), [MarkedBox(huge, Meaning.MISTAKE, "all of it")])
    assert share_of(drawn, Meaning.MISTAKE) > 0
    assert (draw_boxes(grey(), []) == 128).all()


def test_tiny_pictures_and_boxes_can_be_drawn_on() -> None:
    drawn = draw_boxes(grey(4, 4), [MarkedBox(Box(1, 1, 1.5, 1.5), Meaning.DETECTION, "0.50")])
    assert drawn.shape == (4, 4, 3)


def test_result_tells_labels_detections_and_mistakes_apart() -> None:
    missed, alarm = Box(200, 20, 300, 100), Box(200, 130, 300, 220)
    result = PhotoResult(
        "a.jpg",
        (Detection(BOX, 0.9), Detection(alarm, 0.8), Detection(missed, 0.1)),
        (BOX, missed),
    )
    drawn = draw_result(grey(), result, 0.5)
    at_alarm, at_missed = drawn[110:235, 190:], drawn[5:108, 190:]
    assert share_of(at_alarm, Meaning.MISTAKE) > 0
    assert share_of(at_alarm, Meaning.DETECTION) == share_of(at_alarm, Meaning.LABEL) == 0
    assert share_of(at_missed, Meaning.MISTAKE) > 0
    assert share_of(at_missed, Meaning.DETECTION) == 0
    at_face = drawn[:, :180]
    assert share_of(at_face, Meaning.DETECTION) > 0
    assert share_of(at_face, Meaning.MISTAKE) == 0


def test_carried_box_has_no_corners() -> None:
    found, carried = (
        draw_boxes(grey(), [MarkedBox(BOX, Meaning.DETECTION, carried=carried)])
        for carried in (False, True)
    )
    assert 0 < share_of(carried, Meaning.DETECTION) < 0.7 * share_of(found, Meaning.DETECTION)


def test_face_that_is_followed_has_its_number() -> None:
    (marked,) = mark_tracks([Track(3, BOX, Detection(BOX, 0.876), 0.1)])
    assert marked == MarkedBox(BOX, Meaning.DETECTION, "#3  0.88", carried=True)


def test_mirror_moves_the_boxes_along() -> None:
    picture = grey()
    picture[:, :100] = 0
    flipped, (marked,) = mirror(picture, [MarkedBox(BOX, Meaning.LABEL, "face")])
    assert (flipped[:, 220:] == 0).all()
    assert marked == MarkedBox(Box(160, 60, 280, 200), Meaning.LABEL, "face")


def test_pictures_stand_side_by_side_at_one_height() -> None:
    one = grey()
    assert side_by_side([one]) is one
    assert side_by_side([one, grey(120, 160, 0)]).shape == (240, 640, 3)
