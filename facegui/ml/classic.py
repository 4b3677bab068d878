"""The tutorial's network: VGG16, all of it trainable, with a class head and a box head."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from facegui.core.boxes import Box
from facegui.core.progress import StopToken
from facegui.core.runs import EpochMetrics
from facegui.ml.decoding import decode_single_box
from facegui.ml.fitting import PER_PHOTO, FitData, FitReport, fit, shuffled_batches
from facegui.ml.presets import TrainSettings
from facegui.ml.previews import Previewer
from facegui.ml.starts import Start
from facegui.ml.training_data import LabelledArray
from facegui.ml.vgg16 import vgg16_features
from facegui.ml.weights import VggWeights

if TYPE_CHECKING:
    import keras

FloatArray = npt.NDArray[np.float32]

DECODER = "single-box"


def train_classic(
    settings: TrainSettings,
    weights: VggWeights,
    training: LabelledArray,
    validation: LabelledArray,
    validation_names: Sequence[str],
    start: Start,
    report: FitReport,
    stop: StopToken,
) -> tuple[keras.Model, tuple[EpochMetrics, ...]]:
    """Trains all of the network, from where `start` says, or else from `weights` on.

    Returns:
        The network with the weights of its best epoch, and its epochs.

    Raises:
        UserError, Cancelled, OSError: as `fit`.
    """
    if stop.should_stop and start.resumed is not None:
        return start.resumed.best_network(), start.epochs
    network = start.network or build_network(settings, weights)
    stop.raise_if_cancelled()
    batches = training_batches(training, settings, start.first_epoch)
    judged = FitData(validation.pictures, make_targets(validation.labels), 1)
    compile_network(network, settings, len(batches))

    def predict(numbers: Sequence[int]) -> Any:
        return network.predict_on_batch(validation.pictures[list(numbers)])

    previewer = Previewer(predict, decode_single_box, validation_names, validation.labels)
    epochs = fit(
        network,
        settings,
        FitData(batches, None, len(batches)),
        judged,
        start.folder,
        report,
        stop,
        previewer=previewer,
        keep=start.keep,
        resumed=start.resumed,
    )
    return network, epochs


def training_batches(training: LabelledArray, settings: TrainSettings, first_epoch: int) -> Any:
    """Pictures and targets for `fit`."""
    targets = make_targets(training.labels)

    def make(chosen: npt.NDArray[np.intp], _random: np.random.Generator) -> tuple[Any, Any]:
        return training.pictures[chosen], {name: rows[chosen] for name, rows in targets.items()}

    return shuffled_batches(len(training), settings, make, first_epoch=first_epoch)


def build_network(settings: TrainSettings, weights: VggWeights) -> keras.Model:
    """The network, not compiled.

    Input: (n, size, size, 3) RGB, 0..255. Outputs: "face" (n, 1), the
    probability of a face, and "box" (n, 4), x0 y0 x1 y1 in 0..1.

    The weights' own preprocessing is its first layer, so that it cannot be
    forgotten or done otherwise by those who use the model.
    """
    import keras

    size = settings.input_size
    picture = keras.Input((size, size, 3), name="picture")
    features = vgg16_features(picture, weights)
    pooled = keras.layers.GlobalMaxPooling2D(name="pool")(features)
    face = _dense(pooled, settings.hidden_units, "relu", "face_hidden", settings.seed + 1)
    face = _dense(face, 1, "sigmoid", "face", settings.seed + 2)
    box = _dense(pooled, settings.hidden_units, "relu", "box_hidden", settings.seed + 3)
    box = _dense(box, 4, "sigmoid", "box", settings.seed + 4)
    return keras.Model(picture, {"face": face, "box": box}, name="classic")


def make_targets(labels: Sequence[Sequence[Box]]) -> dict[str, FloatArray]:
    """What the network is to say for each photo.

    It can say one box: of several faces the largest is its target.

    Args:
        labels: for each photo its boxes, in 0..1 of width and height.

    Returns:
        "face" (n, 1): 1 or 0; "box" (n, 5): the same 1 or 0, then x0 y0 x1 y1.
    """
    box = np.zeros((len(labels), 5), dtype=np.float32)
    for row, boxes in zip(box, labels, strict=True):
        if boxes:
            row[0] = 1.0
            row[1:] = max(boxes, key=lambda face: face.area).corners
    return {"face": box[:, :1].copy(), "box": box}


def localization_loss(target: Any, box: Any) -> Any:
    """How far boxes are off: (n,) float.

    Squared error of the top-left corner plus squared error of width and
    height; nothing where there is no face, so the mean over a batch is per
    photo.

    Args:
        target: (n, 5), 1 or 0 for face or none, then x0 y0 x1 y1 in 0..1.
        box: (n, 4), x0 y0 x1 y1 in 0..1.

    Source: the loss of the tutorial "Deep Face Detection" (Nicholas Renotte).
    """
    from keras import ops

    has_face, truth = target[:, 0], target[:, 1:]
    corner = ops.sum(ops.square(truth[:, :2] - box[:, :2]), axis=1)
    true_size = truth[:, 2:] - truth[:, :2]
    size = ops.sum(ops.square(true_size - (box[:, 2:] - box[:, :2])), axis=1)
    return has_face * (corner + size)


def compile_network(network: keras.Model, settings: TrainSettings, steps_per_epoch: int) -> None:
    """Optimizer and losses of the tutorial: box + weight x classification."""
    import keras

    rate = keras.optimizers.schedules.InverseTimeDecay(
        settings.learning_rate, steps_per_epoch, settings.learning_rate_decay
    )
    network.compile(
        optimizer=keras.optimizers.Adam(rate),
        loss={"face": keras.losses.BinaryCrossentropy(), "box": localization_loss},
        loss_weights={"face": settings.classification_weight, "box": 1.0},
        metrics={
            "face": keras.metrics.BinaryCrossentropy(PER_PHOTO),
            "box": keras.metrics.MeanMetricWrapper(localization_loss, PER_PHOTO),
        },
    )


def _dense(inputs: Any, units: int, activation: str, name: str, seed: int) -> Any:
    import keras

    initializer = keras.initializers.GlorotUniform(seed=seed)
    layer = keras.layers.Dense(
        units, activation=activation, kernel_initializer=initializer, name=name
    )
    return layer(inputs)
