"""Runs on disk: their titles, and the way to the trash and back."""

from __future__ import annotations

import errno
from datetime import datetime
from pathlib import Path

import pytest

from facegui.core.errors import UserError
from facegui.core.files import write_json
from facegui.core.runs import (
    CARD_NAME,
    MODEL_NAME,
    SETTINGS_NAME,
    Run,
    delete_run,
    list_runs,
    new_run_folder,
    rename_run,
    restore_run,
)


@pytest.fixture
def run(tmp_path: Path) -> Run:
    folder = new_run_folder(tmp_path / "runs")
    write_json(folder / SETTINGS_NAME, {})
    write_json(folder / CARD_NAME, {"epochs": 2})
    (folder / MODEL_NAME).write_bytes(b"model")
    return Run(folder)


def test_a_run_knows_when_it_began(run: Run) -> None:
    assert run.started is not None
    assert abs((datetime.now() - run.started).total_seconds()) < 3600
    assert Run(run.folder.with_name("copy of a run")).started is None


def test_a_second_run_of_the_same_second_knows_it_too(tmp_path: Path) -> None:
    assert Run(tmp_path / "2026-11-23_10-20-30-2").started == datetime(2026, 11, 23, 10, 20, 30)


def test_a_new_title_leaves_the_folder_alone(run: Run) -> None:
    folder = run.folder
    assert run.title == run.name
    rename_run(run, "  With\n more  photos ")
    assert run.title == "With more photos"
    assert run.folder == folder and run.complete
    rename_run(run, " ")
    assert run.title == run.name


def test_a_title_that_is_not_text_is_passed_over(run: Run) -> None:
    (run.folder / "title.txt").write_bytes(b"\xff\xfe\xff")
    assert run.title == run.name


def test_a_deleted_run_comes_back_whole(run: Run, tmp_path: Path) -> None:
    trash = tmp_path / "trash"
    deleted = delete_run(run, trash)
    assert list_runs(tmp_path / "runs") == ()
    assert Run(deleted.place).complete
    assert restore_run(deleted) == run
    assert run.complete
    assert not any(trash.iterdir())


def test_two_runs_deleted_in_the_same_second_lie_apart(tmp_path: Path) -> None:
    places = set()
    for _ in range(2):
        folder = new_run_folder(tmp_path / "runs")
        write_json(folder / SETTINGS_NAME, {})
        places.add(delete_run(Run(folder), tmp_path / "trash").place.parent.parent)
    assert len(places) == 2


def test_a_run_comes_back_beside_one_that_took_its_name(run: Run, tmp_path: Path) -> None:
    deleted = delete_run(run, tmp_path / "trash")
    run.folder.mkdir()
    assert restore_run(deleted).name == f"{run.name}-2"


def test_a_run_that_cannot_be_moved_stays(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(self: Path, target: Path) -> None:
        raise PermissionError(errno.EACCES, "Permission denied", str(self), None, str(target))

    monkeypatch.setattr(Path, "rename", refuse)
    with pytest.raises(UserError):
        delete_run(run, tmp_path / "trash")
    assert run.complete
    assert not any((tmp_path / "trash").iterdir())


def test_a_trash_that_is_a_file_is_said(run: Run, tmp_path: Path) -> None:
    trash = tmp_path / "trash"
    trash.write_text("")
    with pytest.raises(UserError):
        delete_run(run, trash)
    assert run.complete
