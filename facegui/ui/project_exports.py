"""Takes a project, or its labels, out of the program: the actions of the menu for it."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal, Slot
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QFileDialog, QMenu, QWidget

from facegui.core.label_formats.titles import FORMAT_TITLES
from facegui.core.progress import Report, StopToken
from facegui.workers.job import Job
from facegui.workers.job_board import JobBoard
from facegui.workers.project_store import ProjectStore

if TYPE_CHECKING:
    from facegui.core.label_export import LabelExport
    from facegui.core.packing import Packed
    from facegui.core.project import Project


class ProjectExports(QObject):
    """Writes labels in the format of another program, and projects into zip files.

    Signals:
        failed(Exception): nothing was written.
        noticed(str): what was written, and where.
    """

    failed = Signal(object)
    noticed = Signal(str)

    def __init__(self, store: ProjectStore, board: JobBoard, window: QWidget) -> None:
        super().__init__(window)
        self._store = store
        self._board = board
        self._window = window
        self.labels_menu = QMenu("Export labels", window)
        for key, title in FORMAT_TITLES.items():
            self.labels_menu.addAction(f"{title}…").setData(key)
        self.pack_action = QAction("Pack project into a zip file…", self)
        self.pack_labels_action = QAction("Pack without photos…", self)
        self.labels_menu.triggered.connect(self._on_labels)
        self.pack_action.triggered.connect(self._on_pack)
        self.pack_labels_action.triggered.connect(self._on_pack_labels)
        for signal in (store.opened, board.started, board.ended):
            signal.connect(self.show_state)
        self.show_state()

    @Slot()
    def show_state(self) -> None:
        """Enables what can be done now; the others say why not."""
        job = self._board.job
        why_not = f"{job.title} is still running." if job else ""
        if self._store.project is None:
            why_not = "No project is open."
        self.labels_menu.setEnabled(not why_not)
        for action in (self.pack_action, self.pack_labels_action):
            action.setEnabled(not why_not)
            action.setToolTip(why_not or action.text())

    def export(self, key: str, folder: Path) -> None:
        """Writes labels and photos into a new or empty folder."""
        project = self._store.project
        if project is not None and self._board.job is None:
            self._start("Exporting labels", partial(_export, project, key, folder))

    def pack(self, file: Path, *, with_photos: bool) -> None:
        """Writes the project into a zip file."""
        project = self._store.project
        if project is not None and self._board.job is None:
            self._start("Packing the project", partial(_pack, project, file, with_photos))

    def _start(self, title: str, work: partial[str]) -> None:
        job = Job(title, work)
        job.succeeded.connect(self._on_succeeded)
        job.failed.connect(self.failed)
        self._board.start(job)

    @Slot(object)
    def _on_succeeded(self, words: str) -> None:
        self.noticed.emit(words)

    @Slot(QAction)
    def _on_labels(self, action: QAction) -> None:
        start = str(Path.home() / f"labels-{action.data()}")
        chosen, _ = QFileDialog.getSaveFileName(self._window, "New folder for the labels", start)
        if chosen:
            self.export(action.data(), Path(chosen))

    @Slot()
    def _on_pack(self) -> None:
        self._ask_and_pack(with_photos=True)

    @Slot()
    def _on_pack_labels(self) -> None:
        self._ask_and_pack(with_photos=False)

    def _ask_and_pack(self, *, with_photos: bool) -> None:
        project = self._store.project
        if project is None:
            return
        start = str(Path.home() / f"{project.name}.zip")
        chosen, _ = QFileDialog.getSaveFileName(self._window, "Pack", start, "Zip files (*.zip)")
        if chosen:
            self.pack(Path(chosen), with_photos=with_photos)


def _export(project: Project, key: str, folder: Path, report: Report, stop: StopToken) -> str:
    from facegui.core.label_export import export_labels  # not needed to start
    from facegui.core.label_formats import formats

    label_format = next(item for item in formats.FORMATS if item.key == key)
    done: LabelExport = export_labels(project, label_format, folder, report, stop)
    left_out = done.unlabelled + done.broken
    rest = f" {left_out} photos without a label were left out." if left_out else ""
    return f"{done.photos} labelled photos with {done.faces} faces are in {done.folder}.{rest}"


def _pack(project: Project, file: Path, with_photos: bool, report: Report, stop: StopToken) -> str:
    from facegui.core.packing import pack_project  # not needed to start

    done: Packed = pack_project(project, file, report, stop, with_photos=with_photos)
    return f"{done.photos} photos and {done.labels} labels are in {done.path}."
