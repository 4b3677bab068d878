"""Heads that ask at every place of VGG16's feature maps: is a face here, and where are its sides?

The backbone is frozen, so that its features are computed once for each picture;
only the heads are trained. Two maps come in: block 4, fine, which sees small
things and places boxes well, and block 5, coarse, which knows better what it sees.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from facegui.core.boxes import Box, boxes_to_array
from facegui.ml.fitting import PER_PHOTO
from facegui.ml.presets import TrainSettings

if TYPE_CHECKING:
    import keras

FloatArray = npt.NDArray[np.float32]

DECODER = "dense"
CHANNELS = 64
"""Of the heads' hidden layers."""

SPREAD = 0.18
"""Standard deviation of the bump that marks a face on the heat map, in face widths."""

LEAST_HEAT = 0.3
"""Cells where the bump is higher learn the box too."""

AVERAGE_MOMENTUM = 0.98
"""Of the moving average of the weights: over about 50 steps."""

LEAST_RATE = 0.001
"""What a falling learning rate ends at, of what it begins with."""

LARGEST_LOGARITHM = 4.0
"""Sides reach from exp(-4) to exp(4) of the usual half width or height."""


def build_heads(
    shapes: Sequence[tuple[int, int, int]],
    deviations: Sequence[float],
    half_size: tuple[float, float],
    settings: TrainSettings,
) -> keras.Model:
    """The heads, not compiled.

    Inputs: feature maps, finest first. Outputs, on the cells of the finest:
    "face" (n, h, w, 1), the probability that a face is centred there, and
    "box" (n, h, w, 4), from the cell's centre to the left, upper, right and
    lower side, in 0..1 of the picture.

    Args:
        shapes: height, width and channels of each map.
        deviations: standard deviation of each map's values.
        half_size: half the width and half the height of the usual face, in
            0..1: what the boxes begin as.
        settings: seed and dropout.
    """
    import keras

    layers = keras.layers
    inputs = [layers.Input(shape, name=f"map{index}") for index, shape in enumerate(shapes)]
    rows, columns = shapes[0][:2]
    branches = []
    for index, (value, deviation) in enumerate(zip(inputs, deviations, strict=True)):
        value = layers.Rescaling(1 / deviation)(value)
        value = layers.SpatialDropout2D(settings.dropout, seed=settings.seed + index)(value)
        value = _convolution(CHANNELS, 1, settings.seed + 10 + index)(value)
        if index:
            value = layers.Resizing(rows, columns, interpolation="bilinear")(value)
        branches.append(value)
    value = layers.Activation("relu")(layers.Add()(branches))
    for index in range(2):
        value = _convolution(CHANNELS, 3, settings.seed + 20 + index, activation="relu")(value)
    # Zeros: at first no place is a face, and every box has the usual size.
    face = layers.Conv2D(
        1,
        1,
        activation="sigmoid",
        kernel_initializer="zeros",
        bias_initializer=keras.initializers.Constant(-3.0),
        name="face",
    )(value)
    sides = layers.Conv2D(4, 1, activation="tanh", kernel_initializer="zeros")(value)
    sides = layers.Rescaling(LARGEST_LOGARITHM)(sides)
    sides = layers.Activation("exponential")(sides)
    box = layers.Rescaling([*half_size, *half_size], name="box")(sides)
    return keras.Model(inputs, {"face": face, "box": box}, name="heads")


