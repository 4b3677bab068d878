"""What takes the place of cameras, trainings and models while the window is photographed."""

from __future__ import annotations

import functools
import math
import sys
import threading
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from PySide6.QtCore import QTimer

from facegui.core.augmented_set import AugmentedSet
from facegui.core.boxes import Box, Detection
from facegui.core.camera import CameraInfo, CameraKind, ClosesAfterwards, Frame
from facegui.core.camera_errors import CameraUnpluggedError
from facegui.core.cameras import DEMO
from facegui.core.demo_camera import DemoCamera
from facegui.core.drawing import MarkedBox, Meaning
from facegui.core.errors import UserError
from facegui.core.files import write_json
from facegui.core.images import read_small_picture
from facegui.core.metrics import PhotoResult, score
from facegui.core.progress import Progress, StopToken
from facegui.core.project import Project
from facegui.core.runs import (
    CARD_NAME,
    MODEL_NAME,
    SETTINGS_NAME,
    BatchMetrics,
    EpochMetrics,
    Losses,
    Run,
    new_run_folder,
    write_metrics,
)
from facegui.core.splits import Split
from facegui.ml.draft_messages import Request
from facegui.ml.presets import DEFAULT_PRESET, TrainSettings
from facegui.ml.previews import EpochPreview
from facegui.ui.tab import Tab
from facegui.workers.draft_process import DraftProcess
from facegui.workers.job_board import JobBoard
from facegui.workers.mistake_look import MistakePicture
from facegui.workers.pace_trial import PaceTrial
from facegui.workers.project_store import ProjectStore

EPOCHS, SHOWN_EPOCHS, BATCHES = 12, 7, 8
_FRAME = 40
_FRAMES_PER_SECOND = 10.0
_SIDE = 480
_ENDLESS_LABELME = (sys.executable, "-c", "import sys; sys.stdin.read()")
_FAILING_LABELME = (
    sys.executable,
    "-c",
    "import sys; sys.exit('ImportError: libGL.so.1: cannot open shared object file')",
)


def with_seams(tab_class: Any, **seams: Any) -> type[Tab]:
    """A tab that the window makes with other seams than its own."""

    class WithSeams(tab_class):  # type: ignore[misc]
        def __init__(self, store: ProjectStore, board: JobBoard, **given: Any) -> None:
            super().__init__(store, board, **given | seams)

    return WithSeams


class StillDraftProcess(DraftProcess):
    """Is done at once and drafts nothing."""

    def ask(self, request: Request, cache_folder: Path) -> None:  # noqa: ARG002
        QTimer.singleShot(0, self.done.emit)


class StillTrial(PaceTrial):
    """Measures nothing."""

    def start(self) -> None:
        pass


class StillCamera(ClosesAfterwards):
    """The demo camera, standing still.

    Args:
        frames: after so many it is unplugged; None: never.
        black: whether its shutter is closed.
    """

    name = DEMO.name
    kind = CameraKind.DEMO
    live = True
    frame_count: int | None = None
    frames_per_second: float | None = _FRAMES_PER_SECOND
    notes: tuple[str, ...] = ()

    def __init__(self, frames: int | None = None, *, black: bool = False) -> None:
        self._frames = frames
        self._black = black
        self._number = 0
        self._closing = threading.Event()

    def read(self) -> Frame | None:
        if self._frames is not None and self._number >= self._frames:
            raise CameraUnpluggedError(self.name)
        if self._closing.wait(1.0 / _FRAMES_PER_SECOND):
            return None
        self._number += 1
        time_s = self._number / _FRAMES_PER_SECOND
        frame = replace(still_frame(), time_s=time_s, number=self._number)
        return replace(frame, pixels=np.zeros_like(frame.pixels)) if self._black else frame

    def close(self) -> None:
        self._closing.set()


class UnpluggedCamera:
    """Opens a camera once; after some pictures it is gone for good."""

    def __init__(self) -> None:
        self._is_gone = False

    def __call__(self, info: CameraInfo) -> StillCamera:
        if self._is_gone:
            raise CameraUnpluggedError(info.name)
        self._is_gone = True
        return StillCamera(5)


def open_still(_info: CameraInfo) -> StillCamera:
    return StillCamera()


def open_black(_info: CameraInfo) -> StillCamera:
    """A camera whose shutter is closed."""
    return StillCamera(black=True)


def list_demo_only() -> Sequence[CameraInfo]:
    return (DEMO,)


@functools.cache
def still_frame() -> Frame:
    """One picture of the demo camera, with its box."""
    with DemoCamera(paced=False) as camera:
        return camera.frame(_FRAME)


class KnowingDetector:
    """Finds the face in the still camera's picture, almost."""

    threshold = 0.5

    def __init__(self, path: Path, *, threads: int | None = None) -> None:  # noqa: ARG002
        if not path.read_bytes():
            raise UserError(f"The model {path.name} cannot be loaded.", "Train again.")

    def detect(self, _pixels: object, _threshold: float | None = None) -> tuple[Detection, ...]:
        return tuple(Detection(_shifted(box, 3.0), 0.97) for box in still_frame().boxes or ())


