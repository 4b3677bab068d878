"""Runs are listed, renamed, deleted, and come back."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import QItemSelectionModel, Qt
from PySide6.QtTest import QAbstractItemModelTester
from pytestqt.qtbot import QtBot

from facegui.core.errors import UserError
from facegui.core.files import write_json
from facegui.core.project import Project
from facegui.core.runs import CARD_NAME, CHECKPOINT_NAME, DeletedRun, Run, rename_run
from facegui.ui import run_list as module
from facegui.ui.run_list import RunList, RunModel, RunRow
from facegui.workers.project_store import ProjectStore
from fake_training import write_run


@pytest.fixture
def project(store: ProjectStore, tmp_path: Path) -> Project:
    store.create(tmp_path / "project")
    assert store.project is not None
    return store.project


@pytest.fixture
def runs(project: Project) -> tuple[Run, Run, Run]:
    """Two that are complete, and between them one that was broken off."""
    folder = project.runs_folder
    first = write_run(folder, name="2026-11-20_10-20-30", ap50=0.71)
    broken = write_run(folder, name="2026-11-21_10-20-30", complete=False)
    last = write_run(folder, name="2026-11-22_10-20-30", ap50=0.97)
    return first, broken, last


@pytest.fixture
def run_list(qtbot: QtBot, store: ProjectStore, runs: tuple[Run, ...]) -> RunList:  # noqa: ARG001
    made = RunList(store)
    qtbot.addWidget(made)
    return made


def select(run_list: RunList, *rows: int) -> None:
    model = run_list.view.selectionModel()
    model.clearSelection()
    for row in rows:
        model.select(run_list.model.index(row), QItemSelectionModel.SelectionFlag.Select)


def test_model_keeps_the_rules_of_models(qtbot: QtBot, runs: tuple[Run, ...]) -> None:  # noqa: ARG001
    model = RunModel()
    tester = QAbstractItemModelTester(model)
    model.show_rows([RunRow.of(run) for run in runs])
    model.show_rows([])
    assert tester.model() is model


def test_the_newest_comes_first_with_its_figure(run_list: RunList) -> None:
    rows = run_list.model.rows
    assert [row.figure for row in rows] == ["AP50 0.97", "", "AP50 0.71"]
    assert rows[0].title == "22 Nov, 10:20"
    assert "Classic" in rows[0].details
    assert "broken off" in rows[1].details


def test_several_can_be_chosen(qtbot: QtBot, run_list: RunList, runs: tuple[Run, ...]) -> None:
    with qtbot.waitSignal(run_list.chosen):
        select(run_list, 0)
    select(run_list, 0, 2)
    assert run_list.chosen_runs == (runs[2], runs[0])


def test_a_title_is_typed_in_the_list(
    qtbot: QtBot, run_list: RunList, store: ProjectStore, runs: tuple[Run, ...]
) -> None:
    select(run_list, 0)
    with qtbot.waitSignal(store.runs_changed):
        run_list.model.setData(run_list.model.index(0), "With more photos")
    assert runs[2].title == "With more photos"
    assert run_list.model.rows[0].title == "With more photos"
    assert run_list.chosen_runs == (runs[2],)


def test_a_title_given_elsewhere_is_seen(
    store: ProjectStore, run_list: RunList, runs: tuple[Run, ...]
) -> None:
    rename_run(runs[0], "Renamed")
    store.look()
    assert run_list.model.rows[2].title == "Renamed"


def test_the_same_title_writes_nothing(run_list: RunList, runs: tuple[Run, ...]) -> None:
    index = run_list.model.index(0)
    run_list.model.setData(index, index.data(Qt.ItemDataRole.EditRole))
    assert not (runs[2].folder / "title.txt").exists()


def test_deleted_runs_come_back(run_list: RunList, project: Project, runs: tuple[Run, ...]) -> None:
    assert run_list.undo_button.isHidden()
    select(run_list, 0, 1)
    run_list.delete_button.click()
    assert run_list.runs == (runs[0],)
    assert len(list(project.trash_folder.iterdir())) == 2
    run_list.undo_button.click()
    assert run_list.runs == (runs[2], runs[1], runs[0])
    assert set(run_list.chosen_runs) == {runs[1], runs[2]}
    assert run_list.undo_button.isHidden()


def test_a_broken_run_says_what_is_left_of_it(project: Project) -> None:
    run = write_run(project.runs_folder, name="2026-11-21_10-20-30", complete=False)
    assert RunRow.of(run).details == "broken off, no model"
    run.model_path.write_bytes(b"first")
    assert RunRow.of(run).details == "broken off, first model"
    (run.folder / CHECKPOINT_NAME).write_bytes(b"x")
    assert RunRow.of(run).details == "broken off, can go on"


def test_a_run_that_was_finished_with_its_first_model_says_so(project: Project) -> None:
    run = write_run(project.runs_folder, name="2026-11-21_10-20-30", epochs=0)
    write_json(run.folder / CARD_NAME, run.card() | {"best_epoch": None})
    assert RunRow.of(run).details.endswith("first model")


def test_what_cannot_be_restored_can_be_tried_again(
    qtbot: QtBot, run_list: RunList, runs: tuple[Run, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    select(run_list, 0, 1)
    run_list.delete_button.click()
    restore = module.restore_run

    def refuse_one(deleted: DeletedRun) -> Run:
        if deleted.folder == runs[2].folder:
            raise UserError("No.", "Try again.")
        return restore(deleted)

    monkeypatch.setattr(module, "restore_run", refuse_one)
    with qtbot.waitSignal(run_list.failed):
        run_list.undo_button.click()
    assert run_list.runs == (runs[1], runs[0])
    assert not run_list.undo_button.isHidden()
    monkeypatch.setattr(module, "restore_run", restore)
    run_list.undo_button.click()
    assert run_list.runs == (runs[2], runs[1], runs[0])


def test_what_cannot_be_deleted_is_said(
    qtbot: QtBot, run_list: RunList, project: Project, runs: tuple[Run, ...]
) -> None:
    project.trash_folder.rmdir()
    project.trash_folder.write_text("in the way")
    select(run_list, 0)
    with qtbot.waitSignal(run_list.failed) as failed:
        run_list.delete_button.click()
    assert "trash" in failed.args[0].what
    assert run_list.runs[0] == runs[2]


def test_buttons_say_why_they_cannot_be_pressed(run_list: RunList) -> None:
    select(run_list)
    for button in (run_list.rename_button, run_list.delete_button):
        assert not button.isEnabled()
        assert "Choose" in button.toolTip()
    select(run_list, 0, 1)
    assert not run_list.rename_button.isEnabled()
    assert run_list.delete_button.isEnabled()


def test_another_project_has_other_runs(
    store: ProjectStore, run_list: RunList, tmp_path: Path
) -> None:
    select(run_list, 0)
    store.create(tmp_path / "other")
    assert run_list.runs == run_list.chosen_runs == ()
    assert not run_list.has_something


def test_a_damaged_card_is_said_in_its_row(store: ProjectStore, runs: tuple[Run, ...]) -> None:
    (runs[2].folder / "card.json").write_text("{")
    row = RunRow.of(runs[2])
    assert "damaged" in row.details
    assert store.project is not None
