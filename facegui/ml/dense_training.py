"""Trains the dense heads: features first, then the heads on them."""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from facegui.core.progress import Progress, StopToken
from facegui.core.runs import EpochMetrics
from facegui.ml import dense
from facegui.ml.backbone import DIRECTIONS_NAME, Backbone, features_bytes
from facegui.ml.decoding import decode_dense
from facegui.ml.dense_data import batches_in_order, feature_batches, new_heads, whole_network
from facegui.ml.estimating import remember_pace, seconds_per_megapixel
from facegui.ml.features import (
    CACHE_LIMIT_BYTES,
    FEATURES_FOLDER,
    FeatureCache,
    compute_features,
    missing_features,
)
from facegui.ml.first_model import PICTURES, WORTH_MISSING, train_first
from facegui.ml.fitting import FitData, fit
from facegui.ml.presets import TrainSettings
from facegui.ml.previews import Previewer
from facegui.ml.starts import Start, cannot_be_continued
from facegui.ml.training_data import LabelledArray, LabelledFiles, LabelledPicture
from facegui.ml.weights import VggWeights, default_weights_folder

if TYPE_CHECKING:
    import keras

log = logging.getLogger(__name__)

HEADS_NAME = "heads"
FITTING_SHARE = 0.9
"""Of the cache that the training pictures may fill; the rest is for validation photos."""


KeepFirst = Callable[[Any, float], None]
"""Takes a whole network and its threshold."""


def fitting_pictures(pictures: Sequence[LabelledPicture], size: int) -> tuple[LabelledPicture, ...]:
    """As many of the pictures, from all over the set, as the cache has room for.

    Without their features in the cache every epoch would compute them again.
    """
    room = FITTING_SHARE * CACHE_LIMIT_BYTES / features_bytes(size)
    if len(pictures) <= room:
        return tuple(pictures)
    log.warning("%d pictures of %d px: there is room for %d", len(pictures), size, room)
    return tuple(pictures[int(place)] for place in np.linspace(0, len(pictures) - 1, int(room)))


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
        stop: finish keeps the best heads so far.
        keep_first: takes a first network and its threshold, where features take long
            enough that somebody would like to try one meanwhile.

    Returns:
        The whole network, from pictures to boxes, and its epochs.

    Raises:
        UserError, Cancelled, OSError: as `fit`.
    """
    import keras

    backbone = Backbone(weights, settings.input_size, default_weights_folder(), report, stop)
    cache = FeatureCache(cache_folder / FEATURES_FOLDER, backbone.key, backbone.shapes.values)
    validation_features = compute_features(validation.pictures, backbone, cache, report, stop)
    missing = len(missing_features(training.pictures.digests, cache, stop))
    if keep_first is not None and missing >= WORTH_MISSING:
        judged_first = validation_features, validation.labels
        made = train_first(settings, backbone, cache, training, judged_first, report, stop)
        if made is not None:
            keep_first(*made)
    started_s = time.monotonic()
    features = compute_features(training.pictures, backbone, cache, report, stop)
    if missing >= WORTH_MISSING and weights.source != "random":
        left = missing - (PICTURES if keep_first is not None else 0)
        seconds = seconds_per_megapixel(time.monotonic() - started_s, left, backbone.size)
        key = backbone.size, backbone.key
        remember_pace(default_weights_folder(), {"feature_s": seconds}, key)
    report(Progress(0, None, "Training"))
    # Again: how much of the backbone had to be made has moved on what Keras shuffles by.
    keras.utils.set_random_seed(settings.seed)
    if start.network is None:
        heads = new_heads(settings, backbone.shapes, features, training.labels)
    else:
        heads = _heads_of(start.network, backbone)
    dense.compile_heads(heads, settings)
    batches = feature_batches(
        settings, backbone.shapes, features, training.labels, first_epoch=start.first_epoch
    )
    judged = batches_in_order(settings, backbone.shapes, validation_features, validation.labels)

    def predict(numbers: Sequence[int]) -> Any:
        flat = np.stack([validation_features[number] for number in numbers])
        return heads.predict_on_batch(backbone.shapes.split(flat.astype(np.float32)))

    epochs = fit(
        heads,
        settings,
        FitData(batches, None, math.ceil(len(training) / settings.batch_size)),
        FitData(judged, None, len(judged)),
        start.folder,
        report,
        stop,
        previewer=Previewer(predict, decode_dense, validation_names, validation.labels),
        average_weights=True,
        keep=start.keep,
        resumed=start.resumed,
    )
    return whole_network(backbone, heads), epochs


def _heads_of(network: keras.Model, backbone: Backbone) -> keras.Model:
    """The heads of an earlier run: with the scales that they have learned to go by.

    Raises:
        UserError: when they look at other features than those of this backbone.
    """
    names = [layer.name for layer in network.layers]
    if HEADS_NAME not in names or DIRECTIONS_NAME not in names:
        raise cannot_be_continued(f"its parts are {names}")
    heads = network.get_layer(HEADS_NAME)
    shapes = [tuple(item.shape[1:]) for item in heads.inputs]
    if shapes != [backbone.shapes.fine, backbone.shapes.coarse]:
        raise cannot_be_continued(f"its heads take {shapes}, the backbone has {backbone.shapes}")
    parts = zip(network.get_layer(DIRECTIONS_NAME).get_weights(), backbone.reduction, strict=True)
    if not all(np.allclose(one, other, atol=1e-4) for one, other in parts):
        raise cannot_be_continued("its features are others")
    return heads
