"""Recordings on a thread of their own: written whole, failures told, nobody waits."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from pytestqt.qtbot import QtBot

from facegui.core.boxes import Box
from facegui.core.cameras import open_camera
from facegui.core.drawing import MarkedBox, Meaning
from facegui.core.errors import UserError
from facegui.workers.recorder import Recorder

GREY = np.full((48, 64, 3), 120, np.uint8)
BOX = MarkedBox(Box(10, 10, 40, 40), Meaning.DETECTION, "")


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def recorder(qapp: object, clock: Clock) -> Iterator[Recorder]:  # noqa: ARG001
    recorder = Recorder(clock=clock)
    yield recorder
    recorder.shut_down()


def test_what_was_seen_is_on_the_video_as_long_as_it_was_seen(
    qtbot: QtBot, recorder: Recorder, clock: Clock, tmp_path: Path
) -> None:
    path = tmp_path / "new folder" / "film.mp4"
    recorder.start(path)
    assert recorder.active
    for _ in range(3):
        recorder.add([(GREY, (BOX,))])
        clock.now += 0.1
    assert recorder.seconds == pytest.approx(0.3)
    with qtbot.waitSignal(recorder.saved) as saved:
        recorder.stop()
    assert saved.args == [path]
    with open_camera(path) as video:
        frames = list(iter(video.read, None))
    assert len(frames) == 7
    assert np.abs(frames[0].pixels[10, 14:36].astype(int) - 120).mean() > 30


def test_two_pictures_are_side_by_side(qtbot: QtBot, recorder: Recorder, tmp_path: Path) -> None:
    recorder.start(tmp_path / "film.mp4")
    recorder.add([(GREY, ()), (GREY, (BOX,))])
    with qtbot.waitSignal(recorder.saved):
        recorder.stop()
    with open_camera(tmp_path / "film.mp4") as video:
        frame = video.read()
    assert frame is not None
    assert frame.pixels.shape == (48, 128, 3)


def test_without_a_picture_there_is_no_video(recorder: Recorder, tmp_path: Path) -> None:
    recorder.start(tmp_path / "film.mp4")
    recorder.shut_down()
    assert not list(tmp_path.glob("*film*"))


def test_disk_that_fills_up_ends_the_recording_and_keeps_it(
    qtbot: QtBot,
    recorder: Recorder,
    clock: Clock,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    usage = shutil.disk_usage(tmp_path)
    left = iter([usage.free] + [1000] * 9)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage._replace(free=next(left)))
    recorder.start(tmp_path / "film.mp4")
    with qtbot.waitSignals([recorder.failed, recorder.saved], order="strict"):
        for _ in range(4):
            recorder.add([(GREY, ())])
            clock.now += 1.0
    qtbot.waitUntil(lambda: not recorder.active)
    with open_camera(tmp_path / "film.mp4") as video:
        assert video.read() is not None


def test_folder_that_cannot_be_written_is_told(
    qtbot: QtBot, recorder: Recorder, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("in the way")
    with qtbot.waitSignal(recorder.failed) as failed:
        recorder.start(tmp_path / "file" / "film.mp4")
    assert isinstance(failed.args[0], UserError)
    assert not recorder.active
