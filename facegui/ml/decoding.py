"""From what a network puts out to boxes. numpy only: live detection runs it per frame."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

import numpy as np
import numpy.typing as npt

from facegui.core.boxes import Box, Detection, iou

Floats = npt.NDArray[np.floating]
Outputs = Mapping[str, npt.NDArray[np.float32]]
"""A network's outputs for one picture, by name, without the batch axis."""

Decoder = Callable[[Outputs, float], tuple[Detection, ...]]
"""Takes outputs and the lowest confidence; gives boxes in 0..1 of width and height."""


def decode_single_box(outputs: Outputs, lowest_confidence: float) -> tuple[Detection, ...]:
    """The one box of a network that has one for the whole picture.

    Args:
        outputs: "face" (1,), the probability of a face, and "box" (4,), x0 y0
            x1 y1 in 0..1.
        lowest_confidence: below it there is no detection.
    """
    confidence = float(outputs["face"][0])
    x0, y0, x1, y1 = (float(value) for value in outputs["box"])
    finite = all(map(math.isfinite, (confidence, x0, y0, x1, y1)))
    if not finite or confidence < lowest_confidence or not (x0 < x1 and y0 < y1):
        return ()
    box = Box(x0, y0, x1, y1).clipped(1.0, 1.0)
    return () if box is None else (Detection(box, min(confidence, 1.0)),)


def decode_dense(outputs: Outputs, lowest_confidence: float) -> tuple[Detection, ...]:
    """The boxes of a network that asks at every cell of a map.

    Peaks of the heat map become boxes; of two that overlap the less sure one
    goes (non-maximum suppression); and each that stays becomes the mean of
    the boxes that agree with it, which places it better than its own cell alone.

    Args:
        outputs: "face" (h, w, 1), the probability that a face is centred in
            the cell, and "box" (h, w, 4), from the cell's centre to the left,
            upper, right and lower side, in 0..1.
        lowest_confidence: below it there is no detection.

    Source for the mean: box voting, Gidaris and Komodakis, "Object detection
    via a multi-region and semantic segmentation-aware CNN model", ICCV 2015.
    """
    boxes = _boxes_from_sides(outputs["box"])
    heat = _usable_heat(outputs["face"][..., 0], boxes)
    rows, columns = np.nonzero(_is_peak(heat) & (heat >= lowest_confidence))
    if len(rows) == 0:
        return ()
    order = np.argsort(-heat[rows, columns], kind="stable")[:_MOST_PEAKS]
    rows, columns = rows[order], columns[order]
    peaks = boxes[rows, columns]
    kept = _suppressed(peaks)
    voted = _voted(peaks[kept], boxes, heat)
    confidences = heat[rows, columns][kept]
    detections = []
    for corners, confidence in zip(voted.tolist(), confidences.tolist(), strict=True):
        x0, y0, x1, y1 = corners
        if x0 < x1 and y0 < y1 and (box := Box(x0, y0, x1, y1).clipped(1.0, 1.0)):
            detections.append(Detection(box, confidence))
    return tuple(detections)


_MOST_PEAKS = 300
_SAME_FACE_IOU = 0.45
_VOTING_IOU = 0.5
_LEAST_VOTE = 0.02


def _usable_heat(heat: Floats, boxes: Floats) -> Floats:
    """The heat as float64, at most 1; minus infinity in cells that hold something infinite or
    no number: their boxes would spoil those of all others."""
    usable = np.isfinite(heat) & np.isfinite(boxes).all(axis=-1)
    return np.where(usable, np.minimum(heat.astype(np.float64), 1.0), -np.inf)


def _is_peak(heat: Floats) -> npt.NDArray[np.bool_]:
    """Where no neighbour of the eight is higher."""
    rows, columns = heat.shape
    padded = np.pad(heat, 1, constant_values=-np.inf)
    shifted = (padded[y : y + rows, x : x + columns] for y in range(3) for x in range(3))
    highest = heat
    for neighbour in shifted:
        highest = np.maximum(highest, neighbour)
    peak: npt.NDArray[np.bool_] = heat >= highest
    return peak


def _boxes_from_sides(sides: Floats) -> Floats:
    """(h, w, 4) x0 y0 x1 y1 in 0..1."""
    rows, columns = sides.shape[:2]
    x = (np.arange(columns) + 0.5) / columns
    y = (np.arange(rows)[:, None] + 0.5) / rows
    boxes: Floats = np.stack(
        [x - sides[..., 0], y - sides[..., 1], x + sides[..., 2], y + sides[..., 3]], axis=-1
    )
    return boxes


def _suppressed(boxes: Floats) -> list[int]:
    """Indices of the boxes that stay; `boxes` come surest first."""
    overlaps = iou(boxes, boxes)
    alive = np.ones(len(boxes), dtype=bool)
    kept = []
    for index in range(len(boxes)):
        if alive[index]:
            kept.append(index)
            alive &= overlaps[index] < _SAME_FACE_IOU
    return kept


def _voted(chosen: Floats, boxes: Floats, heat: Floats) -> Floats:
    """Each chosen box as the mean of all cells' boxes that agree, weighted by heat and IoU."""
    warm = heat >= _LEAST_VOTE
    voters, weights = boxes[warm], heat[warm] ** 2
    agreement = iou(chosen, voters)
    weights = np.where(agreement >= _VOTING_IOU, weights * agreement, 0.0)
    total = weights.sum(axis=1, keepdims=True)
    voted: Floats = np.where(total > 0, weights @ voters / np.maximum(total, 1e-9), chosen)
    return voted


DECODERS: Mapping[str, Decoder] = {"single-box": decode_single_box, "dense": decode_dense}
"""By the name under which a model file says how it is read."""
