"""A network as ONNX gives what Keras gives, layer by layer, or is refused by name."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from facegui.core.errors import UserError
from facegui.ml.onnx_export import to_onnx

pytestmark = pytest.mark.slow

Build = Callable[[Any, Any], Any]


def network_of(build: Build) -> Any:
    """Odd sides, so that padding by "same" is not the same on both."""
    import keras

    keras.utils.set_random_seed(1)
    picture = keras.Input((17, 23, 3), name="picture")
    return keras.Model(picture, {"face": build(keras.layers, picture)}, name="probe")


LAYERS: dict[str, Build] = {
    "rescaling": lambda k, x: k.Rescaling([0.5, 1.0, 2.0], offset=[-1.0, 0.0, 1.0])(x),
    "strided convolution": lambda k, x: k.Conv2D(4, 3, strides=2, padding="same")(x),
    "spread convolution": lambda k, x: k.Conv2D(4, 3, dilation_rate=2, activation="relu")(x),
    "depthwise": lambda k, x: k.DepthwiseConv2D(3, padding="same", depth_multiplier=2)(x),
    "pooling": lambda k, x: k.Concatenate()([
        k.MaxPooling2D(3, strides=2, padding="same")(x),
        k.AveragePooling2D(2, strides=2, padding="same")(x),
    ]),
    "resizing": lambda k, x: k.Resizing(9, 31)(k.UpSampling2D(2)(x)),
    "nearest": lambda k, x: k.Resizing(8, 12, interpolation="nearest")(x),
    "dense": lambda k, x: k.Dense(2, "sigmoid")(
        k.Concatenate()([k.GlobalMaxPooling2D()(x), k.GlobalAveragePooling2D()(x)])
    ),
    "joined": lambda k, x: k.Multiply()([k.Add()([x, x, x]), k.Activation("tanh")(x)]),
    "learning only": lambda k, x: k.ReLU()(k.SpatialDropout2D(0.5)(k.Dropout(0.5)(x))),
}  # fmt: skip


@pytest.mark.parametrize("name", LAYERS)
def test_every_layer_gives_what_keras_gives(name: str) -> None:
    import onnxruntime

    network = network_of(LAYERS[name])
    session = onnxruntime.InferenceSession(to_onnx(network, {"facegui": "{}"}))
    pictures = np.random.default_rng(0).uniform(-1, 1, (2, 17, 23, 3)).astype(np.float32)
    expected = np.asarray(network(pictures, training=False)["face"])
    (found,) = session.run(["face"], {"picture": pictures})
    assert found.shape == expected.shape
    np.testing.assert_allclose(found, expected, atol=1e-5)
    assert session.get_modelmeta().custom_metadata_map == {"facegui": "{}"}


def test_learned_means_are_kept() -> None:
    import onnxruntime

    network = network_of(lambda k, x: k.BatchNormalization()(x))
    network.layers[-1].set_weights([np.array([1.0, 2.0, 3.0]) + index for index in range(4)])
    session = onnxruntime.InferenceSession(to_onnx(network, {}))
    pictures = np.ones((1, 17, 23, 3), np.float32)
    (found,) = session.run(["face"], {"picture": pictures})
    np.testing.assert_allclose(found, network(pictures, training=False)["face"], atol=1e-5)


@pytest.mark.parametrize(
    ("build", "named"),
    [
        (lambda k, x: k.LayerNormalization()(x), "LayerNormalization"),
        (lambda k, x: k.Activation("hard_sigmoid")(x), "hard_sigmoid"),
    ],
)
def test_what_cannot_be_written_is_named(build: Build, named: str) -> None:
    with pytest.raises(UserError, match="cannot be written as ONNX") as caught:
        to_onnx(network_of(build), {})
    assert named in caught.value.what
