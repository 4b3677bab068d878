"""A project of 10,000 photos in the window: opening, scrolling, filtering, stalls, memory.

The photos are those of ../shared/data, each in many versions that differ in light, so that
every file is another one. The real window on Qt's offscreen platform; the program's own
heartbeat measures stalls.
"""

from __future__ import annotations

import os
import resource
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
from PySide6.QtCore import QObject, QSettings, QTimer, Slot
from PySide6.QtWidgets import QApplication

from facegui.core.images import read_picture
from facegui.core.labelme import read_label_file, write_label_file
from facegui.core.photo_library import PhotoState
from facegui.core.project import Project
from facegui.core.project_index import PhotoRecord, Session, load_index
from facegui.ui.annotate_tab import AnnotateTab
from facegui.ui.main_window import MainWindow
from facegui.ui.offscreen import application
from facegui.ui.script import Script, Steps, Wait, pause
from facegui.ui.style import apply_style
from facegui.ui.tabs import TABS
from facegui.ui.user_settings import UserSettingsFile
from facegui.workers.garbage import GarbageCollector
from facegui.workers.heartbeat import BEAT_MS, Heartbeat
from facegui.workers.job_board import JobBoard
from facegui.workers.project_store import ProjectStore
from facegui.workers.tensorflow_loader import TensorFlowLoader

from photo_sets import REAL_PHOTOS  # isort: skip
from tables import Figure, argument_parser, show  # isort: skip

OPENING_S, STALL_MS = 2.0, 100.0
STEPS, STEP_S = 60, 0.05
PER_SESSION = 500


def main() -> int:
    parser = argument_parser(__doc__)
    parser.add_argument("--photos", type=int, default=10_000)
    parser.add_argument("--keep", type=Path, help="folder for the project, made once")
    arguments = parser.parse_args()
    app = application(visible="QT_QPA_PLATFORM" in os.environ)
    apply_style(app)
    with tempfile.TemporaryDirectory() as scratch:
        folder = arguments.keep or Path(scratch) / "Large"
        if not (folder / "project.json").exists():
            make_project(folder, arguments.photos)
        measured = Measured(app, folder, Path(scratch))
        Script(measured.steps()).run()
    return show(f"{arguments.photos:,} photos", measured.figures, as_json=arguments.json)


def make_project(folder: Path, count: int) -> None:
    """Writes the files as they lie in a project, without the care that a real one takes."""
    Project.create(folder).close()
    pictures = sorted((REAL_PHOTOS.parent).rglob("webcam-*/*/images/*.jpg"))
    read = [(read_picture(path), boxes_of(path)) for path in pictures]
    index = load_index(folder / "project.json")
    for number in range(count):
        pixels, boxes = read[number % len(read)]
        light = 0.6 + 0.8 * ((number * 7919) % 997) / 997
        changed = cv2.convertScaleAbs(pixels, alpha=light)
        name = f"photo-{number:05}.jpg"
        bgr = cv2.cvtColor(np.ascontiguousarray(changed), cv2.COLOR_RGB2BGR)
        cv2.imwrite(str(folder / "photos" / name), bgr, [cv2.IMWRITE_JPEG_QUALITY, 85])
        if number % 5:
            label = folder / "labels" / f"photo-{number:05}.json"
            size = (pixels.shape[1], pixels.shape[0])
            write_label_file(label, boxes, folder / "photos" / name, size)
        key = f"session-{number // PER_SESSION:03}"
        index.sessions[key] = Session(key, "2026-11-24T10:00:00+00:00")
        index.photos[name] = replace(PhotoRecord(), session=key)
    index.save(folder / "project.json")


def boxes_of(path: Path) -> tuple:
    label = path.parent.parent / "labels" / f"{path.stem}.json"
    return read_label_file(label).boxes if label.exists() else ()


class OwnWork(QObject):
    """The most that the window's thread itself did between two beats: what a stall is where
    no other program takes the cores away."""

    def __init__(self) -> None:
        super().__init__()
        self.longest_ms = 0.0
        self._last_s = 0.0
        self._timer = QTimer(self, interval=BEAT_MS)
        self._timer.timeout.connect(self._beat)

    def start(self) -> None:
        self.longest_ms, self._last_s = 0.0, time.thread_time()
        self._timer.start()

    @Slot()
    def _beat(self) -> None:
        now_s = time.thread_time()
        self.longest_ms = max(self.longest_ms, 1000 * (now_s - self._last_s))
        self._last_s = now_s


