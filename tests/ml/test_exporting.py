"""An export is checked again, says how good it is, and runs without FaceGUI."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from facegui.core.boxes import Box, Detection
from facegui.core.errors import Cancelled, UserError
from facegui.core.images import read_picture
from facegui.core.progress import Progress, StopToken, ignore_progress
from facegui.core.project import Project
from facegui.core.runs import Run
from facegui.core.splits import Split
from facegui.ml import exporting
from facegui.ml.detection import Detector
from facegui.ml.export_example import example_files
from facegui.ml.export_formats import FORMATS, ExportFormat, size_and_digest
from facegui.ml.exporting import Exported, export_run
from facegui.ml.model_file import ModelDescription, read_model_file
from tests.ml.conftest import SETTINGS, Trained

pytestmark = pytest.mark.slow

SIDE = SETTINGS.input_size


@pytest.fixture(scope="module")
def opened(trained: Trained) -> Iterator[Project]:
    with Project.open(trained.project_folder, read_only=True) as project:
        yield project


@pytest.fixture(scope="module")
def exports(
    trained: Trained, opened: Project, tmp_path_factory: pytest.TempPathFactory
) -> dict[ExportFormat, Exported]:
    """The same run in every format, all in one folder."""
    folder = tmp_path_factory.mktemp("exports")
    return {
        chosen: export_run(trained.run, opened, chosen, folder, ignore_progress, StopToken())
        for chosen in FORMATS
    }


@pytest.mark.parametrize("chosen", FORMATS)
def test_card_says_what_it_is_and_how_good(
    exports: dict[ExportFormat, Exported], trained: Trained, chosen: ExportFormat
) -> None:
    exported = exports[chosen]
    card = json.loads(exported.card.read_text("utf-8"))
    assert card["format"] == chosen
    assert (card["bytes"], card["sha256"]) == size_and_digest(exported.path)
    assert card["run"] == trained.run.name
    model, test = card["model"], card["test"]
    assert (model["input_width"], model["class_name"]) == (SIDE, "face")
    assert model["preprocessing"] == "RGB minus ImageNet's mean"
    assert model["versions"].keys() >= {"facegui", "keras", "tensorflow"}
    assert test["photos"] == trained.run.card()["test"]["photos"]
    assert test["ap50"] == pytest.approx(trained.run.card()["test"]["ap50"], abs=0.01)
    compared = card["compared_with_trained"]
    assert compared["photos"] == test["photos"]
    if compared["largest_shift"] is not None:
        assert compared["largest_shift"] < (0.02 if "int8" in chosen else 1e-4)


@pytest.mark.parametrize("chosen", FORMATS)
def test_words_say_the_same(exports: dict[ExportFormat, Exported], chosen: ExportFormat) -> None:
    words = exports[chosen].words.read_text("utf-8")
    for part in (FORMATS[chosen].file, exports[chosen].example.name, f"{SIDE} x {SIDE}"):
        assert part in words
    assert "3 test photos" in words or "No test photo" in words
    assert "Compared with the trained network" in words or "no face to compare" in words


@pytest.mark.parametrize("chosen", FORMATS)
def test_example_prints_the_boxes_that_the_program_finds(
    exports: dict[ExportFormat, Exported],
    trained: Trained,
    opened: Project,
    tmp_path: Path,
    chosen: ExportFormat,
) -> None:
    folder = Path(shutil.copytree(exports[chosen].path.parent, tmp_path / "taken along"))
    example = folder / exports[chosen].example.name
    text = example.read_text("utf-8")
    assert len(text.splitlines()) < 50
    # An untrained network is sure of nothing: all that it finds counts here.
    example.write_text(re.sub(r"THRESHOLD = \S+", "THRESHOLD = 0.0", text), "utf-8")
    photos = [sample.photo.path for sample in opened.samples(Split.TEST)]
    without_us = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    done = subprocess.run(
        [sys.executable, "-I", "-c", _ISOLATED, str(example), *map(str, photos)],
        capture_output=True, text=True, check=False, env=without_us,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    detector = Detector(trained.run.model_path)
    lines = done.stdout.splitlines()
    expected = [(path, face) for path in photos for face in detector.detect(read_picture(path), 0)]
    assert len(lines) == len(expected) > 0
    for line, (path, face) in zip(lines, expected, strict=True):
        name, confidence, *corners = line.rsplit(" ", 5)
        assert name == str(path)
        assert float(confidence) == pytest.approx(face.confidence, abs=0.02)
        assert [float(value) for value in corners] == pytest.approx(face.box.corners, abs=4.0)


@pytest.mark.parametrize("content", [None, b"no picture"])
def test_example_says_what_it_cannot_read(
    exports: dict[ExportFormat, Exported], tmp_path: Path, content: bytes | None
) -> None:
    path = tmp_path / "gesicht-ä.jpg"
    if content is not None:
        path.write_bytes(content)
    example = exports[ExportFormat.LITERT].example
    done = subprocess.run(
        [sys.executable, str(example), str(path)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert "is no picture that can be read" in done.stderr
    assert "Traceback" not in done.stderr


_ISOLATED = """
import runpy, sys
sys.modules["facegui"] = None  # as where it is not installed
sys.argv = sys.argv[1:]
sys.path.insert(0, sys.argv[0].rpartition("/")[0])
runpy.run_path(sys.argv[0], run_name="__main__")
"""


def test_example_of_a_dense_network_decodes_as_the_program_does(tmp_path: Path) -> None:
    description = ModelDescription("dense", "dense", 32, 32, 0.5)
    for name, text in example_files(ExportFormat.ONNX, description).items():
        (tmp_path / name).write_text(text, "utf-8")
    assert "decode_dense(outputs, THRESHOLD)" in (tmp_path / "example_onnx.py").read_text("utf-8")
    program = (
        "import sys; sys.modules['facegui'] = None; sys.path.insert(0, sys.argv[1])\n"
        "import numpy as np\n"
        "from facegui_decoding import decode_dense\n"
        "face = np.zeros((3, 3, 1)); face[1, 1] = 0.9\n"
        "outputs = {'face': face, 'box': np.full((3, 3, 4), 0.25)}\n"
        "print(decode_dense(outputs, 0.5)[0].box.corners)\n"
    )
    command = [sys.executable, "-c", program, str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.stdout == "(0.25, 0.25, 0.75, 0.75)\n", done.stderr


def test_exported_litert_is_a_complete_model_file(
    exports: dict[ExportFormat, Exported], trained: Trained
) -> None:
    for chosen, path in (
        (ExportFormat.LITERT, trained.run.model_path),
        (ExportFormat.LITERT_INT8, trained.run.int8_path),
    ):
        assert read_model_file(exports[chosen].path)[1] == read_model_file(path)[1]
        Detector(exports[chosen].path)


def test_onnx_holds_its_description(exports: dict[ExportFormat, Exported]) -> None:
    import onnxruntime

    session = onnxruntime.InferenceSession(str(exports[ExportFormat.ONNX].path))
    description = json.loads(session.get_modelmeta().custom_metadata_map["facegui"])
    assert ModelDescription(**description).input_width == SIDE


def test_moved_box_shows_on_the_card(
    trained: Trained, opened: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The comparison is one of what was written, not of what should have been."""
    shown = iter([0.0, 0.1])

    def decode(_outputs: Any, _lowest: float) -> tuple[Detection, ...]:
        return (Detection(Box(0.2, 0.2, 0.5 + off, 0.6), 0.99),)

    found = exporting._found

    def one_moves(*arguments: Any) -> Any:
        nonlocal off
        off = next(shown)
        return found(*arguments)

    off = 0.0
    monkeypatch.setattr(exporting, "DECODERS", {"single-box": decode})
    monkeypatch.setattr(exporting, "_found", one_moves)
    exported = export_run(
        trained.run, opened, ExportFormat.LITERT, tmp_path, ignore_progress, StopToken()
    )
    assert exported.fidelity.largest_shift == pytest.approx(0.1)
    assert "10.00% of the photo" in exported.words.read_text("utf-8")


