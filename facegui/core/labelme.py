"""LabelMe's label files, versions 3 to 7: the one module that knows their keys.

What LabelMe writes, over the years: corners in the order they were drawn, now
and then outside the picture; `imagePath` relative to the file, with Windows'
backslashes; the picture itself as base64 in `imageData`, or null; in early
releases no picture size and no `shape_type` (all polygons). Versions 6 and 7
refuse a whole file for one shape that they cannot draw, and where `imageWidth`
and `imageHeight` are not those of the picture.
"""

from __future__ import annotations

import base64
import binascii
import json
import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path, PureWindowsPath
from typing import Any

from facegui.core.boxes import Box
from facegui.core.errors import UserError, disk_error
from facegui.core.files import write_atomically
from facegui.core.images import decode_picture
from facegui.core.labelme_shapes import (
    become_rectangle,
    is_coordinate,
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

FORMAT_VERSION = "6.3.1"
"""The release of LabelMe whose format new files are written in; 7 reads it too."""
MAXIMUM_BYTES = 512 * 1024 * 1024

# LabelMe 3 wrote in Windows' own encoding; GB 18030 is what Chinese Windows has.
_OLDER_ENCODINGS = ("cp1252", "gb18030")
_REMEDY = "Open the photo in LabelMe and save it again, or delete this file and box the photo anew."

Size = tuple[int, int]
_Json = dict[str, Any]


class LabelFileError(UserError):
    """A label file that cannot be understood. It stays as it is."""


@dataclass(frozen=True, slots=True)
class LabelFile:
    """What a LabelMe file says.

    Args:
        boxes: the faces, in pixels of the picture, inside it where its size is known.
        other_labels: names that were ignored, each once.
        image_name: the picture's name without folders; None where the file has none.
        image_size: width and height that the file was made for; None where unknown.
        embedded: whether the file carries the picture itself.
        notes: what was left out or changed, for the user to read.
    """

    boxes: tuple[Box, ...]
    other_labels: tuple[str, ...]
    image_name: str | None
    image_size: Size | None
    embedded: bool
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
            when one of its faces cannot be read: none is dropped in silence.
    """
    return _understood(path, size, take_all_labels).label_file


def embedded_picture(path: Path) -> bytes | None:
    """The picture that a label file carries; None where it carries none.

    Raises:
        LabelFileError: when the file is damaged, or what it carries is no picture.
    """
    document = _load(path)
    if not _is_embedded(document):
        return None
    try:
        data = _decoded_picture(document)
        decode_picture(data, f"The picture inside {path.name}")
    except (UserError, ValueError) as error:
        raise LabelFileError(
            f"The picture inside {path.name} is damaged.",
            "Put the photo itself beside the label file, then try again.",
            str(error),
        ) from error
    return data


def write_label_file(path: Path, boxes: Iterable[Box], picture: Path, size: Size) -> None:
    """Writes faces as LabelMe 6.3 and 7 read them; no boxes means "no face".

    Of a file that is there already everything else is kept: unknown keys,
    shapes with other labels, and faces whose box has not changed as they were
    drawn. A face that was moved becomes a rectangle and keeps its own keys.

    Args:
        path: the label file.
        boxes: all faces of the photo, in pixels of it; parts outside are cut off.
        picture: the photo.
        size: width and height of the photo.

    Raises:
        LabelFileError: when the file that is there is damaged; it is left as it is.
        UserError: when the disk does not take it.
        ValueError: when a box lies wholly outside the photo.
    """
    wanted = _inside(boxes, size)
    document, faces = _new_document(), dict[int, Box]()
    if os.path.lexists(path):
        known = _understood(path, size, take_all_labels=False)
        document, faces = known.document, known.faces
    document["shapes"] = _merged(document["shapes"], faces, wanted)
    _save(path, document, picture, size)


def new_label_file(boxes: Iterable[Box], image_path: str, size: Size) -> bytes:
    """The content of a new label file, for those who write thousands of files together.

    Args:
        boxes: all faces, in pixels of the picture and inside it.
        image_path: the picture's path, relative to where the label file will be.
        size: width and height of the picture.
    """
    document = _new_document()
    document["shapes"] = [new_shape(box) for box in boxes]
    document["imagePath"] = image_path
    document["imageWidth"], document["imageHeight"] = size
    return _as_bytes(document)


def copy_label_file(
    source: Path, target: Path, picture: Path, size: Size, *, take_all_labels: bool = False
) -> LabelFile:
    """Copies a label file into a project, to stand for the photo `picture` there.

    All shapes and unknown keys come along, in UTF-8 and such that LabelMe 6.3
    and 7 open the copy; the embedded picture does not. With `take_all_labels`
    the shapes taken as faces are named so, and keep their label beside it:
    the copy says the same when it is read without that option.

    Args:
        source: the file to copy; it is only read.
        target: the new label file; replaced where it exists.
        picture: the photo in the project.
        size: width and height of `picture`.
        take_all_labels: take every shape as a face, whatever its label.

    Returns:
        What `read_label_file` says of the source.

    Raises:
        LabelFileError: when the source cannot be read.
        UserError: when the disk does not take the copy.
    """
    known = _understood(source, size, take_all_labels)
    for index in known.faces:
        name_as_face(known.document["shapes"][index])
    _save(target, known.document, picture, size)
    return known.label_file


@dataclass(frozen=True, slots=True)
class _Understood:
    """A document in the pixels of the photo, and its faces: box by index of the shape."""

    document: _Json
    faces: dict[int, Box]
    label_file: LabelFile


def _understood(path: Path, size: Size | None, take_all_labels: bool) -> _Understood:
    document = _load(path)
    labelled = _labelled_size(document)
    notes = _fit_to(document, labelled, size)
    frame = size or labelled
    faces: dict[int, Box] = {}
    ignored: dict[str, None] = {}
    for index, shape in enumerate(document["shapes"]):
        if not (take_all_labels or is_face(shape)):
            ignored[shape["label"]] = None
            continue
        fault = points_fault(shape)
        if fault is not None:
            raise _bad_shape(path.name, index + 1, fault)
        drawn = shape_box(shape)
        box = drawn.clipped(*frame) if drawn and frame else drawn
        if drawn is None:
            notes.append(f"shape {index + 1} has no area and was left out")
        elif box is None:
            notes.append(f"shape {index + 1} lies outside the picture and was left out")
        elif box in faces.values():
            notes.append(f"shape {index + 1} repeats another and was left out")
        else:
            faces[index] = box
    label_file = LabelFile(
        boxes=tuple(faces.values()),
        other_labels=tuple(ignored),
        image_name=_image_name(document),
        image_size=labelled,
        embedded=_is_embedded(document),
        notes=tuple(notes),
    )
    return _Understood(document, faces, label_file)


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


def _load(path: Path) -> _Json:
    """The file as JSON, of which is certain: an object with a list of objects `shapes`."""
    try:
        if path.stat().st_size > MAXIMUM_BYTES:
            raise LabelFileError(f"{path.name} is too large for a label file.", _REMEDY)
        data = path.read_bytes()
    except OSError as error:
        raise LabelFileError(
            f"{path.name} cannot be read.",
            "Check that the file is still there and that you may open it.",
            str(error),
        ) from error
    document = _parsed(data, path.name)
    shapes = document.get("shapes") if isinstance(document, dict) else None
    if not isinstance(document, dict) or not isinstance(shapes, list):
        raise LabelFileError(f'{path.name} is no LabelMe file: it has no list "shapes".', _REMEDY)
    for number, shape in enumerate(shapes, 1):
        if not isinstance(shape, dict):
            raise _bad_shape(path.name, number, "it is no JSON object")
        if not isinstance(shape.get("label"), str):
            raise _bad_shape(path.name, number, "it has no label")
    return document


def _parsed(data: bytes, name: str) -> Any:
    if not data.strip(b"\0 \t\r\n"):
        raise LabelFileError(f"{name} is empty.", _REMEDY)
    reason = "it is no text"
    for encoding in (json.detect_encoding(data), *_OLDER_ENCODINGS):
        try:
            return json.loads(data.decode(encoding))
        except UnicodeDecodeError:
            continue
        except json.JSONDecodeError as error:
            reason = f"{error.msg} in line {error.lineno}, column {error.colno}"
        except RecursionError:
            reason = "it is nested too deeply"
        except ValueError as error:  # a number of thousands of digits
            reason = str(error)
        if encoding not in _OLDER_ENCODINGS:
            break
    raise LabelFileError(f"{name} is damaged: {reason}.", _REMEDY)


def _bad_shape(name: str, number: int, fault: str) -> LabelFileError:
    return LabelFileError(f"Shape {number} in {name} cannot be read: {fault}.", _REMEDY)


def _new_document() -> _Json:
    return {
        "version": FORMAT_VERSION,
        "flags": {},
        "shapes": [],
        "imagePath": "",
        "imageData": None,
        "imageHeight": 0,
        "imageWidth": 0,
    }


def _save(path: Path, document: _Json, picture: Path, size: Size) -> None:
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
        write_atomically(path, _as_bytes(document))
    except RecursionError as error:
        raise LabelFileError(f"{path.name} is nested too deeply.", _REMEDY) from error
    except OSError as error:
        raise disk_error(error, f"saving the labels in {path.name}") from error


def _as_bytes(document: _Json) -> bytes:
    try:
        return json.dumps(document, indent=2, ensure_ascii=False).encode("utf-8") + b"\n"
    except UnicodeEncodeError:  # half a character, from a name that is not in UTF-8
        return json.dumps(document, indent=2).encode("ascii") + b"\n"


def _relative(picture: Path, folder: Path) -> str:
    try:
        return Path(os.path.relpath(picture, folder)).as_posix()
    except ValueError:  # Windows: another drive
        return picture.absolute().as_posix()


def _image_name(document: _Json) -> str | None:
    image_path = document.get("imagePath")
    name = PureWindowsPath(image_path).name if isinstance(image_path, str) else ""
    return name if name not in ("", ".", "..") else None


def _is_embedded(document: _Json) -> bool:
    data = document.get("imageData")
    return isinstance(data, str) and bool(data.strip())


def _decoded_picture(document: _Json) -> bytes:
    """The embedded bytes, unchecked; also from a web page's "data:image/...;base64,"."""
    text: str = document["imageData"]
    try:
        return base64.b64decode("".join(text.rpartition(",")[2].split()), validate=True)
    except binascii.Error as error:
        raise ValueError(f"no base64: {error}") from error


def _labelled_size(document: _Json) -> Size | None:
    """The size of the picture as it was labelled; old files tell by the picture alone."""
    width, height = document.get("imageWidth"), document.get("imageHeight")
    if is_coordinate(width) and is_coordinate(height):
        size = int(width or 0), int(height or 0)
        if min(size) > 0:
            return size
    if not _is_embedded(document):
        return None
    try:
        pixels = decode_picture(_decoded_picture(document))
    except (UserError, ValueError):
        return None
    return pixels.shape[1], pixels.shape[0]


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
