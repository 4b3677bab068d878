"""Pictures of every tab in every state, made without anybody at the mouse."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PySide6.QtCore import QSettings, QSize, Qt
from PySide6.QtWidgets import QApplication

from facegui.core.boxes import Detection
from facegui.core.capturing import make_demo_project
from facegui.core.errors import UserError
from facegui.core.photo_library import Changes, PhotoState
from facegui.core.progress import Progress, Report, StopToken, ignore_progress
from facegui.core.project import Project
from facegui.core.runs import rename_run
from facegui.ml.draft_messages import SOURCE
from facegui.ui.annotate_tab import AnnotateTab
from facegui.ui.augment_tab import AugmentTab
from facegui.ui.burst import Burst
from facegui.ui.capture_tab import CaptureTab
from facegui.ui.detect_tab import DetectTab
from facegui.ui.main_window import MainWindow
from facegui.ui.script import Script, Steps, Wait, pause
from facegui.ui.stand_ins import (
    KnowingDetector,
    StillDraftProcess,
    StillTrial,
    UnpluggedCamera,
    diverging_training,
    endless_copies,
    endless_training,
    example_mistakes,
    labelme_command,
    list_demo_only,
    no_room,
    open_black,
    open_still,
    with_seams,
    write_example_run,
)
from facegui.ui.style import apply_style
from facegui.ui.tab import Tab
from facegui.ui.train_tab import TrainTab
from facegui.ui.user_settings import UserSettingsFile
from facegui.workers.job_board import JobBoard
from facegui.workers.labelme_process import LabelmeProcess
from facegui.workers.project_store import ProjectStore
from facegui.workers.tensorflow_loader import TensorFlowLoader

PHOTOS = 24
UNLABELLED = 6
SIZES = (QSize(1280, 800), QSize(900, 600))
SCHEMES = {"light": Qt.ColorScheme.Light, "dark": Qt.ColorScheme.Dark}
SETTLE_S = 0.15
"""Pictures that are made in the background, such as thumbnails, come in this time."""


@dataclass(frozen=True, slots=True)
class Scene:
    """A tab in one state.

    Args:
        tab: its name.
        state: "empty", "ready", "running", "error" or "done".
        act: brings the window there.
        seams: what the tab is made with in place of the real thing.
        photos: whether the project has any.
        run: whether something was trained.
    """

    tab: str
    state: str
    act: Callable[[Any, ProjectStore], Steps]
    seams: Callable[[], dict[str, Any]] = dict
    photos: bool = True
    run: bool = False


def take_screenshots(
    app: QApplication, folder: Path, report: Report, stop: StopToken
) -> tuple[Path, ...]:
    """Takes all pictures; the project is made, and thrown away again.

    Args:
        app: the running application; its style is changed.
        folder: where the pictures go, under names such as
            `train-ready-light-1280x800.png`.
        report: told of each picture.
        stop: obeyed between two pictures.

    Raises:
        UserError: when the folder cannot be written.
        Cancelled: when `stop` was cancelled.
    """
    with tempfile.TemporaryDirectory() as temporary:
        photographer = _Photographer(app, folder, Path(temporary), report, stop)
        Script(photographer.scenes()).run()
    return tuple(photographer.taken)


class _Photographer:
    def __init__(
        self, app: QApplication, folder: Path, scratch: Path, report: Report, stop: StopToken
    ) -> None:
        self._app, self._folder, self._scratch = app, folder, scratch
        self._report, self._stop = report, stop
        self.taken: list[Path] = []
        QSettings.setDefaultFormat(QSettings.Format.IniFormat)
        QSettings.setPath(
            QSettings.Format.IniFormat, QSettings.Scope.UserScope, str(scratch / "settings")
        )

    def scenes(self) -> Steps:
        demo = self._scratch / "original"
        make_demo_project(demo, PHOTOS, 0, ignore_progress, StopToken()).close()
        yield from self._welcome()
        for number, scene in enumerate(SCENES):
            project = self._scratch / str(number) / "My faces"
            if scene.photos:
                shutil.copytree(demo, project)
            else:
                Project.create(project).close()
            yield from self._scene(scene, project)

    def _scene(self, scene: Scene, folder: Path) -> Steps:
        store, board = ProjectStore(), JobBoard()
        store.open(folder)
        if scene.run:
            for title in ("With 12 photos", "With 24 photos"):
                rename_run(write_example_run(_project(store)), title)
        window = self._window(store, board, _tabs_for(scene))
        window.show()
        try:
            tab = next(tab for tab in window.tabs if scene.tab == tab.NAME)
            window.show_step_named(scene.tab)
            yield from scene.act(tab, store)
            yield from self._photograph(window, f"{scene.tab}-{scene.state}")
        finally:
            window.shut_down()
            window.deleteLater()

    def _welcome(self) -> Steps:
        window = self._window(ProjectStore(), JobBoard(), ())
        window.show()
        yield from self._photograph(window, "welcome-first")
        window.welcome.show_recent([Path("Pictures", name) for name in ("My faces", "Office")])
        yield from self._photograph(window, "welcome-again")
        window.shut_down()
        window.deleteLater()

    def _window(
        self, store: ProjectStore, board: JobBoard, tabs: Sequence[type[Tab]]
    ) -> MainWindow:
        path = self._scratch / "settings.json"
        path.unlink(missing_ok=True)  # no window remembers what was chosen in the one before
        settings = UserSettingsFile(path)
        loader = TensorFlowLoader(load=lambda: None)
        return MainWindow(store, board, settings, tabs, loader=loader, home=self._scratch)

    def _photograph(self, window: MainWindow, name: str) -> Steps:
        for scheme_name, scheme in SCHEMES.items():
            apply_style(self._app, scheme)
            for size in SIZES:
                self._stop.raise_if_cancelled()
                window.resize(size)
                yield pause(SETTLE_S)
                file = f"{name}-{scheme_name}-{size.width()}x{size.height()}.png"
                self._save(window, self._folder / file)

    def _save(self, window: MainWindow, path: Path) -> None:
        if not window.grab().save(str(path)):
            raise UserError(f"{path} cannot be written.", "Choose another folder.")
        self.taken.append(path)
        pictures = (len(SCENES) + 2) * len(SCHEMES) * len(SIZES)
        self._report(Progress(len(self.taken), pictures, path.name))


def _tabs_for(scene: Scene) -> Sequence[type[Tab]]:
    """The five tabs with stand-ins; that of the scene with its own."""
    cameras = {"open_camera": open_still, "list_cameras": list_demo_only}
    seams: dict[type[Tab], dict[str, Any]] = {
        CaptureTab: cameras,
        AnnotateTab: {"draft_process": StillDraftProcess()},
        AugmentTab: {},
        TrainTab: {
            "train": endless_training,
            "look_for_mistakes": example_mistakes,
            "trial": StillTrial(),
        },
        DetectTab: cameras | {"load_detector": KnowingDetector},
    }
    return [
        with_seams(tab, **usual | (scene.seams() if scene.tab == tab.NAME else {}))
        for tab, usual in seams.items()
    ]


def _project(store: ProjectStore) -> Project:
    assert store.project is not None
    return store.project


# What brings each tab into each state


def _nothing(_tab: Any, _store: ProjectStore) -> Steps:
    yield pause(SETTLE_S)


def _capture_live(tab: CaptureTab, _store: ProjectStore) -> Steps:
    yield Wait(lambda: tab.main_button.isEnabled(), "the camera gives pictures")
    for _ in range(4):
        before = tab.strip.model.rowCount()
        tab.main_button.click()
        yield Wait(lambda n=before: tab.strip.model.rowCount() > n, "the photo is stored")  # type: ignore[misc]


def _capture_burst(tab: CaptureTab, _store: ProjectStore) -> Steps:
    yield Wait(lambda: tab.main_button.isEnabled(), "the camera gives pictures")
    tab.burst_controls.start_button.click()
    yield Wait(lambda: tab.burst.done >= 3, "the burst has begun")


def _capture_unplugged(tab: CaptureTab, _store: ProjectStore) -> Steps:
    yield Wait(lambda: tab.main_button.isEnabled(), "the camera gives pictures")
    yield Wait(lambda: not tab.main_button.isEnabled(), "the camera is gone")


def _annotate_ready(tab: AnnotateTab, store: ProjectStore) -> Steps:
    project = _project(store)
    names = tuple(photo.name for photo in project.photos[-UNLABELLED:])
    for number, photo in enumerate(project.photos[-UNLABELLED:]):
        certainty = 0.94 - 0.07 * number
        found = [Detection(box, certainty) for box in project.label(photo) or ()]
        project.clear_label(photo)
        project.drafts.set_draft(photo, found, SOURCE, certainty)
    store.tell(Changes(changed=names))
    unlabelled = PhotoState.UNLABELLED
    yield Wait(lambda: tab.model.counts()[unlabelled] == UNLABELLED, "the labels are gone")
    tab.show_photo(names[0])
    yield from _annotate_read(tab)


def _annotate_read(tab: AnnotateTab) -> Steps:
    yield Wait(lambda: not tab.model.counts()[None], "all labels are read")
    yield pause(2 * SETTLE_S)


def _annotate_in_labelme(tab: AnnotateTab, _store: ProjectStore) -> Steps:
    yield from _annotate_read(tab)
    tab.labelme_controls.button.click()
    yield Wait(lambda: tab.labelme.running, "LabelMe runs")


def _annotate_broken(tab: AnnotateTab, store: ProjectStore) -> Steps:
    yield from _annotate_read(tab)
    photo = _project(store).photos[2]
    _project(store).label_path(photo).write_text('{"shapes": [', "utf-8")
    store.look()
    tab.show_photo(photo.name)
    yield pause(2 * SETTLE_S)
    tab.labelme_controls.button.click()
    yield Wait(lambda: not tab.labelme.running, "LabelMe has ended")


def _augment_ready(tab: AugmentTab, _store: ProjectStore) -> Steps:
    yield Wait(lambda: tab.grid.cells[0].pixels is not None, "there are examples")
    yield pause(4 * SETTLE_S)


def _augment_pressed(tab: AugmentTab, store: ProjectStore) -> Steps:
    yield from _augment_ready(tab, store)
    tab.main_button.click()
    yield pause(2 * SETTLE_S)


def _train_ready(tab: TrainTab, _store: ProjectStore) -> Steps:
    yield Wait(lambda: tab.main_button.isEnabled(), "the photos were looked at")


def _train_pressed(tab: TrainTab, store: ProjectStore) -> Steps:
    yield from _train_ready(tab, store)
    tab.main_button.click()
    yield pause(6 * SETTLE_S)


def _train_done(tab: TrainTab, store: ProjectStore) -> Steps:
    yield from _train_ready(tab, store)
    yield pause(4 * SETTLE_S)


def _detect_ready(tab: DetectTab, _store: ProjectStore) -> Steps:
    yield Wait(lambda: tab.main_button.isEnabled(), "the cameras are listed")
    yield pause(SETTLE_S)


def _detect_running(tab: DetectTab, store: ProjectStore) -> Steps:
    yield from _detect_ready(tab, store)
    tab.main_button.click()
    yield Wait(lambda: bool(tab.view.boxes), "a face is found")
    yield pause(4 * SETTLE_S)


def _detect_unplugged(tab: DetectTab, store: ProjectStore) -> Steps:
    yield from _detect_ready(tab, store)
    tab.main_button.click()
    yield Wait(lambda: bool(tab.view.boxes), "a face is found")
    yield Wait(lambda: bool(tab.view.message), "the camera is gone")


def _detect_compared(tab: DetectTab, store: ProjectStore) -> Steps:
    yield from _detect_ready(tab, store)
    tab.more.button.click()
    tab.models.compare.box.setCurrentIndex(2)
    tab.models.compare.box.activated.emit(2)
    tab.view_controls.blur.click()
    tab.main_button.click()
    yield Wait(lambda: bool(tab.picture.other.view.boxes), "both runs find a face")
    tab.keep_controls.record.click()
    yield pause(4 * SETTLE_S)


def _detect_black(tab: DetectTab, store: ProjectStore) -> Steps:
    yield from _detect_ready(tab, store)
    tab.main_button.click()
    yield Wait(lambda: "black" in tab.view.message, "it is noticed")


def _detect_without_model(tab: DetectTab, store: ProjectStore) -> Steps:
    yield from _detect_running(tab, store)
    store.runs[-1].model_path.write_bytes(b"")
    yield Wait(lambda: bool(tab.view.message), "it is noticed")


SCENES = (
    Scene("capture", "empty", _nothing, lambda: {"open_camera": open_still}, photos=False),
    Scene("capture", "ready", _capture_live),
    Scene("capture", "running", _capture_burst, lambda: {"burst": Burst(tick_ms=20)}),
    Scene("capture", "error", _capture_unplugged, lambda: {"open_camera": UnpluggedCamera()}),
    Scene("annotate", "empty", _nothing, photos=False),
    Scene("annotate", "ready", _annotate_ready),
    Scene(
        "annotate",
        "running",
        _annotate_in_labelme,
        lambda: {"labelme": LabelmeProcess(labelme_command(fails=False))},
    ),
    Scene(
        "annotate",
        "error",
        _annotate_broken,
        lambda: {"labelme": LabelmeProcess(labelme_command(fails=True))},
    ),
    Scene("augment", "empty", _nothing, photos=False),
    Scene("augment", "ready", _augment_ready),
    Scene("augment", "running", _augment_pressed, lambda: {"augment": endless_copies}),
    Scene("augment", "error", _augment_pressed, lambda: {"augment": no_room}),
    Scene("train", "empty", _nothing, photos=False),
    Scene("train", "ready", _train_ready),
    Scene("train", "running", _train_pressed),
    Scene("train", "error", _train_pressed, lambda: {"train": diverging_training}),
    Scene("train", "done", _train_done, run=True),
    Scene("detect", "empty", _nothing, photos=False),
    Scene("detect", "ready", _detect_ready, run=True),
    Scene("detect", "running", _detect_running, run=True),
    Scene("detect", "compared", _detect_compared, run=True),
    Scene("detect", "black", _detect_black, lambda: {"open_camera": open_black}, run=True),
    Scene("detect", "damaged", _detect_without_model, run=True),
    Scene(
        "detect",
        "error",
        _detect_unplugged,
        lambda: {"open_camera": UnpluggedCamera()},
        run=True,
    ),
)
