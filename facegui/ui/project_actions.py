"""Making, opening and closing projects: the menu, the first page and drops lead here."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal, Slot
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QMenu, QWidget

from facegui.core.errors import UserError
from facegui.core.progress import Report, StopToken
from facegui.core.project_folder import INDEX_NAME
from facegui.ui.questions import Questions
from facegui.ui.user_settings import UserSettingsFile
from facegui.workers.job import Job
from facegui.workers.job_board import JobBoard
from facegui.workers.project_store import ProjectStore

if TYPE_CHECKING:
    from facegui.core.project import Project
    from facegui.ui.photo_import import PhotoImport

DEMO_PHOTOS = 90
_SEED = 0


class ProjectActions(QObject):
    """What can be done with projects as a whole, and the actions of the menu for it.

    Nothing can while a job runs: it works on the project that is open.

    Signals:
        failed(Exception): the project that was open still is.
        noticed(str): something to be told.
        filled(): a new project got its first photos.
    """

    failed = Signal(object)
    noticed = Signal(str)
    filled = Signal()

    def __init__(
        self,
        store: ProjectStore,
        board: JobBoard,
        user_settings: UserSettingsFile,
        questions: Questions,
        home: Path,
        window: QWidget,
    ) -> None:
        super().__init__(window)
        self._store = store
        self._board = board
        self._user_settings = user_settings
        self._questions = questions
        self._home = home
        self._window = window
        self._importer: PhotoImport | None = None
        self.new_action = self._action("New project…", QKeySequence.StandardKey.New)
        self.open_action = self._action("Open project…", QKeySequence.StandardKey.Open)
        self.unpack_action = self._action("Open packed project…")
        self.recent_menu = QMenu("Open recent", window)
        self.demo_action = self._action("Demo project…")
        self.import_action = self._action("New project from photos…")
        self.close_action = self._action("Close project", "Ctrl+W")
        self.new_action.triggered.connect(self.make_new)
        self.open_action.triggered.connect(self.open_other)
        self.unpack_action.triggered.connect(self.open_packed)
        self.demo_action.triggered.connect(self.make_demo)
        self.import_action.triggered.connect(self.make_from_photos)
        self.close_action.triggered.connect(self.close_project)
        self.recent_menu.triggered.connect(self._on_recent)
        store.opened.connect(self._on_opened)
        store.failed.connect(self._on_gone)
        self._show_recent()

    @property
    def busy_reason(self) -> str:
        """Why no other project can be opened now; empty where one can."""
        job = self._board.job
        return f"{job.title} is still running: wait for it, or stop it first." if job else ""

    def open(self, folder: Path) -> bool:
        """Opens a project and says whether that worked."""
        if self._is_busy():
            return False
        try:
            self._store.open(folder)
        except UserError as error:
            self.failed.emit(error)
            return False
        return True

    @property
    def last(self) -> Path | None:
        """What was open when the window was closed, unless it is gone."""
        settings = self._user_settings.settings
        if settings.reopen and settings.recent_projects:
            folder = settings.recent_projects[0]
            return folder if is_project(folder) else None
        return None

    def take_dropped(self, source: Path) -> None:
        """Opens a project, packed or not; of other folders and zip files the photos become one."""
        if is_project(source):
            self.open(source)
        elif self._is_busy():
            return
        elif _is_packed(source):
            self._unpack(source)
        else:
            self._import_into_new(source)

    def show_state(self) -> None:
        """Enables what can be done now; the others say why not."""
        reason = self.busy_reason
        for action in (
            self.new_action,
            self.open_action,
            self.unpack_action,
            self.demo_action,
            self.import_action,
        ):
            action.setEnabled(not reason)
            action.setToolTip(reason or action.text())
        has_project = self._store.project is not None
        self.close_action.setEnabled(has_project and not reason)
        self.close_action.setToolTip(reason if has_project else "No project is open.")
        recent = bool(self._user_settings.settings.recent_projects)
        self.recent_menu.setEnabled(recent and not reason)

    @Slot()
    def make_new(self) -> None:
        folder = self._ask_new(
            "New project", "An empty project, for photos that you take.", "Faces"
        )
        if folder is not None:
            self._create(folder)

    @Slot()
    def open_other(self) -> None:
        if self._is_busy():
            return
        recent = self._user_settings.settings.recent_projects
        start = recent[0].parent if recent else self._home
        folder = self._questions.existing_folder(
            self._window, "Open a project", start if start.is_dir() else Path.home()
        )
        if folder is not None:
            self.open(folder)

    @Slot()
    def open_packed(self) -> None:
        if self._is_busy():
            return
        source = self._questions.packed_project(self._window, Path.home())
        if source is not None:
            self.take_dropped(source)

    @Slot()
    def make_demo(self) -> None:
        text = f"{DEMO_PHOTOS} photos with their boxes, made by the demo camera."
        folder = self._ask_new("Demo project", text, "Demo")
        if folder is None:
            return
        job = Job("Making the demo project", partial(_make_demo, folder))
        job.succeeded.connect(self._on_demo_made)
        job.failed.connect(self.failed)
        self._board.start(job)

    @Slot()
    def make_from_photos(self) -> None:
        if self._is_busy():
            return
        source = self._questions.existing_folder(
            self._window, "Choose the folder with your photos", Path.home()
        )
        if source is not None:
            self._import_into_new(source)

    @Slot()
    def close_project(self) -> None:
        if self._is_busy():
            return
        settings = self._user_settings.settings
        self._user_settings.change(replace(settings, reopen=False))
        self._store.close()

    @Slot()
    def _on_opened(self) -> None:
        project = self._store.project
        if project is not None:
            settings = self._user_settings.settings
            self._user_settings.change(settings.with_project(project.folder))
        self._show_recent()

    @Slot(object)
    def _on_gone(self, error: UserError) -> None:
        if self._board.job is not None:
            self._board.job.break_off()
        self._store.close()
        self.failed.emit(error)

    @Slot(object)
    def _on_demo_made(self, project: Project) -> None:
        self._store.take(project)
        self.filled.emit()

    @Slot(object)
    def _on_unpacked(self, project: Project) -> None:
        self._store.take(project)
        if not project.photos:
            self.noticed.emit(
                "The photos were not packed with it: import them, and each finds its label."
            )

    @Slot(str)
    def _on_imported(self, words: str) -> None:
        self.noticed.emit(words)
        self.filled.emit()

    @Slot(QAction)
    def _on_recent(self, action: QAction) -> None:
        self.open(action.data())

    def _unpack(self, source: Path) -> None:
        text = f"The project in {source} becomes a folder again; the zip file stays as it is."
        folder = self._ask_new("Open packed project", text, source.stem)
        if folder is None:
            return
        job = Job("Unpacking the project", partial(_unpack, source, folder))
        job.succeeded.connect(self._on_unpacked)
        job.failed.connect(self.failed)
        self._board.start(job)

    def _import_into_new(self, source: Path) -> None:
        text = f"Your photos in {source} are copied; they stay where they are, as they are."
        folder = self._ask_new("Import photos", text, _name_of(source))
        if folder is None or not self._create(folder):
            return
        if self._importer is None:
            self._importer = self._make_importer()
        self._importer.start([source])

    def _make_importer(self) -> PhotoImport:
        from facegui.ui.photo_import import PhotoImport  # not needed to start

        importer = PhotoImport(
            self._store, self._board, self._window, ask=self._questions.about_import
        )
        importer.reported.connect(self._on_imported)
        importer.failed.connect(self.failed)
        return importer

    def _ask_new(self, title: str, text: str, name: str) -> Path | None:
        if self._is_busy():
            return None
        return self._questions.new_folder(self._window, title, text, self._home / name)

    def _create(self, folder: Path) -> bool:
        try:
            self._store.create(folder)
        except UserError as error:
            self.failed.emit(error)
            return False
        return True

    def _is_busy(self) -> bool:
        if self.busy_reason:
            self.noticed.emit(self.busy_reason)
        return bool(self.busy_reason)

    def _show_recent(self) -> None:
        self.recent_menu.clear()
        for folder in self._user_settings.settings.recent_projects:
            action = self.recent_menu.addAction(f"{folder.name} ({folder.parent})")
            action.setData(folder)

    def _action(self, text: str, keys: QKeySequence.StandardKey | str | None = None) -> QAction:
        action = QAction(text, self)
        if keys is not None:
            action.setShortcut(QKeySequence(keys))
        return action


def is_project(folder: Path) -> bool:
    """Whether a project lies in that folder."""
    return (folder / INDEX_NAME).is_file()


def can_begin_with(source: Path) -> bool:
    """Whether a project can be opened or made of it: of a folder or a zip file."""
    from facegui.core.unpacking import is_zip  # not needed to start

    return source.is_dir() or (source.is_file() and is_zip(source))


def _make_demo(folder: Path, report: Report, stop: StopToken) -> Project:
    from facegui.core.capturing import make_demo_project  # not needed to start

    return make_demo_project(folder, DEMO_PHOTOS, _SEED, report, stop)


def _name_of(source: Path) -> str:
    """What a project of these photos may be called."""
    return (source.stem if source.is_file() else source.name) or "Photos"


def _is_packed(source: Path) -> bool:
    from facegui.core.packing import is_packed_project  # not needed to start

    return source.is_file() and is_packed_project(source)


def _unpack(source: Path, folder: Path, report: Report, stop: StopToken) -> Project:
    from facegui.core.packing import unpack_project  # not needed to start
    from facegui.core.project import Project

    unpack_project(source, folder, report, stop)
    return Project.open(folder)
