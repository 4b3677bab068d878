"""What a training begins with: pretrained weights, an earlier run, or where it was broken off."""

from __future__ import annotations

import hashlib
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from facegui.core.errors import UserError, disk_error
from facegui.core.files import write_json
from facegui.core.project import Project
from facegui.core.readiness import training_problems
from facegui.core.run_photos import write_run_photos
from facegui.core.runs import (
    CONTINUED_KEY,
    KERAS_NAME,
    SETTINGS_NAME,
    START_NAME,
    EpochMetrics,
    Run,
    discard_run,
    new_run_folder,
)
from facegui.ml.checkpoints import Checkpoint, CheckpointWriter
from facegui.ml.presets import TrainSettings
from facegui.ml.training_data import LabelledArray, LabelledFiles
from facegui.ml.weights import VggWeights

if TYPE_CHECKING:
    import keras


@dataclass(frozen=True, slots=True)
class Start:
    """What a training begins with.

    Args:
        key: of photos, labels and weights; a training goes on with the same alone.
        folder: of its run.
        network: that of the run that it continues; None to begin with pretrained weights.
        resumed: how far it was when it was broken off.
    """

    key: str
    folder: Path
    network: keras.Model | None = None
    resumed: Checkpoint | None = None

    @classmethod
    def of(
        cls,
        folder: Path,
        training: LabelledFiles | LabelledArray,
        validation: LabelledArray,
        weights: VggWeights,
        network: keras.Model | None,
        resumed: Checkpoint | None = None,
    ) -> Start:
        """The start of a training in `folder`.

        Raises:
            UserError: when it is to go on, but photos or labels are others now.
        """
        content = f"{weights.sha256}/{training.digest()}/{validation.digest()}"
        key = hashlib.sha256(content.encode()).hexdigest()
        if resumed is not None and resumed.key != key:
            raise UserError(
                "This training cannot go on: photos, labels or copies have changed since.",
                "Keep what it has learned so far, or throw it away and start again.",
            )
        return cls(key, folder, network, resumed)

    @property
    def epochs(self) -> tuple[EpochMetrics, ...]:
        """Those that are done."""
        return self.resumed.epochs if self.resumed else ()

    @property
    def first_epoch(self) -> int:
        """From 0."""
        return len(self.epochs)

    @property
    def keep(self) -> CheckpointWriter:
        return CheckpointWriter(self.folder, self.key)


def cannot_be_continued(why: str) -> UserError:
    return UserError(
        "The chosen run cannot be continued: another kind of network came out of it.",
        "Train anew instead.",
        why,
    )


def refuse_other_network(continued: Run, settings: TrainSettings) -> None:
    """Raises `UserError` where `settings` ask for another network than the run has."""
    earlier = continued.settings()
    for name in ("network", "input_size"):
        if earlier.get(name) != getattr(settings, name):
            raise cannot_be_continued(f"{name} {earlier.get(name)}, not {getattr(settings, name)}")


def begin_run(project: Project, settings: TrainSettings, continued: Run | None) -> Path:
    """Makes the folder of a training, with its settings in it.

    Args:
        project: that it belongs to.
        settings: of the training.
        continued: the run whose network it begins with.

    Raises:
        UserError: when it cannot be written; nothing is left then.
    """
    try:
        folder = new_run_folder(project.runs_folder)
        try:
            origin = {}
            if continued is not None:
                # A copy: the earlier run may be deleted while this one is broken off.
                shutil.copyfile(continued.folder / KERAS_NAME, folder / START_NAME)
                origin = {CONTINUED_KEY: continued.name}
            write_json(folder / SETTINGS_NAME, settings.to_json() | origin)
            write_run_photos(folder, project, continued)
        except OSError:
            discard_run(folder)
            raise
    except OSError as error:
        raise disk_error(error, "starting the training") from error
    return folder


def refuse_hopeless(project: Project) -> None:
    """Raises `UserError` for a project that cannot be trained on."""
    blocking = [problem for problem in training_problems(project) if problem.blocking]
    if blocking:
        others = "\n".join(f"{problem.what} {problem.remedy}" for problem in blocking[1:])
        raise UserError(blocking[0].what, blocking[0].remedy, others)
