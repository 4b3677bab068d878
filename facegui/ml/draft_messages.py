"""What is said between the window and the process that drafts: one JSON document a line.

The window's side imports no more of `ml` than this.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from facegui.core.boxes import Box, Detection
from facegui.core.courtesy import politely
from facegui.core.errors import UserError
from facegui.core.mistakes import Mistake, MistakeKind, PhotoMistakes
from facegui.core.photo_library import Photo, Sample
from facegui.core.progress import Progress

LEAST_LABELLED = 8
"""Labelled photos from which on drafting is worth while."""
SOURCE = "drafting"
"""What drafts that were made here name as their source."""


@dataclass(frozen=True, slots=True)
class PhotoDraft:
    """What the network takes a photo to show.

    Args:
        photo: that nobody has labelled.
        detections: faces, in pixels of the photo; none: it sees no face.
        certainty: how sure that is of the photo as a whole, 0 to 1.
    """

    photo: Photo
    detections: tuple[Detection, ...]
    certainty: float


@dataclass(frozen=True, slots=True)
class DraftRequest:
    """Learn from what is labelled, then draft these.

    Args:
        labelled: all that is labelled.
        unlabelled: to be drafted.
    """

    labelled: tuple[Sample, ...]
    unlabelled: tuple[Photo, ...]


@dataclass(frozen=True, slots=True)
class OpinionRequest:
    """Judge these labels."""

    labelled: tuple[Sample, ...]


@dataclass(frozen=True, slots=True)
class Opinion:
    """The photos whose labels the network disagrees with, the worst first."""

    photos: tuple[PhotoMistakes, ...]


@dataclass(frozen=True, slots=True)
class Done:
    """A request is fulfilled."""


Request = DraftRequest | OpinionRequest
Reply = Progress | PhotoDraft | Opinion | Done | UserError

# ASCII: a file name that is not in UTF-8 comes through, too.
_TEXT = json.JSONEncoder(ensure_ascii=True, separators=(",", ":"))


def encode_request(request: Request) -> bytes:
    """One line, with its end.

    Photo by photo: Python's lock, which the window waits for, is not given back while a
    document is encoded, and that of thousands of photos takes long.
    """
    lists = {"labelled": map(_sample, politely(request.labelled))}
    if isinstance(request, DraftRequest):
        lists["unlabelled"] = map(_photo, politely(request.unlabelled))
    parts = (f'"{name}":[{",".join(map(_TEXT.encode, items))}]' for name, items in lists.items())
    return f"{{{','.join(parts)}}}\n".encode("ascii")


def decode_request(line: str | bytes) -> Request:
    document = json.loads(line)
    labelled = tuple(
        Sample(_to_photo(item), tuple(Box(*corners) for corners in item["boxes"]))
        for item in document["labelled"]
    )
    if "unlabelled" not in document:
        return OpinionRequest(labelled)
    return DraftRequest(labelled, tuple(map(_to_photo, document["unlabelled"])))


def encode_reply(reply: Reply) -> bytes:
    """One line, with its end."""
    if isinstance(reply, Progress):
        return _line({"progress": [reply.done, reply.total, reply.text]})
    if isinstance(reply, PhotoDraft):
        found = [[*found.box.corners, found.confidence] for found in reply.detections]
        return _line({"draft": _photo(reply.photo), "found": found, "certainty": reply.certainty})
    if isinstance(reply, Opinion):
        photos = [[photo.name, _mistakes(photo.mistakes)] for photo in reply.photos]
        return _line({"opinion": photos})
    if isinstance(reply, UserError):
        return _line({"error": [reply.what, reply.remedy, reply.details]})
    return _line({"done": True})


def decode_reply(line: str | bytes) -> Reply:
    document = json.loads(line)
    match document:
        case {"progress": [done, total, text]}:
            return Progress(done, total, text)
        case {"draft": photo, "found": found, "certainty": certainty}:
            detections = tuple(Detection(Box(*corners), sure) for *corners, sure in found)
            return PhotoDraft(_to_photo(photo), detections, certainty)
        case {"opinion": photos}:
            return Opinion(
                tuple(PhotoMistakes(name, _to_mistakes(mistakes)) for name, mistakes in photos)
            )
        case {"error": [what, remedy, details]}:
            return UserError(what, remedy, details)
        case {"done": True}:
            return Done()
    raise ValueError(f"no reply: {document}")


def _line(document: dict[str, Any]) -> bytes:
    return _TEXT.encode(document).encode("ascii") + b"\n"


def _photo(photo: Photo) -> dict[str, str]:
    return {"name": photo.name, "path": str(photo.path)}


def _to_photo(document: dict[str, Any]) -> Photo:
    return Photo(document["name"], Path(document["path"]))


def _sample(sample: Sample) -> dict[str, Any]:
    return {**_photo(sample.photo), "boxes": [box.corners for box in sample.boxes]}


def _mistakes(mistakes: Sequence[Mistake]) -> list[Any]:
    return [[item.kind.value, item.box.corners, item.badness] for item in mistakes]


def _to_mistakes(document: Sequence[Any]) -> tuple[Mistake, ...]:
    return tuple(
        Mistake(MistakeKind(kind), Box(*corners), badness) for kind, corners, badness in document
    )
