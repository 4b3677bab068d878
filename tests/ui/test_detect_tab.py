"""Live boxes from any source; no model, a damaged one, no camera: said, with a way on."""

from __future__ import annotations

import threading
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from facegui.core.camera import CameraInfo, CameraKind
from facegui.core.camera_errors import CameraUnpluggedError, NotAVideoError
from facegui.core.cameras import DEMO, open_camera
from facegui.core.drawing import Meaning
from facegui.core.errors import UserError
from facegui.core.images import read_picture, write_picture
from facegui.core.project import Project
from facegui.core.recordings import pictures_in
from facegui.core.runs import Run
from facegui.ui import detect_stage
from facegui.ui.detect_model import run_in_words
from facegui.ui.detect_tab import DetectTab
from facegui.ui.detection_view import Pulse
from facegui.workers.project_store import ProjectStore
from tests.ui.detecting import SURE, WEBCAM, FakeDetector, add_run


def confidences(tab: DetectTab) -> list[str]:
    assert all(box.meaning is Meaning.DETECTION for box in tab.view.boxes)
    return [box.text.split()[-1] for box in tab.view.boxes]


@pytest.mark.usefixtures("project")
def test_without_a_model_the_way_leads_to_training(qtbot: QtBot, make_detect: Any) -> None:
    tab = make_detect()
    assert "No model" in tab.view.message
    with qtbot.waitSignal(tab.step_wanted) as wanted:
        tab.main_button.click()
    assert wanted.args == ["train"]


def test_boxes_are_shown_with_the_recommended_threshold(running: Any) -> None:
    tab, _ = running
    assert confidences(tab) == ["0.90"]
    assert tab.view.boxes[0].box == SURE.box
    assert tab.view.message == ""
    assert "ms" in tab.view.status
    assert tab.summary == "live"
    assert tab.live
    assert tab.view.mirrored


def test_threshold_acts_on_the_picture_that_is_there(running: Any) -> None:
    tab, _ = running
    tab.model_controls.slider.setValue(20)
    assert confidences(tab) == ["0.90", "0.30"]
    tab.model_controls.slider.setValue(95)
    assert confidences(tab) == []
    tab.model_controls.recommended_button.click()
    assert confidences(tab) == ["0.90"]


def test_threshold_that_the_user_chose_stays_until_another_run_is_chosen(
    qtbot: QtBot, project: Project, make_detect: Any
) -> None:
    other = add_run(project, "2026-01-01_10-00-00")
    path = add_run(project, "2026-01-02_10-00-00")
    tab = make_detect()
    qtbot.waitUntil(lambda: tab.detection.model is not None)
    slider = tab.model_controls.slider
    slider.setValue(80)
    with qtbot.waitSignal(tab.detection.loaded):
        path.write_bytes(b"written anew")
    assert slider.value() == 80
    tab.model_controls.runs.setCurrentIndex(1)
    tab.model_controls.runs.activated.emit(1)
    qtbot.waitUntil(lambda: tab.detection.model is not None and tab.detection.model.path == other)
    assert slider.value() == 40


def test_second_run_can_be_compared_and_the_tooltip_says_so(
    project: Project, store: ProjectStore, make_detect: Any
) -> None:
    add_run(project, "2026-01-01_10-00-00")
    tab = make_detect()
    assert "second time" in tab.models.compare.box.toolTip()
    add_run(project, "2026-01-02_10-00-00")
    store.look()
    assert "side by side" in tab.models.compare.box.toolTip()


def test_first_model_of_a_run_that_goes_on_cannot_be_made_fast(
    project: Project, make_detect: Any
) -> None:
    path = add_run(project, "2026-01-01_10-00-00")
    (path.parent / "card.json").unlink()
    tab = make_detect()
    assert tab.models.path == path
    assert tab.models.speed.make_button.isHidden()


@pytest.mark.parametrize("cameras_are_known", [True, False])
def test_a_run_is_tried_live_at_once(
    qtbot: QtBot,
    project: Project,
    make_tab: Any,
    make_camera: Any,
    cameras_are_known: bool,
) -> None:
    older = add_run(project, "2026-01-01_10-00-00")
    add_run(project, "2026-01-02_10-00-00")
    camera = make_camera()
    tab: DetectTab = make_tab(
        DetectTab,
        open_camera=lambda _: camera,
        list_cameras=lambda: (WEBCAM,),
        load_detector=FakeDetector,
    )
    tab.enter()
    if cameras_are_known:
        qtbot.waitUntil(lambda: tab.picker.source is not None)
    tab.try_live(Run(older.parent))
    sent = camera.send()
    qtbot.waitUntil(lambda: tab.view.pixels is sent.pixels)
    assert tab.live
    assert tab.detection.path == older


