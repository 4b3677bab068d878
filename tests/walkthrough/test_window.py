"""What a person does with the window from beginning to end, and what may go wrong meanwhile."""

from __future__ import annotations

import functools
import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from facegui.core.boxes import Box
from facegui.core.camera_errors import CameraUnpluggedError
from facegui.core.errors import UserError
from facegui.core.labelme import write_label_file
from facegui.core.photo_library import PhotoState
from facegui.core.progress import StopToken, ignore_progress
from facegui.core.project import Project
from facegui.core.runs import Run, find_run
from facegui.ml.presets import CLASSIC
from facegui.ml.training import train
from facegui.ml.weights import VggWeights
from facegui.ui.box_editor import BoxEdit
from facegui.ui.main_window import MainWindow
from facegui.ui.questions import Questions
from facegui.ui.screenshots import SCENES, take_screenshots
from facegui.ui.tour import TourPlan, take_tour
from facegui.ui.train_tab import SETTINGS_KEY
from facegui.workers.job_board import JobBoard
from facegui.workers.labelme_process import LabelmeProcess
from facegui.workers.project_store import ProjectStore

PATIENCE_MS = 60_000
TRAINING_PATIENCE_MS = 300_000
SMALL = TourPlan(photos=14, copies=2, epochs=2, input_size=32, look_s=0.05)

MakeWindow = Callable[..., MainWindow]


