"""A few batches of each part of a training, tried with a small network."""

from __future__ import annotations

import math
import os
import subprocess
from pathlib import Path

import pytest

from facegui.core.own_process import module_command, module_environment
from facegui.ml import trial
from facegui.ml.backbone import MapShapes
from facegui.ml.estimating import FEATURES, PARTS, ToldBy, read_pace, remember_pace
from facegui.ml.presets import PRESETS
from facegui.ml.trial import measure_guessed

pytestmark = pytest.mark.slow

SMALL = (2, 2, 3, 3, 4, 4, 4, 5, 5, 5, 6, 6, 6)


def thin_maps(size: int) -> MapShapes:
    return MapShapes((size // 8, size // 8, 4), (size // 16, size // 16, 4))


def test_every_part_is_measured_and_remembered(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trial, "map_shapes", thin_maps)
    told: list[str] = []
    measure_guessed(tmp_path, told.append, SMALL)
    assert tuple(told) == PARTS
    pace = read_pace(tmp_path)
    assert pace.guessed == ()
    assert all(0 < value < math.inf for value in pace.seconds.values())
    assert {pace.basis(preset.settings) for preset in PRESETS.values()} == {ToldBy.TRIAL}


def test_as_a_process_it_measures_what_is_not_known_and_prints_that(tmp_path: Path) -> None:
    rest = {part: 1.0 for part in PARTS if part != "dense-144"}
    remember_pace(tmp_path, ToldBy.TRIAL, rest)
    remember_pace(tmp_path, ToldBy.TRAINING, {FEATURES: 2.5})
    done = subprocess.run(
        module_command("facegui.ml.trial"),
        env=module_environment() | {"FACEGUI_WEIGHTS": str(tmp_path)},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        check=True,
        text=True,
        cwd=os.fspath(tmp_path),
    )
    assert done.stdout.split() == ["dense-144"]
    pace = read_pace(tmp_path)
    assert pace.guessed == ()
    assert (pace.seconds[FEATURES], pace.seconds["classic-120"]) == (2.5, 1.0)
