"""Label files of LabelMe as JSON: read with care, made anew, the picture inside taken out.

Belongs to `labelme`, which knows what their shapes mean.
"""

from __future__ import annotations

import base64
import binascii
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from facegui.core.errors import UserError
from facegui.core.images import decode_picture
from facegui.core.labelme_shapes import is_coordinate

FORMAT_VERSION = "6.3.1"
"""The release of LabelMe whose format new files are written in; 7 reads it too."""
MAXIMUM_BYTES = 512 * 1024 * 1024

# LabelMe 3 wrote in Windows' own encoding; GB 18030 is what Chinese Windows has.
_OLDER_ENCODINGS = ("cp1252", "gb18030")
REMEDY = "Open the photo in LabelMe and save it again, or delete this file and box the photo anew."

Size = tuple[int, int]
_Json = dict[str, Any]


class LabelFileError(UserError):
    """A label file that cannot be understood. It stays as it is."""


@dataclass(frozen=True, slots=True)
class LabelDocument:
    """The content of a label file, in memory; files of other formats become one, too.

    Args:
        name: of the file that it comes from, for people.
        content: JSON with a list of objects `shapes`, each of them with a label.
    """

    name: str
    content: _Json


def load_label_file(path: Path) -> LabelDocument:
    """The whole content of a LabelMe file, before anybody asks what of it is a face.

    Raises:
        LabelFileError: when the file is missing, damaged or no LabelMe file.
    """
    return parse_label_file(read_label_bytes(path), path.name)


def parse_label_file(data: bytes, name: str) -> LabelDocument:
    """As `load_label_file`, of what was read already; errors call it `name`."""
    return LabelDocument(name, _as_label_file(_parsed(data, name), name))


def read_json(path: Path) -> Any:
    """A file of labels as JSON, in whatever encoding; what is in it is for the caller to check.

    Raises:
        LabelFileError: when the file is missing, too large or no JSON.
    """
    return _parsed(read_label_bytes(path), path.name)


def read_label_bytes(path: Path, maximum: int | None = None) -> bytes:
    """A file of labels, which is not read where it is too large to be one.

    Args:
        path: the file.
        maximum: so many bytes at most; `MAXIMUM_BYTES` by default.

    Raises:
        LabelFileError: when the file is missing or too large.
    """
    try:
        if path.stat().st_size > (MAXIMUM_BYTES if maximum is None else maximum):
            raise LabelFileError(f"{path.name} is too large for a label file.", REMEDY)
        return path.read_bytes()
    except OSError as error:
        raise LabelFileError(
            f"{path.name} cannot be read.",
            "Check that the file is still there and that you may open it.",
            str(error),
        ) from error


def embedded_picture(path: Path) -> bytes | None:
    """The picture that a label file carries; None where it carries none.

    Raises:
        LabelFileError: when the file is damaged, or what it carries is no picture.
    """
    document = load_label_file(path).content
    if not is_embedded(document):
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


def without_picture(path: Path) -> bytes:
    """The content of a label file; the picture that it may carry is left out.

    Raises:
        LabelFileError: when the file is damaged: what is in it cannot be told then.
    """
    data = read_label_bytes(path)
    document = parse_label_file(data, path.name).content
    if document.get("imageData") is None:
        return data
    if size := labelled_size(document):
        document["imageWidth"], document["imageHeight"] = size
    return json_bytes(document | {"imageData": None})


def new_document() -> _Json:
    """A label file as LabelMe writes it, with no shapes and no picture yet."""
    return {
        "version": FORMAT_VERSION,
        "flags": {},
        "shapes": [],
        "imagePath": "",
        "imageData": None,
        "imageHeight": 0,
        "imageWidth": 0,
    }


def _as_label_file(document: Any, name: str) -> _Json:
    """The same, of which is certain: an object with a list of objects `shapes`."""
    shapes = document.get("shapes") if isinstance(document, dict) else None
    if not isinstance(document, dict) or not isinstance(shapes, list):
        raise LabelFileError(f'{name} is no LabelMe file: it has no list "shapes".', REMEDY)
    for number, shape in enumerate(shapes, 1):
        if not isinstance(shape, dict):
            raise bad_shape(name, number, "it is no JSON object")
        if not isinstance(shape.get("label"), str):
            raise bad_shape(name, number, "it has no label")
    return document


def _parsed(data: bytes, name: str) -> Any:
    if not data.strip(b"\0 \t\r\n"):
        raise LabelFileError(f"{name} is empty.", REMEDY)
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
    raise LabelFileError(f"{name} is damaged: {reason}.", REMEDY)


def bad_shape(name: str, number: int, fault: str) -> LabelFileError:
    """What to raise for a shape, counted from 1, that cannot be used."""
    return LabelFileError(f"Shape {number} in {name} cannot be read: {fault}.", REMEDY)


def is_embedded(document: _Json) -> bool:
    """Whether a label file carries the picture itself."""
    data = document.get("imageData")
    return isinstance(data, str) and bool(data.strip())


def _decoded_picture(document: _Json) -> bytes:
    """The embedded bytes, unchecked; also from a web page's "data:image/...;base64,"."""
    text: str = document["imageData"]
    try:
        return base64.b64decode("".join(text.rpartition(",")[2].split()), validate=True)
    except binascii.Error as error:
        raise ValueError(f"no base64: {error}") from error


def labelled_size(document: _Json) -> Size | None:
    """The size of the picture as it was labelled; old files tell by the picture alone."""
    width, height = document.get("imageWidth"), document.get("imageHeight")
    if is_coordinate(width) and is_coordinate(height):
        size = int(width or 0), int(height or 0)
        if min(size) > 0:
            return size
    if not is_embedded(document):
        return None
    try:
        pixels = decode_picture(_decoded_picture(document))
    except (UserError, ValueError):
        return None
    return pixels.shape[1], pixels.shape[0]


def json_bytes(document: _Json) -> bytes:
    """The content of a label file; raises `RecursionError` where it is nested too deeply."""
    try:
        return json.dumps(document, indent=2, ensure_ascii=False).encode("utf-8") + b"\n"
    except UnicodeEncodeError:  # half a character, from a name that is not in UTF-8
        return json.dumps(document, indent=2).encode("ascii") + b"\n"