def test_newest_run_is_chosen_until_the_user_chooses(
    qtbot: QtBot, project: Project, store: ProjectStore, make_detect: Any
) -> None:
    first = add_run(project, "2026-01-01_10-00-00")
    tab = make_detect()
    assert tab.model_controls.model_path == first
    second = add_run(project, "2026-01-02_10-00-00")
    store.look()
    assert tab.model_controls.model_path == second
    qtbot.waitUntil(lambda: tab.detection.model is not None and tab.detection.model.path == second)
    tab.model_controls.runs.setCurrentIndex(1)
    tab.model_controls.runs.activated.emit(1)
    add_run(project, "2026-01-03_10-00-00")
    store.look()
    assert tab.model_controls.model_path == first
    qtbot.waitUntil(lambda: tab.detection.model is not None and tab.detection.model.path == first)


def test_first_run_that_ends_makes_the_tab_ready(
    project: Project, store: ProjectStore, make_detect: Any
) -> None:
    tab = make_detect()
    (project.runs_folder / "2026-01-01_09-00-00").mkdir()
    store.look()
    assert tab.main_button.text() == "Go to Train"  # that one was broken off
    add_run(project, "2026-01-01_10-00-00")
    store.look()
    assert tab.main_button.text() == "Start"
    assert tab.summary == "ready"


def test_run_is_told_by_time_and_score(project: Project, store: ProjectStore) -> None:
    add_run(project, "2026-01-02_10-30-00", {"test": {"ap50": 0.975}})
    (run,) = store.runs
    assert run_in_words(run) == "02 Jan 2026, 10:30 (AP50 0.97)"
    (run.folder / "card.json").write_text("{broken")
    assert run_in_words(run) == "02 Jan 2026, 10:30"


def test_damaged_model_is_said_and_another_run_goes_on(
    qtbot: QtBot, project: Project, make_detect: Any, make_camera: Any
) -> None:
    add_run(project, "2026-01-01_10-00-00")
    damaged = add_run(project, "2026-01-02_10-00-00")

    def load(path: Path, **_: object) -> FakeDetector:
        if path == damaged:
            raise UserError("The model is damaged.", "Use another run, or train again.")
        return FakeDetector(path)

    camera = make_camera()
    tab = make_detect(camera, load_detector=load)
    qtbot.waitUntil(lambda: "damaged" in tab.view.message)
    assert "another run" in tab.view.message
    assert tab.main_button.text() == "Try again"
    tab.model_controls.runs.setCurrentIndex(1)
    tab.model_controls.runs.activated.emit(1)
    sent = camera.send()
    qtbot.waitUntil(lambda: tab.view.pixels is sent.pixels and bool(tab.view.boxes))
    assert tab.view.message == ""


def test_model_that_goes_away_while_it_runs_is_said(
    project: Project, store: ProjectStore, running: Any
) -> None:
    tab, camera = running
    (project.runs_folder / "2026-01-01_10-00-00" / "model.tflite").unlink()
    store.look()
    assert "No model" in tab.view.message
    assert camera.closed.wait(20)


def test_unplugged_camera_is_said_and_comes_back(
    qtbot: QtBot, project: Project, make_detect: Any, make_camera: Any
) -> None:
    add_run(project, "2026-01-01_10-00-00")
    first, second = make_camera(), make_camera()
    tab = make_detect(first, second)
    tab.camera._pauses_s = (0.0,)
    tab.main_button.click()
    sent = first.send()
    qtbot.waitUntil(lambda: tab.view.pixels is sent.pixels)
    first.fail(CameraUnpluggedError("Test camera"))
    qtbot.waitUntil(lambda: "cable" in tab.view.message)
    assert not tab.keep_controls.snapshot.isEnabled()
    sent = second.send()
    qtbot.waitUntil(lambda: tab.view.pixels is sent.pixels)
    assert tab.view.message == ""


def test_damaged_video_is_said(qtbot: QtBot, project: Project, make_detect: Any) -> None:
    add_run(project, "2026-01-01_10-00-00")

    def fails(info: CameraInfo) -> None:  # noqa: ARG001
        raise NotAVideoError("film.mp4")

    tab = make_detect(open_camera=fails)
    tab.show_path(Path("film.mp4"))
    qtbot.waitUntil(lambda: "damaged or no video" in tab.view.message)
    assert tab.main_button.text() == "Try again"


