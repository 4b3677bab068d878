"""From outputs to boxes, whatever a network puts out."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from facegui.core.boxes import Box, iou
from facegui.ml.decoding import DECODERS, Outputs, decode_dense, decode_single_box

floats = st.floats(width=32, allow_nan=True, allow_infinity=True)


def outputs(confidence: float, *corners: float) -> Outputs:
    return {"face": np.array([confidence], np.float32), "box": np.array(corners, np.float32)}


def test_box_and_confidence_come_out() -> None:
    (found,) = decode_single_box(outputs(0.75, 0.125, 0.25, 0.5, 0.75), 0.5)
    assert found.box == Box(0.125, 0.25, 0.5, 0.75)
    assert found.confidence == 0.75


def test_threshold_itself_is_enough_and_less_is_not() -> None:
    assert decode_single_box(outputs(0.5, 0.1, 0.1, 0.9, 0.9), 0.5)
    assert decode_single_box(outputs(0.49, 0.1, 0.1, 0.9, 0.9), 0.5) == ()


def test_box_is_clipped_to_the_picture() -> None:
    (found,) = decode_single_box(outputs(0.9, -0.5, 0.25, 0.5, 1.5), 0.5)
    assert found.box == Box(0.0, 0.25, 0.5, 1.0)


@pytest.mark.parametrize(
    "corners",
    [
        (0.6, 0.1, 0.4, 0.9),
        (0.1, 0.9, 0.4, 0.1),
        (0.5, 0.5, 0.5, 0.5),
        (1.1, 0.1, 1.4, 0.9),
        (math.nan, 0.1, 0.4, 0.9),
        (0.1, 0.1, math.inf, 0.9),
        (-math.inf, 0.1, 0.5, 0.9),
    ],
    ids=["x inverted", "y inverted", "a point", "outside", "nan", "inf", "minus inf"],
)
def test_what_is_no_box_is_no_detection(corners: tuple[float, ...]) -> None:
    assert decode_single_box(outputs(0.9, *corners), 0.1) == ()


@pytest.mark.parametrize("confidence", [math.nan, math.inf, -math.inf])
def test_confidence_that_is_no_number_is_no_detection(confidence: float) -> None:
    assert decode_single_box(outputs(confidence, 0.1, 0.1, 0.9, 0.9), 0.1) == ()


@given(
    confidence=st.floats(0, 1, width=32) | st.just(math.nan),
    corners=st.tuples(floats, floats, floats, floats),
    lowest=st.floats(0, 1),
)
def test_any_outputs_give_at_most_one_box_inside(
    confidence: float, corners: tuple[float, float, float, float], lowest: float
) -> None:
    found = decode_single_box(outputs(confidence, *corners), lowest)
    assert len(found) <= 1
    for detection in found:
        assert detection.confidence >= lowest
        assert all(0.0 <= corner <= 1.0 for corner in detection.box.corners)


def test_sigmoid_that_rounds_above_one_is_certain() -> None:
    """LiteRT's may; a detection refuses such a confidence."""
    above = float(np.nextafter(np.float32(1), np.float32(2)))
    (found,) = decode_single_box(outputs(above, 0.1, 0.1, 0.9, 0.9), 0.5)
    assert found.confidence == 1.0


# --- dense ---------------------------------------------------------------------------------

SIDE = 16
LEFT, RIGHT = Box(0.125, 0.25, 0.375, 0.75), Box(0.625, 0.25, 0.875, 0.75)


