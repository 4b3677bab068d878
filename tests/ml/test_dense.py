"""The dense heads: what they are told, what they lose by, how they are built."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from facegui.core.boxes import Box
from facegui.ml import dense
from facegui.ml.decoding import decode_dense
from facegui.ml.fitting import PER_PHOTO
from facegui.ml.presets import FAST

LEFT, RIGHT = Box(0.125, 0.25, 0.375, 0.75), Box(0.625, 0.125, 0.875, 0.625)
ROWS, COLUMNS = 8, 12
SETTINGS = replace(FAST.settings, input_size=32, dropout=0.0)

places = st.floats(0.0, 0.9)
sizes = st.floats(0.001, 1.0)


@st.composite
def boxes(draw: st.DrawFn) -> Box:
    x0, y0 = draw(places), draw(places)
    return Box(x0, y0, min(x0 + draw(sizes), 1.0), min(y0 + draw(sizes), 1.0))


def targets_of(*faces: Box) -> dict[str, np.ndarray]:
    return dense.make_targets([faces], ROWS, COLUMNS)


def centre_cell(face: Box) -> tuple[int, int]:
    row, column = (face.y0 + face.y1) / 2 * ROWS, (face.x0 + face.x1) / 2 * COLUMNS
    return min(int(row), ROWS - 1), min(int(column), COLUMNS - 1)


def perfect_sides(targets: dict[str, np.ndarray]) -> np.ndarray:
    """What the heads would have to put out for exactly the targets' boxes."""
    x, y = dense.cell_centres(*targets["box"].shape[1:3])
    box = targets["box"]
    return np.stack([x - box[..., 1], y - box[..., 2], box[..., 3] - x, box[..., 4] - y], axis=-1)


# --- targets -------------------------------------------------------------------------------


def test_each_face_has_a_peak_in_its_cell() -> None:
    heat = targets_of(LEFT, RIGHT)["face"][0, ..., 0]
    assert sorted(zip(*np.nonzero(heat == 1.0), strict=True)) == sorted(
        [centre_cell(LEFT), centre_cell(RIGHT)]
    )
    assert heat.min() >= 0 and heat.max() == 1.0


def test_cells_around_a_peak_learn_its_box_and_far_ones_none() -> None:
    targets = targets_of(LEFT, RIGHT)
    weight, truth = targets["box"][0, ..., 0], targets["box"][0, ..., 1:]
    for face in (LEFT, RIGHT):
        row, column = centre_cell(face)
        np.testing.assert_allclose(truth[row, column], face.corners)
        assert weight[row, column] == 1.0
        assert weight[row - 1, column] >= dense.LEAST_HEAT
        np.testing.assert_allclose(truth[row - 1, column], face.corners)
    assert weight[0, 0] == weight[-1, -1] == 0.0
    counted = weight > 0
    np.testing.assert_array_equal(weight[counted], targets["face"][0, ..., 0][counted])


def test_photo_without_a_face_has_a_cold_map() -> None:
    targets = dense.make_targets([(), (LEFT,)], ROWS, COLUMNS)
    assert not targets["face"][0].any()
    assert not targets["box"][0, ..., 0].any()
    assert targets["face"][1].max() == 1.0
    assert targets["face"].dtype == targets["box"].dtype == np.float32


def test_targets_of_no_photos_have_their_shape() -> None:
    targets = dense.make_targets([], ROWS, COLUMNS)
    assert targets["face"].shape == (0, ROWS, COLUMNS, 1)
    assert targets["box"].shape == (0, ROWS, COLUMNS, 5)


def test_of_two_faces_in_one_place_the_smaller_is_in_front() -> None:
    large, small = Box(0.25, 0.25, 0.75, 0.75), Box(0.46, 0.46, 0.54, 0.54)
    for faces in [(large, small), (small, large)]:
        targets = targets_of(*faces)
        row, column = centre_cell(small)
        np.testing.assert_allclose(targets["box"][0, row, column, 1:], small.corners)
        np.testing.assert_allclose(targets["box"][0, row, column - 1, 1:], large.corners)


