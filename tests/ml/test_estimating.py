"""How long a training will take, by what earlier ones took."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from facegui.core.files import write_json
from facegui.core.runs import EpochMetrics, Losses, Run, write_metrics
from facegui.ml.estimating import (
    TYPICAL_STEP,
    StepTime,
    estimate_seconds,
    step_seconds,
    steps_of_runs,
)
from facegui.ml.presets import TrainSettings

SETTINGS = TrainSettings(epochs=4, batch_size=8, input_size=120)


def make_run(folder: Path, seconds: list[float], pictures: int = 80) -> Run:
    folder.mkdir()
    losses = Losses(1.0, 1.0, 1.0)
    epochs = [
        EpochMetrics(number, 4, losses, losses, taken, False)
        for number, taken in enumerate(seconds, 1)
    ]
    write_metrics(folder, epochs)
    write_json(folder / "settings.json", SETTINGS.to_json())
    write_json(folder / "card.json", {"training_pictures": pictures})
    (folder / "model.tflite").write_bytes(b"model")
    return Run(folder)


def test_the_tutorials_training_takes_hours_on_two_cores() -> None:
    hours = estimate_seconds(TYPICAL_STEP.settings, 5040, TYPICAL_STEP.seconds) / 3600
    assert hours == pytest.approx(7.7, abs=0.1)


def test_a_step_is_told_from_an_earlier_run(tmp_path: Path) -> None:
    steps = steps_of_runs([make_run(tmp_path / "run", [30.0, 20.0, 20.0])])
    assert [step.seconds for step in steps] == [2.0]


def test_larger_pictures_and_batches_take_longer() -> None:
    known = [StepTime(SETTINGS, 2.0)]
    assert step_seconds(replace(SETTINGS, input_size=240), known) == 8.0
    assert step_seconds(replace(SETTINGS, batch_size=4), known) == 1.0


def test_of_another_preset_nothing_is_known() -> None:
    assert step_seconds(replace(SETTINGS, preset="fast"), [StepTime(SETTINGS, 2.0)]) is None


def test_damaged_and_unfinished_runs_are_passed_over(tmp_path: Path) -> None:
    damaged = make_run(tmp_path / "damaged", [20.0])
    (damaged.folder / "metrics.csv").write_text("epoch,loss\nx,y\n")
    broken_off = make_run(tmp_path / "broken-off", [20.0])
    broken_off.model_path.unlink()
    odd = make_run(tmp_path / "odd", [20.0])
    write_json(odd.folder / "settings.json", {"epochs": "many"})
    assert steps_of_runs([damaged, broken_off, odd]) == ()