def endless_copies(
    samples: Sequence[object],
    _folder: Path,
    _settings: object,
    report: Callable[[Any], None],
    stop: StopToken,
) -> AugmentedSet:
    """Makes copies until it is cancelled, and gets not far."""
    report(Progress(9, len(samples), "Making copies"))
    _wait_for_stop(stop)
    raise AssertionError("only a cancel ends this")


def no_room(*_arguments: object) -> AugmentedSet:
    raise UserError(
        "The disk is full: the copies could not be made.",
        "Make room on the disk, or make fewer copies of each photo.",
    )


def endless_training(
    project: Project,
    _settings: TrainSettings,
    report: Callable[[Any], None],
    stop: StopToken,
    *,
    weights_file: Path | None = None,  # noqa: ARG001
) -> Run:
    """Reports some epochs and then trains until it is cancelled."""
    for epoch in range(1, SHOWN_EPOCHS + 1):
        for batch in range(1, BATCHES + 1):
            passed = epoch - 1 + batch / BATCHES
            report(BatchMetrics(epoch, EPOCHS, batch, BATCHES, _losses(passed)))
        report(_epoch(epoch))
        report(_preview(epoch, project))
    report(BatchMetrics(SHOWN_EPOCHS + 1, EPOCHS, 3, BATCHES, _losses(SHOWN_EPOCHS + 0.4)))
    _wait_for_stop(stop)
    raise AssertionError("only a cancel ends this")


def diverging_training(*_arguments: object, **_more: object) -> Run:
    raise UserError(
        "The loss is not a number any more.",
        "Choose a smaller learning rate under Advanced, and train again.",
    )


def write_example_run(project: Project) -> Run:
    """A run as a training of `EPOCHS` epochs leaves it, but with no model to speak of."""
    folder = new_run_folder(project.runs_folder)
    settings = replace(DEFAULT_PRESET.settings, epochs=EPOCHS)
    scores = score(_results(project, Split.TEST, 0.02), KnowingDetector.threshold)
    write_json(folder / SETTINGS_NAME, settings.to_json())
    write_metrics(folder, [_epoch(number) for number in range(1, EPOCHS + 1)])
    (folder / MODEL_NAME).write_bytes(b"an example")
    card = {
        "preset": settings.preset,
        "seconds": 94.0,
        "epochs": EPOCHS,
        "best_epoch": EPOCHS,
        "training_pictures": len(project.samples(Split.TRAIN)) * 10,
        "test": scores.to_json(),
    }
    write_json(folder / CARD_NAME, card)
    return Run(folder)


def example_mistakes(
    project: Project, _run: Run, _report: object, _stop: StopToken
) -> tuple[MistakePicture, ...]:
    """Some test photos, each with a box that does not fit."""
    shown = []
    for sample in project.samples(Split.TEST)[:3]:
        pixels, (width, height) = read_small_picture(sample.photo.path, _SIDE)
        pixels.flags.writeable = False
        across, down = pixels.shape[1] / width, pixels.shape[0] / height
        boxes = [box.scaled(across, down) for box in sample.boxes]
        marked = [MarkedBox(box, Meaning.LABEL) for box in boxes]
        wrong = [_shifted(box, 24.0) for box in boxes] or [Box(40, 60, 120, 150)]
        marked += [MarkedBox(box, Meaning.MISTAKE, "61%") for box in wrong]
        words = "the box does not fit well" if boxes else "this is no face"
        shown.append(MistakePicture(sample.photo.name, Split.TEST, words, pixels, tuple(marked)))
    return tuple(shown)


def labelme_command(*, fails: bool) -> Sequence[str]:
    """Stands in for LabelMe: open until it is closed, or failing at once."""
    return _FAILING_LABELME if fails else _ENDLESS_LABELME


def _wait_for_stop(stop: StopToken) -> None:
    waiting = threading.Event()
    while not stop.should_stop:
        waiting.wait(0.02)
    stop.cancel()
    stop.raise_if_cancelled()


def _losses(epochs_passed: float, more: float = 0.0) -> Losses:
    fallen = math.exp(-epochs_passed / 3) + 0.05
    rough = 0.06 * fallen * float(np.sin(9.0 * epochs_passed))
    box, classification = 0.5 * fallen + more, 0.7 * fallen + rough + more
    return Losses(box + 0.5 * classification, classification, box)


def _epoch(number: int) -> EpochMetrics:
    best = number <= SHOWN_EPOCHS - 1 or number == EPOCHS
    return EpochMetrics(number, EPOCHS, _losses(number), _losses(number, 0.04), 7.8, best)


def _preview(epoch: int, project: Project) -> EpochPreview:
    """Better boxes with each epoch."""
    return EpochPreview(epoch, _results(project, Split.VALIDATION, 0.2 / epoch)[:6])


def _results(project: Project, split: Split, off: float) -> tuple[PhotoResult, ...]:
    results = []
    for sample in project.samples(split):
        width, height = project.size(sample.photo)
        truth = tuple(box.scaled(1 / width, 1 / height) for box in sample.boxes)
        found = tuple(Detection(_shifted(box, off), 1.0 - 2 * off) for box in truth)
        results.append(PhotoResult(sample.photo.name, found, truth))
    return tuple(results)


def _shifted(box: Box, by: float) -> Box:
    return Box(box.x0 + by, box.y0 + by / 2, box.x1 + by, box.y1 + by / 2)