@pytest.mark.parametrize(
    "face",
    [
        Box(0.0, 0.0, 0.001, 0.001),
        Box(0.999, 0.999, 1.0, 1.0),
        Box(0.0, 0.4, 0.05, 0.6),
        Box(0.0, 0.0, 1.0, 1.0),
        Box(0.5, 0.5, 0.501, 0.501),
    ],
    ids=["first corner", "last corner", "edge", "whole", "tiny"],
)
def test_face_that_is_tiny_or_at_the_edge_has_its_peak(face: Box) -> None:
    targets = targets_of(face)
    row, column = centre_cell(face)
    assert targets["face"][0, row, column, 0] == 1.0
    assert targets["box"][0, row, column, 0] == 1.0
    np.testing.assert_allclose(targets["box"][0, row, column, 1:], face.corners, atol=1e-7)


@given(st.lists(boxes(), max_size=4))
def test_perfect_outputs_are_decoded_to_boxes_that_were_labelled(faces: list[Box]) -> None:
    targets = targets_of(*faces)
    outputs = {"face": targets["face"][0], "box": perfect_sides(targets)[0]}
    found = decode_dense(outputs, 0.999)
    assert bool(found) == bool(faces)
    assert len(found) <= len(faces)
    if len(faces) == 1:
        assert found[0].box.corners == pytest.approx(faces[0].corners, abs=1e-5)


def test_two_labelled_faces_are_decoded_to_two() -> None:
    targets = targets_of(LEFT, RIGHT)
    found = decode_dense({"face": targets["face"][0], "box": perfect_sides(targets)[0]}, 0.5)
    assert sorted(face.box.corners for face in found) == [
        pytest.approx(face.corners, abs=1e-6) for face in (LEFT, RIGHT)
    ]


# --- mirrored ------------------------------------------------------------------------------


@given(st.lists(boxes(), max_size=3))
def test_mirrored_twice_is_itself(faces: list[Box]) -> None:
    targets = targets_of(*faces)
    maps = [np.random.default_rng(1).normal(size=(1, 4, 6, 3))]
    again_maps, again = dense.mirrored(*dense.mirrored(maps, targets))
    np.testing.assert_array_equal(again_maps[0], maps[0])
    for name, values in targets.items():
        np.testing.assert_allclose(again[name], values, atol=1e-6)


def test_mirrored_targets_are_those_of_the_mirrored_boxes() -> None:
    # No centre on the border of two cells: which of them it counts for is arbitrary.
    faces = (Box(0.1, 0.25, 0.35, 0.75), Box(0.5, 0.1, 0.9, 0.8))
    mirror_images = tuple(Box(1 - f.x1, f.y0, 1 - f.x0, f.y1) for f in faces)
    targets = targets_of(*faces)
    before = {name: values.copy() for name, values in targets.items()}
    _, flipped = dense.mirrored([], targets)
    wanted = targets_of(*mirror_images)
    np.testing.assert_allclose(flipped["face"], wanted["face"], atol=1e-6)
    counts = wanted["box"][..., 0] > 0
    np.testing.assert_allclose(flipped["box"][counts], wanted["box"][counts], atol=1e-6)
    for name, values in before.items():
        np.testing.assert_array_equal(targets[name], values)


def test_mirrored_maps_are_mirror_images() -> None:
    fine, coarse = np.random.default_rng(0).normal(size=(2, 3, 6, 6, 2))
    flipped, _ = dense.mirrored([fine, coarse], targets_of(LEFT))
    np.testing.assert_array_equal(flipped[0], np.flip(fine, axis=2))
    np.testing.assert_array_equal(flipped[1], np.flip(coarse, axis=2))


# --- usual size ----------------------------------------------------------------------------


def test_usual_size_is_half_the_median_of_all_faces() -> None:
    labels = [(Box(0, 0, 0.25, 0.5),), (), (Box(0, 0, 0.5, 0.25), Box(0.5, 0.5, 1.0, 1.0))]
    assert dense.usual_half_size(labels) == pytest.approx((0.25, 0.25))


def test_usual_size_without_any_face_is_a_size() -> None:
    width, height = dense.usual_half_size([(), ()])
    assert 0 < width < 0.5 and 0 < height < 0.5


# --- losses --------------------------------------------------------------------------------


def numpy_focal_loss(heat: np.ndarray, face: np.ndarray) -> list[float]:
    losses = []
    for truth, guess in zip(heat.astype(float), face.astype(float), strict=True):
        total = peaks = 0.0
        for y, p in zip(truth.ravel(), np.clip(guess.ravel(), 1e-4, 1 - 1e-4), strict=True):
            if y == 1.0:
                total += (1 - p) ** 2 * np.log(p)
                peaks += 1
            else:
                total += (1 - y) ** 4 * p**2 * np.log(1 - p)
        losses.append(-total / max(peaks, 1.0))
    return losses


