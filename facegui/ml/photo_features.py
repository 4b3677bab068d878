"""Features of photos and of a few varied copies of each, remembered from round to round."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from facegui.core.augmentation import augment, reduce_photo
from facegui.core.augmentation_settings import AugmentationSettings
from facegui.core.boxes import Box
from facegui.core.images import Pixels, read_picture, resized
from facegui.core.photo_library import Sample
from facegui.core.progress import Progress, Report, StopToken, throttled
from facegui.ml.backbone import Backbone
from facegui.ml.features import FeatureCache, FeatureSet, HalfArray, compute_features

_AT_ONCE = 64
"""Photos whose pictures are in memory together: 64 of them with 4 copies take 20 MB."""

_Key = tuple[str, int, tuple[Box, ...], int]


@dataclass(frozen=True, slots=True)
class PhotoFeatures:
    """A photo and its copies as the heads see them.

    Args:
        features: (values,) of each; the photo itself first.
        labels: boxes of each, in 0..1.
        size: width and height of the photo in pixels.
    """

    features: tuple[HalfArray, ...]
    labels: tuple[tuple[Box, ...], ...]
    size: tuple[int, int]


class PhotoShelf:
    """Makes the features of photos, and knows those that it made.

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
    ) -> list[PhotoFeatures]:
        """Features of photos, in their order.

        Args:
            samples: photos with their boxes in pixels, without where nobody knows them.
            copies: of each, besides the photo itself.
            report: told of photos that are looked at for the first time.
            stop: cancels.

        Raises:
            UserError: when a photo is gone or damaged; names it.
            Cancelled: when `stop` was cancelled.
        """
        keys = [_key(sample, copies) for sample in samples]
        report = throttled(report)
        new = [number for number, key in enumerate(keys) if key not in self._known]
        for first in range(0, len(new), _AT_ONCE):
            some = new[first : first + _AT_ONCE]

            def tell(progress: Progress, before: int = first, count: int = len(some)) -> None:
                share = progress.done / (progress.total or 1)
                report(Progress(before + round(share * count), len(new), progress.text))

            made = self._make([samples[number] for number in some], copies, tell, stop)
            self._known.update(zip((keys[number] for number in some), made, strict=True))
        return [self._known[key] for key in keys]

    def _make(
        self, samples: Sequence[Sample], copies: int, report: Report, stop: StopToken
    ) -> list[PhotoFeatures]:
        side = self._backbone.size
        pictures = np.empty((len(samples) * (1 + copies), side, side, 3), np.uint8)
        labels: list[list[tuple[Box, ...]]] = []
        sizes = []
        for number, sample in enumerate(samples):
            stop.raise_if_cancelled()
            pixels = read_picture(sample.photo.path)
            sizes.append((pixels.shape[1], pixels.shape[0]))
            place = number * (1 + copies)
            labels.append(self._vary(sample, pixels, pictures[place : place + 1 + copies]))
        features = compute_features(pictures, self._backbone, self._cache, report, stop)
        return [
            PhotoFeatures(_part(features, number, 1 + copies), tuple(labels[number]), sizes[number])
            for number in range(len(samples))
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


def _part(features: FeatureSet, number: int, count: int) -> tuple[HalfArray, ...]:
    return tuple(features[place] for place in range(number * count, (number + 1) * count))
