"""Trains the dense heads: features first, then the heads on them."""

from __future__ import annotations

import logging
import math
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from facegui.core.boxes import Box
from facegui.core.progress import Progress, StopToken
from facegui.core.runs import EpochMetrics
from facegui.ml import dense
from facegui.ml.backbone import DIRECTIONS_NAME, Backbone, MapShapes, features_bytes
from facegui.ml.decoding import decode_dense
from facegui.ml.features import CACHE_LIMIT_BYTES, FeatureCache, HalfArray, compute_features
from facegui.ml.fitting import FitData, fit, shuffled_batches
from facegui.ml.presets import TrainSettings
from facegui.ml.previews import Previewer
from facegui.ml.starts import Start, cannot_be_continued
from facegui.ml.training_data import LabelledArray, LabelledFiles, LabelledPicture
from facegui.ml.weights import VggWeights, default_weights_folder

if TYPE_CHECKING:
    import keras

log = logging.getLogger(__name__)

HEADS_NAME = "heads"
MIRRORED_SHARE = 0.5
FITTING_SHARE = 0.9
"""Of the cache that the training pictures may fill; the rest is for validation photos."""
_SAMPLE = 100


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

    Returns:
        The whole network, from pictures to boxes, and its epochs.

    Raises:
        UserError, Cancelled, OSError: as `fit`.
    """
    import keras

    backbone = Backbone(weights, settings.input_size, default_weights_folder(), report, stop)
    cache = FeatureCache(cache_folder / "features", backbone.key, backbone.shapes.values)
    features = compute_features(training.pictures, backbone, cache, report, stop)
    validation_features = compute_features(validation.pictures, backbone, cache, report, stop)
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
    judged = _in_order(settings, backbone.shapes, validation_features, validation.labels)

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
    return _whole(backbone, heads), epochs


Features = Sequence[HalfArray]
Labels = Sequence[Sequence[Box]]


def new_heads(
    settings: TrainSettings, shapes: MapShapes, features: Features, labels: Labels
) -> keras.Model:
    """Heads that are scaled to these features and faces, not compiled.

    Args:
        settings: seed and dropout.
        shapes: of the maps that lie in each picture's features.
        features: (values,) of each picture.
        labels: for each picture its boxes, in 0..1.
    """
    random = np.random.default_rng(settings.seed)
    chosen = random.permutation(len(features))[:_SAMPLE]
    # Of each picture apart: all of them together would be gigabytes where maps are large.
    squares = [
        [(float(part.mean()), float(np.square(part).mean())) for part in shapes.split(values)]
        for values in (np.asarray(features[index], np.float32) for index in chosen)
    ]
    moments = np.array(squares).mean(axis=0)
    deviations = [float(np.sqrt(square - mean**2)) or 1.0 for mean, square in moments]
    half_size = dense.usual_half_size(labels)
    return dense.build_heads([shapes.fine, shapes.coarse], deviations, half_size, settings)


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


def _in_order(
    settings: TrainSettings, shapes: MapShapes, features: Features, labels: Labels
) -> Any:
    """A Keras `PyDataset` of all pictures once, as they are, a batch at a time."""
    import keras

    class InOrder(keras.utils.PyDataset):  # type: ignore[misc]
        def __len__(self) -> int:
            return math.ceil(len(features) / settings.batch_size)

        def __getitem__(self, number: int) -> tuple[Any, Any]:
            first = number * settings.batch_size
            chosen = range(first, min(first + settings.batch_size, len(features)))
            return _batch(shapes, features, labels, chosen)

    return InOrder()


def _batch(
    shapes: MapShapes, features: Features, labels: Labels, chosen: Sequence[int]
) -> tuple[tuple[npt.NDArray[np.float32], ...], dict[str, dense.FloatArray]]:
    """Maps and targets of some pictures."""
    flat = np.stack([features[index] for index in chosen]).astype(np.float32)
    rows, columns = shapes.fine[:2]
    targets = dense.make_targets([labels[index] for index in chosen], rows, columns)
    return tuple(shapes.split(flat)), targets


def feature_batches(
    settings: TrainSettings,
    shapes: MapShapes,
    features: Features,
    labels: Labels,
    steps: int | None = None,
    *,
    first_epoch: int = 0,
) -> Any:
    """Pictures in a new order each epoch, half of the batches mirrored; see `shuffled_batches`.

    Args:
        settings: seed and batch size.
        shapes: of the maps that lie in each picture's features.
        features: (values,) of each picture.
        labels: for each picture its boxes, in 0..1.
        steps: as for `shuffled_batches`.
        first_epoch: likewise.
    """

    def make(chosen: npt.NDArray[np.intp], random: np.random.Generator) -> tuple[Any, Any]:
        maps, targets = _batch(shapes, features, labels, chosen.tolist())
        if random.random() < MIRRORED_SHARE:
            flipped, targets = dense.mirrored(maps, targets)
            return tuple(flipped), targets
        return maps, targets

    return shuffled_batches(len(features), settings, make, first_epoch=first_epoch, steps=steps)


def _whole(backbone: Backbone, heads: keras.Model) -> keras.Model:
    """Backbone and heads as one network, from the picture on."""
    import keras

    network = backbone.network()
    maps = network.output
    # Anew, because compiled heads carry our losses into Keras's file, which nobody else could open.
    bare = keras.Model(heads.input, heads.output, name=heads.name)
    return keras.Model(network.input, bare([maps["fine"], maps["coarse"]]), name="dense")
