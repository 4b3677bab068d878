"""The open project, and the news of what changes in it."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from facegui.core.boxes import Box
from facegui.core.errors import UserError
from facegui.core.project import Project
from facegui.core.runs import SETTINGS_NAME
from facegui.workers.project_store import ProjectStore


def test_create_opens_and_close_gives_the_lock_back(
    qtbot: QtBot, store: ProjectStore, tmp_path: Path
) -> None:
    with qtbot.waitSignal(store.opened):
        store.create(tmp_path / "Faces")
    assert store.project is not None
    assert store.project.name == "Faces"
    with pytest.raises(UserError, match="already open"):
        Project.open(tmp_path / "Faces")
    with qtbot.waitSignal(store.opened):
        store.close()
    assert store.project is None
    assert store.runs == ()
    Project.open(tmp_path / "Faces").close()


def test_opening_another_closes_the_one_before(store: ProjectStore, tmp_path: Path) -> None:
    store.create(tmp_path / "One")
    store.create(tmp_path / "Two")
    Project.open(tmp_path / "One").close()
    assert store.project is not None
    assert store.project.name == "Two"


def test_failed_open_keeps_the_project(store: ProjectStore, tmp_path: Path) -> None:
    store.create(tmp_path / "One")
    project = store.project
    with pytest.raises(UserError):
        store.open(tmp_path / "Nothing")
    with pytest.raises(UserError):
        store.create(tmp_path / "One")
    assert store.project is project


def test_opening_the_same_again_changes_nothing(
    qtbot: QtBot, store: ProjectStore, tmp_path: Path
) -> None:
    store.create(tmp_path / "One")
    project = store.project
    with qtbot.assertNotEmitted(store.opened):
        store.open(tmp_path / "One")
    assert store.project is project


def test_takes_over_a_project_that_a_job_made(store: ProjectStore, tmp_path: Path) -> None:
    store.create(tmp_path / "One")
    made = Project.create(tmp_path / "Two")
    store.take(made)
    assert store.project is made
    Project.open(tmp_path / "One").close()


def test_changes_by_other_programs_are_told_without_asking(
    qtbot: QtBot, store: ProjectStore, demo_project: Project
) -> None:
    photo = demo_project.photos[0]
    with qtbot.waitSignal(store.photos_changed) as told:
        demo_project.label_path(photo).unlink()
    assert told.args[0].changed == (photo.name,)
    with qtbot.waitSignal(store.photos_changed) as told:
        photo.path.unlink()
    assert told.args[0].removed == (photo.name,)


def test_new_run_is_told_once(qtbot: QtBot, store: ProjectStore, demo_project: Project) -> None:
    run = demo_project.runs_folder / "2026-01-01_00-00-00"
    run.mkdir(parents=True)
    (run / SETTINGS_NAME).write_text("{}", "utf-8")
    with qtbot.waitSignal(store.runs_changed):
        store.look()
    assert [one.name for one in store.runs] == [run.name]
    with qtbot.assertNotEmitted(store.runs_changed):
        store.look()


def test_folder_that_is_gone_is_told_once(
    qtbot: QtBot, store: ProjectStore, demo_project: Project
) -> None:
    shutil.rmtree(demo_project.folder)
    with qtbot.waitSignal(store.failed) as failed:
        store.look()
    assert "gone" in failed.args[0].what
    with qtbot.assertNotEmitted(store.failed, wait=600):
        pass  # longer than the time between two looks


def test_splits_are_given_and_told(qtbot: QtBot, store: ProjectStore, tmp_path: Path) -> None:
    store.assign_missing_splits()  # without a project: nothing
    store.create(tmp_path / "One")
    with qtbot.waitSignal(store.splits_changed):
        store.assign_missing_splits()


def test_it_says_aloud_that_two_programs_wrote_a_label(
    qtbot: QtBot, store: ProjectStore, demo_project: Project
) -> None:
    photo = demo_project.photos[0]
    demo_project.set_label(photo, [Box(1, 2, 30, 40)])
    demo_project.label_path(photo).unlink()  # as a program does that never saw it
    with qtbot.waitSignal(store.noticed) as noticed:
        store.look()
    assert photo.name in noticed.args[0] and "trash" in noticed.args[0]