def test_end_of_a_video_is_said(
    qtbot: QtBot, project: Project, make_detect: Any, make_camera: Any
) -> None:
    add_run(project, "2026-01-01_10-00-00")
    camera = make_camera("film.mp4", CameraKind.VIDEO)
    tab = make_detect(camera)
    tab.show_path(Path("film.mp4"))
    camera.send()
    camera.end()
    qtbot.waitUntil(lambda: "last picture" in tab.view.message)
    assert tab.main_button.text() == "Start"
    assert not tab.live


def test_stop_and_leaving_let_go_of_the_camera(running: Any) -> None:
    tab, camera = running
    tab.main_button.click()
    assert camera.closed.wait(20)
    assert tab.view.pixels is None
    assert not tab.live
    assert tab.summary == "ready"
    tab.leave()


def test_pause_keeps_the_picture(qtbot: QtBot, running: Any) -> None:
    tab, camera = running
    before = tab.view.pixels
    qtbot.keyClick(tab, Qt.Key.Key_P)
    assert tab.view_controls.pause.isChecked()
    camera.send()
    camera.wait_until_read(2)
    qtbot.keyClick(tab, Qt.Key.Key_P)
    assert tab.view.pixels is before
    sent = camera.send()
    qtbot.waitUntil(lambda: tab.view.pixels is sent.pixels)


def test_mirror_by_key(qtbot: QtBot, running: Any) -> None:
    tab, _ = running
    qtbot.keyClick(tab, Qt.Key.Key_M)
    assert not tab.view.mirrored


def test_mirror_is_remembered_for_each_kind_of_source(
    qtbot: QtBot, project: Project, make_detect: Any, make_camera: Any
) -> None:
    add_run(project, "2026-01-01_10-00-00")
    cameras = [make_camera(), make_camera("film.mp4", CameraKind.VIDEO), make_camera()]
    settings: dict[str, Any] = {}
    tab = make_detect(*cameras, settings=settings)
    tab.main_button.click()
    qtbot.keyClick(tab, Qt.Key.Key_M)
    assert not tab.view.mirrored
    tab.show_path(Path("film.mp4"))
    tab.view_controls.mirror.click()
    assert tab.view.mirrored
    tab.picker.choose(WEBCAM)
    assert not tab.view.mirrored
    again = make_detect(settings=settings)
    assert not again.view.mirrored


def test_snapshot_has_the_boxes(qtbot: QtBot, project: Project, running: Any) -> None:
    tab, _ = running
    shown = tab.view.pixels
    with qtbot.waitSignal(tab.noticed) as noticed:
        qtbot.keyClick(tab, Qt.Key.Key_S)
    (path,) = (project.folder / "snapshots").iterdir()
    assert path.name in noticed.args[0]
    saved = read_picture(path)
    assert saved.shape == shown.shape
    top_edge = saved[5, 8:22].astype(int) - shown[5, 8:22]
    assert np.abs(top_edge).mean() > 20
    far_away = saved[44:, 40:].astype(int) - shown[44:, 40:]
    assert np.abs(far_away).mean() < 20


def test_snapshot_that_cannot_be_saved_is_said(
    qtbot: QtBot, project: Project, running: Any
) -> None:
    tab, _ = running
    (project.folder / "snapshots").write_text("in the way")
    with qtbot.waitSignal(tab.failed) as failed:
        tab.keep_controls.snapshot.click()
    assert isinstance(failed.args[0], UserError)


def test_pictures_of_a_folder_are_gone_through_by_the_arrows(
    qtbot: QtBot, project: Project, make_detect: Any, tmp_path: Path
) -> None:
    add_run(project, "2026-01-01_10-00-00")
    folder = tmp_path / "pictures"
    folder.mkdir()
    for number in (1, 2, 10):
        write_picture(folder / f"{number}.png", np.full((48, 64, 3), 20 * number, np.uint8))
    (folder / "3.jpg").write_bytes(b"no picture")
    tab = make_detect(open_camera=open_camera)
    tab.show_path(folder)

    def shows(grey: int) -> bool:
        return tab.view.pixels is not None and tab.view.pixels[0, 0, 0] == grey

    qtbot.waitUntil(lambda: shows(20) and confidences(tab) == ["0.90"])
    assert not tab.steps.back_button.isEnabled()
    tab.activateWindow()
    slider = tab.model_controls.slider
    for focused in (slider, tab.model_controls.runs):
        focused.setFocus()
        qtbot.waitUntil(focused.hasFocus)
        qtbot.keyClick(focused, Qt.Key.Key_Right)
    qtbot.waitUntil(lambda: shows(40))
    assert slider.value() == 41  # it wants the arrows for itself
    assert "2 of 4" in tab.steps.label.text()
    tab.steps.on_button.click()
    qtbot.waitUntil(lambda: "no picture" in tab.view.message)
    tab.steps.on_button.click()
    qtbot.waitUntil(lambda: shows(200) and tab.view.message == "")
    qtbot.keyClick(tab, Qt.Key.Key_Left)
    qtbot.keyClick(tab, Qt.Key.Key_Left)
    qtbot.waitUntil(lambda: shows(40) and tab.view.message == "")
    # Another run looks at the picture that stands still.
    assert tab.detection.model is not None
    tab.main_button.click()
    assert tab.steps.isHidden()


