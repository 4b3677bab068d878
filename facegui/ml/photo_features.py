"""Features of photos and of a few varied copies of each, remembered from round to round."""

from __future__ import annotations

import logging
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from facegui.core.augmentation import augment, reduce_photo
from facegui.core.augmentation_settings import AugmentationSettings
from facegui.core.boxes import Box
from facegui.core.errors import UserError
from facegui.core.images import Pixels, read_picture, resized
from facegui.core.photo_library import Sample
from facegui.core.progress import Progress, Report, StopToken, throttled
from facegui.ml.backbone import Backbone
from facegui.ml.features import FeatureCache, FeatureSet, HalfArray, compute_features

log = logging.getLogger(__name__)

_AT_ONCE = 64
"""Photos whose pictures are made together: 64 of them with 5 copies take 24 MB."""

_Key = tuple[str, int, tuple[Box, ...], int]


class PhotoFeatures(Sequence[HalfArray]):
    """A photo and its copies as the heads see them: (values,) of each, the photo itself first.

    Each is opened when it is asked for: thousands of files at a time are more than a
    program may have open, and their contents more than the memory holds.

    Args:
        features: of this photo and of others.
        first: place of this one among them.
        labels: boxes of the photo and of each copy, in 0..1.
        size: width and height of the photo in pixels.
    """

    def __init__(
        self,
        features: FeatureSet,
        first: int,
        labels: Sequence[tuple[Box, ...]],
        size: tuple[int, int],
    ) -> None:
        self._features = features
        self._first = first
        self.labels = tuple(labels)
        self.size = size

    def __len__(self) -> int:
        return len(self.labels)

    def __getitem__(self, index: int) -> HalfArray:  # type: ignore[override]
        return self._features[self._first + range(len(self))[index]]


class ManyFeatures(Sequence[HalfArray]):
    """The features of several photos and their copies, one after the other."""

    def __init__(self, photos: Sequence[PhotoFeatures]) -> None:
        self._places = [(photo, number) for photo in photos for number in range(len(photo))]

    def __len__(self) -> int:
        return len(self._places)

    def __getitem__(self, index: int) -> HalfArray:  # type: ignore[override]
        photo, number = self._places[index]
        return photo[number]


class PhotoShelf:
    """Makes the features of photos, and knows those that it was asked for last.

    Their pictures stay in memory, at most 62 KB each at the usual size: should somebody
    empty the cache, features are computed again.

    Args:
        backbone: computes them.
        cache: of that backbone; what lies there is found again by the next program, too.
        variation: how copies differ from their photo.
    """

    def __init__(
        self, backbone: Backbone, cache: FeatureCache, variation: AugmentationSettings
    ) -> None:
        self._backbone = backbone
        self._cache = cache
        self._variation = variation
        self._known: dict[_Key, PhotoFeatures] = {}

    def take(
        self, samples: Sequence[Sample], copies: int, report: Report, stop: StopToken
    ) -> list[PhotoFeatures | None]:
        """Features of photos, in their order; None of one that is gone or damaged.

        Args:
            samples: photos with their boxes in pixels, without where nobody knows them.
            copies: of each, besides the photo itself.
            report: told of photos that are looked at for the first time.
            stop: cancels.

        Raises:
            Cancelled: when `stop` was cancelled.
        """
        keys = [_key(sample, copies) for sample in samples]
        report = throttled(report)
        wanted = set(keys)
        self._known = {
            key: kept for key, kept in self._known.items() if key in wanted or key[-1] != copies
        }
        new = [number for number, key in enumerate(keys) if key not in self._known]
        for first in range(0, len(new), _AT_ONCE):
            some = new[first : first + _AT_ONCE]

            def tell(progress: Progress, before: int = first, count: int = len(some)) -> None:
                share = progress.done / (progress.total or 1)
                report(Progress(before + round(share * count), len(new), progress.text))

            made = self._make([samples[number] for number in some], copies, tell, stop)
            for number, features in zip(some, made, strict=True):
                if features is not None:
                    self._known[keys[number]] = features
        return [self._known.get(key) for key in keys]

    def _make(
        self, samples: Sequence[Sample], copies: int, report: Report, stop: StopToken
    ) -> list[PhotoFeatures | None]:
        side, each = self._backbone.size, 1 + copies
        pictures = np.empty((len(samples) * each, side, side, 3), np.uint8)
        labels: list[list[tuple[Box, ...]]] = []
        sizes: list[tuple[int, int]] = []
        places: list[int | None] = []
        for sample in samples:
            stop.raise_if_cancelled()
            try:
                pixels = read_picture(sample.photo.path)
            except UserError as error:
                log.warning("%s is left out: %s", sample.photo.name, error)
                places.append(None)
                continue
            place = len(sizes)
            places.append(place)
            sizes.append((pixels.shape[1], pixels.shape[0]))
            labels.append(self._vary(sample, pixels, pictures[place * each : (place + 1) * each]))
        pictures = pictures[: len(sizes) * each]
        features = compute_features(pictures, self._backbone, self._cache, report, stop)
        return [
            None
            if place is None
            else PhotoFeatures(features, place * each, labels[place], sizes[place])
            for place in places
        ]

    def _vary(
        self, sample: Sample, pixels: Pixels, pictures: npt.NDArray[np.uint8]
    ) -> list[tuple[Box, ...]]:
        """Fills `pictures` with the photo and its copies; gives the boxes of each in 0..1."""
        side = self._backbone.size
        pictures[0] = resized(pixels, side, side)
        labels = [_shares(sample.boxes, pixels)]
        if len(pictures) > 1:
            photo = reduce_photo(pixels, sample.boxes, self._variation)
        for copy in range(1, len(pictures)):
            made = augment(
                photo.pixels, photo.boxes, self._variation, photo=sample.photo.name, copy=copy
            )
            pictures[copy] = resized(made.pixels, side, side)
            labels.append(_shares(made.boxes, made.pixels))
        return labels


def _key(sample: Sample, copies: int) -> _Key:
    try:
        changed_ns = sample.photo.path.stat().st_mtime_ns
    except OSError:
        changed_ns = 0  # reading it tells what is wrong
    return sample.photo.name, changed_ns, sample.boxes, copies


def _shares(boxes: Sequence[Box], pixels: Pixels) -> tuple[Box, ...]:
    height, width = pixels.shape[:2]
    return tuple(box.scaled(1 / width, 1 / height) for box in boxes)