def numpy_giou(a: list[float], b: list[float]) -> float:
    width = max(min(a[2], b[2]) - max(a[0], b[0]), 0)
    height = max(min(a[3], b[3]) - max(a[1], b[1]), 0)
    area_a, area_b = ((box[2] - box[0]) * (box[3] - box[1]) for box in (a, b))
    union = area_a + area_b - width * height
    hull = (max(a[2], b[2]) - min(a[0], b[0])) * (max(a[3], b[3]) - min(a[1], b[1]))
    return width * height / union - (hull - union) / hull


def numpy_giou_loss(target: np.ndarray, sides: np.ndarray) -> list[float]:
    losses = []
    _, rows, columns, _ = target.shape
    for truth, guess in zip(target.astype(float), sides.astype(float), strict=True):
        total = weights = 0.0
        for row in range(rows):
            for column in range(columns):
                x, y = (column + 0.5) / columns, (row + 0.5) / rows
                left, upper, right, lower = guess[row, column]
                box = [x - left, y - upper, x + right, y + lower]
                weight, *wanted = truth[row, column]
                total += weight * (1 - numpy_giou(box, wanted))
                weights += weight
        losses.append(total / max(weights, 1.0))
    return losses


LABELS = [(LEFT, RIGHT), (), (LEFT,), (Box(0.9, 0.9, 1.0, 1.0),)]


@pytest.mark.slow
def test_focal_loss_is_that_of_the_paper_for_each_photo() -> None:
    heat = dense.make_targets(LABELS, ROWS, COLUMNS)["face"]
    face = np.random.default_rng(2).uniform(0, 1, heat.shape).astype(np.float32)
    losses = np.asarray(dense.focal_loss(heat, face))
    assert losses.shape == (4,)
    np.testing.assert_allclose(losses, numpy_focal_loss(heat, face), rtol=1e-4)
    alone = np.asarray(dense.focal_loss(heat[2:3], face[2:3]))
    np.testing.assert_allclose(alone, losses[2:3], rtol=1e-5)


@pytest.mark.slow
def test_focal_loss_is_finite_for_certain_mistakes_and_next_to_nothing_for_truth() -> None:
    heat = dense.make_targets(LABELS, ROWS, COLUMNS)["face"]
    peaks = (heat == 1.0).astype(np.float32)
    assert np.asarray(dense.focal_loss(heat, peaks)).max() < 1e-4
    wrong = np.asarray(dense.focal_loss(heat, 1 - peaks))
    assert np.isfinite(wrong).all() and (wrong > 1).all()


@pytest.mark.slow
def test_box_loss_is_that_of_the_paper_for_each_photo() -> None:
    target = dense.make_targets(LABELS, ROWS, COLUMNS)["box"]
    sides = np.random.default_rng(3).uniform(0.01, 0.4, (*target.shape[:3], 4))
    losses = np.asarray(dense.giou_loss(target, sides.astype(np.float32)))
    assert losses.shape == (4,)
    np.testing.assert_allclose(losses, numpy_giou_loss(target, sides), rtol=1e-4)
    assert losses[1] == 0.0
    assert (losses[[0, 2, 3]] > 0).all() and (losses <= 2).all()


@pytest.mark.slow
def test_box_loss_of_perfect_boxes_is_nothing() -> None:
    targets = dense.make_targets(LABELS, ROWS, COLUMNS)
    losses = np.asarray(dense.giou_loss(targets["box"], perfect_sides(targets)))
    np.testing.assert_allclose(losses, 0.0, atol=1e-5)


# --- the network ---------------------------------------------------------------------------


SHAPES = [(4, 4, 6), (2, 2, 5)]


def build(**changes: Any) -> Any:
    return dense.build_heads(SHAPES, [2.0, 0.5], (0.125, 0.25), replace(SETTINGS, **changes))


def some_maps(count: int = 3) -> list[np.ndarray]:
    random = np.random.default_rng(4)
    return [random.normal(size=(count, *shape)).astype(np.float32) for shape in SHAPES]


@pytest.mark.slow
def test_heads_begin_with_no_face_and_boxes_of_the_usual_size() -> None:
    outputs = build().predict_on_batch(some_maps())
    assert outputs["face"].shape == (3, 4, 4, 1)
    np.testing.assert_allclose(outputs["face"], 1 / (1 + np.exp(3.0)), rtol=1e-5)
    expected = np.broadcast_to([0.125, 0.25, 0.125, 0.25], (3, 4, 4, 4))
    np.testing.assert_allclose(outputs["box"], expected, rtol=1e-5)


