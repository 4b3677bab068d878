"""Of short work in the background only the newest matters."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from pytestqt.qtbot import QtBot

from facegui.core.errors import UserError
from facegui.core.progress import StopToken
from facegui.workers.newest import NewestWork


@pytest.fixture
def newest(qtbot: QtBot) -> Iterator[NewestWork]:  # noqa: ARG001
    work = NewestWork()
    yield work
    work.shut_down()


def test_what_is_asked_for_is_told_and_answered(qtbot: QtBot, newest: NewestWork) -> None:
    told: list[Any] = []
    newest.progressed.connect(told.append)

    def work(report: Any, _stop: StopToken) -> str:
        report(1)
        report(2)
        return "done"

    with qtbot.waitSignal(newest.succeeded) as succeeded:
        newest.ask(work)
    assert succeeded.args == ["done"]
    assert told == [1, 2]


def test_a_newer_wish_cancels_and_silences_the_one_before(qtbot: QtBot, newest: NewestWork) -> None:
    begun, answers = threading.Event(), []
    newest.succeeded.connect(answers.append)
    newest.progressed.connect(answers.append)

    def slow(report: Any, stop: StopToken) -> str:
        begun.set()
        while not stop.cancelled:
            report("old")
        return "old"

    newest.ask(slow)
    assert begun.wait(20)
    newest.ask(lambda _report, _stop: "skipped")
    answers.clear()
    with qtbot.waitSignal(newest.succeeded):
        newest.ask(lambda _report, _stop: "new")
    assert answers == ["new"]


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere Qt knows the priority of a thread")
@pytest.mark.parametrize("patient", [False, True])
def test_only_what_nobody_waits_for_lets_others_have_the_cores_first(
    qtbot: QtBot, patient: bool
) -> None:
    here = os.getpriority(os.PRIO_PROCESS, threading.get_native_id())
    work = NewestWork(patient=patient)

    def niceness(_report: Any, _stop: StopToken) -> int:
        return os.getpriority(os.PRIO_PROCESS, threading.get_native_id())

    with qtbot.waitSignal(work.succeeded) as succeeded:
        work.ask(niceness)
    work.shut_down()
    assert (succeeded.args[0] > here) == patient
    assert os.getpriority(os.PRIO_PROCESS, threading.get_native_id()) == here


def test_what_fails_is_said_and_the_next_works(qtbot: QtBot, newest: NewestWork) -> None:
    def fail(_report: Any, _stop: StopToken) -> None:
        raise UserError("It went wrong.", "Do it again.")

    with qtbot.waitSignal(newest.failed) as failed:
        newest.ask(fail)
    assert failed.args[0].what == "It went wrong."
    with qtbot.waitSignal(newest.succeeded):
        newest.ask(lambda _report, _stop: "new")


def test_what_fails_again_and_again_is_logged_once(
    qtbot: QtBot, newest: NewestWork, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(_report: Any, _stop: StopToken) -> None:
        raise OSError("The network is down")

    for work in (fail, fail, lambda _report, _stop: "well", fail):
        ended = newest.failed if work is fail else newest.succeeded
        with qtbot.waitSignal(ended):
            newest.ask(work)
    told = [record for record in caplog.records if record.exc_info]
    assert len(told) == 2, "it was well in between"


def test_shutting_down_ends_the_work_in_hand(newest: NewestWork) -> None:
    begun, ended = threading.Event(), threading.Event()

    def slow(_report: Any, stop: StopToken) -> None:
        begun.set()
        while not stop.cancelled:
            pass
        ended.set()

    newest.ask(slow)
    assert begun.wait(20)
    newest.shut_down()
    assert ended.is_set()
