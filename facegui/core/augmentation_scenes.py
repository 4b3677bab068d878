"""Copies put together from two photos: one made smaller on another, or its faces moved there.

A face that always stands before the same wall, always as large, is learned with
that wall and that size; these steps give it others.

Sources: Liu et al., "SSD", ECCV 2016, section 2.2 (the photo smaller on a larger
canvas); Dwibedi et al., "Cut, Paste and Learn", ICCV 2017 (soft edges, so that the
seam is no clue).
"""

from __future__ import annotations

import random
from collections.abc import Callable

import cv2
import numpy as np
import numpy.typing as npt

from facegui.core.augmentation_partners import Partner
from facegui.core.boxes import FloatArray, boxes_to_array
from facegui.core.images import Pixels, resized

Boxes = FloatArray
"""(n, 4) x0 y0 x1 y1 in pixels, inside the picture."""

FindPartner = Callable[[random.Random, bool], Partner | None]
"""Takes random numbers, and whether the partner must show no face."""

_TRIES = 8
_UNTOUCHED, _GONE = 0.05, 0.95
"""Shares hidden: a face of the canvas is still one up to the first, none from the second on."""
_PARTNER_SHARE = 0.7
_OWN_BACKGROUND_SHARE = 0.25
_SOFT_EDGE = 0.12
"""Of a cut-out face's width and height."""
_LARGEST_PASTED = 0.85
_SMALLEST_PASTED_PIXELS = 16.0


def zoomed_out(
    pixels: Pixels, boxes: Boxes, percent: float, numbers: random.Random, find: FindPartner
) -> tuple[Pixels, Boxes]:
    """The photo smaller by up to `percent` of its sides, on a canvas of its size.

    The canvas is another photo, whose faces keep their boxes, or the photo's own
    colours, blurred.
    """
    height, width = pixels.shape[:2]
    factor = 1.0 - numbers.uniform(0.0, percent) / 100.0
    size = max(1, round(width * factor)), max(1, round(height * factor))
    canvas, others = _canvas(pixels, numbers, find)
    place = _place(others, size, (width, height), numbers)
    if place is None:
        canvas, others = _blurred(pixels), boxes_to_array([])
        place = _random_place(size, (width, height), numbers)
    x, y = place
    canvas[y : y + size[1], x : x + size[0]] = resized(np.ascontiguousarray(pixels), *size)
    across, down = size[0] / width, size[1] / height
    moved = boxes * (across, down, across, down) + (x, y, x, y)
    visible = others[_hidden(others, (x, y, x + size[0], y + size[1])) <= _UNTOUCHED]
    return canvas, np.concatenate([moved, visible])


def pasted(
    pixels: Pixels, boxes: Boxes, percent: float, numbers: random.Random, find: FindPartner
) -> tuple[Pixels, Boxes]:
    """The photo's faces cut out and put elsewhere, larger or smaller by up to `percent`.

    Elsewhere is another photo, one without a face where there are any, or the
    photo's own blurred colours. A photo without a face stays as it is.
    """
    if len(boxes) == 0:
        return pixels, boxes
    height, width = pixels.shape[:2]
    own = numbers.random() < _OWN_BACKGROUND_SHARE
    partner = None if own else (find(numbers, True) or find(numbers, False))
    if partner is None:
        canvas, others = _blurred(pixels), boxes_to_array([])
    else:
        canvas, others = _filling(partner, width, height, numbers)
    put: list[list[float]] = others.tolist()
    for box in boxes.tolist():
        face = pixels[_rows_and_columns(box, width, height)]
        size = _pasted_size(face, (width, height), percent, numbers)
        place = _place(np.array(put).reshape(-1, 4), size, (width, height), numbers, apart=True)
        if place is None:
            continue
        _blend(canvas, resized(np.ascontiguousarray(face), *size), place)
        put.append([place[0], place[1], place[0] + size[0], place[1] + size[1]])
    if len(put) == len(others):
        return pixels, boxes
    return canvas, np.array(put, dtype=np.float64)


def _pasted_size(
    face: Pixels, canvas: tuple[int, int], percent: float, numbers: random.Random
) -> tuple[int, int]:
    """Width and height that a face has where it is put."""
    height, width = face.shape[:2]
    least = 1.0 - percent / 100.0
    factor = np.exp(numbers.uniform(np.log(least), -np.log(least)))
    smallest = _SMALLEST_PASTED_PIXELS / min(width, height)
    largest = _LARGEST_PASTED * min(canvas[0] / width, canvas[1] / height)
    factor = min(max(factor, min(smallest, 1.0)), largest)
    return max(1, round(width * factor)), max(1, round(height * factor))


