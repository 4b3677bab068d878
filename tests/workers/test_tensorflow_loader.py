"""TensorFlow is loaded once, on a thread of its own. Here something else is."""

from __future__ import annotations

import threading

import pytest
from pytestqt.qtbot import QtBot

from facegui.workers.tensorflow_loader import TensorFlowLoader


def test_loads_once_on_another_thread(qtbot: QtBot) -> None:
    threads: list[int] = []
    loader = TensorFlowLoader(load=lambda: threads.append(threading.get_ident()))
    assert not loader.is_ready
    with qtbot.waitSignal(loader.ready):
        loader.start()
        loader.start()
        assert loader.is_loading
    assert loader.is_ready
    qtbot.waitUntil(lambda: not loader.is_loading)
    with qtbot.waitSignal(loader.ready):
        loader.start()
    assert len(threads) == 1
    assert threads[0] != threading.get_ident()


def test_failure_is_told_and_can_be_tried_again(qtbot: QtBot) -> None:
    results = [ImportError("no tensorflow"), None]

    def load() -> None:
        error = results.pop(0)
        if error is not None:
            raise error

    loader = TensorFlowLoader(load=load)
    with qtbot.waitSignal(loader.failed) as failed:
        loader.start()
    assert "no tensorflow" in str(failed.args[0])
    qtbot.waitUntil(lambda: not loader.is_loading)
    with qtbot.waitSignal(loader.ready):
        loader.start()
    loader.shut_down()


@pytest.mark.slow
def test_tensorflow_itself_is_loaded(qtbot: QtBot) -> None:
    import sys

    loader = TensorFlowLoader()
    with qtbot.waitSignal(loader.ready, timeout=120_000):
        loader.start()
    assert {"tensorflow", "keras"} <= sys.modules.keys()
    loader.shut_down()
