"""Long work rests now and then, and loses nothing by it."""

from __future__ import annotations

import pytest

from facegui.core import courtesy
from facegui.core.courtesy import politely


class FakeTime:
    """Each look at the clock finds a millisecond gone."""

    def __init__(self) -> None:
        self.now_s = 0.0
        self.rests: list[float] = []

    def perf_counter(self) -> float:
        self.now_s += 0.001
        return self.now_s

    def sleep(self, seconds: float) -> None:
        self.rests.append(seconds)


def test_every_item_is_handed_on_and_between_them_it_rests(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = FakeTime()
    monkeypatch.setattr(courtesy, "time", clock)
    assert list(politely(range(30))) == list(range(30))
    assert 5 <= len(clock.rests) <= 15
    assert set(clock.rests) == {0.001}


def test_short_work_does_not_rest(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = FakeTime()
    monkeypatch.setattr(courtesy, "time", clock)
    assert list(politely("a")) == ["a"]
    assert clock.rests == []
