"""The process that measures how fast this computer trains, played by a few lines of Python."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QProcess
from pytestqt.qtbot import QtBot

from facegui.workers.pace_trial import PaceTrial

MEASURING = "print('features', flush=True)"
ENDLESS = "import sys; print('features', flush=True); sys.stdin.read()"


@pytest.fixture
def make(qtbot: QtBot) -> Iterator[Callable[[str], PaceTrial]]:  # noqa: ARG001
    made: list[PaceTrial] = []

    def make_it(code: str) -> PaceTrial:
        made.append(PaceTrial((sys.executable, "-c", code)))
        return made[-1]

    yield make_it
    for trial in made:
        trial.shut_down()
        assert all(
            child.state() is QProcess.ProcessState.NotRunning
            for child in trial.findChildren(QProcess)
        )


def test_it_tells_what_it_measured_and_may_begin_again(
    qtbot: QtBot, make: Callable[[str], PaceTrial]
) -> None:
    trial = make(MEASURING)
    for _ in range(2):
        with qtbot.waitSignal(trial.measured):
            trial.start()
        qtbot.waitUntil(lambda: not trial.running)


def test_it_is_ended_at_once(qtbot: QtBot, make: Callable[[str], PaceTrial]) -> None:
    trial = make(ENDLESS)
    with qtbot.waitSignal(trial.measured):
        trial.start()
    trial.end()
    assert not trial.running
    with qtbot.waitSignal(trial.measured):
        trial.start()


def test_what_failed_is_not_tried_again(
    qtbot: QtBot, make: Callable[[str], PaceTrial], caplog: pytest.LogCaptureFixture
) -> None:
    trial = make("import sys; sys.exit('no more memory')")
    with caplog.at_level(logging.WARNING):
        trial.start()
        qtbot.waitUntil(lambda: not trial.running)
    assert "no more memory" in caplog.text
    trial.start()
    assert not trial.running


def test_a_program_that_is_not_there_is_no_error(
    qtbot: QtBot, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    trial = PaceTrial((str(tmp_path / "none"),))
    with caplog.at_level(logging.WARNING):
        trial.start()
        qtbot.waitUntil(lambda: not trial.running)
    assert "cannot measure" in caplog.text
