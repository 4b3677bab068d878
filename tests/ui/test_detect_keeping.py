"""What the Detect tab keeps: pictures, recordings, mistakes to learn from, whole videos."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import numpy as np
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from facegui.core.cameras import open_camera
from facegui.core.errors import UserError
from facegui.core.images import read_picture, write_picture
from facegui.core.photo_library import PhotoState
from facegui.core.project import Project
from facegui.core.runs import INT8_CARD_NAME, INT8_NAME, Precision
from facegui.core.video_writing import VideoWriter
from tests.ui.detecting import SURE, add_run


def test_snapshot_without_boxes_is_the_plain_picture(
    qtbot: QtBot, project: Project, running: Any
) -> None:
    tab, _ = running
    with qtbot.waitSignal(tab.noticed):
        qtbot.keyClick(tab, Qt.Key.Key_S, Qt.KeyboardModifier.ShiftModifier)
    (path,) = (project.folder / "snapshots").iterdir()
    assert np.abs(read_picture(path).astype(int) - tab.view.pixels).mean() < 8


def test_mistake_goes_into_the_project_with_the_boxes_as_a_draft(
    qtbot: QtBot, project: Project, running: Any
) -> None:
    tab, camera = running
    wrong = tab.view.pixels
    with qtbot.waitSignal(tab.noticed) as noticed:
        qtbot.keyClick(tab, Qt.Key.Key_W)
    (photo,) = project.photos
    assert photo.name in noticed.args[0]
    assert project.state(photo) is PhotoState.UNLABELLED
    draft = project.drafts.draft(photo)
    assert draft is not None
    assert draft.boxes == (SURE.box,)
    assert np.abs(read_picture(photo.path).astype(int) - wrong).mean() < 8
    # It stands still for a moment, and goes on.
    qtbot.waitUntil(lambda: not tab.keeping.frozen)
    sent = camera.send()
    qtbot.waitUntil(lambda: tab.view.pixels is sent.pixels)


def test_picture_stands_still_while_a_mistake_is_kept(qtbot: QtBot, running: Any) -> None:
    tab, camera = running
    tab.keeping._freeze.setInterval(60_000)
    wrong = tab.view.pixels
    qtbot.keyClick(tab, Qt.Key.Key_W)
    assert "Kept" in tab.view.note
    assert not tab.view_controls.wrong.isEnabled()
    for _ in range(3):
        camera.send()
    camera.wait_until_read(4)
    qtbot.waitUntil(lambda: tab.detection.take() is None)
    assert tab.view.pixels is wrong


def test_mistake_is_the_picture_that_is_seen_with_the_boxes_that_are_seen(
    qtbot: QtBot, project: Project, running: Any
) -> None:
    tab, camera = running
    # A slow detector: the picture goes on before the next result, and the box with it.
    tab.picture.main._is_behind = True
    sent = camera.send(seed=200, time_s=0.1)
    tab.picture.main.show_frame(sent)
    assert tab.view.pixels is sent.pixels
    tab.keeping._freeze.setInterval(60_000)
    seen = [box.box for box in tab.view.boxes]
    with qtbot.waitSignal(tab.noticed):
        tab.keep_mistake()
    (photo,) = project.photos
    assert np.abs(read_picture(photo.path).astype(int) - sent.pixels).mean() < 8
    draft = project.drafts.draft(photo)
    assert draft is not None
    assert list(draft.boxes) == seen
    assert tab.view.pixels is sent.pixels


def test_picture_that_is_gone_on_to_while_a_mistake_is_kept_is_shown(
    qtbot: QtBot, project: Project, make_detect: Any, tmp_path: Path
) -> None:
    add_run(project, "2026-01-01_10-00-00")
    folder = tmp_path / "pictures"
    folder.mkdir()
    for number in (1, 2):
        write_picture(folder / f"{number}.png", np.full((48, 64, 3), 20 * number, np.uint8))
    tab = make_detect(open_camera=open_camera)
    tab.keeping._freeze.setInterval(60_000)
    tab.show_path(folder)
    qtbot.waitUntil(lambda: tab.view.pixels is not None and tab.view.pixels[0, 0, 0] == 20)
    tab.view_controls.wrong.click()
    assert tab.keeping.frozen
    tab.steps.on_button.click()
    assert not tab.keeping.frozen
    assert not tab.view_controls.wrong.isEnabled()  # the picture before is still there
    qtbot.waitUntil(lambda: tab.view.pixels[0, 0, 0] == 40)
    assert tab.view_controls.wrong.isEnabled()


def test_newest_picture_waits_while_a_mistake_is_kept(qtbot: QtBot, running: Any) -> None:
    tab, camera = running
    tab.keeping._freeze.setInterval(60_000)
    tab.keep_mistake()
    with qtbot.waitSignal(tab.detection.ready):
        sent = camera.send(seed=9)
    assert tab.view.pixels is not sent.pixels
    tab.keeping._freeze.start(0)
    qtbot.waitUntil(lambda: tab.view.pixels is sent.pixels)


def test_recording_has_the_boxes_and_is_told(qtbot: QtBot, project: Project, running: Any) -> None:
    tab, camera = running
    qtbot.keyClick(tab, Qt.Key.Key_R)
    assert tab.keep_controls.record.text() == "Stop recording"
    qtbot.waitUntil(lambda: "Recording 0:0" in tab.view.note)
    for _ in range(3):
        sent = camera.send()
        qtbot.waitUntil(lambda sent=sent: tab.view.pixels is sent.pixels)
    with qtbot.waitSignal(tab.noticed) as noticed:
        qtbot.keyClick(tab, Qt.Key.Key_R)
    (path,) = (project.folder / "recordings").iterdir()
    assert path.name in noticed.args[0]
    with open_camera(path) as video:
        frame = video.read()
    assert frame is not None
    top_edge = frame.pixels[5, 8:22].astype(int) - sent.pixels[5, 8:22]
    assert np.abs(top_edge).mean() > 20


def test_recording_ends_with_the_video(qtbot: QtBot, project: Project, running: Any) -> None:
    tab, _ = running
    tab.keep_controls.record.click()
    with qtbot.waitSignal(tab.noticed):
        tab.main_button.click()
    assert not tab.keeping.recorder.active
    assert len(list((project.folder / "recordings").iterdir())) == 1


def test_recording_that_cannot_be_written_is_said(
    qtbot: QtBot, project: Project, running: Any
) -> None:
    tab, _ = running
    (project.folder / "recordings").write_text("in the way")
    with qtbot.waitSignal(tab.failed) as failed:
        tab.keep_controls.record.click()
    assert isinstance(failed.args[0], UserError)
    qtbot.waitUntil(lambda: not tab.keep_controls.record.isChecked())


def test_blurred_faces_are_blurred_in_all_that_is_kept(
    qtbot: QtBot, project: Project, make_detect: Any, tmp_path: Path
) -> None:
    add_run(project, "2026-01-01_10-00-00")
    noise = np.random.default_rng(0).integers(0, 256, (48, 64, 3), np.uint8)
    write_picture(tmp_path / "noise.png", noise)
    tab = make_detect(open_camera=open_camera)
    tab.show_path(tmp_path / "noise.png")
    qtbot.waitUntil(lambda: bool(tab.view.boxes))
    qtbot.keyClick(tab, Qt.Key.Key_B)

    def is_blurred(pixels: np.ndarray) -> bool:
        face, rest = pixels[8:27, 8:22].astype(int), pixels[40:, 40:].astype(int)
        return bool(np.abs(np.diff(face, axis=1)).mean() < np.abs(np.diff(rest, axis=1)).mean() / 4)

    assert is_blurred(tab.view.pixels)
    with qtbot.waitSignal(tab.noticed):
        tab.keep_controls.plain.click()
    (path,) = (project.folder / "snapshots").iterdir()
    assert is_blurred(read_picture(path))
    qtbot.keyClick(tab, Qt.Key.Key_B)
    assert not is_blurred(tab.view.pixels)


def write_film(path: Path, frames: int) -> None:
    with VideoWriter(path, 30) as video:
        for number in range(frames):
            video.write(np.full((48, 64, 3), 5 * number, np.uint8))


def test_whole_video_becomes_an_annotated_one_and_data(
    qtbot: QtBot, project: Project, make_detect: Any, tmp_path: Path
) -> None:
    add_run(project, "2026-01-01_10-00-00")
    write_film(tmp_path / "film.mp4", 12)
    tab = make_detect(open_camera=open_camera)
    assert not tab.keep_controls.whole.isEnabled()  # a camera has no end
    tab.picker.choose_path(tmp_path / "film.mp4")
    assert tab.keep_controls.whole.isEnabled()
    with qtbot.waitSignal(tab.noticed) as noticed:
        tab.keep_controls.whole.click()
    assert "12 of 12" in noticed.args[0]
    (folder,) = (project.folder / "found").iterdir()
    assert sorted(path.name for path in folder.iterdir()) == ["film.csv", "film.json", "film.mp4"]
    pictures = json.loads((folder / "film.json").read_text("utf-8"))["pictures"]
    assert [one["frame"] for one in pictures] == list(range(12))
    assert pictures[5]["faces"][0]["id"] == 1
    with (folder / "film.csv").open(encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    assert len(rows) == 12
    assert [float(rows[3][side]) for side in ("x0", "y0", "x1", "y1")] == list(SURE.box.corners)
    with open_camera(folder / "film.mp4") as video:
        assert len(list(iter(video.read, None))) == 12


def test_fast_model_is_made_on_demand_and_used(
    qtbot: QtBot, project: Project, make_detect: Any
) -> None:
    path = add_run(project, "2026-01-01_10-00-00")
    tab = make_detect()
    assert tab.models.path == path
    speed = tab.models.speed
    assert not speed.make_button.isHidden()

    def make(run: Any, project: Project, report: Any, stop: Any) -> None:  # noqa: ARG001
        (run.folder / INT8_NAME).write_bytes(b"")
        (run.folder / INT8_CARD_NAME).write_text('{"faithful": true}')

    tab.keeping._make_int8 = make
    with qtbot.waitSignal(tab.keeping.int8_made):
        speed.make_button.click()
    assert tab.models.path == path.with_name(INT8_NAME)
    qtbot.waitUntil(
        lambda: tab.detection.model is not None and tab.detection.model.path == tab.models.path
    )
    assert speed.make_button.isHidden()
    row = speed.box.findData(Precision.FLOAT32)
    speed.box.setCurrentIndex(row)
    speed.box.activated.emit(row)
    assert tab.models.path == path
