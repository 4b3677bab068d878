"""The model file: one LiteRT file that says itself how it is to be used.

The description is a small zip archive behind the LiteRT data, the way LiteRT
stores metadata: programs that know nothing of it read the file as it is.
Nothing in a model file is ever executed as code.
"""

from __future__ import annotations

import hashlib
import io
import json
import lzma
import struct
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path
from typing import Any

from facegui.core.errors import UserError
from facegui.core.files import write_atomically
from facegui.core.runs import Precision
from facegui.ml.decoding import DECODERS

FORMAT = 1
"""Version of the description; a higher one is refused."""

DESCRIPTION_NAME = "facegui.json"
_LITERT_MARK = b"TFL3"
_LONGEST_DESCRIPTION = 1024**2


@dataclass(frozen=True, slots=True)
class ModelDescription:
    """What one has to know to use a model.

    Args:
        network: name of the network, such as "classic".
        decoder: how its outputs become boxes; a key of `decoding.DECODERS`.
        input_width: in pixels; pictures are resized to it without regard to
            their proportions.
        input_height: likewise.
        threshold: recommended lowest confidence, 0 to 1.
        class_name: what the boxes mark.
        precision: "float32", or "int8" for the smaller and faster form.
        preprocessing: what the first layer does with RGB 0..255, in words.
        weights: where the pretrained weights came from, and their SHA-256.
        versions: of the programs that made it.
        format: version of this description.
    """

    network: str
    decoder: str
    input_width: int
    input_height: int
    threshold: float
    class_name: str = "face"
    precision: str = "float32"
    preprocessing: str = ""
    weights: Mapping[str, str] = field(default_factory=dict)
    versions: Mapping[str, str] = field(default_factory=dict)
    format: int = FORMAT

    def __post_init__(self) -> None:
        if self.decoder not in DECODERS:
            raise ValueError(f"unknown decoder {self.decoder!r}")
        if not (1 <= self.input_width <= 4096 and 1 <= self.input_height <= 4096):
            raise ValueError(f"input size {self.input_width}x{self.input_height}")
        if not 0.0 <= self.threshold <= 1.0:
            raise ValueError(f"threshold must be 0 to 1, got {self.threshold}")
        if self.precision not in list(Precision):
            raise ValueError(f"unknown precision {self.precision!r}")

    def with_threshold(self, threshold: float) -> ModelDescription:
        return replace(self, threshold=threshold)


def write_model_file(path: Path, litert: bytes, description: ModelDescription) -> None:
    """Writes a model file, whole or not at all.

    Raises:
        OSError: when it cannot be written.
    """
    document = {**asdict(description), "sha256": hashlib.sha256(litert).hexdigest()}
    stream = io.BytesIO()
    stream.write(litert)
    with zipfile.ZipFile(stream, "a") as archive:
        archive.writestr(DESCRIPTION_NAME, json.dumps(document, indent=2))
    write_atomically(path, stream.getvalue())


def read_model_file(path: Path) -> tuple[bytes, ModelDescription]:
    """The LiteRT data and the description.

    Raises:
        UserError: when the file is missing, damaged, none of ours, or from a
            newer version.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise UserError(
            f"The model {path.name} cannot be read.",
            "Check that the run's folder is still there, or train again.",
            str(error),
        ) from error
    if data[4:8] != _LITERT_MARK:
        raise _refused(path, "it is no LiteRT model")
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            entry = archive.getinfo(DESCRIPTION_NAME)
            if entry.file_size > _LONGEST_DESCRIPTION:
                raise ValueError(f"{entry.file_size} bytes")
            document = json.loads(archive.read(entry))
            start = min(entry.header_offset for entry in archive.infolist())
    except _DAMAGED as error:
        raise _refused(path, f"its description is missing or damaged ({error})") from error
    return data[:start], _checked(path, data[:start], document)


_DAMAGED = (
    EOFError, LookupError, OSError, RuntimeError, ValueError,
    lzma.LZMAError, struct.error, zipfile.BadZipFile, zlib.error,
)  # fmt: skip
"""What reading a damaged archive or JSON may raise."""


def _checked(path: Path, litert: bytes, document: Any) -> ModelDescription:
    if not isinstance(document, dict) or not isinstance(document.get("format"), int):
        raise _refused(path, "its description is damaged")
    if document["format"] > FORMAT:
        raise UserError(
            f"The model {path.name} was made by a newer version of FaceGUI.",
            "Install the newest version, then open it again.",
            f"format {document['format']}, this version knows up to {FORMAT}",
        )
    if document.pop("sha256", None) != hashlib.sha256(litert).hexdigest():
        raise _refused(path, "its content is not what was written")
    known = {item.name for item in fields(ModelDescription)}
    try:
        return ModelDescription(**{key: document[key] for key in known & document.keys()})
    except (TypeError, ValueError) as error:
        raise _refused(path, str(error)) from error


def _refused(path: Path, reason: str) -> UserError:
    return UserError(
        f"The model {path.name} is damaged or none of FaceGUI: {reason}.",
        "Use another run, or train again.",
    )
