"""One long job at a time."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from pytestqt.qtbot import QtBot

from facegui.core.progress import StopToken
from facegui.workers.job import Job
from facegui.workers.job_board import JobBoard


def waiting_job(go: threading.Event) -> Job:
    def work(report: Any, stop: StopToken) -> None:  # noqa: ARG001
        while not go.wait(0.001):
            stop.raise_if_cancelled()

    return Job("Waiting", work)


def test_job_is_there_while_it_runs(qtbot: QtBot, board: JobBoard) -> None:
    go = threading.Event()
    job = waiting_job(go)
    with qtbot.waitSignal(board.started) as started:
        board.start(job)
    assert started.args == [job]
    assert board.job is job
    with qtbot.waitSignal(board.ended) as ended:
        go.set()
    assert ended.args == [job]
    assert board.job is None


def test_second_job_is_refused_and_the_first_goes_on(qtbot: QtBot, board: JobBoard) -> None:
    go = threading.Event()
    first = waiting_job(go)
    board.start(first)
    with pytest.raises(RuntimeError, match="Waiting is still running"):
        board.start(waiting_job(go))
    assert board.job is first
    with qtbot.waitSignal(board.ended):
        go.set()
    with qtbot.waitSignal(board.ended):
        board.start(waiting_job(go))


def test_next_job_may_start_when_one_has_ended(qtbot: QtBot, board: JobBoard) -> None:
    go = threading.Event()
    go.set()
    seen: list[Job | None] = []
    board.ended.connect(lambda _: seen.append(board.job))
    with qtbot.waitSignal(board.ended):
        board.start(waiting_job(go))
    assert seen == [None]


def test_shut_down_ends_the_job_and_starts_no_other(qtbot: QtBot, board: JobBoard) -> None:  # noqa: ARG001
    never = threading.Event()
    job = waiting_job(never)
    board.start(job)
    board.shut_down()
    assert board.job is None
    late = waiting_job(never)
    board.start(late)
    assert board.job is None
    assert not late.running
