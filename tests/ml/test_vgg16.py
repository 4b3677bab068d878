"""VGG16's layers, and that they see pixels the way their weights were trained for."""

from __future__ import annotations

import importlib.resources
from typing import Any

import numpy as np
import pytest

from facegui.core.images import decode_picture, resized
from facegui.ml.vgg16 import vgg16_features
from facegui.ml.weights import VGG16_LAYERS, VggWeights

pytestmark = pytest.mark.slow


def build(weights: VggWeights, size: int, layer: str | None = None) -> Any:
    import keras

    picture = keras.Input((size, size, 3))
    network = keras.Model(picture, vgg16_features(picture, weights))
    return keras.Model(picture, network.get_layer(layer).output) if layer else network


def test_picture_of_the_mean_colour_is_nothing_to_the_first_layer(
    tiny_weights: VggWeights,
) -> None:
    """Pixels fed as x/255, or not at all prepared, would not be."""
    network = build(tiny_weights, 32, VGG16_LAYERS[0])
    mean = np.broadcast_to(np.float32(tiny_weights.preprocessing.offset), (1, 32, 32, 3))
    np.testing.assert_array_equal(network(mean), np.zeros((1, 32, 32, 4)))
    assert np.asarray(network(mean / 255)).any()


def test_red_is_red(tiny_weights: VggWeights) -> None:
    """The first layer against numpy, at one place within a picture of one colour."""
    colour = np.float32([200, 100, 50])
    network = build(tiny_weights, 32, VGG16_LAYERS[0])
    found = np.asarray(network(np.broadcast_to(colour, (1, 32, 32, 3))))[0, 16, 16]
    shifted = colour - np.float32([123.68, 116.779, 103.939])
    expected = np.maximum(tiny_weights.kernels[0].sum(axis=(0, 1)).T @ shifted, 0)
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-3)


def test_whole_pictures_of_bytes_are_taken(tiny_weights: VggWeights) -> None:
    pixels = np.random.default_rng(2).integers(0, 256, (1, 32, 32, 3), np.uint8)
    network = build(tiny_weights, 32)
    np.testing.assert_allclose(network(pixels), network(pixels.astype(np.float32)), atol=1e-4)


def test_features_of_a_photo_are_those_of_keras(imagenet_weights: VggWeights) -> None:
    """Keras's own VGG16 with its own `preprocess_input`, given the same weights.

    Keras's first kernel takes blue, green, red; ours takes red first.
    """
    import keras

    data = importlib.resources.files("skimage.data").joinpath("chelsea.png").read_bytes()
    photo = resized(decode_picture(data), 64, 64)[None]
    reference = keras.applications.VGG16(include_top=False, weights=None, input_shape=(64, 64, 3))
    first, *others = imagenet_weights.kernels
    kernels = [first[:, :, ::-1], *others]
    for name, kernel, bias in zip(VGG16_LAYERS, kernels, imagenet_weights.biases, strict=True):
        reference.get_layer(name).set_weights([kernel, bias])
    prepared = keras.applications.vgg16.preprocess_input(photo.astype(np.float32))
    expected = np.asarray(reference(prepared))
    found = np.asarray(build(imagenet_weights, 64)(photo))
    assert found.shape == expected.shape == (1, 2, 2, 512)
    assert expected.max() > 1
    np.testing.assert_allclose(found, expected, rtol=1e-3, atol=1e-2)
