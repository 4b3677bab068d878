"""What a run learns from and is judged by, as it was when the training began."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from facegui.core.progress import StopToken
from facegui.core.project import Project
from facegui.core.runs import Run
from facegui.core.splits import Split
from facegui.ml.dense_training import fitting_pictures
from facegui.ml.presets import TrainSettings
from facegui.ml.training_data import (
    LabelledArray,
    LabelledFiles,
    labelled_files,
    load_pictures,
    split_pictures,
    training_pictures,
    unseen_pictures,
)

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class RunData:
    """The project's labelled photos as they were when the training began.

    In memory: what is done to photos and labels in the meantime can neither end a
    long training nor change what it is measured on. What a dense network learns from,
    thousands of pictures and perhaps large, is read when features are computed; what is
    gone by then is left out.

    Args:
        training: augmented copies, or the photos themselves.
        validation: photos as they were taken, at the size of the finished network.
        validation_names: what those are called.
        test: likewise; they have no part in choosing anything.
        photos: how many there are in each split.
        left_out: how many training pictures there was no room for.
    """

    training: LabelledArray | LabelledFiles
    validation: LabelledArray
    validation_names: tuple[str, ...]
    test: LabelledArray
    photos: Mapping[str, int]
    left_out: int

    @classmethod
    def load(
        cls,
        project: Project,
        run: Run,
        settings: TrainSettings,
        report: Callable[[Any], None],
        stop: StopToken,
    ) -> RunData:
        size = settings.input_size
        of_training, of_validation = (
            training_pictures(project),
            split_pictures(project, Split.VALIDATION),
        )
        training: LabelledArray | LabelledFiles
        if settings.network == "dense":
            training = labelled_files(fitting_pictures(of_training, size), size, report, stop)
        else:
            training = load_pictures(of_training, size, report, stop)
        validation, test = (
            load_pictures(pictures, settings.final_size, report, stop)
            for pictures in (of_validation, unseen_pictures(project, run)[0])
        )
        names = tuple(picture.path.name for picture in of_validation)
        photos = {split.value: len(project.samples(split)) for split in Split}
        log.info("%d training pictures, photos: %s", len(training), photos)
        left_out = len(of_training) - len(training)
        return cls(training, validation, names, test, photos, left_out)
