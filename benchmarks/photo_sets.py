"""Photos with labels in the layout of the tutorial, for benchmarks: real ones or noise."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from facegui.core.boxes import Box, bounding_box
from facegui.core.files import sha256_of
from facegui.core.images import is_picture_name, picture_size, write_picture
from facegui.core.label_formats import pascal_voc
from facegui.core.label_formats.entries import LabelText
from facegui.core.labelme import read_label_file, write_label_file
from facegui.core.splits import Split

REAL_PHOTOS = Path(__file__).resolve().parents[2] / "shared" / "data" / "webcam-a"


@dataclass(frozen=True, slots=True)
class KnownPhoto:
    """A photo of a set: its content, its faces, its split."""

    digest: str
    boxes: tuple[Box, ...]
    split: Split


def generate_set(folder: Path, count: int) -> None:
    """Makes small photos of noise; every fourth shows no face and has no label."""
    generator = np.random.default_rng(0)
    for number in range(count):
        part = folder / ("train", "train", "train", "val", "test")[number % 5]
        for kind in ("images", "labels"):
            (part / kind).mkdir(parents=True, exist_ok=True)
        picture = part / "images" / f"photo-{number:03}.jpg"
        write_picture(picture, generator.integers(0, 255, (120, 160, 3), np.uint8))
        if number % 4:
            write_label_file(_label_of(picture), [Box(20, 10, 90, 100)], picture, (160, 120))


def copy_set(photos: Path, folder: Path, count: int) -> None:
    """Copies about `count` photos of a set, from all over it, with their labels."""
    pictures = sorted(path for path in photos.rglob("*") if is_picture_name(path))
    for picture in pictures[:: max(1, len(pictures) // count)]:
        for path in (picture, _label_of(picture)):
            if path.exists():
                target = folder / path.relative_to(photos)
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(path, target)


def known_photos(folder: Path) -> dict[str, KnownPhoto]:
    """What is in a set, by file name; photos without a label show no face."""
    known = {}
    for picture in folder.glob("*/images/*"):
        label = _label_of(picture)
        boxes = read_label_file(label).boxes if label.exists() else ()
        split = Split(picture.parent.parent.name)
        known[picture.name] = KnownPhoto(sha256_of(picture), boxes, split)
    return known


def _label_of(picture: Path) -> Path:
    return picture.parent.parent / "labels" / f"{picture.stem}.json"


@dataclass(frozen=True, slots=True)
class LabelledPhoto:
    """A real photo and its faces in pixels."""

    path: Path
    boxes: tuple[Box, ...]


def labelled_photos(folder: Path) -> list[LabelledPhoto]:
    """All photos of a set with their faces, LabelMe's JSON or Pascal VOC's XML beside them."""
    pictures = sorted(path for path in folder.rglob("*") if is_picture_name(path))
    return [LabelledPhoto(picture, _faces_of(picture)) for picture in pictures]


def _faces_of(picture: Path) -> tuple[Box, ...]:
    if _label_of(picture).exists():
        return read_label_file(_label_of(picture)).boxes
    xml = picture.parent.parent / "annotations" / f"{picture.stem}.xml"
    entries = pascal_voc.entries(LabelText(xml)) if xml.exists() else None
    if not entries:
        return ()
    shapes = entries[0].read(picture_size(picture)).content["shapes"]
    return tuple(box for shape in shapes if (box := bounding_box(shape["points"])))
