"""YOLO: one text file for each picture, a line for each box: class, centre x y, width, height.

All four are shares of the picture's width and height. What the classes are called stands
in `data.yaml`, or in `classes.txt`, above the labels. Outlines (class and three points or
more) count as their bounding box.

Source: documentation of Ultralytics YOLO, "Object Detection Datasets".
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

import yaml

from facegui.core.label_formats.entries import (
    Corners,
    ExportPhoto,
    LabelEntry,
    LabelText,
    Size,
    counted,
    document_of,
)
from facegui.core.labelme_documents import LabelDocument, LabelFileError, read_label_bytes
from facegui.core.labelme_shapes import FACE_LABEL

TITLE = "YOLO"
MAXIMUM_BYTES = 4 * 1024 * 1024
_YAML_SUFFIXES = (".yaml", ".yml")
_NAME_LISTS = ("classes.txt", "obj.names", "_darknet.labels")
_FOLDERS_ABOVE = 3
_NEEDED_SPLITS = ("train", "val")
_REMEDY = "Export it again from the program that made it, or box the photo anew."


def entries(text: LabelText) -> Sequence[LabelEntry] | None:
    """The entry of a text file with boxes; a list of classes holds none."""
    if text.path.name.casefold() in _NAME_LISTS:
        return ()
    if text.suffix in _YAML_SUFFIXES:
        return () if _names_in_yaml(text.path) else None
    if text.suffix != ".txt":
        return None
    read = partial(_read, text.path)
    try:
        lines = _lines(text.path)
    except LabelFileError:
        return None
    if lines and not _is_number(lines[0].split()[0]):
        return None  # words: of something else
    names = class_names(text.path.parent)
    labels = counted(_label(line.split()[0], names) for line in lines)
    return [LabelEntry(TITLE, text.path, read, names=labels, why_unused="no picture")]


def files(photos: Sequence[ExportPhoto]) -> Iterator[tuple[str, bytes]]:
    """`images/train/a.jpg` has its boxes in `labels/train/a.txt`; no box is an empty file."""
    there = dict.fromkeys(photo.split for photo in photos)
    # Without `path`, which Ultralytics looks for below a folder of its own, the folders are
    # beside this file; and it wants some for training and validation, however few photos.
    wanted = dict.fromkeys((*_NEEDED_SPLITS, *there))
    other = next(name for name in wanted if name in there)  # test photos last
    content = {
        **{name: f"images/{name if name in there else other}" for name in wanted},
        "names": {0: FACE_LABEL},
    }
    yield "data.yaml", yaml.safe_dump(content, sort_keys=False).encode("utf-8")
    for photo in photos:
        width, height = photo.size
        lines = (
            f"0 {(box.x0 + box.x1) / 2 / width:.8f} {(box.y0 + box.y1) / 2 / height:.8f}"
            f" {box.width / width:.8f} {box.height / height:.8f}\n"
            for box in photo.boxes
        )
        yield f"labels/{photo.split}/{photo.stem}.txt", "".join(lines).encode("ascii")


def picture_path(photo: ExportPhoto) -> str:
    return f"images/{photo.split}/{photo.name}"


def class_names(folder: Path) -> dict[int, str]:
    """What the classes of the labels in `folder` are called; empty where nothing says it."""
    for place in (folder, *folder.parents[:_FOLDERS_ABOVE]):
        names = _names_in_folder(place)
        if names:
            return names
    return {}


def forget_names() -> None:
    """Has the names of classes read anew: somebody may have mended `data.yaml`."""
    _names_in_folder.cache_clear()


@lru_cache(maxsize=64)
def _names_in_folder(folder: Path) -> dict[int, str]:
    for path in sorted(folder.glob("*.y*ml")):
        names = _names_in_yaml(path)
        if names:
            return names
    for name in _NAME_LISTS:
        try:
            lines = _lines(folder / name)
        except LabelFileError:
            continue
        return dict(enumerate(lines))
    return {}


def _names_in_yaml(path: Path) -> dict[int, str]:
    try:
        content: Any = yaml.safe_load(read_label_bytes(path, MAXIMUM_BYTES))
    except (LabelFileError, yaml.YAMLError, ValueError, RecursionError):
        return {}
    names = content.get("names") if isinstance(content, dict) else None
    if isinstance(names, list):
        names = dict(enumerate(names))
    if not isinstance(names, dict):
        return {}
    return {
        index: str(name)
        for index, name in names.items()
        if isinstance(index, int) and isinstance(name, str | int)
    }


def _read(path: Path, size: Size) -> LabelDocument:
    names = class_names(path.parent)
    boxes = []
    for number, line in enumerate(_lines(path), 1):
        first, *rest = line.split()
        if not all(map(_is_number, (first, *rest))):
            raise LabelFileError(f"Line {number} of {path.name} is not all numbers.", _REMEDY)
        corners = _corners([float(value) for value in rest], size)
        if corners is None:
            raise LabelFileError(f"Line {number} of {path.name} is no box.", _REMEDY)
        boxes.append((_label(first, names), corners))
    return document_of(path.name, boxes, size)


def _corners(values: Sequence[float], size: Size) -> Corners | None:
    """Corners in pixels of centre and size, which a confidence may follow, or of an outline."""
    if len(values) in (4, 5):
        x, y, width, height = values[:4]
        xs, ys = [x - width / 2, x + width / 2], [y - height / 2, y + height / 2]
    elif len(values) >= 6 and len(values) % 2 == 0:
        xs, ys = list(values[::2]), list(values[1::2])
    else:
        return None
    return min(xs) * size[0], min(ys) * size[1], max(xs) * size[0], max(ys) * size[1]


def _label(index: str, names: dict[int, str]) -> str:
    value = float(index) if _is_number(index) else -1.0
    return names.get(int(value), f"class {index}")


def _lines(path: Path) -> list[str]:
    text = read_label_bytes(path, MAXIMUM_BYTES).decode("utf-8-sig", "replace")
    return [line.strip() for line in text.splitlines() if line.strip()]


def _is_number(text: str) -> bool:
    try:
        return math.isfinite(float(text))
    except ValueError:
        return False
