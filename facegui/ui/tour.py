"""The whole way, unattended: from an empty project to faces found live, and what came of it."""

from __future__ import annotations

import tempfile
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, QSettings, Slot
from PySide6.QtWidgets import QApplication

from facegui.core.boxes import Box
from facegui.core.camera import CameraInfo, ClosesAfterwards, Frame
from facegui.core.cameras import DEMO
from facegui.core.demo_camera import DemoCamera
from facegui.core.errors import Cancelled, UserError
from facegui.core.images import Pixels
from facegui.core.photo_library import PhotoState
from facegui.core.progress import Progress, Report, StopToken
from facegui.core.runs import Run
from facegui.ml.training import train
from facegui.ui.annotate_tab import AnnotateTab
from facegui.ui.augment_tab import AugmentTab
from facegui.ui.box_editor import BoxEdit
from facegui.ui.capture_tab import CaptureTab
from facegui.ui.detect_tab import DetectTab
from facegui.ui.main_window import SIZE, MainWindow
from facegui.ui.script import Script, Steps, Wait, pause
from facegui.ui.stand_ins import list_demo_only, with_seams
from facegui.ui.style import apply_style
from facegui.ui.tab import Tab
from facegui.ui.train_tab import TrainTab
from facegui.ui.user_settings import UserSettingsFile
from facegui.workers.job_board import JobBoard
from facegui.workers.project_store import ProjectStore
from facegui.workers.training_job import Train

FILM_SPEED = 4.0
"""So much faster than life the demo camera moves: few photos show many scenes."""

PHOTO_PAUSE_S = 0.2
TRAINING_PATIENCE_S = 1800.0
"""The weights may have to be fetched over a slow line."""

DETECTION_S = 12.0
"""After so long without a face in the picture it is said that none was found."""

_KEPT_FRAMES = 30


@dataclass(frozen=True, slots=True)
class TourPlan:
    """How much is made: little, so that it is soon over, and enough that faces are found.

    Args:
        photos: that are taken and labelled.
        copies: of each training photo.
        epochs: of the training.
        input_size: of the network, in pixels.
        look_s: how long each step is left to be looked at.
    """

    photos: int = 40
    copies: int = 8
    epochs: int = 15
    input_size: int = 96
    look_s: float = 1.0


@dataclass(frozen=True, slots=True)
class TourResult:
    """What came of it.

    Args:
        project: its folder.
        pictures: of every step, in order, with what they show.
        facts: name and value of each figure.
    """

    project: Path
    pictures: tuple[tuple[Path, str], ...]
    facts: tuple[tuple[str, str], ...]


def take_tour(
    app: QApplication,
    folder: Path,
    report: Report,
    stop: StopToken,
    plan: TourPlan | None = None,
    *,
    train: Train = train,
) -> TourResult:
    """Goes the whole way in a window.

    Args:
        app: the running application.
        folder: where the project and the pictures go.
        report: told of each step.
        stop: obeyed at once.
        plan: how much is made.
        train: trains; see `ml.training.train`.

    Raises:
        UserError: when a step fails.
        Cancelled: when `stop` was cancelled or the window was closed.
    """
    with tempfile.TemporaryDirectory() as settings:
        QSettings.setDefaultFormat(QSettings.Format.IniFormat)
        QSettings.setPath(QSettings.Format.IniFormat, QSettings.Scope.UserScope, settings)
        apply_style(app)
        tour = _Tour(folder, Path(settings), report, stop, plan or TourPlan(), train)
        try:
            Script(tour.steps()).run()
        finally:
            tour.shut_down()
    return tour.result()


class _KnownFilm(ClosesAfterwards):
    """The demo camera on fast forward; keeps the true boxes of the newest frames."""

    name = DEMO.name
    kind = DEMO.kind
    live = True
    frame_count: int | None = None
    notes: tuple[str, ...] = ()

    def __init__(self) -> None:
        self._camera = DemoCamera(clock=lambda: FILM_SPEED * time.monotonic())
        self.frames_per_second = self._camera.frames_per_second
        self._frames: OrderedDict[int, Frame] = OrderedDict()

    def read(self) -> Frame | None:
        frame = self._camera.read()
        if frame is not None:
            self._frames[id(frame.pixels)] = frame
            if len(self._frames) > _KEPT_FRAMES:
                self._frames.popitem(last=False)
        return frame

    def close(self) -> None:
        self._camera.close()

    def boxes_in(self, pixels: Pixels) -> tuple[Box, ...]:
        """Of one of the newest frames."""
        return self._frames[id(pixels)].boxes or ()


