"""The augmented copies of the training photos on disk: written whole, read, found outdated.

    FOLDER/manifest.json                  everything that training needs to know
    FOLDER/train/images/NAME-0001.jpg     the copies
    FOLDER/train/labels/NAME-0001.json    their boxes, for LabelMe and other programs

A set is made in a folder beside and takes its place by renaming.
"""

from __future__ import annotations

import json
import logging
import os
import shutil
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from facegui.core.augmentation import AUGMENTATION_VERSION
from facegui.core.augmentation_settings import AugmentationSettings
from facegui.core.boxes import Box
from facegui.core.errors import UserError, disk_error
from facegui.core.files import TEMPORARY_PREFIX, sha256_of, write_json

if TYPE_CHECKING:
    from facegui.core.photo_library import Sample

log = logging.getLogger(__name__)

MANIFEST_NAME = "manifest.json"
MANIFEST_SCHEMA = 1
IMAGES_FOLDER = Path("train", "images")
LABELS_FOLDER = Path("train", "labels")
_REPLACED_PREFIX = ".replaced-"


@dataclass(frozen=True, slots=True)
class AugmentedCopy:
    """One picture of the set.

    Args:
        path: the JPEG file.
        boxes: its faces, in pixels of it.
        photo: name of the photo that it is made of.
        number: which of that photo's copies it is, from 1.
        width: in pixels.
        height: in pixels.
        size_bytes: size of the file.
        digest: SHA-256 of the file: the same copy is made again with the same.
    """

    path: Path
    boxes: tuple[Box, ...]
    photo: str
    number: int
    width: int
    height: int
    size_bytes: int
    digest: str


@dataclass(frozen=True, slots=True)
class SkippedPhoto:
    """A photo of which no copies could be made, and why, in a sentence."""

    name: str
    reason: str


@dataclass(frozen=True, slots=True)
class SourcePhoto:
    """What a photo was when copies were made of it.

    Args:
        name: in the project.
        boxes: its faces.
        size_bytes: size of the file; 0 where there was none.
        modified_ns: when the file was last written.
        digest: SHA-256 of the file; empty where there was none.
    """

    name: str
    boxes: tuple[Box, ...]
    size_bytes: int
    modified_ns: int
    digest: str

    @classmethod
    def of(cls, sample: Sample) -> SourcePhoto:
        """Looks at the file as it is now."""
        path, name, boxes = sample.photo.path, sample.photo.name, tuple(sample.boxes)
        try:
            status = path.stat()
            return cls(name, boxes, status.st_size, status.st_mtime_ns, sha256_of(path))
        except OSError:
            return cls(name, boxes, 0, 0, "")

    def is_still(self, sample: Sample) -> bool:
        """Whether the photo and its boxes are what they were; by content, not by date alone."""
        if tuple(sample.boxes) != self.boxes:
            return False
        try:
            status = sample.photo.path.stat()
            if (status.st_size, status.st_mtime_ns) == (self.size_bytes, self.modified_ns):
                return True
            return status.st_size == self.size_bytes and sha256_of(sample.photo.path) == self.digest
        except OSError:
            return self.digest == ""


@dataclass(frozen=True, slots=True)
class AugmentedSet:
    """A set of copies on disk.

    Args:
        folder: where it is.
        settings: what it was made with.
        version: `AUGMENTATION_VERSION` of the program that made it.
        samples: the copies, in the order of the photos.
        sources: the photos.
        skipped: photos without copies.
    """

    folder: Path
    settings: AugmentationSettings
    version: int
    samples: tuple[AugmentedCopy, ...]
    sources: tuple[SourcePhoto, ...]
    skipped: tuple[SkippedPhoto, ...]

    def is_current(self, samples: Sequence[Sample], settings: AugmentationSettings) -> bool:
        """Whether making the set again from these photos would give the same set."""
        if self.version != AUGMENTATION_VERSION or self.settings != settings:
            return False
        sources = {source.name: source for source in self.sources}
        if sources.keys() != {sample.photo.name for sample in samples}:
            return False
        return all(sources[sample.photo.name].is_still(sample) for sample in samples)


def read_set(folder: Path) -> AugmentedSet | None:
    """The set in a folder; None where there is none, or where it is not whole any more."""
    try:
        document = json.loads((folder / MANIFEST_NAME).read_text("utf-8"))
        found = _set_from(folder, document)
        sizes = _file_sizes(folder / IMAGES_FOLDER)
    except FileNotFoundError:
        return None
    except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        log.warning("ignoring the unreadable augmented set %s: %r", folder, error)
        return None
    for copy in found.samples:
        if sizes.get(copy.path.name) != copy.size_bytes:
            log.warning("ignoring the augmented set %s: %s is not whole", folder, copy.path.name)
            return None
    return found


def write_manifest(made: AugmentedSet) -> None:
    """Writes the manifest of a set whose pictures are there; makes the set valid."""
    write_json(made.folder / MANIFEST_NAME, _set_to_json(made))


def begin_set(folder: Path) -> Path:
    """An empty folder in which a set for `folder` can be made, with places for its files.

    Raises:
        UserError: when the disk does not take it, or when old copies are in the way.
    """
    recover_set(folder)
    new = _beside(folder, TEMPORARY_PREFIX)
    if leftovers := leftovers_of(folder):
        raise UserError(
            "Old augmented photos cannot be removed.",
            "Close the program that shows them, then make them again.",
            "\n".join(map(str, leftovers)),
        )
    try:
        for part in (IMAGES_FOLDER, LABELS_FOLDER):
            (new / part).mkdir(parents=True)
    except OSError as error:
        discard_set(folder)
        raise disk_error(error, "making the augmented photos") from error
    return new


