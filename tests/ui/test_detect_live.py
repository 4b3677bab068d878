"""What happens to live pictures: stalls, black ones, slow detectors, a second run beside."""

from __future__ import annotations

import shutil
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QMainWindow
from pytestqt.qtbot import QtBot

from facegui.core.boxes import Box, Detection
from facegui.core.camera import CameraKind, Frame
from facegui.core.errors import UserError
from facegui.core.images import Pixels, read_picture
from facegui.core.project import Project
from facegui.ui import detect_models
from facegui.ui.detect_stage import DetectStage
from facegui.ui.detection_view import DetectionView
from facegui.ui.full_screen import FullScreen
from facegui.workers.detection_feed import DetectionResult
from facegui.workers.project_store import ProjectStore
from tests.ui.detecting import SURE, FakeDetector, add_run

FRAME_S = 1 / 30


def frame(number: int, width: int = 64) -> Frame:
    return Frame(np.full((48, width, 3), 90, np.uint8), number * FRAME_S, number)


def moved(by: float) -> Detection:
    box = SURE.box
    return Detection(Box(box.x0 + by, box.y0, box.x1 + by, box.y1), 0.9)


@pytest.fixture
def view(qtbot: QtBot) -> DetectionView:
    view = DetectionView("test.view")
    view.set_threshold(0.5)
    qtbot.addWidget(view)
    return view


def be_slow(view: DetectionView) -> int:
    """Has every third frame looked at, until the view knows it; the last frame's number."""
    for number in range(0, 60, 3):
        view.show_result(DetectionResult(frame(number), (moved(number / 10),), 80.0))
    return 57


def test_every_frame_has_its_own_boxes_where_the_detector_keeps_up(view: DetectionView) -> None:
    for number in range(10):
        taken = frame(number)
        view.show_frame(taken)
        assert view.shown is None or view.shown.frame is not taken
        view.show_result(DetectionResult(taken, (SURE,), 10.0))
        assert view.shown is not None
        assert view.shown.frame is taken
        assert not view.shown.boxes[0].carried
    assert "0 dropped" in view.view.status
    assert "old" not in view.view.status


def test_slow_detector_has_its_boxes_carried_to_the_newest_frame_and_says_so(
    view: DetectionView,
) -> None:
    last = be_slow(view)
    newest = frame(last + 2)
    view.show_frame(newest)
    assert view.shown is not None
    assert view.shown.frame is newest
    (box,) = view.shown.boxes
    assert box.carried
    assert box.box.x0 > moved(last / 10).box.x0 - 1
    assert "67 ms old, moved along" in view.view.status
    assert "38 dropped" in view.view.status
    (face,) = view.shown.faces
    assert face.box == box.box
    # A result of a frame before does not take the picture back.
    view.show_result(DetectionResult(frame(last + 1), (SURE,), 80.0))
    assert view.shown.frame is newest


def test_missed_face_is_shown_as_carried(view: DetectionView) -> None:
    view.show_result(DetectionResult(frame(0), (SURE,), 10.0))
    view.show_result(DetectionResult(frame(1), (), 10.0))
    assert [box.carried for box in view.view.boxes] == [True]


def test_boxes_carry_the_number_of_the_face(view: DetectionView) -> None:
    other = Detection(Box(40, 5, 60, 30), 0.8)
    view.show_result(DetectionResult(frame(0), (SURE, other), 10.0))
    view.show_result(DetectionResult(frame(1), (other, SURE), 10.0))
    assert [box.text.split() for box in view.view.boxes] == [["#1", "0.90"], ["#2", "0.80"]]


def test_frames_that_pass_during_a_pause_are_not_dropped(view: DetectionView) -> None:
    view.show_result(DetectionResult(frame(0), (SURE,), 10.0))
    view.rest()
    view.show_result(DetectionResult(frame(90), (SURE,), 10.0))
    assert "0 dropped" in view.view.status
    view.show_result(DetectionResult(frame(93), (SURE,), 10.0))
    assert "2 dropped" in view.view.status


def test_frames_of_another_size_begin_anew(view: DetectionView) -> None:
    view.show_result(DetectionResult(frame(0), (SURE,), 10.0))
    view.show_result(DetectionResult(frame(1, width=80), (), 10.0))
    assert view.view.boxes == ()


def test_everything_is_blurred_until_it_is_known_where_the_faces_are(view: DetectionView) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (480, 640, 3), np.uint8)
    view.set_blurred(True)
    view.show_result(DetectionResult(Frame(noise, 0.0, 0), None))
    shown = view.view.pixels
    assert shown is not None
    assert np.abs(np.diff(shown.astype(int), axis=1)).mean() < 10


