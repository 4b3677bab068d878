"""A few batches of each part of a training: `python -m facegui.ml.trial`.

They tell how long the first training will take. A process of its own, because importing
TensorFlow in the window's stalls it, and because one can be ended at any moment. What is
known already it leaves alone; each part that it measured is remembered, and its name
printed as a line.
"""

from __future__ import annotations

import functools
import logging
import os
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from facegui.core.boxes import Box
from facegui.ml import classic, dense
from facegui.ml.backbone import (
    FINE_CHANNELS,
    FINE_LAYER,
    backbone_network,
    map_shapes,
    newest_litert,
)
from facegui.ml.dense_data import feature_batches, new_heads
from facegui.ml.estimating import (
    CONVERSION,
    FEATURES,
    ToldBy,
    read_pace,
    remember_pace,
    seconds_per_megapixel,
    steps_part,
)
from facegui.ml.export import to_litert_int8
from facegui.ml.features import feature_threads
from facegui.ml.litert import load_interpreter
from facegui.ml.presets import DEFAULT_PRESET, PRESETS, TrainSettings
from facegui.ml.training_data import LabelledArray
from facegui.ml.weights import (
    VGG16_CHANNELS,
    VGG16_LAYERS,
    default_weights_folder,
    random_weights,
)

if TYPE_CHECKING:
    import keras

log = logging.getLogger(__name__)

_MEASURED_PICTURES = 3
_STEPS = 4
_ROUNDS = 3
_FACE = (Box(0.3, 0.3, 0.6, 0.7),)


def measure_guessed(
    folder: Path, told: Callable[[str], None], channels: Sequence[int] = VGG16_CHANNELS
) -> None:
    """Measures and remembers the parts of a training that were never measured on this computer.

    Args:
        folder: of the user's cache.
        told: takes the name of each part, once it is remembered.
        channels: of VGG16; others in tests.
    """
    steps = {steps_part(preset.settings): preset.settings for preset in PRESETS.values()}
    stand_in = _StandIn(channels)
    for part in read_pace(folder).guessed:
        if part == FEATURES:
            seconds = _feature_seconds(newest_litert(folder) or stand_in.litert)
        elif part == CONVERSION:
            seconds = stand_in.conversion_s
        else:
            seconds = _step_seconds(steps[part], channels)
        log.info("%s: %.3f s", part, seconds)
        remember_pace(folder, ToldBy.TRIAL, {part: seconds})
        told(part)


class _StandIn:
    """A backbone that sees nothing in a picture but is as slow as a real one.

    Args:
        channels: as above.
    """

    def __init__(self, channels: Sequence[int]) -> None:
        self._channels = channels

    @property
    def litert(self) -> bytes:
        return self._converted[0]

    @property
    def conversion_s(self) -> float:
        """How long it took to convert; where it is the first, with a process started for it."""
        return self._converted[1]

    @functools.cached_property
    def _converted(self) -> tuple[bytes, float]:
        random = np.random.default_rng(0)
        inputs = self._channels[VGG16_LAYERS.index(FINE_LAYER)]
        kernel = random.standard_normal((1, 1, inputs, FINE_CHANNELS), dtype=np.float32)
        reduction = [kernel, np.zeros(FINE_CHANNELS, np.float32)]
        size = DEFAULT_PRESET.settings.input_size
        network = backbone_network(random_weights(0, self._channels), size, reduction)
        started_s = time.perf_counter()
        litert = to_litert_int8(network)
        return litert, time.perf_counter() - started_s


def _feature_seconds(litert: bytes) -> float:
    threads = feature_threads()

    def run(_: int) -> tuple[float, int]:
        interpreter = load_interpreter(litert, 1)
        details = interpreter.get_input_details()[0]
        interpreter.set_tensor(details["index"], np.zeros(details["shape"], np.float32))
        interpreter.invoke()  # the first one gets memory
        started_s = time.perf_counter()
        for _ in range(_MEASURED_PICTURES):
            interpreter.invoke()
        return time.perf_counter() - started_s, int(details["shape"][1])

    with ThreadPoolExecutor(threads) as pool:
        taken = list(pool.map(run, range(threads)))
    seconds, size = max(taken)
    return seconds_per_megapixel(seconds, _MEASURED_PICTURES * threads, size)


def _step_seconds(settings: TrainSettings, channels: Sequence[int]) -> float:
    """The median of a few rounds, once the network is compiled."""
    make = _dense_work if settings.network == "dense" else _classic_work
    network, batches = make(settings, channels)
    taken = []
    for _ in range(1 + _ROUNDS):
        started_s = time.perf_counter()
        network.fit(batches, verbose=0)
        taken.append(time.perf_counter() - started_s)
    pictures = len(batches) * settings.batch_size
    return seconds_per_megapixel(statistics.median(taken[1:]), pictures, settings.input_size)


def _dense_work(settings: TrainSettings, _: Sequence[int]) -> tuple[keras.Model, Any]:
    shapes = map_shapes(settings.input_size)
    features = np.random.default_rng(0).random((settings.batch_size, shapes.values), np.float32)
    labels = [_FACE] * settings.batch_size
    halves = list(features.astype(np.float16))
    heads = new_heads(settings, shapes, halves, labels)
    dense.compile_heads(heads, settings)
    return heads, feature_batches(settings, shapes, halves, labels, _STEPS)


def _classic_work(settings: TrainSettings, channels: Sequence[int]) -> tuple[keras.Model, Any]:
    """A batch in a round: each takes seconds where there is no graphics card."""
    side, count = settings.input_size, settings.batch_size
    pictures = np.random.default_rng(0).integers(0, 255, (count, side, side, 3), np.uint8)
    network = classic.build_network(settings, random_weights(0, channels))
    classic.compile_network(network, settings, 1)
    training = LabelledArray(pictures, (_FACE,) * count)
    return network, classic.training_batches(training, settings, 0)


def main() -> int:
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    logging.basicConfig(level=logging.INFO)
    # Whatever else writes to the standard output must not come between the lines.
    lines = os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    measure_guessed(default_weights_folder(), lambda part: print(part, file=lines, flush=True))
    return 0


if __name__ == "__main__":
    sys.exit(main())
