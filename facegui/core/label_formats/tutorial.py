"""What the tutorial's augmentation writes: {"image": ..., "bbox": ..., "class": ...}.

One JSON file for each picture of `aug_data/train/images`, in `aug_data/train/labels`;
the box is x0 y0 x1 y1 in shares of width and height, and with class 0 there is none.
Where a photo shows several faces the largest is `bbox`, and all are in `bboxes` beside
it, which the tutorial's own program passes over.

Source: nicknochnack, "Deep Face Detection Model" (FaceDetection.ipynb).
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path, PureWindowsPath
from typing import Any

from facegui.core.label_formats.entries import (
    Corners,
    ExportPhoto,
    LabelEntry,
    LabelText,
    Size,
    document_of,
)
from facegui.core.labelme_documents import LabelDocument, LabelFileError, read_json
from facegui.core.labelme_shapes import FACE_LABEL, is_coordinate

TITLE = "the tutorial's"
_REMEDY = "Make it again with the tutorial's program, or box the photo anew."
_FARTHEST = 2.0
"""A share of the picture that is beyond this is no share, but a pixel."""


def entries(text: LabelText) -> Sequence[LabelEntry] | None:
    content = text.json if text.suffix == ".json" else None
    if not isinstance(content, dict) or not {"bbox", "class"} <= content.keys():
        return None
    count = len(_boxes(content))
    return [
        LabelEntry(
            TITLE,
            text.path,
            partial(_read, text.path),
            PureWindowsPath(str(content.get("image", ""))).name,
            {FACE_LABEL: count} if count else {},
        )
    ]


def files(photos: Sequence[ExportPhoto]) -> Iterator[tuple[str, bytes]]:
    for photo in photos:
        width, height = photo.size
        boxes = [
            [box.x0 / width, box.y0 / height, box.x1 / width, box.y1 / height]
            for box in sorted(photo.boxes, key=lambda box: -box.area)
        ]
        document: dict[str, Any] = {
            "image": photo.name,
            "bbox": boxes[0] if boxes else [0, 0, 0, 0],
            "class": int(bool(boxes)),
        }
        if len(boxes) > 1:
            document["bboxes"] = boxes
        yield (
            f"aug_data/{photo.split}/labels/{photo.stem}.json",
            json.dumps(document).encode("ascii"),
        )


def picture_path(photo: ExportPhoto) -> str:
    return f"aug_data/{photo.split}/images/{photo.name}"


def _read(path: Path, size: Size) -> LabelDocument:
    content = read_json(path)
    boxes = _boxes(content) if isinstance(content, dict) else [None]
    return document_of(path.name, [(FACE_LABEL, _corners(path, box, size)) for box in boxes], size)


def _boxes(content: dict[str, Any]) -> list[object]:
    if not content.get("class"):
        return []
    boxes = content.get("bboxes")
    return boxes if isinstance(boxes, list) else [content.get("bbox")]


def _corners(path: Path, box: object, size: Size) -> Corners:
    if not isinstance(box, list) or len(box) != 4 or not all(map(is_coordinate, box)):
        raise LabelFileError(f"The box in {path.name} is not four numbers.", _REMEDY)
    if max(map(abs, box)) > _FARTHEST:
        raise LabelFileError(
            f"The box in {path.name} is not in shares of width and height.", _REMEDY
        )
    width, height = size
    return box[0] * width, box[1] * height, box[2] * width, box[3] * height
