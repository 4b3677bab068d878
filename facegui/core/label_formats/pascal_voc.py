"""Pascal VOC: one XML file for each picture, boxes in whole pixels.

As labelImg, Roboflow, CVAT and others write it, coordinates count from 0. What the
files of the challenge itself do, counting from 1, would be a shift of one pixel, and
nothing in a file tells the two apart.

By hand, with the standard library's parser: globox and labelformat read whole folders, and
would not tell of each file what is wrong with it; labelformat brings pydantic besides.

Source: Everingham et al., "The PASCAL VOC Challenge", IJCV 2010, and its development kit.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path, PureWindowsPath
from typing import NoReturn
from xml.etree import ElementTree
from xml.parsers import expat

from facegui.core.boxes import Box
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

TITLE = "Pascal VOC"
MAXIMUM_BYTES = 16 * 1024 * 1024
_CORNERS = ("xmin", "ymin", "xmax", "ymax")
_REMEDY = "Save it again in the program that made it, or box the photo anew."


def entries(text: LabelText) -> Sequence[LabelEntry] | None:
    """The entry of an XML file; of one that is broken too, as it may have been an annotation."""
    if text.suffix != ".xml":
        return None
    read = partial(_read, text.path)
    try:
        root = _parsed(text.path)
    except LabelFileError:
        return [LabelEntry(TITLE, text.path, read)]
    if root.tag != "annotation":
        return None
    picture = PureWindowsPath(root.findtext("filename", "").strip()).name
    labels = counted(label for label, _ in _boxes(root))
    return [LabelEntry(TITLE, text.path, read, picture, labels)]


def files(photos: Sequence[ExportPhoto]) -> Iterator[tuple[str, bytes]]:
    """Whole pixels, as readers expect; decimals only where those would be off by more than half."""
    for photo in photos:
        root = ElementTree.Element("annotation")
        _add(root, "folder", "images")
        _add(root, "filename", photo.name)
        size = _add(root, "size")
        for name, value in zip(("width", "height", "depth"), (*photo.size, 3), strict=True):
            _add(size, name, str(value))
        _add(root, "segmented", "0")
        for box in photo.boxes:
            item = _add(root, "object")
            _add(item, "name", FACE_LABEL)
            for name, text in (("pose", "Unspecified"), ("truncated", "0"), ("difficult", "0")):
                _add(item, name, text)
            bndbox = _add(item, "bndbox")
            for name, text in zip(_CORNERS, _corners(box), strict=True):
                _add(bndbox, name, text)
        ElementTree.indent(root, "    ")
        data: bytes = ElementTree.tostring(root, encoding="utf-8", xml_declaration=True)
        yield f"{photo.split}/annotations/{photo.stem}.xml", data + b"\n"


def picture_path(photo: ExportPhoto) -> str:
    return f"{photo.split}/images/{photo.name}"


def _corners(box: Box) -> list[str]:
    whole = [round(value) for value in box.corners]
    if whole[0] < whole[2] and whole[1] < whole[3]:
        return [str(value) for value in whole]
    return [repr(value) for value in box.corners]


def _add(parent: ElementTree.Element, tag: str, text: str | None = None) -> ElementTree.Element:
    child = ElementTree.SubElement(parent, tag)
    child.text = text
    return child


def _read(path: Path, size: Size) -> LabelDocument:  # noqa: ARG001
    root = _parsed(path)
    if root.tag != "annotation":
        raise LabelFileError(f"{path.name} is no Pascal VOC annotation.", _REMEDY)
    labelled = (_number(root.findtext("size/width")), _number(root.findtext("size/height")))
    width, height = (int(value) if isinstance(value, float) else 0 for value in labelled)
    return document_of(path.name, _boxes(root), (width, height))


def _boxes(root: ElementTree.Element) -> Iterator[tuple[str, Corners]]:
    for item in root.iter("object"):
        corners = [_number(item.findtext(f"bndbox/{name}")) for name in _CORNERS]
        yield item.findtext("name", "").strip(), corners


def _number(text: str | None) -> float | None:
    """Also of "12.0", as some programs write; None where it is no number."""
    try:
        value = float(text or "")
    except ValueError:
        return None
    return value if abs(value) < 1e7 else None  # no picture is that large; False for NaN


def _parsed(path: Path) -> ElementTree.Element:
    data = read_label_bytes(path, MAXIMUM_BYTES)
    try:
        _refuse_declarations(data)
        return ElementTree.fromstring(data)
    except (ElementTree.ParseError, expat.ExpatError, ValueError, LookupError) as error:
        # ValueError and LookupError: an encoding that nobody knows.
        raise LabelFileError(f"{path.name} is damaged: {error}.", _REMEDY) from error


def _refuse_declarations(data: bytes) -> None:
    """Annotations have no document type; with one, entities could swallow the memory."""

    def refuse(*_: object) -> NoReturn:
        raise ValueError("it declares a document type, which no annotation does")

    parser = expat.ParserCreate()
    parser.StartDoctypeDeclHandler = refuse
    parser.Parse(data, True)
