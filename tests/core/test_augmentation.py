"""Copies of photos: boxes stay on faces, no frame is too small, a seed is kept."""

from __future__ import annotations

import random
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from facegui.core.augmentation import AugmentedSample, augment, reduce_photo
from facegui.core.augmentation_settings import (
    PRESETS,
    AugmentationSettings,
    TransformSettings,
)
from facegui.core.boxes import Box, boxes_to_array, iou
from facegui.core.images import Pixels

PRESET_SETTINGS = {preset.name: preset.settings for preset in PRESETS}
NOTHING = replace(PRESET_SETTINGS["none"], min_visibility=0.0)
FACE = Box(200.0, 120.0, 320.0, 280.0)


def only(strength: float, name: str, **others: float) -> AugmentationSettings:
    """Settings with one transform, used on every copy."""
    transform = TransformSettings(True, strength, 1.0)
    return replace(NOTHING, **{name: transform}, **others)


def photo_with(box: Box, width: int = 640, height: int = 480, *, oval: bool = False) -> Pixels:
    """A dark photo with a bright face: exactly its box, or the oval in it."""
    pixels = np.full((height, width, 3), 40, np.uint8)
    x0, y0, x1, y1 = map(int, box.corners)
    if oval:
        yy, xx = np.mgrid[0:height, 0:width] + 0.5
        inside = ((xx - (x0 + x1) / 2) / (x1 - x0)) ** 2 + ((yy - (y0 + y1) / 2) / (y1 - y0)) ** 2
        pixels[inside <= 0.25] = 220
    else:
        pixels[y0:y1, x0:x1] = 220
    return pixels


def seen(sample: AugmentedSample) -> Box | None:
    """Where the bright face is in a copy."""
    rows, columns = np.nonzero(sample.pixels[:, :, 1] > 130)
    if len(rows) == 0:
        return None
    return Box(columns.min(), rows.min(), columns.max() + 1, rows.max() + 1)


def copies(
    pixels: Pixels, chosen: AugmentationSettings, count: int = 12, box: Box = FACE
) -> list[AugmentedSample]:
    return [
        augment(pixels, [box], chosen, photo="a.jpg", copy=number) for number in range(1, count + 1)
    ]


def overlap(first: Box, second: Box) -> float:
    return float(iou(boxes_to_array([first]), boxes_to_array([second]))[0, 0])


# --- boxes ----------------------------------------------------------------------------


def test_box_follows_the_mirror_exactly() -> None:
    pixels = photo_with(FACE)
    copy = augment(pixels, [FACE], only(0.0, "horizontal_flip"), photo="a", copy=1)
    np.testing.assert_array_equal(copy.pixels, pixels[:, ::-1])
    assert copy.boxes[0].corners == pytest.approx((320, 120, 440, 280), abs=1e-6)


def test_box_follows_upside_down_exactly() -> None:
    pixels = photo_with(FACE)
    copy = augment(pixels, [FACE], only(0.0, "vertical_flip"), photo="a", copy=1)
    np.testing.assert_array_equal(copy.pixels, pixels[::-1])
    assert copy.boxes[0].corners == pytest.approx((200, 200, 320, 360), abs=1e-6)


def test_box_follows_the_crop_exactly() -> None:
    sizes = set()
    for copy in copies(photo_with(FACE), only(60.0, "random_crop")):
        sizes.add(copy.pixels.shape)
        assert (copy.boxes[0] if copy.boxes else None) == seen(copy)
    assert len(sizes) > 6


@pytest.mark.parametrize("degrees", [5.0, 20.0, 45.0])
def test_box_fits_a_turned_head(degrees: float) -> None:
    for copy in copies(photo_with(FACE, oval=True), only(degrees, "rotation")):
        found = seen(copy)
        assert found is not None
        assert overlap(copy.boxes[0], found) > 0.97


def test_box_follows_everything_together() -> None:
    geometry = replace(
        only(40.0, "random_crop", longest_side=320),
        rotation=TransformSettings(True, 15.0, 1.0),
        horizontal_flip=TransformSettings(True, 0.0, 0.5),
        vertical_flip=TransformSettings(True, 0.0, 0.5),
        rgb_shift=TransformSettings(True, 20.0, 1.0),
    )
    for copy in copies(photo_with(FACE, oval=True), geometry, 20):
        found = seen(copy)
        assert found is not None
        assert overlap(copy.boxes[0], found) > 0.93


def test_several_faces_keep_their_order() -> None:
    other = Box(400.0, 100.0, 500.0, 200.0)
    copy = augment(photo_with(FACE), [FACE, other], only(0.0, "horizontal_flip"), photo="a", copy=1)
    assert [round(box.x0) for box in copy.boxes] == [320, 140]


