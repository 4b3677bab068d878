"""Copies put together from two photos: boxes fit, the choice is stable, nothing is needed."""

from __future__ import annotations

import random
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from facegui.core.augmentation import AugmentedSample, augment
from facegui.core.augmentation_partners import POOL, Partner, Partners, partners_among
from facegui.core.augmentation_settings import PRESETS, AugmentationSettings, TransformSettings
from facegui.core.boxes import Box, boxes_to_array, iou
from facegui.core.errors import UserError
from facegui.core.images import Pixels, write_picture
from facegui.core.photo_library import Photo, Sample

NOTHING = replace(next(preset.settings for preset in PRESETS if preset.name == "none"), copies=1)
FACES = (Box(60.0, 40.0, 120.0, 120.0), Box(200.0, 100.0, 250.0, 160.0))
RED, BLUE = (200, 20, 20), (20, 20, 200)


def only(name: str, strength: float) -> AugmentationSettings:
    changes = {name: TransformSettings(True, strength, 1.0)}
    return replace(NOTHING, **changes)  # type: ignore[arg-type]


def picture(boxes: tuple[Box, ...], colour: tuple[int, int, int]) -> Pixels:
    """Dark grey, with each box filled in a colour."""
    pixels = np.full((240, 320, 3), 60, np.uint8)
    for box in boxes:
        x0, y0, x1, y1 = map(int, box.corners)
        pixels[y0:y1, x0:x1] = colour
    return pixels


def among(*others: tuple[Box, ...]) -> Partners:
    """Partners whose faces are blue."""
    photos = {f"other-{number}": boxes for number, boxes in enumerate(others)}
    return Partners(
        {name: len(boxes) for name, boxes in photos.items()},
        lambda name: Partner(picture(photos[name], BLUE), photos[name]),
    )


def made(
    settings: AugmentationSettings, partners: Partners | None, boxes: tuple[Box, ...] = FACES
) -> list[AugmentedSample]:
    pixels = picture(boxes, RED)
    return [
        augment(pixels, boxes, settings, photo="a", copy=number, partners=partners)
        for number in range(1, 25)
    ]


def share_of(pixels: Pixels, box: Box, colour: tuple[int, int, int]) -> float:
    """Of the box's pixels, those of about that colour."""
    x0, y0, x1, y1 = map(round, box.corners)
    near = np.abs(pixels[y0:y1, x0:x1].astype(int) - colour).max(axis=2) < 40
    return float(near.mean())


@pytest.mark.parametrize("partners", [None, among(()), among((), ()), among(FACES, ())])
def test_zooming_out_keeps_every_face_in_its_box(partners: Partners | None) -> None:
    areas = set()
    for copy in made(only("zoom_out", 60.0), partners):
        assert copy.pixels.shape == (240, 320, 3)
        own = [box for box in copy.boxes if share_of(copy.pixels, box, RED) > 0.8]
        others = [box for box in copy.boxes if share_of(copy.pixels, box, BLUE) > 0.7]
        assert len(own) == len(FACES)
        assert len(own) + len(others) == len(copy.boxes)
        areas.add(round(own[0].area))
    assert len(areas) > 8


def test_faces_of_the_canvas_are_boxed_too() -> None:
    copies = made(only("zoom_out", 80.0), among(FACES))
    blue = [box for copy in copies for box in copy.boxes if share_of(copy.pixels, box, BLUE) > 0.7]
    assert len(blue) >= 3
    for copy in copies:
        seen = (copy.pixels[..., 2] > 150) & (copy.pixels[..., 0] < 100)
        boxed = np.zeros(seen.shape, bool)
        for box in copy.boxes:
            x0, y0, x1, y1 = (round(value) for value in box.corners)
            boxed[max(y0 - 1, 0) : y1 + 1, max(x0 - 1, 0) : x1 + 1] = True
        # At most a sliver of a face that the photo hides nearly wholly.
        assert (seen & ~boxed).sum() < 0.12 * FACES[0].area


@pytest.mark.parametrize("partners", [None, among(()), among(FACES)])
def test_pasted_faces_are_in_their_boxes_and_apart(partners: Partners | None) -> None:
    for copy in made(only("paste", 50.0), partners):
        own = [box for box in copy.boxes if share_of(copy.pixels, box, RED) > 0.6]
        assert own
        for box in own:
            assert box.clipped(320, 240) == box
        array = boxes_to_array(copy.boxes)
        overlaps = iou(array, array)
        np.fill_diagonal(overlaps, 0.0)
        assert overlaps.max() < 0.1


def test_pasting_takes_faces_away_from_their_background() -> None:
    photo = picture(FACES, RED)
    photo[:30] = 255
    kept = [
        augment(photo, FACES, only("paste", 50.0), photo="a", copy=copy, partners=among(()))
        for copy in range(1, 25)
    ]
    bright = [bool((copy.pixels[:10].min(axis=2) > 250).all()) for copy in kept]
    assert not any(bright)


