"""Features of pictures: computed once, kept on disk, found again by content."""

from __future__ import annotations

import errno
import hashlib
import io
import logging
import shutil
from collections.abc import Iterable, Sequence, Set
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import numpy.typing as npt

from facegui.core.cores import usable_cores
from facegui.core.errors import UserError
from facegui.core.files import remove_leftovers, write_atomically
from facegui.core.progress import Progress, Report, StopToken, throttled
from facegui.ml.backbone import Backbone, features_bytes
from facegui.ml.training_data import PictureFiles, Pictures

log = logging.getLogger(__name__)

HalfArray = npt.NDArray[np.float16]

FEATURES_FOLDER = "features"
"""In a project's cache."""

CACHE_LIMIT_BYTES = 4_000_000_000

FITTING_SHARE = 0.9
"""Of the cache that training pictures may fill; the rest is for validation photos."""

MEMORY_LIMIT_BYTES = 500_000_000
"""Of features that the disk did not take. What is more is computed whenever it is wanted."""

RESERVE_BYTES = 500_000_000
"""That stay free on the disk: for checkpoints and the model, without which all was in vain."""

_LOOK_AFTER_BYTES = 50_000_000
"""How much may be written before the disk is looked at again."""

MAXIMUM_THREADS = 8


class FinishedLooking(Exception):
    """A finish was asked for while features were computed."""


class FeatureCache:
    """One file for each picture, named by what is in the picture and what computed it.

    Bounded: `trim` removes what was not used for longest. What cannot be kept
    is no error: features can always be computed again.

    Args:
        folder: made where it does not exist.
        key: of the backbone; see `Backbone.key`.
        values: numbers of a picture's features.
        limit_bytes: for everything in the folder.
    """

    def __init__(
        self, folder: Path, key: str, values: int, limit_bytes: int = CACHE_LIMIT_BYTES
    ) -> None:
        self._folder = folder
        self._key = key
        self._values = values
        self._limit_bytes = limit_bytes
        self._full = False
        self._unseen_bytes = _LOOK_AFTER_BYTES
        self._in_use: set[str] = set()
        remove_leftovers(folder)

    def load(self, digest: str) -> HalfArray | None:
        """(values,) memory-mapped; None where it is not there or damaged."""
        path = self._path(digest)
        try:
            kept: HalfArray = np.lib.format.open_memmap(path, mode="r")
        except FileNotFoundError:
            return None
        except (OSError, ValueError) as error:
            log.warning("ignoring damaged features %s: %s", path.name, error)
            return None
        return kept if kept.shape == (self._values,) and kept.dtype == np.float16 else None

    def touch(self, digest: str) -> None:
        """Remembers that these features were used now."""
        try:
            self._path(digest).touch()
        except OSError as error:
            log.warning("cannot mark features as used: %s", error)

    def keep(self, digest: str, features: HalfArray) -> bool:
        """Writes features; False where the disk does not take them."""
        if self._full:
            return False
        stream = io.BytesIO()
        np.save(stream, features, allow_pickle=False)
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            self._look_at_disk(stream.tell())
            write_atomically(self._path(digest), stream.getvalue(), durable=False)
        except OSError as error:
            log.warning("features are not kept any more: %s", error)
            self._full = True
            return False
        return True

    def _look_at_disk(self, size: int) -> None:
        """Raises `OSError` once little is free; looks now and then only."""
        self._unseen_bytes += size
        if self._unseen_bytes < _LOOK_AFTER_BYTES:
            return
        self._unseen_bytes = 0
        free = shutil.disk_usage(self._folder).free
        if free < RESERVE_BYTES + _LOOK_AFTER_BYTES:
            raise OSError(errno.ENOSPC, f"only {free / 1e6:.0f} MB are free on the disk")

    def trim(self, in_use: Set[str]) -> None:
        """Removes the features that were not used for longest, until the limit is kept.

        Args:
            in_use: digests of pictures whose features must stay, now and
                whenever this cache is trimmed again.
        """
        self._in_use |= in_use
        needed = {self._path(digest) for digest in self._in_use}
        try:
            files = [(path.stat(), path) for path in self._folder.glob("*.npy")]
            total = sum(status.st_size for status, _ in files)
            for status, path in sorted(files, key=lambda file: file[0].st_mtime_ns):
                if total <= self._limit_bytes:
                    return
                if path not in needed:
                    path.unlink(missing_ok=True)
                    total -= status.st_size
        except OSError as error:
            log.warning("old features stay: %s", error)

    def _path(self, digest: str) -> Path:
        return self._folder / f"{self._key}-{digest}.npy"