def is_blurred(pixels: Pixels, box: Box) -> bool:
    part = pixels[int(box.y0) : int(box.y1), int(box.x0) : int(box.x1)].astype(int)
    return bool(np.abs(np.diff(part, axis=1)).mean() < 30)  # of 85


def noise(number: int, *, still: bool = False) -> Frame:
    pixels = np.random.default_rng(number).integers(0, 256, (48, 64, 3), np.uint8)
    return Frame(pixels, number * FRAME_S, number, path=Path("a.png") if still else None)


def test_with_faces_blurred_no_frame_is_shown_that_was_not_searched(view: DetectionView) -> None:
    last = be_slow(view)
    view.show_frame(frame(last + 2))
    view.set_blurred(True)
    assert view.shown is not None
    assert view.shown.frame.number == last  # the newest that was
    view.show_frame(frame(last + 5))
    assert view.shown.frame.number == last
    searched = noise(last + 3)
    view.show_result(DetectionResult(searched, (SURE,), 80.0))
    assert view.shown.frame is searched
    assert is_blurred(view.shown.pixels, SURE.box)


@pytest.fixture
def stage(qtbot: QtBot) -> DetectStage:
    """Two runs side by side, faces blurred."""
    stage = DetectStage()
    qtbot.addWidget(stage)
    for view in (stage.main, stage.other):
        view.set_threshold(0.5)
    stage.set_compared(("one", "two"))
    stage.set_blurred(True)
    return stage


def test_what_either_of_two_runs_finds_is_hidden_on_both_sides(stage: DetectStage) -> None:
    elsewhere = Detection(Box(40, 20, 58, 40), 0.9)
    taken = noise(0)
    stage.show_result(stage.main, DetectionResult(taken, (SURE,), 10.0))
    assert stage.shown == ()  # the other has yet to look at it
    stage.show_result(stage.main, DetectionResult(noise(1), (SURE,), 10.0))
    stage.show_result(stage.other, DetectionResult(taken, (elsewhere,), 80.0))
    for shown in stage.shown:
        assert shown.frame is taken
        assert len(shown.boxes) == 1
        assert is_blurred(shown.pixels, SURE.box)
        assert is_blurred(shown.pixels, elsewhere.box)
    # Missed in the next frame, that face is hidden where it should be by now: on both sides.
    stage.show_result(stage.other, DetectionResult(noise(1), (), 80.0))
    assert [shown.frame.number for shown in stage.shown] == [1, 1]
    assert all(is_blurred(shown.pixels, elsewhere.box) for shown in stage.shown)


def test_blur_that_begins_beside_another_run_hides_all_until_both_have_looked(
    stage: DetectStage,
) -> None:
    stage.set_blurred(False)
    everywhere = Box(0, 0, 64, 48)
    for view, number in ((stage.main, 3), (stage.other, 2)):
        stage.show_result(view, DetectionResult(noise(number), (), 10.0))
    stage.set_blurred(True)
    assert all(is_blurred(shown.pixels, everywhere) for shown in stage.shown)
    for view in stage.views:
        stage.show_result(view, DetectionResult(noise(4), (SURE,), 10.0))
    for shown in stage.shown:
        assert not is_blurred(shown.pixels, Box(30, 0, 64, 48))
        assert is_blurred(shown.pixels, SURE.box)


def test_still_picture_is_blurred_beside_a_run_that_is_chosen_later(stage: DetectStage) -> None:
    stage.set_compared(None)
    taken = noise(0, still=True)
    stage.show_result(stage.main, DetectionResult(taken, (SURE,), 10.0))
    stage.set_compared(("one", "two"))
    elsewhere = Detection(Box(40, 20, 58, 40), 0.9)
    stage.show_result(stage.other, DetectionResult(taken, (elsewhere,), 10.0))
    assert len(stage.shown) == 2
    assert all(is_blurred(shown.pixels, elsewhere.box) for shown in stage.shown)


def test_steady_boxes_can_be_switched_off(view: DetectionView) -> None:
    for number in range(20):
        view.show_result(DetectionResult(frame(number), (moved(number % 2),), 10.0))
    assert view.view.boxes[0].box != moved(1).box
    view.set_smooth(False)
    assert view.view.boxes[0].box == moved(1).box


def test_source_that_sends_nothing_is_said_to_have_stalled_and_comes_back(
    qtbot: QtBot, running: Any
) -> None:
    tab, camera = running
    live = tab.live_pictures
    live._watch._clock = lambda: live._watch._last_s + 2.1
    qtbot.waitUntil(lambda: "no picture for 2 seconds" in tab.view.message)
    assert not tab.keep_controls.snapshot.isEnabled()
    live._watch._clock = lambda: 0.0
    sent = camera.send()
    qtbot.waitUntil(lambda: tab.view.pixels is sent.pixels and tab.view.message == "")


