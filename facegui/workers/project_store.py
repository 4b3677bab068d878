"""The open project, and the news of what changes in it."""

from __future__ import annotations

import functools
import logging
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, Signal, Slot

from facegui.core.errors import UserError, disk_error
from facegui.workers.newest import NewestWork

# What a project stands on takes a third of the time until the window is seen, and
# is not needed before the first one is opened.
if TYPE_CHECKING:
    from facegui.core.folder_scan import FolderScan
    from facegui.core.photo_library import Changes
    from facegui.core.progress import StopToken
    from facegui.core.project import Project
    from facegui.core.runs import Run

log = logging.getLogger(__name__)

LOOK_INTERVAL_MS = 500
"""How often the folder is looked at: LabelMe writes a label file in place, of
which a watch on the folder tells nothing."""

LOOK_SHARE = 20
"""A look that takes long, at many photos or on a slow disk, comes less often:
after this many times as long as it takes."""

RETRY_INTERVAL_MS = 5_000
"""How often a folder is looked at that cannot be read now, on the network for instance."""


class ProjectStore(QObject):
    """Holds the one project that the window works on.

    Signals:
        closing(): the project is about to be closed: what is still to be written into it must
            be when this returns.
        opened(): `project` is another one now, or None.
        photos_changed(Changes): photos or labels are others now, whoever did it.
        drafts_changed(tuple[str, ...]): the photos of these names have other drafts now.
        splits_changed(): leaks were mended: photos are in other splits now.
        runs_changed(): a run came, went, or was renamed.
        trash_emptied(): nothing that was deleted can be taken back any more.
        failed(UserError): the project's folder is gone.
        noticed(str): two programs wrote a label; the older version is in the trash. Or the
            folder could not be looked at; that is tried again.
    """

    closing = Signal()
    opened = Signal()
    photos_changed = Signal(object)
    drafts_changed = Signal(object)
    splits_changed = Signal()
    runs_changed = Signal()
    trash_emptied = Signal()
    failed = Signal(object)
    noticed = Signal(str)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._project: Project | None = None
        self._run_names: _RunNames = ()
        self._timer = QTimer(self)
        self._timer.setInterval(LOOK_INTERVAL_MS)
        self._timer.timeout.connect(self._look_behind)
        self._scans: NewestWork | None = None
        self._scanning = False
        self._is_failing = False

    @property
    def project(self) -> Project | None:
        return self._project

    @property
    def runs(self) -> tuple[Run, ...]:
        """All runs of the project, oldest first."""
        from facegui.core.runs import list_runs

        return list_runs(self._project.runs_folder) if self._project else ()

    def create(self, folder: Path) -> None:
        """Raises `UserError`; the project that is open stays open then."""
        from facegui.core.project import Project

        self.take(Project.create(folder))

    def open(self, folder: Path) -> None:
        """Raises `UserError`; the project that is open stays open then."""
        if self._project is not None and self._project.folder == folder.resolve():
            return
        from facegui.core.project import Project

        self.take(Project.open(folder))

    def take(self, project: Project) -> None:
        """Works on an open project from now on, and closes the one before."""
        if self._project is not None:
            self.closing.emit()
            self._project.close()
        self._project = project
        self._run_names = _names_of_runs(project)
        self._is_failing = False
        self._end_scans()
        self._scans = NewestWork(self)
        self._scans.succeeded.connect(self._on_scanned)
        self._scans.failed.connect(self._on_scan_failed)
        self._timer.start(LOOK_INTERVAL_MS)
        self.opened.emit()

    def close(self) -> None:
        """Closes the project, if one is open."""
        if self._project is not None:
            self._timer.stop()
            self._end_scans()
            self.closing.emit()
            self._project.close()
            self._project = None
            self._run_names = ()
            self.opened.emit()

    @Slot()
    def look(self) -> None:
        """Looks at the folder now: our own changes are told without waiting for the timer."""
        if self._project is None:
            return
        try:
            changes = self._project.refresh()
            names = _names_of_runs(self._project)
        except (UserError, OSError) as error:
            self._on_look_failed(error)
        else:
            self._take_over(changes, names)

    @Slot()
    def _look_behind(self) -> None:
        """Looks at the folder on another thread: thousands of files take their time."""
        if self._project is not None and self._scans is not None and not self._scanning:
            self._scanning = True
            self._scans.ask(functools.partial(_scan, self._project))

    @Slot(object)
    def _on_scanned(self, scanned: _Scanned) -> None:
        self._scanning = False
        if self._project is not scanned.project:
            return
        self._timer.setInterval(max(LOOK_INTERVAL_MS, round(LOOK_SHARE * scanned.took_ms)))
        # None: the program wrote something meanwhile; the next look sees the rest.
        try:
            changes = self._project.take_over(scanned.scan)
        except UserError as error:
            self._on_look_failed(error)
        else:
            self._take_over(changes, scanned.run_names)

    @Slot(object)
    def _on_scan_failed(self, error: Exception) -> None:
        self._scanning = False
        self._on_look_failed(error)

    def _on_look_failed(self, error: Exception) -> None:
        """Tells it once: the next look may work, of a folder on the network for instance."""
        from facegui.core.photo_library import ProjectGoneError

        if self._project is None:
            return
        self._timer.setInterval(RETRY_INTERVAL_MS)
        if isinstance(error, OSError):
            error = disk_error(error, f"reading the project {self._project.name}")
        if isinstance(error, ProjectGoneError):
            self._timer.stop()
            self.failed.emit(error)
        elif isinstance(error, UserError) and not self._is_failing:
            self._is_failing = True
            log.warning("cannot look at the project", exc_info=error)
            self.noticed.emit(f"{error.what} {error.remedy} It is tried again.")

    def _take_over(self, changes: Changes | None, names: _RunNames) -> None:
        self._is_failing = False
        if changes:
            self.photos_changed.emit(changes)
        if changes and changes.kept:
            self.noticed.emit(
                f"Two programs wrote the label of {', '.join(changes.kept)}: the newest is shown,"
                " the other is kept in the project's trash."
            )
        if names != self._run_names:
            self._run_names = names
            self.runs_changed.emit()

    def _end_scans(self) -> None:
        self._scanning = False
        if self._scans is not None:
            self._scans.shut_down()
            self._scans.deleteLater()
            self._scans = None

    def tell(self, changes: Changes) -> None:
        """Passes on what the program itself changed, which `refresh` does not report."""
        if changes:
            self.photos_changed.emit(changes)


_RunNames = tuple[tuple[str, str, bool, bool], ...]


@dataclass(frozen=True, slots=True, eq=False)
class _Scanned:
    """What a look behind found, and how long it took."""

    project: Project
    scan: FolderScan
    run_names: _RunNames
    took_ms: float


def _scan(project: Project, _report: object, _stop: StopToken) -> _Scanned:
    started_s = time.monotonic()
    scan, names = project.scan(), _names_of_runs(project)
    return _Scanned(project, scan, names, 1000 * (time.monotonic() - started_s))


def _names_of_runs(project: Project) -> _RunNames:
    from facegui.core.runs import list_runs

    runs = list_runs(project.runs_folder)
    return tuple((run.name, run.title, run.has_model, run.complete) for run in runs)
