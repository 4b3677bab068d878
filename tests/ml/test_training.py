"""Training as a whole: what a run holds, what stops it, what is left after a failure."""

from __future__ import annotations

import csv
import errno
import shutil
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from facegui.core.augmented_set import read_set
from facegui.core.boxes import Box
from facegui.core.capturing import make_demo_project
from facegui.core.errors import Cancelled, UserError
from facegui.core.images import read_picture, resized
from facegui.core.photo_library import PhotoState
from facegui.core.progress import Progress, StopToken, ignore_progress
from facegui.core.project import Project
from facegui.core.runs import (
    BatchMetrics,
    EpochMetrics,
    Losses,
    Run,
    find_run,
    list_runs,
    write_metrics,
)
from facegui.core.splits import Split
from facegui.ml import classic, run_data, starts, training
from facegui.ml.presets import TrainSettings
from facegui.ml.previews import EpochPreview
from facegui.ml.training import TrainEvent, train
from facegui.ml.training_data import LabelledArray
from facegui.ml.weights import VggWeights
from tests.ml.conftest import COPIES, SETTINGS, Trained, build_small_network

FACE = Box(5.0, 5.0, 40.0, 40.0)
EPOCH = EpochMetrics(1, 1, Losses(1.0, 1.0, 0.5), Losses(1.0, 1.0, 0.5), 1.0, True)


def ignore(_: TrainEvent) -> None:
    """A report for those who want none."""


def start(
    project: Project,
    weights: VggWeights,
    report: Callable[[TrainEvent], None] = ignore,
    stop: StopToken | None = None,
    settings: TrainSettings = SETTINGS,
) -> Run:
    return train(project, settings, report, stop or StopToken(), weights=weights)


def no_training(settings: TrainSettings, *_: Any) -> tuple[Any, tuple[EpochMetrics, ...]]:
    """In place of `train_classic`: an epoch in which nothing is learned."""
    return build_small_network(settings), (EPOCH,)


