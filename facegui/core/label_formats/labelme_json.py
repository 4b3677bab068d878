"""LabelMe's own files, one beside each picture; `labelme` knows what is in them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path, PureWindowsPath

from facegui.core.label_formats.entries import ExportPhoto, LabelEntry, LabelText, Size, counted
from facegui.core.labelme_documents import LabelDocument, json_bytes, load_label_file

TITLE = "LabelMe"


def entries(text: LabelText) -> Sequence[LabelEntry] | None:
    """Takes every JSON file: one that is broken may have been LabelMe's, and is told of."""
    if text.suffix != ".json":
        return None
    content = text.json if isinstance(text.json, dict) else {}
    shapes, image_path = content.get("shapes"), content.get("imagePath")
    labels = [
        str(shape.get("label"))
        for shape in (shapes if isinstance(shapes, list) else ())
        if isinstance(shape, dict)
    ]
    picture = PureWindowsPath(image_path).name if isinstance(image_path, str) else ""
    read = partial(_read, text.path)
    return [
        LabelEntry(TITLE, text.path, read, picture, counted(labels), may_embed=True),
    ]


def files(photos: Sequence[ExportPhoto]) -> Iterator[tuple[str, bytes]]:
    """The project's own label files, with all that is in them, for photos in another place."""
    for photo in photos:
        document = {**load_label_file(photo.label).content, "imagePath": f"../images/{photo.name}"}
        yield f"{photo.split}/labels/{photo.stem}.json", json_bytes(document)


def picture_path(photo: ExportPhoto) -> str:
    return f"{photo.split}/images/{photo.name}"


def _read(path: Path, size: Size) -> LabelDocument:  # noqa: ARG001
    return load_label_file(path)
