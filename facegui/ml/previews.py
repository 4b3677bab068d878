"""What the network finds on a few validation photos while it learns."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from facegui.core.boxes import Box
from facegui.core.metrics import PhotoResult
from facegui.ml.decoding import Decoder

PREVIEWED_PHOTOS = 6
LOWEST_CONFIDENCE = 0.3
"""Lower than for live detection: what the network half believes is worth watching."""

Predict = Callable[[Sequence[int]], Mapping[str, Any]]
"""From numbers of validation photos to the network's outputs for them by name, (n, ...) each."""


@dataclass(frozen=True, slots=True)
class EpochPreview:
    """What the network finds on a few validation photos.

    Args:
        epoch: after which; 0 before the first.
        results: for each of these photos, always the same; boxes in 0..1 of width and height.
    """

    epoch: int
    results: tuple[PhotoResult, ...]


class Previewer:
    """Looks at the same few photos after every epoch.

    Args:
        predict: asks the network as it is at that moment.
        decode: reads its outputs for one picture.
        names: of the validation photos.
        labels: for each of them its boxes in 0..1.
    """

    def __init__(
        self,
        predict: Predict,
        decode: Decoder,
        names: Sequence[str],
        labels: Sequence[Sequence[Box]],
    ) -> None:
        self._predict = predict
        self._decode = decode
        self._chosen = choose_photos([bool(boxes) for boxes in labels])
        self._photos = [(names[number], tuple(labels[number])) for number in self._chosen]

    def look(self, epoch: int) -> EpochPreview:
        """What the network finds now."""
        found = self._predict(self._chosen)
        arrays = {name: np.asarray(output) for name, output in found.items()}
        results = []
        for index, (name, boxes) in enumerate(self._photos):
            outputs = {key: array[index] for key, array in arrays.items()}
            detections = self._decode(outputs, LOWEST_CONFIDENCE)
            results.append(PhotoResult(name, detections, boxes))
        return EpochPreview(epoch, tuple(results))


def choose_photos(has_face: Sequence[bool]) -> tuple[int, ...]:
    """Numbers of the photos to look at: spread over those with faces, then over the others."""
    faces = [number for number, face in enumerate(has_face) if face]
    others = [number for number, face in enumerate(has_face) if not face]
    chosen = _spread(faces, PREVIEWED_PHOTOS)
    return (*chosen, *_spread(others, PREVIEWED_PHOTOS - len(chosen)))


def _spread(numbers: Sequence[int], count: int) -> list[int]:
    if len(numbers) <= count:
        return list(numbers)
    return [numbers[place * len(numbers) // count] for place in range(count)]
