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
from facegui.core.runs import Run
from facegui.ml.detection import Detector
from facegui.ui.detect_controls import Column, KeepControls, Reasons, ViewControls
from facegui.ui.detect_keeping import DetectKeeping, WholeWish, can_go_through
from facegui.ui.detect_live import LivePictures
from facegui.ui.detect_models import DetectModels
from facegui.ui.detect_stage import DetectStage
from facegui.ui.detect_words import Situation
from facegui.ui.fold import Fold
from facegui.ui.keys import add_shortcut, keep_arrows, keep_space_free, press_by_space
from facegui.ui.source_picker import AskPath, SourcePicker, local_paths
from facegui.ui.tab import Tab
from facegui.workers.camera_feed import OpenCamera
from facegui.workers.detection_feed import LoadDetector
from facegui.workers.job_board import JobBoard
from facegui.workers.project_store import ProjectStore


class DetectTab(Tab):
    """The last step: the trained network looks for faces.

    Args:
        store: with the project whose runs are offered.
        board: where whole videos are gone through; live video runs beside other work.
        settings: remembers the source, and what is mirrored; any JSON values under string keys.
        open_camera: opens a source; tests give fakes, as for the following.
        list_cameras: the cameras that are connected.
        ask_path: has the user choose a video, a folder or a picture.
        load_detector: makes a detector of a model file.
    """

    NAME = "detect"
    TITLE = "Detect"
    ICON = "mdi6.face-recognition"
    HAS_PICTURE_ALONE = True
    REMEMBERS_CONTROLS = True

    def __init__(
        self,
        store: ProjectStore,
        board: JobBoard,
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
        self._settings: MutableMapping[str, Any] = {} if settings is None else settings
        self._running = self._wants_to_run = False
        self._ended = ""
        self.picture = DetectStage()
        self.live_pictures = LivePictures(self.picture, open_camera, load_detector, self)
        self.camera, self.detection = self.live_pictures.camera, self.live_pictures.detection
        self.models = DetectModels(store, self.live_pictures, self.picture, self)
        self.keeping = DetectKeeping(store, board, self.picture, open_camera, load_detector, self)
        self.picker = SourcePicker(
            "detect.source",
            settings=self._settings,
            with_pictures=True,
            list_cameras=list_cameras,
            ask_path=ask_path,
        )
        self._build()
        self._connect()
        self._add_keys()
        self.models.show_runs()

    def _build(self) -> None:
        self.setAcceptDrops(True)
        self.view, self.steps = self.picture.main.view, self.picture.steps
        self.stage.addWidget(self.picture, 1)
        self.model_controls = self.models.controls
        self.view_controls = ViewControls()
        self.keep_controls = KeepControls()
        self.more = Fold("More", Column(self.models.compare, self.models.speed))
        self.controls.addWidget(self.picker)
        self.controls.addWidget(self.model_controls)
        self.controls.addWidget(self.view_controls)
        self.controls.addWidget(self.keep_controls)
        self.controls.addWidget(self.more)
        self.controls.addStretch(1)
        keep_space_free(self)

    def _connect(self) -> None:
        live, keeping = self.live_pictures, self.keeping
        live.changed.connect(self._show_state)
        live.failed.connect(self.failed)
        live.lost.connect(self._on_lost)
        live.ended.connect(self._on_ended)
        live.shown.connect(keeping.record_shown)
        self.models.changed.connect(self._on_models_changed)
        self.models.chosen_anew.connect(self._on_chosen_anew)
        self.models.failed.connect(self.failed)
        self.models.speed.int8_wanted.connect(self._on_int8_wanted)
        keeping.failed.connect(self.failed)
        keeping.noticed.connect(self.noticed)
        keeping.changed.connect(self._on_keeping_changed)
        keeping.int8_made.connect(self.models.show_runs)
        self.picker.chosen.connect(self._on_source_chosen)
        self.steps.moved.connect(self._on_moved)
        self.steps.failed.connect(live.say_lost)
        self.view_controls.mirror.toggled.connect(self.picture.set_mirrored)
        self.view_controls.mirror.clicked.connect(self._on_mirror_clicked)
        self.view_controls.blur.toggled.connect(self.picture.set_blurred)
        self.view_controls.smooth.toggled.connect(self.picture.set_smooth)
        self.view_controls.pause.clicked.connect(self.toggle_pause)
        self.view_controls.wrong.clicked.connect(self.keep_mistake)
        self.keep_controls.snapshot.clicked.connect(self.save_snapshot)
        self.keep_controls.plain.clicked.connect(self.save_plain_snapshot)
        self.keep_controls.record.clicked.connect(self.keeping.toggle_recording)
        self.keep_controls.whole.clicked.connect(self.go_through)
        self.main_button.clicked.connect(self._on_main)
        self._store.opened.connect(self._on_project_opened)
        self._store.runs_changed.connect(self.models.show_runs)

    def _add_keys(self) -> None:
        shift_s = Qt.Modifier.SHIFT | Qt.Key.Key_S
        view, keep = self.view_controls, self.keep_controls
        for key, slot, words in (
            (Qt.Key.Key_Space, self._on_space, "Start, or stop"),
            (Qt.Key.Key_P, view.pause.click, "Pause, or go on"),
            (Qt.Key.Key_W, view.wrong.click, "That's wrong: keep the picture for training"),
            (Qt.Key.Key_M, view.mirror.click, "Mirror the picture"),
            (Qt.Key.Key_B, view.blur.click, "Blur faces"),
            (Qt.Key.Key_S, keep.snapshot.click, "Save the picture with its boxes"),
            (shift_s, keep.plain.click, "Save the picture without boxes"),
            (Qt.Key.Key_R, keep.record.click, "Record, or stop recording"),
            (Qt.Key.Key_Left, self.steps.back_button.click, "The picture before"),
            (Qt.Key.Key_Right, self.steps.on_button.click, "The next picture"),
        ):
            add_shortcut(self, key, slot, words)
        keep_arrows(self.model_controls.slider)

    # What the window calls

    @property
    def live(self) -> bool:
        return self.camera.active

    def enter(self) -> None:
        self.picker.set_watching(True)
        self.models.set_active(True)

    def try_live(self, run: Run) -> None:
        self.models.show_runs()  # it may have ended just now
        self.model_controls.choose(run)
        if not self._running:
            # Perhaps the cameras are still being looked for.
            self._wants_to_run = self.picker.source is None
            self._start()

    def leave(self) -> None:
        self._wants_to_run = False
        self.models.set_active(False)
        self.picker.set_watching(False)
        self._stop()

    def shut_down(self) -> None:
        self.picker.shut_down()
        self.picture.shut_down()
        self.live_pictures.shut_down()
        self.keeping.shut_down()

    # Start and stop

    @Slot()
    def _on_space(self) -> None:
        press_by_space(self.main_button)

    @Slot()
    def _on_main(self) -> None:
        if self.models.path is None:
            self.step_wanted.emit("train")
        elif self._running and self.models.error is not None:
            self.models.load()
        elif self._running:
            self._stop()
        else:
            self._start()

    def _start(self) -> None:
        source = self.picker.source
        if source is None or self.models.path is None:
            return
        self._ended = ""
        self._running = True
        self.keeping.let_go()
        self.live_pictures.stop()
        self.models.load()
        if source.kind is CameraKind.FOLDER:
            self.steps.open_folder(Path(source.source))
        else:
            self.live_pictures.start(source)
        self._show_state()

    def _stop(self) -> None:
        self._running = False
        self._ended = ""
        self.keeping.let_go()
        self.keeping.stop_recording()
        self.live_pictures.stop()
        self._show_state()

    @Slot(int)
    def _on_moved(self, number: int) -> None:  # noqa: ARG002
        path = self.steps.path
        if path is not None:
            self.keeping.let_go()
            self.live_pictures.start(CameraInfo(path.name, CameraKind.FOLDER, str(path)))
            self._show_state()

    @Slot(object)
    def _on_source_chosen(self, source: CameraInfo) -> None:
        chosen = self._settings.get(_mirror_key(source))
        mirrored = chosen if isinstance(chosen, bool) else source.kind is CameraKind.WEBCAM
        self.view_controls.mirror.setChecked(mirrored)
        if self._running or self._wants_to_run:
            self._wants_to_run = False
            self._start()
        self._show_state()

    @Slot(bool)
    def _on_mirror_clicked(self, mirrored: bool) -> None:
        if self.picker.source is not None:
            self._settings[_mirror_key(self.picker.source)] = mirrored

    @Slot()
    def _on_project_opened(self) -> None:
        self._stop()
        self.models.show_runs()

    @Slot()
    def _on_models_changed(self) -> None:
        if self._running and self.models.path is None:
            self._stop()
        self._show_state()

    @Slot()
    def _on_chosen_anew(self) -> None:
        if not self._running:
            self._start()

    @Slot()
    def _on_int8_wanted(self) -> None:
        if self.models.run is not None:
            self.keeping.make_fast(self.models.run)

    # Pictures

    @Slot()
    def _on_lost(self) -> None:
        """No more pictures will come."""
        self._running = False
        self.keeping.stop_recording()
        self._show_state()

    @Slot(object)
    def _on_ended(self, notes: tuple[str, ...]) -> None:
        """A still picture stays; a video is over."""
        if self.steps.path is None:
            self._running = False
            self._ended = " ".join((*notes, "Press Start to see it once more."))
            self.keeping.stop_recording()
            self.picture.forget()
            self._show_state()

    @Slot()
    def toggle_pause(self) -> None:
        self.live_pictures.toggle_pause()
        self._show_state()

    @Slot()
    def save_snapshot(self) -> None:
        self.keeping.save_snapshot(with_boxes=True)

    @Slot()
    def save_plain_snapshot(self) -> None:
        self.keeping.save_snapshot(with_boxes=False)

    @Slot()
    def keep_mistake(self) -> None:
        """Freezes a picture that is wrong, and has it kept for training."""
        run = self.models.run
        if self.picture.result is not None and run is not None:
            self.keeping.keep_mistake(run, self._source_name())

    @Slot()
    def go_through(self) -> None:
        """Looks for faces in the whole video or folder, as fast as it goes."""
        source, path = self.picker.source, self.models.path
        if source is not None and path is not None:
            controls = self.view_controls
            wish = WholeWish(
                source,
                path,
                self.model_controls.threshold,
                controls.smooth.isChecked(),
                controls.blur.isChecked(),
            )
            self.keeping.go_through(wish)

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
    def _on_keeping_changed(self) -> None:
        self.live_pictures.set_held(self.keeping.frozen, self.keeping.recorder)
        self._show_state()

    @Slot()
    def _show_state(self) -> None:
        live = self.live_pictures
        has_model = self.models.path is not None
        situation = Situation(
            has_model,
            self._running,
            self._source_name(),
            self.picture.main.shown is None,
            self.camera.active,
            self.models.error,
            live.error,
            live.is_black,
            self._ended,
        )
        self.view.set_message(*situation.message)
        self.say_next(situation.next_step)
        failed = self.models.error is not None or live.error is not None
        if not has_model:
            self.set_main_action("Go to Train")
        elif self._running and self.models.error is None:
            self.set_main_action("Stop")
        else:
            self.set_main_action(
                "Try again" if failed else "Start",
                "" if self.picker.source else "Looking for cameras: a moment, please.",
            )
        self._show_controls(showing=self._running and self.picture.result is not None)
        self.summary_changed.emit("live" if self._running else "ready" if has_model else "")

    def _show_controls(self, *, showing: bool) -> None:
        keeping = self.keeping
        moving = showing and self.camera.active and self.steps.path is None
        nothing = "" if showing else "There is no picture yet."
        reasons = Reasons(
            pause="" if moving else "No video is running.",
            wrong=nothing or ("The picture is just being kept." if keeping.frozen else ""),
            snapshot=nothing,
            record="" if moving else "No video is running.",
            whole=self._why_not_whole(),
        )
        self.view_controls.show_state(reasons, paused=self.camera.paused)
        self.keep_controls.show_state(reasons, recording=keeping.recorder.active)
        self.models.speed.show_state(self.models.run, keeping.busy_reason)

    def _why_not_whole(self) -> str:
        if self.models.path is None:
            return "Train a network first."
        if not can_go_through(self.picker.source):
            return "Choose a video or pictures as the source: a camera has no end."
        return self.keeping.busy_reason

    def _source_name(self) -> str:
        source = self.camera.source or self.picker.source
        return source.name if source else "the camera"


def _mirror_key(source: CameraInfo) -> str:
    """Under which it is remembered whether sources of this kind are mirrored."""
    return f"detect.mirror.{source.kind.value}"
