"""The short program that goes with an exported network: it prints the boxes in pictures.

It stands alone: what turns outputs into boxes goes along as files, the same that
FaceGUI itself runs.
"""

from __future__ import annotations

import inspect
from types import ModuleType

from facegui.core import boxes
from facegui.ml import decoding
from facegui.ml.export_formats import FORMATS, ExportFormat
from facegui.ml.model_file import ModelDescription

_COPIED: dict[str, ModuleType] = {"facegui_boxes": boxes, "facegui_decoding": decoding}

_OPENED = {
    "litert": """\
from ai_edge_litert.interpreter import Interpreter

litert = MODEL.read_bytes()  # read here: not every path can be opened by the interpreter
model = Interpreter(model_content=litert).get_signature_runner()


def outputs_for(batch):
    return model(picture=batch)
""",
    "onnx": """\
import onnxruntime

model = onnxruntime.InferenceSession(MODEL.read_bytes())


def outputs_for(batch):
    names = [output.name for output in model.get_outputs()]
    return dict(zip(names, model.run(names, {"picture": batch})))
""",
    "keras": """\
import keras

model = keras.models.load_model(MODEL)


def outputs_for(batch):
    return model.predict_on_batch(batch)
""",
    "saved-model": """\
import tensorflow as tf

model = tf.saved_model.load(str(MODEL))


def outputs_for(batch):
    return model.serve(batch)
""",
}
_OPENED["litert-int8"] = _OPENED["litert"]

_PROGRAM = '''\
"""Finds {class_name}s in pictures: python {name} PICTURE...

Needs: pip install numpy opencv-python-headless {packages}
Prints a line for each {class_name}: file, confidence, then x0 y0 x1 y1 in pixels.
"""

import sys
from pathlib import Path

import cv2
import numpy as np
from facegui_decoding import {decoder}

MODEL = Path(__file__).with_name("{file}")
WIDTH, HEIGHT = {width}, {height}
THRESHOLD = {threshold!r}  # the lowest confidence that counts

{opened}

def read(path):
    # Not cv2.imread: on Windows that opens no path with letters beyond English ones.
    try:
        picture = cv2.imdecode(np.fromfile(path, np.uint8), cv2.IMREAD_COLOR)
    except (OSError, cv2.error):
        picture = None
    if picture is None:
        sys.exit(f"{{path}} is no picture that can be read.")
    return cv2.cvtColor(picture, cv2.COLOR_BGR2RGB)


for path in sys.argv[1:]:
    picture = read(path)
    resized = cv2.resize(picture, (WIDTH, HEIGHT), interpolation=cv2.INTER_AREA)
    outputs = outputs_for(resized[None].astype(np.float32))  # RGB, 0 to 255
    outputs = {{name: np.asarray(values)[0] for name, values in outputs.items()}}
    height, width = picture.shape[:2]
    for found in {decoder}(outputs, THRESHOLD):
        corners = found.box.scaled(width, height).corners
        print(path, f"{{found.confidence:.3f}}", *(f"{{value:.1f}}" for value in corners))
'''


def example_name(chosen: ExportFormat) -> str:
    return f"example_{chosen.replace('-', '_')}.py"


def example_files(chosen: ExportFormat, description: ModelDescription) -> dict[str, str]:
    """The program, by its name, and the files that it imports."""
    facts, name = FORMATS[chosen], example_name(chosen)
    program = _PROGRAM.format(
        name=name,
        class_name=description.class_name,
        packages=" ".join(facts.packages),
        decoder=decoding.DECODERS[description.decoder].__name__,
        file=facts.file,
        width=description.input_width,
        height=description.input_height,
        threshold=round(description.threshold, 6),
        opened=_OPENED[chosen],
    )
    return {name: program, **{f"{key}.py": _alone(module) for key, module in _COPIED.items()}}


def _alone(module: ModuleType) -> str:
    """A module's source, such that it needs the files beside it alone."""
    source = inspect.getsource(module)
    for name, other in _COPIED.items():
        source = source.replace(f"from {other.__name__} import", f"from {name} import")
    return source
