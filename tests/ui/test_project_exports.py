"""Exporting labels and packing from the menu: done beside the window, and said."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from facegui.core.label_formats.formats import FORMATS
from facegui.core.packing import is_packed_project
from facegui.ui.project_exports import ProjectExports
from facegui.workers.job_board import JobBoard
from facegui.workers.project_store import ProjectStore

pytestmark = pytest.mark.usefixtures("no_leaks")


@pytest.fixture
def exports(qtbot: QtBot, store: ProjectStore, board: JobBoard) -> Iterator[ProjectExports]:
    window = QWidget()
    qtbot.addWidget(window)
    yield ProjectExports(store, board, window)
    board.shut_down()


def test_every_format_is_in_the_menu(exports: ProjectExports) -> None:
    shown = {action.data(): action.text() for action in exports.labels_menu.actions()}
    assert shown == {item.key: f"{item.title}…" for item in FORMATS}


@pytest.mark.usefixtures("demo_project")
def test_labels_and_project_are_written_and_told(
    qtbot: QtBot, exports: ProjectExports, board: JobBoard, tmp_path: Path
) -> None:
    with qtbot.waitSignals([exports.noticed, board.ended]):
        exports.export("yolo", tmp_path / "yolo")
    assert (tmp_path / "yolo" / "data.yaml").exists()
    with qtbot.waitSignals([exports.noticed, board.ended]):
        exports.pack(tmp_path / "demo.zip", with_photos=True)
    assert is_packed_project(tmp_path / "demo.zip")


def test_without_a_project_there_is_nothing_to_export(exports: ProjectExports) -> None:
    assert not exports.labels_menu.isEnabled()
    assert exports.pack_action.toolTip() == "No project is open."
