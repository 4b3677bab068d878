"""Runs: one folder for each training, readable without TensorFlow.

A run's folder holds `settings.json`, `metrics.csv`, `log.txt`, the TensorBoard
event files, and once it is complete `model.keras`, `model.tflite` and
`card.json`, which is written last. `model-int8.tflite` with its own card
`model-int8.json` is made along with them, or later for a run that lacks it.
`title.txt` is there once somebody named it.
"""

from __future__ import annotations

import contextlib
import csv
import io
import json
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Any

from facegui.core.errors import UserError, disk_error
from facegui.core.files import write_atomically
from facegui.core.trash_entry import free_place

SETTINGS_NAME = "settings.json"
METRICS_NAME = "metrics.csv"
LOG_NAME = "log.txt"
CARD_NAME = "card.json"
TITLE_NAME = "title.txt"
CHECKPOINT_NAME = "checkpoint.npz"
"""There while a training runs, and after one was broken off: from it that can go on."""
START_NAME = "start.keras"
"""There while a training runs that continues another run: that one's network."""
KERAS_NAME = "model.keras"
MODEL_NAME = "model.tflite"
INT8_NAME = "model-int8.tflite"
INT8_CARD_NAME = "model-int8.json"
"""Written after the int8 model: it says how near that comes to the trained one."""

CONTINUED_KEY = "continued_from"
"""In settings and card: the name of the run whose network this one began with."""

LONGEST_TITLE = 80
_TIME_FORMAT = "%Y-%m-%d_%H-%M-%S"
_TIME_LENGTH = len("2026-01-31_23-59-59")

_COLUMNS = (
    "epoch",
    "loss",
    "classification_loss",
    "box_loss",
    "val_loss",
    "val_classification_loss",
    "val_box_loss",
    "seconds",
)


@dataclass(frozen=True, slots=True)
class Losses:
    """Mean losses over some photos: total = box + weight x classification."""

    total: float
    classification: float
    box: float


@dataclass(frozen=True, slots=True)
class BatchMetrics:
    """After a batch: the mean over the epoch so far.

    Args:
        epoch: from 1.
        epochs: the most there will be.
        batch: finished in this epoch, from 1.
        batches: in an epoch.
        training: on the training photos.
    """

    epoch: int
    epochs: int
    batch: int
    batches: int
    training: Losses


@dataclass(frozen=True, slots=True)
class EpochMetrics:
    """After an epoch.

    Args:
        epoch: from 1.
        epochs: the most there will be.
        training: mean over the epoch, while the weights changed.
        validation: on the validation photos, with the weights at its end.
        seconds: that the epoch took, validation included.
        best: whether the validation loss is the lowest so far.
    """

    epoch: int
    epochs: int
    training: Losses
    validation: Losses
    seconds: float
    best: bool


class Precision(StrEnum):
    """What a model computes with: whole numbers are a quarter of the size and far faster."""

    INT8 = "int8"
    FLOAT32 = "float32"


@dataclass(frozen=True, slots=True)
class FirstModel:
    """A first model can be tried while the training goes on.

    Args:
        path: of its file; the trained model will take its place.
        seconds: since the training was started.
    """

    path: Path
    seconds: float


@dataclass(frozen=True, slots=True)
class Finishable:
    """From now on a *finish* leaves a model that finds something."""


def can_be_finished(event: object) -> bool:
    """Whether a training that reports this can be finished from now on."""
    return isinstance(event, Finishable | BatchMetrics)


