"""A trained network as files: Keras's own, and LiteRT in float32 and int8."""

from __future__ import annotations

import contextlib
import io
import json
import logging
import warnings
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from facegui.core.errors import UserError
from facegui.core.images import Pixels

if TYPE_CHECKING:
    import keras

log = logging.getLogger(__name__)

Examples = Callable[[], Iterator[Pixels]]
"""Begins anew each time: the converter may go through them more than once."""

_FOREIGN_CODE = ("Lambda", "TFSMLayer")
"""Layers of Keras that run what they find in a file."""


def save_network(network: keras.Model, path: Path) -> None:
    """Saves a network such that `keras.models.load_model(path)` opens it anywhere.

    Without optimizer and losses: with them the file would be three times the size
    and could be opened only by a program that has our loss.

    Args:
        path: ends in ".keras".
    """
    import keras

    keras.Model(network.input, network.output, name=network.name).save(path)


def load_network(path: Path) -> keras.Model:
    """Opens what `save_network` saved; nothing in the file is run as code.

    Raises:
        UserError: when it is missing, damaged, or holds anything but Keras's own layers.
    """
    import keras

    try:
        with zipfile.ZipFile(path) as archive:
            _refuse_foreign(json.loads(archive.read("config.json")))
        return keras.models.load_model(path, compile=False, safe_mode=True)
    except Exception as error:  # Keras raises whatever its parts raise on a damaged file
        raise UserError(
            f"The network {path.name} of the run {path.parent.name} cannot be opened.",
            "Use another run, or train again.",
            str(error),
        ) from error


def to_litert(network: keras.Model) -> bytes:
    """Converts a network to LiteRT, float32, for one picture at a time.

    The LiteRT model takes (1, height, width, 3) RGB float32, 0..255, and keeps
    the names of the outputs in its signature.
    """
    return _convert(network, None, quantised=False)


def to_litert_int8(network: keras.Model, examples: Examples | None = None) -> bytes:
    """Converts a network to LiteRT with int8 weights; takes and gives float32 as `to_litert`.

    Args:
        network: with fixed height and width.
        examples: gives (height, width, 3) RGB uint8, from which the range of every layer's
            values is measured beforehand. None measures it on each picture anew
            while the model runs (dynamic range): no slower, and nearer to the network.
    """
    return _convert(network, examples, quantised=True)


def _convert(network: keras.Model, examples: Examples | None, *, quantised: bool) -> bytes:
    import tensorflow as tf

    def batches() -> Iterator[list[Any]]:
        for pixels in examples() if examples else ():
            yield [pixels[None].astype(np.float32)]

    converter = tf.lite.TFLiteConverter.from_keras_model(network)
    if quantised:
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
    if examples is not None:
        converter.representative_dataset = batches
    # The converter prints what it does; standard output belongs to `--json`.
    with contextlib.redirect_stdout(io.StringIO()) as printed, warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Statistics for quantized inputs")
        converted: bytes = converter.convert()
    log.debug("the converter said: %s", printed.getvalue())
    log.info("converted %s to LiteRT: %.1f MB", network.name, len(converted) / 1e6)
    return converted


def _refuse_foreign(config: Any) -> None:
    """Raises `ValueError` for anything in a saved network that is not of Keras itself."""
    if isinstance(config, dict):
        module, name = config.get("module"), config.get("class_name")
        if name is not None and (
            name in _FOREIGN_CODE
            or not (module is None or str(module).partition(".")[0] == "keras")
            or ">" in str(config.get("registered_name"))  # "package>name": registered by others
        ):
            raise ValueError(f"{module}.{name} is no layer that FaceGUI uses")
        config = list(config.values())
    if isinstance(config, list):
        for item in config:
            _refuse_foreign(item)
