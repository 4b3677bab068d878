"""Fixtures for the window; `store`, `board` and `demo_project` are one level up."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from facegui.ui.style import apply_style
from facegui.ui.tab import Tab
from facegui.workers.job_board import JobBoard
from facegui.workers.project_store import ProjectStore


@pytest.fixture(scope="session")
def _styled(qapp: QApplication) -> None:
    apply_style(qapp)


@pytest.fixture(autouse=True)
def _cleanly(no_leaks: None, own_home: object, _styled: None) -> None:
    """Every test sees the real style, and leaves nothing behind."""


@pytest.fixture
def make_tab(qtbot: QtBot, store: ProjectStore, board: JobBoard) -> Iterator[Callable[..., Any]]:
    """Makes a tab of the class that is given, with other seams, and shuts it down at the end."""
    tabs: list[Tab] = []

    def make(tab_class: Any, **seams: Any) -> Any:
        tab = tab_class(store, board, **seams)
        tabs.append(tab)
        qtbot.addWidget(tab)
        return tab

    yield make
    board.shut_down()
    for tab in tabs:
        tab.leave()
        tab.shut_down()