class CloseAnyway(Questions):
    """Says yes to the one question before closing."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def stop_and_close(self, parent: Any, job_title: str, goes_on: str) -> bool:  # noqa: ARG002
        self.asked.append(job_title)
        return True


@pytest.mark.slow
def test_an_empty_project_becomes_boxes_on_video(
    qapp: QApplication, tmp_path: Path, tiny_weights: VggWeights
) -> None:
    def train_small(project: Project, settings: Any, report: Any, stop: StopToken, **more: Any):
        small = {"epochs": settings.epochs, "input_size": settings.input_size}
        classic = type(settings).from_json(CLASSIC.settings.to_json() | small)
        return train(project, classic, report, stop, weights=tiny_weights, **more)

    result = take_tour(qapp, tmp_path, ignore_progress, StopToken(), SMALL, train=train_small)
    with Project.open(result.project) as project:
        assert len(project.photos) == SMALL.photos
        states = {project.state(photo) for photo in project.photos}
        assert states <= {PhotoState.FACES, PhotoState.NO_FACE}
        assert find_run(project.folder).metrics()[-1].epochs == SMALL.epochs
    facts = dict(result.facts)
    assert facts["Photos taken"] == "14"
    assert facts["Face found in live video"] in ("yes", "no")  # it learned next to nothing
    assert all(path.stat().st_size for path, _ in result.pictures)
    assert len(result.pictures) == 6


@pytest.mark.slow
def test_closing_while_it_trains_asks_once_and_leaves_nothing_that_cannot_go_on(
    qtbot: QtBot,
    make_window: MakeWindow,
    demo_project: Project,
    board: JobBoard,
    tiny_weights: VggWeights,
) -> None:
    settings = CLASSIC.settings.to_json() | {"epochs": 50, "input_size": 32}
    demo_project.save_settings(SETTINGS_KEY, settings)
    runs_folder = demo_project.runs_folder
    questions = CloseAnyway()
    window = make_window(
        questions=questions, train={"train": functools.partial(train, weights=tiny_weights)}
    )
    window.show_step_named("train")
    tab: Any = window.tabs[3]
    qtbot.waitUntil(tab.main_button.isEnabled, timeout=PATIENCE_MS)
    tab.main_button.click()
    qtbot.waitUntil(lambda: "epoch" in tab.summary, timeout=TRAINING_PATIENCE_MS)
    assert window.close()
    assert questions.asked == ["Training"]
    assert board.job is None or not board.job.running
    # Unless an epoch was saved by then: that can go on.
    assert all(Run(folder).resumable for folder in runs_folder.iterdir())


def test_a_camera_that_is_unplugged_comes_back_by_itself(
    qtbot: QtBot, make_window: MakeWindow, store: ProjectStore, tmp_path: Path, make_camera: Any
) -> None:
    cameras = [make_camera("First"), make_camera("Again")]
    waiting = list(cameras)
    store.create(tmp_path / "Faces")
    window = make_window(capture={"open_camera": lambda _: waiting.pop(0)})
    tab: Any = window.tabs[0]
    cameras[0].send(seed=1)
    qtbot.waitUntil(tab.main_button.isEnabled, timeout=PATIENCE_MS)
    cameras[0].fail(CameraUnpluggedError("First"))
    qtbot.waitUntil(lambda: "stopped" in tab.view.message, timeout=PATIENCE_MS)
    assert not tab.main_button.isEnabled()
    cameras[1].send(seed=2)
    qtbot.waitUntil(tab.main_button.isEnabled, timeout=PATIENCE_MS)
    assert tab.view.message == ""
    with qtbot.waitSignal(store.photos_changed, timeout=PATIENCE_MS):
        tab.main_button.click()
    assert store.project is not None and len(store.project.photos) == 1


def test_labelme_crashing_loses_nothing_and_says_its_last_words(
    qtbot: QtBot, make_window: MakeWindow, demo_project: Project, tmp_path: Path
) -> None:
    photo = demo_project.photos[0]
    demo_project.clear_label(photo)
    prepared = tmp_path / "prepared.json"
    write_label_file(prepared, [Box(10, 20, 200, 220)], photo.path, demo_project.size(photo))
    program = tmp_path / "labelme.py"
    program.write_text(
        "import os, shutil, sys\n"
        f"sys.stderr.write({f'Loaded file: {str(photo.path)!r} in 1 ms'!r} + os.linesep)\n"
        f"shutil.copy({str(prepared)!r}, {str(demo_project.label_path(photo))!r})\n"
        "sys.stderr.write('RuntimeError: the canvas is gone\\n')\n"
        "sys.stderr.flush()\n"
        "os.abort()\n",
        "utf-8",
    )
    labelme = LabelmeProcess((sys.executable, str(program)))
    window = make_window(annotate={"labelme": labelme})
    window.show_step_named("annotate")
    tab: Any = window.tabs[1]
    qtbot.waitUntil(lambda: not tab.model.counts()[None], timeout=PATIENCE_MS)
    tab.show_photo(photo.name)
    with qtbot.waitSignal(labelme.closed, timeout=PATIENCE_MS):
        tab.labelme_controls.button.click()
    qtbot.waitUntil(window.notices.isVisible, timeout=PATIENCE_MS)
    assert "the canvas is gone" in window.notices.text.text()
    qtbot.waitUntil(
        lambda: tab.model.entry(photo.name).state is PhotoState.FACES, timeout=PATIENCE_MS
    )
    qtbot.waitUntil(lambda: tab.editor.can_edit, timeout=PATIENCE_MS)


def test_a_folder_that_cannot_be_written_is_told_and_the_label_stays(
    qtbot: QtBot,
    make_window: MakeWindow,
    demo_project: Project,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    photo = demo_project.photos[0]
    label_path = demo_project.label_path(photo)
    before = json.loads(label_path.read_text("utf-8"))
    window = make_window()
    window.show_step_named("annotate")
    tab: Any = window.tabs[1]
    qtbot.waitUntil(lambda: not tab.model.counts()[None], timeout=PATIENCE_MS)
    tab.show_photo(photo.name)
    qtbot.waitUntil(lambda: tab.editor.can_edit, timeout=PATIENCE_MS)

    # Not by chmod: nothing is read-only for root, as whom tests may run.
    def refuse(*_arguments: object, **_more: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "replace", refuse)
    monkeypatch.setattr(Path, "replace", refuse)
    monkeypatch.setattr(Path, "rename", refuse)
    with qtbot.waitSignal(tab.failed, timeout=PATIENCE_MS) as failed:
        tab.editor.edited.emit(BoxEdit((Box(1, 2, 30, 40),), "Draw box"))
    assert isinstance(failed.args[0], UserError)
    assert failed.args[0].remedy
    assert window.notices.isVisible()
    assert json.loads(label_path.read_text("utf-8")) == before
    monkeypatch.undo()


@pytest.mark.slow
def test_every_scene_is_photographed_in_all_sizes(qapp: QApplication, tmp_path: Path) -> None:
    taken = take_screenshots(qapp, tmp_path, ignore_progress, StopToken())
    assert len(taken) == len(set(taken)) == 4 * (len(SCENES) + 2)
    assert (tmp_path / "train-running-dark-900x600.png") in taken
