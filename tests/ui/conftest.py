"""Fixtures for the window; `store`, `board` and `demo_project` are one level up."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from facegui.core.cameras import DEMO
from facegui.core.project import Project
from facegui.ui.detect_tab import DetectTab
from facegui.ui.style import apply_style
from facegui.ui.tab import Tab
from facegui.workers import drafting
from facegui.workers.job_board import JobBoard
from facegui.workers.project_store import ProjectStore
from tests.ui.detecting import WEBCAM, FakeDetector, add_run


@pytest.fixture(scope="session")
def _styled(qapp: QApplication) -> None:
    apply_style(qapp)


@pytest.fixture(autouse=True)
def _no_drafts_unasked(monkeypatch: pytest.MonkeyPatch) -> None:
    """Drafting does not begin by itself: its process would take the processor from the tests."""
    monkeypatch.setattr(drafting, "PAUSE_MS", 2**31 - 1)


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


@pytest.fixture
def project(store: ProjectStore, tmp_path: Path) -> Project:
    store.create(tmp_path / "Faces")
    assert store.project is not None
    return store.project


@pytest.fixture
def make_detect(make_tab: Any, qtbot: QtBot) -> Callable[..., DetectTab]:
    """A tab that is shown, with fake cameras that are opened one after the other."""

    def make(*cameras: Any, **seams: Any) -> DetectTab:
        given = list(cameras)
        seams.setdefault("open_camera", lambda _: given.pop(0))
        seams.setdefault("list_cameras", lambda: (WEBCAM, DEMO))
        seams.setdefault("load_detector", FakeDetector)
        tab: DetectTab = make_tab(DetectTab, **seams)
        tab.resize(900, 600)
        tab.show()
        qtbot.waitExposed(tab)
        tab.enter()
        qtbot.waitUntil(lambda: tab.picker.source is not None)
        return tab

    return make


@pytest.fixture
def running(
    project: Project, make_detect: Any, make_camera: Any, qtbot: QtBot
) -> tuple[DetectTab, Any]:
    """A tab that shows the first frame of a webcam with its boxes."""
    add_run(project, "2026-01-01_10-00-00")
    camera = make_camera()
    tab = make_detect(camera)
    qtbot.waitUntil(lambda: tab.detection.model is not None)
    tab.main_button.click()
    sent = camera.send()
    qtbot.waitUntil(lambda: tab.view.pixels is sent.pixels)
    return tab, camera
