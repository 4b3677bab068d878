"""The layers of VGG16 that every preset stands on."""

from __future__ import annotations

from typing import Any

from facegui.ml.weights import VGG16_LAYERS, VggWeights


def vgg16_features(picture: Any, weights: VggWeights) -> Any:
    """VGG16 without its top, with `weights`, on a symbolic RGB picture 0..255."""
    return vgg16_maps(picture, weights)["block5_pool"]


def vgg16_maps(picture: Any, weights: VggWeights) -> dict[str, Any]:
    """What every layer of VGG16 without its top puts out, by Keras's names of the layers.

    Source: Simonyan and Zisserman, "Very Deep Convolutional Networks for
    Large-Scale Image Recognition", ICLR 2015, configuration D.
    """
    import keras

    offset = [-float(mean) for mean in weights.preprocessing.offset]
    x = keras.layers.Rescaling(1.0, offset=offset, name="preprocessing")(picture)
    maps = {}
    for index, name in enumerate(VGG16_LAYERS):
        kernel, bias = weights.kernels[index], weights.biases[index]
        layer = keras.layers.Conv2D(
            kernel.shape[-1], 3, padding="same", activation="relu", name=name
        )
        maps[name] = x = layer(x)
        layer.set_weights([kernel, bias])
        block = name[:6]
        if index + 1 == len(VGG16_LAYERS) or VGG16_LAYERS[index + 1][:6] != block:
            maps[f"{block}_pool"] = x = keras.layers.MaxPooling2D(2, name=f"{block}_pool")(x)
    return maps