@pytest.mark.slow
def test_what_moves_in_the_picture_moves_in_what_the_heads_say() -> None:
    shapes = [(9, 9, 6), (5, 5, 5)]
    heads = dense.build_heads(shapes, [1.0, 1.0], (0.1, 0.1), SETTINGS)
    heads.set_weights([np.full_like(array, 0.01) for array in heads.get_weights()])
    fine, coarse = (np.zeros((2, *shape), np.float32) for shape in shapes)
    places = [(2, 6), (5, 3)]
    for index, place in enumerate(places):
        fine[index][place] = 100.0
    for faces, place in zip(heads.predict_on_batch([fine, coarse])["face"], places, strict=True):
        assert np.unravel_index(faces[..., 0].argmax(), (9, 9)) == place


@pytest.mark.slow
def test_heads_for_larger_pictures_say_the_same_of_a_face_of_as_many_cells() -> None:
    random = np.random.default_rng(3)
    small, large = [(8, 8, 6), (4, 4, 5)], [(12, 12, 6), (6, 6, 5)]
    heads = dense.build_heads(small, [2.0, 0.5], (0.125, 0.25), SETTINGS)
    heads.set_weights([random.normal(0, 0.2, array.shape) for array in heads.get_weights()])
    larger = dense.resized_heads(heads, large, 1.5)
    colours = [random.normal(size=shape[2:]).astype(np.float32) for shape in small]

    def middle(network: Any, shapes: list[tuple[int, int, int]]) -> dict[str, np.ndarray]:
        """Of maps that are the same everywhere: nothing is at the edge there."""
        maps = [
            np.broadcast_to(colour, (1, *shape))
            for colour, shape in zip(colours, shapes, strict=True)
        ]
        row = shapes[0][0] // 2
        return {
            name: np.asarray(values)[0, row, row]
            for name, values in network.predict_on_batch(maps).items()
        }

    before, after = middle(heads, small), middle(larger, large)
    np.testing.assert_allclose(after["face"], before["face"], rtol=1e-5)
    np.testing.assert_allclose(after["box"], before["box"] / 1.5, rtol=1e-5)
    back = middle(dense.resized_heads(larger, small, 1 / 1.5), small)
    np.testing.assert_allclose(back["box"], before["box"], rtol=1e-5)
    assert dense.resized_heads(heads, small, 1.0) is heads


@pytest.mark.slow
def test_sides_stay_finite_and_positive_whatever_is_learned() -> None:
    heads = build()
    heads.set_weights([np.full_like(array, 50.0) for array in heads.get_weights()])
    maps = [1e3 * array for array in some_maps()]
    for scaled in (maps, [-array for array in maps]):
        outputs = heads.predict_on_batch(scaled)
        assert np.isfinite(outputs["box"]).all() and (outputs["box"] > 0).all()
        assert ((outputs["face"] >= 0) & (outputs["face"] <= 1)).all()


@pytest.mark.slow
def test_same_seed_begins_with_the_same_heads() -> None:
    mine, same, other = (build(seed=seed).get_weights() for seed in (1, 1, 2))
    for first, second in zip(mine, same, strict=True):
        np.testing.assert_array_equal(first, second)
    assert any(not np.array_equal(first, third) for first, third in zip(mine, other, strict=True))


@pytest.mark.slow
def test_losses_are_means_over_photos_and_add_up() -> None:
    """Of three photos in batches of two, the last one counts for a third."""
    settings = replace(SETTINGS, classification_weight=0.25)
    heads, maps = build(), some_maps()
    dense.compile_heads(heads, settings)
    labels = [(LEFT, RIGHT), (), (Box(0.5, 0.5, 1.0, 1.0),)]
    targets = dense.make_targets(labels, 4, 4)
    logs = heads.evaluate(maps, targets, batch_size=2, verbose=0, return_dict=True)
    outputs = heads.predict_on_batch(maps)
    face = np.mean(numpy_focal_loss(targets["face"], outputs["face"]))
    box = np.mean(numpy_giou_loss(targets["box"], outputs["box"]))
    assert logs[f"face_{PER_PHOTO}"] == pytest.approx(face, rel=1e-3)
    assert logs[f"box_{PER_PHOTO}"] == pytest.approx(box, rel=1e-3)
    assert logs["loss"] == pytest.approx(box + 0.25 * face, rel=1e-3)
