"""A trained network as files: Keras's own, and LiteRT in float32 and int8."""

from __future__ import annotations

import json
import logging
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from facegui.core.errors import UserError
from facegui.core.images import Pixels
from facegui.ml.conversion import convert

if TYPE_CHECKING:
    import keras

log = logging.getLogger(__name__)

_FOREIGN_CODE = ("Lambda", "TFSMLayer")
"""Layers of Keras that run what they find in a file."""


def save_network(network: keras.Model, path: Path) -> None:
    """Saves a network such that `keras.models.load_model(path)` opens it anywhere.

    Without optimizer and losses: with them the file would be three times the size
    and could be opened only by a program that has our loss.

    Args:
        path: ends in ".keras".
    """
    _bare(network).save(path)


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


def structure_of(network: keras.Model) -> str:
    """A network without weights, as JSON."""
    text: str = _bare(network).to_json()
    return text


def network_from(structure: str) -> keras.Model:
    """The network that `structure_of` wrote; nothing in the text is run as code.

    Raises:
        ValueError: for what is no network, or holds anything but Keras's own layers.
    """
    import keras

    _refuse_foreign(json.loads(structure))
    return keras.models.model_from_json(structure)


def to_litert(network: keras.Model) -> bytes:
    """Converts a network to LiteRT, float32, for one picture at a time.

    The LiteRT model takes (1, height, width, 3) RGB float32, 0..255, and keeps
    the names of the outputs in its signature.
    """
    litert = convert(_bare(network))
    log.info("converted %s to LiteRT: %.1f MB", network.name, len(litert) / 1e6)
    return litert


def to_litert_int8(network: keras.Model, examples: Sequence[Pixels] = ()) -> bytes:
    """Converts a network to LiteRT with int8 weights; takes and gives float32 as `to_litert`.

    Args:
        network: with fixed height and width.
        examples: (height, width, 3) RGB uint8, from which the range of every layer's
            values is measured beforehand. Without any it is measured on each picture anew
            while the model runs (dynamic range): no slower, and nearer to the network.
    """
    litert = convert(_bare(network), quantised=True, examples=examples)
    log.info("converted %s to LiteRT, int8: %.1f MB", network.name, len(litert) / 1e6)
    return litert


def _bare(network: keras.Model) -> keras.Model:
    """Without optimizer and losses."""
    import keras

    return keras.Model(network.input, network.output, name=network.name)


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