def test_folder_is_listed_in_the_background(
    qtbot: QtBot,
    project: Project,
    make_detect: Any,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    add_run(project, "2026-01-01_10-00-00")
    write_picture(tmp_path / "1.png", np.full((48, 64, 3), 20, np.uint8))
    far_away = threading.Event()

    def list_slowly(path: Path) -> list[Path]:
        assert far_away.wait(20)
        return pictures_in(path)

    monkeypatch.setattr(detect_stage, "pictures_in", list_slowly)
    tab = make_detect(open_camera=open_camera)
    tab.show_path(tmp_path)
    assert "Opening" in tab.view.message
    far_away.set()
    qtbot.waitUntil(lambda: confidences(tab) == ["0.90"] and tab.view.message == "")


def test_folder_without_pictures_is_said(
    qtbot: QtBot, project: Project, make_detect: Any, tmp_path: Path
) -> None:
    add_run(project, "2026-01-01_10-00-00")
    (tmp_path / "empty").mkdir()
    tab = make_detect(open_camera=open_camera)
    tab.show_path(tmp_path / "empty")
    qtbot.waitUntil(lambda: "no picture" in tab.view.message)
    with qtbot.waitSignal(tab.noticed):
        tab.show_path(tmp_path / "notes.txt")


def test_video_is_shown_while_the_model_is_still_loading(
    qtbot: QtBot, project: Project, make_detect: Any, make_camera: Any
) -> None:
    add_run(project, "2026-01-01_10-00-00")
    loading = threading.Event()

    def load(path: Path, **_: object) -> FakeDetector:
        assert loading.wait(20)
        return FakeDetector(path)

    camera = make_camera()
    tab = make_detect(camera, load_detector=load)
    tab.main_button.click()
    sent = camera.send()
    loading.set()
    qtbot.waitUntil(lambda: tab.view.pixels is sent.pixels and bool(tab.view.boxes))


def test_without_a_project_nothing_breaks(make_detect: Any) -> None:
    tab = make_detect()
    tab.save_snapshot()
    tab.toggle_pause()
    assert tab.main_button.text() == "Go to Train"


def test_pulse_counts_the_last_second() -> None:
    now = 0.0
    pulse = Pulse(lambda: now)
    pulse.beat()
    assert pulse.pace == 0.0
    for _ in range(100):
        now += 1 / 30
        pulse.beat()
    assert pulse.pace == pytest.approx(30.0)
    now += 60.0
    pulse.beat()
    assert pulse.pace == 0.0


@pytest.mark.slow
def test_real_model_finds_its_box_in_the_demo_camera(
    qtbot: QtBot, project: Project, make_detect: Any
) -> None:
    from facegui.ml.detection import Detector
    from facegui.ml.export import to_litert
    from facegui.ml.model_file import ModelDescription, write_model_file

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import keras

        picture = keras.Input((32, 32, 3), name="picture")
        pooled = keras.layers.GlobalAveragePooling2D()(picture)
        face = keras.layers.Dense(1, "sigmoid", name="face", kernel_initializer="zeros")(pooled)
        corners = keras.layers.Dense(4, name="box")
        network = keras.Model(picture, {"face": face, "box": corners(pooled)})
        corners.set_weights([np.zeros((3, 4)), np.array([0.25, 0.25, 0.75, 0.75])])
        litert = to_litert(network)
    path = add_run(project, "2026-01-01_10-00-00")
    write_model_file(path, litert, ModelDescription("classic", "single-box", 32, 32, 0.3))
    tab = make_detect(open_camera=open_camera, list_cameras=lambda: (DEMO,), load_detector=Detector)
    tab.main_button.click()
    qtbot.waitUntil(lambda: bool(tab.view.boxes), timeout=60_000)
    assert confidences(tab) == ["0.50"]
    assert tab.view.boxes[0].box.corners == pytest.approx((160, 120, 480, 360))
