"""Dense heads on features: built to their scale, fed with them, joined to the backbone."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from facegui.core.boxes import Box
from facegui.ml import dense
from facegui.ml.backbone import Backbone, MapShapes
from facegui.ml.features import HalfArray
from facegui.ml.fitting import shuffled_batches
from facegui.ml.presets import TrainSettings

if TYPE_CHECKING:
    import keras

MIRRORED_SHARE = 0.5
_SAMPLE = 100

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


def batches_in_order(
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


def whole_network(backbone: Backbone, heads: keras.Model, size: int) -> keras.Model:
    """Backbone and heads as one network, from the picture on.

    Args:
        backbone: on whose features the heads were trained.
        heads: as they were trained.
        size: side of the pictures that the network takes, in pixels.
    """
    import keras

    network = backbone.network(size)
    maps = network.output
    shapes = [tuple(maps[name].shape[1:]) for name in ("fine", "coarse")]
    heads = dense.resized_heads(heads, shapes, size / backbone.size)
    # Anew, because compiled heads carry our losses into Keras's file, which nobody else could open.
    bare = keras.Model(heads.input, heads.output, name=heads.name)
    return keras.Model(network.input, bare([maps["fine"], maps["coarse"]]), name="dense")
