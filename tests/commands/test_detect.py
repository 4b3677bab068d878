"""facegui detect: videos, folders and cameras, without a window."""

from __future__ import annotations

import csv
import itertools
import json
import signal
from pathlib import Path
from typing import Any, Self

import numpy as np
import pytest

from facegui.commands.console import Console
from facegui.commands.detect_source import Source
from facegui.commands.main import main
from facegui.core.boxes import Box, Detection
from facegui.core.camera_errors import CameraStalledError, CameraUnpluggedError
from facegui.core.cameras import open_camera
from facegui.core.errors import UserError
from facegui.core.images import Pixels, read_picture, write_picture
from facegui.core.photo_library import PhotoState
from facegui.core.progress import StopToken
from facegui.core.project import Project
from facegui.core.video_writing import VideoWriter
from facegui.ml.detection import Detector
from tests.commands.conftest import RunJson

SURE = Detection(Box(5, 5, 25, 30), 0.9)
NOISE = np.random.default_rng(0).integers(0, 256, (48, 64, 3), np.uint8)
FRAMES = 40


class FakeDetector:
    threshold = 0.4

    @classmethod
    def for_run(cls, path: Path, **_: Any) -> Self:
        assert path.exists()
        return cls()

    def detect(self, pixels: Pixels, threshold: float | None = None) -> tuple[Detection, ...]:  # noqa: ARG002
        return (SURE,)


@pytest.fixture(autouse=True)
def _fake_detector(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Detector, "for_run", FakeDetector.for_run)


@pytest.fixture
def film(tmp_path: Path) -> Path:
    path = tmp_path / "film.mp4"
    with VideoWriter(path, 30) as video:
        for _ in range(FRAMES):
            video.write(NOISE)
    return path


def test_json_is_one_document_with_a_line_for_every_frame(
    film: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["detect", str(film), "--run", str(tmp_path), "--json"]) == 0
    out = capsys.readouterr().out
    document = json.loads(out)
    assert document["threshold"] == 0.4
    assert [one["frame"] for one in document["pictures"]] == list(range(FRAMES))
    lines = [json.loads(line) for line in out.splitlines() if line.startswith('{"source"')]
    assert lines == document["pictures"]
    face = document["pictures"][7]["faces"][0]
    assert face.keys() == {"id", "x0", "y0", "x1", "y1", "confidence", "carried"}
    assert (face["id"], face["x1"]) == (1, 25)


