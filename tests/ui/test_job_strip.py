"""What runs, how far it is, how long it still takes."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from pytestqt.qtbot import QtBot

from facegui.core.progress import Progress, StopToken
from facegui.ui import job_strip
from facegui.ui.job_strip import JobStrip, time_in_words
from facegui.workers.job import Job
from facegui.workers.job_board import JobBoard


class Clock:
    """A clock that the test turns."""

    def __init__(self) -> None:
        self.now_s = 0.0

    def monotonic(self) -> float:
        return self.now_s


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(job_strip, "time", clock)
    return clock


@pytest.fixture
def strip(qtbot: QtBot, board: JobBoard) -> JobStrip:
    strip = JobStrip(board)
    qtbot.addWidget(strip)
    return strip


@pytest.fixture
def job(board: JobBoard) -> Job:
    """A job that runs until it is told to stop; the test tells its progress."""

    def work(report: Any, stop: StopToken) -> None:  # noqa: ARG001
        while not stop.should_stop:
            threading.Event().wait(0.001)
        stop.raise_if_cancelled()

    return Job("Training", work, board)


def test_hidden_unless_something_runs(
    qtbot: QtBot, strip: JobStrip, board: JobBoard, job: Job
) -> None:
    assert strip.isHidden()
    board.start(job)
    assert not strip.isHidden()
    assert strip.title.text() == "Training"
    assert strip.bar.maximum() == 0  # nobody knows yet how long
    with qtbot.waitSignal(board.ended):
        job.finish()
    assert strip.isHidden()


def test_progress_and_time_left(strip: JobStrip, board: JobBoard, job: Job, clock: Clock) -> None:
    board.start(job)
    clock.now_s = 1.0
    job.progressed.emit(Progress(1, 10, "Computing features"))
    assert strip.title.text() == "Computing features"
    assert strip.left.text() == ""  # too early to tell
    clock.now_s = 11.0
    job.progressed.emit(Progress(5, 10))
    assert strip.bar.value() / strip.bar.maximum() == 0.5
    assert strip.left.text() == "10 seconds left"
    job.progressed.emit("something else that a training tells")
    assert strip.left.text() == "10 seconds left"


def test_next_part_of_the_work_has_its_own_speed(
    strip: JobStrip, board: JobBoard, job: Job, clock: Clock
) -> None:
    board.start(job)
    job.progressed.emit(Progress(0, 100))
    clock.now_s = 100.0
    job.progressed.emit(Progress(100, 100))
    job.progressed.emit(Progress(0, 100))
    clock.now_s = 110.0
    job.progressed.emit(Progress(50, 100))
    assert strip.left.text() == "10 seconds left"


def test_large_and_unknown_totals(strip: JobStrip, board: JobBoard, job: Job) -> None:
    board.start(job)
    job.progressed.emit(Progress(3_000_000_000, 6_000_000_000, "Fetching"))
    assert strip.bar.value() / strip.bar.maximum() == 0.5
    job.progressed.emit(Progress(3, None))
    assert strip.bar.maximum() == 0
    job.progressed.emit(Progress(0, 0))
    assert strip.bar.maximum() == 0


def test_stop_throws_nothing_away(qtbot: QtBot, strip: JobStrip, board: JobBoard) -> None:
    told: list[bool] = []

    def work(_report: Any, stop: StopToken) -> None:
        while not stop.cancelled:
            threading.Event().wait(0.001)
        told.append(stop.throws_away)

    with qtbot.waitSignal(board.ended):
        board.start(Job("Training", work, goes_on="It can go on later."))
        assert "It can go on later." in strip.stop_button.toolTip()
        strip.stop_button.click()
    assert told == [False]
    with qtbot.waitSignal(board.ended):
        board.start(Job("Next", lambda report, stop: None))  # noqa: ARG005
        assert "stays" in strip.stop_button.toolTip()


def test_what_cannot_be_stopped_says_so(qtbot: QtBot, strip: JobStrip, board: JobBoard) -> None:
    with qtbot.waitSignal(board.ended):
        board.start(Job("Deleting photos", lambda report, stop: None, can_stop=False))  # noqa: ARG005
        assert not strip.stop_button.isEnabled()
        assert "cannot be stopped" in strip.stop_button.toolTip()
    with qtbot.waitSignal(board.ended):
        board.start(Job("Next", lambda report, stop: None))  # noqa: ARG005
        assert strip.stop_button.isEnabled()


def test_stop_cancels_and_says_so(qtbot: QtBot, strip: JobStrip, board: JobBoard, job: Job) -> None:
    with qtbot.waitSignals([job.cancelled, board.ended]):
        board.start(job)
        strip.stop_button.click()
        assert "stopping" in strip.title.text()
        assert not strip.stop_button.isEnabled()
        job.progressed.emit(Progress(1, 2, "late"))
        assert "stopping" in strip.title.text()
    board.start(Job("Next", lambda report, stop: None))  # noqa: ARG005
    assert strip.stop_button.isEnabled()


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "5 seconds"),
        (12, "10 seconds"),
        (49, "50 seconds"),
        (60, "about 1 minute"),
        (150, "about 2 minutes"),
        (5300, "about 88 minutes"),
        (7200, "about 2 hours"),
    ],
)
def test_time_as_people_say_it(seconds: float, words: str) -> None:
    assert time_in_words(seconds) == words