def resized_heads(
    heads: keras.Model, shapes: Sequence[tuple[int, int, int]], factor: float
) -> keras.Model:
    """The same heads for the feature maps of larger or smaller pictures, not compiled.

    A face of as many cells as before is a smaller part of a larger picture.

    Args:
        heads: of `build_heads`.
        shapes: as there; channels as before.
        factor: how much larger the pictures are.
    """
    import keras

    if factor == 1.0:
        return heads
    rows, columns = shapes[0][:2]

    def resized(layer: Any) -> Any:
        config = layer.get_config()
        if isinstance(layer, keras.layers.Resizing):
            config |= {"height": rows, "width": columns}
        elif layer.name == "box":
            config["scale"] = (np.asarray(layer.scale) / factor).tolist()
        return type(layer).from_config(config)

    inputs = [keras.Input(shape, name=f"map{index}") for index, shape in enumerate(shapes)]
    # Compiled heads would be cloned with their losses, which Keras does not know.
    bare = keras.Model(heads.input, heads.output, name=heads.name)
    larger = keras.models.clone_model(bare, input_tensors=inputs, clone_function=resized)
    larger.set_weights(heads.get_weights())
    return larger


def usual_half_size(labels: Sequence[Sequence[Box]]) -> tuple[float, float]:
    """Half the median width and height of all boxes."""
    boxes = boxes_to_array(box for boxes in labels for box in boxes)
    if len(boxes) == 0:
        return 0.1, 0.15
    width, height = np.median(boxes[:, 2:] - boxes[:, :2], axis=0).tolist()
    return width / 2, height / 2


def make_targets(labels: Sequence[Sequence[Box]], rows: int, columns: int) -> dict[str, FloatArray]:
    """What the heads are to say for each picture.

    Args:
        labels: for each picture its boxes, in 0..1 of width and height.
        rows: of the finest map.
        columns: likewise.

    Returns:
        "face" (n, rows, columns, 1): a heat map with a bump of height 1 at
        each face's centre; "box" (n, rows, columns, 5): how much the cell's box
        counts, then x0 y0 x1 y1 of the face it belongs to.

    Source: Zhou et al., "Objects as Points", 2019.
    """
    heat = np.zeros((len(labels), rows, columns, 1), np.float32)
    box = np.zeros((len(labels), rows, columns, 5), np.float32)
    box[..., 1:] = (0.4, 0.4, 0.6, 0.6)
    for index, boxes in enumerate(labels):
        # The largest first: where faces overlap, the smaller one is in front.
        for face in sorted(boxes, key=lambda face: -face.area):
            bump = _bump(face, rows, columns)
            # Also where both have their centre in one cell, or the smaller one had none.
            nearer = bump >= heat[index, ..., 0]
            heat[index, ..., 0][nearer] = bump[nearer]
            box[index][nearer, 1:] = face.corners
    box[..., 0] = np.where(heat[..., 0] >= LEAST_HEAT, heat[..., 0], 0.0)
    return {"face": heat, "box": box}


def mirrored(
    maps: Sequence[npt.NDArray[Any]], targets: dict[str, FloatArray]
) -> tuple[list[npt.NDArray[Any]], dict[str, FloatArray]]:
    """Feature maps and targets as of the mirrored picture.

    Not quite what VGG16 makes of the mirrored picture, but near enough to
    learn from, and free.
    """
    box = targets["box"][:, :, ::-1].copy()
    box[..., 1], box[..., 3] = 1.0 - box[..., 3], 1.0 - box[..., 1]
    flipped = {"face": targets["face"][:, :, ::-1], "box": box}
    return [values[:, :, ::-1] for values in maps], flipped


def focal_loss(heat: Any, face: Any) -> Any:
    """How wrong the heat map is: (n,), for each face of the picture.

    Source: Law and Deng, "CornerNet", ECCV 2018, equation 1 (alpha 2, beta 4).
    """
    from keras import ops

    face = ops.clip(face, 1e-4, 1.0 - 1e-4)
    peak = ops.cast(heat > 0.999, face.dtype)
    right = peak * ops.square(1.0 - face) * ops.log(face)
    wrong = (1.0 - peak) * ops.power(1.0 - heat, 4) * ops.square(face) * ops.log(1.0 - face)
    faces = ops.sum(peak, axis=(1, 2, 3))
    return -ops.sum(right + wrong, axis=(1, 2, 3)) / ops.maximum(faces, 1.0)


