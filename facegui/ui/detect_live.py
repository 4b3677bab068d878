"""From the camera through the detectors to the stage, each at its own pace."""

from __future__ import annotations

from PySide6.QtCore import QObject, QTimer, Signal, Slot

from facegui.core.camera import CameraInfo
from facegui.core.camera_errors import CameraStalledError
from facegui.core.errors import UserError
from facegui.core.stream_watch import STALL_S, StreamWatch, Trouble
from facegui.ui.detect_stage import DetectStage
from facegui.ui.detection_view import DetectionView
from facegui.workers.camera_feed import CameraFeed, OpenCamera
from facegui.workers.detection_feed import DetectionFeed, DetectionResult, LoadDetector
from facegui.workers.recorder import Recorder

TICK_MS = 250
"""How often it is looked whether pictures still come."""

_SAID_TICKS = 16
"""So long a passing remark stays."""


class LivePictures(QObject):
    """Shows what the camera sees and what is found in it, and what is amiss.

    The camera is read at its own speed; each detector takes the newest frame when it is done
    with the one before; the window paints the newest there is when the screen is refreshed.
    A second run looks at frames that the first takes, so that they can be shown side by side.

    Signals:
        shown(): another picture of the first run is on the stage.
        changed(): the first picture came, or something is amiss, or no more.
        lost(): no more pictures will come; `error` says why.
        ended(tuple[str, ...]): a recording is over, with what was amiss in it.
        failed(Exception): a fault of the program.

    Args:
        stage: where they are shown.
        open_camera: opens a source.
        load_detector: makes a detector of a model file.
    """

    shown = Signal()
    changed = Signal()
    lost = Signal()
    ended = Signal(object)
    failed = Signal(object)

    def __init__(
        self,
        stage: DetectStage,
        open_camera: OpenCamera,
        load_detector: LoadDetector,
        parent: QObject | None = None,
        *,
        watch: StreamWatch | None = None,
    ) -> None:
        super().__init__(parent)
        self._stage = stage
        self._watch = watch or StreamWatch()
        self._error: Exception | None = None
        self._is_black = False
        self._is_held = False
        self._said = ""
        self._said_ticks = 0
        self._recorder: Recorder | None = None
        self.camera = CameraFeed(open_camera, parent=self)
        self.detection = DetectionFeed(self.camera, load_detector, self)
        self.compared = DetectionFeed(self.camera, load_detector, self, beside=self.detection)
        self._tick = QTimer(self)
        self._tick.setInterval(TICK_MS)
        self._tick.timeout.connect(self.look)
        self.camera.frame_ready.connect(self._on_frame)
        self.camera.failed.connect(self._on_camera_failed)
        self.camera.ended.connect(self._on_ended)
        self.detection.ready.connect(self._on_ready)
        self.compared.ready.connect(self._on_compared)
        self.compared.loaded.connect(self._on_compared_loaded)
        self.compared.failed.connect(self._on_compared_failed)

    @property
    def error(self) -> Exception | None:
        """Why there is no picture."""
        return self._error

    @property
    def is_black(self) -> bool:
        """Whether all pictures have been black for a while."""
        return self._is_black

    def start(self, source: CameraInfo) -> None:
        """Shows a source from its beginning."""
        self._error = None
        self._is_black = False
        self._watch.clear()
        self.camera.start(source)
        self._tick.start()

    def stop(self) -> None:
        """Lets go of the source, and shows nothing."""
        self._end()
        self._error = None
        self.camera.stop()
        self._stage.clear()

    def shut_down(self) -> None:
        self._tick.stop()
        self.camera.shut_down()
        self.detection.shut_down()
        self.compared.shut_down()

    def toggle_pause(self) -> None:
        self.camera.set_paused(not self.camera.paused)
        self._watch.rest()
        self._stage.rest()
        self._show_note()

    def say(self, words: str) -> None:
        """A passing remark in the picture."""
        self._said, self._said_ticks = words, _SAID_TICKS
        self._show_note()

    @Slot(object)
    def say_lost(self, error: Exception) -> None:
        """There are no pictures, for a reason found elsewhere."""
        self._on_camera_failed(error)

    def set_held(self, held: bool, recorder: Recorder) -> None:
        """What is being kept of the pictures.

        Args:
            held: whether the picture stands still meanwhile; the newest waits until then.
            recorder: whose time is told while it records.
        """
        goes_on = self._is_held and not held
        self._is_held, self._recorder = held, recorder
        self._show_note()
        if goes_on:
            self._stage.rest()
            self._on_ready()
            self._on_compared()

    # Pictures

    @Slot()
    def _on_frame(self) -> None:
        frame = self.camera.take()
        if frame is None or self.camera.source is None:
            return
        if self._watch.see(frame) and frame.path is None:
            height, width = frame.pixels.shape[:2]
            self.say(f"The picture is {width} x {height} now.")
        if not self._is_held:
            self._stage.show_frame(frame)
            if self._stage.main.shown is not None and self._stage.main.shown.frame is frame:
                self.shown.emit()

    @Slot()
    def _on_ready(self) -> None:
        if not self._is_held:
            self._show(self._stage.main, self.detection.take())

    @Slot()
    def _on_compared(self) -> None:
        if not self._is_held:
            self._show(self._stage.other, self.compared.take())

    def _show(self, view: DetectionView, result: DetectionResult | None) -> None:
        stage = self._stage
        if result is None or self.camera.source is None or stage.is_past(result):
            return
        if view not in stage.views:
            return
        before, first = stage.main.shown, stage.result is None or self._error is not None
        stage.show_result(view, result)
        if stage.main.shown is before:
            return
        self.shown.emit()
        if first:
            self._error = None
            self.changed.emit()

    @Slot(object)
    def _on_compared_loaded(self, model: object) -> None:  # noqa: ARG002
        self._stage.other.view.set_message("")
        self.changed.emit()

    @Slot(object)
    def _on_compared_failed(self, error: Exception) -> None:
        self._stage.other.clear()
        if isinstance(error, UserError):
            self._stage.other.view.set_message(error.what, error.remedy, "mdi6.file-alert-outline")
        else:
            self.failed.emit(error)

    # What is amiss

    @Slot()
    def look(self) -> None:
        """Looks whether pictures still come, and what they are like."""
        source = self.camera.source
        if source is not None and source.kind.live:
            self._look_for_trouble(source)
        self._said_ticks -= 1
        self._show_note()

    def _look_for_trouble(self, source: CameraInfo) -> None:
        """In live pictures alone: a film may stand still, and be black, as it likes."""
        trouble = self._watch.trouble()
        waiting = self.camera.paused or not self.camera.active or self._error is not None
        if trouble is Trouble.STALLED and not waiting:
            self._error = CameraStalledError(source.name, STALL_S)
            self._stage.forget()
            self.changed.emit()
        is_black = trouble is Trouble.BLACK
        if is_black != self._is_black:
            self._is_black = is_black
            self.changed.emit()

    @Slot(object)
    def _on_camera_failed(self, error: Exception) -> None:
        self._error = error
        if self.camera.active or self._stage.steps.path is not None:
            self._stage.forget()  # it may come back, or the next picture may be better
            self.changed.emit()
        else:
            self._end()
            self.camera.stop()
            self._stage.clear()
            self.lost.emit()
        if not isinstance(error, UserError):
            self.failed.emit(error)

    @Slot(object)
    def _on_ended(self, notes: tuple[str, ...]) -> None:
        self._end()
        self.ended.emit(notes)

    def _end(self) -> None:
        self._tick.stop()
        self._is_black = False
        self._said_ticks = 0
        self._watch.clear()
        self._show_note()

    def _show_note(self) -> None:
        note = ""
        if self._is_held:
            note = "Kept for training"
        elif self._said_ticks > 0:
            note = self._said
        elif self.camera.paused:
            note = "Paused"
        elif self._recorder is not None and self._recorder.active:
            minutes, seconds = divmod(int(self._recorder.seconds), 60)
            note = f"Recording {minutes}:{seconds:02}"
        self._stage.main.view.set_note(note)
