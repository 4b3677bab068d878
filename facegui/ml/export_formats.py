"""The formats that a trained network can be exported in, and how each is run again."""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import shutil
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from facegui.core.cores import usable_cores
from facegui.core.runs import KERAS_NAME, Run
from facegui.ml.decoding import Outputs
from facegui.ml.export import load_network
from facegui.ml.litert import load_interpreter
from facegui.ml.model_file import ModelDescription
from facegui.ml.onnx_export import to_onnx

Batch = npt.NDArray[np.float32]
Predict = Callable[[Batch], Outputs]
"""Takes one picture, (1, height, width, 3) RGB 0..255; gives its outputs without that axis."""


class ExportFormat(StrEnum):
    """A format, by the name that the command line has for it."""

    LITERT = "litert"
    LITERT_INT8 = "litert-int8"
    ONNX = "onnx"
    KERAS = "keras"
    SAVED_MODEL = "saved-model"


@dataclass(frozen=True, slots=True)
class FormatFacts:
    """What there is to know of a format.

    Args:
        title: for people.
        good_for: one sentence, for people who have to choose.
        file: name of the exported file; of a folder for SavedModel.
        packages: what `pip install` has to bring to run it.
    """

    title: str
    good_for: str
    file: str
    packages: tuple[str, ...]


FORMATS: Mapping[ExportFormat, FormatFacts] = {
    ExportFormat.LITERT_INT8: FormatFacts(
        "LiteRT, int8",
        "For phones, small computers and live video: a quarter of the size, and the fastest.",
        "model-int8.tflite",
        ("ai-edge-litert",),
    ),
    ExportFormat.LITERT: FormatFacts(
        "LiteRT, float32",
        "For phones and small computers, exactly as trained.",
        "model.tflite",
        ("ai-edge-litert",),
    ),
    ExportFormat.ONNX: FormatFacts(
        "ONNX",
        "For programs in C++, C#, JavaScript and others: ONNX Runtime, OpenVINO, OpenCV.",
        "model.onnx",
        ("onnxruntime",),
    ),
    ExportFormat.KERAS: FormatFacts(
        "Keras",
        "For going on with the network in Python.",
        "model.keras",
        ("tensorflow",),
    ),
    ExportFormat.SAVED_MODEL: FormatFacts(
        "SavedModel",
        "For TensorFlow Serving and other programs of TensorFlow's.",
        "model-saved",
        ("tensorflow",),
    ),
}


def write_format(chosen: ExportFormat, run: Run, description: ModelDescription, path: Path) -> None:
    """Writes a run's network in a format.

    Args:
        chosen: which; for int8 the run must have its int8 model.
        run: complete.
        description: goes into the file where the format has room for it.
        path: of the new file or folder.

    Raises:
        UserError: when the run's network cannot be read, or not be written like this.
        OSError: when the disk is full.
    """
    if chosen is ExportFormat.LITERT:
        shutil.copyfile(run.model_path, path)
    elif chosen is ExportFormat.LITERT_INT8:
        shutil.copyfile(run.int8_path, path)
    elif chosen is ExportFormat.KERAS:
        shutil.copyfile(run.folder / KERAS_NAME, path)
    elif chosen is ExportFormat.ONNX:
        network = load_network(run.folder / KERAS_NAME)
        metadata = {"facegui": json.dumps(asdict(description))}
        path.write_bytes(to_onnx(network, metadata))
    else:
        network = load_network(run.folder / KERAS_NAME)
        with contextlib.redirect_stdout(io.StringIO()):  # it belongs to `--json`
            network.export(path, format="tf_saved_model", verbose=False)


def open_format(chosen: ExportFormat, path: Path) -> Predict:
    """Opens an exported network the way other programs do.

    Raises:
        UserError, OSError, ValueError, RuntimeError: when it is none.
    """
    if chosen in (ExportFormat.LITERT, ExportFormat.LITERT_INT8):
        return _open_litert(path)
    if chosen is ExportFormat.ONNX:
        return _open_onnx(path)
    return open_keras(path) if chosen is ExportFormat.KERAS else _open_saved_model(path)


def _open_litert(path: Path) -> Predict:
    # From memory: the interpreter itself cannot open every path on Windows.
    litert = path.read_bytes()
    interpreter = load_interpreter(litert, usable_cores())
    runner = interpreter.get_signature_runner()
    (name,) = runner.get_input_details()

    # The interpreter reads the weights from these bytes, but does not keep them alive.
    def predict(batch: Batch, _alive: bytes = litert) -> Outputs:
        return _first_of(runner(**{name: batch}))

    return predict


def _open_onnx(path: Path) -> Predict:
    import onnxruntime

    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    name = session.get_inputs()[0].name
    names = [output.name for output in session.get_outputs()]

    def predict(batch: Batch) -> Outputs:
        return _first_of(dict(zip(names, session.run(names, {name: batch}), strict=True)))

    return predict


def open_keras(path: Path) -> Predict:
    """The trained network itself."""
    network = load_network(path)
    return lambda batch: _first_of(network.predict_on_batch(batch))


def _open_saved_model(path: Path) -> Predict:
    import tensorflow as tf

    model = tf.saved_model.load(str(path))
    return lambda batch: _first_of(model.serve(batch))


def _first_of(outputs: Mapping[str, Any]) -> Outputs:
    return {name: np.asarray(value)[0] for name, value in outputs.items()}


def size_and_digest(path: Path) -> tuple[int, str]:
    """Bytes and SHA-256 of an exported file; of a folder all its files, in order of their names."""
    digest, size = hashlib.sha256(), 0
    files = sorted(item for item in path.rglob("*") if item.is_file()) if path.is_dir() else [path]
    for file in files:
        data = file.read_bytes()
        digest.update(data)
        size += len(data)
    return size, digest.hexdigest()