def test_a_photo_without_a_face_gets_none_by_pasting() -> None:
    pixels = picture((), RED)
    copy = augment(pixels, (), only("paste", 50.0), photo="a", copy=1, partners=among(FACES))
    assert copy.boxes == ()
    np.testing.assert_array_equal(copy.pixels, pixels)


@pytest.mark.parametrize("name", ["zoom_out", "paste"])
def test_the_photo_itself_is_not_changed(name: str) -> None:
    pixels = picture(FACES, RED)
    before, partners = pixels.copy(), among(FACES, ())
    for number in range(8):
        augment(pixels, FACES, only(name, 60.0), photo="a", copy=number, partners=partners)
    np.testing.assert_array_equal(pixels, before)


def same(first: AugmentedSample, second: AugmentedSample) -> bool:
    return first.boxes == second.boxes and np.array_equal(first.pixels, second.pixels)


def test_copies_are_the_same_on_any_thread_and_in_any_order() -> None:
    settings = replace(only("zoom_out", 60.0), paste=TransformSettings(True, 50.0, 1.0))
    others = [FACES, (), FACES, (), ()]
    first = made(settings, among(*others))
    partners, pixels = among(*others), picture(FACES, RED)

    def copy(number: int) -> AugmentedSample:
        return augment(pixels, FACES, settings, photo="a", copy=number, partners=partners)

    with ThreadPoolExecutor(4) as pool:
        again = list(pool.map(copy, range(24, 0, -1)))[::-1]
    assert all(map(same, first, again))


def chosen(partners: Partners, count: int = 300) -> list[bytes]:
    picks = [partners.choose(random.Random(number), "a") for number in range(count)]
    return [pick.pixels.tobytes() for pick in picks if pick is not None]


def named(names: list[str]) -> Partners:
    def read(name: str) -> Partner:
        return Partner(np.frombuffer(name.ljust(12).encode(), np.uint8).reshape(2, 2, 3), ())

    return Partners(dict.fromkeys(names, 0), read)


def test_a_few_new_photos_change_few_choices() -> None:
    names = [f"p{number}" for number in range(150)]
    before, after = chosen(named(names)), chosen(named([*names, *(f"q{n}" for n in range(10))]))
    changed = sum(a != b for a, b in zip(before, after, strict=True))
    assert 0 < changed < 0.2 * len(before)


def test_choices_are_from_a_bounded_pool_and_never_the_photo_itself() -> None:
    names = [f"p{number}" for number in range(150)]
    assert len(set(chosen(named(names)))) <= POOL
    alone = named(["a"])
    assert alone.choose(random.Random(0), "a") is None


def test_empty_partners_show_no_face() -> None:
    partners = among(FACES, (), FACES)
    picks = [partners.choose(random.Random(n), "a", empty=True) for n in range(9)]
    assert all(pick is not None and not pick.boxes for pick in picks)
    assert among(FACES).choose(random.Random(0), "a", empty=True) is None


def unreadable(name: str) -> Partner:
    raise UserError(f"{name} cannot be read.", "")


@pytest.mark.parametrize("name", ["zoom_out", "paste"])
def test_partners_that_cannot_be_read_are_done_without(name: str) -> None:
    partners = Partners({"x": 1, "y": 0}, unreadable)
    copy = augment(
        picture(FACES, RED), FACES, only(name, 50.0), photo="a", copy=1, partners=partners
    )
    assert copy.boxes


def test_large_photos_are_kept_small_with_boxes_that_fit(tmp_path: Path) -> None:
    box = Box(400.0, 200.0, 800.0, 800.0)
    pixels = np.full((1000, 2000, 3), 60, np.uint8)
    pixels[200:800, 400:800] = BLUE
    write_picture(tmp_path / "large.png", pixels)
    sample = Sample(Photo("large.png", tmp_path / "large.png"), (box,))
    partner = partners_among([sample], 0).choose(random.Random(0), "a")
    assert partner is not None
    assert max(partner.pixels.shape) == 640
    assert share_of(partner.pixels, partner.boxes[0], BLUE) > 0.95


COLOURS: dict[str, Callable[[Pixels], bool]] = {
    "grey": lambda pixels: bool((pixels.max(axis=2) == pixels.min(axis=2)).all()),
    "hue": lambda pixels: not np.array_equal(pixels[60, 80], RED),
    "saturation": lambda pixels: not np.array_equal(pixels[60, 80], RED),
}


@pytest.mark.parametrize("name", COLOURS)
def test_colours_change_and_boxes_do_not(name: str) -> None:
    strength = {"grey": 0.0, "hue": 90.0, "saturation": 100.0}[name]
    copies = made(only(name, strength), None)
    assert sum(COLOURS[name](copy.pixels) for copy in copies) >= 0.8 * len(copies)
    for copy in copies:
        np.testing.assert_allclose(boxes_to_array(copy.boxes), boxes_to_array(FACES), atol=1e-6)
        # Grey stays grey: it is colour alone that changes.
        assert np.abs(copy.pixels[200, 20].astype(int) - 60).max() <= 2
