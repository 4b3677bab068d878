"""LabelMe's label files, versions 3 to 7: the one module that knows their keys.

What LabelMe writes, over the years: corners in the order they were drawn, now
and then outside the picture; `imagePath` relative to the file, with Windows'
backslashes; the picture itself as base64 in `imageData`, or null; in early
releases no picture size and no `shape_type` (all polygons). Versions 6 and 7
refuse a whole file for one shape that they cannot draw, and where `imageWidth`
and `imageHeight` are not those of the picture.
"""

from __future__ import annotations

import copy
import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path, PureWindowsPath
from typing import Any

from facegui.core.boxes import Box
from facegui.core.errors import disk_error
from facegui.core.files import write_atomically
from facegui.core.labelme_documents import (
    FORMAT_VERSION,
    REMEDY,
    bad_shape,
    is_embedded,
    json_bytes,
    labelled_size,
    load_label_file,
    new_document,
)
from facegui.core.labelme_documents import LabelDocument as LabelDocument
from facegui.core.labelme_documents import LabelFileError as LabelFileError
from facegui.core.labelme_documents import embedded_picture as embedded_picture
from facegui.core.labelme_documents import parse_label_file as parse_label_file
from facegui.core.labelme_documents import without_picture as without_picture
from facegui.core.labelme_shapes import (
    become_rectangle,
    is_face,
    is_same_box,
    make_openable,
    match_boxes,
    name_as_face,
    new_shape,
    points_fault,
    scale_shape,
    shape_box,
)

Size = tuple[int, int]
_Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class LabelFile:
    """What a LabelMe file says.

    Args:
        boxes: the faces, in pixels of the picture, inside it where its size is known.
        other_labels: names that were ignored, each once.
        image_name: the picture's name without folders; None where the file has none.
        image_size: width and height that the file was made for; None where unknown.
        embedded: whether the file carries the picture itself.
        outside: how many faces were left out because they lie outside the picture.
        notes: what was left out or changed, for the user to read.
    """

    boxes: tuple[Box, ...]
    other_labels: tuple[str, ...]
    image_name: str | None
    image_size: Size | None
    embedded: bool
    outside: int
    notes: tuple[str, ...]


def read_label_file(
    path: Path, *, size: Size | None = None, take_all_labels: bool = False
) -> LabelFile:
    """Reads the faces of a LabelMe file.

    Polygons, circles and other shapes count as their bounding box. Where the
    photo was resized after labelling, as told by `size` and the file's own, the
    boxes are scaled; where it was cropped or turned, a note says so.

    Args:
        path: the label file.
        size: width and height of the photo; where None, what the file says.
        take_all_labels: take every shape as a face, whatever its label.

    Raises:
        LabelFileError: when the file is missing, damaged or no LabelMe file, or
            when one of its faces cannot be read, or none of them is a box inside the
            picture: that is not "no face".
    """
    return faces_of(load_label_file(path), size=size, take_all_labels=take_all_labels)


def faces_of(
    document: LabelDocument, *, size: Size | None = None, take_all_labels: bool = False
) -> LabelFile:
    """As `read_label_file`, of a document in memory."""
    return _understood(document, size, take_all_labels).checked()


def write_label_file(
    path: Path,
    boxes: Iterable[Box],
    picture: Path,
    size: Size,
    *,
    place: Callable[[Path, bytes], None] | None = None,
) -> None:
    """Writes faces as LabelMe 6.3 and 7 read them; no boxes means "no face".

    Of a file that is there already everything else is kept: unknown keys,
    shapes with other labels, and faces whose box has not changed as they were
    drawn. A face that was moved becomes a rectangle and keeps its own keys.

    Args:
        path: the label file.
        boxes: all faces of the photo, in pixels of it; parts outside are cut off.
        picture: the photo.
        size: width and height of the photo.
        place: puts the content at `path`; by default it replaces what is there.

    Raises:
        LabelFileError: when the file that is there is damaged; it is left as it is.
        UserError: when the disk does not take it.
        ValueError: when a box lies wholly outside the photo.
    """
    wanted = _inside(boxes, size)
    document, faces = new_document(), dict[int, Box]()
    if os.path.lexists(path):
        known = _understood(load_label_file(path), size, take_all_labels=False)
        document, faces = known.document, known.faces
    document["shapes"] = _merged(document["shapes"], faces, wanted)
    _save(path, document, picture, size, place)


def new_label_file(boxes: Iterable[Box], image_path: str, size: Size) -> bytes:
    """The content of a new label file, for those who write thousands of files together.

    Args:
        boxes: all faces, in pixels of the picture and inside it.
        image_path: the picture's path, relative to where the label file will be.
        size: width and height of the picture.
    """
    document = new_document()
    document["shapes"] = [new_shape(box) for box in boxes]
    document["imagePath"] = image_path
    document["imageWidth"], document["imageHeight"] = size
    return json_bytes(document)


def copy_label_file(
    source: Path, target: Path, picture: Path, size: Size, *, take_all_labels: bool = False
) -> LabelFile:
    """Copies a label file into a project; see `write_document`.

    Raises:
        LabelFileError: when the source cannot be read.
        UserError: when the disk does not take the copy.
    """
    document = load_label_file(source)
    return write_document(document, target, picture, size, take_all_labels=take_all_labels)


