"""How many things are to be looked at, seen from every tab, and the way to them."""

from __future__ import annotations

import contextlib
import functools
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt, QTimer, Signal, Slot
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QToolButton, QWidget

from facegui.core.thumbnail_cache import FOLDER_NAME, prune_thumbnails
from facegui.ui.icons import icon
from facegui.workers.job_board import JobBoard
from facegui.workers.newest import NewestWork
from facegui.workers.project_store import ProjectStore

if TYPE_CHECKING:
    from facegui.core.progress import Report, StopToken
    from facegui.core.project import Project
    from facegui.ui.photo_check import PhotoCheck

LOOK_AFTER_MS = 4000
"""Once nothing has changed for so long: nobody waits for it."""


class CheckBadge(QObject):
    """Checks the photos in the background; the badge says what came of it.

    Signals:
        photo_wanted(str): the user wants to see or label that photo.
        camera_wanted(): the user wants to take photos.
        tasks_wanted(tuple[Task, ...], bool): certain ones; see `CoveragePage`.
    """

    photo_wanted = Signal(str)
    camera_wanted = Signal()
    tasks_wanted = Signal(object, bool)

    def __init__(
        self,
        store: ProjectStore,
        board: JobBoard,
        window: QWidget,
        *,
        look_after_ms: int = LOOK_AFTER_MS,
    ) -> None:
        super().__init__(window)
        self._store, self._board, self._window = store, board, window
        self._page: PhotoCheck | None = None
        self.action = QAction("Check the photos…", self)
        self.action.setShortcut("Ctrl+K")
        self.action.setToolTip("Finds photos and labels that make a bad detector.")
        self.action.triggered.connect(self.open)
        self.button = QToolButton()
        self.button.setObjectName("check.badge")
        self.button.setAutoRaise(True)
        self.button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.button.clicked.connect(self.open)
        self._work = NewestWork(self, patient=True)
        self._work.succeeded.connect(self.show_number)
        self._timer = QTimer(self, singleShot=True, interval=look_after_ms)
        self._timer.timeout.connect(self._look)
        store.opened.connect(self._on_opened)
        store.photos_changed.connect(self._timer.start)
        store.splits_changed.connect(self._timer.start)
        board.started.connect(self._make_way)
        self._on_opened()

    @property
    def page(self) -> PhotoCheck:
        """The window with the findings; made when it is first needed."""
        if self._page is None:
            from facegui.ui.photo_check import PhotoCheck

            self._page = PhotoCheck(self._store, self._board, self._window)
            self._page.checked.connect(self.show_number)
            self._page.photo_wanted.connect(self.photo_wanted)
            self._page.camera_wanted.connect(self.camera_wanted)
            self._page.tasks_wanted.connect(self.tasks_wanted)
        return self._page

    @Slot()
    def open(self) -> None:
        if self._store.project is not None:
            self.page.show()
            self.page.raise_()

    @Slot(object)
    def show_number(self, number: int) -> None:
        """Shows the badge where there is something to look at."""
        things = "1 thing" if number == 1 else f"{number} things"
        self.button.setVisible(number > 0 and self._store.project is not None)
        self.button.setIcon(icon("mdi6.stethoscope"))
        self.button.setText(str(number))
        self.button.setToolTip(f"{things} to look at in your photos and labels.")
        self.button.setAccessibleName(self.button.toolTip())

    def shut_down(self) -> None:
        self._timer.stop()
        self._work.shut_down()
        if self._page is not None:
            self._page.shut_down()

    @Slot()
    def _on_opened(self) -> None:
        self._work.forget()
        self.button.hide()
        self.action.setEnabled(self._store.project is not None)
        if self._store.project is not None:
            self._timer.start()
        else:
            self._timer.stop()

    @Slot()
    def _make_way(self) -> None:
        """A job looks at the photos itself, and needs the cores; what was seen is kept."""
        if self._store.project is not None:
            self._work.forget()
            self._timer.start()

    @Slot()
    def _look(self) -> None:
        if self._board.job is not None or (self._page is not None and self._page.isVisible()):
            self._timer.start()  # it needs the cores, or it looks itself
        elif self._store.project is not None:
            self._work.ask(functools.partial(_count, self._store.project))


def _count(project: Project, _report: Report, stop: StopToken) -> int:
    from facegui.core.health import check_project

    # What cannot be removed now is for the next time.
    with contextlib.suppress(OSError):
        names = {photo.name for photo in project.photos}
        prune_thumbnails(project.cache_folder / FOLDER_NAME, names)
    # That there is none yet is seen without a badge.
    return len(check_project(project, stop=stop)) if project.photos else 0
