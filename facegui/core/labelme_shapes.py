"""The shapes in LabelMe's label files: what they outline, and how they are changed.

Belongs to `labelme`, which alone uses it. A shape is a JSON object with at least
a `label`; the others of its keys may be missing, wrong or unknown to us.
"""

from __future__ import annotations

import math
from typing import Any

from facegui.core.boxes import Box, bounding_box, boxes_to_array, iou

FACE_LABEL = "face"
FARTHEST_COORDINATE = 1e7
"""No picture is that large; it keeps sums and factors of coordinates finite."""
SAME_BOX_PIXELS = 1e-6
ORIGINAL_LABEL, ORIGINAL_TYPE = "facegui_label", "facegui_shape_type"
"""Our keys in a shape: what it was before it was renamed to be read as a face, or at all."""

_SHAPE_TYPES = frozenset(
    {
        "polygon",
        "rectangle",
        "oriented_rectangle",
        "point",
        "line",
        "circle",
        "linestrip",
        "points",
        "mask",
    }
)
_TYPES_WITHOUT_AREA = frozenset({"point", "points"})

Shape = dict[str, Any]


def is_face_label(label: str) -> bool:
    """Whether a label says "face", in whatever case."""
    return label.strip().casefold() == FACE_LABEL


def is_face(shape: Shape) -> bool:
    """Whether a shape is labelled as a face, in whatever case."""
    return is_face_label(str(shape["label"]))


def name_as_face(shape: Shape) -> None:
    """Labels a shape as a face; its own label is kept beside it."""
    if not is_face(shape):
        shape.setdefault(ORIGINAL_LABEL, shape["label"])
        shape["label"] = FACE_LABEL


def is_coordinate(value: object) -> bool:
    """Whether `value` is a number that can lie in or near a picture."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return bool(-FARTHEST_COORDINATE <= value <= FARTHEST_COORDINATE)  # False for NaN


def points_fault(shape: Shape) -> str | None:
    """What keeps a shape's points from being used; None where nothing does."""
    points = shape.get("points")
    if not isinstance(points, list) or not points:
        return "it has no points"
    for number, point in enumerate(points, 1):
        if not (isinstance(point, list) and len(point) == 2 and all(map(is_coordinate, point))):
            return f"its point {number} is not two numbers"
    if shape.get("shape_type") == "circle" and len(points) != 2:
        return "a circle has two points, its centre and one on the rim"
    return None


def shape_box(shape: Shape) -> Box | None:
    """The bounding box of a shape whose points have no fault; None where it has no area."""
    points = shape["points"]
    kind = shape.get("shape_type")
    if kind == "circle":
        (x, y), rim = points
        radius = math.dist((x, y), rim)
        points = [(x - radius, y - radius), (x + radius, y + radius)]
    elif isinstance(kind, str) and kind in _TYPES_WITHOUT_AREA:
        return None
    return bounding_box(points)


def scale_shape(shape: Shape, x: float, y: float) -> None:
    """Brings a shape into a picture that was resized; one with a fault stays as it is."""
    if points_fault(shape) is None:
        shape["points"] = [[px * x, py * y] for px, py in shape["points"]]


def new_shape(box: Box) -> Shape:
    """A face as LabelMe writes it."""
    shape: Shape = {"label": FACE_LABEL, "points": [], "group_id": None, "description": ""}
    become_rectangle(shape, box)
    shape.update(flags={}, mask=None)
    return shape


def become_rectangle(shape: Shape, box: Box) -> None:
    """Makes a shape the outline of `box`; its other keys stay."""
    x0, y0, x1, y1 = map(float, box.corners)
    shape["points"] = [[x0, y0], [x1, y1]]
    shape["shape_type"] = "rectangle"
    if shape.get("mask") is not None:  # LabelMe 7 takes it in shapes of type "mask" only
        shape["mask"] = None


def make_openable(shape: Shape) -> None:
    """Mends what makes LabelMe 6 or 7 refuse the whole file, without moving the shape."""
    kind = shape.get("shape_type")
    if kind is None:  # the first releases knew polygons only
        shape["shape_type"] = "polygon"
    elif not isinstance(kind, str) or kind not in _SHAPE_TYPES:  # from a fork of LabelMe
        shape.setdefault(ORIGINAL_TYPE, kind)
        shape["shape_type"] = "polygon"
    elif kind == "rectangle" and points_fault(shape) is None and len(shape["points"]) != 2:
        box = shape_box(shape)
        if box is not None:
            become_rectangle(shape, box)


def is_same_box(first: Box, second: Box) -> bool:
    """Whether two boxes are the same but for rounding."""
    pairs = zip(first.corners, second.corners, strict=True)
    return all(abs(a - b) <= SAME_BOX_PIXELS for a, b in pairs)


def match_boxes(old: list[Box], new: list[Box]) -> dict[int, int]:
    """Which new box each old one became, by index: the best overlap first."""
    overlap = iou(boxes_to_array(old), boxes_to_array(new))
    matches: dict[int, int] = {}
    while overlap.size and overlap.max() > 0:
        row, column = divmod(int(overlap.argmax()), len(new))
        matches[row] = column
        overlap[row, :] = overlap[:, column] = 0.0
    return matches