def write_document(
    document: LabelDocument,
    target: Path,
    picture: Path,
    size: Size,
    *,
    take_all_labels: bool = False,
) -> LabelFile:
    """Writes a label file that stands for the photo `picture`.

    All shapes and unknown keys come along, in UTF-8 and such that LabelMe 6.3
    and 7 open the file; the embedded picture does not. With `take_all_labels`
    the shapes taken as faces are named so, and keep their label beside it:
    the file says the same when it is read without that option.

    Args:
        document: what to write; it stays as it is.
        target: the new label file; replaced where it exists.
        picture: the photo in the project.
        size: width and height of `picture`.
        take_all_labels: take every shape as a face, whatever its label.

    Returns:
        What `faces_of` says of the document.

    Raises:
        LabelFileError: as `read_label_file`.
        UserError: when the disk does not take the file.
    """
    known = _understood(document, size, take_all_labels)
    label_file = known.checked()
    for index in known.faces:
        name_as_face(known.document["shapes"][index])
    _save(target, known.document, picture, size)
    return label_file


@dataclass(frozen=True, slots=True)
class _Understood:
    """A document in the pixels of the photo, and its faces: box by index of the shape."""

    document: _Json
    faces: dict[int, Box]
    label_file: LabelFile
    no_box: LabelFileError | None
    """Why the first of the faces that were left out was, where none is left."""

    def checked(self) -> LabelFile:
        if self.no_box is not None:
            raise self.no_box
        return self.label_file


def _understood(source: LabelDocument, size: Size | None, take_all_labels: bool) -> _Understood:
    # The shapes alone are changed; a deep copy would copy an embedded picture too.
    document = {**source.content, "shapes": copy.deepcopy(source.content["shapes"])}
    labelled = labelled_size(document)
    notes = _fit_to(document, labelled, size)
    frame = size or labelled
    faces: dict[int, Box] = {}
    ignored: dict[str, None] = {}
    outside = 0
    without_box: list[LabelFileError] = []
    for index, shape in enumerate(document["shapes"]):
        if not (take_all_labels or is_face(shape)):
            ignored[shape["label"]] = None
            continue
        fault = points_fault(shape)
        if fault is not None:
            raise bad_shape(source.name, index + 1, fault)
        drawn = shape_box(shape)
        box = drawn.clipped(*frame) if drawn and frame else drawn
        if box is None:
            outside += drawn is not None
            fault = "has no area" if drawn is None else "lies outside the picture"
            notes.append(f"shape {index + 1} {fault} and was left out")
            without_box.append(bad_shape(source.name, index + 1, f"it {fault}"))
        elif box in faces.values():
            notes.append(f"shape {index + 1} repeats another and was left out")
        else:
            faces[index] = box
    label_file = LabelFile(
        boxes=tuple(faces.values()),
        other_labels=tuple(ignored),
        image_name=_image_name(document),
        image_size=labelled,
        embedded=is_embedded(document),
        outside=outside,
        notes=tuple(notes),
    )
    no_box = without_box[0] if without_box and not faces else None
    return _Understood(document, faces, label_file, no_box)


def _merged(shapes: list[_Json], faces: dict[int, Box], wanted: list[Box]) -> list[_Json]:
    """The shapes once the faces among them have become the boxes `wanted`."""
    matches = match_boxes(list(faces.values()), wanted)
    becomes = {index: wanted[matches[row]] for row, index in enumerate(faces) if row in matches}
    merged = []
    for index, shape in enumerate(shapes):
        if index in becomes:
            if not is_same_box(faces[index], becomes[index]):
                become_rectangle(shape, becomes[index])
            merged.append(shape)
        elif not is_face(shape):
            merged.append(shape)
    added = [box for column, box in enumerate(wanted) if column not in matches.values()]
    return merged + [new_shape(box) for box in added]


def _save(
    path: Path,
    document: _Json,
    picture: Path,
    size: Size,
    place: Callable[[Path, bytes], None] | None = None,
) -> None:
    if not isinstance(document.get("version"), str):
        document["version"] = FORMAT_VERSION
    if not isinstance(document.get("flags"), dict):
        document["flags"] = {}
    for shape in document["shapes"]:
        make_openable(shape)
    document["imagePath"] = _relative(picture, path.parent)
    document["imageData"] = None
    document["imageWidth"], document["imageHeight"] = int(size[0]), int(size[1])
    try:
        (place or write_atomically)(path, json_bytes(document))
    except RecursionError as error:
        raise LabelFileError(f"{path.name} is nested too deeply.", REMEDY) from error
    except OSError as error:
        raise disk_error(error, f"saving the labels in {path.name}") from error


def _relative(picture: Path, folder: Path) -> str:
    try:
        return Path(os.path.relpath(picture, folder)).as_posix()
    except ValueError:  # Windows: another drive
        return picture.absolute().as_posix()


def _image_name(document: _Json) -> str | None:
    image_path = document.get("imagePath")
    name = PureWindowsPath(image_path).name if isinstance(image_path, str) else ""
    return name if name not in ("", ".", "..") else None


def _fit_to(document: _Json, labelled: Size | None, size: Size | None) -> list[str]:
    """Brings all shapes to the pixels of a photo of `size`; returns notes."""
    if size is None or labelled is None or labelled == size:
        return []
    sizes = f"labelled at {labelled[0]}x{labelled[1]}, but the photo is {size[0]}x{size[1]}"
    x, y = size[0] / labelled[0], size[1] / labelled[1]
    # A resized photo keeps its aspect but for the rounding to whole pixels.
    if min(abs(labelled[1] * x - size[1]), abs(labelled[0] * y - size[0])) > 1:
        return [f"{sizes}, cropped or turned since: look at the boxes again"]
    for shape in document["shapes"]:
        scale_shape(shape, x, y)
    return [f"{sizes}: the boxes were scaled"]


def _inside(boxes: Iterable[Box], size: Size) -> list[Box]:
    clipped: dict[Box, None] = {}
    for box in boxes:
        part = box.clipped(*size)
        if part is None:
            raise ValueError(f"{box} lies outside a photo of {size[0]}x{size[1]}")
        clipped[part] = None
    return list(clipped)