def test_failure_after_some_frames_is_still_one_document(
    film: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    class Breaking(FakeDetector):
        left = 3

        def detect(self, pixels: Pixels, threshold: float | None = None) -> Any:
            self.left -= 1
            if self.left < 0:
                raise CameraUnpluggedError("film")
            return super().detect(pixels, threshold)

    monkeypatch.setattr(Detector, "for_run", lambda *_, **__: Breaking())
    assert main(["detect", str(film), "--run", str(tmp_path), "--json"]) == 1
    document = json.loads(capsys.readouterr().out)
    assert len(document["pictures"]) == 3
    assert "stopped" in document["error"]["what"]


def test_save_gives_video_csv_and_json(film: Path, tmp_path: Path, run_json: RunJson) -> None:
    saved = tmp_path / "saved"
    document = run_json("detect", film, "--run", tmp_path, "--save", saved)
    assert document["pictures"][0]["saved"] == str(saved / "film.mp4")
    with (saved / "film.csv").open(encoding="utf-8") as stream:
        assert len(list(csv.DictReader(stream))) == FRAMES
    kept = json.loads((saved / "film.json").read_text("utf-8"))
    assert [one["faces"] for one in kept["pictures"]] == [
        one["faces"] for one in document["pictures"]
    ]


def test_record_is_one_video_of_all_sources(film: Path, tmp_path: Path, run_json: RunJson) -> None:
    write_picture(tmp_path / "one.png", NOISE)
    target = tmp_path / "new" / "all.mp4"
    run_json("detect", film, film, tmp_path / "one.png", "--run", tmp_path, "--record", target)
    assert frames_in(target) == 2 * FRAMES + 1


@pytest.fixture
def full_after_five(monkeypatch: pytest.MonkeyPatch) -> None:
    """A disk on which no video takes more than five pictures."""
    write, count = VideoWriter.write, itertools.count()

    def write_a_few(self: VideoWriter, pixels: Pixels) -> None:
        if next(count) >= 5:
            raise UserError("The disk is nearly full.", "Make room.")
        write(self, pixels)

    monkeypatch.setattr(VideoWriter, "write", write_a_few)


def frames_in(video: Path) -> int:
    with open_camera(video) as camera:
        return len(list(iter(camera.read, None)))


@pytest.mark.parametrize("times", [1, 2])
def test_recording_until_the_disk_was_full_is_kept(
    film: Path,
    tmp_path: Path,
    times: int,
    capsys: pytest.CaptureFixture[str],
    request: pytest.FixtureRequest,
) -> None:
    request.getfixturevalue("full_after_five")
    target = tmp_path / "all.mp4"
    words = ["detect", *[str(film)] * times, "--run", str(tmp_path), "--record", str(target)]
    assert main([*words, "--json"]) == 1
    captured = capsys.readouterr()
    assert "nearly full" in json.loads(captured.out)["error"]["what"]
    assert "What was recorded until then is in" in captured.err
    assert frames_in(target) == 5


def test_source_that_fails_leaves_no_data_that_looks_whole(
    film: Path, tmp_path: Path, run_json: RunJson, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Breaking(FakeDetector):
        left = 3

        def detect(self, pixels: Pixels, threshold: float | None = None) -> Any:
            self.left -= 1
            if self.left == 0:
                raise CameraUnpluggedError("film")
            return super().detect(pixels, threshold)

    monkeypatch.setattr(Detector, "for_run", lambda *_, **__: Breaking())
    saved = tmp_path / "saved"
    document = run_json("detect", film, film, "--run", tmp_path, "--save", saved)
    assert [one["source"] for one in document["skipped"]] == [str(film)]
    assert {path.name for path in saved.iterdir()} == {"film.mp4", "film.csv", "film.json"}
    assert frames_in(saved / "film.mp4") == FRAMES


def test_pictures_that_cannot_be_read_are_in_the_document(
    tmp_path: Path, run_json: RunJson
) -> None:
    pictures = tmp_path / "pictures"
    pictures.mkdir()
    write_picture(pictures / "good.png", NOISE)
    (pictures / "bad.png").write_bytes(b"no picture")
    document = run_json("detect", pictures, "--run", tmp_path)
    (skipped,) = document["skipped"]
    assert skipped["source"] == str(pictures / "bad.png")
    assert skipped["reason"]


def test_record_has_to_be_mp4(
    film: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["detect", str(film), "--run", str(tmp_path), "--record", "film.avi"]) == 1
    assert ".mp4" in capsys.readouterr().err


def test_blur_and_mirror_act_on_what_is_written_alone(tmp_path: Path, run_json: RunJson) -> None:
    write_picture(tmp_path / "one.png", NOISE)
    words = ("detect", tmp_path / "one.png", "--run", tmp_path, "--save")
    plain = run_json(*words, tmp_path / "a")
    other = run_json(*words, tmp_path / "b", "--blur", "--mirror")
    assert plain["pictures"][0]["faces"] == other["pictures"][0]["faces"]
    drawn = read_picture(tmp_path / "b" / "one.jpg").astype(int)[:, ::-1]
    assert np.abs(np.diff(drawn[10:26, 10:20], axis=1)).mean() < 40  # of 85
    grey = drawn[36:, 36:].mean(axis=2) - NOISE[36:, 36:].mean(axis=2)
    assert np.abs(grey).mean() < 25


def test_compared_run_stands_beside(film: Path, tmp_path: Path, run_json: RunJson) -> None:
    saved = tmp_path / "saved"
    words = ("detect", film, "--run", tmp_path, "--compare", tmp_path, "--save", saved)
    document = run_json(*words)
    assert document["pictures"][0]["compared"] == document["pictures"][0]["faces"]
    with open_camera(saved / "film.mp4") as video:
        frame = video.read()
    assert frame is not None
    assert frame.pixels.shape == (48, 128, 3)


def test_what_either_run_finds_is_blurred_on_both_sides(
    tmp_path: Path, run_json: RunJson, monkeypatch: pytest.MonkeyPatch
) -> None:
    boxes = [Box(5, 5, 25, 30), Box(40, 5, 60, 30)]
    found = [(Detection(box, 0.9),) for box in boxes]

    class Finds(FakeDetector):
        def __init__(self) -> None:
            detections = found.pop()
            self.detect = lambda *_: detections  # type: ignore[method-assign]

    monkeypatch.setattr(Detector, "for_run", Finds.for_run)
    write_picture(tmp_path / "one.png", NOISE)
    words = ("--run", tmp_path, "--compare", tmp_path, "--save", tmp_path / "a", "--blur")
    run_json("detect", tmp_path / "one.png", *words)
    drawn = read_picture(tmp_path / "a" / "one.jpg").astype(int)
    for left in (0, 64):
        for box in boxes:
            part = drawn[10:26, left + int(box.x0) + 5 : left + int(box.x1) - 5]
            assert np.abs(np.diff(part, axis=1)).mean() < 40  # of 85


def test_keep_puts_a_picture_a_second_into_a_project_with_drafts(
    film: Path, tmp_path: Path, run_json: RunJson
) -> None:
    folder = tmp_path / "project"
    Project.create(folder).close()
    run_json("detect", film, "--run", tmp_path, "--keep", folder, "--every", "0.5")
    with Project.open(folder) as project:
        assert len(project.photos) == 3
        for photo in project.photos:
            assert project.state(photo) is PhotoState.UNLABELLED
            draft = project.drafts.draft(photo)
            assert draft is not None
            assert draft.boxes == (SURE.box,)


def test_video_that_cannot_be_read_is_said_in_the_document(
    film: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    broken = tmp_path / "broken.mp4"
    broken.write_bytes(film.read_bytes()[: film.stat().st_size // 2])
    code = main(["detect", str(broken), "--run", str(tmp_path), "--json"])
    captured = capsys.readouterr()
    document = json.loads(captured.out)
    assert code == 1
    assert "damaged" in document["error"]["what"]


def press_ctrl_c(monkeypatch: pytest.MonkeyPatch, *frames: int) -> None:
    """Has Ctrl+C pressed while these frames are looked at, counted from 1."""

    class Pressed(FakeDetector):
        count = 0

        def detect(self, pixels: Pixels, threshold: float | None = None) -> Any:
            self.count += 1
            for _ in range(frames.count(self.count)):
                signal.raise_signal(signal.SIGINT)
            return super().detect(pixels, threshold)

    monkeypatch.setattr(Detector, "for_run", lambda *_, **__: Pressed())


def test_ctrl_c_twice_keeps_the_recording_alone(
    film: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    press_ctrl_c(monkeypatch, 8, 8)
    saved, target = tmp_path / "saved", tmp_path / "all.mp4"
    words = ["detect", str(film), "--run", str(tmp_path), "--save", str(saved)]
    assert main([*words, "--record", str(target)]) == 1
    assert "What was recorded until then" in capsys.readouterr().err
    assert frames_in(target) == 7  # each is written when the next one comes
    assert list(saved.iterdir()) == []


def test_ctrl_c_ends_the_search_with_what_was_found(
    film: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    press_ctrl_c(monkeypatch, 3)
    saved = tmp_path / "saved"
    words = ["detect", str(film), str(film), "--run", str(tmp_path), "--save", str(saved)]
    assert main([*words, "--json"]) == 0
    captured = capsys.readouterr()
    assert len(json.loads(captured.out)["pictures"]) == 3
    assert "Ending with what was found so far" in captured.err
    assert frames_in(saved / "film.mp4") == 3
    assert len(list(saved.iterdir())) == 3  # nothing of the film that nobody looked at


def test_unplugged_webcam_is_waited_for(
    make_camera: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    first, second = make_camera(), make_camera()
    cameras = [first, CameraUnpluggedError("Test camera"), second]

    def open_next(_: str) -> Any:
        camera = cameras.pop(0)
        if isinstance(camera, Exception):
            raise camera
        return camera

    first.send(time_s=60.0)
    first.fail(CameraStalledError("Test camera", 2.0))
    first.fail(CameraUnpluggedError("Test camera"))
    second.send(time_s=0.5)
    now_s = itertools.chain((100.0, 160.0), itertools.repeat(167.0))
    stop = StopToken()
    console = Console(as_json=True)
    with Source(
        "0", console, stop, open_camera=open_next, pauses_s=(0.0,), clock=lambda: next(now_s)
    ) as source:
        frames = source.frames()
        before = next(frames)
        after = next(frames)
        assert (before.number, before.time_s) == (0, 60.0)
        assert (after.number, after.time_s) == (1, 67.5)  # seven seconds without a camera
        assert first.closed.is_set()
        stop.finish()
        assert list(frames) == []
    err = capsys.readouterr().err
    assert "no picture for 2 seconds" in err
    assert "Waiting" in err
