"""A first model, within a minute: of a part of the pictures, to be tried live meanwhile.

It has no part in what comes after: the training that follows begins anew, so that
its result is the same whether features were kept from before or not.
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
from facegui.ml.dense_data import feature_batches, new_heads, whole_network
from facegui.ml.evaluation import LOWEST_CONFIDENCE
from facegui.ml.features import FeatureCache, HalfArray, compute_features
from facegui.ml.presets import TrainSettings
from facegui.ml.training_data import LabelledFiles

PICTURES = 320
"""That it learns from."""

STEPS = 160
WORTH_MISSING = 2 * PICTURES
"""With fewer features to compute the training itself is soon done."""

_AVERAGE_MOMENTUM = 0.95
"""Of the averaged weights: over about 20 steps, for there are few."""

_TEXT = "A first model, to be tried live"


def first_part(training: LabelledFiles) -> LabelledFiles:
    """Some of the pictures, from all over the set."""
    places = np.linspace(0, len(training) - 1, min(PICTURES, len(training))).astype(int).tolist()
    labels = tuple(training.labels[place] for place in places)
    return LabelledFiles(training.pictures.part(places), labels)


def train_first(
    settings: TrainSettings,
    backbone: Backbone,
    cache: FeatureCache,
    training: LabelledFiles,
    validation: tuple[Sequence[HalfArray], Sequence[Sequence[Box]]],
    report: Callable[[Any], None],
    stop: StopToken,
) -> tuple[Any, float] | None:
    """Trains heads on a part of the pictures, for a few seconds.

    Args:
        settings: of the training that it precedes.
        backbone: computes features.
        cache: keeps them, for the training too.
        training: all pictures.
        validation: features and boxes of the photos that choose the threshold.
        report: told what takes its time.
        stop: finish and cancel both end it.

    Returns:
        The whole network and its threshold; None where a finish was asked for.

    Raises:
        Cancelled: when `stop` was cancelled.
    """
    import keras

    part = first_part(training)
    features = compute_features(part.pictures, backbone, cache, report, stop)
    report(Progress(0, None, _TEXT))
    keras.utils.set_random_seed(settings.seed)
    brief = replace(settings, batch_size=min(settings.batch_size, 32), falling_steps=STEPS)
    heads = new_heads(brief, backbone.shapes, features, part.labels)
    dense.compile_heads(heads, brief, _AVERAGE_MOMENTUM)
    batches = feature_batches(brief, backbone.shapes, features, part.labels, STEPS)

    class Watch(keras.callbacks.Callback):  # type: ignore[misc]
        def on_train_batch_end(self, batch: int, logs: Any = None) -> None:  # noqa: ARG002
            report(Progress(batch + 1, STEPS, _TEXT))
            self.model.stop_training = stop.should_stop
            stop.raise_if_cancelled()

    heads.fit(batches, epochs=1, callbacks=[Watch()], verbose=0)
    if stop.should_stop:
        return None
    results = _found(heads, backbone, *validation)
    return whole_network(backbone, heads), recommended_threshold(results)


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
