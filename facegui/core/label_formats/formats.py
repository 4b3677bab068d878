"""The formats that labels are read and written in."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from facegui.core.label_formats import coco, labelme_json, pascal_voc, tutorial, yolo
from facegui.core.label_formats.entries import ExportPhoto, LabelEntry, LabelText
from facegui.core.label_formats.titles import FORMAT_TITLES


@dataclass(frozen=True, slots=True)
class LabelFormat:
    """One format of labels.

    Args:
        key: by which commands know it.
        title: for people.
        entries: the labels in a file; None where the file is not of this format.
        files: the label files for some photos, by path within an export.
        picture_path: where a photo lies within an export.
    """

    key: str
    title: str
    entries: Callable[[LabelText], Sequence[LabelEntry] | None]
    files: Callable[[Sequence[ExportPhoto]], Iterator[tuple[str, bytes]]]
    picture_path: Callable[[ExportPhoto], str]


LABELME, VOC, YOLO, COCO, TUTORIAL = FORMATS = tuple(
    LabelFormat(key, title, module.entries, module.files, module.picture_path)
    for (key, title), module in zip(
        FORMAT_TITLES.items(), (labelme_json, pascal_voc, yolo, coco, tutorial), strict=True
    )
)

LABEL_SUFFIXES = (".json", ".xml", ".txt")
"""The endings of label files that belong to one picture."""

# LabelMe last: it takes every JSON file, as one that is damaged may have been its own.
_READING_ORDER = (VOC, YOLO, COCO, TUTORIAL, LABELME)


def begin_reading() -> None:
    """To be called before a look through folders: nothing known from the last one counts."""
    yolo.forget_names()


def label_entries(path: Path) -> Sequence[LabelEntry] | None:
    """The labels in a file, one entry for each picture; None where it holds no labels."""
    text = LabelText(path)
    for label_format in _READING_ORDER:
        found = label_format.entries(text)
        if found is not None:
            return found
    return None