class Measured:
    """The window, what is done in it, and what that took."""

    def __init__(self, app: QApplication, folder: Path, scratch: Path) -> None:
        QSettings.setDefaultFormat(QSettings.Format.IniFormat)
        QSettings.setPath(QSettings.Format.IniFormat, QSettings.Scope.UserScope, str(scratch))
        self.figures: list[Figure] = []
        self._folder = folder
        self._heartbeat, self._work = Heartbeat(), OwnWork()
        self._store = ProjectStore()
        settings = UserSettingsFile(scratch / "settings.json")
        # How long TensorFlow's import holds the window up is told by `stalls.py`.
        loader = TensorFlowLoader(load=lambda: None)
        self._window = MainWindow(self._store, JobBoard(), settings, TABS, loader=loader)
        (garbage,) = app.findChildren(GarbageCollector)
        garbage.spare()  # as the program itself does it

    def steps(self) -> Steps:
        self._window.show()
        yield pause(0.5)
        before = memory_mb()
        started, own_started = time.perf_counter(), time.thread_time()
        self._store.open(self._folder)
        self._window.show_step_named("annotate")
        self._window.grab()
        seconds, own = time.perf_counter() - started, time.thread_time() - own_started
        self._add("opening", seconds, "s", OPENING_S)
        self._add("    the window's own work in it", own, "s", OPENING_S)
        tab = next(tab for tab in self._window.tabs if isinstance(tab, AnnotateTab))
        yield from self._watched("while labels are read", self._read(tab))
        yield from self._watched("while scrolling", self._scroll(tab))
        yield from self._watched("while filtering", self._filter(tab))
        yield from self._watched("with nothing to do, 10 s", iter([pause(10.0)]))
        self.figures.append(Figure("memory of the program", memory_mb(), "MB"))
        self.figures.append(Figure("of that for the project", memory_mb() - before, "MB"))
        thumbnails = self._folder / "cache" / "thumbnails"
        kept = sum(path.stat().st_size for path in thumbnails.rglob("*") if path.is_file())
        self.figures.append(Figure("thumbnails on disk", kept / 1e6, "MB"))
        self._heartbeat.stop()
        self._window.shut_down()

    def _watched(self, name: str, steps: Steps) -> Steps:
        self._heartbeat.start()
        self._work.start()
        yield from steps
        self._add(f"longest stall {name}", self._heartbeat.longest_ms, "ms", STALL_MS)
        self._add("    the window's own work in it", self._work.longest_ms, "ms", STALL_MS)

    def _read(self, tab: AnnotateTab) -> Steps:
        started = time.perf_counter()
        yield Wait(lambda: not tab.model.reading, "the labels are read", 300)
        self.figures.append(Figure("labels read after", time.perf_counter() - started, "s"))

    def _scroll(self, tab: AnnotateTab) -> Steps:
        bar, longest = tab.gallery.verticalScrollBar(), 0.0
        for step in range(STEPS):
            started = time.perf_counter()
            bar.setValue(bar.maximum() * step // STEPS)
            tab.gallery.viewport().repaint()
            longest = max(longest, time.perf_counter() - started)
            yield pause(STEP_S)
        self._add("longest step of scrolling", 1000 * longest, "ms", STALL_MS)

    def _filter(self, tab: AnnotateTab) -> Steps:
        longest = 0.0
        for state in (PhotoState.UNLABELLED, PhotoState.FACES, PhotoState.NO_FACE, None):
            started = time.perf_counter()
            tab.filters.chosen.emit(state)
            tab.gallery.viewport().repaint()
            longest = max(longest, time.perf_counter() - started)
            yield pause(0.3)
        self._add("longest filtering", 1000 * longest, "ms", STALL_MS)

    def _add(self, name: str, value: float, unit: str, bar: float) -> None:
        self.figures.append(Figure(name, value, unit, bar, at_most=True))


def memory_mb() -> float:
    """What the process holds now."""
    try:
        fields = Path("/proc/self/statm").read_text().split()
        return int(fields[1]) * resource.getpagesize() / 1e6
    except OSError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3


if __name__ == "__main__":
    sys.exit(main())
