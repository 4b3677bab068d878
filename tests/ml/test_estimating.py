"""How long a training will take: measured in a moment, remembered from then on."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from pathlib import Path

import pytest

from facegui.core.runs import EpochMetrics, Losses
from facegui.ml import estimating
from facegui.ml.estimating import (
    PACE_NAME,
    START_S,
    Pace,
    read_pace,
    remember_pace,
    remember_steps,
    seconds_per_megapixel,
)
from facegui.ml.presets import CLASSIC, FAST

PACE = Pace(feature_s=1.0, dense_s=0.1, classic_s=10.0)


def epoch(number: int, seconds: float) -> EpochMetrics:
    losses = Losses(1.0, 1.0, 1.0)
    return EpochMetrics(number, 4, losses, losses, seconds, False)


def test_the_tutorials_training_takes_hours_where_a_step_takes_a_second() -> None:
    pace = replace(PACE, classic_s=seconds_per_megapixel(1.1, 8, 120))
    hours = pace.estimate_seconds(CLASSIC.settings, 5040, 0) / 3600
    assert hours == pytest.approx(7.7, abs=0.1)


def test_features_that_are_kept_cost_no_time() -> None:
    all_new = PACE.estimate_seconds(FAST.settings, 5040, 0)
    kept = PACE.estimate_seconds(FAST.settings, 5040, 5040)
    assert all_new - kept == pytest.approx(5040 * 0.144**2)
    assert kept > START_S


def test_a_rate_that_falls_ends_the_training_long_before_the_last_epoch() -> None:
    falling = PACE.estimate_seconds(FAST.settings, 5040, 5040)
    even = PACE.estimate_seconds(replace(FAST.settings, falling_steps=0), 5040, 5040)
    assert falling < even / 3


def test_before_the_first_training_it_is_measured(tmp_path: Path) -> None:
    pace = read_pace(tmp_path)
    assert pace.known == frozenset()
    assert not pace.is_known(FAST.settings) and not pace.is_known(CLASSIC.settings)
    assert all(0 < value < math.inf for value in (pace.feature_s, pace.dense_s, pace.classic_s))
    fast, classic = (pace.estimate_seconds(preset.settings, 5040, 0) for preset in (FAST, CLASSIC))
    assert fast < classic / 5
    assert list(tmp_path.iterdir()) == []


def test_what_trainings_took_is_remembered(tmp_path: Path) -> None:
    remember_pace(tmp_path / "new", {"feature_s": 2.5}, (144, "key"))
    epochs = [epoch(1, 90.0), epoch(2, 20.0), epoch(3, 22.0)]
    remember_steps(tmp_path / "new", FAST.settings, 1000, epochs)
    pace = read_pace(tmp_path / "new")
    assert pace.feature_s == 2.5
    assert pace.dense_s == pytest.approx(22.0 / (1000 * 0.144**2))
    assert pace.keys == ((144, "key"),)
    assert pace.is_known(FAST.settings) and not pace.is_known(CLASSIC.settings)


def test_too_short_a_training_tells_nothing(tmp_path: Path) -> None:
    remember_steps(tmp_path, FAST.settings, 1000, [epoch(1, 90.0)])
    remember_pace(tmp_path, {"feature_s": math.nan}, None)
    assert read_pace(tmp_path).known == frozenset()


def test_another_computer_of_the_same_user_is_measured_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    remember_pace(tmp_path, {"feature_s": 2.5}, None)
    monkeypatch.setattr(estimating, "_this_machine", lambda: "another")
    assert read_pace(tmp_path).known == frozenset()
    remember_pace(tmp_path, {"feature_s": 7.5}, None)
    monkeypatch.undo()
    assert read_pace(tmp_path).feature_s == 2.5


@pytest.mark.parametrize(
    "text", ["", "{", "[]", '{"x": 3}', json.dumps({estimating._this_machine(): {"feature_s": -1}})]
)
def test_what_is_damaged_is_measured_again(tmp_path: Path, text: str) -> None:
    (tmp_path / PACE_NAME).write_text(text)
    assert read_pace(tmp_path).known == frozenset()


def test_a_folder_that_cannot_be_written_is_no_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    remember_pace(tmp_path / "file" / "folder", {"feature_s": 1.0}, None)


def test_a_network_that_cannot_be_loaded_is_done_without(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(estimating, "newest_litert", lambda _: b"no network")
    assert read_pace(tmp_path).feature_s > 0
