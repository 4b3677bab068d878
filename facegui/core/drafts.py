"""Drafts: boxes that a network proposes for photos that nobody has labelled yet.

They lie beside the labels, one JSON file a photo in the folder `drafts`, and never in
LabelMe's files: a draft is no label until the user says so.
"""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from facegui.core.boxes import Box, Detection
from facegui.core.errors import disk_error
from facegui.core.files import write_atomically

if TYPE_CHECKING:
    from facegui.core.photo_library import Photo

log = logging.getLogger(__name__)

FORMAT_VERSION = 1
_SUFFIX = ".json"


@dataclass(frozen=True, slots=True)
class Draft:
    """What a network takes a photo to show.

    Args:
        detections: the faces, in pixels of the photo; none: it sees no face.
        source: what made it, such as the name of a run.
        certainty: how sure that is of the photo as a whole, 0 to 1.
        made: when, in ISO 8601.

    Raises:
        ValueError: when the certainty is outside 0 to 1 or not a number.
    """

    detections: tuple[Detection, ...]
    source: str
    certainty: float
    made: str = field(default_factory=lambda: datetime.now().astimezone().isoformat("T", "seconds"))

    def __post_init__(self) -> None:
        if not 0.0 <= self.certainty <= 1.0:
            raise ValueError(f"certainty is not within 0 to 1: {self.certainty}")

    @property
    def boxes(self) -> tuple[Box, ...]:
        return tuple(detection.box for detection in self.detections)

    def to_json(self) -> dict[str, Any]:
        return {
            "version": FORMAT_VERSION,
            "source": self.source,
            "made": self.made,
            "certainty": self.certainty,
            "boxes": [
                {"box": detection.box.corners, "confidence": detection.confidence}
                for detection in self.detections
            ],
        }

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> Self:
        """Raises `KeyError`, `TypeError` or `ValueError` where that is no draft."""
        if document["version"] != FORMAT_VERSION:
            raise ValueError(f"drafts of version {document['version']} are not known")
        detections = tuple(
            Detection(Box(*map(float, item["box"])), float(item["confidence"]))
            for item in document["boxes"]
        )
        return cls(
            detections,
            str(document["source"]),
            float(document["certainty"]),
            str(document["made"]),
        )


class Drafts:
    """The drafts of a project. May be used from any thread.

    Files are read once, when the first draft is asked for: while a project is open
    nobody else writes them. One that cannot be read counts as none.

    Args:
        folder: made with the first draft where it is missing.
        is_labelled: whether the photo of a name has a label: its draft is past then.
    """

    def __init__(self, folder: Path, is_labelled: Callable[[str], bool]) -> None:
        self._folder = folder
        self._is_labelled = is_labelled
        self._mutex = threading.RLock()
        self._kept: dict[str, Draft] | None = None

    @property
    def names(self) -> tuple[str, ...]:
        """Of the photos that have a draft, in order."""
        with self._mutex:
            return tuple(name for name in sorted(self._drafts) if not self._is_labelled(name))

    def draft(self, photo: Photo) -> Draft | None:
        """The draft of a photo; None where it has none, or a label."""
        with self._mutex:
            return None if self._is_labelled(photo.name) else self._drafts.get(photo.name)

    def set_draft(
        self,
        photo: Photo,
        detections: Iterable[Detection],
        source: str,
        certainty: float | None = None,
    ) -> Draft:
        """Keeps what a network takes a photo to show, in place of what was kept before.

        Args:
            photo: of the project.
            detections: the faces, in pixels of the photo; none: it sees no face.
            source: what found them, such as the name of a run.
            certainty: of the photo as a whole; None: that of the least sure face,
                and 0 where there is none.

        Raises:
            UserError: when the disk does not take it.
        """
        detections = tuple(detections)
        if certainty is None:
            certainty = min((found.confidence for found in detections), default=0.0)
        draft = Draft(detections, source, certainty)
        self.put_back(photo, draft)
        return draft

    def put_back(self, photo: Photo, draft: Draft) -> None:
        """Keeps a draft as it was; raises `UserError` when the disk does not take it."""
        with self._mutex:
            try:
                self._folder.mkdir(parents=True, exist_ok=True)
                # Not durable: it can be made again, and dozens come at once.
                write_atomically(self._path(photo), json.dumps(draft.to_json()), durable=False)
            except OSError as error:
                raise disk_error(error, f"saving the draft of {photo.name}") from error
            self._drafts[photo.name] = draft

    def remove_draft(self, photo: Photo) -> Draft | None:
        """Forgets the draft of a photo; returns what was kept.

        A file that cannot be removed is no error: it is past as soon as there is a label.
        """
        with self._mutex:
            try:
                self._path(photo).unlink(missing_ok=True)
            except OSError as error:
                log.warning("a draft stays: %s", error)
            return self._drafts.pop(photo.name, None)

    @property
    def _drafts(self) -> dict[str, Draft]:
        if self._kept is None:
            paths = self._folder.iterdir() if self._folder.is_dir() else ()
            read = {
                path.name.removesuffix(_SUFFIX): _read(path)
                for path in paths
                if path.suffix == _SUFFIX and not path.name.startswith(".")
            }
            self._kept = {name: draft for name, draft in read.items() if draft is not None}
        return self._kept

    def _path(self, photo: Photo) -> Path:
        # With the photo's own suffix: no two photos share a draft.
        return self._folder / f"{photo.name}{_SUFFIX}"


def _read(path: Path) -> Draft | None:
    try:
        return Draft.from_json(json.loads(path.read_text("utf-8")))
    except (OSError, ValueError, TypeError, KeyError, RecursionError) as error:
        log.warning("ignoring the draft %s: %r", path.name, error)
        return None
