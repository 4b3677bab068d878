"""The coach beside the camera: frames of the demo camera made dark, blurred and still."""

from __future__ import annotations

import cv2
import pytest

from facegui.core.boxes import Box, Detection
from facegui.core.cameras import DEMO
from facegui.core.coach import ADVICE, Flaw
from facegui.core.demo_camera import DemoCamera
from facegui.ui.burst import Burst
from facegui.ui.capture_tab import CaptureTab
from facegui.ui.stand_ins import write_example_run


@pytest.fixture(scope="module")
def frames():
    with DemoCamera(5, paced=False) as camera:
        return [camera.frame(60 * number).pixels for number in range(6)]


@pytest.fixture
def clock():
    """Seconds that pass when the test says so."""
    return [100.0]


@pytest.fixture
def at_camera(qtbot, store, board, make_camera, clock, request, tmp_path):
    """The Capture tab at a camera that shows what the test sends."""
    if store.project is None:
        store.create(tmp_path / "Faces")
    camera = make_camera()
    burst = Burst(tick_ms=0, clock=lambda: clock[0])
    finder = getattr(request, "param", None)
    tab = CaptureTab(
        store,
        board,
        open_camera=lambda _: camera,
        list_cameras=lambda: (DEMO,),
        burst=burst,
        load_finder=lambda _: finder,
    )
    qtbot.addWidget(tab)
    tab.show()
    tab.enter()
    yield tab, camera
    tab.leave()
    tab.shut_down()


def show(qtbot, tab, camera, pixels, times=5):
    for _ in range(times):
        sent = camera.send_pixels(pixels.copy())
        qtbot.waitUntil(lambda sent=sent: tab.view.pixels is sent.pixels)


def says(tab, flaw):
    return tab.coach_light.words.text() == ADVICE[flaw]


def test_dark_blurred_and_still_are_told_one_after_the_other(qtbot, at_camera, frames, store):
    tab, camera = at_camera
    show(qtbot, tab, camera, frames[0] // 6)
    assert says(tab, Flaw.DARK)
    show(qtbot, tab, camera, cv2.GaussianBlur(frames[0], (0, 0), 6))
    assert says(tab, Flaw.BLURRED)
    show(qtbot, tab, camera, frames[0])
    assert says(tab, None)
    with qtbot.waitSignal(store.photos_changed):
        tab.main_button.click()
    show(qtbot, tab, camera, frames[0])
    assert says(tab, Flaw.SAME)
    assert tab.main_button.isEnabled(), "it is advice, no order"


def test_one_bad_frame_among_good_ones_changes_no_words(qtbot, at_camera, frames):
    tab, camera = at_camera
    show(qtbot, tab, camera, frames[0])
    show(qtbot, tab, camera, frames[0] // 6, times=1)
    assert says(tab, None)


def test_burst_skips_what_is_not_worth_keeping_and_says_why(qtbot, at_camera, frames, clock, store):
    tab, camera = at_camera
    show(qtbot, tab, camera, frames[0], times=1)
    tab.burst_controls._count.setValue(4)
    tab.burst_controls._interval.setValue(1.0)
    tab.burst_controls.start_button.click()
    qtbot.waitUntil(lambda: not tab.burst.countdown)
    for pixels in (frames[0], frames[0], frames[1] // 6, frames[2]):
        show(qtbot, tab, camera, pixels, times=2)
        clock[0] += 1.0
        show(qtbot, tab, camera, pixels, times=2)
        clock[0] += 0.01
    qtbot.waitUntil(lambda: not tab.burst.active)
    assert tab.burst.skipped.total() >= 2
    qtbot.waitUntil(
        lambda: len(store.project.photos) == tab.burst.count - tab.burst.skipped.total()
    )
    assert "Skipped" in tab._next.text()
    assert "nearly the same" in tab._next.text()


def test_skipping_can_be_switched_off(qtbot, at_camera, frames, clock, store):
    tab, camera = at_camera
    show(qtbot, tab, camera, frames[0], times=1)
    tab.burst_controls.skip_box.setChecked(False)
    tab.burst_controls._count.setValue(3)
    tab.burst_controls.start_button.click()
    qtbot.waitUntil(lambda: not tab.burst.countdown)
    while tab.burst.active:
        clock[0] += 60.0
        show(qtbot, tab, camera, frames[0] // 6, times=1)
    qtbot.waitUntil(lambda: len(store.project.photos) == 3)
    assert tab.burst.skipped.total() == 0


class SmallFace:
    def detect(self, _pixels, _threshold=None):
        return (Detection(Box(300, 200, 330, 240), 0.9),)


@pytest.mark.parametrize("at_camera", [SmallFace()], indirect=True)
def test_with_a_run_the_coach_sees_faces(qtbot, demo_project, at_camera, frames, store):
    tab, camera = at_camera
    write_example_run(demo_project)
    store.look()
    show(qtbot, tab, camera, frames[0])
    qtbot.waitUntil(lambda: tab._eye.faces is not None)
    show(qtbot, tab, camera, frames[0])
    assert says(tab, Flaw.SMALL)
