"""A first model, within a minute: of a part of the pictures, to be tried live meanwhile.

It has no part in what comes after: the training that follows begins anew, so that
its result is the same whether features were kept from before or not. Only a training
that is finished before it has learned more ends with it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from facegui.core.boxes import Box
from facegui.core.metrics import PhotoResult, recommended_threshold
from facegui.core.progress import Progress, StopToken
from facegui.ml import dense
from facegui.ml.backbone import Backbone
from facegui.ml.decoding import decode_dense
from facegui.ml.dense_data import feature_batches, new_heads
from facegui.ml.evaluation import LOWEST_CONFIDENCE
from facegui.ml.features import HalfArray
from facegui.ml.presets import FIRST_STEPS, TrainSettings
from facegui.ml.training_data import LabelledFiles

PICTURES = 320
"""That it learns from."""

_AVERAGE_MOMENTUM = 0.95
"""Of the averaged weights: over about 20 steps, for there are few."""

TRY_LIVE = "A first model, to be tried live"
OF_WHAT_IS_SEEN = "A model of what it has seen so far"


def first_part(training: LabelledFiles) -> LabelledFiles:
    """Some of the pictures, from all over the set."""
    places = np.linspace(0, len(training) - 1, min(PICTURES, len(training))).astype(int).tolist()
    return training.part(places)


def train_first(
    settings: TrainSettings,
    backbone: Backbone,
    features: Sequence[HalfArray],
    labels: Sequence[Sequence[Box]],
    text: str,
    report: Callable[[Any], None],
    stop: StopToken,
) -> Any:
    """Trains heads on a part of the pictures, for a few seconds.

    A finish does not end it: after fewer steps it would find nothing.

    Args:
        settings: of the training that it belongs to.
        backbone: that computed the features.
        features: of the part; see `first_part`.
        labels: likewise.
        text: what it is for, for people.
        report: told how far it is.
        stop: cancels.

    Returns:
        The heads, compiled.

    Raises:
        Cancelled: when `stop` was cancelled.
    """
    import keras

    report(Progress(0, FIRST_STEPS, text))
    keras.utils.set_random_seed(settings.seed)
    brief = replace(settings, batch_size=min(settings.batch_size, 32), falling_steps=FIRST_STEPS)
    heads = new_heads(brief, backbone.shapes, features, labels)
    dense.compile_heads(heads, brief, _AVERAGE_MOMENTUM)
    batches = feature_batches(brief, backbone.shapes, features, labels, FIRST_STEPS)

    class Watch(keras.callbacks.Callback):  # type: ignore[misc]
        def on_train_batch_end(self, batch: int, logs: Any = None) -> None:  # noqa: ARG002
            report(Progress(batch + 1, FIRST_STEPS, text))
            stop.raise_if_cancelled()

    heads.fit(batches, epochs=1, callbacks=[Watch()], verbose=0)
    return heads


def threshold_for(
    heads: Any,
    backbone: Backbone,
    features: Sequence[HalfArray],
    labels: Sequence[Sequence[Box]],
) -> float:
    """The threshold that suits these photos best."""
    return recommended_threshold(_found(heads, backbone, features, labels))


def _found(
    heads: Any,
    backbone: Backbone,
    features: Sequence[HalfArray],
    labels: Sequence[Sequence[Box]],
) -> list[PhotoResult]:
    results = []
    for number, boxes in enumerate(labels):
        maps = backbone.shapes.split(np.asarray(features[number], np.float32)[None])
        outputs = {
            name: np.asarray(values)[0] for name, values in heads.predict_on_batch(maps).items()
        }
        found = decode_dense(outputs, LOWEST_CONFIDENCE)
        results.append(PhotoResult(str(number), found, tuple(boxes)))
    return results
