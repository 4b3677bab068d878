"""A trained network as files: Keras's own, and LiteRT."""

from __future__ import annotations

import contextlib
import io
import logging
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import keras

log = logging.getLogger(__name__)


def save_network(network: keras.Model, path: Path) -> None:
    """Saves a network such that `keras.models.load_model(path)` opens it anywhere.

    Without optimizer and losses: with them the file would be three times the size
    and could be opened only by a program that has our loss.

    Args:
        path: ends in ".keras".
    """
    import keras

    keras.Model(network.input, network.output, name=network.name).save(path)


def to_litert(network: keras.Model) -> bytes:
    """Converts a network to LiteRT, float32, for one picture at a time.

    The LiteRT model takes (1, height, width, 3) RGB float32, 0..255, and keeps
    the names of the outputs in its signature.
    """
    import tensorflow as tf

    converter = tf.lite.TFLiteConverter.from_keras_model(network)
    # The converter prints what it does; standard output belongs to `--json`.
    with contextlib.redirect_stdout(io.StringIO()) as printed:
        converted: bytes = converter.convert()
    log.debug("the converter said: %s", printed.getvalue())
    log.info("converted %s to LiteRT: %.1f MB", network.name, len(converted) / 1e6)
    return converted
