"""The open project, and the news of what changes in it."""

from __future__ import annotations

import errno
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import QCoreApplication
from pytestqt.qtbot import QtBot

from facegui.core import label_keeping
from facegui.core.boxes import Box
from facegui.core.camera import Frame
from facegui.core.errors import UserError
from facegui.core.project import Project
from facegui.core.runs import SETTINGS_NAME
from facegui.workers import project_store
from facegui.workers.photo_writer import PhotoWriter
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


def test_folder_that_cannot_be_read_once_is_looked_at_again(
    qtbot: QtBot, store: ProjectStore, demo_project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    failed: list[UserError] = []
    store.failed.connect(failed.append)
    said: list[str] = []
    store.noticed.connect(said.append)
    tries = iter(range(1, 9))
    scan = project_store._scan

    def fail_twice(*arguments: Any) -> Any:
        if next(tries) <= 2:
            raise OSError(errno.EIO, "Input/output error")
        return scan(*arguments)

    monkeypatch.setattr(project_store, "RETRY_INTERVAL_MS", 1)
    monkeypatch.setattr(project_store, "_scan", fail_twice)
    with qtbot.waitSignal(store.photos_changed) as told:
        demo_project.photos[0].path.unlink()
    assert len(told.args[0].removed) == 1
    assert store.project is demo_project
    assert failed == []
    assert len(said) == 1
    assert "tried again" in said[0]


def test_folder_that_cannot_be_read_is_looked_at_less_often_until_it_can(
    qtbot: QtBot, store: ProjectStore, demo_project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any) -> Any:
        raise OSError(errno.EIO, "Input/output error")

    with monkeypatch.context() as broken, qtbot.waitSignal(store.noticed):
        broken.setattr(project_store, "_scan", fail)
    assert store._timer.interval() == project_store.RETRY_INTERVAL_MS
    store._timer.setInterval(1)  # no need to wait so long
    with qtbot.waitSignal(store.photos_changed):
        demo_project.photos[0].path.unlink()
    assert store._timer.interval() < project_store.RETRY_INTERVAL_MS


def test_full_disk_while_a_label_is_kept_loses_no_change(
    qtbot: QtBot, store: ProjectStore, demo_project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: Any) -> Any:
        raise OSError(errno.ENOSPC, "No space left on device")

    first, second = demo_project.photos[:2]
    demo_project.set_label(first, [Box(1, 2, 30, 40)])
    demo_project.label_path(first).unlink()
    second.path.unlink()
    with monkeypatch.context() as patched, qtbot.waitSignal(store.noticed):
        patched.setattr(label_keeping, "new_entry", full)
        store.look()
    with qtbot.waitSignal(store.photos_changed) as told:
        store.look()
    assert (told.args[0].removed, told.args[0].kept) == ((second.name,), (first.name,))


def test_what_is_offered_before_the_project_is_closed_is_on_disk(
    store: ProjectStore, tmp_path: Path
) -> None:
    store.create(tmp_path / "One")
    project = store.project
    assert project is not None
    writer = PhotoWriter()
    store.closing.connect(writer.wait)
    failed: list[Exception] = []
    writer.failed.connect(failed.append)
    for number in range(4):
        pixels = np.full((48, 64, 3), 40 * number, np.uint8)
        assert writer.offer(project, Frame(pixels, 0.0, number), "Camera")
    store.close()
    assert len(list(project.photos_folder.iterdir())) == 4
    writer.shut_down()
    QCoreApplication.sendPostedEvents()
    assert failed == []


def test_it_says_aloud_that_two_programs_wrote_a_label(
    qtbot: QtBot, store: ProjectStore, demo_project: Project
) -> None:
    photo = demo_project.photos[0]
    demo_project.set_label(photo, [Box(1, 2, 30, 40)])
    demo_project.label_path(photo).unlink()  # as a program does that never saw it
    with qtbot.waitSignal(store.noticed) as noticed:
        store.look()
    assert photo.name in noticed.args[0] and "trash" in noticed.args[0]