def test_pause_is_no_stall(qtbot: QtBot, running: Any) -> None:
    tab, _ = running
    tab.view_controls.pause.click()
    tab.live_pictures._watch._clock = lambda: 1e9
    tab.live_pictures.look()
    assert tab.view.message == ""
    qtbot.waitUntil(lambda: tab.view.note == "Paused")


def test_black_pictures_are_said(qtbot: QtBot, running: Any) -> None:
    tab, camera = running
    now = [0.0]
    tab.live_pictures._watch._clock = lambda: now[0]
    black = Frame(np.zeros((48, 64, 3), np.uint8), 1.0, 1)
    for _ in range(2):
        camera._sent.put(black)
        qtbot.waitUntil(lambda: tab.view.pixels is black.pixels)
        tab.view.clear()
        now[0] += 1.5
    now[0] -= 1.0
    qtbot.waitUntil(lambda: "black" in tab.view.message)
    assert "shutter" in tab.view.message
    camera.send()
    qtbot.waitUntil(lambda: tab.view.message == "")


def test_film_that_stands_still_or_is_black_is_no_trouble(
    qtbot: QtBot, project: Project, make_detect: Any, make_camera: Any
) -> None:
    add_run(project, "2026-01-01_10-00-00")
    camera = make_camera("slides.gif", CameraKind.VIDEO)
    tab = make_detect(camera)
    now = [0.0]
    tab.live_pictures._watch._clock = lambda: now[0]
    tab.show_path(Path("slides.gif"))
    black = camera.send_pixels(np.zeros((48, 64, 3), np.uint8))
    qtbot.waitUntil(lambda: tab.view.pixels is black.pixels)
    for now_s in (1.5, 1e9):  # black, and then nothing
        now[0] = now_s
        tab.live_pictures.look()
        assert tab.view.message == ""


def test_change_of_size_is_said(qtbot: QtBot, running: Any) -> None:
    tab, camera = running
    camera._sent.put(frame(5, width=80))
    qtbot.waitUntil(lambda: "80 x 48" in tab.view.note)
    assert tab.view.message == ""


def test_model_file_that_goes_away_is_said_and_its_return_goes_on(
    qtbot: QtBot, project: Project, make_detect: Any, make_camera: Any
) -> None:
    path = add_run(project, "2026-01-01_10-00-00")

    def load(path: Path, **_: object) -> FakeDetector:
        if path.read_bytes():
            raise UserError("The model is damaged.", "Use another run, or train again.")
        return FakeDetector(path)

    camera = make_camera()
    tab = make_detect(camera, load_detector=load)
    tab.live_pictures._watch._clock = lambda: 0.0  # one picture, and nothing stalls
    qtbot.waitUntil(lambda: tab.detection.model is not None)
    tab.main_button.click()
    camera.send()
    qtbot.waitUntil(lambda: bool(tab.view.boxes))
    path.write_bytes(b"half")
    qtbot.waitUntil(lambda: "damaged" in tab.view.message)
    assert tab.main_button.text() == "Try again"
    assert tab.live
    path.write_bytes(b"")
    qtbot.waitUntil(lambda: tab.view.message == "")
    sent = camera.send()
    qtbot.waitUntil(lambda: tab.view.pixels is sent.pixels and bool(tab.view.boxes))


def test_run_that_goes_away_is_said_where_another_takes_its_place(
    qtbot: QtBot, project: Project, store: ProjectStore, make_detect: Any, make_camera: Any
) -> None:
    add_run(project, "2026-01-01_10-00-00")
    gone = add_run(project, "2026-01-02_10-00-00")
    camera = make_camera()
    tab = make_detect(camera)
    tab.main_button.click()
    camera.send()
    qtbot.waitUntil(lambda: bool(tab.view.boxes))
    shutil.rmtree(gone.parent)
    store.look()
    assert "run is gone" in tab.view.note
    qtbot.waitUntil(lambda: tab.detection.model is not None and tab.detection.model.path != gone)


class Shifted(FakeDetector):
    """The second run's: finds the face elsewhere."""

    def __init__(self, path: Path, by: float) -> None:
        super().__init__(path)
        self._by = by
        self.threads: set[int] = set()

    def detect(self, pixels: Pixels, threshold: float | None = None) -> tuple[Detection, ...]:  # noqa: ARG002
        self.threads.add(threading.get_ident())
        return (moved(self._by),)


