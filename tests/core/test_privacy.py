"""Nobody is recognised where there is a box, and the rest stays as it is."""

from __future__ import annotations

import numpy as np
import pytest

from facegui.core.boxes import Box, Detection
from facegui.core.privacy import (
    LEAST_CONFIDENCE,
    blur_everything,
    blur_faces,
    places_to_hide,
)
from facegui.core.tracking import Track

PICTURE = np.random.default_rng(0).integers(0, 256, (120, 160, 3), np.uint8)
PICTURE.setflags(write=False)


def detail(pixels: np.ndarray) -> float:
    """How much neighbours differ."""
    return float(np.abs(np.diff(pixels.astype(float), axis=1)).mean())


def test_faces_lose_their_detail_and_the_rest_keeps_it() -> None:
    blurred = blur_faces(PICTURE, [Box(40, 30, 90, 90)])
    assert detail(blurred[30:90, 40:90]) < detail(PICTURE[30:90, 40:90]) / 20
    assert np.array_equal(blurred[:, 110:], PICTURE[:, 110:])
    assert np.array_equal(blurred[:10], PICTURE[:10])


def test_more_than_the_box_is_blurred() -> None:
    blurred = blur_faces(PICTURE, [Box(40, 30, 90, 90)])
    assert detail(blurred[30:90, 34:40]) < 20


@pytest.mark.parametrize(
    "box", [Box(-50, -50, 20, 20), Box(150, 110, 400, 400), Box(3.2, 4.1, 3.9, 4.6)]
)
def test_boxes_at_the_edge_and_tiny_ones_are_no_trouble(box: Box) -> None:
    assert blur_faces(PICTURE, [box]).shape == PICTURE.shape


def test_without_a_box_nothing_is_copied() -> None:
    assert blur_faces(PICTURE, []) is PICTURE
    assert blur_faces(PICTURE, [Box(500, 500, 600, 600)]) is PICTURE


def test_doubtful_faces_and_carried_ones_are_hidden_but_no_noise() -> None:
    doubtful = Detection(Box(0, 0, 9, 9), LEAST_CONFIDENCE)
    noise = Detection(Box(50, 50, 60, 60), LEAST_CONFIDENCE / 2)
    carried = Track(1, Box(20, 20, 40, 40), doubtful, carried_s=0.1)
    assert places_to_hide([doubtful, noise], [carried]) == (doubtful.box, carried.box)


def test_everything_can_be_blurred() -> None:
    assert detail(blur_everything(PICTURE)) < detail(PICTURE) / 20
    assert blur_everything(np.zeros((1, 1, 3), np.uint8)).shape == (1, 1, 3)
