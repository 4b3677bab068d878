"""How long a training will take: guessed, then measured, and remembered from then on."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from pathlib import Path

import pytest

from facegui.core.runs import EpochMetrics, Losses
from facegui.ml import estimating
from facegui.ml.estimating import (
    CONVERSION,
    FEATURES,
    PACE_NAME,
    PARTS,
    START_S,
    Pace,
    ToldBy,
    read_pace,
    remember_conversions,
    remember_pace,
    remember_steps,
    seconds_per_megapixel,
)
from facegui.ml.presets import CLASSIC, FAST, FIRST_STEPS, WORTH_A_FIRST_MODEL

SECONDS = {
    FEATURES: 1.0,
    CONVERSION: 4.0,
    "dense-144": 0.1,
    "dense-384": 0.05,
    "classic-120": 10.0,
}
PACE = Pace(SECONDS, dict.fromkeys(SECONDS, ToldBy.TRIAL))


def epoch(number: int, seconds: float) -> EpochMetrics:
    losses = Losses(1.0, 1.0, 1.0)
    return EpochMetrics(number, 4, losses, losses, seconds, False)


def test_the_tutorials_training_takes_hours_where_a_step_takes_a_second() -> None:
    told = {**SECONDS, "classic-120": seconds_per_megapixel(1.1, 8, 120)}
    pace = replace(PACE, seconds=told)
    hours = pace.estimate_seconds(CLASSIC.settings, 5040, 0) / 3600
    assert hours == pytest.approx(7.7, abs=0.1)


def test_features_that_are_kept_cost_no_time() -> None:
    new = PACE.estimate_seconds(FAST.settings, 5040, 5040 - 600)
    kept = PACE.estimate_seconds(FAST.settings, 5040, 5040)
    assert new - kept == pytest.approx(600 * 0.144**2)
    assert kept > START_S + 2 * 4.0


def test_a_first_model_costs_its_steps_and_a_conversion() -> None:
    without = PACE.estimate_seconds(FAST.settings, 5040, 5040 - WORTH_A_FIRST_MODEL + 1)
    with_one = PACE.estimate_seconds(FAST.settings, 5040, 5040 - WORTH_A_FIRST_MODEL)
    a_picture = 0.144**2
    steps_s = FIRST_STEPS * FAST.settings.batch_size * a_picture * 0.1
    assert with_one - without == pytest.approx(4.0 + steps_s + a_picture)


def test_a_rate_that_falls_ends_the_training_long_before_the_last_epoch() -> None:
    falling = PACE.estimate_seconds(FAST.settings, 5040, 5040)
    even = PACE.estimate_seconds(replace(FAST.settings, falling_steps=0), 5040, 5040)
    assert falling < even / 3


def test_steps_of_another_input_size_take_what_those_of_the_nearest_take() -> None:
    def rest_s(size: int) -> float:
        settings = replace(FAST.settings, input_size=size, falling_steps=0, epochs=1)
        return PACE.estimate_seconds(settings, 32, 32) - START_S - 2 * 4.0

    assert rest_s(144) == pytest.approx(32 * 0.144**2 * 0.1)
    assert rest_s(160) == pytest.approx(32 * 0.160**2 * 0.1)
    assert rest_s(320) == pytest.approx(32 * 0.320**2 * 0.05)


def test_before_anything_is_measured_it_is_guessed(tmp_path: Path) -> None:
    pace = read_pace(tmp_path)
    assert pace.guessed == PARTS
    assert pace.basis(FAST.settings) is pace.basis(CLASSIC.settings) is ToldBy.GUESS
    assert all(0 < value < math.inf for value in pace.seconds.values())
    fast, classic = (pace.estimate_seconds(preset.settings, 5040, 0) for preset in (FAST, CLASSIC))
    assert fast < classic / 5
    assert list(tmp_path.iterdir()) == []


def test_what_is_not_measured_yet_makes_a_guess_of_all(tmp_path: Path) -> None:
    remember_pace(tmp_path, ToldBy.TRIAL, {FEATURES: 2.5})
    pace = read_pace(tmp_path)
    assert FEATURES not in pace.guessed
    assert pace.basis(FAST.settings) is ToldBy.GUESS
    remember_pace(tmp_path, ToldBy.TRIAL, {CONVERSION: 3.5, "dense-144": 0.5})
    pace = read_pace(tmp_path)
    assert pace.guessed == ("dense-384", "classic-120")
    assert pace.basis(FAST.settings) is ToldBy.TRIAL
    assert pace.basis(CLASSIC.settings) is ToldBy.GUESS


def test_what_trainings_took_is_remembered(tmp_path: Path) -> None:
    remember_pace(tmp_path / "new", ToldBy.TRAINING, {FEATURES: 2.5}, (144, "key"))
    epochs = [epoch(1, 90.0), epoch(2, 20.0), epoch(3, 22.0)]
    remember_steps(tmp_path / "new", FAST.settings, 1000, epochs)
    remember_conversions(tmp_path / "new", FAST.settings, 12.0)
    remember_conversions(tmp_path / "new", CLASSIC.settings, 90.0)
    pace = read_pace(tmp_path / "new")
    assert pace.seconds[FEATURES] == 2.5
    assert pace.seconds[CONVERSION] == 6.0
    assert pace.seconds["dense-144"] == pytest.approx(22.0 / (1000 * 0.144**2))
    assert pace.keys == ((144, "key"),)
    assert pace.basis(FAST.settings) is ToldBy.TRAINING
    assert pace.basis(CLASSIC.settings) is ToldBy.GUESS


def test_what_a_training_took_counts_for_more_than_a_trial(tmp_path: Path) -> None:
    remember_pace(tmp_path, ToldBy.TRAINING, {FEATURES: 2.5})
    remember_pace(tmp_path, ToldBy.TRIAL, {FEATURES: 3.5, CONVERSION: 3.5, "dense-144": 0.5})
    pace = read_pace(tmp_path)
    assert pace.seconds[FEATURES] == 2.5
    assert pace.basis(FAST.settings) is ToldBy.TRIAL


def test_too_short_a_training_tells_nothing(tmp_path: Path) -> None:
    remember_steps(tmp_path, FAST.settings, 1000, [epoch(1, 90.0)])
    remember_pace(tmp_path, ToldBy.TRAINING, {FEATURES: math.nan})
    assert read_pace(tmp_path).guessed == PARTS


def test_another_computer_of_the_same_user_is_measured_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    remember_pace(tmp_path, ToldBy.TRIAL, {FEATURES: 2.5})
    monkeypatch.setattr(estimating, "_this_machine", lambda: "another")
    assert read_pace(tmp_path).guessed == PARTS
    remember_pace(tmp_path, ToldBy.TRIAL, {FEATURES: 7.5})
    monkeypatch.undo()
    assert read_pace(tmp_path).seconds[FEATURES] == 2.5


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        '{"x": 3}',
        json.dumps({estimating._this_machine(): {"trial": {FEATURES: -1}, "keys": []}}),
        json.dumps({estimating._this_machine(): {"trial": [3], "trainings": {"dense-x": 1}}}),
        json.dumps({estimating._this_machine(): {"trial": {FEATURES: "1"}, "keys": {"x": "y"}}}),
    ],
)
def test_what_is_damaged_is_measured_again(tmp_path: Path, text: str) -> None:
    (tmp_path / PACE_NAME).write_text(text)
    assert read_pace(tmp_path).guessed == PARTS
    assert read_pace(tmp_path).keys == ()
    remember_pace(tmp_path, ToldBy.TRIAL, {FEATURES: 1.0}, (144, "key"))
    assert read_pace(tmp_path).seconds[FEATURES] == 1.0


def test_a_folder_that_cannot_be_written_is_no_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    remember_pace(tmp_path / "file" / "folder", ToldBy.TRIAL, {FEATURES: 1.0})
