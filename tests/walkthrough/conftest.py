"""The whole window, with what stands in for hardware."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from facegui.core.cameras import DEMO
from facegui.core.demo_camera import DemoCamera
from facegui.ml.weights import VggWeights, random_weights
from facegui.ui.annotate_tab import AnnotateTab
from facegui.ui.augment_tab import AugmentTab
from facegui.ui.capture_tab import CaptureTab
from facegui.ui.detect_tab import DetectTab
from facegui.ui.main_window import MainWindow
from facegui.ui.stand_ins import with_seams
from facegui.ui.style import apply_style
from facegui.ui.train_tab import TrainTab
from facegui.ui.user_settings import UserSettingsFile
from facegui.workers import drafting
from facegui.workers.job_board import JobBoard
from facegui.workers.project_store import ProjectStore
from facegui.workers.tensorflow_loader import TensorFlowLoader


@pytest.fixture(autouse=True)
def _no_drafts_unasked(monkeypatch: pytest.MonkeyPatch) -> None:
    """Drafting does not begin by itself: its process would take the processor from the tests."""
    monkeypatch.setattr(drafting, "PAUSE_MS", 2**31 - 1)


@pytest.fixture(autouse=True)
def _cleanly(no_leaks: None, own_home: object, qapp: QApplication) -> None:  # noqa: ARG001
    """Every test sees the real style, and leaves nothing behind."""
    apply_style(qapp)


@pytest.fixture
def tiny_weights() -> VggWeights:
    return random_weights(0, channels=(4,) * 13)


@pytest.fixture
def make_window(
    qtbot: QtBot, store: ProjectStore, board: JobBoard, own_home: Path
) -> Iterator[Callable[..., MainWindow]]:
    """Makes the window with seams by the name of the tab, and shows it."""
    windows: list[MainWindow] = []
    cameras = {"list_cameras": lambda: (DEMO,), "open_camera": lambda _: DemoCamera()}

    def make(*, questions: Any = None, **seams: dict[str, Any]) -> MainWindow:
        tabs = (
            with_seams(CaptureTab, **cameras | seams.get("capture", {})),
            with_seams(AnnotateTab, **seams.get("annotate", {})),
            with_seams(AugmentTab, **seams.get("augment", {})),
            with_seams(TrainTab, **seams.get("train", {})),
            with_seams(DetectTab, **cameras | seams.get("detect", {})),
        )
        window = MainWindow(
            store,
            board,
            UserSettingsFile(own_home / "settings.json"),
            tabs,
            questions=questions,
            loader=TensorFlowLoader(load=lambda: None),
        )
        windows.append(window)
        qtbot.addWidget(window)
        window.show()
        return window

    yield make
    for window in windows:
        window.shut_down()
