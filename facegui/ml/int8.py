"""The int8 model of a run: a quarter of the size, a quarter of the time.

First the ranges of a layer's values are left to be measured on each picture while
the model runs. Measured on Fast at 144 px, 28 webcam photos of the same person and
90 of another: AP50 changed by 0.000 and 0.001, boxes by 0.17 % and 0.12 % of the
photo (median), 3 s to convert. Ranges calibrated beforehand on 60 photos changed it
by 0.000 and 0.002, boxes by 0.24 %, took 22 s to convert and ran no faster. So
calibration, on the project's training photos, is for the model for which the first
way does not hold.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from facegui.core.errors import disk_error
from facegui.core.fidelity import Fidelity, compare
from facegui.core.files import write_json
from facegui.core.images import Pixels, resized
from facegui.core.metrics import PhotoResult
from facegui.core.progress import Progress, Report, StopToken
from facegui.core.project import Project
from facegui.core.runs import INT8_CARD_NAME, KERAS_NAME, Precision, Run
from facegui.core.splits import Split
from facegui.ml.detection import Detector
from facegui.ml.evaluation import detect_on_array
from facegui.ml.export import load_network, to_litert_int8
from facegui.ml.model_file import read_model_file, write_model_file
from facegui.ml.training_data import LabelledArray, Pictures, load_pictures, split_pictures

if TYPE_CHECKING:
    import keras

log = logging.getLogger(__name__)

CALIBRATION_PHOTOS = 24


def make_int8(run: Run, project: Project, report: Report, stop: StopToken) -> Fidelity:
    """Makes the int8 model of a complete run that has none. Loads TensorFlow.

    Args:
        run: with a model.
        project: whose photos it is compared on, and calibrated where it has to be.
        report: told what takes its time.
        stop: cancels; the run is what it was then.

    Raises:
        UserError: when the run's network or a photo cannot be read, or the disk is full.
        Cancelled: when `stop` was cancelled.
    """
    description = read_model_file(run.model_path)[1]
    size = description.input_width
    training, validation = (
        load_pictures(split_pictures(project, split), size, report, stop)
        for split in (Split.TRAIN, Split.VALIDATION)
    )
    report(Progress(0, None, "Loading TensorFlow"))
    network = load_network(run.folder / KERAS_NAME)
    found = detect_on_array(Detector(run.model_path), validation, stop, report)
    return write_int8(run, network, training.pictures, validation, found, report, stop)


def write_int8(
    run: Run,
    network: keras.Model,
    training: Pictures,
    photos: LabelledArray,
    found: Sequence[PhotoResult],
    report: Report,
    stop: StopToken,
) -> Fidelity:
    """Writes a run's int8 model, and a card that says how near it comes to the trained one.

    Args:
        run: with its float32 model.
        network: that model's.
        training: to calibrate on.
        photos: on which both models are compared.
        found: by the float32 model on `photos`, whatever its confidence.
        report: told what takes its time.
        stop: cancels.

    Returns:
        What is on the card.

    Raises:
        UserError: when the disk is full.
        Cancelled: when `stop` was cancelled.
    """
    description = replace(read_model_file(run.model_path)[1], precision=Precision.INT8.value)

    def made(calibrated: bool) -> _Made:
        report(Progress(0, None, "Making the model small and fast"))
        examples = _examples(training, description.input_width) if calibrated else ()
        litert = to_litert_int8(network, examples)
        stop.raise_if_cancelled()
        write_model_file(run.int8_path, litert, description)
        found_now = detect_on_array(Detector(run.int8_path), photos, stop, report)
        side = description.input_width
        return _Made(litert, calibrated, compare(found, found_now, description.threshold, side))

    try:
        # While it is made there is no int8 model: without its card it does not count.
        (run.folder / INT8_CARD_NAME).unlink(missing_ok=True)
        best = made(calibrated=False)
        if not best.fidelity.faithful and len(training):
            other = made(calibrated=True)
            best = min(best, other, key=lambda model: model.fidelity.rank)
            write_model_file(run.int8_path, best.litert, description)
        write_json(run.folder / INT8_CARD_NAME, best.card())
    except OSError as error:
        raise disk_error(error, "saving the int8 model") from error
    log.info("int8: %s", best.card())
    return best.fidelity


@dataclass(frozen=True, slots=True)
class _Made:
    litert: bytes
    calibrated: bool
    fidelity: Fidelity

    def card(self) -> dict[str, Any]:
        ranges = "training photos" if self.calibrated else "each picture"
        return {"ranges_from": ranges, "bytes": len(self.litert), **self.fidelity.to_json()}


def _examples(training: Pictures, side: int) -> list[Pixels]:
    """Some of the training pictures, from all over the set, at the network's size."""
    numbers = np.linspace(0, len(training) - 1, CALIBRATION_PHOTOS).astype(int)
    return [resized(training[number], side, side) for number in numbers]
