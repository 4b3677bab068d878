"""What a photo's pixels say of it: how light, how sharp, and what it looks like in small.

One look at each photo serves the search for near-copies, the health check and the
coverage; what was seen is kept in the project's cache until the file changes.
"""

from __future__ import annotations

import contextlib
import io
import logging
import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from facegui.core.alike import PATTERN_SIDE, Pattern, near_copies, pattern_of
from facegui.core.courtesy import politely
from facegui.core.errors import UserError
from facegui.core.files import write_atomically
from facegui.core.folder_scan import Stamp, stamp_of
from facegui.core.images import Pixels, read_small_picture, resized
from facegui.core.photo_library import Photo
from facegui.core.progress import Progress, Report, StopToken, ignore_progress, throttled

log = logging.getLogger(__name__)

CACHE_NAME = "photo-facts.npz"
CACHE_VERSION = 1
LOOK_SIDE = 480
"""Longest side in pixels at which photos are judged; blur that is not seen there does no harm."""

DARK_MEAN, DARK_HIGHLIGHTS = 45.0, 100.0
BRIGHT_SHADOWS, BRIGHT_MEAN = 150.0, 232.0
BLURRED = 0.51
"""Sharp real photos have 0.2 to 0.5, with a Gaussian blur of 2 px at 640x480 0.53 to 0.78."""

_BLUR_LENGTH = 9
_LOOK_EVERY_S = 0.1


@dataclass(frozen=True, slots=True)
class Light:
    """How light a picture is; each 0 to 255.

    Args:
        mean: of its grey values.
        shadows: a tenth of the picture is darker.
        highlights: a tenth of the picture is lighter.
    """

    mean: float
    shadows: float
    highlights: float

    @property
    def is_dark(self) -> bool:
        return self.mean < DARK_MEAN and self.highlights < DARK_HIGHLIGHTS

    @property
    def is_bright(self) -> bool:
        return self.mean > BRIGHT_MEAN or (self.shadows > BRIGHT_SHADOWS and self.mean > 200.0)


@dataclass(frozen=True, slots=True, eq=False)
class PhotoFacts:
    """What was seen of a photo.

    Args:
        light: how light it is.
        blur: 0 is sharp, 1 has nothing but soft edges; see `blur_of`.
        pattern: (64, 64) uint8 grey: the photo in small, without regard to proportions.
        size: width and height of the photo in pixels.
    """

    light: Light
    blur: float
    pattern: Pattern
    size: tuple[int, int]

    @property
    def is_blurred(self) -> bool:
        # A dark photo has little but noise, which looks sharp and says nothing.
        return self.blur > BLURRED


def light_of(grey: npt.NDArray[np.uint8]) -> Light:
    """How light a grey picture is."""
    histogram = cv2.calcHist([grey], [0], None, [256], [0, 256]).ravel()
    shares = np.cumsum(histogram) / max(1, grey.size)
    shadows, highlights = np.searchsorted(shares, (0.1, 0.9))
    return Light(float(grey.mean()), float(shadows), float(highlights))


def blur_of(grey: npt.NDArray[np.uint8]) -> float:
    """How blurred a grey picture is, whatever it shows: 0 is sharp, 1 is not.

    Blurring once more takes most of the differences between neighbours away from
    a sharp picture, and few from a blurred one.

    Source: Crete et al., "The blur effect: perception and estimation with a new
    no-reference perceptual blur metric", Human Vision and Electronic Imaging 2007.
    """
    worst = 0.0
    for kernel, before, after in (
        ((_BLUR_LENGTH, 1), np.s_[:, :-1], np.s_[:, 1:]),
        ((1, _BLUR_LENGTH), np.s_[:-1, :], np.s_[1:, :]),
    ):
        soft = cv2.blur(grey, kernel)
        own = cv2.absdiff(grey[after], grey[before])
        left = cv2.absdiff(soft[after], soft[before])
        total = float(own.sum())
        if total:
            worst = max(worst, 1.0 - float(cv2.subtract(own, left).sum()) / total)
    return worst


