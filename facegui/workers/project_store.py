"""The open project, and the news of what changes in it."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, Signal, Slot

from facegui.core.errors import UserError, disk_error

# What a project stands on takes a third of the time until the window is seen, and
# is not needed before the first one is opened.
if TYPE_CHECKING:
    from facegui.core.photo_library import Changes
    from facegui.core.project import Project
    from facegui.core.runs import Run

LOOK_INTERVAL_MS = 500
"""How often the folder is looked at: LabelMe writes a label file in place, of
which a watch on the folder tells nothing."""

LOOK_SHARE = 20
"""A look that takes long, at many photos or on a slow disk, comes less often:
after this many times as long as it takes."""


class ProjectStore(QObject):
    """Holds the one project that the window works on.

    Signals:
        opened(): `project` is another one now, or None.
        photos_changed(Changes): photos or labels are others now, whoever did it.
        drafts_changed(tuple[str, ...]): the photos of these names have other drafts now.
        splits_changed(): photos were given to splits.
        runs_changed(): a run came, went, or was renamed.
        failed(UserError): the project's folder is gone.
    """

    opened = Signal()
    photos_changed = Signal(object)
    drafts_changed = Signal(object)
    splits_changed = Signal()
    runs_changed = Signal()
    failed = Signal(object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._project: Project | None = None
        self._run_names: tuple[tuple[str, str, bool], ...] = ()
        self._timer = QTimer(self)
        self._timer.setInterval(LOOK_INTERVAL_MS)
        self._timer.timeout.connect(self.look)

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
            self._project.close()
        self._project = project
        self._run_names = self._names_of_runs()
        self._timer.start(LOOK_INTERVAL_MS)
        self.opened.emit()

    def close(self) -> None:
        """Closes the project, if one is open."""
        if self._project is not None:
            self._timer.stop()
            self._project.close()
            self._project = None
            self._run_names = ()
            self.opened.emit()

    @Slot()
    def look(self) -> None:
        """Looks at the folder now: our own changes are told without waiting for the timer."""
        if self._project is None:
            return
        started_s = time.monotonic()
        try:
            changes = self._project.refresh()
            names = self._names_of_runs()
        except UserError as error:
            self._give_up(error)
            return
        except OSError as error:
            self._give_up(disk_error(error, f"reading the project {self._project.name}"))
            return
        took_ms = 1000 * (time.monotonic() - started_s)
        self._timer.setInterval(max(LOOK_INTERVAL_MS, round(LOOK_SHARE * took_ms)))
        if changes:
            self.photos_changed.emit(changes)
        if names != self._run_names:
            self._run_names = names
            self.runs_changed.emit()

    def tell(self, changes: Changes) -> None:
        """Passes on what the program itself changed, which `refresh` does not report."""
        if changes:
            self.photos_changed.emit(changes)

    def assign_missing_splits(self) -> None:
        """Raises `UserError` when the project cannot be written."""
        if self._project is not None:
            self._project.assign_missing_splits()
            self.splits_changed.emit()

    def _give_up(self, error: UserError) -> None:
        self._timer.stop()
        self.failed.emit(error)

    def _names_of_runs(self) -> tuple[tuple[str, str, bool], ...]:
        return tuple((run.name, run.title, run.complete) for run in self.runs)