def giou_loss(target: Any, sides: Any) -> Any:
    """How far boxes are off where there are faces: (n,), 0 to 2; 0 where there is none.

    Args:
        target: (n, h, w, 5), weight, then x0 y0 x1 y1 in 0..1.
        sides: (n, h, w, 4), from the cell's centre, in 0..1.

    Source: Rezatofighi et al., "Generalized Intersection over Union", CVPR 2019.
    """
    from keras import ops

    rows, columns = target.shape[1:3]
    x, y = cell_centres(rows, columns)
    weight, truth = target[..., 0], target[..., 1:]
    top_left = ops.stack([x - sides[..., 0], y - sides[..., 1]], axis=-1)
    bottom_right = ops.stack([x + sides[..., 2], y + sides[..., 3]], axis=-1)
    both = _area(ops.maximum(top_left, truth[..., :2]), ops.minimum(bottom_right, truth[..., 2:]))
    hull = _area(ops.minimum(top_left, truth[..., :2]), ops.maximum(bottom_right, truth[..., 2:]))
    union = _area(top_left, bottom_right) + _area(truth[..., :2], truth[..., 2:]) - both
    giou = both / (union + 1e-9) - (hull - union) / (hull + 1e-9)
    total = ops.sum(weight, axis=(1, 2))
    return ops.sum((1.0 - giou) * weight, axis=(1, 2)) / ops.maximum(total, 1.0)


def compile_heads(
    heads: keras.Model, settings: TrainSettings, average_momentum: float = AVERAGE_MOMENTUM
) -> None:
    """AdamW with averaged weights; box + weight x classification.

    Sources: Loshchilov and Hutter, "Decoupled Weight Decay Regularization", ICLR 2019;
    the falling rate: the same, "SGDR", ICLR 2017.
    """
    import keras

    rate: Any = settings.learning_rate
    if settings.falling_steps:
        rate = keras.optimizers.schedules.CosineDecay(rate, settings.falling_steps, LEAST_RATE)
    losses = {"face": focal_loss, "box": giou_loss}
    heads.compile(
        optimizer=keras.optimizers.AdamW(
            rate,
            weight_decay=1e-3,
            global_clipnorm=5.0,
            use_ema=True,
            ema_momentum=average_momentum,
        ),
        loss=losses,
        loss_weights={"face": settings.classification_weight, "box": 1.0},
        metrics={
            name: keras.metrics.MeanMetricWrapper(loss, PER_PHOTO) for name, loss in losses.items()
        },
    )


def cell_centres(rows: int, columns: int) -> tuple[FloatArray, FloatArray]:
    """x (columns,) and y (rows, 1) of the cells' centres, in 0..1."""
    x = ((np.arange(columns) + 0.5) / columns).astype(np.float32)
    y = ((np.arange(rows) + 0.5) / rows).astype(np.float32)
    return x, y[:, None]


def _bump(face: Box, rows: int, columns: int) -> FloatArray:
    x, y = cell_centres(rows, columns)
    centre_x, centre_y = (face.x0 + face.x1) / 2, (face.y0 + face.y1) / 2
    spread_x = max(SPREAD * face.width, 0.4 / columns)
    spread_y = max(SPREAD * face.height, 0.4 / rows)
    squares = ((x - centre_x) / spread_x) ** 2 + ((y - centre_y) / spread_y) ** 2
    bump: FloatArray = np.exp(-0.5 * squares).astype(np.float32)
    bump[min(int(centre_y * rows), rows - 1), min(int(centre_x * columns), columns - 1)] = 1.0
    return bump


def _area(top_left: Any, bottom_right: Any) -> Any:
    from keras import ops

    size = ops.maximum(bottom_right - top_left, 0.0)
    return size[..., 0] * size[..., 1]


def _convolution(channels: int, side: int, seed: int, activation: str | None = None) -> Any:
    import keras

    return keras.layers.Conv2D(
        channels,
        side,
        padding="same",
        activation=activation,
        kernel_initializer=keras.initializers.HeNormal(seed=seed),
    )