def discard_set(folder: Path) -> None:
    """Drops what was begun; the set in `folder` stays as it is."""
    shutil.rmtree(_beside(folder, TEMPORARY_PREFIX), ignore_errors=True)


def put_set_in_place(folder: Path) -> None:
    """Lets the set that was begun and has its manifest take the place of the one before.

    Killed at any moment, it leaves one of the two whole, if `recover_set` is
    called before the next use.

    Raises:
        UserError: when the set before cannot be moved; it is still in place then.
    """
    new, old = _both_beside(folder)
    try:
        if folder.exists():
            folder.rename(old)
        new.rename(folder)
    except OSError as error:
        if not folder.exists() and old.exists():
            old.rename(folder)
        discard_set(folder)
        raise UserError(
            "The augmented photos made before cannot be replaced.",
            "Close other programs that show them, then make them again.",
            str(error),
        ) from error
    shutil.rmtree(old, ignore_errors=True)


def recover_set(folder: Path) -> None:
    """Tidies up after a program that was killed while it made a set.

    To be called when a project is opened for writing. Does nothing where
    there is nothing to do.

    Raises:
        UserError: when the disk does not allow it.
    """
    new, old = _both_beside(folder)
    try:
        if old.exists() and not (folder / MANIFEST_NAME).exists():
            # Killed between the two renames; somebody may have made an empty
            # folder since. Only a new set that was whole ever got this far.
            if folder.exists():
                shutil.rmtree(folder)
            (new if (new / MANIFEST_NAME).exists() else old).rename(folder)
    except OSError as error:
        raise disk_error(error, "tidying up the augmented photos") from error
    for leftover in leftovers_of(folder):
        try:
            shutil.rmtree(leftover)
        except OSError as error:  # on Windows a viewer that shows one of them holds it
            log.warning("%s cannot be removed yet: %s", leftover, error)


def leftovers_of(folder: Path) -> tuple[Path, ...]:
    """Folders with copies that lie beside the set: half made, or replaced but not yet removed."""
    return tuple(path for path in _both_beside(folder) if path.exists())


def _both_beside(folder: Path) -> tuple[Path, Path]:
    """Where a new set is made, and where the one goes whose place it takes."""
    return _beside(folder, TEMPORARY_PREFIX), _beside(folder, _REPLACED_PREFIX)


def _beside(folder: Path, prefix: str) -> Path:
    return folder.with_name(prefix + folder.name)


def _file_sizes(folder: Path) -> dict[str, int]:
    with os.scandir(folder) as entries:
        return {entry.name: entry.stat().st_size for entry in entries}


# --- the manifest ---------------------------------------------------------------------


def _set_to_json(made: AugmentedSet) -> dict[str, Any]:
    return {
        "schema": MANIFEST_SCHEMA,
        "version": made.version,
        "settings": made.settings.to_json(),
        "photos": [
            {
                "name": source.name,
                "boxes": _boxes_to_json(source.boxes),
                "size_bytes": source.size_bytes,
                "modified_ns": source.modified_ns,
                "digest": source.digest,
            }
            for source in made.sources
        ],
        "skipped": [{"name": photo.name, "reason": photo.reason} for photo in made.skipped],
        "copies": [
            {
                "image": copy.path.name,
                "boxes": _boxes_to_json(copy.boxes),
                "photo": copy.photo,
                "number": copy.number,
                "width": copy.width,
                "height": copy.height,
                "size_bytes": copy.size_bytes,
                "digest": copy.digest,
            }
            for copy in made.samples
        ],
    }


def _set_from(folder: Path, document: dict[str, Any]) -> AugmentedSet:
    """Raises ValueError, TypeError or KeyError for what is no manifest."""
    if document["schema"] != MANIFEST_SCHEMA:
        raise ValueError(f"schema is {document['schema']!r}")
    return AugmentedSet(
        folder=folder,
        settings=AugmentationSettings.from_json(document["settings"]),
        version=document["version"],
        samples=tuple(
            AugmentedCopy(
                path=folder / IMAGES_FOLDER / copy["image"],
                boxes=_boxes_from(copy["boxes"]),
                **{key: copy[key] for key in _COPY_KEYS},
            )
            for copy in document["copies"]
        ),
        sources=tuple(
            SourcePhoto(
                boxes=_boxes_from(photo["boxes"]), **{key: photo[key] for key in _PHOTO_KEYS}
            )
            for photo in document["photos"]
        ),
        skipped=tuple(
            SkippedPhoto(photo["name"], photo["reason"]) for photo in document["skipped"]
        ),
    )


_COPY_KEYS = ("photo", "number", "width", "height", "size_bytes", "digest")
_PHOTO_KEYS = ("name", "size_bytes", "modified_ns", "digest")


def _boxes_to_json(boxes: Iterable[Box]) -> list[list[float]]:
    return [list(box.corners) for box in boxes]


def _boxes_from(boxes: list[list[float]]) -> tuple[Box, ...]:
    return tuple(Box(*corners) for corners in boxes)
