"""The int8 model: made with a run or later, as good as the trained one, or not used."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from facegui.core.errors import Cancelled, UserError
from facegui.core.fidelity import Fidelity
from facegui.core.files import write_json
from facegui.core.progress import StopToken, ignore_progress
from facegui.core.project import Project
from facegui.core.runs import Precision, Run
from facegui.ml import int8
from facegui.ml.detection import Detector
from facegui.ml.export import load_network, save_network, to_litert_int8
from facegui.ml.litert import load_interpreter
from facegui.ml.model_file import read_model_file
from tests.ml.conftest import SETTINGS, Trained, build_small_network

pytestmark = pytest.mark.slow


@pytest.fixture
def older(trained: Trained, tmp_path: Path) -> Run:
    """The run as a version that knew no int8 left it."""
    run = Run(shutil.copytree(trained.run.folder, tmp_path / trained.run.name))
    run.int8_path.unlink()
    (run.folder / "model-int8.json").unlink()
    return run


@pytest.fixture
def opened(trained: Trained) -> Iterator[Project]:
    with Project.open(trained.project_folder, read_only=True) as project:
        yield project


def test_run_has_an_int8_model_that_says_what_it_is(trained: Trained) -> None:
    run = trained.run
    assert run.has_int8
    litert, description = read_model_file(run.int8_path)
    float32, other = read_model_file(run.model_path)
    assert description == replace(other, precision="int8")
    assert len(litert) < len(float32)
    card = run.int8_card()
    assert card["bytes"] == len(litert)
    assert card["photos"] == run.card()["val"]["photos"]
    assert card["trained_ap50"] == run.card()["val"]["ap50"]


def test_int8_gives_nearly_what_float_gives(trained: Trained) -> None:
    one, other = Detector(trained.run.int8_path), Detector(trained.run.model_path)
    pixels = np.random.default_rng(0).integers(0, 256, (48, 64, 3), np.uint8)
    for name, value in other.outputs(pixels).items():
        found = one.outputs(pixels)[name]
        assert found.dtype == np.float32
        np.testing.assert_allclose(found, value, atol=0.02)


def test_faithful_int8_is_what_detects(older: Run, trained: Trained) -> None:
    run = Run(shutil.copytree(trained.run.folder, older.folder.parent / "other"))
    write_json(run.folder / "model-int8.json", {"faithful": True})
    assert Detector.for_run(run.folder).description.precision == "int8"
    by_choice = Detector.for_run(run.folder, precision=Precision.FLOAT32)
    assert by_choice.description.precision == "float32"
    write_json(run.folder / "model-int8.json", {"faithful": False})
    assert Detector.for_run(run.folder).description.precision == "float32"
    (run.folder / "model-int8.json").write_text("{", "utf-8")
    assert Detector.for_run(run.folder).description.precision == "float32"


def test_older_run_detects_in_float_and_gets_an_int8_on_demand(
    older: Run, trained: Trained, opened: Project
) -> None:
    assert not older.has_int8
    assert Detector.for_run(older.folder).description.precision == "float32"
    fidelity = int8.make_int8(older, opened, ignore_progress, StopToken())
    assert older.has_int8
    assert fidelity.to_json() == {
        key: value for key, value in older.int8_card().items() if key in fidelity.to_json()
    }
    assert older.int8_path.read_bytes()[:1000] == trained.run.int8_path.read_bytes()[:1000]


def test_ranges_are_measured_on_examples() -> None:
    network = build_small_network(SETTINGS)
    examples = [np.full((32, 32, 3), 60 * index, np.uint8) for index in range(4)]
    assert known_ranges(to_litert_int8(network, examples)) > known_ranges(to_litert_int8(network))


def known_ranges(litert: bytes) -> int:
    """Of how many values between the layers, all float32 in themselves, the range is fixed."""
    interpreter = load_interpreter(litert, 1)
    return sum(
        len(tensor["shape"]) == 4 and tensor["shape"][0] == 1 and tensor["dtype"] == np.int8
        for tensor in interpreter.get_tensor_details()
    )


EACH, TRAINING = "each picture", "training photos"


@pytest.mark.parametrize(
    ("ap50s", "kept", "ranges"),
    [
        ([0.895], 0.895, EACH),  # near enough: nothing else is tried
        ([0.8, 0.895], 0.895, TRAINING),
        ([0.7, 0.5], 0.7, EACH),
    ],
)
def test_calibrated_only_where_the_first_way_does_not_hold(
    older: Run,
    trained: Trained,
    opened: Project,
    monkeypatch: pytest.MonkeyPatch,
    ap50s: list[float],
    kept: float,
    ranges: str,
) -> None:
    litert, _ = read_model_file(trained.run.int8_path)
    judged = iter([Fidelity(4, 4, 0, ap50, 0.9, 0.0, 0.0) for ap50 in ap50s])
    shown: list[int] = []

    def convert(_network: Any, examples: Any) -> bytes:
        shown.append(len(examples))
        return litert

    monkeypatch.setattr(int8, "compare", lambda *_: next(judged))
    monkeypatch.setattr(int8, "to_litert_int8", convert)
    int8.make_int8(older, opened, ignore_progress, StopToken())
    card = older.int8_card()
    assert (card["ap50"], card["ranges_from"]) == (kept, ranges)
    assert shown == [0, int8.CALIBRATION_PHOTOS][: len(ap50s)]
    assert card["faithful"] == (kept == 0.895)
    used = Detector.for_run(older.folder).description.precision
    assert used == ("int8" if card["faithful"] else "float32")


def test_cancelled_leaves_the_run_as_it_was(older: Run, opened: Project) -> None:
    stop = StopToken()

    def cancel_late(progress: Any) -> None:
        if progress.text.startswith("Making"):
            stop.cancel()

    with pytest.raises(Cancelled):
        int8.make_int8(older, opened, cancel_late, stop)
    assert not older.has_int8
    assert older.complete


def test_network_with_code_in_it_is_refused_and_not_run(
    older: Run, opened: Project, tmp_path: Path
) -> None:
    import keras

    picture = keras.Input((32, 32, 3))
    marker = str(tmp_path / "it ran")
    evil = keras.layers.Lambda(lambda x: (open(marker, "w").close(), x)[1])  # noqa: PTH123
    keras.Model(picture, evil(picture)).save(older.folder / "model.keras")
    Path(marker).unlink()
    with pytest.raises(UserError, match="cannot be opened") as caught:
        int8.make_int8(older, opened, ignore_progress, StopToken())
    assert "Lambda" in caught.value.details
    assert not Path(marker).exists()


@pytest.mark.parametrize("change", ["module", "registered_name"])
def test_network_of_others_classes_is_refused(tmp_path: Path, change: str) -> None:
    path = tmp_path / "model.keras"
    save_network(build_small_network(SETTINGS), path)
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    config = json.loads(parts["config.json"])
    config["config"]["layers"][1][change] = "os" if change == "module" else "os>Rescaling"
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in (parts | {"config.json": json.dumps(config).encode()}).items():
            archive.writestr(name, data)
    with pytest.raises(UserError, match="cannot be opened"):
        load_network(path)


@pytest.mark.parametrize("damage", ["gone", "cut", "noise"])
def test_damaged_network_is_refused(tmp_path: Path, damage: str) -> None:
    path = tmp_path / "model.keras"
    save_network(build_small_network(SETTINGS), path)
    data = path.read_bytes()
    if damage == "gone":
        path.unlink()
    else:
        path.write_bytes(data[: len(data) // 2] if damage == "cut" else b"x" * len(data))
    with pytest.raises(UserError, match="cannot be opened"):
        load_network(path)


def test_detecting_in_int8_never_loads_tensorflow(trained: Trained) -> None:
    program = (
        "import sys\n"
        "from pathlib import Path\n"
        "import numpy as np\n"
        "from facegui.ml.detection import Detector\n"
        "Detector(Path(sys.argv[1])).detect(np.zeros((48, 64, 3), np.uint8), 0.0)\n"
        "loaded = {name.partition('.')[0] for name in sys.modules}\n"
        "assert not loaded & {'tensorflow', 'keras', 'PySide6'}, loaded\n"
    )
    command = [sys.executable, "-c", program, str(trained.run.int8_path)]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
