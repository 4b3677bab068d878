"""COCO: one JSON file for many pictures, boxes as x, y, width, height in pixels.

By hand, for the libraries that there are (pycocotools, globox, labelformat) take a whole
file or none: they would not tell of each picture what is wrong with its label.

Source: https://cocodataset.org/#format-data, "Object Detection".
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from facegui.core.label_formats.entries import (
    Corners,
    ExportPhoto,
    LabelEntry,
    LabelText,
    Size,
    counted,
    document_of,
)
from facegui.core.labelme_documents import LabelDocument
from facegui.core.labelme_shapes import FACE_LABEL, is_coordinate

TITLE = "COCO"
_NOWHERE = (None, None, None, None)


def entries(text: LabelText) -> Sequence[LabelEntry] | None:
    """An entry for each picture that the file lists; one without boxes shows no face."""
    content = text.json if text.suffix == ".json" else None
    if not isinstance(content, dict):
        return None
    images, annotations = content.get("images"), content.get("annotations")
    if not (isinstance(images, list) and isinstance(annotations, list)):
        return None
    categories = {
        repr(item.get("id")): str(item.get("name")) for item in _objects(content.get("categories"))
    }
    boxes: dict[str, list[tuple[str, Corners]]] = {}
    for item in _objects(annotations):
        label = categories.get(repr(item.get("category_id")), f"class {item.get('category_id')}")
        boxes.setdefault(repr(item.get("image_id")), []).append((label, _corners(item)))
    return [
        _entry(text.path, image, boxes.get(repr(image.get("id")), [])) for image in _objects(images)
    ]


def files(photos: Sequence[ExportPhoto]) -> Iterator[tuple[str, bytes]]:
    """`annotations/instances_train.json` for the pictures in `images/train`, and so on."""
    for split in dict.fromkeys(photo.split for photo in photos):
        document = _document([photo for photo in photos if photo.split == split])
        yield f"annotations/instances_{split}.json", json.dumps(document, indent=1).encode("ascii")


def picture_path(photo: ExportPhoto) -> str:
    return f"images/{photo.split}/{photo.name}"


def _document(photos: Sequence[ExportPhoto]) -> dict[str, Any]:
    images: list[dict[str, Any]] = []
    annotations: list[dict[str, Any]] = []
    for number, photo in enumerate(photos, 1):
        width, height = photo.size
        images.append({"id": number, "file_name": photo.name, "width": width, "height": height})
        for box in photo.boxes:
            annotations.append(
                {
                    "id": len(annotations) + 1,
                    "image_id": number,
                    "category_id": 1,
                    "bbox": [round(value, 4) for value in (box.x0, box.y0, box.width, box.height)],
                    "area": round(box.area, 4),
                    "iscrowd": 0,
                    "segmentation": [],
                }
            )
    categories = [{"id": 1, "name": FACE_LABEL, "supercategory": "person"}]
    return {"images": images, "annotations": annotations, "categories": categories}


def _entry(path: Path, image: dict[str, Any], boxes: list[tuple[str, Corners]]) -> LabelEntry:
    picture = str(image.get("file_name", "")).replace("\\", "/").removeprefix("./")
    width, height = image.get("width"), image.get("height")
    known = is_coordinate(width) and is_coordinate(height)
    size = (int(width or 0), int(height or 0)) if known else (0, 0)
    return LabelEntry(
        TITLE,
        path,
        partial(_read, path.name, tuple(boxes), size),
        picture,
        counted(label for label, _ in boxes),
        by_place=False,
        why_unused=f"the photo {picture or '(no name)'} in it is missing",
    )


def _read(
    name: str, boxes: tuple[tuple[str, Corners], ...], labelled: Size, size: Size
) -> LabelDocument:
    return document_of(name, boxes, labelled if min(labelled) > 0 else size)


def _corners(annotation: dict[str, Any]) -> Corners:
    bbox = annotation.get("bbox")
    if not isinstance(bbox, list) or len(bbox) != 4 or not all(map(is_coordinate, bbox)):
        return _NOWHERE
    x, y, width, height = map(float, bbox)
    return x, y, x + width, y + height


def _objects(value: object) -> Iterator[dict[str, Any]]:
    if isinstance(value, list):
        yield from (item for item in value if isinstance(item, dict))
