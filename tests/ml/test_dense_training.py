"""Training with preset Fast: features first, then the heads on them, and what stops it."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from facegui.core.boxes import Box
from facegui.core.errors import Cancelled
from facegui.core.images import read_picture, resized
from facegui.core.progress import Progress, StopToken
from facegui.core.project import Project
from facegui.core.runs import KERAS_NAME, BatchMetrics, EpochMetrics, Run
from facegui.core.splits import Split
from facegui.ml import backbone, dense
from facegui.ml.backbone import Backbone
from facegui.ml.detection import Detector
from facegui.ml.export import load_network
from facegui.ml.model_file import read_model_file
from facegui.ml.presets import FAST, TrainSettings
from facegui.ml.previews import EpochPreview
from facegui.ml.training import TrainEvent, train
from facegui.ml.weights import VggWeights
from tests.ml.conftest import COPIES, Trained, eagerly

pytestmark = pytest.mark.slow

SETTINGS = replace(FAST.settings, input_size=32, epochs=2, batch_size=8, seed=3)
LOOKING = "Looking at the photos"


@dataclass(frozen=True)
class Start:
    """Starts trainings that share what the backbone keeps."""

    weights: VggWeights

    def __call__(
        self,
        project: Project,
        report: Callable[[TrainEvent], None] = lambda _: None,
        stop: StopToken | None = None,
        settings: TrainSettings = SETTINGS,
    ) -> Run:
        with eagerly():
            return train(project, settings, report, stop or StopToken(), weights=self.weights)


@pytest.fixture(scope="module")
def start(tmp_path_factory: pytest.TempPathFactory, tiny_weights: VggWeights) -> Iterator[Start]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FACEGUI_WEIGHTS", str(tmp_path_factory.mktemp("weights")))
        patch.setattr(backbone, "_EXAMPLES", 2)
        patch.setattr(backbone, "_EXAMPLE_SIDE", 32)
        yield Start(tiny_weights)


@pytest.fixture(scope="module")
def fast(demo_template: Path, start: Start, tmp_path_factory: pytest.TempPathFactory) -> Trained:
    """One training of the dense heads; many tests look at it."""
    folder = tmp_path_factory.mktemp("fast") / "demo"
    shutil.copytree(demo_template, folder)
    events: list[TrainEvent] = []
    with Project.open(folder) as opened:
        run = start(opened, events.append)
    return Trained(folder, run, tuple(events))


@pytest.fixture
def looked_at(fast: Trained, tmp_path: Path) -> Iterator[Project]:
    """A project whose features are kept already, and which has no run."""
    folder = tmp_path / "demo"
    shutil.copytree(fast.project_folder, folder)
    shutil.rmtree(folder / "runs")
    with Project.open(folder) as opened:
        yield opened


def features_in(project: Project) -> set[str]:
    return {path.name for path in (project.cache_folder / "features").glob("*.npy")}


def validation_pictures(folder: Path) -> tuple[np.ndarray, list[tuple[Box, ...]]]:
    side = SETTINGS.input_size
    pictures, labels = [], []
    with Project.open(folder, read_only=True) as project:
        for sample in project.samples(Split.VALIDATION):
            pixels = read_picture(sample.photo.path)
            height, width = pixels.shape[:2]
            pictures.append(resized(pixels, side, side))
            labels.append(tuple(box.scaled(1 / width, 1 / height) for box in sample.boxes))
    return np.stack(pictures), labels


def predict(network: Any, pictures: np.ndarray) -> dict[str, np.ndarray]:
    with eagerly():
        outputs = network.predict_on_batch(pictures.astype(np.float32))
    return {name: np.asarray(values) for name, values in outputs.items()}


# --- a finished network that takes larger pictures ------------------------------------------


def test_finished_network_takes_larger_pictures_and_has_learned_the_same(
    looked_at: Project, start: Start, fast: Trained
) -> None:
    run = start(looked_at, settings=replace(SETTINGS, magnification=1.5))
    description = read_model_file(run.model_path)[1]
    assert (description.input_width, description.input_height) == (48, 48)
    network, other = (load_network(item.folder / KERAS_NAME) for item in (run, fast.run))
    assert network.input_shape == (None, 48, 48, 3)
    learned, same = (item.get_layer("heads").get_weights() for item in (network, other))
    for mine, theirs in zip(learned, same, strict=True):
        np.testing.assert_array_equal(mine, theirs)
    for path in (run.model_path, run.int8_path):
        Detector(path).detect(np.zeros((60, 80, 3), np.uint8), 0.0)
    assert run.int8_card()["ap50"] is not None


# --- a training that runs to its end -------------------------------------------------------


def test_run_folder_holds_everything(fast: Trained) -> None:
    assert fast.run.complete
    assert {path.name for path in fast.run.folder.iterdir()} == {
        "settings.json",
        "metrics.csv",
        "model.keras",
        "model.tflite",
        "model-int8.tflite",
        "model-int8.json",
        "card.json",
        "log.txt",
        "photos.json",
        "tensorboard",
    }
    card = fast.run.card()
    assert (card["preset"], card["epochs"], card["finished_early"]) == ("fast", 2, False)
    assert card["training_pictures"] == COPIES * 17
    assert len(fast.run.metrics()) == 2


def test_reports_come_in_order(fast: Trained) -> None:
    steps: list[str] = []
    for event in fast.events:
        step = event.text if isinstance(event, Progress) else type(event).__name__
        if not steps or steps[-1] != step:
            steps.append(step)
    epoch = ["BatchMetrics", "EpochMetrics", "EpochPreview"]
    assert [step for step in steps if step in (LOOKING, "EpochPreview", *epoch)] == [
        LOOKING,
        "EpochPreview",
        *epoch,
        *epoch,
    ]
    assert steps[-4:] == [
        "Saving the model",
        "Testing",
        "Making the model small and fast",
        "Testing",
    ]
    batches = {event.batches for event in fast.events if isinstance(event, BatchMetrics)}
    assert batches == {5}  # 34 copies, 8 in a batch
    previews = [event.epoch for event in fast.events if isinstance(event, EpochPreview)]
    assert previews == [0, 1, 2]


def test_model_gives_what_the_keras_network_gives(fast: Trained) -> None:
    import keras

    network = keras.models.load_model(fast.run.folder / "model.keras")
    detector = Detector(fast.run.model_path)
    assert detector.description.decoder == dense.DECODER
    pictures, _ = validation_pictures(fast.project_folder)
    wanted = predict(network, pictures)
    for index, picture in enumerate(pictures):
        outputs = detector.outputs(picture)
        assert outputs.keys() == wanted.keys()
        for name, values in outputs.items():
            np.testing.assert_allclose(values, wanted[name][index], atol=1e-3)


def test_model_has_the_weights_that_were_validated(fast: Trained) -> None:
    """The averaged ones of the best epoch; the whole network, not the heads alone."""
    import keras

    network = keras.models.load_model(fast.run.folder / "model.keras")
    pictures, labels = validation_pictures(fast.project_folder)
    outputs = predict(network, pictures)
    targets = dense.make_targets(labels, *outputs["face"].shape[1:3])
    best = min(fast.run.metrics(), key=lambda epoch: epoch.validation.total)
    face = float(np.mean(np.asarray(dense.focal_loss(targets["face"], outputs["face"]))))
    box = float(np.mean(np.asarray(dense.giou_loss(targets["box"], outputs["box"]))))
    assert face == pytest.approx(best.validation.classification, rel=5e-3)
    assert box == pytest.approx(best.validation.box, rel=5e-3)


def test_second_training_computes_no_features_and_same_seed_gives_the_same_losses(
    fast: Trained, looked_at: Project, start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On the same machine: TensorFlow promises no more."""
    monkeypatch.setattr(Backbone, "features", lambda *_: pytest.fail("it computes"))
    again = start(looked_at).metrics()
    for mine, first in zip(again, fast.run.metrics(), strict=True):
        assert (mine.training, mine.validation) == (first.training, first.validation)


