"""The newest frame and no queue; a camera that went away comes back; nothing blocks the window."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import QThread
from pytestqt.qtbot import QtBot

from facegui.core.camera import CameraInfo, CameraKind, Frame
from facegui.core.camera_errors import (
    CameraStalledError,
    CameraUnpluggedError,
    NotAVideoError,
)
from facegui.core.cameras import DEMO
from facegui.workers.camera_feed import CameraFeed, Pace

WEBCAM = CameraInfo("Test camera", CameraKind.WEBCAM, "0", 0)
VIDEO = CameraInfo("film.mp4", CameraKind.VIDEO, "film.mp4")


@pytest.fixture
def make_feed(qtbot: QtBot) -> Iterator[Callable[..., CameraFeed]]:  # noqa: ARG001
    feeds: list[CameraFeed] = []

    def make(open_camera: Any, **settings: Any) -> CameraFeed:
        feeds.append(CameraFeed(open_camera, pauses_s=(0.0,), **settings))
        return feeds[-1]

    yield make
    for feed in feeds:
        feed.shut_down()


class Sources:
    """Gives one camera or error after the other to whoever opens."""

    def __init__(self, *given: Any) -> None:
        self.given = list(given)
        self.threads: list[int] = []

    def __call__(self, info: CameraInfo) -> Any:  # noqa: ARG002
        self.threads.append(threading.get_ident())
        given = self.given.pop(0)
        if isinstance(given, Exception):
            raise given
        return given


def test_frames_arrive_and_are_opened_elsewhere(
    qtbot: QtBot, make_feed: Any, make_camera: Any
) -> None:
    camera = make_camera()
    sources = Sources(camera)
    feed = make_feed(sources)
    with qtbot.waitSignals([feed.opened, feed.frame_ready]):
        feed.start(WEBCAM)
        sent = camera.send()
    assert feed.take() is sent
    assert feed.take() is None
    assert threading.get_ident() not in sources.threads


def test_slow_window_misses_frames_instead_of_queueing_them(
    qtbot: QtBot, make_feed: Any, make_camera: Any
) -> None:
    camera = make_camera()
    feed = make_feed(Sources(camera))
    told: list[None] = []
    feed.frame_ready.connect(lambda: told.append(None))
    with qtbot.waitSignal(feed.opened):
        feed.start(WEBCAM)
    sent = [camera.send() for _ in range(5)]
    camera.wait_until_read(5)
    assert feed.take() is sent[-1]
    assert feed.take() is None
    qtbot.waitUntil(lambda: bool(told))
    assert len(told) == 1
    with qtbot.waitSignal(feed.frame_ready):
        later = camera.send()
    assert feed.take() is later


def test_each_who_looks_has_the_newest_frame(
    qtbot: QtBot, make_feed: Any, make_camera: Any
) -> None:
    camera = make_camera()
    feed = make_feed(Sources(camera))
    other = feed.add_slot()
    with qtbot.waitSignal(feed.opened):
        feed.start(WEBCAM)
    with qtbot.waitSignal(other.ready):
        first = camera.send()
    assert other.take() is first
    with qtbot.waitSignal(other.ready):
        second = camera.send()
    assert feed.take() is other.take() is second


def test_unplugged_camera_is_reported_and_comes_back(
    qtbot: QtBot, make_feed: Any, make_camera: Any
) -> None:
    first, second = make_camera(), make_camera()
    gone = CameraUnpluggedError("Test camera")
    feed = make_feed(Sources(first, gone, gone, second))
    with qtbot.waitSignal(feed.opened):
        feed.start(WEBCAM)
    with qtbot.waitSignal(feed.failed) as failed:
        first.fail(gone)
    assert "plug" in failed.args[0].remedy
    assert feed.active
    assert first.closed.wait(20)
    with qtbot.waitSignal(feed.frame_ready):
        sent = second.send()
    assert feed.take() is sent


def test_camera_that_cannot_be_opened_is_tried_again(
    qtbot: QtBot, make_feed: Any, make_camera: Any
) -> None:
    feed = make_feed(Sources(CameraUnpluggedError("Test camera"), make_camera()))
    with qtbot.waitSignals([feed.failed, feed.opened], order="strict"):
        feed.start(WEBCAM)
    assert feed.active


def test_stalled_camera_is_read_on(qtbot: QtBot, make_feed: Any, make_camera: Any) -> None:
    camera = make_camera()
    feed = make_feed(Sources(camera))
    told: list[Exception] = []
    feed.failed.connect(told.append)
    with qtbot.waitSignal(feed.frame_ready):
        feed.start(WEBCAM)
        for _ in range(3):
            camera.fail(CameraStalledError("Test camera", 2.0))
        camera.send()
    assert len(told) == 1  # once, however long it lasts
    assert not camera.closed.is_set()


def test_damaged_video_is_reported_once(qtbot: QtBot, make_feed: Any) -> None:
    feed = make_feed(Sources(NotAVideoError("film.mp4")))
    with qtbot.waitSignal(feed.failed):
        feed.start(VIDEO)
    assert not feed.active


def test_end_of_a_video_is_told_with_what_was_amiss(
    qtbot: QtBot, make_feed: Any, make_camera: Any
) -> None:
    camera = make_camera("film.mp4", CameraKind.VIDEO)
    camera.notes = ("film.mp4 breaks off.",)
    feed = make_feed(Sources(camera))
    sent = camera.send()
    camera.end()
    with qtbot.waitSignal(feed.ended) as ended:
        feed.start(VIDEO)
    assert ended.args[0] == ("film.mp4 breaks off.",)
    assert not feed.active
    assert feed.take() is sent  # its last picture can still be shown


def test_fault_of_the_program_is_reported(qtbot: QtBot, make_feed: Any) -> None:
    feed = make_feed(Sources(ZeroDivisionError("a bug")))
    with qtbot.waitSignal(feed.failed) as failed:
        feed.start(WEBCAM)
    assert isinstance(failed.args[0], ZeroDivisionError)
    assert not feed.active


def test_paused_video_stands_still(qtbot: QtBot, make_feed: Any, make_camera: Any) -> None:
    camera = make_camera("film.mp4", CameraKind.VIDEO)
    feed = make_feed(Sources(camera))
    with qtbot.waitSignal(feed.opened):
        feed.start(VIDEO)
    feed.set_paused(True)
    first = camera.send()
    camera.send()
    assert feed.take() is None
    with qtbot.waitSignal(feed.frame_ready):
        feed.set_paused(False)
    camera.wait_until_read(2)
    assert feed.take().number == first.number + 1


def test_paused_camera_shows_the_present_afterwards(
    qtbot: QtBot, make_feed: Any, make_camera: Any
) -> None:
    camera = make_camera()
    feed = make_feed(Sources(camera))
    with qtbot.waitSignal(feed.opened):
        feed.start(WEBCAM)
    feed.set_paused(True)
    camera.send()
    camera.wait_until_read(1)
    feed.set_paused(False)
    assert feed.take() is None
    with qtbot.waitSignal(feed.frame_ready):
        now = camera.send()
    assert feed.take() is now


def test_stopping_does_not_wait_for_a_camera_that_hangs_while_it_opens(
    make_feed: Any, make_camera: Any
) -> None:
    camera, opening, answer = make_camera(), threading.Event(), threading.Event()

    def hanging(info: CameraInfo) -> Any:  # noqa: ARG001
        opening.set()
        answer.wait()
        return camera

    feed = make_feed(hanging)
    feed.start(WEBCAM)
    assert opening.wait(20)
    feed.shut_down()  # would wait for ever
    assert not any(thread.isRunning() for thread in feed.findChildren(QThread))
    answer.set()
    assert camera.closed.wait(20)  # what opens too late is let go of


def test_stopping_wakes_a_read_that_waits(qtbot: QtBot, make_feed: Any, make_camera: Any) -> None:
    camera = make_camera()
    feed = make_feed(Sources(camera))
    with qtbot.waitSignal(feed.opened):
        feed.start(WEBCAM)
    camera.wait_until_read(0)
    feed.shut_down()
    assert camera.closed.is_set()
    assert not feed.active


def test_next_tab_waits_until_the_camera_is_free(
    qtbot: QtBot, make_feed: Any, make_camera: Any
) -> None:
    first, second = make_camera(), make_camera()
    closing, opening = threading.Event(), threading.Event()
    close = first.close

    def slow_close() -> None:
        assert closing.wait(20)
        close()

    def open_second(info: CameraInfo) -> Any:  # noqa: ARG001
        opening.set()
        return second

    first.close = slow_close
    one, other = make_feed(Sources(first)), make_feed(open_second)
    with qtbot.waitSignal(one.opened):
        one.start(WEBCAM)
    one.stop()
    other.start(WEBCAM)
    assert not opening.wait(0.3)  # can only fail where the device would be fought for
    with qtbot.waitSignal(other.opened):
        closing.set()


def test_frames_of_the_source_before_are_forgotten(
    qtbot: QtBot, make_feed: Any, make_camera: Any
) -> None:
    first, second = make_camera(), make_camera("Other", CameraKind.DEMO)
    feed = make_feed(Sources(first, second))
    with qtbot.waitSignal(feed.frame_ready):
        feed.start(WEBCAM)
        first.send()
    with qtbot.waitSignal(feed.opened):
        feed.start(DEMO)
    assert feed.take() is None
    assert feed.source == DEMO


def test_recording_keeps_the_pace_it_was_taken_in() -> None:
    def frame(time_s: float) -> Frame:
        return Frame(np.zeros((2, 2, 3), np.uint8), time_s, 0)

    pace = Pace()
    assert pace.delay_s(frame(5.0), 100.0) == 0.0
    assert pace.delay_s(frame(5.1), 100.02) == pytest.approx(0.08)
    # After a pause of the user's it goes on from there and catches up on nothing.
    assert pace.delay_s(frame(5.2), 160.0) == 0.0
    assert pace.delay_s(frame(5.3), 160.0) == pytest.approx(0.1)
