"""What was found in each picture, as data: JSON with a line for each picture, and CSV."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from facegui.core.boxes import Detection
from facegui.core.tracking import Track

COLUMNS = ("source", "frame", "time_s", "id", "x0", "y0", "x1", "y1", "confidence", "carried")

Write = Callable[[str], object]
"""Takes text, such as the `write` of an open file."""


@dataclass(frozen=True, slots=True)
class FoundFace:
    """A face in a picture.

    Args:
        detection: as it was found, not smoothed; one that is carried was moved on.
        number: of the face as it is followed through a video; None in single pictures.
        carried: whether it was found in an earlier picture and stands where it should be by now.
    """

    detection: Detection
    number: int | None = None
    carried: bool = False

    def to_json(self) -> dict[str, Any]:
        """Corners in pixels of the picture, and the confidence; "id" and "carried" where it is
        followed."""
        corners = zip(("x0", "y0", "x1", "y1"), self.detection.box.corners, strict=True)
        document = dict(corners) | {"confidence": self.detection.confidence}
        if self.number is None:
            return document
        return {"id": self.number} | document | {"carried": self.carried}


def followed_faces(tracks: Iterable[Track], width: int, height: int) -> tuple[FoundFace, ...]:
    """The faces of a video that have a box in a picture of that size, surest first."""
    surest_first = sorted(tracks, key=lambda track: -track.confidence)
    return tuple(
        FoundFace(detection, track.number, track.carried)
        for track in surest_first
        if (detection := track.detection_in(width, height)) is not None
    )


@dataclass(frozen=True, slots=True)
class FoundPicture:
    """What was found in a picture, or in a frame of a video.

    Args:
        source: the picture's path, or what the user called the video or camera.
        frame: its number in the source, from 0.
        time_s: since the source began.
        width: in pixels.
        height: in pixels.
        faces: surest first.
        saved: where the picture with its boxes was written to.
        compared: the faces that a second run found; None without one.
    """

    source: str
    frame: int
    time_s: float
    width: int
    height: int
    faces: tuple[FoundFace, ...]
    saved: Path | None = None
    compared: tuple[FoundFace, ...] | None = None

    def to_json(self) -> dict[str, Any]:
        document = {
            "source": self.source,
            "frame": self.frame,
            "time_s": round(self.time_s, 3),
            "width": self.width,
            "height": self.height,
            "faces": [face.to_json() for face in self.faces],
            "saved": None if self.saved is None else str(self.saved),
        }
        if self.compared is not None:
            document["compared"] = [face.to_json() for face in self.compared]
        return document


class PictureLines:
    """One JSON document with a line of its own for each picture, written as they come.

    Between the first and the last line every second one is a whole JSON object, one picture
    each; the lines between them hold only a comma.

    Args:
        write: takes the text.
        head: what the document says before the pictures.
    """

    def __init__(self, write: Write, head: Mapping[str, Any]) -> None:
        self._write = write
        self._count = 0
        begun = json.dumps(head, ensure_ascii=False)[:-1]
        self._write(f'{begun}{", " if head else ""}"pictures": [\n')

    def add(self, picture: Mapping[str, Any]) -> None:
        separator = ",\n" if self._count else ""
        self._write(f"{separator}{json.dumps(picture, ensure_ascii=False)}\n")
        self._count += 1

    def end(self, tail: Mapping[str, Any]) -> None:
        """Args: tail: what the document says after the pictures."""
        said = json.dumps(tail, ensure_ascii=False)[1:]
        self._write(f"]{', ' if tail else ''}{said}\n")


class BoxTable:
    """CSV with a row for each face; a picture without a face has one row without a box.

    Args:
        write: takes the text.
    """

    def __init__(self, write: Write) -> None:
        self._rows = csv.writer(_Lines(write), lineterminator="\n")
        self._rows.writerow(COLUMNS)

    def add(self, picture: FoundPicture) -> None:
        head = (picture.source, picture.frame, f"{picture.time_s:.3f}")
        for face in picture.faces:
            followed = face.number is not None
            number, carried = (face.number, int(face.carried)) if followed else ("", "")
            corners = (f"{side:.2f}" for side in face.detection.box.corners)
            confidence = f"{face.detection.confidence:.4f}"
            self._rows.writerow((*head, number, *corners, confidence, carried))
        if not picture.faces:
            self._rows.writerow((*head, *[""] * (len(COLUMNS) - len(head))))


@dataclass(frozen=True, slots=True)
class _Lines:
    write: Write
