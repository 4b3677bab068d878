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

Train = Callable[..., Run]
"""`ml.training.train`, or what stands in for it in a test."""


def train_lazily(*what: Any, **more: Any) -> Run:
    """`ml.training.train`, imported in the thread that trains: the window is there sooner."""
    from facegui.ml.training import train

    return train(*what, **more)


def training_job(
    train: Train, project: Project, settings: TrainSettings, weights_file: Path | None
) -> Job:
    """A job that reports every event of the training, and besides how far it is in all."""

    def work(report: Callable[[Any], None], stop: StopToken) -> Run:
        def tell(event: object) -> None:
            report(event)
            if isinstance(event, BatchMetrics):
                report(_progress(event))

        return train(project, settings, tell, stop, weights_file=weights_file)

    return Job("Training", work)


def _progress(event: BatchMetrics) -> Progress:
    done = (event.epoch - 1) * event.batches + event.batch
    text = f"Training, epoch {event.epoch} of {event.epochs}"
    return Progress(done, event.epochs * event.batches, text)