def test_face_mostly_cropped_away_is_no_face() -> None:
    corner = Box(0.0, 0.0, 200.0, 200.0)
    chosen = only(80.0, "random_crop", min_visibility=0.3)
    with_face = 0
    for copy in copies(photo_with(corner), chosen, 60, corner):
        share = np.count_nonzero(copy.pixels[:, :, 1] > 130) / corner.area
        assert bool(copy.boxes) == (share >= 0.3)
        with_face += bool(copy.boxes)
    assert 5 < with_face < 55


def test_what_is_left_of_a_face_counts_over_all_steps() -> None:
    """Half by turning it out of the picture, then half by the crop: a quarter is left."""
    edge = Box(0.0, 100.0, 60.0, 380.0)
    chosen = replace(
        only(40.0, "random_crop", min_visibility=0.6), rotation=TransformSettings(True, 30.0, 1.0)
    )
    pixels = photo_with(edge, oval=True)
    for copy in copies(pixels, chosen, 40, edge):
        for box in copy.boxes:
            visible = np.count_nonzero(copy.pixels[:, :, 1] > 130)
            assert visible > 0.5 * np.count_nonzero(pixels[:, :, 1] > 130)
            assert box.area >= 0.55 * edge.area


def test_box_that_reaches_outside_the_photo_is_cut_off() -> None:
    box = Box(-50.0, -20.0, 100.0, 90.0)
    copy = augment(photo_with(FACE), [box, Box(-9.0, 0.0, -1.0, 5.0)], NOTHING, photo="a", copy=1)
    assert copy.boxes == (Box(0.0, 0.0, 100.0, 90.0),)


def test_photo_without_a_face_stays_without() -> None:
    chosen = PRESET_SETTINGS["strong"]
    for number in range(1, 9):
        assert augment(photo_with(FACE), [], chosen, photo="a", copy=number).boxes == ()


# --- pictures -------------------------------------------------------------------------


@settings(max_examples=60)
@given(
    width=st.one_of(st.integers(1, 40), st.sampled_from([641, 3000])),
    height=st.one_of(st.integers(1, 40), st.sampled_from([1, 700])),
    preset=st.sampled_from(["standard", "tutorial", "strong"]),
    copy=st.integers(1, 1000),
)
def test_no_frame_is_too_small_or_too_wide(width: int, height: int, preset: str, copy: int) -> None:
    pixels = np.full((height, width, 3), 99, np.uint8)
    chosen = replace(PRESET_SETTINGS[preset], min_visibility=0.0)
    box = Box(0.0, 0.0, float(width), float(height))
    made = augment(pixels, [box], chosen, photo="a", copy=copy)
    new_height, new_width, channels = made.pixels.shape
    assert channels == 3 and made.pixels.dtype == np.uint8
    assert 1 <= new_width <= 640 and 1 <= new_height <= 640
    for face in made.boxes:
        assert face.clipped(new_width, new_height) == face


def test_large_copies_are_reduced_and_small_ones_left() -> None:
    wide = augment(photo_with(FACE, 2000, 1000), [FACE], NOTHING, photo="a", copy=1)
    assert wide.pixels.shape == (320, 640, 3)
    assert wide.boxes[0].corners == pytest.approx([value * 0.32 for value in FACE.corners])
    small = augment(photo_with(FACE, 400, 300), [FACE], NOTHING, photo="a", copy=1)
    assert small.pixels.shape == (300, 400, 3)


def test_copies_of_a_reduced_photo_are_those_of_the_photo() -> None:
    noise = np.random.default_rng(1).integers(0, 256, (60, 90, 3), dtype=np.uint8)
    pixels = cv2.resize(noise, (2250, 1500))
    chosen = PRESET_SETTINGS["strong"]
    box = Box(700.0, 500.0, 1300.0, 1200.0)
    reduced = reduce_photo(pixels, [box], chosen)
    assert max(reduced.pixels.shape) == 1600
    for number in range(1, 5):
        whole = augment(pixels, [box], chosen, photo="a", copy=number)
        other = augment(reduced.pixels, reduced.boxes, chosen, photo="a", copy=number)
        np.testing.assert_array_equal(whole.pixels, other.pixels)
        assert whole.boxes == other.boxes


@pytest.mark.parametrize(
    ("name", "strength"),
    [
        ("brightness_contrast", 40.0),
        ("gamma", 50.0),
        ("rgb_shift", 30.0),
        ("blur", 3.0),
        ("noise", 20.0),
        ("jpeg_quality", 80.0),
    ],
)
def test_each_transform_changes_the_picture_and_no_box(name: str, strength: float) -> None:
    pixels = photo_with(FACE)
    made = copies(pixels, only(strength, name), 6)
    assert any(not np.array_equal(copy.pixels, pixels) for copy in made)
    assert all(copy.boxes == (FACE,) and copy.pixels.shape == pixels.shape for copy in made)


