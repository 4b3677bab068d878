"""How long the window stands still at most while it is busy, once TensorFlow is loaded.

The real window with the demo camera at 30 frames a second, on Qt's offscreen platform unless
QT_QPA_PLATFORM says otherwise; the program's own heartbeat measures. Training needs
VGG16's weights: they are fetched the first time.
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from PySide6.QtCore import QSettings
from PySide6.QtWidgets import QApplication
from tables import Figure, argument_parser, show

from facegui.core.cameras import DEMO
from facegui.core.capturing import make_demo_project
from facegui.core.demo_camera import DemoCamera
from facegui.core.errors import UserError
from facegui.core.photo_library import Changes
from facegui.core.progress import StopToken, ignore_progress
from facegui.ui.annotate_tab import AnnotateTab
from facegui.ui.augment_tab import AugmentTab
from facegui.ui.capture_tab import CaptureTab
from facegui.ui.detect_tab import DetectTab
from facegui.ui.main_window import MainWindow
from facegui.ui.offscreen import application
from facegui.ui.script import Script, Steps, Wait, pause
from facegui.ui.stand_ins import with_seams
from facegui.ui.style import apply_style
from facegui.ui.train_tab import TrainTab
from facegui.ui.user_settings import UserSettingsFile
from facegui.workers.drafting import DraftingState
from facegui.workers.garbage import GarbageCollector
from facegui.workers.heartbeat import Heartbeat
from facegui.workers.job_board import JobBoard
from facegui.workers.project_store import ProjectStore

BAR_MS = 100.0
WATCHED_S = 8.0
PHOTOS, COPIES = 60, 20
"""Copies enough that there is a first model, in the middle of the training."""
LABELLED, REVIEWED = 20, 8
"""Photos that are labelled when drafting begins, and drafts that are accepted one by one."""
PARTS = ("capturing", "drafting", "generating", "training", "detecting")
LONGEST_S = 1800.0


class Watch:
    """The window, what is done in it, and the longest stall meanwhile."""

    def __init__(self, app: QApplication, scratch: Path) -> None:
        QSettings.setDefaultFormat(QSettings.Format.IniFormat)
        QSettings.setPath(QSettings.Format.IniFormat, QSettings.Scope.UserScope, str(scratch))
        camera = {"open_camera": lambda _: DemoCamera(), "list_cameras": lambda: (DEMO,)}
        self.figures: list[Figure] = []
        self.errors: list[Exception] = []
        self._store, self._board, self._heartbeat = ProjectStore(), JobBoard(), Heartbeat()
        tabs = (
            with_seams(CaptureTab, **camera),
            AnnotateTab,
            AugmentTab,
            TrainTab,
            with_seams(DetectTab, **camera),
        )
        settings = UserSettingsFile(scratch / "settings.json")
        self._window = MainWindow(self._store, self._board, settings, tabs)
        for tab in self._window.tabs:
            tab.failed.connect(self.errors.append)
        self._store.open(scratch / "Demo")
        # As the program itself does it.
        (garbage,) = app.findChildren(GarbageCollector)
        self._window.loader.ready.connect(garbage.spare)

    def shut_down(self) -> None:
        self._heartbeat.stop()
        self._window.shut_down()

    def steps(self, parts: Sequence[str]) -> Steps:
        acts: tuple[Callable[[Any], Steps], ...] = (
            self._capture,
            self._draft,
            self._generate,
            self._train,
            self._detect,
        )
        self._window.show()
        self._window.loader.start()
        yield Wait(lambda: self._window.loader.is_ready, "TensorFlow is loaded", 120)
        for tab, name, act in zip(self._window.tabs, PARTS, acts, strict=True):
            if name not in parts:
                continue
            self._window.show_step_named(tab.NAME)
            yield from self._measured(name, act, tab)
            if self.errors:
                raise self.errors[0]

    def _measured(self, name: str, act: Callable[[Any], Steps], tab: Any) -> Steps:
        yield Wait(tab.main_button.isEnabled, "the tab is ready", 60)
        self._heartbeat.start()
        yield from act(tab)
        longest_ms = self._heartbeat.longest_ms
        self.figures.append(Figure(f"longest while {name}", longest_ms, "ms", BAR_MS, at_most=True))

    def _capture(self, tab: CaptureTab) -> Steps:
        tab.burst_controls.start_button.click()
        yield pause(WATCHED_S)
        tab.burst.stop()

    def _draft(self, tab: AnnotateTab) -> Steps:
        project = self._store.project
        assert project is not None
        labelled = [sample.photo for sample in project.samples()]
        for photo in labelled[LABELLED:]:
            project.clear_label(photo)
        self._store.tell(Changes(changed=tuple(photo.name for photo in labelled[LABELLED:])))
        # Those that were taken while it captured have no label either.
        wanted = len(project.photos) - LABELLED
        self._heartbeat.start()  # without the clearing, which is none of it
        drafts = project.drafts
        yield Wait(lambda: len(drafts.names) == wanted, "all is drafted", LONGEST_S)
        for _ in range(REVIEWED):
            yield Wait(lambda: tab.editor.can_edit, "the photo is there")
            tab.actions_here.next.trigger()
        resting = DraftingState.RESTING
        yield pause(1.0)
        yield Wait(lambda: tab.drafting.news.state is resting, "all is drafted again", LONGEST_S)
        tab.draft_controls.least.setValue(1)
        tab.draft_controls.accept_all.click()
        yield Wait(lambda: not tab.history.busy, "all is labelled")
        yield pause(1.0)
        yield Wait(lambda: tab.drafting.news.state is resting, "there is an opinion", LONGEST_S)

    def _generate(self, tab: AugmentTab) -> Steps:
        tab.settings_controls.copies.setValue(COPIES)
        tab.main_button.click()
        yield Wait(lambda: tab.main_button.text() == "Go on to Train", "copies are made", LONGEST_S)

    def _train(self, tab: TrainTab) -> Steps:
        tab.main_button.click()
        yield Wait(lambda: self._board.job is None, "the training has ended", LONGEST_S)

    def _detect(self, tab: DetectTab) -> Steps:
        tab.main_button.click()
        yield pause(WATCHED_S)
        tab.main_button.click()


def main() -> int:
    parser = argument_parser(__doc__)
    parser.add_argument("--parts", nargs="+", default=PARTS, choices=PARTS)
    arguments = parser.parse_args()
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    app = application(visible="QT_QPA_PLATFORM" in os.environ)
    apply_style(app)
    with tempfile.TemporaryDirectory() as folder:
        scratch = Path(folder)
        make_demo_project(scratch / "Demo", PHOTOS, 0, ignore_progress, StopToken()).close()
        watch = Watch(app, scratch)
        try:
            Script(watch.steps(arguments.parts)).run()
        except UserError as error:
            print(f"{error.what} {error.remedy}\n{error.details}", file=sys.stderr)
            return 1
        finally:
            watch.shut_down()
    return show("Longest stalls of the window", watch.figures, as_json=arguments.json)


if __name__ == "__main__":
    sys.exit(main())
