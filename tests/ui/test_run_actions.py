"""Exporting a run, learning on from it, and going on where it was broken off."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from pytestqt.qtbot import QtBot

from facegui.core.errors import UserError
from facegui.core.fidelity import Fidelity
from facegui.core.metrics import score
from facegui.core.progress import StopToken
from facegui.core.project import Project
from facegui.core.runs import CHECKPOINT_NAME, Run
from facegui.ml.export_formats import FORMATS, ExportFormat
from facegui.ml.exporting import LeftOut
from facegui.ml.presets import TrainSettings
from facegui.ui.train_tab import TrainTab
from facegui.workers.job_board import JobBoard
from fake_training import write_run

PATIENCE_MS = 30_000
SETTINGS = TrainSettings(preset="fast", network="dense", input_size=96, epochs=7)


class Asked:
    """Stands in for training, resuming and exporting: notes what it is asked for."""

    def __init__(self) -> None:
        self.calls: list[tuple[Any, ...]] = []
        self.more: dict[str, Any] = {}
        self.kept = False
        self.error: Exception | None = None
        self.may_end = threading.Event()
        self.may_end.set()

    def train(
        self, project: Project, what: Any, _report: Any, _stop: StopToken, **more: Any
    ) -> Run:
        self.calls.append((what,))
        self.more = more
        return write_run(project.runs_folder, name="2026-11-30_10-00-00")

    def keep_learned(self, project: Project, *what: Any, **more: Any) -> Run:
        self.kept = True
        return self.train(project, *what, **more)

    def export(self, *what: Any) -> Any:
        self.calls.append(what[:4])
        stop: StopToken = what[5]
        while not self.may_end.wait(0.01):
            stop.raise_if_cancelled()
        if self.error is not None:
            raise self.error
        fidelity = Fidelity(3, 2, 0, 0.9, 0.9, 0.001, 0.004)
        return SimpleNamespace(
            path=what[3] / FORMATS[what[2]].file,
            scores=score((), 0.5),
            left_out=LeftOut(),
            fidelity=fidelity,
        )


@pytest.fixture
def asked() -> Asked:
    return Asked()


@pytest.fixture
def make(make_tab: Callable[..., TrainTab], asked: Asked) -> Callable[[], TrainTab]:
    def make_it() -> TrainTab:
        tab = make_tab(
            TrainTab,
            train=asked.train,
            resume=asked.train,
            keep_learned=asked.keep_learned,
            export=asked.export,
            look_for_mistakes=lambda *_: (),
        )
        tab.resize(1280, 700)
        tab.show()
        return tab

    return make_it


@pytest.fixture
def broken(demo_project: Project) -> Run:
    run = write_run(demo_project.runs_folder, name="2026-11-21_10-20-30", complete=False)
    (run.folder / CHECKPOINT_NAME).write_bytes(b"x")
    return run


@pytest.fixture
def run(demo_project: Project) -> Run:
    return write_run(demo_project.runs_folder, name="2026-11-20_10-20-30", settings=SETTINGS)


def wait_for_end(qtbot: QtBot, board: JobBoard) -> None:
    qtbot.waitUntil(lambda: board.job is None, timeout=PATIENCE_MS)


@pytest.mark.usefixtures("run")
def test_broken_training_is_offered_first_and_goes_on(
    qtbot: QtBot, make: Callable[[], TrainTab], board: JobBoard, broken: Run, asked: Asked
) -> None:
    tab = make()
    actions = tab.result.one.run_actions
    assert tab.runs.chosen_runs == (broken,)
    assert "broken off in epoch 5" in tab.result.one.sentence.text()
    assert actions.resume_button.isVisible() and actions.throw_button.isVisible()
    assert not actions.export_button.isVisible() and not actions.learn_on_button.isVisible()
    actions.resume_button.click()
    wait_for_end(qtbot, board)
    assert asked.calls == [(broken,)] and not asked.kept
    assert asked.more == {"weights_file": None}


def test_what_a_broken_training_learned_is_kept(
    qtbot: QtBot, make: Callable[[], TrainTab], board: JobBoard, broken: Run, asked: Asked
) -> None:
    tab = make()
    tab.result.one.run_actions.keep_button.click()
    assert not tab.main_button.isEnabled()  # it finishes already
    wait_for_end(qtbot, board)
    assert asked.kept and asked.calls == [(broken,)]


def test_broken_training_is_thrown_away_and_comes_back(
    make: Callable[[], TrainTab], broken: Run
) -> None:
    tab = make()
    tab.result.one.run_actions.throw_button.click()
    assert not broken.folder.exists()
    tab.runs.undo_button.click()
    assert broken.resumable


def test_learning_on_takes_the_settings_of_the_run(
    qtbot: QtBot, make: Callable[[], TrainTab], board: JobBoard, run: Run, asked: Asked
) -> None:
    tab = make()
    assert not tab.result.one.run_actions.resume_button.isVisible()
    tab.result.one.run_actions.learn_on_button.click()
    wait_for_end(qtbot, board)
    assert asked.calls == [(SETTINGS,)]
    assert asked.more == {"weights_file": None, "continued": run}


def choose(tab: TrainTab, chosen: ExportFormat) -> None:
    actions = tab.result.one.run_actions.formats.actions()
    next(item for item in actions if item.text() == FORMATS[chosen].title).trigger()


def test_export_asks_where_and_says_what_was_written(
    qtbot: QtBot,
    make: Callable[[], TrainTab],
    demo_project: Project,
    run: Run,
    asked: Asked,
    tmp_path: Path,
) -> None:
    tab = make()
    tab.exporter.ask = lambda *_: str(tmp_path)
    with qtbot.waitSignal(tab.noticed, timeout=PATIENCE_MS) as noticed:
        choose(tab, ExportFormat.ONNX)
    assert asked.calls == [(run, demo_project, ExportFormat.ONNX, tmp_path)]
    assert "model.onnx" in noticed.args[0] and "0.40% of the photo" in noticed.args[0]


@pytest.mark.usefixtures("run")
def test_export_can_be_stopped_and_nothing_else_starts_meanwhile(
    qtbot: QtBot,
    make: Callable[[], TrainTab],
    board: JobBoard,
    asked: Asked,
    tmp_path: Path,
) -> None:
    tab = make()
    tab.exporter.ask = lambda *_: str(tmp_path)
    asked.may_end.clear()
    choose(tab, ExportFormat.KERAS)
    actions = tab.result.one.run_actions
    for button in (actions.export_button, actions.learn_on_button):
        assert not button.isEnabled()
        assert "Exporting still runs" in button.toolTip()
    assert board.job is not None
    with qtbot.waitSignal(board.job.cancelled, timeout=PATIENCE_MS):
        board.job.cancel()
    wait_for_end(qtbot, board)
    assert actions.export_button.isEnabled()


@pytest.mark.usefixtures("run")
def test_no_folder_no_export(
    make: Callable[[], TrainTab],
    board: JobBoard,
    asked: Asked,
) -> None:
    tab = make()
    tab.exporter.ask = lambda *_: ""
    choose(tab, ExportFormat.LITERT)
    assert board.job is None and asked.calls == []


@pytest.mark.usefixtures("run")
def test_failed_export_is_told(
    qtbot: QtBot,
    make: Callable[[], TrainTab],
    asked: Asked,
    tmp_path: Path,
) -> None:
    tab = make()
    tab.exporter.ask = lambda *_: str(tmp_path)
    asked.error = UserError("The disk is full.", "Free some space.")
    with qtbot.waitSignal(tab.failed, timeout=PATIENCE_MS) as failed:
        choose(tab, ExportFormat.ONNX)
    assert failed.args[0] is asked.error
