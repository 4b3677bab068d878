"""What the Detect tab keeps: snapshots, recordings, mistakes to learn from, whole videos."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, QTimer, Signal, Slot

from facegui.core.camera import Camera, CameraInfo, CameraKind
from facegui.core.photo_library import Changes
from facegui.core.progress import Report, StopToken
from facegui.core.runs import Run
from facegui.ml.following import FaceDetector, Follower
from facegui.ml.int8 import make_int8
from facegui.ml.whole_recording import WholeResult, find_in_whole
from facegui.ui.detect_model import run_in_words
from facegui.ui.detect_stage import DetectStage
from facegui.workers.camera_feed import OpenCamera
from facegui.workers.detection_feed import LoadDetector
from facegui.workers.job import Job
from facegui.workers.job_board import JobBoard
from facegui.workers.photo_writer import PhotoWriter, Proposal, TakenPhoto
from facegui.workers.project_store import ProjectStore
from facegui.workers.recorder import Recorder
from facegui.workers.snapshots import Snapshots

SNAPSHOTS_FOLDER, RECORDINGS_FOLDER, FOUND_FOLDER = "snapshots", "recordings", "found"
"""In the project's folder."""

FREEZE_MS = 900
"""So long a picture that is wrong stands still."""


@dataclass(frozen=True, slots=True)
class WholeWish:
    """A source that is to be gone through as a whole.

    Args:
        source: a video, or pictures.
        model_path: what finds the faces.
        threshold: confidence from which on a detection counts.
        smooth: whether boxes are held still where they only tremble.
        blurred: whether faces are made unrecognisable.
    """

    source: CameraInfo
    model_path: Path
    threshold: float
    smooth: bool
    blurred: bool