def facts_of(pixels: Pixels, size: tuple[int, int] | None = None) -> PhotoFacts:
    """Looks at a picture.

    Args:
        pixels: (h, w, 3) RGB uint8.
        size: of the photo, where `pixels` were made smaller.
    """
    height, width = pixels.shape[:2]
    scale = min(1.0, LOOK_SIDE / max(width, height))
    small = resized(pixels, max(1, round(width * scale)), max(1, round(height * scale)))
    grey = cv2.cvtColor(small, cv2.COLOR_RGB2GRAY)
    return PhotoFacts(light_of(grey), blur_of(grey), pattern_of(grey), size or (width, height))


class FactsCache:
    """The facts of a project's photos and which of them are near-copies, kept on disk.

    Methods may be called from any thread; a long look holds up other lookers, who may
    give up waiting. What is kept of a photo that is gone goes with the next look.

    Args:
        folder: where the file is.
        photos: where the photos are.
        writable: whether the file may be written.
    """

    def __init__(self, folder: Path, photos: Path, *, writable: bool) -> None:
        self._path = folder / CACHE_NAME
        self._photos_folder = photos
        self._writable = writable
        self._mutex = threading.Lock()
        self._facts: dict[str, PhotoFacts] | None = None
        self._stamps: dict[str, Stamp] = {}
        self._compared: set[str] = set()
        self._pairs: set[tuple[str, str]] = set()

    def facts(
        self,
        photos: Sequence[Photo],
        report: Report = ignore_progress,
        stop: StopToken | None = None,
    ) -> dict[str, PhotoFacts]:
        """The facts of photos, by name; damaged ones are left out.

        Raises:
            Cancelled: when `stop` was cancelled; what was seen is kept.
        """
        stop = stop or StopToken()
        with self._held(report, stop):
            known = self._look(photos, report, stop)
            return {photo.name: known[photo.name] for photo in photos if photo.name in known}

    def pairs(
        self,
        photos: Sequence[Photo],
        report: Report = ignore_progress,
        stop: StopToken | None = None,
    ) -> tuple[tuple[str, str], ...]:
        """The near-copies among photos, as sorted pairs of names.

        Raises:
            Cancelled: when `stop` was cancelled; what was seen is kept.
        """
        stop = stop or StopToken()
        with self._held(report, stop):
            known = self._look(photos, report, stop)
            self._compare(known, report, stop)
            names = {photo.name for photo in photos}
            return tuple(sorted(pair for pair in self._pairs if names.issuperset(pair)))

    def forget(self) -> None:
        """Everything, also on disk."""
        with self._mutex:
            self._facts, self._stamps = {}, {}
            self._compared, self._pairs = set(), set()
            self._path.unlink(missing_ok=True)

    @contextlib.contextmanager
    def _held(self, report: Report, stop: StopToken) -> Iterator[None]:
        """The mutex, once whoever looks now has done so."""
        while not self._mutex.acquire(timeout=_LOOK_EVERY_S):
            stop.raise_if_cancelled()
            report(Progress(0, None, "Waiting for another look at the photos"))
        try:
            yield
        finally:
            self._mutex.release()

    def _look(
        self, photos: Sequence[Photo], report: Report, stop: StopToken
    ) -> dict[str, PhotoFacts]:
        if self._facts is None:
            self._facts = self._read()
        stamps = {
            photo.name: stamp for photo in politely(photos) if (stamp := _stamp_of(photo.path))
        }
        new = [
            photo
            for photo in photos
            if photo.name in stamps and self._stamps.get(photo.name) != stamps[photo.name]
        ]
        others = self._stamps.keys() - {photo.name for photo in photos}
        gone = {name for name in others if not (self._photos_folder / name).exists()}
        self._drop(gone | {photo.name for photo in new})
        report = throttled(report)
        try:
            for done, photo in enumerate(new, 1):
                stop.raise_if_cancelled()
                facts = _read_facts(photo)
                self._stamps[photo.name] = stamps[photo.name]
                if facts is not None:
                    self._facts[photo.name] = facts
                report(Progress(done, len(new), "Looking at the photos"))
        finally:
            if new or gone:
                self._write()
        return self._facts

    def _compare(self, known: Mapping[str, PhotoFacts], report: Report, stop: StopToken) -> None:
        new = sorted(known.keys() - self._compared)
        if not new:
            return
        old = sorted(known.keys() & self._compared)
        names = (*old, *new)
        patterns = [known[name].pattern for name in names]
        before = len(self._compared)
        try:
            for one, others in near_copies(patterns, len(old), report, stop):
                self._pairs |= {_pair(names[one], names[other]) for other in others}
                self._compared.add(names[one])
        finally:
            if len(self._compared) > before:
                self._write()

    def _drop(self, names: set[str]) -> None:
        assert self._facts is not None
        for name in names:
            self._facts.pop(name, None)
            self._stamps.pop(name, None)
        self._compared -= names
        self._pairs = {pair for pair in self._pairs if names.isdisjoint(pair)}

    def _write(self) -> None:
        """What cannot be kept is looked at again the next time."""
        if not self._writable or self._facts is None:
            return
        names = sorted(self._stamps)
        seen = [name for name in names if name in self._facts]
        facts = [self._facts[name] for name in seen]
        stream = io.BytesIO()
        np.savez(
            stream,
            version=np.array(CACHE_VERSION),
            names=np.array(names, dtype=str),
            stamps=np.array([self._stamps[name] for name in names], np.int64).reshape(-1, 2),
            seen=np.array(seen, dtype=str),
            numbers=np.array([_numbers(item) for item in facts], np.float64).reshape(-1, 6),
            patterns=np.array([item.pattern for item in facts], np.uint8).reshape(
                -1, PATTERN_SIDE, PATTERN_SIDE
            ),
            compared=np.array(sorted(self._compared), dtype=str),
            pairs=np.array(sorted(self._pairs), dtype=str).reshape(-1, 2),
        )
        try:
            write_atomically(self._path, stream.getvalue(), durable=False)
        except OSError as error:
            log.warning("what was seen of the photos is not kept: %s", error)

    def _read(self) -> dict[str, PhotoFacts]:
        try:
            with np.load(self._path, allow_pickle=False) as kept:
                if int(kept["version"]) != CACHE_VERSION:
                    return {}
                stamps = map(tuple, kept["stamps"].tolist())
                facts = {
                    name: PhotoFacts(
                        Light(*numbers[:3]), numbers[3], pattern, (int(numbers[4]), int(numbers[5]))
                    )
                    for name, numbers, pattern in zip(
                        kept["seen"].tolist(),
                        kept["numbers"].tolist(),
                        kept["patterns"],
                        strict=True,
                    )
                }
                compared, pairs = kept["compared"].tolist(), kept["pairs"].tolist()
                self._stamps = dict(zip(kept["names"].tolist(), stamps, strict=True))
        except FileNotFoundError:
            return {}
        except Exception as error:  # zip, zlib, pickle and numpy each have their own
            log.warning("ignoring the unreadable %s: %s", self._path, error)
            return {}
        self._compared, self._pairs = set(compared), {_pair(*pair) for pair in pairs}
        return facts


def _read_facts(photo: Photo) -> PhotoFacts | None:
    try:
        return facts_of(*read_small_picture(photo.path, LOOK_SIDE))
    except UserError as error:
        log.warning("%s cannot be looked at: %s", photo.name, error)
        return None


def _numbers(facts: PhotoFacts) -> tuple[float, ...]:
    light = facts.light
    return light.mean, light.shadows, light.highlights, facts.blur, *map(float, facts.size)


def _stamp_of(path: Path) -> Stamp | None:
    try:
        return stamp_of(path.stat())
    except OSError:
        return None


def _pair(one: str, other: str) -> tuple[str, str]:
    return (one, other) if one < other else (other, one)
