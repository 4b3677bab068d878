"""Imports in the window ask what they cannot know: what the boxes are, how much of a video."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
from PySide6.QtWidgets import QDialogButtonBox, QWidget
from pytestqt.qtbot import QtBot

from facegui.core.boxes import Box
from facegui.core.images import write_picture
from facegui.core.import_plan import ImportPlan, survey
from facegui.core.labelme import write_label_file
from facegui.core.packing import pack_project
from facegui.core.progress import StopToken, ignore_progress
from facegui.core.project import Project
from facegui.core.video_photos import LEAST_ALIKE, FrameChoice
from facegui.ui.capture_controls import IMPORTED_SUFFIXES
from facegui.ui.import_questions import ImportChoice, ImportDialog
from facegui.ui.photo_import import PhotoImport
from facegui.workers.job_board import JobBoard
from facegui.workers.project_store import ProjectStore

SIZE = (64, 48)
Import = Callable[..., str]


def pixels(seed: int) -> np.ndarray:
    noise = np.random.default_rng(seed).integers(0, 255, (6, 8, 3), np.uint8)
    return cv2.resize(noise, SIZE, interpolation=cv2.INTER_NEAREST)


@pytest.fixture
def cars(tmp_path: Path) -> Path:
    """A photo with one box that is called "car"."""
    folder = tmp_path / "cars"
    folder.mkdir()
    write_picture(folder / "a.png", pixels(0))
    write_label_file(folder / "a.json", [Box(5, 5, 30, 30)], folder / "a.png", SIZE)
    document = json.loads((folder / "a.json").read_text("utf-8"))
    document["shapes"][0]["label"] = "car"
    (folder / "a.json").write_text(json.dumps(document), "utf-8")
    return folder


@pytest.fixture
def video(tmp_path: Path) -> Path:
    """Six pictures, each standing still for a second."""
    path = tmp_path / "clip.avi"
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), 8.0, SIZE)
    assert writer.isOpened()
    for second in range(6):
        for _ in range(8):
            writer.write(pixels(second))
    writer.release()
    return path


@pytest.fixture
def asked() -> list[ImportPlan]:
    return []


@pytest.fixture
def bring_in(qtbot: QtBot, store: ProjectStore, board: JobBoard, asked: list[ImportPlan]) -> Import:
    """Imports with an answer to what is asked, and returns what was reported."""
    window = QWidget()
    qtbot.addWidget(window)

    def bring_in(source: Path, choice: ImportChoice | None = None) -> str:
        def answer(plan: ImportPlan, _: QWidget) -> ImportChoice | None:
            asked.append(plan)
            return choice

        photo_import = PhotoImport(store, board, window, ask=answer)
        with qtbot.waitSignal(board.ended), qtbot.waitSignal(photo_import.reported) as told:
            photo_import.start([source])
        return str(told.args[0])

    return bring_in


@pytest.mark.parametrize(("are_faces", "boxes"), [(True, 1), (False, 0)])
def test_boxes_that_are_not_called_face_are_what_the_user_says(
    project: Project, cars: Path, bring_in: Import, are_faces: bool, boxes: int
) -> None:
    words = bring_in(cars, ImportChoice(take_all_labels=are_faces))
    (photo,) = project.photos
    assert len(project.label(photo) or ()) == boxes
    assert ("“car” on 1 photo" in words) is not are_faces


def test_nothing_comes_in_where_the_user_does_not_say(
    project: Project, cars: Path, bring_in: Import, asked: list[ImportPlan]
) -> None:
    assert "0 photos came in" in bring_in(cars, None)
    assert len(asked) == 1
    assert project.photos == ()


def test_a_cancel_while_it_is_asked_asks_no_more(
    qtbot: QtBot, store: ProjectStore, board: JobBoard, project: Project, cars: Path
) -> None:
    window = QWidget()
    qtbot.addWidget(window)
    photo_import = PhotoImport(store, board, window, ask=lambda *_: pytest.fail("asked"))
    photo_import._asked.disconnect()
    photo_import._asked.connect(lambda _: board.job and board.job.cancel())
    with qtbot.waitSignals([photo_import.reported, board.ended]):
        photo_import.start([cars])
    assert project.photos == ()


def test_of_a_video_as_many_photos_come_in_as_the_user_says(
    project: Project, video: Path, bring_in: Import
) -> None:
    bring_in(video, ImportChoice(frames=FrameChoice(count=3)))
    assert len(project.photos) == 3


def test_nothing_is_asked_where_everything_is_known(
    project: Project, cars: Path, bring_in: Import, asked: list[ImportPlan]
) -> None:
    (cars / "a.json").unlink()
    assert "1 photo came in" in bring_in(cars)
    assert asked == []
    assert len(project.photos) == 1


def test_a_packed_project_that_is_merged_says_what_stays_behind(
    project: Project, cars: Path, bring_in: Import, tmp_path: Path
) -> None:
    (cars / "a.json").unlink()
    bring_in(cars)
    pack_project(project, tmp_path / "p.zip", ignore_progress, StopToken())
    assert "Runs and settings of a packed project" in bring_in(tmp_path / "p.zip")


def test_dialog_asks_what_the_boxes_are_and_takes_no_answer_for_granted(
    qtbot: QtBot, cars: Path
) -> None:
    dialog = ImportDialog(survey([cars]))
    qtbot.addWidget(dialog)
    dialog.show()
    assert not dialog.import_button.isEnabled()
    assert dialog.import_button.toolTip()
    assert not dialog.frames_field.isVisible()
    dialog.faces_button.click()
    assert dialog.import_button.isEnabled()
    assert dialog.choice.take_all_labels
    dialog.others_button.click()
    assert not dialog.choice.take_all_labels


def test_dialog_asks_how_much_of_a_video(qtbot: QtBot, video: Path) -> None:
    dialog = ImportDialog(survey([video]))
    qtbot.addWidget(dialog)
    dialog.show()
    assert dialog.import_button.isEnabled()
    assert not dialog.faces_button.isVisible()
    assert dialog.choice.frames == FrameChoice(count=LEAST_ALIKE)
    dialog.frames_field.setValue(7)
    assert dialog.choice.frames.count == 7
    dialog.buttons.button(QDialogButtonBox.StandardButton.Cancel).click()
    assert not dialog.result()


def test_the_menu_takes_zip_files_and_videos() -> None:
    assert {".zip", ".mp4", ".jpg"} <= IMPORTED_SUFFIXES