def test_colours_are_shifted_by_levels_of_255() -> None:
    pixels = np.full((20, 20, 3), 100, np.uint8)
    shifts = [int(copy.pixels.max()) - 100 for copy in copies(pixels, only(1.0, "rgb_shift"), 9)]
    assert max(map(abs, shifts)) <= 1


def test_noise_has_the_deviation_that_was_asked_for() -> None:
    pixels = np.full((200, 200, 3), 128, np.uint8)
    deviations = [copy.pixels.std() for copy in copies(pixels, only(20.0, "noise"), 30)]
    assert 15.0 < max(deviations) < 20.5
    assert abs(copies(pixels, only(20.0, "noise"), 1)[0].pixels.mean() - 128) < 1


@pytest.mark.parametrize("name", ["random_crop", "rotation", "brightness_contrast", "gamma"])
def test_strength_nothing_changes_nothing(name: str) -> None:
    pixels = photo_with(FACE)
    for copy in copies(pixels, only(0.0, name), 3):
        np.testing.assert_array_equal(copy.pixels, pixels)
        assert copy.boxes[0].corners == pytest.approx(FACE.corners, abs=1e-3)


def test_probability_is_the_share_of_copies() -> None:
    chosen = replace(NOTHING, horizontal_flip=TransformSettings(True, 0.0, 0.25))
    flipped = sum(copy.boxes[0] != FACE for copy in copies(photo_with(FACE, 400, 300), chosen, 200))
    assert 30 <= flipped <= 70


def test_transforms_are_drawn_apart_from_each_other() -> None:
    """What is mirrored is not always turned upside down as well."""
    half = TransformSettings(True, 0.0, 0.5)
    chosen = replace(NOTHING, horizontal_flip=half, vertical_flip=half)
    corners = {
        (copy.boxes[0].x0, copy.boxes[0].y0) for copy in copies(photo_with(FACE), chosen, 40)
    }
    assert len(corners) == 4


def test_photo_itself_is_never_changed_or_shared() -> None:
    pixels = photo_with(FACE)
    before = pixels.copy()
    for preset in PRESET_SETTINGS.values():
        for copy in copies(pixels, preset, 5):
            assert not np.shares_memory(copy.pixels, pixels)
    np.testing.assert_array_equal(pixels, before)


# --- the seed -------------------------------------------------------------------------


def same(first: AugmentedSample, second: AugmentedSample) -> bool:
    return np.array_equal(first.pixels, second.pixels) and first.boxes == second.boxes


def test_same_seed_same_copy_other_seed_photo_or_number_another() -> None:
    chosen = PRESET_SETTINGS["standard"]
    pixels = photo_with(FACE)
    first = augment(pixels, [FACE], chosen, photo="a.jpg", copy=1)
    assert same(first, augment(pixels, [FACE], chosen, photo="a.jpg", copy=1))
    reseeded = replace(chosen, seed=1)
    assert not same(first, augment(pixels, [FACE], reseeded, photo="a.jpg", copy=1))
    assert not same(first, augment(pixels, [FACE], chosen, photo="b.jpg", copy=1))
    assert not same(first, augment(pixels, [FACE], chosen, photo="a.jpg", copy=2))


def test_copies_do_not_depend_on_threads_or_order() -> None:
    chosen = PRESET_SETTINGS["strong"]
    pixels = photo_with(FACE)
    expected = copies(pixels, chosen, 24)
    order = list(range(24))
    random.Random(3).shuffle(order)

    def make(number: int) -> AugmentedSample:
        return augment(pixels, [FACE], chosen, photo="a.jpg", copy=number + 1)

    with ThreadPoolExecutor(4) as pool:
        made = dict(zip(order, pool.map(make, order), strict=True))
    assert all(same(made[number], expected[number]) for number in range(24))


def test_changing_one_transform_leaves_the_others_as_they_were() -> None:
    chosen = PRESET_SETTINGS["tutorial"]
    brighter = replace(chosen, brightness_contrast=TransformSettings(True, 40.0, 1.0))
    pixels = photo_with(FACE)
    for before, after in zip(copies(pixels, chosen), copies(pixels, brighter), strict=True):
        assert before.boxes == after.boxes
        assert before.pixels.shape == after.pixels.shape


def test_importing_does_not_load_albumentations() -> None:
    code = (
        "import sys, facegui.core.augmentation, facegui.core.augmenter\n"
        "sys.exit('albumentations' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
