"""Trains the dense heads: features first, then the heads on them."""

from __future__ import annotations

import functools
import logging
import math
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from facegui.core.progress import Progress, StopToken
from facegui.core.runs import START_NAME, EpochMetrics, Finishable
from facegui.ml import dense
from facegui.ml.backbone import DIRECTIONS_NAME, Backbone
from facegui.ml.decoding import decode_dense
from facegui.ml.dense_data import batches_in_order, feature_batches, new_heads, whole_network
from facegui.ml.estimating import FEATURES, ToldBy, remember_pace, seconds_per_megapixel
from facegui.ml.export import load_network
from facegui.ml.features import (
    FEATURES_FOLDER,
    FeatureCache,
    FeatureSet,
    FinishedLooking,
    HalfArray,
    compute_features,
    missing_features,
    most_pictures,
)
from facegui.ml.first_model import (
    OF_WHAT_IS_SEEN,
    TRY_LIVE,
    first_part,
    threshold_for,
    train_first,
)
from facegui.ml.fitting import FitData, fit
from facegui.ml.presets import WORTH_A_FIRST_MODEL, TrainSettings
from facegui.ml.previews import Previewer
from facegui.ml.starts import Start, cannot_be_continued
from facegui.ml.training_data import LabelledArray, LabelledFiles, LabelledPicture
from facegui.ml.weights import VggWeights, default_weights_folder

if TYPE_CHECKING:
    import keras

log = logging.getLogger(__name__)

HEADS_NAME = "heads"

KeepFirst = Callable[[Any, float], None]
"""Takes a whole network and its threshold."""


def fitting_pictures(pictures: Sequence[LabelledPicture], size: int) -> tuple[LabelledPicture, ...]:
    """As many of the pictures, from all over the set, as there are features kept of."""
    room = most_pictures(size)
    if len(pictures) <= room:
        return tuple(pictures)
    log.warning("%d pictures of %d px: there is room for %d", len(pictures), size, room)
    return tuple(pictures[int(place)] for place in np.linspace(0, len(pictures) - 1, room))


def train_dense(
    settings: TrainSettings,
    weights: VggWeights,
    training: LabelledFiles,
    validation: LabelledArray,
    validation_names: Sequence[str],
    start: Start,
    cache_folder: Path,
    report: Callable[[Any], None],
    stop: StopToken,
    keep_first: KeepFirst | None = None,
) -> tuple[keras.Model, tuple[EpochMetrics, ...]]:
    """Trains heads on the frozen backbone's features.

    Args:
        settings: what and how.
        weights: of the backbone.
        training: the augmented copies.
        validation: photos as they were taken.
        validation_names: what those are called.
        start: whose heads it begins with, if not with new ones; and the folder for metrics.
        cache_folder: of the project; features are kept in it.
        report: told of features, batches and epochs.
        stop: finish keeps the best heads so far. Once a part of the pictures has been
            looked at, those are a first model's at least.
        keep_first: takes a first network and its threshold, where features take long
            enough that somebody would like to try one meanwhile.

    Returns:
        The whole network, from pictures to boxes, and its epochs. None of these is the
        best where the network is what there was before them.

    Raises:
        UserError, Cancelled, OSError: as `fit`.
    """
    backbone = Backbone(weights, settings.input_size, default_weights_folder(), report, stop)
    whole = functools.partial(whole_network, backbone, size=settings.final_size)
    if start.resumed is not None and stop.should_stop:
        return whole(start.resumed.best_network()), start.epochs
    cache = FeatureCache(cache_folder / FEATURES_FOLDER, backbone.key, backbone.shapes.values)
    seen = validation.resized(settings.input_size)
    judging = compute_features(seen.pictures, backbone, cache, report, stop)
    digests = training.pictures.digests
    missing = len(missing_features(digests, cache, stop))
    part = first_part(training)
    part_features = compute_features(part.pictures, backbone, cache, report, stop)
    part = part.part(part_features.places)
    report(Finishable())

    def learn_from_part(text: str) -> keras.Model:
        return train_first(settings, backbone, part_features, part.labels, text, report, stop)

    before = _Before(start, backbone, learn_from_part)
    if keep_first is not None and missing >= WORTH_A_FIRST_MODEL:
        first = before.heads(TRY_LIVE)
        if not stop.should_stop:
            threshold = threshold_for(first, backbone, judging, validation.labels)
            keep_first(whole(first), threshold)
    try:
        features = _all_features(training, backbone, cache, weights, missing, report, stop)
    except FinishedLooking:
        return whole(before.heads(OF_WHAT_IS_SEEN)), start.epochs
    report(Progress(0, None, "Training"))
    training = training.part(features.places)
    heads = _begin(settings, backbone, features, training, start)
    judged = batches_in_order(settings, backbone.shapes, judging, validation.labels)

    def predict(numbers: Sequence[int]) -> Any:
        flat = np.stack([judging[number] for number in numbers])
        return heads.predict_on_batch(backbone.shapes.split(flat.astype(np.float32)))

    epochs = fit(
        heads,
        settings,
        FitData(
            feature_batches(
                settings, backbone.shapes, features, training.labels, first_epoch=start.first_epoch
            ),
            None,
            math.ceil(len(training) / settings.batch_size),
        ),
        FitData(judged, None, len(judged)),
        start.folder,
        report,
        stop,
        previewer=Previewer(predict, decode_dense, validation_names, validation.labels),
        average_weights=True,
        keep=start.keep,
        resumed=start.resumed,
    )
    if stop.should_stop and len(epochs) == 1:
        other = before.heads(OF_WHAT_IS_SEEN)
        if _loss(other, settings, judged) < epochs[0].validation.total:
            heads, epochs = other, (replace(epochs[0], best=False),)
    return whole(heads), epochs


