"""Finding faces with a trained model. LiteRT and OpenCV; TensorFlow is never loaded."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from facegui.core.boxes import Detection
from facegui.core.cores import usable_cores
from facegui.core.errors import UserError
from facegui.core.images import Pixels, resized
from facegui.core.runs import Precision, find_run
from facegui.ml.decoding import DECODERS
from facegui.ml.litert import load_interpreter
from facegui.ml.model_file import ModelDescription, read_model_file


class Detector:
    """A loaded model, ready for pictures of any size.

    Not for several threads at a time: give each its own.

    Args:
        path: of a model file.
        threads: cores to use; all that there are by default.

    Raises:
        UserError: when the file is missing, damaged, from a newer version, or
            no model for what its description says.
    """

    def __init__(self, path: Path, *, threads: int | None = None) -> None:
        # The interpreter reads the weights from these bytes but does not keep them alive.
        self._litert, self.description = read_model_file(path)
        self._decode = DECODERS[self.description.decoder]
        try:
            self._interpreter = load_interpreter(self._litert, threads or usable_cores())
        except (ValueError, RuntimeError) as error:
            raise UserError(
                f"The model {path.name} cannot be loaded.", "Train again.", str(error)
            ) from error
        try:
            self._input, self._outputs = _tensors(self._interpreter, self.description)
            self.warm_up()
        except (LookupError, RuntimeError, TypeError, ValueError) as error:
            raise UserError(
                f"The model {path.name} does not fit its description.",
                "Use another run, or train again.",
                str(error),
            ) from error

    @classmethod
    def for_run(
        cls, path: Path, *, precision: Precision = Precision.INT8, threads: int | None = None
    ) -> Self:
        """The detector of a run, or of the newest complete run of a project.

        Args:
            path: of the run or the project.
            precision: int8 where the run has such a model that is as good as the
                trained one, see `Run.model_for`; or always float32.
            threads: as above.

        Raises:
            UserError: when there is none.
        """
        return cls(find_run(path).model_for(precision), threads=threads)

    @property
    def threshold(self) -> float:
        """The recommended lowest confidence."""
        return self.description.threshold

    def warm_up(self) -> None:
        """Runs once on a black picture, so that the first real one is not slow."""
        size = (self.description.input_height, self.description.input_width, 3)
        self.detect(np.zeros(size, np.uint8))

    def outputs(self, pixels: Pixels) -> dict[str, npt.NDArray[np.float32]]:
        """What the network puts out for a picture, by name, without the batch axis."""
        width, height = self.description.input_width, self.description.input_height
        # Straight into the network's input, whose numbers are converted on the way. Nobody may
        # hold on to that memory while the network runs.
        self._interpreter.tensor(self._input)()[0] = resized(pixels, width, height)
        self._interpreter.invoke()
        return {
            name: self._interpreter.get_tensor(index)[0] for name, index in self._outputs.items()
        }

    def detect(self, pixels: Pixels, threshold: float | None = None) -> tuple[Detection, ...]:
        """The faces in a picture, surest first.

        Args:
            pixels: (h, w, 3) RGB uint8.
            threshold: lowest confidence, 0 to 1; the recommended one by default.

        Returns:
            Boxes in pixels of the picture.
        """
        lowest = self.threshold if threshold is None else threshold
        height, width = pixels.shape[:2]
        found = self._decode(self.outputs(pixels), lowest)
        return tuple(
            Detection(detection.box.scaled(width, height), detection.confidence)
            for detection in sorted(found, key=lambda face: -face.confidence)
        )


def _tensors(interpreter: Any, description: ModelDescription) -> tuple[int, dict[str, int]]:
    """Indices of the input, checked against the description, and of each output.

    The converter numbers the outputs of a model, but its signature keeps their names.

    Raises:
        ValueError: when the input is another, or there is no signature.
    """
    inputs = interpreter.get_input_details()
    expected = (1, description.input_height, description.input_width, 3)
    if len(inputs) != 1 or tuple(inputs[0]["shape"]) != expected:
        shapes = [tuple(item["shape"].tolist()) for item in inputs]
        raise ValueError(f"expected one input {expected}, got {shapes}")
    runner = interpreter.get_signature_runner()
    outputs = {name: item["index"] for name, item in runner.get_output_details().items()}
    return inputs[0]["index"], outputs
