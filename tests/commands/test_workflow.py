"""From the demo camera to boxes, by commands alone."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from facegui.commands.main import main
from facegui.core.images import read_picture
from tests.commands.conftest import RunJson

EVALUATION_KEYS = {
    "photos",
    "faces",
    "ap50",
    "ap75",
    "mean_iou",
    "precision",
    "recall",
    "threshold",
    "no_face_photos",
    "no_face_correct",
}


def test_training_without_labels_says_what_to_do(
    tmp_path: Path, run_json: RunJson, capsys: pytest.CaptureFixture[str]
) -> None:
    run_json("new", tmp_path / "mine")
    assert main(["train", str(tmp_path / "mine")]) == 1
    assert "no photos" in capsys.readouterr().err


def test_detecting_without_a_model_says_what_to_do(
    demo: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    photo = next((demo / "photos").iterdir())
    assert main(["detect", str(photo), "--run", str(demo)]) == 1
    assert "Train one first" in capsys.readouterr().err


@pytest.mark.slow
def test_demo_project_from_photos_to_boxes(
    demo: Path, tmp_path: Path, run_json: RunJson, capsys: pytest.CaptureFixture[str]
) -> None:
    run_json("augment", demo, "--copies", "1")
    trained = run_json(
        *("train", demo, "--preset", "classic", "--weights", "random"),
        *("--epochs", "1", "--input-size", "32", "--seed", "1"),
    )
    assert Path(trained["run"], "model.tflite").is_file()

    evaluated = run_json("evaluate", demo)
    assert evaluated.keys() >= EVALUATION_KEYS
    other = run_json("evaluate", demo, "--photos", demo, "--run", Path(trained["run"]).name)
    assert other["photos"] == 16

    exported = run_json("export", demo, "--format", "onnx", tmp_path / "out")
    assert Path(exported["path"]).is_file()
    assert exported["compared_with_trained"]["photos"] == exported["test"]["photos"]

    photos = sorted((demo / "photos").iterdir())
    saved = tmp_path / "saved"
    words = ["detect", *map(str, photos[:2]), "--run", str(demo), "--save", str(saved)]
    detected = run_json(*words, "--threshold", "0")
    assert [picture["source"] for picture in detected["pictures"]] == list(map(str, photos[:2]))
    for picture in detected["pictures"]:
        assert (picture["width"], picture["height"]) == (640, 480)
        assert read_picture(Path(picture["saved"])).shape == (480, 640, 3)
        for face in picture["faces"]:
            assert face.keys() == {"x0", "y0", "x1", "y1", "confidence"}
            assert 0 <= face["x0"] < face["x1"] <= 640

    words = ["detect", "demo", "--run", trained["run"], "--save", str(saved), "--frames", "5"]
    assert main([*words, "--json"]) == 0
    video = json.loads(capsys.readouterr().out)
    assert len(video["pictures"]) == 5
    assert len(run_json("detect", next(saved.glob("*.mp4")), "--run", demo)["pictures"]) == 5
