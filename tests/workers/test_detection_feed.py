"""The newest frame wins, the camera never waits, and boxes stay with their frame."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from pytestqt.qtbot import QtBot

from facegui.core.boxes import Box, Detection
from facegui.core.camera import CameraInfo, CameraKind
from facegui.core.errors import UserError
from facegui.core.images import Pixels
from facegui.ml.following import LEAST_CONFIDENCE
from facegui.workers.camera_feed import CameraFeed
from facegui.workers.detection_feed import DetectionFeed

WEBCAM = CameraInfo("Test camera", CameraKind.WEBCAM, "0", 0)
MODEL, OTHER = Path("runs/1/model.tflite"), Path("runs/2/model.tflite")
FACE = Detection(Box(1, 2, 30, 40), 0.9)


class FakeDetector:
    """Finds the same face everywhere; waits for `go` when it is held."""

    threshold = 0.4

    def __init__(self) -> None:
        self.go = threading.Event()
        self.go.set()
        self.busy = threading.Event()
        self.seen: list[Pixels] = []
        self.asked: list[float | None] = []
        self.found: tuple[Detection, ...] = (FACE,)

    def detect(self, pixels: Pixels, threshold: float | None = None) -> tuple[Detection, ...]:
        self.seen.append(pixels)
        self.asked.append(threshold)
        self.busy.set()
        assert self.go.wait(20)
        return self.found


@pytest.fixture
def detector() -> FakeDetector:
    return FakeDetector()


@pytest.fixture
def make_feed(qtbot: QtBot, make_camera: Any) -> Iterator[Callable[..., Any]]:
    """Makes a feed of a running camera; gives it, the camera and the feed of that."""
    feeds: list[Any] = []

    def make(load: Callable[[Path], Any], *later: Any) -> tuple[DetectionFeed, Any, CameraFeed]:
        camera = make_camera()
        cameras = [camera, *later]
        camera_feed = CameraFeed(lambda _: cameras.pop(0))
        feed = DetectionFeed(camera_feed, load, watch_ms=10)
        feeds.append((camera_feed, feed))
        with qtbot.waitSignal(camera_feed.opened):
            camera_feed.start(WEBCAM)
        return feed, camera, camera_feed

    yield make
    for camera_feed, feed in feeds:
        camera_feed.shut_down()
        feed.shut_down()


def test_boxes_come_with_the_frame_they_were_found_in(
    qtbot: QtBot, make_feed: Any, detector: FakeDetector
) -> None:
    feed, camera, _ = make_feed(lambda *_, **__: detector)
    with qtbot.waitSignal(feed.loaded) as loaded:
        feed.use(MODEL)
    assert loaded.args[0].threshold == 0.4
    with qtbot.waitSignal(feed.ready):
        sent = camera.send()
    result = feed.take()
    assert result.frame is sent
    assert result.detections == (FACE,)
    assert result.detection_ms >= 0
    assert detector.asked == [LEAST_CONFIDENCE]
    assert feed.take() is None


def test_camera_never_waits_and_the_newest_frame_wins(
    qtbot: QtBot, make_feed: Any, detector: FakeDetector
) -> None:
    feed, camera, _ = make_feed(lambda *_, **__: detector)
    with qtbot.waitSignal(feed.loaded):
        feed.use(MODEL)
    detector.go.clear()
    first = camera.send()
    assert detector.busy.wait(20)
    later = [camera.send() for _ in range(5)]
    camera.wait_until_read(6)  # all of them, while the detector is at the first
    assert len(detector.seen) == 1
    detector.go.set()
    results = []

    def newest_is_there() -> bool:
        result = feed.take()
        if result is not None:
            results.append(result.frame)
        return bool(results) and results[-1] is later[-1]

    qtbot.waitUntil(newest_is_there)
    assert [pixels is first.pixels for pixels in detector.seen] == [True, False]
    assert detector.seen[1] is later[-1].pixels


def test_frames_go_through_until_a_model_is_loaded(
    qtbot: QtBot, make_feed: Any, detector: FakeDetector
) -> None:
    loading = threading.Event()

    def load(path: Path, **_: object) -> FakeDetector:  # noqa: ARG001
        assert loading.wait(20)
        return detector

    feed, camera, _ = make_feed(load)
    feed.use(None)
    feed._start()
    with qtbot.waitSignal(feed.ready):
        sent = camera.send()
    result = feed.take()
    assert result.frame is sent
    assert result.detections is None
    # Once it is there, the picture that stands still gets its boxes.
    feed.use(MODEL)
    with qtbot.waitSignal(feed.ready):
        loading.set()
    result = feed.take()
    assert result.frame is sent
    assert result.detections == (FACE,)


def test_model_is_loaded_anew_for_another_number_of_cores(
    qtbot: QtBot, make_feed: Any, detector: FakeDetector
) -> None:
    asked: list[int | None] = []

    def load(path: Path, *, threads: int | None = None) -> FakeDetector:  # noqa: ARG001
        asked.append(threads)
        return detector

    feed, *_ = make_feed(load)
    for threads in (None, 1):
        with qtbot.waitSignal(feed.loaded):
            feed.use(MODEL, threads)
        feed.use(MODEL, threads)  # there already
    assert asked == [None, 1]


def test_damaged_model_is_reported_and_another_can_be_used(
    qtbot: QtBot, make_feed: Any, detector: FakeDetector
) -> None:
    def load(path: Path, **_: object) -> FakeDetector:
        if path == MODEL:
            raise UserError("The model is damaged.", "Train again.")
        return detector

    feed, *_ = make_feed(load)
    with qtbot.waitSignal(feed.failed) as failed:
        feed.use(MODEL)
    assert failed.args[0].remedy == "Train again."
    assert feed.model is None
    with qtbot.waitSignal(feed.failed):
        feed.use(MODEL)  # tried once more
    with qtbot.waitSignal(feed.loaded):
        feed.use(OTHER)
    assert feed.model.path == OTHER


def test_only_the_model_wanted_last_counts(
    qtbot: QtBot, make_feed: Any, detector: FakeDetector
) -> None:
    feed, *_ = make_feed(lambda *_, **__: detector)
    told: list[Path] = []
    feed.loaded.connect(lambda model: told.append(model.path))
    feed.use(MODEL)
    feed.use(OTHER)
    qtbot.waitUntil(lambda: feed.model is not None)
    assert told == [OTHER]


def test_detector_that_fails_at_a_frame_is_reported(
    qtbot: QtBot, make_feed: Any, detector: FakeDetector
) -> None:
    feed, camera, _ = make_feed(lambda *_, **__: detector)
    with qtbot.waitSignal(feed.loaded):
        feed.use(MODEL)
    detector.found = None  # type: ignore[assignment]
    detector.detect = lambda *_: 1 / 0  # type: ignore[assignment]
    with qtbot.waitSignal(feed.failed) as failed:
        camera.send()
    assert isinstance(failed.args[0], ZeroDivisionError)
    with qtbot.waitSignal(feed.ready):
        camera.send()
    assert feed.take().detections is None  # the video goes on


def test_frame_of_the_source_before_gets_no_boxes_of_the_next_model(
    qtbot: QtBot, make_feed: Any, detector: FakeDetector
) -> None:
    feed, camera, camera_feed = make_feed(lambda *_, **__: detector)
    with qtbot.waitSignal(feed.loaded):
        feed.use(MODEL)
    with qtbot.waitSignal(feed.ready):
        camera.send()
    camera_feed.stop()
    assert feed.take() is None
    with qtbot.waitSignal(feed.loaded):
        feed.use(OTHER)
    feed.use(None)
    feed.shut_down()
    assert len(detector.seen) == 1


def test_frame_that_is_searched_while_the_source_changes_is_not_shown_under_the_next(
    qtbot: QtBot, make_feed: Any, make_camera: Any, detector: FakeDetector
) -> None:
    other = make_camera("Other camera")
    feed, camera, camera_feed = make_feed(lambda *_, **__: detector, other)
    with qtbot.waitSignal(feed.loaded):
        feed.use(MODEL)
    detector.go.clear()
    camera.send()
    assert detector.busy.wait(20)
    camera_feed.start(WEBCAM)
    with qtbot.waitSignal(feed.ready):
        detector.go.set()
    assert feed.take() is None
    with qtbot.waitSignal(feed.ready):
        sent = other.send()
    assert feed.take().frame is sent


def test_model_wanted_while_the_second_still_picture_stands_there_looks_at_it(
    qtbot: QtBot, make_feed: Any, make_camera: Any, detector: FakeDetector
) -> None:
    other = make_camera("b.png")
    feed, camera, camera_feed = make_feed(lambda *_, **__: detector, other)
    camera.send()
    camera.wait_until_read(1)
    camera_feed.start(WEBCAM)
    sent = other.send()
    other.wait_until_read(1)
    found: list[Any] = []
    feed.ready.connect(lambda: found.append(feed.take()))
    feed.use(MODEL)
    qtbot.waitUntil(lambda: bool(found) and found[-1].detections == (FACE,))
    assert found[-1].frame is sent


def test_two_feeds_look_at_the_same_camera_each_at_its_own_pace(
    qtbot: QtBot, make_camera: Any
) -> None:
    camera = make_camera()
    camera_feed = CameraFeed(lambda _: camera)
    fast, slow = FakeDetector(), FakeDetector()
    feeds = [DetectionFeed(camera_feed, lambda *_, d=d, **__: d) for d in (fast, slow)]  # type: ignore[misc]
    for feed in feeds:
        feed.use(MODEL)
    camera_feed.start(WEBCAM)
    slow.go.clear()
    sent = [camera.send()]
    assert slow.busy.wait(20)
    for _ in range(3):
        with qtbot.waitSignal(feeds[0].ready):
            sent.append(camera.send())
        qtbot.waitUntil(lambda: (result := feeds[0].take()) is not None and bool(result.detections))
    camera.wait_until_read(4)
    slow.go.set()
    qtbot.waitUntil(lambda: len(slow.seen) == 2)
    assert slow.seen[-1] is sent[-1].pixels
    camera_feed.shut_down()
    for feed in feeds:
        feed.shut_down()


def test_feed_beside_another_looks_at_the_frames_of_that_one_alone(
    qtbot: QtBot, make_camera: Any
) -> None:
    camera = make_camera()
    camera_feed = CameraFeed(lambda _: camera)
    slow, fast = FakeDetector(), FakeDetector()
    first = DetectionFeed(camera_feed, lambda *_, **__: slow)
    second = DetectionFeed(camera_feed, lambda *_, **__: fast, beside=first)
    for feed in (first, second):
        with qtbot.waitSignal(feed.loaded):
            feed.use(MODEL)
    camera_feed.start(WEBCAM)
    slow.go.clear()
    sent = [camera.send()]
    assert slow.busy.wait(20)
    sent += [camera.send() for _ in range(4)]
    camera.wait_until_read(5)
    qtbot.waitUntil(lambda: len(fast.seen) == 1)
    slow.go.set()
    qtbot.waitUntil(lambda: len(fast.seen) == 2)
    qtbot.waitUntil(lambda: len(slow.seen) == 2)
    for seen in (slow.seen, fast.seen):
        assert seen[0] is sent[0].pixels
        assert seen[1] is sent[4].pixels
    camera_feed.stop()
    qtbot.waitUntil(lambda: first.take() is second.take() is None)
    camera_feed.shut_down()
    for feed in (first, second):
        feed.shut_down()


def test_model_file_that_goes_away_while_it_runs_is_told_and_its_return_too(
    qtbot: QtBot, make_feed: Any, detector: FakeDetector, tmp_path: Path
) -> None:
    path = tmp_path / "model.tflite"
    path.write_bytes(b"model")

    def load(path: Path, **_: object) -> FakeDetector:
        if path.read_bytes() != b"model":
            raise UserError("The model is damaged.", "Train again.")
        return detector

    feed, camera, _ = make_feed(load)
    with qtbot.waitSignal(feed.loaded):
        feed.use(path)
    with qtbot.waitSignal(feed.failed) as failed:
        path.rename(tmp_path / "elsewhere")
    assert "gone" in failed.args[0].what
    assert feed.model is None
    with qtbot.waitSignal(feed.ready):
        camera.send()
    assert feed.take().detections is None  # the video goes on
    with qtbot.waitSignal(feed.loaded):
        (tmp_path / "elsewhere").rename(path)
    assert feed.model.path == path
    with qtbot.waitSignal(feed.failed) as failed:
        path.write_bytes(b"half a")
    assert "damaged" in failed.args[0].what
    with qtbot.waitSignal(feed.loaded):
        path.write_bytes(b"model")
