"""Boxes around faces, and how much they overlap."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.floating]


@dataclass(frozen=True, slots=True)
class Box:
    """Box in original-image pixels, origin top left; x1 and y1 exclusive.

    Raises:
        ValueError: when a corner is not finite or the box has no area.
    """

    x0: float
    y0: float
    x1: float
    y1: float

    def __post_init__(self) -> None:
        if not all(map(math.isfinite, self.corners)):
            raise ValueError(f"box is not finite: {self}")
        if not (self.x0 < self.x1 and self.y0 < self.y1):
            raise ValueError(f"box has no area: {self}")

    @property
    def width(self) -> float:
        return self.x1 - self.x0

    @property
    def height(self) -> float:
        return self.y1 - self.y0

    @property
    def area(self) -> float:
        return self.width * self.height

    @property
    def corners(self) -> tuple[float, float, float, float]:
        return self.x0, self.y0, self.x1, self.y1

    def clipped(self, width: float, height: float) -> Box | None:
        """The part inside a picture of that size in pixels; None where nothing is left."""
        x0, x1 = max(self.x0, 0.0), min(self.x1, float(width))
        y0, y1 = max(self.y0, 0.0), min(self.y1, float(height))
        return Box(x0, y0, x1, y1) if x0 < x1 and y0 < y1 else None

    def scaled(self, x: float, y: float) -> Box:
        """The box in a picture that was resized by the factors `x` and `y`."""
        return Box(self.x0 * x, self.y0 * y, self.x1 * x, self.y1 * y)


@dataclass(frozen=True, slots=True)
class Detection:
    """A face that a network found.

    Args:
        box: where, in pixels of the picture.
        confidence: how sure the network is, 0 to 1.

    Raises:
        ValueError: when the confidence is outside 0 to 1 or not a number.
    """

    box: Box
    confidence: float

    def __post_init__(self) -> None:
        if not 0.0 <= self.confidence <= 1.0:
            raise ValueError(f"confidence is not within 0 to 1: {self.confidence}")


def bounding_box(points: Iterable[Sequence[float]]) -> Box | None:
    """The smallest box around points in any order; None where it has no area."""
    corners = np.array([point[:2] for point in points], dtype=float).reshape(-1, 2)
    if len(corners) == 0 or not np.isfinite(corners).all():
        return None
    (x0, y0), (x1, y1) = corners.min(axis=0).tolist(), corners.max(axis=0).tolist()
    return Box(x0, y0, x1, y1) if x0 < x1 and y0 < y1 else None


def boxes_to_array(boxes: Iterable[Box]) -> FloatArray:
    """(n, 4) float64, x0 y0 x1 y1; (0, 4) for no boxes."""
    return np.array([box.corners for box in boxes], dtype=np.float64).reshape(-1, 4)


def iou(a: FloatArray, b: FloatArray) -> FloatArray:
    """Overlap of every box in `a` with every box in `b`: intersection over union.

    Args:
        a: (n, 4) float, x0 y0 x1 y1 in pixels.
        b: (m, 4) likewise.

    Returns:
        (n, m) float in [0, 1].

    Raises:
        ValueError: when the last axis is not 4; names the shape received.

    Source: Everingham et al., "The PASCAL VOC Challenge", IJCV 2010.
    """
    for boxes in (a, b):
        if boxes.ndim != 2 or boxes.shape[1] != 4:
            raise ValueError(f"expected boxes of shape (n, 4), got {boxes.shape}")
    top_left = np.maximum(a[:, None, :2], b[None, :, :2])
    bottom_right = np.minimum(a[:, None, 2:], b[None, :, 2:])
    overlap: FloatArray = np.clip(bottom_right - top_left, 0.0, None).prod(axis=2)
    area_a = (a[:, 2:] - a[:, :2]).prod(axis=1)
    area_b = (b[:, 2:] - b[:, :2]).prod(axis=1)
    union = area_a[:, None] + area_b[None, :] - overlap
    shares: FloatArray = np.divide(overlap, union, out=np.zeros_like(overlap), where=union > 0)
    return shares
