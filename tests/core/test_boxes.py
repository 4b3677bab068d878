"""Boxes are what they say, whatever corners come in."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from facegui.core.boxes import Box, Detection, bounding_box, boxes_to_array, iou

coordinates = st.floats(-1e5, 1e5, allow_subnormal=False)
points = st.tuples(coordinates, coordinates)


@st.composite
def boxes(draw: st.DrawFn) -> Box:
    x0, y0 = draw(points)
    width, height = draw(st.tuples(*[st.floats(0.01, 1e4)] * 2))
    return Box(x0, y0, x0 + width, y0 + height)


some_boxes = st.lists(boxes(), max_size=6)


def test_box_tells_its_measures() -> None:
    box = Box(10, 20, 40, 60)
    assert (box.width, box.height, box.area) == (30, 40, 1200)
    assert box.corners == (10, 20, 40, 60)
    assert box.scaled(2, 0.5) == Box(20, 10, 80, 30)


@pytest.mark.parametrize("corners", [(5, 0, 5, 9), (0, 5, 9, 5), (9, 0, 0, 9), (0, 9, 9, 0)])
def test_box_without_area_is_refused(corners: tuple[float, float, float, float]) -> None:
    with pytest.raises(ValueError, match="no area"):
        Box(*corners)


@pytest.mark.parametrize("odd", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize("place", range(4))
def test_box_of_no_numbers_is_refused(odd: float, place: int) -> None:
    corners = [0.0, 0.0, 9.0, 9.0]
    corners[place] = odd
    with pytest.raises(ValueError, match="not finite"):
        Box(*corners)


@pytest.mark.parametrize("confidence", [-0.01, 1.01, math.nan])
def test_confidence_is_between_nothing_and_certain(confidence: float) -> None:
    with pytest.raises(ValueError, match="confidence"):
        Detection(Box(0, 0, 1, 1), confidence)
    assert Detection(Box(0, 0, 1, 1), 1.0).confidence == 1.0


@given(boxes(), st.integers(1, 5000), st.integers(1, 5000))
def test_clipped_box_is_the_part_inside(box: Box, width: int, height: int) -> None:
    part = box.clipped(width, height)
    if part is None:
        assert box.x1 <= 0 or box.y1 <= 0 or box.x0 >= width or box.y0 >= height
        return
    assert 0 <= part.x0 < part.x1 <= width
    assert 0 <= part.y0 < part.y1 <= height
    assert part.clipped(width, height) == part
    for inside, whole in zip(part.corners, box.corners, strict=True):
        assert inside == whole or inside in (0, width, height)


@given(boxes(), st.floats(0.1, 10), st.floats(0.1, 10))
def test_scaling_there_and_back_changes_nothing(box: Box, x: float, y: float) -> None:
    back = box.scaled(x, y).scaled(1 / x, 1 / y)
    assert back.corners == pytest.approx(box.corners)


@given(st.lists(points, min_size=1, max_size=8), st.randoms())
def test_bounding_box_holds_all_points_in_any_order(
    corners: list[tuple[float, float]], dice: object
) -> None:
    box = bounding_box(corners)
    mixed = dice.sample(corners, len(corners))  # type: ignore[attr-defined]
    assert bounding_box(mixed) == box
    columns, rows = zip(*corners, strict=True)
    if min(columns) == max(columns) or min(rows) == max(rows):
        assert box is None
    else:
        assert box == Box(min(columns), min(rows), max(columns), max(rows))


def test_corners_can_be_drawn_from_any_side() -> None:
    assert bounding_box([(40, 60), (10, 20)]) == bounding_box([(10, 60), (40, 20)])
    assert bounding_box([(40, 60), (10, 20)]) == Box(10, 20, 40, 60)


def test_nothing_has_no_bounding_box() -> None:
    assert bounding_box([]) is None
    assert bounding_box([(1, 1), (1, 1)]) is None
    assert bounding_box([(0, 0), (math.nan, 5)]) is None


@given(some_boxes)
def test_boxes_keep_their_corners_in_an_array(given_boxes: list[Box]) -> None:
    array = boxes_to_array(given_boxes)
    assert array.shape == (len(given_boxes), 4)
    assert [Box(*row) for row in array.tolist()] == given_boxes


def test_overlaps_worked_out_by_hand() -> None:
    a = boxes_to_array([Box(0, 0, 10, 10), Box(100, 100, 101, 101)])
    b = boxes_to_array([Box(0, 0, 10, 10), Box(5, 0, 15, 10), Box(10, 0, 20, 10), Box(2, 2, 4, 4)])
    assert iou(a, b) == pytest.approx(np.array([[1, 50 / 150, 0, 4 / 100], [0, 0, 0, 0]]))


@given(some_boxes, some_boxes)
def test_overlap_is_a_share_and_the_same_both_ways(a: list[Box], b: list[Box]) -> None:
    overlaps = iou(boxes_to_array(a), boxes_to_array(b))
    assert overlaps.shape == (len(a), len(b))
    assert ((overlaps >= 0) & (overlaps <= 1)).all()
    assert np.allclose(overlaps, iou(boxes_to_array(b), boxes_to_array(a)).T)


@given(boxes())
def test_box_overlaps_itself_wholly(box: Box) -> None:
    assert iou(boxes_to_array([box]), boxes_to_array([box])) == 1.0


@given(boxes(), boxes())
def test_boxes_overlap_where_they_share_area(a: Box, b: Box) -> None:
    across = min(a.x1, b.x1) - max(a.x0, b.x0)
    down = min(a.y1, b.y1) - max(a.y0, b.y0)
    assume(across * down != 0)
    overlap = float(iou(boxes_to_array([a]), boxes_to_array([b]))[0, 0])
    assert (overlap > 0) == (across > 0 and down > 0)


def test_wrong_shape_is_named() -> None:
    good = boxes_to_array([Box(0, 0, 1, 1)])
    with pytest.raises(ValueError, match=r"got \(2, 3\)"):
        iou(good, np.zeros((2, 3)))
    with pytest.raises(ValueError, match=r"got \(4,\)"):
        iou(np.zeros(4), good)


def test_boxes_without_area_overlap_nothing() -> None:
    nothing = np.zeros((1, 4))
    assert iou(nothing, nothing) == 0.0