@dataclass(frozen=True, slots=True)
class Run:
    """A training's folder."""

    folder: Path

    @property
    def name(self) -> str:
        return self.folder.name

    @property
    def title(self) -> str:
        """What the user calls it; until then its name."""
        try:
            return (self.folder / TITLE_NAME).read_text("utf-8").strip() or self.name
        except (OSError, ValueError):
            return self.name

    @property
    def started(self) -> datetime | None:
        """When it began, in local time; None where its folder was given another name."""
        try:
            return datetime.strptime(self.name[:_TIME_LENGTH], _TIME_FORMAT)
        except ValueError:
            return None

    @property
    def complete(self) -> bool:
        """Whether the training ended and left a model."""
        return (self.folder / CARD_NAME).is_file() and self.model_path.is_file()

    @property
    def resumable(self) -> bool:
        """Whether the training was broken off and can go on."""
        return not self.complete and (self.folder / CHECKPOINT_NAME).is_file()

    @property
    def has_model(self) -> bool:
        """Whether there is a model to detect with: the trained one, or a first one while it
        is still being trained."""
        return self.model_path.is_file()

    @property
    def can_be_used(self) -> bool:
        """Whether it can go on, or has a model."""
        return self.resumable or self.has_model

    @property
    def model_path(self) -> Path:
        """Of the float32 model: the trained network, exactly."""
        return self.folder / MODEL_NAME

    @property
    def int8_path(self) -> Path:
        return self.folder / INT8_NAME

    @property
    def has_int8(self) -> bool:
        """Whether the int8 model was made; older runs have none until somebody asks for it."""
        return (self.folder / INT8_CARD_NAME).is_file() and self.int8_path.is_file()

    def int8_card(self) -> dict[str, Any]:
        """How near the int8 model comes to the trained one; see `fidelity.Fidelity`.

        Raises:
            UserError: when the file is missing or damaged.
        """
        return self._read_json(INT8_CARD_NAME)

    def model_for(self, precision: Precision) -> Path:
        """The model file to detect with.

        The int8 model is taken where there is one that is as good as the trained
        model; the float32 model always will do.
        """
        if precision is Precision.INT8 and self.has_int8:
            with contextlib.suppress(UserError):
                if self.int8_card().get("faithful") is True:
                    return self.int8_path
        return self.model_path

    def settings(self) -> dict[str, Any]:
        return self._read_json(SETTINGS_NAME)

    def card(self) -> dict[str, Any]:
        """What the model is and how good it is.

        Raises:
            UserError: when the file is missing or damaged.
        """
        return self._read_json(CARD_NAME)

    def metrics(self) -> tuple[EpochMetrics, ...]:
        """The epochs so far; empty where there are none.

        Raises:
            UserError: when the file is damaged.
        """
        path = self.folder / METRICS_NAME
        if not path.exists():
            return ()
        try:
            return _epochs_from_csv(path.read_text("utf-8"))
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise self._damaged(METRICS_NAME, error) from error

    def _read_json(self, name: str) -> dict[str, Any]:
        try:
            document = json.loads((self.folder / name).read_text("utf-8"))
        except (OSError, ValueError) as error:
            raise self._damaged(name, error) from error
        if not isinstance(document, dict):
            raise self._damaged(name, TypeError(f"expected an object, got {document!r}"))
        return document

    def _damaged(self, name: str, error: Exception) -> UserError:
        return UserError(
            f"{name} of the run {self.name} is missing or damaged.",
            "Use another run, or train again.",
            str(error),
        )


def write_metrics(folder: Path, epochs: Sequence[EpochMetrics]) -> None:
    """Writes `metrics.csv` of a run, whole or not at all."""
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(_COLUMNS)
    for epoch in epochs:
        losses = [
            value
            for part in (epoch.training, epoch.validation)
            for value in (part.total, part.classification, part.box)
        ]
        writer.writerow([epoch.epoch, *(f"{x:.6g}" for x in losses), f"{epoch.seconds:.2f}"])
    write_atomically(folder / METRICS_NAME, stream.getvalue())


def new_run_folder(runs_folder: Path) -> Path:
    """Makes the folder of a run that begins now."""
    name, number = datetime.now().strftime(_TIME_FORMAT), 2
    folder = runs_folder / name
    while True:
        try:
            folder.mkdir(parents=True)
        except FileExistsError:
            folder, number = runs_folder / f"{name}-{number}", number + 1
        else:
            return folder


def list_runs(runs_folder: Path) -> tuple[Run, ...]:
    """All runs, oldest first; those that were broken off are not `complete`."""
    if not runs_folder.is_dir():
        return ()
    return tuple(
        Run(folder)
        for folder in sorted(runs_folder.iterdir())
        if (folder / SETTINGS_NAME).is_file()
    )


