"""Faces found live: in the camera's picture, in videos, in pictures."""

from __future__ import annotations

from collections.abc import Callable, MutableMapping, Sequence
from pathlib import Path
from typing import Any

from PySide6.QtCore import Qt, QTimer, Slot
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QWidget

from facegui.core.camera import CameraInfo, CameraKind
from facegui.core.cameras import list_cameras as list_all_cameras
from facegui.core.cameras import open_camera as open_any_camera
from facegui.core.errors import UserError, disk_error
from facegui.core.recordings import pictures_in
from facegui.ml.detection import Detector
from facegui.ui.detect_controls import ModelControls, ViewControls
from facegui.ui.detect_stage import DetectStage
from facegui.ui.keys import add_shortcut, keep_space_free, press_by_space
from facegui.ui.source_picker import AskPath, SourcePicker, local_paths
from facegui.ui.tab import Tab
from facegui.workers.camera_feed import CameraFeed, OpenCamera
from facegui.workers.detection_feed import (
    DetectionFeed,
    LoadDetector,
    LoadedModel,
)
from facegui.workers.job_board import JobBoard
from facegui.workers.project_store import ProjectStore
from facegui.workers.snapshots import Snapshots

SNAPSHOTS_FOLDER = "snapshots"
"""In the project's folder."""