class _Tour(QObject):
    def __init__(
        self,
        folder: Path,
        settings: Path,
        report: Report,
        stop: StopToken,
        plan: TourPlan,
        train: Train,
    ) -> None:
        super().__init__()
        self._folder, self._report, self._stop, self._plan = folder, report, stop, plan
        self._error: Exception | None = None
        self._film: _KnownFilm | None = None
        self._labels: dict[str, tuple[Box, ...]] = {}
        self._pictures: list[tuple[Path, str]] = []
        self._facts: list[tuple[str, str]] = []
        self._began_s = time.monotonic()
        self.store, self.board = ProjectStore(), JobBoard()
        self.window = MainWindow(
            self.store,
            self.board,
            UserSettingsFile(settings / "settings.json"),
            (
                with_seams(CaptureTab, open_camera=self._open_film, list_cameras=list_demo_only),
                AnnotateTab,
                AugmentTab,
                with_seams(TrainTab, train=train),
                with_seams(DetectTab, open_camera=_open_other, list_cameras=list_demo_only),
            ),
        )
        self.window.resize(SIZE)
        for tab in self.window.tabs:
            tab.failed.connect(self._on_failed)

    def shut_down(self) -> None:
        self.window.shut_down()
        self.window.deleteLater()

    def result(self) -> TourResult:
        return TourResult(self._folder / "project", tuple(self._pictures), tuple(self._facts))

    def steps(self) -> Steps:
        """All steps; ends at once when something failed or the window was closed."""
        self.window.show()
        for wait in self._way():
            yield Wait(self._checked(wait.fact), wait.what, wait.seconds)

    def _checked(self, fact: Callable[[], bool]) -> Callable[[], bool]:
        def checked() -> bool:
            self._stop.raise_if_cancelled()
            if self._error is not None:
                raise self._error
            if not self.window.isVisible():
                raise Cancelled
            return fact()

        return checked

    def _way(self) -> Steps:
        yield pause(self._plan.look_s)
        self.store.create(self._folder / "project")
        capture, annotate, augment, train, detect = self.window.tabs
        parts: tuple[tuple[Tab, Callable[[Any], Steps]], ...] = (
            (capture, self._take_photos),
            (annotate, self._label),
            (augment, self._make_copies),
            (train, self._train),
            (detect, self._detect),
        )
        for number, (tab, part) in enumerate(parts):
            self._report(Progress(number, len(parts), tab.TITLE))
            self.window.show_step_named(tab.NAME)
            yield from part(tab)
            yield pause(self._plan.look_s)
        self._report(Progress(len(parts), len(parts), "Done"))
        self._facts.append(("The whole way took", f"{time.monotonic() - self._began_s:.0f} s"))

    # The five steps

    def _take_photos(self, tab: CaptureTab) -> Steps:
        yield Wait(tab.main_button.isEnabled, "the camera gives pictures")
        model = tab.strip.model
        for number in range(1, self._plan.photos + 1):
            yield pause(PHOTO_PAUSE_S)
            assert self._film is not None
            pixels = tab.view.pixels
            boxes = self._film.boxes_in(pixels) if pixels is not None else ()
            tab.main_button.click()
            yield Wait(lambda n=number: len(model.taken) >= n, "the photo is stored")  # type: ignore[misc]
            name = next(t.photo.name for t in model.taken if t.photo.name not in self._labels)
            self._labels[name] = boxes
        self._keep("1-capture", f"{self._plan.photos} photos of the demo camera")
        self._facts.append(("Photos taken", str(self._plan.photos)))

    def _label(self, tab: AnnotateTab) -> Steps:
        for name, boxes in self._labels.items():
            tab.show_photo(name)
            yield Wait(lambda: tab.editor.can_edit, "the photo is shown")
            state = PhotoState.FACES if boxes else PhotoState.NO_FACE
            if boxes:
                tab.editor.edited.emit(BoxEdit(boxes, "Draw box"))
            else:
                tab.desk.say_no_face()
            yield Wait(_is_labelled(tab, name, state), "the label is kept")
        faces = sum(len(boxes) for boxes in self._labels.values())
        yield pause(self._plan.look_s)
        self._keep("2-annotate", "A box around every face, or “no face”")
        self._facts.append(("Faces in them", str(faces)))

    def _make_copies(self, tab: AugmentTab) -> Steps:
        yield Wait(lambda: tab.grid.cells[0].pixels is not None, "there are examples")
        tab.settings_controls.copies.setValue(self._plan.copies)
        yield pause(self._plan.look_s)
        yield Wait(tab.main_button.isEnabled, "the copies can be made")
        tab.main_button.click()
        yield Wait(lambda: tab.main_button.text() == "Go on to Train", "the copies are made", 300)
        self._keep("3-augment", "Varied copies of the training photos")
        self._facts.append(("Augmented copies", tab.summary))

    def _train(self, tab: TrainTab) -> Steps:
        fields = tab.settings_controls.fields
        fields["epochs"].setValue(self._plan.epochs)
        fields["input_size"].setValue(self._plan.input_size)
        loader = self.window.loader
        yield Wait(lambda: loader.is_ready, "TensorFlow is loaded", 120)
        yield Wait(tab.main_button.isEnabled, "the photos were looked at")
        tab.main_button.click()
        chart = tab.running.chart
        seen = min(4, self._plan.epochs)
        yield Wait(
            lambda: self.board.job is None or len(chart.curves[0].validation) >= seen,
            "it has trained some epochs",
            TRAINING_PATIENCE_S,
        )
        yield pause(0.3)
        self._keep("4-train", "Training, watched batch by batch")
        yield Wait(lambda: self.board.job is None, "the training has ended", TRAINING_PATIENCE_S)
        words = tab.result.one.mistakes_text
        yield Wait(lambda: "Looking" not in words.text(), "the mistakes are found", 120)
        yield pause(self._plan.look_s)
        self._keep("5-result", "What the training was worth, on photos that it never saw")
        self._tell_of(self.store.runs[-1])

    def _tell_of(self, run: Run) -> None:
        card = run.card()
        ap50 = card["test"]["ap50"]
        self._facts += [
            ("Training", f"{card['epochs']} epochs in {card['seconds']:.0f} s"),
            (
                "AP50 on test photos",
                f"{ap50:.2f}" if ap50 is not None else "cannot be said: no face among them",
            ),
            ("Test photos", str(card["test"]["photos"])),
        ]

    def _detect(self, tab: DetectTab) -> Steps:
        yield Wait(tab.main_button.isEnabled, "the cameras are listed")
        tab.main_button.click()
        yield Wait(lambda: tab.picture.result is not None, "there is a picture")
        until_s = time.monotonic() + DETECTION_S
        yield Wait(lambda: bool(tab.view.boxes) or time.monotonic() > until_s, "a face is found")
        found = bool(tab.view.boxes)
        yield pause(self._plan.look_s)
        again_s = time.monotonic() + DETECTION_S
        yield Wait(lambda: bool(tab.view.boxes) or time.monotonic() > again_s, "it is found again")
        self._keep("6-detect", "Faces found live, in a film that was not learned from")
        self._facts.append(("Face found in live video", "yes" if found else "no"))

    # What is kept

    def _keep(self, name: str, words: str) -> None:
        path = self._folder / f"{name}.png"
        if not self.window.grab().save(str(path)):
            raise UserError(f"{path} cannot be written.", "Choose another folder.")
        self._pictures.append((path, words))

    def _open_film(self, _info: CameraInfo) -> _KnownFilm:
        self._film = _KnownFilm()
        return self._film

    @Slot(object)
    def _on_failed(self, error: Exception) -> None:
        self._error = error


def _is_labelled(tab: AnnotateTab, name: str, state: PhotoState) -> Callable[[], bool]:
    def is_labelled() -> bool:
        entry = tab.model.entry(name)
        return entry is not None and entry.state is state

    return is_labelled


def _open_other(_info: CameraInfo) -> DemoCamera:
    """A film that nothing was learned from."""
    return DemoCamera(seed=1)
