"""The other training photos that a copy may be made with."""

from __future__ import annotations

import hashlib
import random
import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from facegui.core.boxes import Box
from facegui.core.errors import UserError
from facegui.core.files import as_bytes
from facegui.core.images import Pixels, read_small_picture

if TYPE_CHECKING:
    from facegui.core.photo_library import Sample

POOL = 32
"""Photos with, and as many without a face, that are partners for all others: what is
kept in memory is bounded that way."""

SIDE = 640
"""Longest side in pixels at which partners are kept."""


@dataclass(frozen=True, slots=True, eq=False)
class Partner:
    """A photo that another one is put together with.

    Args:
        pixels: (height, width, 3) RGB uint8.
        boxes: its faces, in pixels.
    """

    pixels: Pixels
    boxes: tuple[Box, ...]


class Partners:
    """Chooses partners and reads them when they are first wanted. For many threads.

    Which one is chosen hangs on the numbers and on the photos' names in such a way
    (rendezvous hashing) that one photo more or less changes few choices: most
    copies stay what they were, and so do their features.

    Source: Thaler and Ravishankar, "Using Name-Based Mappings to Increase Hit Rates",
    IEEE/ACM Transactions on Networking, 1998.

    Args:
        faces: for each photo by name, how many faces it shows.
        read: gives a photo by name.
        seed: another seed, another pool.
    """

    def __init__(
        self, faces: Mapping[str, int], read: Callable[[str], Partner], seed: int = 0
    ) -> None:
        with_face = [name for name, count in faces.items() if count]
        without = [name for name, count in faces.items() if not count]
        self._with_face, self._without = (
            _ranked(names, f"pool/{seed}")[:POOL] for names in (with_face, without)
        )
        self._read = read
        self._mutex = threading.Lock()
        self._kept: dict[str, Partner | None] = {}

    def choose(self, numbers: random.Random, photo: str, *, empty: bool = False) -> Partner | None:
        """A partner for a photo; None where there is none that can be read.

        Args:
            numbers: decide which.
            photo: name of the photo that it is for; never its own partner.
            empty: only photos without a face.
        """
        names = self._without if empty else [*self._with_face, *self._without]
        others = [name for name in names if name != photo]
        for name in _ranked(others, str(numbers.getrandbits(64))):
            partner = self._partner(name)
            if partner is not None:
                return partner
        return None

    def _partner(self, name: str) -> Partner | None:
        with self._mutex:
            if name not in self._kept:
                try:
                    self._kept[name] = self._read(name)
                except UserError:
                    # The photo itself is skipped and named; here it is only not there.
                    self._kept[name] = None
            return self._kept[name]


def partners_among(samples: Iterable[Sample], seed: int) -> Partners:
    """The training photos as partners of each other."""
    by_name = {sample.photo.name: sample for sample in samples}

    def read(name: str) -> Partner:
        sample = by_name[name]
        pixels, (width, height) = read_small_picture(sample.photo.path, SIDE)
        across, down = pixels.shape[1] / width, pixels.shape[0] / height
        return Partner(pixels, tuple(box.scaled(across, down) for box in sample.boxes))

    return Partners({name: len(sample.boxes) for name, sample in by_name.items()}, read, seed)


def _ranked(names: Iterable[str], key: str) -> list[str]:
    return sorted(names, key=lambda name: hashlib.sha256(as_bytes(f"{key}/{name}")).digest())


def _no_photo(name: str) -> Partner:
    raise KeyError(name)


NO_PARTNERS = Partners({}, _no_photo)
"""For a photo that stands alone."""
