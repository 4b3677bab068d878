"""Stalls, black pictures and changes of size are noticed; pauses are no stall."""

from __future__ import annotations

import numpy as np
import pytest

from facegui.core.camera import Frame
from facegui.core.stream_watch import StreamWatch, Trouble


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def frame(grey: int = 128, width: int = 64) -> Frame:
    return Frame(np.full((48, width, 3), grey, np.uint8), 0.0, 0)


def test_two_seconds_without_a_frame_are_a_stall(clock: Clock) -> None:
    watch = StreamWatch(clock)
    clock.now += 60
    assert watch.trouble() is None  # it is still being opened
    watch.see(frame())
    clock.now += 1.9
    assert watch.trouble() is None
    clock.now += 0.2
    assert watch.trouble() is Trouble.STALLED
    watch.see(frame())
    assert watch.trouble() is None


def test_pause_is_no_stall(clock: Clock) -> None:
    watch = StreamWatch(clock)
    watch.see(frame())
    watch.rest()
    clock.now += 60
    assert watch.trouble() is None


def test_black_pictures_are_told_after_a_second(clock: Clock) -> None:
    watch = StreamWatch(clock)
    for _ in range(10):
        watch.see(frame(12))
        clock.now += 0.05
    assert watch.trouble() is None  # a camera may begin so
    for _ in range(15):
        watch.see(frame(12))
        clock.now += 0.05
    assert watch.trouble() is Trouble.BLACK
    watch.see(frame(60))
    assert watch.trouble() is None


def test_change_of_size_is_told_once(clock: Clock) -> None:
    watch = StreamWatch(clock)
    assert not watch.see(frame())
    assert watch.see(frame(width=80))
    assert watch.size == (80, 48)
    assert not watch.see(frame(width=80))
    watch.clear()
    assert not watch.see(frame())
