"""Detecting with a model file: boxes in pixels, thresholds, models that do not fit."""

from __future__ import annotations

import threading
from pathlib import Path

import numpy as np
import pytest

from facegui.core.boxes import Box
from facegui.core.errors import UserError
from facegui.core.images import Pixels, read_picture
from facegui.core.runs import Precision
from facegui.ml import decoding
from facegui.ml.decoding import Outputs
from facegui.ml.detection import Detector
from facegui.ml.model_file import ModelDescription, read_model_file, write_model_file
from tests.ml.conftest import SETTINGS, Trained

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def detector(trained: Trained) -> Detector:
    return Detector(trained.run.model_path, threads=1)


@pytest.fixture
def sees(monkeypatch: pytest.MonkeyPatch, detector: Detector) -> Detector:
    """A detector whose network is sure by 0.75 of a box in the middle of every picture."""
    outputs: Outputs = {
        "face": np.array([0.75], np.float32),
        "box": np.array([0.25, 0.25, 0.75, 0.5], np.float32),
    }
    monkeypatch.setattr(detector, "outputs", lambda _: outputs)
    return detector


def picture(width: int, height: int) -> Pixels:
    return np.random.default_rng(width).integers(0, 256, (height, width, 3), np.uint8)


@pytest.mark.parametrize(("width", "height"), [(640, 480), (480, 640), (32, 32), (1000, 10)])
def test_boxes_are_in_pixels_of_the_picture(sees: Detector, width: int, height: int) -> None:
    (found,) = sees.detect(picture(width, height), 0.5)
    assert found.box == Box(0.25 * width, 0.25 * height, 0.75 * width, 0.5 * height)
    assert found.confidence == 0.75


def test_threshold_is_respected(sees: Detector) -> None:
    pixels = picture(64, 48)
    assert sees.detect(pixels, 0.75)
    assert sees.detect(pixels, 0.76) == ()
    assert sees.detect(pixels, 0.0)


def test_recommended_threshold_is_the_default(
    sees: Detector, monkeypatch: pytest.MonkeyPatch
) -> None:
    for threshold, expected in ((0.7, 1), (0.8, 0)):
        monkeypatch.setattr(sees, "description", sees.description.with_threshold(threshold))
        assert sees.threshold == threshold
        assert len(sees.detect(picture(64, 48))) == expected


def test_surest_face_comes_first(sees: Detector, monkeypatch: pytest.MonkeyPatch) -> None:
    def several(outputs: Outputs, lowest: float) -> tuple[decoding.Detection, ...]:
        (face,) = decoding.decode_single_box(outputs, lowest)
        return tuple(decoding.Detection(face.box, sure) for sure in (0.2, 0.9, 0.5))

    monkeypatch.setattr(sees, "_decode", several)
    assert [face.confidence for face in sees.detect(picture(64, 48), 0.0)] == [0.9, 0.5, 0.2]


@pytest.mark.parametrize("size", [(1, 1), (1, 300), (3000, 2)])
def test_tiny_and_thin_pictures_are_no_trouble(detector: Detector, size: tuple[int, int]) -> None:
    width, height = size
    for found in detector.detect(picture(width, height), 0.0):
        assert found.box.clipped(width, height) == found.box


def test_run_and_project_lead_to_the_model(trained: Trained) -> None:
    photo = read_picture(next((trained.project_folder / "photos").iterdir()))
    by_project = Detector.for_run(trained.project_folder).detect(photo, 0.0)
    assert by_project == Detector.for_run(trained.run.folder).detect(photo, 0.0)
    used = trained.run.model_for(Precision.INT8)
    assert by_project == Detector(used).detect(photo, 0.0)


def test_project_without_a_model_is_told(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no trained model"):
        Detector.for_run(tmp_path)


def test_two_detectors_work_in_two_threads(trained: Trained) -> None:
    pictures = [picture(40 + index, 30) for index in range(20)]
    expected = [Detector(trained.run.model_path).detect(pixels, 0.0) for pixels in pictures]
    found: list[list[object]] = [[], []]

    def work(results: list[object]) -> None:
        mine = Detector(trained.run.model_path, threads=1)
        results.extend(mine.detect(pixels, 0.0) for pixels in pictures)

    threads = [threading.Thread(target=work, args=(results,)) for results in found]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [expected, expected]


def described(path: Path, source: Path, **changes: object) -> Path:
    litert, description = read_model_file(source)
    values = {name: getattr(description, name) for name in ModelDescription.__slots__} | changes
    write_model_file(path, litert, ModelDescription(**values))
    return path


@pytest.mark.parametrize("name", ["input_width", "input_height"])
def test_size_that_is_not_the_models_is_refused(
    trained: Trained, tmp_path: Path, name: str
) -> None:
    path = described(
        tmp_path / "other.tflite", trained.run.model_path, **{name: SETTINGS.input_size + 1}
    )
    with pytest.raises(UserError, match="does not fit its description") as caught:
        Detector(path)
    assert "33" in caught.value.details


def test_outputs_that_are_not_the_decoders_are_refused(
    trained: Trained, monkeypatch: pytest.MonkeyPatch
) -> None:
    def dense(outputs: Outputs, _lowest: float) -> tuple[()]:
        outputs["heat"]
        return ()

    monkeypatch.setattr("facegui.ml.detection.DECODERS", {"single-box": dense})
    with pytest.raises(UserError, match="does not fit its description"):
        Detector(trained.run.model_path)


def test_network_that_cannot_run_is_told(trained: Trained, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("Node number 3 (CONV_2D) failed to invoke.")

    monkeypatch.setattr(Detector, "outputs", fail)
    with pytest.raises(UserError, match="does not fit its description"):
        Detector(trained.run.model_path)


def test_content_that_is_no_network_is_refused(trained: Trained, tmp_path: Path) -> None:
    litert, description = read_model_file(trained.run.model_path)
    path = tmp_path / "broken.tflite"
    write_model_file(path, litert[:8] + bytes(len(litert) - 8), description)
    with pytest.raises(UserError, match=r"broken\.tflite cannot be loaded"):
        Detector(path)