def trashed_runs(trash_folder: Path) -> tuple[Run, ...]:
    """The runs that were deleted and still are in the trash of a project."""
    return tuple(Run(folder) for folder in sorted(trash_folder.glob("*/runs/*")))


def find_run(path: Path) -> Run:
    """The run at `path`, or the newest complete one of the project at `path`.

    Raises:
        UserError: when there is none with a model, or it may not be read.
    """
    try:
        return _found_run(path)
    except OSError as error:
        raise disk_error(error, f"reading {path}") from error


def _found_run(path: Path) -> Run:
    run = Run(path)
    if (path / SETTINGS_NAME).is_file():
        if not run.complete:
            raise UserError(
                f"The run {run.name} has no model: its training did not end.",
                "Use another run, or train again.",
            )
        return run
    complete = [run for run in list_runs(path / "runs") if run.complete]
    if not complete:
        raise UserError(f"{path} has no trained model.", "Train one first.")
    return complete[-1]


def discard_run(folder: Path) -> None:
    """Removes a run that was cancelled, or that failed with nothing in it."""
    shutil.rmtree(folder, ignore_errors=True)


@dataclass(frozen=True, slots=True)
class DeletedRun:
    """A run in the trash.

    Args:
        folder: where it was.
        place: where it is now.
    """

    folder: Path
    place: Path


def rename_run(run: Run, title: str) -> None:
    """Gives a run another title; an empty one takes it back. Its folder keeps its name.

    Raises:
        UserError: when it cannot be written.
    """
    text = " ".join(title.split())[:LONGEST_TITLE]
    try:
        if text and text != run.name:
            write_atomically(run.folder / TITLE_NAME, f"{text}\n")
        else:
            (run.folder / TITLE_NAME).unlink(missing_ok=True)
    except OSError as error:
        raise disk_error(error, f"renaming the run {run.title}") from error


def delete_run(run: Run, trash_folder: Path) -> DeletedRun:
    """Moves a run to the trash of its project.

    Raises:
        UserError: when it cannot be moved; it is where it was then.
    """
    entry = free_place(trash_folder)
    place = entry / "runs" / run.name
    try:
        place.parent.mkdir(parents=True)
        run.folder.rename(place)
    except OSError as error:
        _remove_empty(place.parent, entry)
        raise disk_error(error, f"moving the run {run.title} to the trash") from error
    return DeletedRun(run.folder, place)


def restore_run(deleted: DeletedRun) -> Run:
    """Takes a run back from the trash, under a new name where the old is taken.

    Raises:
        UserError: when it cannot be moved back.
    """
    folder, number = deleted.folder, 2
    while folder.exists():
        folder, number = deleted.folder.with_name(f"{deleted.folder.name}-{number}"), number + 1
    try:
        deleted.place.rename(folder)
    except OSError as error:
        raise disk_error(error, "restoring the run from the trash") from error
    _remove_empty(deleted.place.parent, deleted.place.parent.parent)
    return Run(folder)


def _remove_empty(*folders: Path) -> None:
    with contextlib.suppress(OSError):
        for folder in folders:
            folder.rmdir()


def _epochs_from_csv(text: str) -> tuple[EpochMetrics, ...]:
    rows = list(csv.DictReader(io.StringIO(text)))
    epochs: list[EpochMetrics] = []
    lowest = float("inf")
    for row in rows:
        training = _losses_from(row, "")
        validation = _losses_from(row, "val_")
        best = validation.total < lowest
        lowest = min(lowest, validation.total)
        epoch, seconds = int(row["epoch"]), float(row["seconds"])
        epochs.append(EpochMetrics(epoch, len(rows), training, validation, seconds, best))
    return tuple(epochs)


def _losses_from(row: dict[str, str], prefix: str) -> Losses:
    names = ("loss", "classification_loss", "box_loss")
    total, classification, box = (float(row[prefix + name]) for name in names)
    return Losses(total, classification, box)