class DetectKeeping(QObject):
    """Keeps what the stage shows in the folder of the open project.

    Signals:
        failed(Exception): something could not be kept.
        noticed(str): something was kept; where.
        changed(): recording, frozen or busy is not what it was.
        int8_made(): a run has its fast model now.

    Args:
        store: with the project.
        board: where long work runs.
        stage: what is seen.
        open_camera: opens a source for a whole video.
        load_detector: likewise, its detector.
    """

    failed = Signal(object)
    noticed = Signal(str)
    changed = Signal()
    int8_made = Signal()

    def __init__(
        self,
        store: ProjectStore,
        board: JobBoard,
        stage: DetectStage,
        open_camera: OpenCamera,
        load_detector: LoadDetector,
        parent: QObject | None = None,
        *,
        make_int8: Callable[..., object] = make_int8,
        freeze_ms: int = FREEZE_MS,
    ) -> None:
        super().__init__(parent)
        self._store = store
        self._board = board
        self._stage = stage
        self._open_camera = open_camera
        self._load_detector = load_detector
        self._make_int8 = make_int8
        self._snapshots = Snapshots(self)
        self._writer = PhotoWriter(self)
        self.recorder = Recorder(self)
        self._freeze = QTimer(self)
        self._freeze.setSingleShot(True)
        self._freeze.setInterval(freeze_ms)
        self._freeze.timeout.connect(self.changed)
        self._snapshots.saved.connect(self._on_snapshot)
        self._snapshots.failed.connect(self.failed)
        self.recorder.saved.connect(self._on_recorded)
        self.recorder.failed.connect(self._on_record_failed)
        self._writer.stored.connect(self._on_stored)
        self._writer.failed.connect(self.failed)
        store.closing.connect(self._writer.wait)
        board.started.connect(self._on_board_changed)
        board.ended.connect(self._on_board_changed)

    @property
    def frozen(self) -> bool:
        """Whether the picture stands still because it is wrong."""
        return self._freeze.isActive()

    @property
    def busy_reason(self) -> str:
        """Why no long work can begin now; "" where it can."""
        return f"{self._board.job.title} is still running." if self._board.job else ""

    def shut_down(self) -> None:
        """Waits until everything is on disk."""
        self._snapshots.shut_down()
        self.recorder.shut_down()
        self._writer.shut_down()

    # Pictures

    def save_snapshot(self, *, with_boxes: bool) -> None:
        """Saves what is seen, unmirrored."""
        folder = self._folder(SNAPSHOTS_FOLDER)
        shown = self._stage.shown
        if folder is not None and shown:
            pictures = [(one.pixels, one.boxes if with_boxes else ()) for one in shown]
            self._snapshots.save(folder, pictures)

    def keep_mistake(self, run: Run, camera_name: str) -> None:
        """Has what is seen stored in the project, its boxes as a draft, and freezes it."""
        project, shown = self._store.project, self._stage.main.shown
        if project is None or shown is None:
            return
        proposal = Proposal(shown.faces, run_in_words(run))
        if self._writer.offer(project, shown.frame, camera_name, proposal):
            self._freeze.start()
            self._stage.main.view.flash()
            self.changed.emit()
        else:
            self.noticed.emit("The disk is slow: wait a moment.")

    def let_go(self) -> None:
        """The user goes on: nothing stands still any longer."""
        if self._freeze.isActive():
            self._freeze.stop()
            self.changed.emit()

    # Recordings

    def toggle_recording(self) -> None:
        folder = self._folder(RECORDINGS_FOLDER)
        if self.recorder.active:
            self.recorder.stop()
        elif folder is not None:
            self.recorder.start(folder / f"{datetime.now():%Y-%m-%d_%H-%M-%S}.mp4")
            self.record_shown()
        self.changed.emit()

    def stop_recording(self) -> None:
        if self.recorder.active:
            self.recorder.stop()
            self.changed.emit()

    @Slot()
    def record_shown(self) -> None:
        """What is seen now goes into the recording."""
        if self.recorder.active:
            self.recorder.add([(one.pixels, one.boxes) for one in self._stage.shown])

    # Long work

    def go_through(self, wish: WholeWish) -> None:
        """Looks for faces in all of a source, in the background."""
        folder = self._folder(FOUND_FOLDER)
        if folder is None or self.busy_reason:
            return
        opening = (self._open_camera, self._load_detector)
        work = partial(_go_through, wish, folder, *opening)
        job = Job(f"Finding faces in {wish.source.name}", work)
        job.succeeded.connect(self._on_whole)
        job.failed.connect(self.failed)
        self._board.start(job)

    def make_fast(self, run: Run) -> None:
        """Makes the int8 model of a run, in the background."""
        project = self._store.project
        if project is None or self.busy_reason:
            return
        make = self._make_int8

        def work(report: Report, stop: StopToken) -> Any:
            return make(run, project, report, stop)

        job = Job("Making the model fast", work)
        job.succeeded.connect(self._on_int8)
        job.failed.connect(self.failed)
        self._board.start(job)

    # What came of it

    def _folder(self, name: str) -> Path | None:
        project = self._store.project
        return project.folder / name if project is not None else None

    @Slot(object)
    def _on_snapshot(self, path: Path) -> None:
        for view in self._stage.views:
            view.view.flash()
        self.noticed.emit(f"Saved in the project's folder: {path.parent.name}/{path.name}")

    @Slot(object)
    def _on_recorded(self, path: Path) -> None:
        self.noticed.emit(f"Recorded in the project's folder: {path.parent.name}/{path.name}")

    @Slot(object)
    def _on_record_failed(self, error: Exception) -> None:
        self.failed.emit(error)
        self.changed.emit()

    @Slot(object)
    def _on_stored(self, taken: TakenPhoto) -> None:
        if taken.project is self._store.project:
            self._store.tell(Changes(added=(taken.photo.name,)))
            self.noticed.emit(
                f"{taken.photo.name} is in the project: correct its boxes in the Annotate tab, "
                "and train again."
            )

    @Slot(object)
    def _on_whole(self, result: WholeResult) -> None:
        words = (
            f"A face in {result.with_face} of {result.pictures} pictures, in the project's "
            f"folder: {result.folder.parent.name}/{result.folder.name}"
        )
        self.noticed.emit(" ".join((words, *result.notes)))

    @Slot(object)
    def _on_int8(self, result: object) -> None:  # noqa: ARG002
        self.int8_made.emit()

    @Slot(object)
    def _on_board_changed(self, job: Job) -> None:  # noqa: ARG002
        self.changed.emit()


def can_go_through(source: CameraInfo | None) -> bool:
    """Whether a source has an end."""
    return source is not None and source.kind in (CameraKind.VIDEO, CameraKind.FOLDER)


def _go_through(
    wish: WholeWish,
    folder: Path,
    open_camera: OpenCamera,
    load_detector: LoadDetector,
    report: Report,
    stop: StopToken,
) -> WholeResult:
    detector: FaceDetector = load_detector(wish.model_path)
    camera: Camera
    with open_camera(wish.source) as camera:
        follower = Follower(detector, wish.threshold, smooth=wish.smooth)
        return find_in_whole(camera, follower, folder, report, stop, blurred=wish.blurred)
