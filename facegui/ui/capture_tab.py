"""Photos: taken at a camera, one by one or in a burst, or imported."""

from __future__ import annotations

from collections.abc import Callable, MutableMapping, Sequence
from pathlib import Path
from typing import Any

from PySide6.QtCore import QEvent, QKeyCombination, QObject, Qt, QTimer, Slot
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QKeySequence
from PySide6.QtWidgets import QWidget

from facegui.core.camera import CameraInfo, CameraKind, Frame
from facegui.core.cameras import list_cameras as list_all_cameras
from facegui.core.cameras import open_camera as open_any_camera
from facegui.core.coach import Advice, Coach
from facegui.core.coverage import Task
from facegui.core.errors import UserError
from facegui.core.photo_library import Changes, Photo
from facegui.core.project import Project
from facegui.ui.burst import Burst
from facegui.ui.capture_controls import (
    BurstControls,
    PhotoControls,
    labelled_count,
    next_step,
    outcome_in_words,
    skipped_in_words,
)
from facegui.ui.coach_light import CoachLight
from facegui.ui.guide import Guide, Outcome
from facegui.ui.import_questions import ask_about_import
from facegui.ui.keys import add_shortcut, keep_space_free, press_by_space
from facegui.ui.photo_deletions import PhotoDeletions
from facegui.ui.photo_import import AskImport, PhotoImport
from facegui.ui.photo_strip import PhotoStrip, photos_in_words
from facegui.ui.picture_view import PictureView
from facegui.ui.session_controls import SessionControls
from facegui.ui.source_picker import AskPath, SourcePicker, local_paths
from facegui.ui.tab import Tab
from facegui.workers.camera_feed import CameraFeed, OpenCamera
from facegui.workers.coach_eye import CoachEye, LoadFinder, load_detector
from facegui.workers.job import Job
from facegui.workers.job_board import JobBoard
from facegui.workers.photo_writer import PhotoWriter, TakenPhoto
from facegui.workers.project_store import ProjectStore


