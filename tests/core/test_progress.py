"""Work is told to stop, and tells how far it is."""

from __future__ import annotations

import threading

import pytest

from facegui.core import progress as module
from facegui.core.errors import Cancelled
from facegui.core.progress import Progress, StopToken, ignore_progress, throttled


def test_cancelling_stops_and_throws_away() -> None:
    stop = StopToken()
    stop.raise_if_cancelled()
    assert not stop.should_stop
    assert not stop.cancelled
    stop.cancel()
    assert stop.should_stop
    assert stop.cancelled
    with pytest.raises(Cancelled):
        stop.raise_if_cancelled()


def test_breaking_off_stops_and_throws_nothing_away() -> None:
    stop = StopToken()
    stop.break_off()
    assert stop.should_stop and stop.cancelled
    assert not stop.throws_away
    with pytest.raises(Cancelled):
        stop.raise_if_cancelled()
    stop.cancel()
    assert stop.throws_away


def test_finishing_stops_and_keeps() -> None:
    stop = StopToken()
    stop.finish()
    assert stop.should_stop
    assert not stop.cancelled
    stop.raise_if_cancelled()


def test_wish_to_stop_reaches_another_thread() -> None:
    stop, seen = StopToken(), threading.Event()

    def work() -> None:
        while not stop.should_stop:
            pass
        seen.set()

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    stop.finish()
    thread.join(timeout=30)
    assert seen.is_set()


def test_throttled_report_passes_on_few_and_always_the_last(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    now_s = 100.0
    monkeypatch.setattr(module.time, "monotonic", lambda: now_s)
    seen: list[Progress] = []
    report = throttled(seen.append, per_second=10)
    for done in range(1, 101):  # a millisecond each
        report(Progress(done, 100))
        now_s += 0.001
    assert [p.done for p in seen] == [1, 100]
    for done in range(1, 101):  # 10 milliseconds each
        report(Progress(done, 1000))
        now_s += 0.01
    assert 9 <= len(seen) - 2 <= 11


def test_throttled_report_of_unknown_length(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module.time, "monotonic", lambda: 5.0)
    seen: list[Progress] = []
    report = throttled(seen.append)
    report(Progress(0, None, "looking"))
    report(Progress(1, None, "looking"))
    assert seen == [Progress(0, None, "looking")]


def test_nobody_has_to_listen() -> None:
    ignore_progress(Progress(1, 2))
