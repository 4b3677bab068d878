"""What a training that is broken off leaves behind, so that it can go on from there."""

from __future__ import annotations

import json
import logging
import time
import zipfile
import zlib
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from facegui.core.errors import UserError
from facegui.core.files import written_atomically
from facegui.core.runs import CHECKPOINT_NAME, EpochMetrics, Losses
from facegui.ml.export import network_from, structure_of

if TYPE_CHECKING:
    import keras

log = logging.getLogger(__name__)

Array = npt.NDArray[Any]

SAVING_SHARE = 1 / 30
"""Of the time that may go into saving: all of VGG16 with its optimizer is some 270 MB."""

_ABOUT = "about"


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A training between two epochs.

    Args:
        key: of the photos and weights that it was begun with.
        network: that is trained, without weights; see `structure_of`.
        epochs: those that are done.
        variables: of the network, its random seeds among them.
        optimizer: its variables.
        best: weights of the best epoch.
    """

    key: str
    network: str
    epochs: tuple[EpochMetrics, ...]
    variables: tuple[Array, ...]
    optimizer: tuple[Array, ...]
    best: tuple[Array, ...]

    def best_network(self) -> keras.Model:
        """The network with the weights of its best epoch, not compiled.

        Raises:
            UserError: when what was written cannot be read.
        """
        try:
            network = network_from(self.network)
            network.set_weights(list(self.best))
        except Exception as error:  # Keras raises whatever its parts raise
            raise _damaged(error) from error
        return network

    def restore(self, network: keras.Model) -> None:
        """Puts a compiled network and its optimizer into the state that they had.

        Raises:
            UserError: when it is another network.
        """
        network.optimizer.build(network.trainable_variables)
        for variables, values in (
            (network.variables, self.variables),
            (network.optimizer.variables, self.optimizer),
        ):
            if [tuple(item.shape) for item in variables] != [item.shape for item in values]:
                raise UserError(
                    "This training cannot go on: another version of the program began it.",
                    "Throw it away, then start again.",
                )
            for variable, value in zip(variables, values, strict=True):
                variable.assign(value)


class CheckpointWriter:
    """Writes checkpoints of a training into its folder, as often as costs little.

    Args:
        folder: of the run.
        key: see `Checkpoint`.
    """

    def __init__(self, folder: Path, key: str) -> None:
        self._path = folder / CHECKPOINT_NAME
        self._key = key
        self._next_s = 0.0

    def save(
        self, network: keras.Model, epochs: Sequence[EpochMetrics], best: Sequence[Array]
    ) -> None:
        """Saves, unless the last time was so short ago that saving would take too much.

        A full disk is no reason to stop: the training can do without.
        """
        began_s = time.monotonic()
        if began_s < self._next_s:
            return
        about = {
            "key": self._key,
            "network": structure_of(network),
            "epochs": [asdict(epoch) for epoch in epochs],
        }
        arrays = {_ABOUT: np.array(json.dumps(about))}
        groups = {"variable": network.variables, "optimizer": network.optimizer.variables}
        for name, values in (groups | {"best": best}).items():
            arrays |= {f"{name}-{index}": np.asarray(value) for index, value in enumerate(values)}
        try:
            with written_atomically(self._path) as stream:
                np.savez(stream, allow_pickle=False, **arrays)
        except OSError as error:
            log.warning("how far the training is cannot be kept: %s", error)
        now_s = time.monotonic()
        self._next_s = now_s + (now_s - began_s) / SAVING_SHARE


def read_checkpoint(folder: Path) -> Checkpoint:
    """The checkpoint of a run.

    Raises:
        UserError: when there is none, or it is damaged.
    """
    try:
        # Opened here: numpy leaves a damaged file open.
        with (
            (folder / CHECKPOINT_NAME).open("rb") as stream,
            np.load(stream, allow_pickle=False) as kept,
        ):
            about = json.loads(str(kept[_ABOUT]))
            groups = [_group(kept, name) for name in ("variable", "optimizer", "best")]
        epochs = tuple(_epoch(item) for item in about["epochs"])
        return Checkpoint(str(about["key"]), str(about["network"]), epochs, *groups)
    except (OSError, EOFError, LookupError, TypeError, ValueError, zlib.error,
            zipfile.BadZipFile) as error:  # fmt: skip
        raise _damaged(error) from error


def _damaged(error: Exception) -> UserError:
    return UserError(
        "This training cannot go on: what it had learned is missing or damaged.",
        "Throw it away, then start again.",
        str(error),
    )


def _group(kept: Any, name: str) -> tuple[Array, ...]:
    count = sum(key.startswith(f"{name}-") for key in kept.files)
    return tuple(kept[f"{name}-{index}"] for index in range(count))


def _epoch(item: dict[str, Any]) -> EpochMetrics:
    return EpochMetrics(
        **item | {name: Losses(**item[name]) for name in ("training", "validation")}
    )