def everything_in(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


# --- a training that runs to its end ----------------------------------------------------


@pytest.mark.slow
def test_run_folder_holds_everything(trained: Trained) -> None:
    folder = trained.run.folder
    assert folder.parent == trained.project_folder / "runs"
    assert {path.name for path in folder.iterdir()} == {
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
    assert TrainSettings.from_json(trained.run.settings()) == SETTINGS
    assert len(list((folder / "tensorboard").rglob("events.out.tfevents*"))) == 2
    assert "epoch 2" in (folder / "log.txt").read_text("utf-8")
    assert trained.run.complete
    assert find_run(trained.project_folder) == trained.run


@pytest.mark.slow
def test_metrics_have_a_row_for_each_epoch(trained: Trained) -> None:
    with (trained.run.folder / "metrics.csv").open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert [row["epoch"] for row in rows] == ["1", "2"]
    reported = [event for event in trained.events if isinstance(event, EpochMetrics)]
    for row, event in zip(rows, reported, strict=True):
        assert float(row["val_loss"]) == pytest.approx(event.validation.total, rel=1e-5)
        assert float(row["box_loss"]) == pytest.approx(event.training.box, rel=1e-5)


@pytest.mark.slow
def test_reports_come_in_order(trained: Trained) -> None:
    steps: list[str] = []
    for event in trained.events:
        step = event.text if isinstance(event, Progress) else type(event).__name__
        if not steps or steps[-1] != step:
            steps.append(step)
    epoch = ["BatchMetrics", "EpochMetrics", "EpochPreview"]
    before = ["Reading photos", "Loading TensorFlow", "Training", "EpochPreview"]
    after = ["Saving the model", "Testing", "Making the model small and fast", "Testing"]
    assert steps == [*before, *epoch, *epoch, *after]
    for event in trained.events:
        if isinstance(event, BatchMetrics):
            assert (event.batches, event.epochs) == (5, 2)  # 34 copies, 8 in a batch


@pytest.mark.slow
def test_the_same_validation_photos_are_looked_at_after_every_epoch(trained: Trained) -> None:
    previews = [event for event in trained.events if isinstance(event, EpochPreview)]
    assert [preview.epoch for preview in previews] == [0, 1, 2]
    with Project.open(trained.project_folder, read_only=True) as project:
        validation = {s.photo.name: len(s.boxes) for s in project.samples(Split.VALIDATION)}
    for preview in previews:
        assert {r.name: len(r.truth) for r in preview.results} == validation


@pytest.mark.slow
def test_card_says_what_the_model_is_and_how_good(trained: Trained) -> None:
    card = trained.run.card()
    reported = [event for event in trained.events if isinstance(event, EpochMetrics)]
    best = min(reported, key=lambda event: event.validation.total)
    assert card["best_epoch"] == best.epoch
    assert (card["preset"], card["epochs"], card["finished_early"]) == ("classic", 2, False)
    assert card["photos"] == {"train": 17, "val": 4, "test": 3}
    assert card["training_pictures"] == COPIES * 17
    assert card["weights"]["source"] == "random"
    assert card["versions"].keys() >= {"facegui", "python", "tensorflow", "keras"}
    assert (card["val"]["photos"], card["test"]["photos"]) == (4, 3)
    assert card["val"]["threshold"] == card["test"]["threshold"]


@pytest.mark.slow
def test_same_seed_gives_the_same_losses(
    trained: Trained, project: Project, tiny_weights: VggWeights
) -> None:
    """On the same machine: TensorFlow promises no more."""
    again = start(project, tiny_weights).metrics()
    for mine, first in zip(again, trained.run.metrics(), strict=True):
        assert (mine.training, mine.validation) == (first.training, first.validation)


@pytest.mark.slow
@pytest.mark.usefixtures("small_network")
def test_network_learns_from_copies_of_training_photos_alone(
    project: Project, tiny_weights: VggWeights, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Validation and test photos stay as taken, and out of the training."""
    seen: list[LabelledArray] = []

    def watched(settings: Any, _weights: Any, *rest: Any) -> tuple[Any, tuple[EpochMetrics, ...]]:
        seen.extend(rest[:2])
        return no_training(settings)

    monkeypatch.setattr(training, "train_classic", watched)
    start(project, tiny_weights)
    size = SETTINGS.input_size

    def pixels(paths: list[Path]) -> set[bytes]:
        return {resized(read_picture(path), size, size).tobytes() for path in paths}

    augmented = read_set(project.augmented_folder)
    assert augmented is not None
    photos = {split: [s.photo.path for s in project.samples(split)] for split in Split}
    learned, validated = ({item.tobytes() for item in array.pictures} for array in seen)
    assert {copy.photo for copy in augmented.samples} == {p.name for p in photos[Split.TRAIN]}
    assert learned == pixels([copy.path for copy in augmented.samples])
    assert validated == pixels(photos[Split.VALIDATION])
    assert not learned & pixels(photos[Split.VALIDATION] + photos[Split.TEST])


@pytest.mark.slow
@pytest.mark.usefixtures("small_network")
def test_photos_lost_while_training_do_not_cost_the_model(
    project: Project, tiny_weights: VggWeights
) -> None:
    tested = [sample.photo for sample in project.samples(Split.TEST)]

    def lose_photos(event: TrainEvent) -> None:
        if isinstance(event, EpochMetrics) and event.epoch == 1:
            project.delete(tested)

    run = start(project, tiny_weights, lose_photos)
    assert run.complete
    assert run.card()["test"]["photos"] == run.card()["photos"]["test"] == 3


@pytest.mark.slow
@pytest.mark.usefixtures("small_network")
def test_finish_after_the_first_batch_leaves_a_complete_run(
    project: Project, tiny_weights: VggWeights
) -> None:
    stop = StopToken()

    def finish_at_once(event: TrainEvent) -> None:
        if isinstance(event, BatchMetrics):
            stop.finish()

    settings = replace(SETTINGS, epochs=50)
    run = start(project, tiny_weights, finish_at_once, stop, settings)
    assert run.complete
    assert len(run.metrics()) == 1
    card = run.card()
    assert (card["epochs"], card["best_epoch"], card["finished_early"]) == (1, 1, True)


# --- cancel ------------------------------------------------------------------------------


class WatchedToken(StopToken):
    """Remembers who asked whether to stop; at the n-th time it is cancelled."""

    def __init__(self, number: int | None = None) -> None:
        super().__init__()
        self.number = number
        self.askers: list[str] = []

    def raise_if_cancelled(self) -> None:
        self.askers.append(sys._getframe(1).f_code.co_name)
        if len(self.askers) == self.number:
            self.cancel()
        super().raise_if_cancelled()


@pytest.mark.slow
@pytest.mark.usefixtures("small_network")
def test_cancel_at_any_stage_leaves_no_run(
    project: Project, tiny_weights: VggWeights, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("facegui.ml.training_data.LOADING_THREADS", 1)
    settings = replace(SETTINGS, epochs=1, batch_size=32)
    watched = WatchedToken()
    complete = start(project, tiny_weights, stop=watched, settings=settings)
    askers = watched.askers
    bridge = {"on_train_batch_end", "on_test_batch_end"}
    assert set(askers) >= bridge | {"load", "fit", "_train_in", "_results"}
    stages = [
        number
        for number, asker in enumerate(askers, 1)
        if asker == "_train_in" or asker != ["", *askers][number - 1]
    ]
    for number in stages:
        with pytest.raises(Cancelled):
            start(project, tiny_weights, stop=WatchedToken(number), settings=settings)
        assert list_runs(project.runs_folder) == (complete,)
        assert list(project.runs_folder.iterdir()) == [complete.folder]


def test_cancel_while_photos_are_read_leaves_no_run(
    project: Project, tiny_weights: VggWeights, caplog: pytest.LogCaptureFixture
) -> None:
    stop = StopToken()
    with pytest.raises(Cancelled):
        start(project, tiny_weights, lambda _: stop.cancel(), stop)
    assert list(project.runs_folder.iterdir()) == []
    assert not [record for record in caplog.records if record.levelname == "ERROR"]


# --- failures ----------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.usefixtures("small_network")
def test_loss_that_is_no_number_is_told_and_leaves_no_run(
    project: Project, tiny_weights: VggWeights, monkeypatch: pytest.MonkeyPatch
) -> None:
    def spoilt(settings: TrainSettings, _weights: Any) -> Any:
        network = build_small_network(settings)
        network.set_weights([np.full_like(array, np.nan) for array in network.get_weights()])
        return network

    monkeypatch.setattr(classic, "build_network", spoilt)
    with pytest.raises(UserError) as caught:
        start(project, tiny_weights)
    assert "learning rate" in caught.value.remedy
    assert list(project.runs_folder.iterdir()) == []


def full_disk() -> OSError:
    return OSError(errno.ENOSPC, "No space left on device")


def full_disk_as_hdf5_says_it() -> Exception:
    return RuntimeError(
        "Can't decrement id ref count (unable to close file, errno = 28, error message = "
        "'No space left on device')"
    )


@pytest.mark.slow
@pytest.mark.usefixtures("small_network")
@pytest.mark.parametrize(
    ("function", "error"),
    [
        ("save_network", full_disk()),
        ("save_network", full_disk_as_hdf5_says_it()),
        ("write_model_file", full_disk()),
        ("train_classic", full_disk()),
    ],
    ids=["Keras's file", "HDF5", "the model", "metrics"],
)
def test_full_disk_is_told_and_earlier_runs_are_untouched(
    project: Project,
    tiny_weights: VggWeights,
    monkeypatch: pytest.MonkeyPatch,
    trained: Trained,
    function: str,
    error: Exception,
) -> None:
    earlier = project.runs_folder / "2020-01-01_00-00-00"
    shutil.copytree(trained.run.folder, earlier)
    before = everything_in(earlier)

    def fail(*_: Any) -> None:
        raise error

    monkeypatch.setattr(training, "train_classic", no_training)
    monkeypatch.setattr(training, function, fail)
    with pytest.raises(UserError, match="disk is full"):
        start(project, tiny_weights)
    assert everything_in(earlier) == before
    assert find_run(project.folder) == Run(earlier)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a disk that is always full")
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_log_on_a_full_disk_is_told_like_any_other(
    project: Project, tiny_weights: VggWeights, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(training, "LOG_NAME", "/dev/full")
    monkeypatch.setattr("logging.raiseExceptions", False)
    monkeypatch.setattr(training, "_train_in", lambda *_: training.log.info("a line"))
    with pytest.raises(UserError, match="disk is full"):
        start(project, tiny_weights)


class ResourceExhaustedError(Exception):
    """Has the name of TensorFlow's own."""


@pytest.mark.parametrize(
    "error", [MemoryError("Unable to allocate 9 GiB"), ResourceExhaustedError("OOM")]
)
def test_too_little_memory_is_told(
    project: Project,
    tiny_weights: VggWeights,
    monkeypatch: pytest.MonkeyPatch,
    error: Exception,
) -> None:
    def fail(*_: Any) -> None:
        raise error

    monkeypatch.setattr(run_data, "load_pictures", fail)
    with pytest.raises(UserError) as caught:
        start(project, tiny_weights)
    assert "memory" in caught.value.what
    assert "smaller batch" in caught.value.remedy
    assert caught.value.details == str(error)


def test_fault_of_the_program_is_not_hidden(
    project: Project, tiny_weights: VggWeights, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any) -> None:
        raise AssertionError("a fault")

    monkeypatch.setattr(run_data, "load_pictures", fail)
    with pytest.raises(AssertionError):
        start(project, tiny_weights)


def test_start_that_fails_leaves_no_run(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    def unreachable(*_: Any, **__: Any) -> None:
        raise UserError("The weights cannot be fetched.", "Connect to the network.")

    monkeypatch.setattr(training, "vgg16_weights", unreachable)
    with pytest.raises(UserError, match="cannot be fetched"):
        train(project, SETTINGS, ignore, StopToken())
    assert list(project.runs_folder.iterdir()) == []


def test_failed_training_with_an_epoch_in_it_stays(
    project: Project, tiny_weights: VggWeights, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(folder: Path, *_: Any) -> None:
        write_metrics(folder, [EPOCH])
        raise UserError("The disk is full.", "Free some space.")

    monkeypatch.setattr(training, "_train_in", fail)
    with pytest.raises(UserError):
        start(project, tiny_weights)
    (run,) = list_runs(project.runs_folder)
    assert "the training failed" in (run.folder / "log.txt").read_text("utf-8")


def test_damaged_photo_is_named(project: Project, tiny_weights: VggWeights) -> None:
    photo = project.samples(Split.TEST)[0].photo
    photo.path.write_bytes(b"no picture")
    with pytest.raises(UserError, match=photo.name):
        start(project, tiny_weights)


def test_settings_that_cannot_be_written_leave_no_run(
    project: Project, tiny_weights: VggWeights, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any) -> None:
        raise full_disk()

    monkeypatch.setattr(starts, "write_json", fail)
    with pytest.raises(UserError, match="disk is full"):
        start(project, tiny_weights)
    assert list(project.runs_folder.iterdir()) == []


class Killed(BaseException):
    """Nothing in the program catches this."""


@pytest.mark.slow
@pytest.mark.usefixtures("small_network")
def test_killed_run_is_not_complete_and_not_used(
    project: Project, tiny_weights: VggWeights, trained: Trained
) -> None:
    def kill(event: TrainEvent) -> None:
        if isinstance(event, EpochMetrics):
            raise Killed

    with pytest.raises(Killed):
        start(project, tiny_weights, kill)
    (killed,) = list_runs(project.runs_folder)
    assert not killed.complete
    assert len(killed.metrics()) == 1
    with pytest.raises(UserError, match="no trained model"):
        find_run(project.folder)
    with pytest.raises(UserError, match="did not end"):
        find_run(killed.folder)
    shutil.copytree(trained.run.folder, project.runs_folder / "2020-01-01_00-00-00")
    assert find_run(project.folder).name == "2020-01-01_00-00-00"


# --- said before starting ------------------------------------------------------------------


def refused(project: Project, weights: VggWeights) -> UserError:
    with pytest.raises(UserError) as caught:
        start(project, weights)
    assert list(project.runs_folder.iterdir()) == []
    return caught.value


def test_project_without_photos_is_refused(tmp_path: Path, tiny_weights: VggWeights) -> None:
    with Project.create(tmp_path / "empty") as project:
        assert "no photos" in refused(project, tiny_weights).what


def test_project_without_labels_is_refused(project: Project, tiny_weights: VggWeights) -> None:
    for photo in project.photos:
        project.clear_label(photo)
    assert "No photo has a label" in refused(project, tiny_weights).what


def test_too_few_photos_are_refused(tmp_path: Path, tiny_weights: VggWeights) -> None:
    with make_demo_project(tmp_path / "few", 5, 1, ignore_progress, StopToken()) as project:
        assert "Only 5 photos" in refused(project, tiny_weights).what


def test_photos_without_a_face_are_refused_with_all_reasons(
    project: Project, tiny_weights: VggWeights
) -> None:
    for photo in project.photos:
        if project.state(photo) is PhotoState.FACES:
            project.set_label(photo, [])
    error = refused(project, tiny_weights)
    assert "No training photo shows a face" in error.what
    assert "No validation photo shows a face" in error.details


# --- weights -------------------------------------------------------------------------------


@pytest.mark.parametrize("weights", ["imagenet", "random"])
def test_weights_are_those_that_the_settings_ask_for(
    project: Project, monkeypatch: pytest.MonkeyPatch, weights: str
) -> None:
    used: list[str] = []

    def stop_here(*arguments: Any) -> None:
        used.append(arguments[3])
        raise Cancelled

    monkeypatch.setattr(training, "vgg16_weights", lambda *_, **__: "pretrained")
    monkeypatch.setattr(training, "random_weights", lambda seed: f"random {seed}")
    monkeypatch.setattr(training, "_train_in", stop_here)
    with pytest.raises(Cancelled):
        train(project, replace(SETTINGS, weights=weights), ignore, StopToken())
    assert used == ["pretrained" if weights == "imagenet" else "random 3"]


def test_without_weights_nothing_is_trained(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Never from random ones unless they are asked for by name."""

    def unreachable(*_: Any, **__: Any) -> None:
        raise UserError("VGG16's weights could not be fetched.", "Three ways on.")

    monkeypatch.setattr(training, "vgg16_weights", unreachable)
    monkeypatch.setattr(training, "_train_in", lambda *_: pytest.fail("it trains"))
    with pytest.raises(UserError, match="could not be fetched"):
        train(project, SETTINGS, ignore, StopToken())
    assert not any(run.complete for run in list_runs(project.runs_folder))