def _all_features(
    training: LabelledFiles,
    backbone: Backbone,
    cache: FeatureCache,
    weights: VggWeights,
    missing: int,
    report: Callable[[Any], None],
    stop: StopToken,
) -> FeatureSet:
    """Features of all pictures. Where `missing` was a lot, what they took is remembered.

    Raises:
        FinishedLooking: when `stop` finished it.
    """
    left = len(missing_features(training.pictures.digests, cache, stop))
    started_s = time.monotonic()
    features = compute_features(training.pictures, backbone, cache, report, stop, finishes=True)
    if missing >= WORTH_A_FIRST_MODEL and weights.source != "random":
        seconds = seconds_per_megapixel(time.monotonic() - started_s, left, backbone.size)
        key = backbone.size, backbone.key
        remember_pace(default_weights_folder(), ToldBy.TRAINING, {FEATURES: seconds}, key)
    return features


def _begin(
    settings: TrainSettings,
    backbone: Backbone,
    features: Sequence[HalfArray],
    training: LabelledFiles,
    start: Start,
) -> keras.Model:
    """The heads that are trained, compiled."""
    import keras

    # Again: how much of the backbone had to be made has moved on what Keras shuffles by.
    keras.utils.set_random_seed(settings.seed)
    if start.network is None:
        heads = new_heads(settings, backbone.shapes, features, training.labels)
    else:
        heads = _heads_of(start.network, backbone)
    # Falling to the end of the last epoch at least: of few pictures there are few steps.
    steps = settings.epochs * math.ceil(len(training) / settings.batch_size)
    falling = replace(settings, falling_steps=min(settings.falling_steps, steps))
    dense.compile_heads(heads, falling)
    return heads


class _Before:
    """What there is without an epoch of this training: a finish may end with it.

    Args:
        start: of the training.
        backbone: that the heads look at.
        learn: trains heads for a few seconds, where nothing learned before.
    """

    def __init__(
        self, start: Start, backbone: Backbone, learn: Callable[[str], keras.Model]
    ) -> None:
        self._start, self._backbone, self._learn = start, backbone, learn
        self._heads: keras.Model | None = None

    def heads(self, text: str) -> keras.Model:
        """Made when they are first asked for.

        Args:
            text: what they are for, for people.
        """
        if self._heads is None:
            if self._start.resumed is not None:
                self._heads = self._start.resumed.best_network()
            elif self._start.network is not None:
                # From the file: those of `start.network` are being trained.
                network = load_network(self._start.folder / START_NAME)
                self._heads = _heads_of(network, self._backbone)
            else:
                self._heads = self._learn(text)
        return self._heads


def _loss(heads: keras.Model, settings: TrainSettings, judged: Any) -> float:
    """On the validation photos, as `EpochMetrics.validation.total`."""
    dense.compile_heads(heads, settings)
    return float(heads.evaluate(judged, verbose=0, return_dict=True)["loss"])


def _heads_of(network: keras.Model, backbone: Backbone) -> keras.Model:
    """The heads of an earlier run: with the scales that they have learned to go by.

    Raises:
        UserError: when they look at other features than those of this backbone.
    """
    names = [layer.name for layer in network.layers]
    if HEADS_NAME not in names or DIRECTIONS_NAME not in names:
        raise cannot_be_continued(f"its parts are {names}")
    heads = network.get_layer(HEADS_NAME)
    shapes = [backbone.shapes.fine, backbone.shapes.coarse]
    channels = [item.shape[-1] for item in heads.inputs]
    if channels != [shape[-1] for shape in shapes]:
        raise cannot_be_continued(f"its heads take {channels} channels, the maps have {shapes}")
    parts = zip(network.get_layer(DIRECTIONS_NAME).get_weights(), backbone.reduction, strict=True)
    if not all(np.allclose(one, other, atol=1e-4) for one, other in parts):
        raise cannot_be_continued("its features are others")
    return dense.resized_heads(heads, shapes, backbone.size / network.input_shape[1])
