"""From what is missing to the photos: a task that counts down, and a guided session."""

from __future__ import annotations

import numpy as np
import pytest

from facegui.core.cameras import DEMO
from facegui.core.coverage import Place, Task
from facegui.ui.burst import Burst
from facegui.ui.capture_tab import CaptureTab
from facegui.ui.coverage_page import CoveragePage, HeatMap
from facegui.ui.photo_check import PhotoCheck


@pytest.fixture
def clock():
    return [100.0]


@pytest.fixture
def at_camera(qtbot, store, board, make_camera, clock, tmp_path):
    store.create(tmp_path / "Faces")
    camera = make_camera()
    tab = CaptureTab(
        store,
        board,
        open_camera=lambda _: camera,
        list_cameras=lambda: (DEMO,),
        burst=Burst(tick_ms=0, clock=lambda: clock[0]),
    )
    qtbot.addWidget(tab)
    tab.show()
    tab.enter()
    yield tab, camera
    tab.leave()
    tab.shut_down()


def show(qtbot, tab, camera, seed, light=1.0):
    noise = np.random.default_rng(seed).integers(0, 255, (48, 64, 3), np.uint8)
    sent = camera.send_pixels((noise * light).astype(np.uint8))
    qtbot.waitUntil(lambda: tab.view.pixels is sent.pixels)


def test_a_task_is_counted_down_photo_by_photo(qtbot, at_camera, store):
    tab, camera = at_camera
    show(qtbot, tab, camera, 0)
    tab.take_tasks((Task(Place.TOP, 2),), False)
    assert tab.guide.words.text() == "Take 2 photos with your face at the top."
    for seed in (1, 2):
        show(qtbot, tab, camera, seed)
        with qtbot.waitSignal(store.photos_changed):
            tab.main_button.click()
        if seed == 1:
            assert tab.guide.words.text() == "Take 1 photo with your face at the top."
    assert not tab.guide.isVisible()


def test_guided_session_takes_its_photos_itself_and_goes_on(qtbot, at_camera, store, clock):
    tab, camera = at_camera
    told = []
    tab.noticed.connect(told.append)
    tab.take_tasks((Task(Place.MIDDLE, 2), Task(Place.EMPTY, 2)), True)
    assert not tab.burst.active, "there is no picture yet"
    show(qtbot, tab, camera, 0)
    seen = set()
    for seed in range(1, 40):
        if tab.guide.task is None:
            break
        seen.add(tab.guide.task.place)
        qtbot.waitUntil(lambda: not tab.burst.countdown)
        clock[0] += 5.0
        show(qtbot, tab, camera, seed)
    assert seen == {Place.MIDDLE, Place.EMPTY}
    qtbot.waitUntil(lambda: len(store.project.photos) == 4)
    assert told and "Well done" in told[-1]
    assert len(store.project.sessions) == 1


def test_a_session_in_the_dark_is_not_praised_and_told_as_a_whole(qtbot, at_camera, store, clock):
    tab, camera = at_camera
    told = []
    tab.noticed.connect(told.append)
    show(qtbot, tab, camera, 0)
    tab.take_tasks((Task(Place.MIDDLE, 2), Task(Place.NEAR, 2)), True)
    while tab.guide.task is not None:
        qtbot.waitUntil(lambda: not tab.burst.countdown)
        clock[0] += 5.0
        show(qtbot, tab, camera, 0, light=0.2)
    assert told == [
        "Of 4 moments came no photo. Skipped 4: 4 too dark. Change that, then begin again."
    ]
    assert store.project.photos == ()


def test_what_was_skipped_adds_up_over_the_steps(qtbot, at_camera, store, clock):
    tab, camera = at_camera
    told = []
    tab.noticed.connect(told.append)
    show(qtbot, tab, camera, 0)
    tab.take_tasks((Task(Place.MIDDLE, 2), Task(Place.NEAR, 2)), True)
    moment = 0
    while tab.guide.task is not None:
        qtbot.waitUntil(lambda: not tab.burst.countdown)
        clock[0] += 5.0
        moment += 1
        show(qtbot, tab, camera, moment, light=0.2 if moment == 1 else 1.0)
    assert told == ["Well done: 3 photos that help. Skipped 1: 1 too dark. Next: label them."]
    qtbot.waitUntil(lambda: len(store.project.photos) == 3)


def test_stopping_the_burst_ends_the_guided_session(qtbot, at_camera):
    tab, camera = at_camera
    show(qtbot, tab, camera, 0)
    tab.take_tasks((Task(Place.MIDDLE, 2), Task(Place.EMPTY, 2)), True)
    assert tab.burst.active
    tab.main_button.click()
    assert tab.guide.task is None
    assert not tab.guide.isVisible()
    assert not tab.burst.active


def test_coverage_page_has_photos_labelled_before_it_asks_for_more(
    qtbot, demo_project, store, board
):
    unlabelled = [photo.name for photo in demo_project.photos[:11]]
    for name in unlabelled:
        demo_project.clear_label(demo_project.photo(name))
    check = PhotoCheck(store, board)
    qtbot.addWidget(check)
    with qtbot.waitSignal(check.checked, timeout=20000):
        check.show()
    page = check.coverage
    check.pages.setCurrentWidget(page)
    assert "11 not labelled yet" in page.facts.text()
    assert page.sentence.text().startswith("Label the 11 photos")
    assert not page.task_button.isVisible()
    with qtbot.waitSignal(check.photo_wanted) as wanted:
        page.label_button.click()
    assert wanted.args == [unlabelled[0]]
    check.shut_down()


def test_coverage_page_leads_to_the_camera(qtbot, demo_project, store, board):
    check = PhotoCheck(store, board)
    qtbot.addWidget(check)
    with qtbot.waitSignal(check.checked, timeout=20000):
        check.show()
    page = check.findChild(CoveragePage)
    assert f"{len(demo_project.photos)} photos in 1 session" in page.facts.text()
    assert page.task is not None
    assert page.sentence.text() == page.task.words()
    assert not page.label_button.isVisible()
    check.pages.setCurrentWidget(page)
    assert not page.findChild(HeatMap).grab().isNull()
    with qtbot.waitSignal(check.tasks_wanted) as wanted:
        page.task_button.click()
    assert wanted.args == [(page.task,), False]
    assert not check.isVisible()
    with qtbot.waitSignal(check.tasks_wanted) as wanted:
        page.guided_button.click()
    assert wanted.args[1] is True
    check.shut_down()
