"""How long a training will take on this computer, from measurements on it.

Before the first training: the network itself on a few pictures where it has been
converted before, and a multiplication of matrices for all else. After it: what that
training took, which is remembered for this computer.
"""

from __future__ import annotations

import json
import logging
import math
import os
import platform
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from facegui.core.files import write_json
from facegui.core.runs import EpochMetrics
from facegui.ml.backbone import newest_litert
from facegui.ml.features import feature_threads
from facegui.ml.litert import load_interpreter
from facegui.ml.presets import TrainSettings

log = logging.getLogger(__name__)

PACE_NAME = "pace.json"
START_S = 25.0
"""Loading TensorFlow, and in the end converting and testing the model."""

_SETTLING_STEPS = 200
"""For which a training still gets better once its rate has fallen: the averaged weights."""

_MATRIX_SIDE = 768
_MULTIPLICATIONS = 8
_MEASURED_PICTURES = 3

_FEATURE_WORK, _DENSE_WORK, _CLASSIC_WORK = 145.0, 10.5, 1430.0
"""Thousand millions of matrix operations in the time that a megapixel of pictures takes in
each part of a training; by experience on two cores."""


@dataclass(frozen=True, slots=True)
class Pace:
    """How fast this computer is: seconds for a megapixel of pictures.

    Args:
        feature_s: to compute features, on all cores.
        dense_s: in a step of dense heads.
        classic_s: in a step of the classic network.
        known: which of these earlier trainings told, not a short measurement.
        keys: of the backbone, by the input size it was used with here.
    """

    feature_s: float
    dense_s: float
    classic_s: float
    known: frozenset[str] = frozenset()
    keys: tuple[tuple[int, str], ...] = ()

    def estimate_seconds(self, settings: TrainSettings, pictures: int, kept: int) -> float:
        """How long a training takes at most, from pressing Start to the tested model.

        Args:
            settings: of the training.
            pictures: that it learns from.
            kept: how many of their features are kept from before.
        """
        megapixels = settings.input_size**2 / 1e6
        batches = math.ceil(pictures / settings.batch_size)
        steps = settings.epochs * batches
        if settings.network != "dense":
            return START_S + steps * settings.batch_size * megapixels * self.classic_s
        if settings.falling_steps and settings.patience:
            # It gets no better once the rate has fallen.
            falling = settings.falling_steps + _SETTLING_STEPS
            steps = min(steps, falling + (settings.patience + 1) * batches)
        features_s = max(0, pictures - kept) * megapixels * self.feature_s
        return START_S + features_s + steps * settings.batch_size * megapixels * self.dense_s

    def is_known(self, settings: TrainSettings) -> bool:
        """Whether an earlier training says how long such a one takes."""
        names = {"feature_s", "dense_s"} if settings.network == "dense" else {"classic_s"}
        return names <= self.known


def read_pace(folder: Path) -> Pace:
    """How fast this computer is: what is remembered of it, and the rest measured now.

    Takes less than a second, without TensorFlow.

    Args:
        folder: of the user's cache, where the weights are.
    """
    remembered = _read(folder / PACE_NAME)
    pace = _measured(folder) if not _complete(remembered) else Pace(0.0, 0.0, 0.0)
    names = {name: remembered[name] for name in _NAMES if name in remembered}
    keys = tuple((int(size), str(key)) for size, key in remembered.get("keys", {}).items())
    return replace(pace, **names, known=frozenset(names), keys=keys)


def remember_pace(folder: Path, values: Mapping[str, float], key: tuple[int, str] | None) -> None:
    """Remembers what a training took; what cannot be written is measured again.

    Args:
        folder: as above.
        values: fields of `Pace` by name.
        key: input size and key of the backbone, of a dense network.
    """
    path = folder / PACE_NAME
    machines = _read_all(path)
    mine = machines.setdefault(_this_machine(), {})
    mine.update({name: value for name, value in values.items() if math.isfinite(value)})
    if key is not None:
        mine.setdefault("keys", {})[str(key[0])] = key[1]
    try:
        folder.mkdir(parents=True, exist_ok=True)
        write_json(path, machines)
    except OSError as error:
        log.warning("cannot remember how fast this computer is: %s", error)


