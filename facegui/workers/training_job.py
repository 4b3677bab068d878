"""Training as a job: what it reports, and how far it is in all."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from facegui.core.progress import Progress, StopToken
from facegui.core.project import Project
from facegui.core.runs import BatchMetrics, Run
from facegui.ml.presets import TrainSettings
from facegui.workers.job import Job

GOES_ON = "The training can go on later from the last epoch that was saved, if there is one."

Train = Callable[..., Run]
"""`ml.training.train`, or what stands in for it in a test."""


class TrainingProgress(Progress):
    """How far a training is in all; said besides what it reports itself."""


def train_lazily(*what: Any, **more: Any) -> Run:
    """`ml.training.train`, imported in the thread that trains: the window is there sooner."""
    from facegui.ml.training import train

    return train(*what, **more)


def resume_lazily(*what: Any, **more: Any) -> Run:
    """`ml.training.resume`, likewise."""
    from facegui.ml.training import resume

    return resume(*what, **more)


def keep_lazily(*what: Any, **more: Any) -> Run:
    """`ml.training.keep_learned`, likewise."""
    from facegui.ml.training import keep_learned

    return keep_learned(*what, **more)


def training_job(
    train: Train,
    project: Project,
    settings: TrainSettings,
    weights_file: Path | None,
    continued: Run | None = None,
) -> Job:
    """A job that reports every event of the training, and besides how far it is in all.

    Args:
        train: does it.
        project: as for `ml.training.train`, and so the others.
        settings: likewise.
        weights_file: likewise.
        continued: likewise.
    """
    more = {} if continued is None else {"continued": continued}
    return _watched(train, project, settings, weights_file=weights_file, **more)


def resuming_job(resume: Train, project: Project, run: Run, weights_file: Path | None) -> Job:
    """The same of a training that was broken off.

    Args:
        resume: `ml.training.resume` or `keep_learned`.
        project: as for these, and so the others.
        run: likewise.
        weights_file: likewise.
    """
    return _watched(resume, project, run, weights_file=weights_file)


def _watched(train: Train, project: Project, what: TrainSettings | Run, **more: Any) -> Job:
    def work(report: Callable[[Any], None], stop: StopToken) -> Run:
        def tell(event: object) -> None:
            report(event)
            if isinstance(event, BatchMetrics):
                report(_progress(event))

        return train(project, what, tell, stop, **more)

    return Job("Training", work, goes_on=GOES_ON)


def _progress(event: BatchMetrics) -> TrainingProgress:
    done = (event.epoch - 1) * event.batches + event.batch
    text = f"Training, epoch {event.epoch} of {event.epochs}"
    return TrainingProgress(done, event.epochs * event.batches, text)
