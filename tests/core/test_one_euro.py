"""Still things stand still, moving ones are followed at once."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from facegui.core.one_euro import OneEuroFilter

FRAME_S = 1 / 30
SIZE = 200.0


def smoothed(values: np.ndarray) -> np.ndarray:
    smoothing = OneEuroFilter()
    return np.array([smoothing.update(row, FRAME_S, SIZE) for row in values.tolist()])


def test_trembling_of_what_stands_still_is_at_most_a_quarter() -> None:
    noisy = 100 + np.random.default_rng(0).normal(0, 1.0, (600, 4))
    steady = smoothed(noisy)[60:]
    assert np.diff(steady, axis=0).std() <= np.diff(noisy[60:], axis=0).std() / 4
    assert steady.std(axis=0).mean() <= noisy[60:].std(axis=0).mean() / 4


@pytest.mark.parametrize("sizes_a_second", [1.0, 2.0, 4.0])
def test_quick_move_is_followed_within_two_frames(sizes_a_second: float) -> None:
    step = sizes_a_second * SIZE * FRAME_S
    path = np.concatenate([np.zeros(30), np.arange(1, 13) * step, np.full(20, 12 * step)])
    followed = smoothed(path[:, None])[:, 0]
    halfway = 6 * step
    lag = int(np.argmax(followed >= halfway)) - int(np.argmax(path >= halfway))
    assert lag <= 2


@given(st.lists(st.floats(-1e4, 1e4), min_size=1, max_size=20))
def test_values_stay_between_those_measured(values: list[float]) -> None:
    smoothing = OneEuroFilter()
    for value in values:
        (out,) = smoothing.update([value], FRAME_S, SIZE)
    assert min(values) - 1e-6 <= out <= max(values) + 1e-6


def test_same_moment_changes_nothing() -> None:
    smoothing = OneEuroFilter()
    first = smoothing.update([1.0, 2.0], 0.0, SIZE)
    assert smoothing.update([50.0, 60.0], 0.0, SIZE) == first == (1.0, 2.0)
