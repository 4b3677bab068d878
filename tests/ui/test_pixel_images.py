"""Pictures cross to Qt with their colours and rows where they were."""

from __future__ import annotations

import numpy as np

from facegui.ui.pixel_images import image_of


def test_picture_of_odd_width_keeps_its_colours_and_rows() -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (4, 5, 3), np.uint8)
    image = image_of(pixels).copy()
    assert (image.width(), image.height()) == (5, 4)
    for x, y in ((0, 0), (4, 3)):
        assert image.pixelColor(x, y).getRgb()[:3] == tuple(pixels[y, x])