def test_two_runs_look_at_the_same_source_side_by_side(
    qtbot: QtBot,
    project: Project,
    make_detect: Any,
    make_camera: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(detect_models, "usable_cores", lambda: 6)
    old = add_run(project, "2026-01-01_10-00-00")
    new = add_run(project, "2026-01-02_10-00-00")
    detectors = {old: Shifted(old, 7.0), new: Shifted(new, 0.0)}
    camera = make_camera()
    asked: list[tuple[Path, int | None]] = []

    def load(path: Path, *, threads: int | None = None) -> Shifted:
        asked.append((path, threads))
        return detectors[path]

    tab = make_detect(camera, load_detector=load)
    tab.main_button.click()
    box = tab.models.compare.box
    box.setCurrentIndex(2)
    box.activated.emit(2)
    qtbot.waitUntil(lambda: tab.live_pictures.compared.model is not None)
    sent = camera.send()
    other = tab.picture.other
    qtbot.waitUntil(lambda: other.view.pixels is sent.pixels and bool(other.view.boxes))
    qtbot.waitUntil(lambda: tab.view.pixels is sent.pixels and bool(tab.view.boxes))
    assert other.view.boxes[0].box.x0 - tab.view.boxes[0].box.x0 == 7.0
    assert not detectors[old].threads & detectors[new].threads
    assert "02 Jan" in tab.picture.main.title.text()
    assert "01 Jan" in other.title.text()
    with qtbot.waitSignal(tab.noticed):
        tab.keep_controls.snapshot.click()
    box.setCurrentIndex(0)
    box.activated.emit(0)
    assert other.isHidden()
    # They share the cores; one alone has all of them.
    qtbot.waitUntil(lambda: len(asked) == 4)
    assert set(asked[1:3]) == {(old, 3), (new, 3)}
    assert asked[0] == asked[3] == (new, None)
    assert asked[0] == asked[3] == (new, None)


def test_two_runs_with_faces_blurred_show_and_keep_the_faces_of_neither(
    qtbot: QtBot, project: Project, make_detect: Any, make_camera: Any
) -> None:
    old = add_run(project, "2026-01-01_10-00-00")
    new = add_run(project, "2026-01-02_10-00-00")
    detectors = {old: Shifted(old, 36.0), new: Shifted(new, 0.0)}
    camera = make_camera()
    tab = make_detect(camera, load_detector=lambda path, **_: detectors[path])
    tab.view_controls.blur.click()
    box = tab.models.compare.box
    box.setCurrentIndex(2)
    box.activated.emit(2)
    tab.main_button.click()
    qtbot.waitUntil(lambda: tab.live_pictures.compared.model is not None)
    qtbot.waitUntil(lambda: tab.detection.model is not None)
    sent = camera.send_pixels(noise(0).pixels)
    qtbot.waitUntil(lambda: [one.frame for one in tab.picture.shown] == [sent, sent])
    with qtbot.waitSignal(tab.noticed):
        tab.keep_controls.plain.click()
    (path,) = (project.folder / "snapshots").iterdir()
    for pixels in (*(one.pixels for one in tab.picture.shown), *np.hsplit(read_picture(path), 2)):
        assert is_blurred(pixels, SURE.box)
        assert is_blurred(pixels, moved(36.0).box)


def test_truncated_video_says_so_at_its_end(
    qtbot: QtBot, project: Project, make_detect: Any, make_camera: Any
) -> None:
    add_run(project, "2026-01-01_10-00-00")
    camera = make_camera("film.mp4", CameraKind.VIDEO)
    camera.notes = ("film.mp4 breaks off: 5 of 10 frames could be read.",)
    tab = make_detect(camera)
    tab.show_path(Path("film.mp4"))
    camera.send()
    camera.end()
    qtbot.waitUntil(lambda: "breaks off" in tab.view.message)


def test_in_full_screen_the_picture_stands_alone(qtbot: QtBot, running: Any) -> None:
    tab, _ = running
    window = QMainWindow()
    qtbot.addWidget(window)
    window.setCentralWidget(tab)
    full_screen = FullScreen(window, (window.menuBar(),))
    full_screen.show_tab(tab)
    window.show()
    full_screen.action.trigger()
    assert window.isFullScreen()
    qtbot.waitUntil(lambda: tab.view.size() == tab.size() == window.size())
    assert not tab.main_button.isVisible()
    window.activateWindow()
    tab.view.setFocus()
    qtbot.keyClick(window, Qt.Key.Key_Escape)
    qtbot.waitUntil(tab.main_button.isVisible)
    assert not full_screen.action.isChecked()
    window.takeCentralWidget()