def maps(*faces: tuple[Box, float], side: int = SIDE) -> dict[str, np.ndarray]:
    """A heat map with a peak in the middle of each face; around it the same box, less sure."""
    heat = np.zeros((side, side, 1), np.float32)
    sides = np.full((side, side, 4), 0.01, np.float32)
    for box, confidence in faces:
        centre_y, centre_x = ((box.y0 + box.y1) / 2 * side, (box.x0 + box.x1) / 2 * side)
        row, column = min(int(centre_y), side - 1), min(int(centre_x), side - 1)
        for y in range(max(row - 1, 0), min(row + 2, side)):
            for x in range(max(column - 1, 0), min(column + 2, side)):
                near = confidence if (y, x) == (row, column) else confidence / 2
                if near > heat[y, x, 0]:
                    heat[y, x, 0] = near
                    sides[y, x] = sides_of(box, y, x, side)
    return {"face": heat, "box": sides}


def sides_of(box: Box, row: int, column: int, side: int = SIDE) -> tuple[float, ...]:
    x, y = (column + 0.5) / side, (row + 0.5) / side
    return x - box.x0, y - box.y0, box.x1 - x, box.y1 - y


def corners(found: tuple, index: int = 0) -> tuple[float, ...]:
    return tuple(found[index].box.corners)


def test_dense_decoder_is_found_by_its_name() -> None:
    assert DECODERS["dense"] is decode_dense


def test_empty_map_gives_no_detection() -> None:
    assert decode_dense(maps(), 0.01) == ()


def test_one_peak_gives_its_box() -> None:
    (found,) = decode_dense(maps((LEFT, 0.75)), 0.5)
    assert found.box.corners == pytest.approx(LEFT.corners, abs=1e-6)
    assert found.confidence == 0.75


def test_two_faces_give_two_boxes_surest_first() -> None:
    found = decode_dense(maps((LEFT, 0.5), (RIGHT, 0.875)), 0.3)
    assert [face.confidence for face in found] == [0.875, 0.5]
    assert corners(found, 0) == pytest.approx(RIGHT.corners, abs=1e-6)
    assert corners(found, 1) == pytest.approx(LEFT.corners, abs=1e-6)


def test_many_faces_are_all_found() -> None:
    faces = [Box(x / 8, y / 8, (x + 1) / 8, (y + 1) / 8) for x in range(8) for y in range(8)]
    found = decode_dense(maps(*((face, 0.9) for face in faces), side=64), 0.5)
    wanted = sorted(face.corners for face in faces)
    np.testing.assert_allclose(sorted(face.box.corners for face in found), wanted, atol=1e-6)


def test_lowest_confidence_itself_is_enough_and_less_is_not() -> None:
    assert len(decode_dense(maps((LEFT, 0.5)), 0.5)) == 1
    assert decode_dense(maps((LEFT, 0.5)), 0.5001) == ()


def test_only_peaks_are_faces_not_the_cells_beside_them() -> None:
    """Even where the cell beside it says another box, which is not suppressed."""
    given_maps = maps((LEFT, 0.9))
    given_maps["box"][7, 4] = sides_of(RIGHT, 7, 4)
    (found,) = decode_dense(given_maps, 0.1)
    assert found.confidence == pytest.approx(0.9)


def test_two_peaks_of_the_same_face_become_one_detection() -> None:
    given_maps = maps((LEFT, 0.9))
    given_maps["face"][4, 3, 0] = 0.8
    given_maps["box"][4, 3] = sides_of(LEFT, 4, 3)
    (found,) = decode_dense(given_maps, 0.5)
    assert found.confidence == pytest.approx(0.9)


def test_saturated_neighbours_are_one_face() -> None:
    given_maps = maps((LEFT, 1.0))
    given_maps["face"][given_maps["face"] > 0] = 1.0
    (found,) = decode_dense(given_maps, 0.5)
    assert found.box.corners == pytest.approx(LEFT.corners, abs=1e-6)


def test_faces_that_overlap_a_little_both_stay() -> None:
    front = Box(0.25, 0.25, 0.5, 0.75)
    found = decode_dense(maps((LEFT, 0.9), (front, 0.8)), 0.5)
    assert len(found) == 2


