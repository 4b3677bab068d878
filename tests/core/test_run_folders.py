"""Runs on disk: complete or not, read without TensorFlow, found by name or by project."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import datetime

import pytest

from facegui.core import runs
from facegui.core.errors import UserError
from facegui.core.runs import (
    CARD_NAME,
    METRICS_NAME,
    MODEL_NAME,
    SETTINGS_NAME,
    EpochMetrics,
    Losses,
    Run,
    discard_run,
    find_run,
    list_runs,
    new_run_folder,
    write_metrics,
)


def make_run(runs_folder, name, *, complete=True):
    folder = runs_folder / name
    folder.mkdir(parents=True)
    (folder / SETTINGS_NAME).write_text('{"epochs": 3}', "utf-8")
    if complete:
        (folder / MODEL_NAME).write_bytes(b"model")
        (folder / CARD_NAME).write_text('{"preset": "classic"}', "utf-8")
    return Run(folder)


def epoch(number, validation, *, best):
    return EpochMetrics(
        number, 3, Losses(1.5, 1.0, 1.0), Losses(validation, 0.25, 0.125), 2.5, best
    )


EPOCHS = (epoch(1, 0.75, best=True), epoch(2, 0.5, best=True), epoch(3, 0.625, best=False))


def test_run_is_complete_once_its_card_and_model_are_there(tmp_path):
    run = make_run(tmp_path, "run", complete=False)
    assert not run.complete
    (run.folder / MODEL_NAME).write_bytes(b"model")
    assert not run.complete, "the card is written last"
    (run.folder / CARD_NAME).write_text("{}", "utf-8")
    assert run.complete
    (run.folder / MODEL_NAME).unlink()
    assert not run.complete


def test_runs_are_listed_oldest_first_and_other_folders_are_passed_over(tmp_path):
    second = make_run(tmp_path, "2026-01-02_10-00-00", complete=False)
    first = make_run(tmp_path, "2026-01-01_10-00-00")
    (tmp_path / "empty").mkdir()
    (tmp_path / "file").write_bytes(b"x")
    assert list_runs(tmp_path) == (first, second)
    assert list_runs(tmp_path / "missing") == ()
    assert first.name == "2026-01-01_10-00-00"


def test_newest_complete_run_of_a_project_is_found(tmp_path):
    make_run(tmp_path / "runs", "1")
    newest = make_run(tmp_path / "runs", "2")
    broken_off = make_run(tmp_path / "runs", "3", complete=False)
    assert find_run(tmp_path) == newest
    assert find_run(newest.folder) == newest
    with pytest.raises(UserError, match="The run 3 has no model"):
        find_run(broken_off.folder)


@pytest.mark.parametrize("folder", [".", "missing"])
def test_where_there_is_no_run_it_is_said(tmp_path, folder):
    with pytest.raises(UserError, match="no trained model") as refused:
        find_run(tmp_path / folder)
    assert refused.value.remedy == "Train one first."


def test_settings_and_card_are_read(tmp_path):
    run = make_run(tmp_path, "run")
    assert run.settings() == {"epochs": 3}
    assert run.card() == {"preset": "classic"}


@pytest.mark.parametrize("content", [None, b"{", b"[]", b"\xff\xfe\xff"])
def test_damaged_files_of_a_run_are_named(tmp_path, content):
    run = make_run(tmp_path, "run")
    for name, read in ((CARD_NAME, run.card), (SETTINGS_NAME, run.settings)):
        if content is None:
            (run.folder / name).unlink()
        else:
            (run.folder / name).write_bytes(content)
        with pytest.raises(UserError, match=f"{name} of the run run is missing or damaged"):
            read()


def test_metrics_come_back(tmp_path):
    run = make_run(tmp_path, "run")
    assert run.metrics() == ()
    write_metrics(run.folder, EPOCHS)
    assert run.metrics() == EPOCHS
    write_metrics(run.folder, EPOCHS[:1])
    assert [metrics.epoch for metrics in run.metrics()] == [1]


def test_metrics_are_a_table_that_other_programs_read(tmp_path):
    write_metrics(tmp_path, EPOCHS[:1])
    lines = (tmp_path / METRICS_NAME).read_text("utf-8").splitlines()
    assert lines == [
        "epoch,loss,classification_loss,box_loss,"
        "val_loss,val_classification_loss,val_box_loss,seconds",
        "1,1.5,1,1,0.75,0.25,0.125,2.50",
    ]


@pytest.mark.parametrize("row", ["1,2", "1,a,b,c,d,e,f,g", "x,1,1,1,1,1,1,1"])
def test_damaged_metrics_are_named(tmp_path, row):
    run = make_run(tmp_path, "run")
    write_metrics(run.folder, ())
    header = (run.folder / METRICS_NAME).read_text("utf-8")
    (run.folder / METRICS_NAME).write_text(f"{header}{row}\n", "utf-8")
    with pytest.raises(UserError, match=r"metrics\.csv of the run"):
        run.metrics()


def test_runs_of_one_second_have_folders_of_their_own(tmp_path, monkeypatch):
    class Clock:
        @staticmethod
        def now():

            return datetime(2026, 1, 2, 3, 4, 5)

    monkeypatch.setattr(runs, "datetime", Clock)
    names = [new_run_folder(tmp_path / "runs").name for _ in range(3)]
    assert names == ["2026-01-02_03-04-05", "2026-01-02_03-04-05-2", "2026-01-02_03-04-05-3"]


def test_discarded_run_leaves_nothing(tmp_path):
    run = make_run(tmp_path, "run")
    discard_run(run.folder)
    discard_run(run.folder)
    assert list(tmp_path.iterdir()) == []


def test_runs_are_read_without_tensorflow(tmp_path):
    write_metrics(make_run(tmp_path, "run").folder, EPOCHS)
    program = (
        "import sys, pathlib; from facegui.core.runs import find_run;"
        "run = find_run(pathlib.Path(sys.argv[1])); run.card(); run.metrics();"
        "import json; print(json.dumps([name for name in ('tensorflow', 'keras', 'PySide6')"
        " if name in sys.modules]))"
    )
    result = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path / "run")],
        capture_output=True,
        check=True,
        text=True,
    )
    assert json.loads(result.stdout) == []
