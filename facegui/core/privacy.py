"""Faces made unrecognisable."""

from __future__ import annotations

from collections.abc import Iterable

import cv2
import numpy as np

from facegui.core.boxes import Box, Detection
from facegui.core.images import Pixels
from facegui.core.tracking import Track

MARGIN = 0.15
"""Of a box's width and height, added on every side: boxes are never exact."""

TILES = 6
"""Across a face: so few that nobody is known by them. Blurring alone could be undone."""

LEAST_CONFIDENCE = 0.15
"""From which on a place is blurred, whatever the threshold says: rather one too many."""

_STRONG = 24
"""The share of the shorter side of a picture that a tile has in `blur_everything`."""


def blur_faces(pixels: Pixels, boxes: Iterable[Box]) -> Pixels:
    """A picture in which nobody can be recognised where there is a box.

    Args:
        pixels: (h, w, 3) RGB uint8; stays as it is.
        boxes: in pixels of the picture.

    Returns:
        A copy; `pixels` itself where there is no box.
    """
    height, width = pixels.shape[:2]
    blurred = None
    for box in boxes:
        across, down = MARGIN * box.width, MARGIN * box.height
        wider = Box(box.x0 - across, box.y0 - down, box.x1 + across, box.y1 + down)
        inside = wider.clipped(width, height)
        if inside is None:
            continue
        if blurred is None:
            blurred = pixels.copy()
        left, top = int(inside.x0), int(inside.y0)
        right, bottom = int(np.ceil(inside.x1)), int(np.ceil(inside.y1))
        side = max(1.0, max(right - left, bottom - top) / TILES)
        blurred[top:bottom, left:right] = _tiles(blurred[top:bottom, left:right], side)
    return pixels if blurred is None else blurred


def places_to_hide(detections: Iterable[Detection], tracks: Iterable[Track]) -> tuple[Box, ...]:
    """Where in a picture there is or was or may be a face.

    Args:
        detections: all, also those too doubtful to be shown.
        tracks: the faces that are followed, carried ones too.
    """
    likely = (one.box for one in detections if one.confidence >= LEAST_CONFIDENCE)
    return (*likely, *(track.box for track in tracks))


def blur_everything(pixels: Pixels) -> Pixels:
    """A copy in which nothing can be recognised: while nobody knows yet where the faces are."""
    return _tiles(pixels, max(1.0, min(pixels.shape[:2]) / _STRONG))


def _tiles(pixels: Pixels, side: float) -> Pixels:
    """The mean of every tile, softly drawn: the rest of the picture is thrown away."""
    height, width = pixels.shape[:2]
    size = (max(1, round(width / side)), max(1, round(height / side)))
    means = cv2.resize(pixels, size, interpolation=cv2.INTER_AREA)
    soft: Pixels = cv2.resize(means, (width, height), interpolation=cv2.INTER_LINEAR)
    return soft
