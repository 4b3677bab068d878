"""How long a training will take here."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

from facegui.core.errors import UserError
from facegui.core.runs import Run
from facegui.ml.presets import CLASSIC, TrainSettings


@dataclass(frozen=True, slots=True)
class StepTime:
    """How long a step took.

    Args:
        settings: of the training.
        seconds: for one batch, its share of the validation included.
    """

    settings: TrainSettings
    seconds: float


TYPICAL_STEP = StepTime(CLASSIC.settings, 1.1)
"""Classic on two cores of a laptop: what to go by before anything was measured here."""


def estimate_seconds(settings: TrainSettings, pictures: int, measured_step_s: float) -> float:
    """How long all epochs take.

    Args:
        settings: of the training.
        pictures: that it learns from.
        measured_step_s: what one of its batches takes.
    """
    return settings.epochs * math.ceil(pictures / settings.batch_size) * measured_step_s


def step_seconds(settings: TrainSettings, known: Iterable[StepTime]) -> float | None:
    """What a batch of these settings takes, by the first known step of the same preset.

    In proportion to the batch and to the area of the pictures. None where no
    step of that preset is known.
    """
    for step in known:
        if step.settings.preset == settings.preset:
            batch = settings.batch_size / step.settings.batch_size
            area = (settings.input_size / step.settings.input_size) ** 2
            return step.seconds * batch * area
    return None


def steps_of_runs(runs: Iterable[Run]) -> tuple[StepTime, ...]:
    """What steps took in earlier trainings, in the same order; damaged runs are passed over."""
    steps = []
    for run in runs:
        try:
            step = _step_of_run(run)
        except (UserError, ValueError, TypeError, KeyError):
            continue
        if step is not None:
            steps.append(step)
    return tuple(steps)


def _step_of_run(run: Run) -> StepTime | None:
    epochs = run.metrics()
    if not run.complete or not epochs:
        return None
    settings = TrainSettings.from_json(run.settings())
    batches = math.ceil(int(run.card()["training_pictures"]) / settings.batch_size)
    # The first epoch is slower, and one that was finished early has fewer batches.
    seconds = sorted(epoch.seconds for epoch in epochs)[len(epochs) // 2]
    return StepTime(settings, seconds / batches) if batches else None
