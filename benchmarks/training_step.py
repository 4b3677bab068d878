"""Seconds per training step of the Classic network, against the loop that the tutorial writes.

Both train VGG16 with its two heads on the same augmented photos of the demo camera, in
turns, in one run. The weights are random: the time of a step does not depend on them.
What comes before the second step of a turn (compiling, filling buffers) is not counted.
"""

from __future__ import annotations

import contextlib
import json
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

from tables import Figure, argument_parser, show

from facegui.core.augmentation_settings import AugmentationSettings
from facegui.core.augmenter import augment_set
from facegui.core.capturing import make_demo_project
from facegui.core.errors import Cancelled
from facegui.core.progress import StopToken, ignore_progress
from facegui.core.project import Project
from facegui.core.runs import BatchMetrics
from facegui.core.splits import Split
from facegui.ml.presets import CLASSIC, TrainSettings
from facegui.ml.training import train
from facegui.ml.training_data import LabelledPicture, load_pictures, training_pictures

BAR = 1.05
PHOTOS = 24


class Step(NamedTuple):
    """What a step took.

    Args:
        seconds: from the end of the step before to its own.
        processor_s: time of all cores; tells the two apart on a busy machine too.
    """

    seconds: float
    processor_s: float


Turn = Callable[[], list[Step]]
"""Trains for some steps; gives what each but the first took."""


class Watch:
    """Tells from the moments at which batches ended what each took."""

    def __init__(self) -> None:
        self._last: tuple[int, float, float] | None = None
        self.steps: list[Step] = []

    def batch_ended(self, batch: int) -> None:
        now, used = time.perf_counter(), time.process_time()
        if self._last is not None:
            before, then, used_then = self._last
            count = batch - before
            self.steps.append(Step((now - then) / count, (used - used_then) / count))
        self._last = batch, now, used


def our_turn(project_folder: Path, settings: TrainSettings, steps: int) -> Turn:
    """As `facegui train` does it, with reports, metrics and event files; then cancelled."""

    def turn() -> list[Step]:
        watch, stop = Watch(), StopToken()

        def report(event: object) -> None:
            if isinstance(event, BatchMetrics):
                watch.batch_ended(event.batch)
                if event.batch > steps:
                    stop.cancel()

        with Project.open(project_folder) as project, contextlib.suppress(Cancelled):
            train(project, settings, report, stop)
        return watch.steps

    return turn


def write_as_the_tutorial(folder: Path, pictures: list[LabelledPicture]) -> None:
    """Pictures and labels in the tutorial's layout, one box each, in 0..1."""
    for part in ("images", "labels"):
        (folder / part).mkdir(parents=True)
    for number, picture in enumerate(pictures):
        (folder / "images" / f"{number:05}.jpg").write_bytes(picture.path.read_bytes())
        data = load_pictures([picture], 120, ignore_progress, StopToken())
        box = list(data.labels[0][0].corners) if data.labels[0] else [0, 0, 0, 0]
        label = {"image": picture.path.name, "bbox": box, "class": int(bool(data.labels[0]))}
        (folder / "labels" / f"{number:05}.json").write_text(json.dumps(label))


def tutorial_data(folder: Path, batch_size: int, size: int) -> Any:
    import tensorflow as tf

    def load_image(path: Any) -> Any:
        return tf.io.decode_jpeg(tf.io.read_file(path))

    def load_labels(path: Any) -> Any:
        with open(path.numpy(), encoding="utf-8") as stream:  # noqa: PTH123
            label = json.load(stream)
        return [label["class"]], label["bbox"]

    def shaped(label: Any, box: Any) -> Any:  # Keras 3 asks for it; the tutorial has Keras 2
        label.set_shape([1])
        box.set_shape([4])
        return label, box

    images = tf.data.Dataset.list_files(str(folder / "images" / "*.jpg"), shuffle=False)
    images = images.map(load_image)
    images = images.map(lambda x: tf.image.resize(x, (size, size)))
    images = images.map(lambda x: x / 255)
    labels = tf.data.Dataset.list_files(str(folder / "labels" / "*.json"), shuffle=False)
    labels = labels.map(lambda x: tf.py_function(load_labels, [x], [tf.uint8, tf.float16]))
    labels = labels.map(shaped)
    data = tf.data.Dataset.zip((images, labels))
    return data.shuffle(5000).batch(batch_size).prefetch(4)


def tutorial_network(size: int) -> Any:
    import keras

    picture = keras.Input((size, size, 3))
    vgg = keras.applications.VGG16(include_top=False, weights=None)(picture)
    pooled = keras.layers.GlobalMaxPooling2D()(vgg)
    class1 = keras.layers.Dense(2048, activation="relu")(pooled)
    class2 = keras.layers.Dense(1, activation="sigmoid")(class1)
    pooled = keras.layers.GlobalMaxPooling2D()(vgg)
    regress1 = keras.layers.Dense(2048, activation="relu")(pooled)
    regress2 = keras.layers.Dense(4, activation="sigmoid")(regress1)
    return keras.Model(picture, [class2, regress2])


