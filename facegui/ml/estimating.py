"""How long a training will take on this computer, from measurements on it.

Before the first training: a few batches of each of its parts; see `trial`. After it: what
that training took. Both are remembered for this computer. Until there is either, a
multiplication of matrices has to do.
"""

from __future__ import annotations

import json
import logging
import math
import os
import platform
import re
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

import numpy as np

from facegui.core.files import write_json
from facegui.core.runs import EpochMetrics
from facegui.ml.presets import FIRST_STEPS, PRESETS, WORTH_A_FIRST_MODEL, TrainSettings

log = logging.getLogger(__name__)

PACE_NAME = "pace.json"
START_S = 8.0
"""Comparing and reading photos, and loading TensorFlow."""

_SETTLING_STEPS = 200
"""For which a training still gets better once its rate has fallen: the averaged weights."""

FEATURES = "features"
"""The part of a dense network's training in which the backbone looks at the pictures."""

CONVERSION = "conversion"
"""The part in which a model is made of a network and tested: float32, then int8."""

_CONVERSIONS = 2


def steps_part(settings: TrainSettings) -> str:
    """The part of a training in which its network learns, at its input size."""
    return f"{settings.network}-{settings.input_size}"


PARTS = (FEATURES, CONVERSION, *(steps_part(preset.settings) for preset in PRESETS.values()))
"""That the presets' trainings consist of."""

_STEPS = re.compile(r"(classic|dense)-(\d+)")

_MATRIX_SIDE = 768
_MULTIPLICATIONS = 8

_WORK = {FEATURES: 145.0, CONVERSION: 2000.0, "dense": 20.0, "classic": 1430.0}
"""Thousand millions of matrix operations in the time that a megapixel of pictures takes in
each part of a training, or a conversion; by experience on two cores."""


class ToldBy(StrEnum):
    """What says how fast this computer is, the least trustworthy first.

    All but the guess are remembered, under this key.
    """

    GUESS = "guess"
    TRIAL = "trial"
    TRAINING = "trainings"


@dataclass(frozen=True, slots=True)
class Pace:
    """How fast this computer is.

    Args:
        seconds: by part, all `PARTS`, and steps of other input sizes where trainings told
            of them: for a megapixel of pictures, but for one model of `CONVERSION`.
        told_by: what says so of each part.
        keys: of the backbone, by the input size it was used with here.
    """

    seconds: Mapping[str, float]
    told_by: Mapping[str, ToldBy]
    keys: tuple[tuple[int, str], ...] = ()

    @property
    def guessed(self) -> tuple[str, ...]:
        """Parts that were never measured."""
        return tuple(part for part in PARTS if self.told_by[part] is ToldBy.GUESS)

    def estimate_seconds(self, settings: TrainSettings, pictures: int, kept: int) -> float:
        """How long a training takes at most, from pressing Start to the tested model.

        Args:
            settings: of the training.
            pictures: that it learns from.
            kept: how many of their features are kept from before.
        """
        dense = settings.network == "dense"
        missing = max(0, pictures - kept) if dense else 0
        conversions = _CONVERSIONS
        batches = math.ceil(pictures / settings.batch_size)
        steps = settings.epochs * batches
        if settings.falling_steps and settings.patience:
            # It gets no better once the rate has fallen.
            falling = settings.falling_steps + _SETTLING_STEPS
            steps = min(steps, falling + (settings.patience + 1) * batches)
        if missing >= WORTH_A_FIRST_MODEL:
            steps += FIRST_STEPS
            conversions += 1
        steps_s = self.seconds[self._steps_of(settings)] * steps * settings.batch_size
        pictures_s = settings.input_size**2 / 1e6 * (self.seconds[FEATURES] * missing + steps_s)
        return START_S + self.seconds[CONVERSION] * conversions + pictures_s

    def basis(self, settings: TrainSettings) -> ToldBy:
        """What the estimate rests on: the least trustworthy of its parts."""
        parts = [self._steps_of(settings)]
        if settings.network == "dense":
            parts += [FEATURES, CONVERSION]
        return min((self.told_by[part] for part in parts), key=list(ToldBy).index)

    def _steps_of(self, settings: TrainSettings) -> str:
        """The steps nearest in size to these: what a megapixel takes differs little."""
        steps = [match for match in map(_STEPS.fullmatch, self.seconds) if match]
        size = settings.input_size
        nearest = min(
            (match for match in steps if match[1] == settings.network),
            key=lambda match: abs(math.log(int(match[2]) / size)),
        )
        return nearest[0]