class CaptureTab(Tab):
    """The first step: photos for the project.

    Args:
        store: with the project that the photos go to.
        board: where imports run.
        settings: remembers the camera and the burst; any JSON values under string keys.
        open_camera: opens a source; tests give fakes, as for the following.
        list_cameras: the cameras that are connected.
        ask_path: has the user choose a video or folder.
        ask_import: has the user say what an import has to know.
        burst: with a quicker countdown.
        load_finder: makes a detector of a run for the coach.
    """

    NAME = "capture"
    TITLE = "Capture"
    ICON = "mdi6.camera"
    KEYS = (("Delete", "Move the chosen photos to the trash"),)
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
        ask_import: AskImport = ask_about_import,
        burst: Burst | None = None,
        load_finder: LoadFinder = load_detector,
    ) -> None:
        super().__init__(parent)
        self._store = store
        self._board = board
        self._settings: MutableMapping[str, Any] = {} if settings is None else settings
        self._shown = False
        self._frame: Frame | None = None
        self._camera_name = ""
        self._deletions = PhotoDeletions(store)
        self.feed = CameraFeed(open_camera, parent=self)
        self.burst = burst or Burst()
        self.burst.setParent(self)
        self._coach = Coach()
        self._eye = CoachEye(store, self, load=load_finder)
        self._writer = PhotoWriter(self)
        self._import = PhotoImport(store, board, self, ask=ask_import)
        self.picker = SourcePicker(
            "capture.source",
            settings=self._settings,
            list_cameras=list_cameras,
            ask_path=ask_path,
        )
        self._build()
        self._connect()
        self._show_project()

    def _build(self) -> None:
        self.setAcceptDrops(True)
        self.view = PictureView()
        self.view.setObjectName("capture.view")
        # So that it can hold the focus: a tab without any hears none of its keys.
        self.view.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self.strip = PhotoStrip("capture")
        self.coach_light = CoachLight()
        self.guide = Guide(self.burst)
        self.stage.addWidget(self.guide)
        self.stage.addWidget(self.view, 1)
        self.stage.addWidget(self.coach_light)
        self.stage.addWidget(self.strip)
        self.burst_controls = BurstControls(self._settings)
        self.session_controls = SessionControls()
        self.photo_controls = PhotoControls()
        self.controls.addWidget(self.picker)
        self.controls.addWidget(self.burst_controls)
        self.controls.addWidget(self.photo_controls)
        self.controls.addWidget(self.session_controls)
        self.controls.addStretch(1)
        keep_space_free(self)
        for field in self.burst_controls.fields:
            field.installEventFilter(self)

    def _connect(self) -> None:
        self.feed.frame_ready.connect(self._on_frame_ready)
        self.feed.opened.connect(self._on_opened)
        self.feed.failed.connect(self._on_camera_failed)
        self.feed.ended.connect(self._on_ended)
        self.picker.chosen.connect(self._on_chosen)
        self.burst.changed.connect(self._show_state)
        self.guide.ended.connect(self._on_guide_ended)
        self._writer.stored.connect(self._on_stored)
        self._writer.failed.connect(self._on_not_stored)
        self._import.reported.connect(self.noticed)
        self._import.failed.connect(self.failed)
        self.strip.delete_wanted.connect(self._delete)
        self.strip.undo_wanted.connect(self.undo)
        self.session_controls.new_wanted.connect(self._begin_session)
        self.session_controls.field.returnPressed.connect(self.view.setFocus)
        self.main_button.clicked.connect(self._on_main)
        self.burst_controls.start_button.clicked.connect(self._start_burst)
        self.photo_controls.import_wanted.connect(self.import_paths)
        self.photo_controls.next_button.clicked.connect(self._go_on)
        self._store.closing.connect(self._writer.wait)
        self._store.trash_emptied.connect(self._on_trash_emptied)
        self._store.opened.connect(self._show_project)
        self._store.photos_changed.connect(self._on_photos_changed)
        self._board.started.connect(self._on_board_changed)
        self._board.ended.connect(self._on_board_changed)
        # Not N alone: in Annotate that says "no face".
        control_shift_n = QKeyCombination(
            Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier, Qt.Key.Key_N
        )
        for keys, slot, words in (
            (Qt.Key.Key_Space, self._on_space, "Take a photo, or stop a burst"),
            (control_shift_n, self.session_controls.begin, "Begin a new session"),
            (QKeySequence.StandardKey.Undo, self.undo, "Take photos out of the trash again"),
        ):
            add_shortcut(self, keys, slot, words)
        # Only while there is one to stop: Escape leaves the full screen, too.
        self._stop_key = add_shortcut(self, Qt.Key.Key_Escape, self.burst.stop, "Stop a burst")

    # What the window calls

    @property
    def live(self) -> bool:
        return self.feed.active

    def enter(self) -> None:
        self._shown = True
        self.view.setFocus()
        self.picker.set_watching(True)
        self._start_camera()

    def leave(self) -> None:
        self._shown = False
        self.picker.set_watching(False)
        self.guide.stop()
        self.burst.stop()
        self._stop_camera()

    def take_tasks(self, tasks: tuple[Task, ...], guided: bool) -> None:
        self.guide.start(tasks, guided)
        if self._frame is not None:
            self.guide.go_on()

    def shut_down(self) -> None:
        self.picker.shut_down()
        self.feed.shut_down()
        self._eye.shut_down()
        self._writer.shut_down()

    @Slot(object)
    def import_paths(self, paths: Sequence[Path]) -> None:
        """Imports files and folders; says so when that cannot be done now."""
        if self._board.job is not None:
            self.noticed.emit(f"{self._board.job.title} is still running: import again after it.")
        elif self._store.project is not None:
            self._import.start(paths)

    @Slot()
    def undo(self) -> None:
        """Takes the last deletion back."""
        try:
            for taken in self._deletions.undo():
                self.strip.add(taken)
        except UserError as error:
            self.failed.emit(error)
        self._show_state()

    # The camera

    def _start_camera(self) -> None:
        source = self.picker.source
        if self._shown and source is not None and self._store.project is not None:
            self._frame = None
            self._eye.forget()
            self._coach.forget()
            self.view.clear()
            self.view.set_mirrored(source.kind is CameraKind.WEBCAM)
            self.view.set_message(f"Opening {source.name}…", "", "mdi6.camera-outline")
            self.feed.start(source)
            self._show_state()

    def _stop_camera(self) -> None:
        self.feed.stop()
        self._frame = None
        self.coach_light.show_advice(None)
        self._show_state()

    @Slot(object)
    def _on_chosen(self, source: CameraInfo) -> None:  # noqa: ARG002
        self.burst.stop()
        self._start_camera()

    @Slot(str)
    def _on_opened(self, name: str) -> None:
        self._camera_name = name

    @Slot()
    def _on_frame_ready(self) -> None:
        frame = self.feed.take()
        if frame is None:
            return
        first = self._frame is None
        self._frame = frame
        self.view.set_message("")
        self.view.show_picture(frame.pixels)
        self._eye.offer(frame)
        task = self.guide.task
        advice = self._coach.look(frame.pixels, self._eye.faces, task.place if task else None)
        self.coach_light.offer(advice)
        if self.burst.due:
            self._take_of_burst(advice)
        if first:
            self.guide.go_on()
            self._show_state()

    @Slot(object)
    def _on_camera_failed(self, error: Exception) -> None:
        self._frame = None
        self.coach_light.show_advice(None)
        if isinstance(error, UserError):
            back = " The picture comes back by itself." if self.feed.active else ""
            self.view.set_message(error.what, error.remedy + back, "mdi6.camera-off-outline")
        else:
            self.view.set_message(
                "The camera failed.", "Choose it again, or another one.", "mdi6.camera-off-outline"
            )
            self.failed.emit(error)
        self._show_state()

    @Slot(object)
    def _on_ended(self, notes: tuple[str, ...]) -> None:
        self.burst.stop()
        self._frame = None
        self.coach_light.show_advice(None)
        self.view.set_message(
            "That was the last picture.",
            " ".join((*notes, "Choose the source again to see it once more.")),
            "mdi6.movie-open-check-outline",
        )
        self._show_state()

    # Photos

    @Slot()
    def _on_space(self) -> None:
        press_by_space(self.main_button)

    @Slot()
    def _on_main(self) -> None:
        if self.burst.active:
            self.burst.stop()
        elif self._take():
            self.view.flash()

    def _take_of_burst(self, advice: Advice) -> None:
        """Takes the frame at hand, or waits for a better one until the next photo is due."""
        if advice.flaw is None or advice.worth_keeping or not self._skips:
            if self._take():
                self.burst.count_photo()
        elif self.burst.overdue:
            self.burst.skip_photo(advice.flaw.value)

    @property
    def _skips(self) -> bool:
        return self.burst_controls.skip_box.isChecked()

    def _take(self) -> bool:
        """Has the frame that is shown stored; False when that cannot be done now."""
        project = self._store.project
        if self._frame is None or project is None:
            return False
        people = self.session_controls.people
        if not self._writer.offer(project, self._frame, self._camera_name, people=people):
            self.view.set_status("The disk is slow: wait a moment.")
            return False
        self._coach.remember()
        self.view.set_status("")
        if self.burst.active:
            self.view.flash()
        return True

    @Slot()
    def _begin_session(self) -> None:
        self._writer.begin_session()
        self.view.set_status("The next photo begins a new session.")

    @Slot()
    def _start_burst(self) -> None:
        self.burst.start(self.burst_controls.count, self.burst_controls.interval_s)

    @Slot(object)
    def _on_stored(self, taken: TakenPhoto) -> None:
        if taken.project is self._store.project:
            self.strip.add(taken)
            self.guide.count_photo()
            self._store.tell(Changes(added=(taken.photo.name,)))

    @Slot(object)
    def _on_guide_ended(self, outcome: Outcome) -> None:
        if outcome.done:
            self.noticed.emit(outcome_in_words(outcome))
        self._show_state()

    @Slot(object)
    def _on_not_stored(self, error: Exception) -> None:
        self.burst.stop()
        self.failed.emit(error)

    @Slot(object)
    def _delete(self, photos: tuple[Photo, ...]) -> None:
        try:
            self._deletions.delete(photos, self.strip.model.taken)
        except UserError as error:
            self.failed.emit(error)

    @Slot(object)
    def _on_photos_changed(self, changes: Changes) -> None:
        if changes.removed:
            self.strip.model.remove(set(changes.removed))
        self._show_state()

    @Slot()
    def _on_trash_emptied(self) -> None:
        self._deletions.forget()
        self._show_state()

    @Slot()
    def _show_project(self) -> None:
        """Another project is open, or none."""
        self.burst.stop()
        self.strip.model.clear()
        self._deletions.forget()
        self.session_controls.forget()
        self.view.set_status("")
        if self._store.project is None:
            self._stop_camera()
        elif not self.feed.active:
            self._start_camera()
        self._show_state()

    @Slot()
    def _go_on(self) -> None:
        self.step_wanted.emit("annotate")

    # Files dropped, and Space in the fields

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if self._store.project is not None and local_paths(event.mimeData()):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        event.acceptProposedAction()
        # Later: the program that they come from waits until the drop is done.
        paths = local_paths(event.mimeData())
        QTimer.singleShot(0, self, lambda: self.import_paths(paths))

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Numbers have no spaces: there, too, Space takes a photo."""
        if event.type() == QEvent.Type.ShortcutOverride and event.key() == Qt.Key.Key_Space:  # type: ignore[attr-defined]
            event.ignore()
            return True
        return super().eventFilter(watched, event)

    # State

    @Slot(object)
    def _on_board_changed(self, job: Job) -> None:  # noqa: ARG002
        self._show_state()

    @Slot()
    def _show_state(self) -> None:
        project = self._store.project
        count = len(project.photos) if project else 0
        why_not = self._why_no_photo(project)
        burst = self.burst
        if burst.active:
            self.set_main_action("Stop the burst")
            self.view.set_caption(str(burst.countdown or f"{burst.done} of {burst.count}"))
        else:
            self.set_main_action("Take photo", why_not)
            self.view.set_caption("")
        self._stop_key.setEnabled(burst.active)
        self.burst_controls.show_state(burst, why_not)
        busy = f"{self._board.job.title} is still running." if self._board.job else ""
        self.photo_controls.show_state(
            count, labelled_count(project), busy if project else "Open a project first."
        )
        deleted = self._deletions.newest
        self.strip.show_undo(f"{photos_in_words(deleted)} in the trash." if deleted else "")
        self.say_next(
            "Move about: turn, come nearer, go away. Space stops."
            if burst.active
            else why_not or self._after(project)
        )
        self.summary_changed.emit(photos_in_words(count) if count else "no photos yet")

    def _after(self, project: Project | None) -> str:
        return " ".join(filter(None, (skipped_in_words(self.burst.skipped), next_step(project))))

    def _why_no_photo(self, project: Project | None) -> str:
        if project is None:
            return "Open a project first."
        if self._frame is None:
            return "The camera gives no picture."
        return ""