def _canvas(pixels: Pixels, numbers: random.Random, find: FindPartner) -> tuple[Pixels, Boxes]:
    partner = find(numbers, False) if numbers.random() < _PARTNER_SHARE else None
    if partner is None:
        return _blurred(pixels), boxes_to_array([])
    height, width = pixels.shape[:2]
    return _filling(partner, width, height, numbers)


def _filling(
    partner: Partner, width: int, height: int, numbers: random.Random
) -> tuple[Pixels, Boxes]:
    """The partner at such a size that it fills the canvas, a random part of it."""
    own_height, own_width = partner.pixels.shape[:2]
    factor = max(width / own_width, height / own_height)
    size = max(width, round(own_width * factor)), max(height, round(own_height * factor))
    x, y = _random_place((width, height), size, numbers)
    filled = resized(partner.pixels, *size)[y : y + height, x : x + width].copy()
    across, down = size[0] / own_width, size[1] / own_height
    boxes = boxes_to_array(partner.boxes) * (across, down, across, down) - (x, y, x, y)
    if numbers.random() < 0.5:
        filled = np.ascontiguousarray(filled[:, ::-1])
        boxes = (width, 0, width, 0) - boxes[:, [2, 1, 0, 3]] * (1, -1, 1, -1)
    inside = np.clip(boxes, 0, (width, height, width, height))
    return filled, inside[(inside[:, 2] > inside[:, 0]) & (inside[:, 3] > inside[:, 1])]


def _blurred(pixels: Pixels) -> Pixels:
    """The photo's colours without anything to be seen in them."""
    height, width = pixels.shape[:2]
    few = cv2.resize(pixels, (5, 4), interpolation=cv2.INTER_AREA)
    blurred: Pixels = cv2.resize(few, (width, height), interpolation=cv2.INTER_CUBIC)
    return blurred


def _place(
    others: Boxes,
    size: tuple[int, int],
    canvas: tuple[int, int],
    numbers: random.Random,
    *,
    apart: bool = False,
) -> tuple[int, int] | None:
    """Where something of `size` hides each of the others wholly or not at all.

    None where no such place was found. `apart`: it may hide none.
    """
    for _ in range(_TRIES):
        x, y = _random_place(size, canvas, numbers)
        hidden = _hidden(others, (x, y, x + size[0], y + size[1]))
        if ((hidden <= _UNTOUCHED) | ((hidden >= _GONE) & (not apart))).all():
            return x, y
    return None


def _random_place(
    size: tuple[int, int], canvas: tuple[int, int], numbers: random.Random
) -> tuple[int, int]:
    return numbers.randint(0, canvas[0] - size[0]), numbers.randint(0, canvas[1] - size[1])


def _hidden(boxes: Boxes, cover: tuple[int, int, int, int]) -> npt.NDArray[np.float64]:
    """(n,) share of each box that lies under `cover`."""
    top_left = np.maximum(boxes[:, :2], cover[:2])
    bottom_right = np.minimum(boxes[:, 2:], cover[2:])
    common = np.clip(bottom_right - top_left, 0, None).prod(axis=1)
    shares: npt.NDArray[np.float64] = common / (boxes[:, 2:] - boxes[:, :2]).prod(axis=1)
    return shares


def _rows_and_columns(box: list[float], width: int, height: int) -> tuple[slice, slice]:
    """The pixels of a box, at least one each way."""
    x0, y0 = min(int(box[0]), width - 1), min(int(box[1]), height - 1)
    x1, y1 = max(x0 + 1, round(box[2])), max(y0 + 1, round(box[3]))
    return slice(y0, min(y1, height)), slice(x0, min(x1, width))


def _blend(canvas: Pixels, face: Pixels, place: tuple[int, int]) -> None:
    """Puts a face into the canvas: an oval whose edge is soft."""
    height, width = face.shape[:2]
    x = np.abs((np.arange(width) + 0.5) / width * 2 - 1)
    y = np.abs((np.arange(height) + 0.5) / height * 2 - 1)
    # Between an ellipse and a rectangle: a head with its hair fills more than the former.
    distance = (x[None] ** 3 + y[:, None] ** 3) ** (1 / 3)
    share = np.clip((1.0 - distance) / _SOFT_EDGE, 0.0, 1.0)[..., None].astype(np.float32)
    left, top = place
    part = canvas[top : top + height, left : left + width]
    part[...] = np.rint(face * share + part * (1.0 - share))
