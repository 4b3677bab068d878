"""What dragging does to a box: grips, moving, resizing, snapping. Plain arithmetic."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import Enum

from facegui.core.boxes import Box

LEAST_SIDE = 4.0
"""Of a box, in pixels of the picture; less is a slip of the hand."""

Point = tuple[float, float]
Size = tuple[int, int]


class Grip(Enum):
    """Where a box is taken hold of; as shares of its width and height from the top left."""

    TOP_LEFT = (0.0, 0.0)
    TOP = (0.5, 0.0)
    TOP_RIGHT = (1.0, 0.0)
    RIGHT = (1.0, 0.5)
    BOTTOM_RIGHT = (1.0, 1.0)
    BOTTOM = (0.5, 1.0)
    BOTTOM_LEFT = (0.0, 1.0)
    LEFT = (0.0, 0.5)

    @property
    def is_corner(self) -> bool:
        return 0.5 not in self.value

    def point(self, box: Box) -> Point:
        across, down = self.value
        return box.x0 + across * box.width, box.y0 + down * box.height


@dataclass(frozen=True, slots=True)
class BoxDrag:
    """A drag with the mouse, from where it began; all in pixels of the picture.

    Args:
        start: where the button was pressed.
        number: of the box that is dragged; None: a new one is drawn.
        before: that box as it was.
        grip: what it was taken hold of by; None: it is moved as a whole.
    """

    start: Point
    number: int | None = None
    before: Box | None = None
    grip: Grip | None = None

    def box(self, point: Point, size: Size, snap: float) -> Box | None:
        """What the box is once the mouse is at `point`; None: no box yet."""
        if self.before is None:
            return drawn(self.start, point, size, snap)
        across, down = point[0] - self.start[0], point[1] - self.start[1]
        if self.grip is None:
            return moved(self.before, across, down, size, snap)
        x, y = self.grip.point(self.before)
        return resized(self.before, self.grip, (x + across, y + down), size, snap)


def grips_of(box: Box, roomy: float) -> Iterator[Grip]:
    """The grips that a box offers: corners first; sides only where it is wider than `roomy`."""
    yield from (grip for grip in Grip if grip.is_corner)
    for grip in (Grip.TOP, Grip.BOTTOM):
        if box.width >= roomy:
            yield grip
    for grip in (Grip.LEFT, Grip.RIGHT):
        if box.height >= roomy:
            yield grip


def grip_at(box: Box, point: Point, reach: float) -> Grip | None:
    """The grip within `reach` of a point, all in pixels of the picture; the nearest of several."""
    near = [
        (distance, number, grip)
        for number, grip in enumerate(grips_of(box, 4 * reach))
        if (distance := math.dist(grip.point(box), point)) <= reach
    ]
    return min(near)[2] if near else None


def box_at(boxes: Sequence[Box], point: Point) -> int | None:
    """The box that a point is in; of several the smallest, since it hides none."""
    x, y = point
    hit = [
        (box.area, number)
        for number, box in enumerate(boxes)
        if box.x0 <= x <= box.x1 and box.y0 <= y <= box.y1
    ]
    return min(hit)[1] if hit else None


def moved(box: Box, across: float, down: float, size: Size, snap: float = 0.0) -> Box:
    """The box shifted, as far as it stays in the picture; snaps to the edges within `snap`."""
    x0 = _settled(box.x0 + across, size[0] - box.width, snap)
    y0 = _settled(box.y0 + down, size[1] - box.height, snap)
    return Box(x0, y0, x0 + box.width, y0 + box.height)


def resized(box: Box, grip: Grip, point: Point, size: Size, snap: float = 0.0) -> Box:
    """The box with a grip dragged to a point; opposite sides stay, and it never turns over."""
    x, y = snapped(point, size, snap)
    x0, y0, x1, y1 = box.corners
    across, down = grip.value
    if across == 0.0:
        x0 = min(x, x1 - LEAST_SIDE)
    elif across == 1.0:
        x1 = max(x, x0 + LEAST_SIDE)
    if down == 0.0:
        y0 = min(y, y1 - LEAST_SIDE)
    elif down == 1.0:
        y1 = max(y, y0 + LEAST_SIDE)
    return Box(x0, y0, x1, y1).clipped(*size) or box


def drawn(start: Point, end: Point, size: Size, snap: float = 0.0) -> Box | None:
    """The box between two corners in any order; None where it is too small to be meant."""
    (ax, ay), (bx, by) = snapped(start, size, snap), snapped(end, size, snap)
    x0, x1, y0, y1 = min(ax, bx), max(ax, bx), min(ay, by), max(ay, by)
    if x1 - x0 < LEAST_SIDE or y1 - y0 < LEAST_SIDE:
        return None
    return Box(x0, y0, x1, y1)


def snapped(point: Point, size: Size, snap: float) -> Point:
    """A point brought into the picture, and onto its edge where that is within `snap`."""
    return _settled(point[0], size[0], snap), _settled(point[1], size[1], snap)


def _settled(value: float, limit: float, snap: float) -> float:
    if value <= snap:
        return 0.0
    return float(limit) if value >= limit - snap else value
