"""What stands in for a training: it reports what the test says and leaves a run behind."""

from __future__ import annotations

import math
import queue
from collections.abc import Callable
from pathlib import Path
from typing import Any

from facegui.core.boxes import Box, Detection
from facegui.core.errors import Cancelled
from facegui.core.files import write_json
from facegui.core.metrics import PhotoResult
from facegui.core.progress import StopToken
from facegui.core.project import Project
from facegui.core.runs import (
    CARD_NAME,
    MODEL_NAME,
    SETTINGS_NAME,
    BatchMetrics,
    EpochMetrics,
    Losses,
    Run,
    discard_run,
    new_run_folder,
    write_metrics,
)
from facegui.core.splits import Split
from facegui.ml.presets import TrainSettings
from facegui.ml.previews import EpochPreview

EPOCHS, BATCHES = 4, 5


def losses(epochs_passed: float, more: float = 0.0) -> Losses:
    fallen = math.exp(-epochs_passed / 2)
    return Losses(1.2 * fallen + more, 0.7 * fallen + more / 2, 0.5 * fallen + more / 2)


def scores(**changes: Any) -> dict[str, Any]:
    """Figures on test photos, as a card has them."""
    return {
        "photos": 14,
        "faces": 12,
        "missed": 1,
        "ap50": 0.97,
        "ap75": 0.81,
        "mean_iou": 0.83,
        "precision": 0.92,
        "recall": 0.917,
        "false_alarms": 1,
        "no_face_photos": 3,
        "no_face_correct": 3,
        "intervals": {"ap50": [0.8, 1.0]},
        **changes,
    }


def write_run(
    runs_folder: Path,
    *,
    name: str | None = None,
    complete: bool = True,
    epochs: int = EPOCHS,
    settings: TrainSettings | None = None,
    **changes: Any,
) -> Run:
    """A run as a training leaves it; without a real model."""
    folder = runs_folder / name if name else new_run_folder(runs_folder)
    folder.mkdir(parents=True, exist_ok=True)
    settings = settings or TrainSettings()
    write_json(folder / SETTINGS_NAME, settings.to_json())
    write_metrics(folder, [epoch_metrics(number) for number in range(1, epochs + 1)])
    if complete:
        (folder / MODEL_NAME).write_bytes(b"no model")
        card = {
            "preset": settings.preset,
            "seconds": 125.0,
            "epochs": epochs,
            "training_pictures": 60,
            "test": scores(**changes),
        }
        write_json(folder / CARD_NAME, card)
    return Run(folder)


def epoch_metrics(epoch: int, epochs: int = EPOCHS) -> EpochMetrics:
    return EpochMetrics(epoch, epochs, losses(epoch), losses(epoch, 0.05), 20.0, True)


class FakeTraining:
    """Call `step` to let it go on: each takes what the training reports next."""

    def __init__(self) -> None:
        self.settings: TrainSettings | None = None
        self.weights_file: Path | None = None
        self._steps: queue.Queue[Any] = queue.Queue()

    def report(self, *events: Any) -> None:
        for event in events:
            self._steps.put(event)

    def fail(self, error: Exception) -> None:
        self._steps.put(error)

    def end(self) -> None:
        """It ends by itself."""
        self._steps.put(None)

    def epoch(self, number: int, project: Project) -> None:
        """All that is reported in an epoch."""
        for batch in range(1, BATCHES + 1):
            passed = number - 1 + batch / BATCHES
            self.report(BatchMetrics(number, EPOCHS, batch, BATCHES, losses(passed)))
        self.report(epoch_metrics(number), preview(number, project))

    def __call__(
        self,
        project: Project,
        settings: TrainSettings,
        report: Callable[[Any], None],
        stop: StopToken,
        *,
        weights_file: Path | None = None,
    ) -> Run:
        self.settings, self.weights_file = settings, weights_file
        folder = new_run_folder(project.runs_folder)
        write_json(folder / SETTINGS_NAME, settings.to_json())
        while not stop.should_stop:
            try:
                event = self._steps.get(timeout=0.02)
            except queue.Empty:
                continue
            if event is None:
                break
            if isinstance(event, Exception):
                raise event
            report(event)
        if stop.cancelled:
            discard_run(folder)
            raise Cancelled
        return write_run(folder.parent, name=folder.name, settings=settings)


def preview(epoch: int, project: Project) -> EpochPreview:
    """Better boxes with each epoch."""
    results = []
    for sample in project.samples(Split.VALIDATION):
        width, height = project.size(sample.photo)
        truth = tuple(box.scaled(1 / width, 1 / height) for box in sample.boxes)
        off = 0.3 / (1 + epoch)
        found = tuple(
            Detection(Box(b.x0 - off, b.y0 - off / 2, b.x1 - off, b.y1 - off / 2), 1 - off)
            for b in truth
        )
        results.append(PhotoResult(sample.photo.name, found, truth))
    return EpochPreview(epoch, tuple(results))