def test_box_is_the_mean_of_those_that_agree_weighted_by_heat_and_overlap() -> None:
    heat = np.zeros((SIDE, SIDE, 1), np.float32)
    sides = np.full((SIDE, SIDE, 4), 0.01, np.float32)
    other = Box(0.1875, 0.25, 0.4375, 0.75)
    for (row, column), box, sure in (((8, 4), LEFT, 0.75), ((8, 5), other, 0.5)):
        heat[row, column, 0] = sure
        sides[row, column] = sides_of(box, row, column)
    # Far away, and surer than both: it has no say.
    heat[2, 14, 0], sides[2, 14] = 1.0, 0.05
    found = decode_dense({"face": heat, "box": sides}, 0.6)
    assert [face.confidence for face in found] == [1.0, 0.75]
    overlap = float(iou(np.array([LEFT.corners]), np.array([other.corners]))[0, 0])
    assert overlap > 0.5
    weights = 0.75**2, 0.5**2 * overlap
    mean = np.average([LEFT.corners, other.corners], axis=0, weights=weights)
    assert corners(found, 1) == pytest.approx(mean, abs=1e-6)


def test_dense_box_is_clipped_to_the_picture() -> None:
    beyond = Box(-0.25, 0.5, 0.25, 1.25)
    (found,) = decode_dense(maps((beyond, 0.9)), 0.5)
    assert found.box.corners == pytest.approx((0.0, 0.5, 0.25, 1.0), abs=1e-6)


def test_tiny_face_in_a_corner_is_found() -> None:
    tiny = Box(0.98, 0.98, 1.0, 1.0)
    (found,) = decode_dense(maps((tiny, 0.9)), 0.5)
    assert found.box.corners == pytest.approx(tiny.corners, abs=1e-6)


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_no_number_in_the_heat_is_no_detection(value: float) -> None:
    given_maps = maps()
    given_maps["face"][:] = value
    assert decode_dense(given_maps, 0.0) == ()


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize("name", ["face", "box"])
def test_no_number_in_one_cell_costs_no_other_face(name: str, value: float) -> None:
    given_maps = maps((LEFT, 0.9), (RIGHT, 0.8))
    given_maps[name][8, 4] = value
    given_maps["face"][0, 0], given_maps["box"][0, 0, 2] = 0.95, value
    found = decode_dense(given_maps, 0.6)
    assert [face.confidence for face in found] == [pytest.approx(0.8)]
    assert corners(found) == pytest.approx(RIGHT.corners, abs=1e-6)


def test_inverted_box_is_no_detection() -> None:
    given_maps = maps((LEFT, 0.9))
    given_maps["box"][:] = -0.1
    assert decode_dense(given_maps, 0.5) == ()


def test_dense_confidence_is_never_above_one() -> None:
    given_maps = maps((LEFT, 1.0))
    given_maps["face"][8, 4] = np.nextafter(np.float32(1), np.float32(2))
    (found,) = decode_dense(given_maps, 0.5)
    assert found.confidence == 1.0


@given(
    seed=st.integers(0, 1000),
    share=st.floats(0, 0.5),
    lowest=st.floats(0, 1),
    scale=st.sampled_from([0.01, 0.2, 10.0, 1e30]),
)
def test_any_maps_give_boxes_inside_that_differ(
    seed: int, share: float, lowest: float, scale: float
) -> None:
    random = np.random.default_rng(seed)
    heat = random.uniform(0, 1, (6, 8, 1)).astype(np.float32)
    sides = random.uniform(0, scale, (6, 8, 4)).astype(np.float32)
    for array in (heat, sides):
        spoilt = random.uniform(size=array.shape) < share
        array[spoilt] = random.choice([np.nan, np.inf, -np.inf, -1.0], spoilt.sum())
    found = decode_dense({"face": heat, "box": sides}, lowest)
    confidences = [face.confidence for face in found]
    assert confidences == sorted(confidences, reverse=True)
    for face in found:
        assert lowest <= face.confidence <= 1.0
        assert all(0.0 <= corner <= 1.0 for corner in face.box.corners)
