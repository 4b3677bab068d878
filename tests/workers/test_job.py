"""Work on a thread of its own."""

from __future__ import annotations

import logging
import subprocess
import sys
import threading
from typing import Any

import pytest
from PySide6.QtCore import QObject, QThread, Slot
from pytestqt.qtbot import QtBot

from facegui.core.errors import Cancelled, UserError
from facegui.core.progress import Progress, StopToken
from facegui.workers.job import Job, Work


class Listener(QObject):
    """Keeps what a job tells, and on which thread it heard of it."""

    def __init__(self, job: Job) -> None:
        super().__init__()
        self.heard: list[tuple[str, Any]] = []
        self.threads: set[QThread] = set()
        job.progressed.connect(self.on_progressed)
        job.succeeded.connect(self.on_succeeded)
        job.failed.connect(self.on_failed)
        job.cancelled.connect(self.on_cancelled)
        job.finished.connect(self.on_finished)

    @Slot(object)
    def on_progressed(self, event: object) -> None:
        self._hear("progressed", event)

    @Slot(object)
    def on_succeeded(self, result: object) -> None:
        self._hear("succeeded", result)

    @Slot(object)
    def on_failed(self, error: Exception) -> None:
        self._hear("failed", error)

    @Slot()
    def on_cancelled(self) -> None:
        self._hear("cancelled", None)

    @Slot()
    def on_finished(self) -> None:
        self._hear("finished", None)

    def _hear(self, name: str, value: object) -> None:
        self.heard.append((name, value))
        self.threads.add(QThread.currentThread())


def run(qtbot: QtBot, work: Work) -> Listener:
    job = Job("Work", work)
    listener = Listener(job)
    with qtbot.waitSignal(job.finished):
        job.start()
    assert not job.running
    return listener


def test_progress_and_result_arrive_in_order_on_the_own_thread(qtbot: QtBot) -> None:
    def work(report: Any, stop: StopToken) -> int:  # noqa: ARG001
        for done in (1, 2):
            report(Progress(done, 2))
        return threading.get_ident()

    listener = run(qtbot, work)
    *told, (name, worker), finished = listener.heard
    assert told == [("progressed", Progress(1, 2)), ("progressed", Progress(2, 2))]
    assert name == "succeeded"
    assert worker != threading.get_ident()
    assert finished == ("finished", None)
    assert listener.threads == {QThread.currentThread()}


def test_failure_is_told_and_logged(qtbot: QtBot, caplog: pytest.LogCaptureFixture) -> None:
    error = UserError("The disk is full.", "Free some space.")

    def work(report: Any, stop: StopToken) -> None:  # noqa: ARG001
        raise error

    with caplog.at_level(logging.WARNING):
        listener = run(qtbot, work)
    assert listener.heard == [("failed", error), ("finished", None)]
    assert "The disk is full" in caplog.text


def test_cancel_reaches_the_work_and_is_no_failure(qtbot: QtBot) -> None:
    begun = threading.Event()

    def work(report: Any, stop: StopToken) -> None:  # noqa: ARG001
        begun.set()
        while True:
            stop.raise_if_cancelled()
            QThread.msleep(1)

    job = Job("Work", work)
    listener = Listener(job)
    with qtbot.waitSignal(job.finished):
        job.start()
        assert begun.wait(10)
        assert job.running
        job.cancel()
    assert [name for name, _ in listener.heard] == ["cancelled", "finished"]


def test_finish_ends_the_work_with_what_it_has(qtbot: QtBot) -> None:
    def work(report: Any, stop: StopToken) -> str:  # noqa: ARG001
        while not stop.should_stop:
            QThread.msleep(1)
        return "cancelled" if stop.cancelled else "best so far"

    job = Job("Work", work)
    listener = Listener(job)
    with qtbot.waitSignal(job.finished):
        job.start()
        job.finish()
    assert listener.heard[0] == ("succeeded", "best so far")


def test_shut_down_waits_and_delivers_the_last_words(qapp: object) -> None:  # noqa: ARG001
    begun, result = threading.Event(), object()

    def work(report: Any, stop: StopToken) -> object:  # noqa: ARG001
        begun.set()
        while not stop.cancelled:
            QThread.msleep(1)
        return result  # that it was cancelled comes too late

    job = Job("Work", work)
    listener = Listener(job)
    job.start()
    assert begun.wait(10)
    job.shut_down()
    assert not job.running
    assert listener.heard == [("succeeded", result), ("finished", None)]


def test_shut_down_right_after_start_and_without_one(qapp: object) -> None:  # noqa: ARG001
    def work(report: Any, stop: StopToken) -> None:  # noqa: ARG001
        stop.raise_if_cancelled()
        raise Cancelled

    never = Job("Work", work)
    never.shut_down()
    job = Job("Work", work)
    listener = Listener(job)
    job.start()
    job.shut_down()
    assert [name for name, _ in listener.heard] == ["cancelled", "finished"]


def test_a_job_that_is_all_that_keeps_its_parent_is_destroyed_once() -> None:
    """In a process of its own: destroyed twice, it takes the process with it."""
    program = """
import gc
from PySide6.QtCore import QCoreApplication, QObject, Slot
from facegui.workers.job import Job

class Owner(QObject):
    def __init__(self):
        super().__init__()
        self.job = Job("Test", self.work, self)
        self.job.finished.connect(self.on_finished)
        self.job.start()

    def work(self, report, stop):
        return None

    @Slot()
    def on_finished(self):
        job, self.job = self.job, None
        job.deleteLater()

application = QCoreApplication([])
gc.disable()
for _ in range(50):
    owner = Owner()
    while owner.job is not None:
        application.processEvents()
    del owner
    application.processEvents()
print("alive")
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert (done.returncode, done.stdout.strip(), done.stderr) == (0, "alive", "")
