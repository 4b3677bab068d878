"""`facegui train`: with what a training begins."""

from __future__ import annotations

import signal
import sys
from pathlib import Path
from typing import Any

import pytest

from facegui.commands import train as command
from facegui.commands.console import interruptible
from facegui.commands.main import main
from facegui.core.progress import Progress, Report, StopToken
from facegui.core.project import Project
from facegui.core.readiness import Problem
from facegui.core.runs import CHECKPOINT_NAME, Run
from facegui.core.splits import Split
from facegui.ml.presets import DEFAULT_PRESET, FAST, TrainSettings
from fake_training import write_run
from tests.commands.conftest import RunJson


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, Any, dict[str, Any]]]:
    """What was trained: in place of trainings."""
    made: list[tuple[str, Any, dict[str, Any]]] = []

    def trains(name: str) -> Any:
        def train(project: Any, what: Any, *_: Any, **more: Any) -> Run:
            made.append((name, what, more))
            return write_run(project.runs_folder, name="new", best_epoch=1)

        return train

    for name in ("train", "resume", "keep_learned"):
        monkeypatch.setattr(command, name, trains(name))
    monkeypatch.setattr(Run, "card", lambda _: CARD)
    return made


CARD = {"best_epoch": 1, "epochs": 2, "test": {"photos": 3, "ap50": 0.9}}


def test_default_preset_unless_said_otherwise(
    demo: Path, run_json: RunJson, calls: list[Any]
) -> None:
    run_json("train", demo)
    (name, settings, more), *_ = calls
    assert (name, settings, more["continued"]) == ("train", DEFAULT_PRESET.settings, None)
    assert more["weights_file"] is None


def test_copies_that_are_missing_or_outdated_are_told(
    demo: Path, calls: list[Any], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["train", str(demo)]) == 0
    assert "no copies" in capsys.readouterr().err
    assert main(["augment", str(demo), "--copies", "1"]) == 0
    assert main(["train", str(demo)]) == 0
    assert "copies" not in capsys.readouterr().err
    with Project.open(demo) as project:
        project.set_label(project.samples(Split.TRAIN)[0].photo, [])
    assert main(["train", str(demo)]) == 0
    assert "have changed since the copies" in capsys.readouterr().err
    assert len(calls) == 3


@pytest.mark.usefixtures("calls")
def test_what_flatters_the_score_is_told_before_it_begins(
    demo: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["train", str(demo)]) == 0
    assert "All faces are from one session." in capsys.readouterr().err


def test_newest_broken_training_is_resumed(demo: Path, run_json: RunJson, calls: list[Any]) -> None:
    for name in ("2026-01-01_10-00-00", "2026-01-02_10-00-00"):
        run = write_run(demo / "runs", name=name, complete=False)
        (run.folder / CHECKPOINT_NAME).write_bytes(b"x")
    write_run(demo / "runs", name="2026-01-03_10-00-00", complete=False)
    run_json("train", demo, "--resume")
    run_json("train", demo, "--resume", "2026-01-01_10-00-00")
    assert [(name, what.name) for name, what, _ in calls] == [
        ("resume", "2026-01-02_10-00-00"),
        ("resume", "2026-01-01_10-00-00"),
    ]


def test_what_a_broken_training_learned_is_kept(
    demo: Path, run_json: RunJson, calls: list[Any]
) -> None:
    run = write_run(demo / "runs", name="2026-01-01_10-00-00", complete=False)
    (run.folder / CHECKPOINT_NAME).write_bytes(b"x")
    run_json("train", demo, "--resume", "--keep-learned")
    ((name, what, _),) = calls
    assert (name, what.name) == ("keep_learned", run.name)


def test_keeping_what_no_training_learned_starts_none(
    demo: Path, calls: list[Any], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["train", str(demo), "--keep-learned"]) == 2
    assert "Add --resume" in capsys.readouterr().err
    assert calls == []


def test_ctrl_c_while_photos_are_compared_starts_no_training(
    demo: Path,
    calls: list[Any],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def compare(_project: Project, report: Report, stop: StopToken) -> tuple[Problem, ...]:
        report(Progress(1, 2, "Comparing photos"))
        signal.raise_signal(signal.SIGINT)
        stop.raise_if_cancelled()
        return ()

    monkeypatch.setattr(command, "leak_problems", compare)
    assert main(["train", str(demo)]) == 1
    assert "Cancelled" in capsys.readouterr().err
    assert calls == []


def test_nothing_to_resume_is_told(demo: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["train", str(demo), "--resume"]) == 1
    assert "broken off" in capsys.readouterr().err


def test_continuing_takes_the_settings_of_the_run(
    demo: Path, run_json: RunJson, calls: list[Any]
) -> None:
    settings = TrainSettings(preset="fast", network="dense", input_size=96, epochs=7)
    before = write_run(demo / "runs", name="before", settings=settings)
    run_json("train", demo, "--continue-from", "before", "--epochs", "3")
    run_json("train", demo, "--continue-from", before.folder, "--preset", "fast")
    (_, first, more), (_, second, _) = calls
    assert more["continued"] == before
    assert (first.input_size, first.epochs) == (96, 3)
    assert second == FAST.settings


def test_continuing_from_nowhere_is_told(demo: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["train", str(demo), "--continue-from", "nowhere"]) == 1
    assert capsys.readouterr().err


def test_ctrl_c_finishes_once_there_is_something_to_keep(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with interruptible(finishing="Finishing", can_finish=lambda: False) as stop:
        signal.raise_signal(signal.SIGINT)
        assert stop.cancelled and stop.throws_away
    with interruptible(finishing="Finishing") as stop:
        signal.raise_signal(signal.SIGINT)
        assert stop.should_stop and not stop.cancelled
        assert "again to cancel" in capsys.readouterr().err
        signal.raise_signal(signal.SIGINT)
        assert stop.throws_away


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGTERM to be caught")
def test_a_process_that_is_told_to_end_throws_nothing_away() -> None:
    with interruptible(finishing="Finishing") as stop:
        signal.raise_signal(signal.SIGTERM)
    assert stop.cancelled and not stop.throws_away