class DetectTab(Tab):
    """The last step: the trained network looks for faces.

    The picture shown is always the one that the boxes were found in.

    Args:
        store: with the project whose runs are offered.
        board: not used: video runs beside other work.
        settings: remembers the source; any JSON values under string keys.
        open_camera: opens a source; tests give fakes, as for the following.
        list_cameras: the cameras that are connected.
        ask_path: has the user choose a video, a folder or a picture.
        load_detector: makes a detector of a model file.
    """

    NAME = "detect"
    TITLE = "Detect"
    ICON = "mdi6.face-recognition"

    def __init__(
        self,
        store: ProjectStore,
        board: JobBoard,  # noqa: ARG002
        parent: QWidget | None = None,
        *,
        settings: MutableMapping[str, Any] | None = None,
        open_camera: OpenCamera = open_any_camera,
        list_cameras: Callable[[], Sequence[CameraInfo]] = list_all_cameras,
        ask_path: AskPath | None = None,
        load_detector: LoadDetector = Detector,
    ) -> None:
        super().__init__(parent)
        self._store = store
        self._entered = False
        self._running = False
        self._ended = ""
        self._camera_error: Exception | None = None
        self._model_error: Exception | None = None
        self.camera = CameraFeed(open_camera, parent=self)
        self.detection = DetectionFeed(self.camera, load_detector, self)
        self._snapshots = Snapshots(self)
        self.picker = SourcePicker(
            "detect.source",
            settings=settings,
            with_pictures=True,
            list_cameras=list_cameras,
            ask_path=ask_path,
        )
        self._build()
        self._connect()
        self._show_runs()

    def _build(self) -> None:
        self.setAcceptDrops(True)
        self.picture = DetectStage()
        self.view, self.steps = self.picture.view, self.picture.steps
        self.stage.addWidget(self.picture, 1)
        self.model_controls = ModelControls()
        self.view_controls = ViewControls()
        self.controls.addWidget(self.picker)
        self.controls.addWidget(self.model_controls)
        self.controls.addWidget(self.view_controls)
        self.controls.addStretch(1)
        keep_space_free(self)
        self._on_threshold()

    def _connect(self) -> None:
        self.camera.failed.connect(self._on_camera_failed)
        self.camera.ended.connect(self._on_ended)
        self.detection.ready.connect(self._on_ready)
        self.detection.loaded.connect(self._on_loaded)
        self.detection.failed.connect(self._on_model_failed)
        self._snapshots.saved.connect(self._on_saved)
        self._snapshots.failed.connect(self.failed)
        self.picker.chosen.connect(self._on_source_chosen)
        self.steps.moved.connect(self._on_moved)
        self.model_controls.run_chosen.connect(self._on_run_chosen)
        self.model_controls.threshold_changed.connect(self._on_threshold)
        self.view_controls.mirror.toggled.connect(self.view.set_mirrored)
        self.view_controls.pause.clicked.connect(self.toggle_pause)
        self.view_controls.snapshot.clicked.connect(self.save_snapshot)
        self.main_button.clicked.connect(self._on_main)
        self._store.opened.connect(self._on_project_opened)
        self._store.runs_changed.connect(self._show_runs)
        for key, slot, words in (
            (Qt.Key.Key_Space, self._on_space, "Start, or stop"),
            (Qt.Key.Key_P, self.view_controls.pause.click, "Pause, or go on"),
            (Qt.Key.Key_M, self.view_controls.mirror.click, "Mirror the picture"),
            (Qt.Key.Key_S, self.view_controls.snapshot.click, "Save the picture with its boxes"),
        ):
            add_shortcut(self, key, slot, words)
        # There only: a slider wants the arrows for itself.
        for key, button, words in (
            (Qt.Key.Key_Left, self.steps.back_button, "The picture before"),
            (Qt.Key.Key_Right, self.steps.on_button, "The next picture"),
        ):
            add_shortcut(self.view, key, button.click, words)

    # What the window calls

    @property
    def live(self) -> bool:
        return self.camera.active

    def enter(self) -> None:
        self._entered = True
        self.picker.set_watching(True)
        # Now, so that the first boxes are there as soon as the picture is.
        self.detection.use(self.model_controls.model_path)
        self._show_state()

    def leave(self) -> None:
        self._entered = False
        self.picker.set_watching(False)
        self._stop()

    def shut_down(self) -> None:
        self.picker.shut_down()
        self.camera.shut_down()
        self.detection.shut_down()
        self._snapshots.shut_down()

    # Start and stop

    @Slot()
    def _on_space(self) -> None:
        press_by_space(self.main_button)

    @Slot()
    def _on_main(self) -> None:
        if self.model_controls.model_path is None:
            self.step_wanted.emit("train")
        elif self._running:
            self._stop()
        else:
            self._start()

    def _start(self) -> None:
        source, model_path = self.picker.source, self.model_controls.model_path
        if source is None or model_path is None:
            return
        self._model_error = self._camera_error = None
        self._ended = ""
        self._running = True
        self.picture.clear()
        self.view_controls.mirror.setChecked(source.kind is CameraKind.WEBCAM)
        self.detection.use(model_path)
        self.detection.forget()
        if source.kind is CameraKind.FOLDER:
            self._start_pictures(Path(source.source))
        else:
            self.camera.start(source)
        self._show_state()

    def _start_pictures(self, path: Path) -> None:
        try:
            paths = pictures_in(path) if path.is_dir() else [path]
        except OSError as error:
            self._on_camera_failed(disk_error(error, f"reading {path.name}"))
            return
        self.steps.set_pictures(paths)
        if paths:
            self._on_moved(0)
        else:
            self._on_camera_failed(
                UserError(f"{path.name} holds no picture.", "Choose another folder.")
            )

    def _stop(self) -> None:
        self._running = False
        self._camera_error = None
        self._ended = ""
        self.camera.stop()
        self.detection.forget()
        self.picture.clear()
        self._show_state()

    @Slot(int)
    def _on_moved(self, number: int) -> None:  # noqa: ARG002
        path = self.steps.path
        if path is not None:
            self._camera_error = None
            self.camera.start(CameraInfo(path.name, CameraKind.FOLDER, str(path)))
            self._show_state()

    @Slot(object)
    def _on_source_chosen(self, source: CameraInfo) -> None:  # noqa: ARG002
        if self._running:
            self._start()
        self._show_state()

    # The model

    @Slot()
    def _on_project_opened(self) -> None:
        self._stop()
        self._show_runs()

    @Slot()
    def _show_runs(self) -> None:
        runs = [run for run in reversed(self._store.runs) if run.complete]
        self.model_controls.set_runs(runs)
        if not runs and self._running:
            self._stop()
        self._show_state()

    @Slot(object)
    def _on_run_chosen(self, path: Path | None) -> None:
        again = self._model_error is not None
        self._model_error = None
        if self._entered:
            self.detection.use(path)
        if again and path is not None and not self._running:
            self._start()
        self._show_state()

    @Slot(object)
    def _on_loaded(self, model: LoadedModel) -> None:
        self._model_error = None
        self.model_controls.set_recommended(model.threshold)
        self._show_state()

    @Slot(object)
    def _on_model_failed(self, error: Exception) -> None:
        self._stop()
        self._model_error = error
        if not isinstance(error, UserError):
            self.failed.emit(error)
        self._show_state()

    # Pictures

    @Slot()
    def _on_ready(self) -> None:
        result = self.detection.take()
        if result is None or not self._running:
            return
        first = self.picture.result is None
        if self.picture.show_result(result) and first:
            self._camera_error = None
            self._show_state()

    @Slot()
    def _on_threshold(self) -> None:
        self.picture.set_threshold(self.model_controls.threshold)

    @Slot(object)
    def _on_camera_failed(self, error: Exception) -> None:
        if self.camera.active or self.steps.path is not None:
            self.picture.forget()  # it may come back, or the next picture may be better
        else:
            self._stop()
        if not isinstance(error, UserError):
            self.failed.emit(error)
        self._camera_error = error
        self._show_state()

    @Slot(object)
    def _on_ended(self, notes: tuple[str, ...]) -> None:
        """A still picture stays; a video is over."""
        if self.steps.path is None:
            self._running = False
            self._ended = " ".join((*notes, "Press Start to see it once more."))
            self.picture.forget()
            self._show_state()

    @Slot()
    def toggle_pause(self) -> None:
        self.camera.set_paused(not self.camera.paused)
        self.picture.rest()
        self._show_state()

    @Slot()
    def save_snapshot(self) -> None:
        """Saves the picture that is shown, with its boxes, unmirrored."""
        project = self._store.project
        result = self.picture.result
        if result is not None and project is not None:
            folder = project.folder / SNAPSHOTS_FOLDER
            self._snapshots.save(folder, result.frame.pixels, self.picture.boxes)

    @Slot(object)
    def _on_saved(self, path: Path) -> None:
        self.view.flash()
        self.noticed.emit(f"Saved in the project's folder: {path.parent.name}/{path.name}")

    # A video or pictures dropped

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if len(local_paths(event.mimeData())) == 1:
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        event.acceptProposedAction()
        (path,) = local_paths(event.mimeData())
        # Later: the program that it comes from waits until the drop is done.
        QTimer.singleShot(0, self, lambda: self.show_path(path))

    def show_path(self, path: Path) -> None:
        """Looks for faces in a video, a picture or a folder of pictures at once."""
        if not self.picker.choose_path(path):
            self.noticed.emit(f"{path.name} is neither a video nor a picture.")
        elif not self._running:
            self._start()

    # State

    @Slot()
    def _show_state(self) -> None:
        has_model = self.model_controls.model_path is not None
        self._show_message(has_model)
        if not has_model:
            self.set_main_action("Go to Train")
        elif self._running:
            self.set_main_action("Stop")
        else:
            self.set_main_action(
                "Try again" if self._model_error or self._camera_error else "Start",
                "" if self.picker.source else "Looking for cameras: a moment, please.",
            )
        showing = self.picture.result is not None and self._running
        moving = showing and self.camera.active and self.steps.path is None
        self.view_controls.show_state(
            why_no_pause="" if moving else "No video is running.",
            paused=self.camera.paused,
            why_no_snapshot="" if showing else "There is no picture yet.",
        )
        self.summary_changed.emit("live" if self._running else "ready" if has_model else "")

    def _show_message(self, has_model: bool) -> None:
        error = self._model_error or self._camera_error
        show = self.view.set_message
        if not has_model:
            self.say_next("The network is made in the Train tab.")
            show(
                "No model yet.", "Train one: then its boxes are shown here.", "mdi6.school-outline"
            )
            return
        self.say_next("" if self._running or error else "Any camera, video or picture will do.")
        if error is not None:
            icon = "mdi6.file-alert-outline" if self._model_error else "mdi6.camera-off-outline"
            self._show_error(error, icon)
        elif self._running:
            opening = self.picture.result is None
            show(f"Opening {self._source_name()}…" if opening else "", "", "mdi6.camera-outline")
        elif self._ended:
            show("That was the last picture.", self._ended, "mdi6.movie-open-check-outline")
        else:
            show("Press Start.", "Faces are found in the picture live.", self.ICON)

    def _show_error(self, error: Exception, icon: str) -> None:
        if not isinstance(error, UserError):
            self.view.set_message(
                "Something went wrong.", "Try again, or choose something else.", icon
            )
            return
        remedy = error.remedy
        if self.camera.active:
            remedy += " The picture comes back by itself."
        self.view.set_message(error.what, remedy, icon)

    def _source_name(self) -> str:
        source = self.camera.source or self.picker.source
        return source.name if source else "the camera"
