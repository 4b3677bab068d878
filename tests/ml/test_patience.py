"""When a training has ceased to get better."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest

from facegui.core.runs import EpochMetrics, Losses
from facegui.ml.fitting import is_out_of_patience
from facegui.ml.presets import TrainSettings

SETTINGS = TrainSettings(patience=2)


def epochs(losses: Sequence[float]) -> list[EpochMetrics]:
    """Args: losses: the validation loss of each epoch."""
    return [
        EpochMetrics(number, 40, Losses(1.0, 1.0, 0.5), Losses(loss, loss, 0.0), 1.0, False)
        for number, loss in enumerate(losses, 1)
    ]


@pytest.mark.parametrize(
    ("losses", "ends"),
    [
        ([1.0, 0.9, 0.8], False),
        ([1.0, 0.9, 0.95], False),
        ([1.0, 0.9, 0.95, 0.92], True),
        ([1.0, 0.9, 0.95, 0.85], False),
        # By next to nothing, as averaged weights do for many epochs.
        ([1.0, 0.9, 0.8999, 0.8998], True),
        ([], False),
    ],
)
def test_it_ends_after_epochs_that_brought_nothing(losses: list[float], ends: bool) -> None:
    assert is_out_of_patience(epochs(losses), SETTINGS, 10) == ends


def test_without_patience_all_epochs_are_trained() -> None:
    assert not is_out_of_patience(epochs([0.5] * 30), replace(SETTINGS, patience=0), 10)


def test_while_the_rate_still_falls_it_goes_on() -> None:
    settings = replace(SETTINGS, falling_steps=50)
    worse = epochs([0.5, 0.6, 0.7, 0.8, 0.9])
    assert not is_out_of_patience(worse[:4], settings, 10)
    assert is_out_of_patience(worse, settings, 10)