def test_photos_that_are_no_test_are_left_out_and_told(trained: Trained, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(trained.project_folder, tmp_path / "demo"))
    with Project.open(folder) as project:
        learned = [sample.photo.name for sample in project.samples(Split.TRAIN)]
        project.give_splits(dict.fromkeys(learned[:5], Split.TEST))
        tested = [s.photo for s in project.samples(Split.TEST) if s.photo.name not in learned]
        tested[0].path.write_bytes(b"no picture")
        run = Run(folder / "runs" / trained.run.name)
        where = tmp_path / "out"
        exported = export_run(
            run, project, ExportFormat.LITERT, where, ignore_progress, StopToken()
        )
    assert exported.scores.photos == len(tested) - 1
    card = json.loads(exported.card.read_text("utf-8"))
    assert card["left_out_of_test"] == {"known": 5, "unreadable": 1}
    words = exported.words.read_text("utf-8")
    assert "Left out of the test photos: 5 that it has learned from, 1 gone or damaged." in words


def test_older_run_gets_its_int8_model_first(
    trained: Trained, opened: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = Run(shutil.copytree(trained.run.folder, tmp_path / "run"))
    (run.folder / "model-int8.json").unlink()
    asked: list[Run] = []

    def make(run: Run, *_: Any) -> None:
        asked.append(run)

    monkeypatch.setattr(exporting, "make_int8", make)
    where = tmp_path / "out"
    export_run(run, opened, ExportFormat.LITERT_INT8, where, ignore_progress, StopToken())
    assert asked == [run]


@pytest.mark.parametrize("moment", ["Writing", "Testing", "Comparing"])
def test_cancelled_leaves_nothing(
    trained: Trained, opened: Project, tmp_path: Path, moment: str
) -> None:
    stop = StopToken()

    def cancel(progress: Progress) -> None:
        if progress.text.startswith(moment):
            stop.cancel()

    with pytest.raises(Cancelled):
        export_run(trained.run, opened, ExportFormat.KERAS, tmp_path, cancel, stop)
    assert list(tmp_path.iterdir()) == []


def test_run_that_lost_its_network_is_told(
    trained: Trained, opened: Project, tmp_path: Path
) -> None:
    run = Run(shutil.copytree(trained.run.folder, tmp_path / "run"))
    (run.folder / "model.keras").unlink()
    out = tmp_path / "out"
    with pytest.raises(UserError, match=r"model\.keras of the run run cannot be opened"):
        export_run(run, opened, ExportFormat.ONNX, out, ignore_progress, StopToken())
    assert list(out.iterdir()) == []


def test_place_that_cannot_be_written_is_explained(
    trained: Trained, opened: Project, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("in the way", "utf-8")
    with pytest.raises(UserError, match="Exporting the model did not work"):
        export_run(
            trained.run, opened, ExportFormat.LITERT, tmp_path / "file", ignore_progress,
            StopToken(),
        )  # fmt: skip


def test_exporting_again_replaces_what_was_there(
    exports: dict[ExportFormat, Exported], trained: Trained, opened: Project
) -> None:
    exported = exports[ExportFormat.SAVED_MODEL]
    before = {path.name for path in exported.path.parent.iterdir()}
    (exported.path / "older").write_text("x", "utf-8")
    export_run(
        trained.run, opened, ExportFormat.SAVED_MODEL, exported.path.parent, ignore_progress,
        StopToken(),
    )  # fmt: skip
    assert {path.name for path in exported.path.parent.iterdir()} == before
    assert not (exported.path / "older").exists()
