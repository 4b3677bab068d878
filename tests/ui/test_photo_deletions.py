"""Photos of the strip in the trash: also where only some get there."""

from __future__ import annotations

from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from facegui.core.errors import UserError
from facegui.core.photo_library import Changes
from facegui.core.project import Project
from facegui.ui.photo_deletions import PhotoDeletions
from facegui.workers.project_store import ProjectStore


def test_what_stays_in_the_trash_of_a_deletion_that_failed_is_told(
    qtbot: QtBot, demo_project: Project, store: ProjectStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = demo_project.photos[:2]
    replace = Path.replace

    def refuse(path: Path, target: Path) -> Path:
        if path == second.path or path.match(f"trash/*/photos/{first.name}"):
            raise PermissionError(13, "open in another program")
        return replace(path, target)

    monkeypatch.setattr(Path, "replace", refuse)
    deletions = PhotoDeletions(store)
    with qtbot.waitSignal(store.photos_changed) as told, pytest.raises(UserError):
        deletions.delete((first, second), ())
    assert told.args == [Changes(removed=(first.name,))]
    assert not deletions.newest
