"""Makes the augmented copies of all training photos, on all cores."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import cv2

from facegui.core.augmentation import (
    AUGMENTATION_VERSION,
    AugmentedSample,
    augment,
    reduce_photo,
)
from facegui.core.augmentation_partners import Partners, partners_among
from facegui.core.augmentation_settings import AugmentationSettings
from facegui.core.augmented_set import (
    IMAGES_FOLDER,
    LABELS_FOLDER,
    AugmentedCopy,
    AugmentedSet,
    SkippedPhoto,
    SourcePhoto,
    begin_set,
    discard_set,
    put_set_in_place,
    write_manifest,
)
from facegui.core.cores import usable_cores
from facegui.core.errors import Cancelled, UserError, disk_error
from facegui.core.files import free_name
from facegui.core.images import encode_jpeg, read_picture
from facegui.core.labelme import new_label_file
from facegui.core.progress import Progress, Report, StopToken

if TYPE_CHECKING:
    from facegui.core.photo_library import Sample

MAXIMUM_THREADS = 4
"""More than this wait for each other: a third of the work holds Python's lock."""
REPORT_INTERVAL_S = 0.05


def augment_set(
    samples: Sequence[Sample],
    folder: Path,
    settings: AugmentationSettings,
    report: Report,
    stop: StopToken,
) -> AugmentedSet:
    """Makes copies of photos and writes them to a folder, in place of the set there.

    The set there stays whole until the new one is complete: also when this is
    cancelled, fails or is killed. A photo that is missing or damaged is
    skipped and named in the result.

    Args:
        samples: the photos for training; no others are touched.
        folder: where the set will be; see `augmented_set` for what is in it.
        settings: how photos are varied, how many copies, the seed.
        report: told how many copies are made, on the calling thread.
        stop: cancels.

    Raises:
        UserError: when there are no photos, when none of them can be read,
            when the disk is full or cannot be written.
        Cancelled: when `stop` was cancelled.
    """
    if not samples:
        raise UserError(
            "There are no training photos to make copies of.",
            "Label some photos first: most of them become training photos.",
        )
    new = begin_set(folder)
    try:
        made = _make(samples, new, settings, report, stop)
        write_manifest(made)
        stop.raise_if_cancelled()
    except OSError as error:
        discard_set(folder)
        raise disk_error(error, "making the augmented photos") from error
    except BaseException:
        discard_set(folder)
        raise
    put_set_in_place(folder)
    moved = (replace(copy, path=folder / IMAGES_FOLDER / copy.path.name) for copy in made.samples)
    return replace(made, folder=folder, samples=tuple(moved))


@dataclass(frozen=True, slots=True)
class _Batch:
    """What became of one photo."""

    source: SourcePhoto
    copies: tuple[AugmentedCopy, ...]
    skipped: SkippedPhoto | None


def _make(
    samples: Sequence[Sample],
    new: Path,
    settings: AugmentationSettings,
    report: Report,
    stop: StopToken,
) -> AugmentedSet:
    with _opencv_on_one_thread():
        partners = partners_among(samples, settings.seed)
        batches = _Workshop(new, settings, partners, stop).make(samples, report)
    skipped = tuple(batch.skipped for batch in batches if batch.skipped)
    if len(skipped) == len(batches):
        raise UserError(
            "None of the training photos can be read.",
            "Check that the project's photos are still there, or import them again.",
            "\n".join(f"{photo.name}: {photo.reason}" for photo in skipped),
        )
    return AugmentedSet(
        folder=new,
        settings=settings,
        version=AUGMENTATION_VERSION,
        samples=tuple(copy for batch in batches for copy in batch.copies),
        sources=tuple(batch.source for batch in batches),
        skipped=skipped,
    )


class _Workshop:
    """Makes the copies of many photos, a photo on each thread.

    Threads, because what takes long (pixels, JPEG, disk) lets go of Python's
    lock, and because processes would cost seconds to start on Windows.
    """

    def __init__(
        self, new: Path, settings: AugmentationSettings, partners: Partners, stop: StopToken
    ) -> None:
        self._new = new
        self._settings = settings
        self._partners = partners
        self._stop = stop
        self._given_up = threading.Event()
        self._done = 0
        self._mutex = threading.Lock()

    def make(self, samples: Sequence[Sample], report: Report) -> list[_Batch]:
        """What became of each photo, in the same order; raises what the first thread raised."""
        total = len(samples) * self._settings.copies
        stems = _stems_of_copies(samples)
        with ThreadPoolExecutor(_thread_count(), "augment") as pool:
            try:
                batches = [
                    pool.submit(self._photo, sample, stem)
                    for sample, stem in zip(samples, stems, strict=True)
                ]
                pending = set(batches)
                while pending:
                    done, pending = wait(pending, REPORT_INTERVAL_S, FIRST_EXCEPTION)
                    for batch in done:
                        batch.result()
                    report(Progress(self._done, total))
                return [batch.result() for batch in batches]
            except BaseException:
                self._given_up.set()
                pool.shutdown(wait=True, cancel_futures=True)
                raise

    def _photo(self, sample: Sample, stem: str) -> _Batch:
        self._raise_if_stopped()
        source = SourcePhoto.of(sample)
        try:
            pixels = read_picture(sample.photo.path)
        except UserError as error:
            self._count(self._settings.copies)
            return _Batch(source, (), SkippedPhoto(sample.photo.name, error.what))
        photo = reduce_photo(pixels, sample.boxes, self._settings)
        copies = []
        for number in range(1, self._settings.copies + 1):
            self._raise_if_stopped()
            made = augment(
                photo.pixels,
                photo.boxes,
                self._settings,
                photo=sample.photo.name,
                copy=number,
                partners=self._partners,
            )
            copies.append(self._store(made, sample.photo.name, number, f"{stem}-{number:04d}"))
            self._count(1)
        return _Batch(source, tuple(copies), None)

    def _store(self, made: AugmentedSample, photo: str, number: int, stem: str) -> AugmentedCopy:
        # Without a flush for each of thousands of files: the manifest, which is
        # flushed, has the size of each, and without it the set does not count.
        data = encode_jpeg(made.pixels)
        path = self._new / IMAGES_FOLDER / f"{stem}.jpg"
        path.write_bytes(data)
        height, width = made.pixels.shape[:2]
        label = new_label_file(made.boxes, f"../images/{path.name}", (width, height))
        (self._new / LABELS_FOLDER / f"{stem}.json").write_bytes(label)
        digest = hashlib.sha256(data).hexdigest()
        return AugmentedCopy(path, made.boxes, photo, number, width, height, len(data), digest)

    def _raise_if_stopped(self) -> None:
        self._stop.raise_if_cancelled()
        if self._given_up.is_set():
            raise Cancelled

    def _count(self, copies: int) -> None:
        with self._mutex:
            self._done += copies


def _stems_of_copies(samples: Sequence[Sample]) -> list[str]:
    """What the copies of each photo are called; apart also for `a.jpg` and `A.png`."""
    taken: set[str] = set()
    stems = []
    for sample in samples:
        stem = Path(free_name(taken, sample.photo.name)).stem
        taken.add(stem.casefold())
        stems.append(stem)
    return stems


def _thread_count() -> int:
    return min(MAXIMUM_THREADS, usable_cores())


@contextmanager
def _opencv_on_one_thread() -> Iterator[None]:
    """Keeps OpenCV from starting threads of its own inside each of ours."""
    before = cv2.getNumThreads()
    cv2.setNumThreads(1)
    try:
        yield
    finally:
        cv2.setNumThreads(before)
