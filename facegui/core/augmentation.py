"""One varied copy of one photo."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass
from types import ModuleType

from facegui.core.augmentation_partners import NO_PARTNERS, Partners
from facegui.core.augmentation_settings import AugmentationSettings
from facegui.core.boxes import Box
from facegui.core.images import Pixels

AUGMENTATION_VERSION = 2
"""Raised whenever the same settings give other copies: sets made before count as outdated."""


@dataclass(frozen=True, slots=True, eq=False)
class AugmentedSample:
    """A varied copy of a photo.

    Args:
        pixels: (height, width, 3) RGB uint8.
        boxes: the faces that are still to be seen, in pixels of the copy.
    """

    pixels: Pixels
    boxes: tuple[Box, ...]


def augment(
    pixels: Pixels,
    boxes: Iterable[Box],
    settings: AugmentationSettings,
    *,
    photo: str,
    copy: int,
    partners: Partners | None = None,
) -> AugmentedSample:
    """Makes one varied copy of a photo.

    The same photo, number, settings and partners give the same copy, on any thread;
    a few photos more or less among the partners change few copies. Each transform
    draws its own numbers: a changed setting of one leaves what the others do as it was.

    The first call loads albumentations, which takes about a second.

    Args:
        pixels: (height, width, 3) RGB uint8, of any size; not changed.
        boxes: the faces, in pixels; parts outside the photo are cut off.
        settings: which transforms, and the seed.
        photo: the photo's name.
        copy: number of the copy, from 1.
        partners: the other training photos, for the steps that put two together;
            without them those make do with the photo's own colours.
    """
    key = f"{AUGMENTATION_VERSION}/{settings.seed}/{photo}/{copy}"
    return AugmentedSample(
        *_steps().run(pixels, boxes, settings, key, photo, partners or NO_PARTNERS)
    )


def reduce_photo(
    pixels: Pixels, boxes: Iterable[Box], settings: AugmentationSettings
) -> AugmentedSample:
    """A photo no larger than its copies need, for when many are made of it.

    `augment` gives the same copy of it as of the whole photo, but of a photo
    of twelve megapixels much sooner.

    Args:
        pixels: (height, width, 3) RGB uint8.
        boxes: the faces, in pixels; parts outside the photo are cut off.
        settings: what the copies will be made with.
    """
    return AugmentedSample(*_steps().reduce(pixels, boxes, settings))


def _steps() -> ModuleType:
    # Without this albumentations asks the network for a newer version of itself.
    os.environ.setdefault("NO_ALBUMENTATIONS_UPDATE", "1")
    from facegui.core import augmentation_steps

    return augmentation_steps
