"""Labelled pictures at the size that a network takes them in."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path
from typing import Protocol

import numpy as np
import numpy.typing as npt

from facegui.core.augmented_set import read_set
from facegui.core.boxes import Box
from facegui.core.errors import UserError
from facegui.core.files import sha256_of
from facegui.core.images import Pixels, picture_size, read_picture, resized
from facegui.core.progress import Progress, Report, StopToken, throttled
from facegui.core.project import Project
from facegui.core.run_photos import known_photos
from facegui.core.runs import Run
from facegui.core.splits import Split

log = logging.getLogger(__name__)

LOADING_THREADS = 2


@dataclass(frozen=True, slots=True)
class LabelledPicture:
    """A file and its boxes in pixels of the picture.

    Args:
        path: of the file.
        boxes: around its faces.
        size: width and height in pixels, where they are known already.
        digest: SHA-256 of the file, likewise; else empty.
    """

    path: Path
    boxes: tuple[Box, ...]
    size: tuple[int, int] | None = None
    digest: str = ""


class Pictures(Protocol):
    """Pictures of one size, (size, size, 3) RGB uint8 each: an array, or read when wanted."""

    def __len__(self) -> int: ...

    def __getitem__(self, index: int, /) -> Pixels: ...


class PictureFiles:
    """Pictures that are read and resized when they are wanted: thousands need no memory.

    Args:
        paths: of the files.
        size: side in pixels that they are resized to.
        digests: SHA-256 of each file.
    """

    def __init__(self, paths: Sequence[Path], size: int, digests: Sequence[str]) -> None:
        self._paths = tuple(paths)
        self._size = size
        self.digests = tuple(digests)

    def __len__(self) -> int:
        return len(self._paths)

    def __getitem__(self, index: int, /) -> Pixels:
        """Raises `UserError` when the picture is gone or damaged; names it."""
        return resized(read_picture(self._paths[index]), self._size, self._size)

    def is_gone(self, index: int) -> bool:
        """Whether there is no such file any more."""
        return not self._paths[index].exists()

    def part(self, indices: Sequence[int]) -> PictureFiles:
        """Some of them."""
        paths = [self._paths[index] for index in indices]
        return PictureFiles(paths, self._size, [self.digests[index] for index in indices])


@dataclass(frozen=True, slots=True)
class LabelledFiles:
    """Labelled pictures on disk.

    Args:
        pictures: read when wanted.
        labels: for each picture its boxes in 0..1 of width and height.
    """

    pictures: PictureFiles
    labels: tuple[tuple[Box, ...], ...]

    def __len__(self) -> int:
        return len(self.labels)

    def part(self, indices: Sequence[int]) -> LabelledFiles:
        """Some of them."""
        labels = tuple(self.labels[index] for index in indices)
        return LabelledFiles(self.pictures.part(indices), labels)

    def digest(self) -> str:
        """Of all pictures and labels."""
        return sha256(f"{self.pictures.digests!r}{self.labels!r}".encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class LabelledArray:
    """Pictures in memory.

    Args:
        pictures: (n, size, size, 3) RGB uint8.
        labels: for each picture its boxes in 0..1 of width and height.
    """

    pictures: npt.NDArray[np.uint8]
    labels: tuple[tuple[Box, ...], ...]

    def __len__(self) -> int:
        return len(self.labels)

    def resized(self, size: int) -> LabelledArray:
        """The same at another size."""
        if self.pictures.shape[1:3] == (size, size):
            return self
        pictures = np.empty((len(self), size, size, 3), np.uint8)
        for number, picture in enumerate(self.pictures):
            pictures[number] = resized(picture, size, size)
        return replace(self, pictures=pictures)

    def digest(self) -> str:
        """Of all pictures and labels."""
        hashed = sha256(np.ascontiguousarray(self.pictures).data)
        hashed.update(repr(self.labels).encode())
        return hashed.hexdigest()


def training_pictures(project: Project) -> tuple[LabelledPicture, ...]:
    """The augmented copies of the training photos, or where there are none the photos themselves.

    Copies of a photo that is no training photo any more, or whose label or content
    has changed since, are left out. A training photo without copies is taken itself.
    """
    samples = {sample.photo.name: sample for sample in project.samples(Split.TRAIN)}
    augmented = read_set(project.augmented_folder)
    if augmented is None:
        return split_pictures(project, Split.TRAIN)
    copied = {
        source.name
        for source in augmented.sources
        if source.name in samples and source.is_still(samples[source.name])
    }
    left_out = len({source.name for source in augmented.sources} - copied)
    missing = [sample for name, sample in samples.items() if name not in copied]
    if left_out or missing:
        log.warning(
            "the augmented copies are outdated: those of %d photos are left out,"
            " %d photos are taken as they are",
            left_out,
            len(missing),
        )
    copies = (copy for copy in augmented.samples if copy.photo in copied)
    return (
        *(
            LabelledPicture(copy.path, copy.boxes, (copy.width, copy.height), copy.digest)
            for copy in copies
        ),
        *(LabelledPicture(sample.photo.path, sample.boxes) for sample in missing),
    )


def split_pictures(project: Project, split: Split | None) -> tuple[LabelledPicture, ...]:
    """The labelled photos of a split as they were taken; of all splits for None."""
    samples = project.samples(split)
    return tuple(LabelledPicture(sample.photo.path, sample.boxes) for sample in samples)


def unseen_pictures(project: Project, run: Run) -> tuple[tuple[LabelledPicture, ...], int]:
    """The test photos that a run does not know, and how many it knows.

    Photos may have been shared out anew since it learned from them.
    """
    known = known_photos(run, project)
    pictures = split_pictures(project, Split.TEST)
    unseen = tuple(picture for picture in pictures if picture.path.name not in known)
    return unseen, len(pictures) - len(unseen)


def labelled_files(
    pictures: Sequence[LabelledPicture], size: int, report: Report, stop: StopToken
) -> LabelledFiles:
    """Pictures that will be read when they are wanted.

    What is not known of them yet, their sizes and digests, is found out now. Those that
    are gone by now are left out: photos may be deleted while a training begins.

    Raises:
        UserError: when a picture is damaged; names it.
        Cancelled: when `stop` was cancelled.
    """
    report = throttled(report)

    def look(picture: LabelledPicture) -> tuple[tuple[Box, ...], str] | None:
        stop.raise_if_cancelled()
        try:
            width, height = picture.size or picture_size(picture.path)
            boxes = tuple(box.scaled(1 / width, 1 / height) for box in picture.boxes)
            return boxes, picture.digest or _digest(picture.path)
        except UserError:
            if picture.path.exists():
                raise
            log.warning("left out, for it is gone: %s", picture.path.name)
            return None

    paths, labels, digests = [], [], []
    with ThreadPoolExecutor(LOADING_THREADS) as pool:
        for done, seen in enumerate(pool.map(look, pictures), 1):
            if seen is not None:
                paths.append(pictures[done - 1].path)
                labels.append(seen[0])
                digests.append(seen[1])
            report(Progress(done, len(pictures), "Reading photos"))
    return LabelledFiles(PictureFiles(paths, size, digests), tuple(labels))


def _digest(path: Path) -> str:
    try:
        return sha256_of(path)
    except OSError as error:
        raise UserError(
            f"{path.name} cannot be read.", "Check that the file is still there.", str(error)
        ) from error


def load_pictures(
    pictures: Sequence[LabelledPicture],
    size: int,
    report: Report,
    stop: StopToken,
    *,
    skip_unreadable: bool = False,
) -> LabelledArray:
    """Reads and resizes pictures, several at a time.

    Args:
        pictures: files.
        size: side in pixels that they are resized to.
        report: told how far it is.
        stop: cancels.
        skip_unreadable: leaves out what is gone or damaged.

    Raises:
        UserError: when a picture is gone or damaged; names it.
        Cancelled: when `stop` was cancelled.
    """
    report = throttled(report)
    array = np.empty((len(pictures), size, size, 3), np.uint8)

    def load(index: int) -> tuple[Box, ...] | None:
        stop.raise_if_cancelled()
        try:
            pixels = read_picture(pictures[index].path)
        except UserError as error:
            if not skip_unreadable:
                raise
            log.warning("left out: %s", error.what)
            return None
        array[index] = resized(pixels, size, size)
        height, width = pixels.shape[:2]
        return tuple(box.scaled(1 / width, 1 / height) for box in pictures[index].boxes)

    labels = []
    with ThreadPoolExecutor(LOADING_THREADS) as pool:
        for done, boxes in enumerate(pool.map(load, range(len(pictures))), 1):
            stop.raise_if_cancelled()
            labels.append(boxes)
            report(Progress(done, len(pictures), "Reading photos"))
    read = [index for index, boxes in enumerate(labels) if boxes is not None]
    if len(read) < len(array):
        array = array[read]
    return LabelledArray(array, tuple(boxes for boxes in labels if boxes is not None))