def test_photo_with_two_faces_teaches_two_and_edges_are_no_fault(
    looked_at: Project, start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    taught: list[np.ndarray] = []

    def watched(labels: Any, rows: int, columns: int) -> Any:
        targets = make_targets(labels, rows, columns)
        if any(len(boxes) == 2 for boxes in labels):
            taught.extend(targets["face"][[len(boxes) == 2 for boxes in labels]])
        return targets

    make_targets = dense.make_targets
    monkeypatch.setattr(dense, "make_targets", watched)
    samples = looked_at.samples(Split.TRAIN)
    for sample in samples:
        width, height = looked_at.size(sample.photo)
        tiny = Box(width - 2.0, height - 2.0, float(width), float(height))
        large = Box(0.0, 0.0, width / 2, height / 2)
        looked_at.set_label(sample.photo, [tiny, large])
    run = start(looked_at, settings=replace(SETTINGS, epochs=1))
    assert run.complete
    assert taught
    assert {int((heat == 1.0).sum()) for heat in taught} == {2}


def test_photos_deleted_while_it_looks_at_them_are_left_out(project: Project, start: Start) -> None:
    shutil.rmtree(project.augmented_folder)
    samples = project.samples(Split.TRAIN)

    def delete(event: TrainEvent) -> None:
        if isinstance(event, Progress) and event.text == "Loading TensorFlow":
            project.delete([samples[3].photo])

    run = start(project, delete, settings=replace(SETTINGS, epochs=1))
    assert run.complete


def test_the_rate_falls_to_the_end_of_few_steps(
    looked_at: Project, start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[int] = []
    compile_heads = dense.compile_heads

    def watched(heads: Any, settings: TrainSettings, *more: Any) -> None:
        seen.append(settings.falling_steps)
        compile_heads(heads, settings, *more)

    monkeypatch.setattr(dense, "compile_heads", watched)
    start(looked_at, settings=SETTINGS)
    assert seen == [2 * 5]  # two epochs of 34 copies, 8 in a batch


def test_same_seed_gives_the_same_losses_compiled_too(
    looked_at: Project, tiny_weights: VggWeights
) -> None:
    settings = replace(SETTINGS, epochs=1)
    one, other = (
        train(looked_at, settings, lambda _: None, StopToken(), weights=tiny_weights).metrics()[0]
        for _ in range(2)
    )
    assert (one.training, one.validation) == (other.training, other.validation)


# --- stopping ------------------------------------------------------------------------------


def test_finish_keeps_a_complete_run(looked_at: Project, start: Start) -> None:
    stop = StopToken()

    def finish(event: TrainEvent) -> None:
        if isinstance(event, BatchMetrics):
            stop.finish()

    run = start(looked_at, finish, stop, replace(SETTINGS, epochs=50))
    assert run.complete
    assert run.card()["finished_early"]
    assert len(run.metrics()) == 1


def test_cancel_while_training_leaves_no_run(looked_at: Project, start: Start) -> None:
    stop = StopToken()

    def cancel(event: TrainEvent) -> None:
        if isinstance(event, EpochMetrics):
            stop.cancel()

    with pytest.raises(Cancelled):
        start(looked_at, cancel, stop)
    assert list(looked_at.runs_folder.iterdir()) == []


def test_cancel_while_looking_leaves_no_run_but_what_was_computed(
    project: Project, start: Start
) -> None:
    stop = StopToken()

    def cancel(event: TrainEvent) -> None:
        if isinstance(event, Progress) and event.text == LOOKING:
            stop.cancel()

    with pytest.raises(Cancelled):
        start(project, cancel, stop)
    assert list(project.runs_folder.iterdir()) == []
    # As many as were being computed at that moment, one on each core, and few more.
    assert 1 <= len(features_in(project)) < COPIES * 17


def test_training_ends_when_it_gets_no_better(looked_at: Project, start: Start) -> None:
    # Wild steps: after the first epochs it can only get worse.
    settings = replace(SETTINGS, epochs=30, patience=1, learning_rate=0.5, falling_steps=0)
    run = start(looked_at, settings=settings)
    epochs = run.metrics()
    best = max(epoch.epoch for epoch in epochs if epoch.best)
    assert len(epochs) == best + 1 < 30
    assert run.card()["best_epoch"] == best
    assert run.complete


def test_full_disk_for_features_costs_no_training(
    project: Project, start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: Any, **__: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("facegui.ml.features.write_atomically", full)
    assert start(project, settings=replace(SETTINGS, epochs=1)).complete
    assert features_in(project) == set()
