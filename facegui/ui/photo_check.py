"""The window "Check the photos": what is wrong with them, and which are missing."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtCore import QTimer, Signal, Slot
from PySide6.QtGui import QHideEvent, QShowEvent
from PySide6.QtWidgets import (
    QDialog,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QTabWidget,
    QVBoxLayout,
    QWidget,
)

from facegui.core.coverage import Coverage, Task, coverage_of
from facegui.core.errors import UserError
from facegui.core.health import Finding, check_project
from facegui.core.leaks import mend_leaks
from facegui.core.people import Person, delete_person
from facegui.core.photo_library import Changes
from facegui.core.progress import Progress, Report, StopToken
from facegui.core.project import Project
from facegui.core.trash import TrashEntry
from facegui.ui.coverage_page import CoveragePage
from facegui.ui.health_page import HealthPage
from facegui.ui.icons import icon
from facegui.ui.people_page import PeoplePage
from facegui.ui.run_words import title_of
from facegui.ui.style import GRID, set_role
from facegui.workers.job import Job
from facegui.workers.job_board import JobBoard
from facegui.workers.newest import NewestWork
from facegui.workers.project_store import ProjectStore

LOOK_AFTER_MS = 800
"""Photos and labels change in bursts."""


@dataclass(frozen=True, slots=True)
class _Done:
    """What was done.

    Args:
        words: for the user.
        entry: what can be taken back.
        added: names of the photos that are back.
        moved: whether photos are in other splits now.
    """

    words: str
    entry: TrashEntry | None = None
    added: tuple[str, ...] = ()
    moved: bool = False


class PhotoCheck(QDialog):
    """Looks at the project while it is open, and again when something changes.

    Signals:
        photo_wanted(str): the user wants to see or label that photo.
        camera_wanted(): the user wants to take photos.
        tasks_wanted(tuple[Task, ...], bool): certain ones; see `CoveragePage`.
        checked(int): so many things are to be looked at.
    """

    photo_wanted = Signal(str)
    camera_wanted = Signal()
    tasks_wanted = Signal(object, bool)
    checked = Signal(int)

    def __init__(self, store: ProjectStore, board: JobBoard, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("check")
        self.setWindowTitle("Check the photos")
        self.resize(880, 640)
        self._store = store
        self._board = board
        self._entry: TrashEntry | None = None
        self._changed: Project | None = None
        self._before: frozenset[str] = frozenset()
        self.health = HealthPage()
        self.coverage = CoveragePage()
        self.people = PeoplePage()
        self._build()
        self._looks = NewestWork(self)
        self._looks.progressed.connect(self._on_progress)
        self._looks.succeeded.connect(self._on_checked)
        self._looks.failed.connect(self._on_failed)
        self._timer = QTimer(self, singleShot=True, interval=LOOK_AFTER_MS)
        self._timer.timeout.connect(self.look)
        store.opened.connect(self._on_opened)
        store.photos_changed.connect(self._on_photos_changed)
        store.trash_emptied.connect(self._forget_undo)
        board.started.connect(self._show_state)
        board.ended.connect(self._show_state)
        self.health.photo_wanted.connect(self._on_photo_wanted)
        self.health.camera_wanted.connect(self._on_camera_wanted)
        self.people.delete_wanted.connect(self._delete_person)
        self.people.noted.connect(self._timer.start)
        self.people.failed.connect(self._on_failed)
        self.coverage.tasks_wanted.connect(self._on_tasks_wanted)
        self.coverage.photo_wanted.connect(self._on_photo_wanted)
        self.health.throw_wanted.connect(self._throw_away)
        self.health.mend_wanted.connect(self._mend)
        self._show_state()

    def _build(self) -> None:
        self.notice = QLabel()
        self.notice.setObjectName("check.notice")
        self.notice.setWordWrap(True)
        set_role(self.notice, "faint")
        self.undo_button = QPushButton(icon("mdi6.undo"), "Undo")
        self.undo_button.setObjectName("check.undo")
        self.undo_button.hide()
        self.undo_button.clicked.connect(self._undo)
        foot = QHBoxLayout()
        foot.addWidget(self.notice, 1)
        foot.addWidget(self.undo_button)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(2 * GRID, GRID, 2 * GRID, 2 * GRID)
        layout.setSpacing(GRID)
        self.pages = QTabWidget()
        self.pages.setObjectName("check.pages")
        self.pages.setDocumentMode(True)
        self.pages.addTab(self.health, "Health")
        self.pages.addTab(self.coverage, "Coverage")
        self.pages.addTab(self.people, "People")
        layout.addWidget(self.pages, 1)
        layout.addLayout(foot)

    def shut_down(self) -> None:
        self.hide()
        self._timer.stop()
        self._looks.shut_down()
        self.health.shut_down()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.look()

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self._looks.forget()

    @Slot()
    def look(self) -> None:
        """Looks at the photos now, in the background."""
        self._timer.stop()
        project = self._store.project
        if project is not None:
            self._looks.ask(functools.partial(_check, project))

    # What comes back

    @Slot(object)
    def _on_progress(self, progress: Progress) -> None:
        if progress.total:
            self.health.say(f"{progress.text}: {progress.done:,} of {progress.total:,}")
        else:
            self.health.say(f"{progress.text}…")

    @Slot(object)
    def _on_checked(self, seen: tuple[tuple[Finding, ...], Coverage]) -> None:
        findings, coverage = seen
        self.coverage.show_coverage(coverage)
        if self._store.project is not None:
            self.health.show_findings(self._store.project, findings)
            self.people.show_project(self._store.project)
            self._show_state()
        self.checked.emit(len(findings))

    @Slot(object)
    def _on_failed(self, error: Exception) -> None:
        self.notice.setText(
            f"{error.what} {error.remedy}" if isinstance(error, UserError) else str(error)
        )

    @Slot()
    def _on_opened(self) -> None:
        self._looks.forget()
        self._forget_undo()
        self.notice.clear()
        if self._store.project is None:
            self.hide()
        elif self.isVisible():
            self.look()

    @Slot()
    def _forget_undo(self) -> None:
        self._entry = None
        self.undo_button.hide()

    @Slot()
    def _on_photos_changed(self) -> None:
        if self.isVisible():
            self._timer.start()

    # What the user does

    @Slot(str)
    def _on_photo_wanted(self, name: str) -> None:
        self.photo_wanted.emit(name)

    @Slot()
    def _on_camera_wanted(self) -> None:
        self.hide()
        self.camera_wanted.emit()

    @Slot(object, bool)
    def _on_tasks_wanted(self, tasks: tuple[Task, ...], guided: bool) -> None:
        self.hide()
        self.tasks_wanted.emit(tasks, guided)

    @Slot(object)
    def _throw_away(self, names: tuple[str, ...]) -> None:
        self._change("Moving photos to the trash", _throw_away, names)

    @Slot()
    def _mend(self) -> None:
        self._change("Sharing photos out anew", _mend, can_stop=True)

    @Slot(object)
    def _delete_person(self, person: Person) -> None:
        self._change("Deleting photos", _delete_person, person)

    @Slot()
    def _undo(self) -> None:
        if self._entry is not None:
            self._change("Taking photos back", _restore, self._entry)

    def _change(
        self, title: str, work: Callable[..., _Done], *arguments: object, can_stop: bool = False
    ) -> None:
        """As a job: nothing trains on photos that go, and no other project is opened."""
        project = self._store.project
        if project is None or self._board.job is not None:
            return
        self._changed, self._before = project, _names(project)
        job = Job(title, functools.partial(work, project, *arguments), can_stop=can_stop)
        job.succeeded.connect(self._on_changed)
        job.failed.connect(self._on_failed)
        job.finished.connect(self._on_finished)
        self._board.start(job)

    @Slot(object)
    def _on_changed(self, done: _Done) -> None:
        if self._store.project is not self._changed:
            return  # its folder was gone
        self.notice.setText(done.words)
        self._entry = done.entry
        self.undo_button.setVisible(self._entry is not None)
        self._store.tell(Changes(added=done.added))
        if done.moved:
            self._store.splits_changed.emit()

    @Slot()
    def _on_finished(self) -> None:
        """What went before a failure is gone, too."""
        project, self._changed = self._changed, None
        if project is not None and project is self._store.project:
            self._store.tell(Changes(removed=tuple(sorted(self._before - _names(project)))))
            if self.isVisible():
                self.look()

    @Slot()
    def _show_state(self) -> None:
        """What changes photos waits for what works on them."""
        job = self._board.job
        reason = f"{job.title} is still running." if job else ""
        self.health.set_busy(reason)
        self.people.set_busy(reason)
        self.undo_button.setEnabled(not reason)
        self.undo_button.setToolTip(reason)


def _names(project: Project) -> frozenset[str]:
    return frozenset(photo.name for photo in project.photos)


def _check(
    project: Project, report: Report, stop: StopToken
) -> tuple[tuple[Finding, ...], Coverage]:
    return check_project(project, report, stop), coverage_of(project, report, stop)


def _throw_away(
    project: Project, names: tuple[str, ...], _report: Report, _stop: StopToken
) -> _Done:
    wanted = set(names)
    photos = [photo for photo in project.photos if photo.name in wanted]
    entry = project.delete(photos)
    number = "1 photo is" if len(photos) == 1 else f"{len(photos):,} photos are"
    return _Done(f"{number} in the trash now.", entry)


def _delete_person(project: Project, person: Person, _report: Report, _stop: StopToken) -> _Done:
    deleted = delete_person(project, person)
    gone = len(deleted.photos) + deleted.from_trash
    words = f"{'1 photo is' if gone == 1 else f'{gone:,} photos are'} deleted for good."
    if deleted.runs:
        names = ", ".join(title_of(run) for run in deleted.runs)
        words += f" These runs learned from them, delete them in the Train tab: {names}."
    return _Done(words)


def _restore(project: Project, entry: TrashEntry, _report: Report, _stop: StopToken) -> _Done:
    restored = project.restore(entry)
    number = "1 photo is" if len(restored) == 1 else f"{len(restored):,} photos are"
    return _Done(f"{number} back.", added=tuple(sorted(photo.name for photo in restored)))


def _mend(project: Project, report: Report, stop: StopToken) -> _Done:
    moved = mend_leaks(project, report, stop)
    number = "1 photo is" if moved == 1 else f"{moved:,} photos are"
    words = f"{number} in another split now. Train again: earlier results were judged by others."
    return _Done(words, moved=True)
