"""Drafting: heads that learn from the first labels propose the others, and doubt some.

The backbone is the Train tab's, and so are its features, the heads and how they learn;
only there are fewer copies and no validation, so that it takes seconds.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from facegui.core.augmentation_settings import AugmentationSettings
from facegui.core.boxes import Box, Detection, boxes_to_array, iou
from facegui.core.errors import UserError
from facegui.core.metrics import PhotoResult
from facegui.core.mistakes import PhotoMistakes, worst_mistakes
from facegui.core.photo_library import Photo, Sample
from facegui.core.progress import Progress, Report, StopToken
from facegui.ml import dense
from facegui.ml.backbone import Backbone
from facegui.ml.decoding import decode_dense
from facegui.ml.dense_data import feature_batches, new_heads
from facegui.ml.draft_messages import PhotoDraft
from facegui.ml.features import FeatureCache
from facegui.ml.photo_features import ManyFeatures, PhotoFeatures, PhotoShelf
from facegui.ml.presets import FAST, TrainSettings

if TYPE_CHECKING:
    import keras

log = logging.getLogger(__name__)

AVERAGE_MOMENTUM = 0.95
"""Of the moving average of the weights: over about 20 steps, for there are few."""
_DETECTING_BATCH = 32
_DOUBT_CONFIDENCE = 0.1
"""A labelled face that gets so much is not missed; what is no face and gets little more is
far down in the list of what the network disagrees with."""
_LEAST_DOUBT = 0.05
"""Of a confidence: what is below is no rival of a draft."""


@dataclass(frozen=True, slots=True)
class DraftSettings:
    """How drafting learns.

    Args:
        network: size of the pictures, batch size, highest learning rate, dropout.
        variation: how copies differ from their photo.
        copies: of each labelled photo.
        first_steps: batches from nothing.
        more_steps: batches when it has learned before.
        folds: parts that the second opinion leaves out in turns.
        lowest_confidence: of a drafted face, 0 to 1.
    """

    network: TrainSettings = field(
        default_factory=lambda: replace(
            FAST.settings, batch_size=16, learning_rate=4e-3, falling_steps=0
        )
    )
    variation: AugmentationSettings = field(default_factory=AugmentationSettings)
    copies: int = 5
    first_steps: int = 150
    more_steps: int = 60
    folds: int = 5
    lowest_confidence: float = 0.3


class Drafter:
    """Learns from labels, drafts boxes, doubts labels; warm from one call to the next.

    Args:
        backbone: frozen.
        cache: of that backbone.
        settings: how it learns.
    """

    def __init__(
        self, backbone: Backbone, cache: FeatureCache, settings: DraftSettings | None = None
    ) -> None:
        self.settings = settings or DraftSettings()
        self._shapes = backbone.shapes
        self._shelf = PhotoShelf(backbone, cache, self.settings.variation)
        self._heads: keras.Model | None = None
        self._fresh_weights: list[Any] = []
        self._fresh_optimizer: list[Any] = []
        self._is_warm = False

    def forget(self) -> None:
        """Learns from nothing next time; features are kept."""
        self._is_warm = False

    def learn(self, samples: Sequence[Sample], report: Report, stop: StopToken) -> None:
        """Learns from labelled photos, on top of what was learned before.

        Those that are gone or damaged are left out.

        Args:
            samples: all that are labelled.
            report: told of photos and batches.
            stop: cancels.

        Raises:
            UserError: when none of the photos can be read.
            Cancelled: when `stop` was cancelled; what was learned before is lost.
        """
        seen = [photo for _, photo in self._readable(samples, report, stop)]
        steps = self.settings.more_steps if self._is_warm else self.settings.first_steps
        if not self._is_warm:
            self._begin_anew(seen)
        self.forget()  # unless all goes well
        self._fit(seen, steps, report, stop, f"Learning from {len(samples)} labels")
        self._is_warm = True

    def draft(
        self, photos: Sequence[Photo], report: Report, stop: StopToken
    ) -> Iterator[PhotoDraft]:
        """Drafts of photos, in their order. After `learn`.

        Those that are gone or damaged are left out.

        Raises:
            Cancelled: when `stop` was cancelled.
        """
        taken = self._shelf.take([Sample(photo, ()) for photo in photos], 0, report, stop)
        pairs = [(photo, one) for photo, one in zip(photos, taken, strict=True) if one is not None]
        for first in range(0, len(pairs), _DETECTING_BATCH):
            stop.raise_if_cancelled()
            part = pairs[first : first + _DETECTING_BATCH]
            opinions = self._look([one for _, one in part])
            for (photo, one), opinion in zip(part, opinions, strict=True):
                lowest = self.settings.lowest_confidence
                yield PhotoDraft(photo, _in_pixels(opinion, one, lowest), opinion.certainty(lowest))

    def second_opinion(
        self, samples: Sequence[Sample], report: Report, stop: StopToken
    ) -> tuple[PhotoMistakes, ...]:
        """The photos whose labels the network disagrees with, the worst first.

        The photos are judged in turns by heads that never saw them: else the network
        would repeat what it was told.

        Args:
            samples: labelled photos.
            report: told of photos and batches.
            stop: cancels.

        Returns:
            In `MistakeKind`: *missed* is a label where the network sees no face, *false
            alarm* a face that it sees and nobody labelled, *poor box* a box that
            it would draw otherwise.

        Raises:
            UserError: when none of the photos can be read.
            Cancelled: when `stop` was cancelled.
        """
        pairs = self._readable(samples, report, stop)
        seen = [photo for _, photo in pairs]
        self.forget()
        results = []
        order = np.random.default_rng(self.settings.network.seed).permutation(len(pairs))
        for fold in range(self.settings.folds):
            judged = order[fold :: self.settings.folds]
            others = np.setdiff1d(order, judged)
            if len(judged) == 0 or len(others) == 0:
                continue
            self._begin_anew(seen)
            text = f"Second opinion, part {fold + 1} of {self.settings.folds}"
            learned = [seen[number] for number in others]
            self._fit(learned, self.settings.first_steps, report, stop, text)
            opinions = self._look([seen[number] for number in judged])
            for number, opinion in zip(judged, opinions, strict=True):
                sample, detections = pairs[number][0], _in_pixels(opinion, seen[number], 0.0)
                results.append(PhotoResult(sample.photo.name, detections, sample.boxes))
        return worst_mistakes(results, _DOUBT_CONFIDENCE)

    # Inside

    def _readable(
        self, samples: Sequence[Sample], report: Report, stop: StopToken
    ) -> list[tuple[Sample, PhotoFeatures]]:
        """The labelled photos that can be read, each with what the heads see of it."""
        taken = self._shelf.take(samples, self.settings.copies, report, stop)
        pairs = [
            (sample, one) for sample, one in zip(samples, taken, strict=True) if one is not None
        ]
        if not pairs:
            raise UserError(
                "None of the labelled photos can be read.",
                "Check that the disk with the project is connected.",
            )
        return pairs

    def _begin_anew(self, seen: Sequence[PhotoFeatures]) -> None:
        """Heads that know nothing. Built and compiled once, which takes some seconds."""
        import keras

        network = self.settings.network
        if self._heads is None:
            keras.utils.set_random_seed(network.seed)
            features, labels = _flattened(seen)
            self._heads = new_heads(network, self._shapes, features, labels)
            dense.compile_heads(self._heads, network, AVERAGE_MOMENTUM)
            self._heads.optimizer.build(self._heads.trainable_variables)
            self._fresh_weights = self._heads.get_weights()
            self._fresh_optimizer = [
                keras.ops.convert_to_numpy(value) for value in self._heads.optimizer.variables
            ]
        self._heads.set_weights(self._fresh_weights)
        for value, fresh in zip(
            self._heads.optimizer.variables, self._fresh_optimizer, strict=True
        ):
            value.assign(fresh)

    def _fit(
        self,
        seen: Sequence[PhotoFeatures],
        steps: int,
        report: Report,
        stop: StopToken,
        text: str,
    ) -> None:
        assert self._heads is not None
        features, labels = _flattened(seen)
        batches = feature_batches(self.settings.network, self._shapes, features, labels, steps)
        watch = _watch(steps, self.settings.network.learning_rate, report, stop, text)
        # Keras puts the averaged weights in place when it ends.
        self._heads.fit(batches, epochs=1, callbacks=[watch], verbose=0)

    def _look(self, photos: Sequence[PhotoFeatures]) -> list[_Opinion]:
        """What the heads say of photos, asked twice: the second time mirrored."""
        assert self._heads is not None
        opinions = []
        for first in range(0, len(photos), _DETECTING_BATCH):
            some = [photo[0] for photo in photos[first : first + _DETECTING_BATCH]]
            flat = np.zeros((_DETECTING_BATCH, self._shapes.values), np.float32)
            flat[: len(some)] = np.stack(some)
            maps = self._shapes.split(flat)
            plain = self._heads.predict_on_batch(maps)
            turned = self._heads.predict_on_batch([values[:, :, ::-1] for values in maps])
            face, box = np.asarray(plain["face"]), np.asarray(plain["box"])
            mirrored_face = np.asarray(turned["face"])[:, :, ::-1]
            mirrored_box = np.asarray(turned["box"])[:, :, ::-1][..., [2, 1, 0, 3]]
            opinions += [
                _Opinion.of(face[i], box[i], mirrored_face[i], mirrored_box[i])
                for i in range(len(some))
            ]
        return opinions


@dataclass(frozen=True, slots=True)
class _Opinion:
    """What the heads say of a photo.

    Args:
        detections: in 0..1, also those of little confidence.
        agreement: IoU of each with the box that one half of the opinion alone gives.
        highest: of the confidences of all cells, also of those that are no detection.
    """

    detections: tuple[Detection, ...]
    agreement: tuple[float, ...]
    highest: float

    @classmethod
    def of(cls, face: Any, box: Any, mirrored_face: Any, mirrored_box: Any) -> _Opinion:
        mean = {"face": (face + mirrored_face) / 2, "box": (box + mirrored_box) / 2}
        detections = decode_dense(mean, _LEAST_DOUBT)
        halves = [
            decode_dense({"face": face, "box": box}, _LEAST_DOUBT),
            decode_dense({"face": mirrored_face, "box": mirrored_box}, _LEAST_DOUBT),
        ]
        agreement = [
            min(_best_overlap(detection.box, half) for half in halves) for detection in detections
        ]
        return cls(detections, tuple(agreement), float(mean["face"].max()))

    def certainty(self, lowest: float) -> float:
        """How sure the network is that the photo shows what is drafted, 0 to 1.

        As sure as of the least sure face and of its place, and the less sure the
        nearer anything else came to being a face.
        """
        sure = [
            detection.confidence * agreement
            for detection, agreement in zip(self.detections, self.agreement, strict=True)
            if detection.confidence >= lowest
        ]
        rivals = [found.confidence for found in self.detections if found.confidence < lowest]
        if not sure:
            # Not 1 where nothing is a rival: a face that is missed is seen a little all the same.
            rivals.append(self.highest)
        return max(0.0, min([*sure, *(1.0 - rival / lowest for rival in rivals)]))


def _best_overlap(box: Box, detections: Sequence[Detection]) -> float:
    if not detections:
        return 0.0
    others = boxes_to_array(detection.box for detection in detections)
    return float(iou(boxes_to_array([box]), others).max())


def _in_pixels(opinion: _Opinion, seen: PhotoFeatures, lowest: float) -> tuple[Detection, ...]:
    return tuple(
        Detection(detection.box.scaled(*seen.size), detection.confidence)
        for detection in opinion.detections
        if detection.confidence >= lowest
    )


def _flattened(seen: Sequence[PhotoFeatures]) -> tuple[ManyFeatures, list[tuple[Box, ...]]]:
    return ManyFeatures(seen), [boxes for photo in seen for boxes in photo.labels]


def _watch(steps: int, learning_rate: float, report: Report, stop: StopToken, text: str) -> Any:
    """The Keras callback that leads the learning rate, reports and obeys the token.

    A class inside a function, because its base class loads TensorFlow. The rate rises
    for a tenth of the way and falls along a cosine, so that few steps suffice.
    Source: Loshchilov and Hutter, "SGDR", ICLR 2017.
    """
    import keras

    rising = max(1, steps // 10)

    class Watch(keras.callbacks.Callback):  # type: ignore[misc]
        def on_train_batch_begin(self, batch: int, logs: Any = None) -> None:  # noqa: ARG002
            share = min(1.0, (batch + 1) / rising) * (1 + math.cos(math.pi * batch / steps)) / 2
            self.model.optimizer.learning_rate = learning_rate * share

        def on_train_batch_end(self, batch: int, logs: Any = None) -> None:  # noqa: ARG002
            stop.raise_if_cancelled()
            report(Progress(batch + 1, steps, text))

    return Watch()
