"""Features of pictures: computed once, kept on disk, found again by content."""

from __future__ import annotations

import hashlib
import io
import logging
from collections.abc import Sequence, Set
from pathlib import Path

import numpy as np
import numpy.typing as npt

from facegui.core.files import remove_leftovers, write_atomically
from facegui.core.progress import Progress, Report, StopToken, throttled
from facegui.ml.backbone import Backbone

log = logging.getLogger(__name__)

HalfArray = npt.NDArray[np.float16]

CACHE_LIMIT_BYTES = 4_000_000_000


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
            write_atomically(self._path(digest), stream.getvalue(), durable=False)
        except OSError as error:
            log.warning("features are not kept any more: %s", error)
            self._full = True
            return False
        return True

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
    """Features of many pictures: each on disk, or in memory where it could not be kept."""

    def __init__(self, cache: FeatureCache, digests: Sequence[str]) -> None:
        self._cache = cache
        self._digests = tuple(digests)
        self._in_memory: dict[str, HalfArray] = {}

    def __len__(self) -> int:
        return len(self._digests)

    def __getitem__(self, index: int) -> HalfArray:  # type: ignore[override]
        digest = self._digests[index]
        features = self._in_memory.get(digest)
        if features is None:
            features = self._cache.load(digest)
        if features is None:
            raise KeyError(f"the features {digest} are gone")
        return features

    def hold(self, digest: str, features: HalfArray) -> None:
        """Keeps features in memory."""
        self._in_memory[digest] = features


def compute_features(
    pictures: npt.NDArray[np.uint8],
    backbone: Backbone,
    cache: FeatureCache,
    report: Report,
    stop: StopToken,
) -> FeatureSet:
    """Features of all pictures; only those that the cache lacks are computed.

    Args:
        pictures: (n, size, size, 3) RGB uint8, at the backbone's size. Their content
            is what features are found by: the same photo, varied and resized in
            the same way, has them already.
        backbone: computes them.
        cache: of that backbone.
        report: told of each picture that has to be computed.
        stop: cancels.

    Raises:
        Cancelled: when `stop` was cancelled; what was computed stays kept.
    """
    report = throttled(report)
    digests = [hashlib.sha256(picture.tobytes()).hexdigest() for picture in pictures]
    features = FeatureSet(cache, digests)
    missing = {}
    for index, digest in enumerate(digests):
        stop.raise_if_cancelled()
        if cache.load(digest) is None:
            missing[digest] = index
        else:
            cache.touch(digest)
    log.info("features: %d of %d are kept already", len(pictures) - len(missing), len(pictures))
    for done, (digest, index) in enumerate(missing.items(), 1):
        stop.raise_if_cancelled()
        computed = backbone.features(pictures[index])
        if not cache.keep(digest, computed):
            features.hold(digest, computed)
        report(Progress(done, len(missing), "Looking at the photos"))
    cache.trim(set(digests))
    return features