def seconds_per_megapixel(seconds: float, pictures: int, size: int) -> float:
    """What a megapixel of square pictures took."""
    return seconds / (pictures * size**2 / 1e6) if pictures else math.nan


def remember_steps(
    folder: Path, settings: TrainSettings, pictures: int, epochs: Sequence[EpochMetrics]
) -> None:
    """Remembers what steps took in a training, its share of the validation included."""
    if len(epochs) < 2 or not pictures:
        return
    # The first epoch is slower, and one that was finished early has fewer batches.
    seconds = sorted(epoch.seconds for epoch in epochs)[len(epochs) // 2]
    name = "dense_s" if settings.network == "dense" else "classic_s"
    value = seconds_per_megapixel(seconds, pictures, settings.input_size)
    remember_pace(folder, {name: value}, None)


_NAMES = ("feature_s", "dense_s", "classic_s")


def _complete(remembered: Mapping[str, Any]) -> bool:
    return all(name in remembered for name in _NAMES)


def _read(path: Path) -> dict[str, Any]:
    """What is remembered of this computer; empty where that is nothing or damaged."""
    mine = _read_all(path).get(_this_machine(), {})
    usable = all(
        isinstance(mine.get(name, 1.0), int | float) and 0 < mine.get(name, 1.0) < math.inf
        for name in _NAMES
    )
    keys = mine.get("keys", {})
    return mine if usable and isinstance(keys, dict) and all(map(str.isdigit, keys)) else {}


def _read_all(path: Path) -> dict[str, dict[str, Any]]:
    try:
        machines = json.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        log.warning("ignoring unreadable %s: %s", path, error)
        return {}
    if not isinstance(machines, dict):
        return {}
    return {name: value for name, value in machines.items() if isinstance(value, dict)}


def _this_machine() -> str:
    """A home folder may be on several computers."""
    return f"{platform.system()} {platform.machine()} {os.cpu_count()} {platform.processor()}"


def _measured(folder: Path) -> Pace:
    speed = _matrix_speed()
    feature_s = _FEATURE_WORK / speed
    try:
        feature_s = _feature_seconds(folder) or feature_s
    except (OSError, ValueError, RuntimeError, LookupError) as error:
        log.warning("cannot measure the network: %s", error)
    return Pace(feature_s, _DENSE_WORK / speed, _CLASSIC_WORK / speed)


def _matrix_speed() -> float:
    """Thousand millions of operations in a second, of float32 on all cores."""
    matrix = np.ones((_MATRIX_SIDE, _MATRIX_SIDE), np.float32)
    matrix @ matrix  # the first one starts threads
    started_s = time.perf_counter()
    for _ in range(_MULTIPLICATIONS):
        matrix @ matrix
    seconds = time.perf_counter() - started_s
    return 2e-9 * _MULTIPLICATIONS * _MATRIX_SIDE**3 / max(seconds, 1e-9)


def _feature_seconds(folder: Path) -> float | None:
    """For a megapixel, by the converted network on a few pictures; None where there is none."""
    litert = newest_litert(folder)
    if litert is None:
        return None
    cores = feature_threads()

    def run(_: int) -> int:
        interpreter = load_interpreter(litert, 1)
        details = interpreter.get_input_details()[0]
        interpreter.set_tensor(details["index"], np.zeros(details["shape"], np.float32))
        interpreter.invoke()
        started_s = time.perf_counter()
        for _ in range(_MEASURED_PICTURES):
            interpreter.invoke()
        spent_s.append(time.perf_counter() - started_s)
        return int(np.prod(details["shape"][1:3]))

    spent_s: list[float] = []
    with ThreadPoolExecutor(cores) as pool:
        pixels, *_ = pool.map(run, range(cores))
    return max(spent_s) / (_MEASURED_PICTURES * cores * pixels / 1e6)