def tutorial_tracker(network: Any) -> Any:
    """The tutorial's subclassed model with a training step of its own."""
    import keras
    import tensorflow as tf

    def localization_loss(truth: Any, guess: Any) -> Any:
        coordinates = tf.reduce_sum(tf.square(truth[:, :2] - guess[:, :2]))
        height, width = truth[:, 3] - truth[:, 1], truth[:, 2] - truth[:, 0]
        guessed_height, guessed_width = guess[:, 3] - guess[:, 1], guess[:, 2] - guess[:, 0]
        size = tf.square(width - guessed_width) + tf.square(height - guessed_height)
        return coordinates + tf.reduce_sum(size)

    class FaceTracker(keras.Model):
        def __init__(self) -> None:
            super().__init__()
            self.model = network
            self.class_loss = keras.losses.BinaryCrossentropy()

        def train_step(self, batch: Any) -> Any:
            pictures, labels = batch
            with tf.GradientTape() as tape:
                classes, coordinates = self.model(pictures, training=True)
                class_loss = self.class_loss(labels[0], classes)
                box_loss = localization_loss(tf.cast(labels[1], tf.float32), coordinates)
                total = box_loss + 0.5 * class_loss
            gradients = tape.gradient(total, self.model.trainable_variables)
            variables = self.model.trainable_variables
            self.optimizer.apply_gradients(zip(gradients, variables, strict=True))
            return {"total_loss": total, "class_loss": class_loss, "regress_loss": box_loss}

        def call(self, pictures: Any) -> Any:
            return self.model(pictures)

    return FaceTracker()


def tutorial_turn(folder: Path, settings: TrainSettings, batches: int) -> Turn:
    import keras

    data = tutorial_data(folder, settings.batch_size, settings.input_size)
    decay = 1 / 0.75 - 1
    rate = keras.optimizers.schedules.InverseTimeDecay(1e-4, batches, decay)
    tracker = tutorial_tracker(tutorial_network(settings.input_size))
    tracker.compile(optimizer=keras.optimizers.Adam(rate))

    def turn() -> list[Step]:
        watch = Watch()
        logs = keras.callbacks.TensorBoard(folder / "logs")
        end = keras.callbacks.LambdaCallback(
            on_train_batch_end=lambda batch, **_: watch.batch_ended(batch)
        )
        tracker.fit(data, epochs=1, callbacks=[end, logs], verbose=0)
        return watch.steps

    return turn


def make_project(folder: Path, count: int) -> list[LabelledPicture]:
    """A project of the demo camera's photos with at least `count` augmented copies."""
    with make_demo_project(folder, PHOTOS, 0, ignore_progress, StopToken()) as project:
        samples = project.samples(Split.TRAIN)
        settings = AugmentationSettings(copies=-(-count // len(samples)))
        augment_set(samples, project.augmented_folder, settings, ignore_progress, StopToken())
        return list(training_pictures(project))


def main() -> int:
    parser = argument_parser(__doc__)
    parser.add_argument("--rounds", type=int, default=3, help="turns of each (default: 3)")
    parser.add_argument("--steps", type=int, default=4, help="counted in a turn (default: 4)")
    arguments = parser.parse_args()
    settings = replace(CLASSIC.settings, epochs=1, weights="random")
    count = (arguments.steps + 1) * settings.batch_size
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        pictures = make_project(folder / "demo", count)
        write_as_the_tutorial(folder / "tutorial", pictures[:count])
        turns = {
            "ours": our_turn(folder / "demo", settings, arguments.steps),
            "tutorial": tutorial_turn(folder / "tutorial", settings, arguments.steps + 1),
        }
        steps: dict[str, list[Step]] = {name: [] for name in turns}
        for _ in range(arguments.rounds):
            for name, turn in turns.items():
                steps[name] += turn()
    loop, ours = (
        Step(*map(statistics.median, zip(*steps[name], strict=True)))
        for name in ("tutorial", "ours")
    )
    figures = [
        Figure("the tutorial's loop", loop.seconds, "s/step"),
        Figure("facegui train", ours.seconds, "s/step"),
        Figure("ours against the loop", ours.seconds / loop.seconds, "times", BAR, at_most=True),
        Figure("the same, processor time", ours.processor_s / loop.processor_s, "times"),
    ]
    size, batch_size, counted = settings.input_size, settings.batch_size, len(steps["ours"])
    title = (
        f"Classic, {size} px, batches of {batch_size}, median of {counted} steps, random weights"
    )
    return show(title, figures, as_json=arguments.json)


if __name__ == "__main__":
    sys.exit(main())
