"""The model file computes what Keras's network does, and Keras's file opens by itself."""

from __future__ import annotations

import importlib.resources
import subprocess
import sys
import zipfile

import numpy as np
import pytest

from facegui.core.images import Pixels, decode_picture
from facegui.ml.detection import Detector
from facegui.ml.export import to_litert
from facegui.ml.model_file import read_model_file
from tests.ml.conftest import SETTINGS, Trained, build_small_network

pytestmark = pytest.mark.slow


@pytest.fixture
def photo() -> Pixels:
    data = importlib.resources.files("skimage.data").joinpath("astronaut.png").read_bytes()
    return decode_picture(data)


def test_model_file_gives_what_the_network_gives(trained: Trained, photo: Pixels) -> None:
    import keras

    network = keras.models.load_model(trained.run.folder / "model.keras")
    detector = Detector(trained.run.model_path)
    size = SETTINGS.input_size
    random = np.random.default_rng(0).integers(0, 256, (size, size, 3), np.uint8)
    for pixels in (photo[:size, :size], random, np.zeros_like(random)):
        expected = network(pixels[None].astype(np.float32))
        found = detector.outputs(pixels)
        assert found.keys() == {"face", "box"}
        for name, value in found.items():
            np.testing.assert_allclose(value, np.asarray(expected[name])[0], atol=1e-4)


def test_keras_file_holds_neither_optimizer_nor_loss(trained: Trained) -> None:
    """It opens without FaceGUI, in a Python that has Keras alone."""
    path = trained.run.folder / "model.keras"
    with zipfile.ZipFile(path) as archive:
        assert b"localization_loss" not in archive.read("config.json")
        weights = archive.getinfo("model.weights.h5").file_size
    parameters = sum(array.size for array in load_weights(path))
    assert weights < 1.2 * 4 * parameters + 100_000


def load_weights(path: object) -> list[np.ndarray]:
    import keras

    weights: list[np.ndarray] = keras.models.load_model(path).get_weights()
    return weights


def test_converting_prints_nothing(capfd: pytest.CaptureFixture[str]) -> None:
    """Standard output belongs to `--json`."""
    litert = to_litert(build_small_network(SETTINGS))
    assert litert[4:8] == b"TFL3"
    assert capfd.readouterr().out == ""


def test_other_programs_load_the_model_file_as_it_is(trained: Trained) -> None:
    from ai_edge_litert.interpreter import Interpreter

    interpreter = Interpreter(model_path=str(trained.run.model_path))
    interpreter.allocate_tensors()
    assert set(interpreter.get_signature_runner().get_output_details()) == {"face", "box"}
    litert, description = read_model_file(trained.run.model_path)
    assert litert[4:8] == b"TFL3"
    assert description.network == "classic"
    assert description.preprocessing == "RGB minus ImageNet's mean"
    assert description.threshold == trained.run.card()["val"]["threshold"]


def test_detecting_never_loads_tensorflow(trained: Trained) -> None:
    program = (
        "import sys\n"
        "from pathlib import Path\n"
        "import numpy as np\n"
        "from facegui.ml.detection import Detector\n"
        "detector = Detector.for_run(Path(sys.argv[1]))\n"
        "detector.detect(np.zeros((48, 64, 3), np.uint8), 0.0)\n"
        "loaded = {name.partition('.')[0] for name in sys.modules}\n"
        "assert not loaded & {'tensorflow', 'keras', 'PySide6'}, loaded\n"
    )
    command = [sys.executable, "-c", program, str(trained.project_folder)]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
