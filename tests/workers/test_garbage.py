"""What is no longer needed is destroyed on the thread of the window, never on a worker."""

from __future__ import annotations

import gc
import threading
import weakref
from collections.abc import Iterator

import pytest
from PySide6.QtCore import QThread
from pytestqt.qtbot import QtBot

from facegui.workers.garbage import GarbageCollector


class Knot:
    """Refers to itself, so that only a collection can remove it."""

    def __init__(self) -> None:
        self.itself = self


@pytest.fixture(autouse=True)
def collector(qapp: object) -> Iterator[GarbageCollector]:  # noqa: ARG001
    gc.enable()
    collector = GarbageCollector()
    collector.start()
    yield collector
    collector.stop()
    gc.disable()  # as in all tests


def tie_many_knots() -> None:
    for _ in range(20 * gc.get_threshold()[0]):
        Knot()


def test_a_busy_worker_collects_nothing_and_the_window_does(
    qtbot: QtBot,
) -> None:
    destroyed_on: list[int] = []
    weakref.finalize(Knot(), lambda: destroyed_on.append(threading.get_ident()))

    class Worker(QThread):
        def run(self) -> None:
            tie_many_knots()

    worker = Worker()
    worker.start()
    assert worker.wait(20_000)
    assert not destroyed_on
    qtbot.waitUntil(lambda: bool(destroyed_on))
    assert destroyed_on == [threading.get_ident()]


def test_what_is_there_to_stay_is_not_looked_through_again(
    qtbot: QtBot, collector: GarbageCollector
) -> None:
    old = Knot()
    gone = weakref.ref(old)
    collector.spare()
    del old
    new = weakref.ref(Knot())
    tie_many_knots()
    qtbot.waitUntil(lambda: new() is None)
    gc.collect()
    assert gone() is not None
    collector.stop()
    gc.collect()
    assert gone() is None


def test_it_is_left_to_python_in_the_end(collector: GarbageCollector) -> None:
    collector.stop()
    assert gc.isenabled()
    knot = weakref.ref(Knot())
    tie_many_knots()
    assert knot() is None