def read_pace(folder: Path) -> Pace:
    """How fast this computer is, as far as that is remembered, and the rest guessed.

    Args:
        folder: of the user's cache, where the weights are.
    """
    mine = _read_all(folder / PACE_NAME).get(_this_machine(), {})
    told = {by: _usable(mine.get(by)) for by in (ToldBy.TRIAL, ToldBy.TRAINING)}
    if not set(PARTS) <= {part for values in told.values() for part in values}:
        told = {ToldBy.GUESS: _guess()} | told
    keys = mine.get("keys")
    return Pace(
        {part: value for values in told.values() for part, value in values.items()},
        {part: by for by, values in told.items() for part in values},
        tuple(
            (int(size), str(key))
            for size, key in (keys.items() if isinstance(keys, dict) else ())
            if size.isdecimal()
        ),
    )


def remember_pace(
    folder: Path,
    by: ToldBy,
    values: Mapping[str, float],
    key: tuple[int, str] | None = None,
) -> None:
    """Remembers how fast this computer is; what cannot be written is measured again.

    Args:
        folder: as above.
        by: what told it.
        values: as `Pace.seconds`.
        key: input size and key of the backbone, of a dense network.
    """
    path = folder / PACE_NAME
    machines = _read_all(path)
    mine = machines.setdefault(_this_machine(), {})
    mine[by.value] = _usable(mine.get(by)) | _usable(values)
    if key is not None:
        keys = mine.get("keys")
        mine["keys"] = (keys if isinstance(keys, dict) else {}) | {str(key[0]): key[1]}
    try:
        folder.mkdir(parents=True, exist_ok=True)
        write_json(path, machines)
    except OSError as error:
        log.warning("cannot remember how fast this computer is: %s", error)


def seconds_per_megapixel(seconds: float, pictures: int, size: int) -> float:
    """What a megapixel of square pictures took."""
    return seconds / (pictures * size**2 / 1e6) if pictures else math.nan


def remember_conversions(folder: Path, settings: TrainSettings, seconds: float) -> None:
    """Remembers what making and testing all models of a training took.

    That of a dense network: a classic one has other layers, and hours behind it.
    """
    if settings.network == "dense":
        remember_pace(folder, ToldBy.TRAINING, {CONVERSION: seconds / _CONVERSIONS})


def remember_steps(
    folder: Path, settings: TrainSettings, pictures: int, epochs: Sequence[EpochMetrics]
) -> None:
    """Remembers what steps took in a training, its share of the validation included."""
    if len(epochs) < 2 or not pictures:
        return
    # The first epoch is slower, and one that was finished early has fewer batches.
    seconds = sorted(epoch.seconds for epoch in epochs)[len(epochs) // 2]
    value = seconds_per_megapixel(seconds, pictures, settings.input_size)
    remember_pace(folder, ToldBy.TRAINING, {steps_part(settings): value})


def _usable(values: object) -> dict[str, float]:
    """Of what is remembered, or to be: numbers of seconds, under names of parts."""
    if not isinstance(values, Mapping):
        return {}
    return {
        part: float(value)
        for part, value in values.items()
        if isinstance(value, int | float)
        and 0 < value < math.inf
        and (part in (FEATURES, CONVERSION) or _STEPS.fullmatch(part))
    }


def _guess() -> dict[str, float]:
    """By how fast this computer multiplies matrices of float32, on all cores."""
    matrix = np.ones((_MATRIX_SIDE, _MATRIX_SIDE), np.float32)
    matrix @ matrix  # the first one starts threads
    started_s = time.perf_counter()
    for _ in range(_MULTIPLICATIONS):
        matrix @ matrix
    seconds = max(time.perf_counter() - started_s, 1e-9)
    speed = 2e-9 * _MULTIPLICATIONS * _MATRIX_SIDE**3 / seconds
    return {part: _WORK[part.partition("-")[0]] / speed for part in PARTS}


def _read_all(path: Path) -> dict[str, dict[str, Any]]:
    """What is remembered of all computers; empty where that is nothing or damaged."""
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
