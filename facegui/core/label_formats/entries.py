"""What every format of labels gives: for each picture an entry that can be read later."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from facegui.core.boxes import Box
from facegui.core.labelme_documents import LabelDocument, LabelFileError, new_document, read_json

Size = tuple[int, int]
Corners = Sequence[object]
"""x0 y0 x1 y1, as they stand in a file: they may be anything."""


@dataclass(frozen=True, slots=True)
class LabelEntry:
    """The label of one picture, in a file of its own or in one for many.

    Args:
        format: title of the format, for people.
        path: the file.
        read: gives what it says, in the pixels of a picture of the width and height given;
            raises `LabelFileError`.
        picture: what the file calls its picture, with forward slashes; "" where it does
            not name it.
        names: how often each label occurs.
        by_place: whether the file may belong to the picture of the same name beside it.
        may_embed: whether the picture itself may be inside the file.
        why_unused: what to say where there is no such picture.
    """

    format: str
    path: Path
    read: Callable[[Size], LabelDocument]
    picture: str = ""
    names: Mapping[str, int] = field(default_factory=dict)
    by_place: bool = True
    may_embed: bool = False
    why_unused: str = "its photo is missing"


@dataclass(frozen=True, slots=True)
class ExportPhoto:
    """A labelled photo that is to be written in some format.

    Args:
        path: of the photo.
        label: its label file in the project.
        size: width and height in pixels.
        boxes: its faces, inside the photo; none for no face.
        split: name of the folder for its split.
    """

    path: Path
    label: Path
    size: Size
    boxes: tuple[Box, ...]
    split: str

    @property
    def name(self) -> str:
        return self.path.name

    @property
    def stem(self) -> str:
        return self.path.stem


class LabelText:
    """A file that may hold labels; read once, however many formats ask for it."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @property
    def suffix(self) -> str:
        return self.path.suffix.casefold()

    @cached_property
    def json(self) -> Any:
        """The content as JSON; None where it is none."""
        try:
            return read_json(self.path)
        except LabelFileError:
            return None


def document_of(name: str, boxes: Iterable[tuple[str, Corners]], size: Size) -> LabelDocument:
    """Boxes as a document that the rest of the program reads like one of LabelMe.

    Args:
        name: of the file that they come from.
        boxes: label and corners; corners that are no numbers are told of when they are used.
        size: width and height of the picture that the corners are in; (0, 0) where nobody knows.
    """
    document = new_document()
    document["imageWidth"], document["imageHeight"] = size
    document["shapes"] = [
        {
            "label": label,
            "points": [list(corners[:2]), list(corners[2:])],
            "group_id": None,
            "description": "",
            "shape_type": "rectangle",
            "flags": {},
            "mask": None,
        }
        for label, corners in boxes
    ]
    return LabelDocument(name, document)


def counted(labels: Iterable[str]) -> dict[str, int]:
    """How often each label occurs, in the order of their first."""
    return dict(Counter(labels))