class FeatureSet(Sequence[HalfArray]):
    """Features of many pictures: on disk, or in memory, or computed anew where both lack them.

    Args:
        pictures: whose features they are.
        backbone: computes them.
        cache: of that backbone.
        digests: of the pictures, in the same order.
    """

    places: tuple[int, ...]
    """Numbers of the pictures that these are of; those that were gone are missing."""

    def __init__(
        self, pictures: Pictures, backbone: Backbone, cache: FeatureCache, digests: Sequence[str]
    ) -> None:
        self._pictures = pictures
        self._backbone = backbone
        self._cache = cache
        self._digests = tuple(digests)
        self.places = tuple(range(len(self._digests)))
        self._in_memory: dict[str, HalfArray] = {}
        self._held_bytes = 0

    def __len__(self) -> int:
        return len(self.places)

    def leave_out(self, indices: Iterable[int]) -> None:
        """These pictures are gone, and with them all that are the same."""
        gone = {self._digests[index] for index in indices}
        self.places = tuple(n for n, digest in enumerate(self._digests) if digest not in gone)

    def __getitem__(self, number: int) -> HalfArray:  # type: ignore[override]
        index = self.places[number]
        digest = self._digests[index]
        features = self._in_memory.get(digest)
        if features is None:
            features = self._cache.load(digest)
        # Somebody emptied the cache meanwhile, or the disk is full and so is the memory.
        return self.compute(index) if features is None else features

    def compute(self, index: int) -> HalfArray:
        """Computes the features of a picture, and keeps them where there is room."""
        digest = self._digests[index]
        computed = self._backbone.features(self._pictures[index])
        kept = self._cache.keep(digest, computed)
        if not kept and self._held_bytes + computed.nbytes <= MEMORY_LIMIT_BYTES:
            self._in_memory[digest] = computed
            self._held_bytes += computed.nbytes
        return computed


def most_pictures(size: int) -> int:
    """How many training pictures of that side the cache has room for.

    More are not learned from: every epoch would have to compute their features again.
    """
    return int(FITTING_SHARE * CACHE_LIMIT_BYTES / features_bytes(size))


def kept_features(folder: Path, key: str, digests: Sequence[str]) -> int:
    """How many pictures' features lie in a folder, by the names of the files alone."""
    try:
        names = {path.name for path in folder.iterdir()}
    except OSError:
        return 0
    return sum(f"{key}-{digest}.npy" in names for digest in digests)


def compute_features(
    pictures: Pictures,
    backbone: Backbone,
    cache: FeatureCache,
    report: Report,
    stop: StopToken,
    *,
    finishes: bool = False,
) -> FeatureSet:
    """Features of all pictures; only those that the cache lacks are computed, on all cores.

    Args:
        pictures: at the backbone's size. Their content is what features are found
            by: the same photo, varied in the same way, has them already.
        backbone: computes them.
        cache: of that backbone.
        report: told of each picture that has to be computed.
        stop: cancels.
        finishes: whether a finish ends it, too.

    Raises:
        UserError: when a picture is damaged; names it. Files that are gone are left out.
        Cancelled: when `stop` was cancelled; what was computed stays kept.
        FinishedLooking: when a finish was asked for before the last picture; likewise.
    """
    report = throttled(report)
    digests = _digests(pictures, stop)
    features = FeatureSet(pictures, backbone, cache, digests)
    missing = missing_features(digests, cache, stop)
    log.info("features: %d of %d are kept already", len(pictures) - len(missing), len(pictures))

    gone: list[int] = []

    def compute(index: int) -> None:
        stop.raise_if_cancelled()
        if finishes and stop.should_stop:
            raise FinishedLooking
        try:
            features.compute(index)
        except UserError:
            if not isinstance(pictures, PictureFiles) or not pictures.is_gone(index):
                raise
            gone.append(index)

    with ThreadPoolExecutor(feature_threads()) as pool:
        for done, _ in enumerate(pool.map(compute, missing), 1):
            report(Progress(done, len(missing), "Looking at the photos"))
    if gone:
        log.warning("%d pictures are left out, for they are gone", len(gone))
        features.leave_out(gone)
    cache.trim(set(digests))
    return features


def missing_features(digests: Sequence[str], cache: FeatureCache, stop: StopToken) -> list[int]:
    """Numbers of the pictures whose features have to be computed, each content once.

    Raises:
        Cancelled: when `stop` was cancelled.
    """
    missing: dict[str, int] = {}
    for index, digest in enumerate(digests):
        stop.raise_if_cancelled()
        if cache.load(digest) is None:
            missing.setdefault(digest, index)
        else:
            cache.touch(digest)
    return list(missing.values())


def _digests(pictures: Pictures, stop: StopToken) -> Sequence[str]:
    if isinstance(pictures, PictureFiles):
        return pictures.digests
    digests = []
    for index in range(len(pictures)):
        stop.raise_if_cancelled()
        digests.append(hashlib.sha256(pictures[index].tobytes()).hexdigest())
    return digests


def feature_threads() -> int:
    """How many pictures are looked at side by side."""
    return min(MAXIMUM_THREADS, usable_cores())
