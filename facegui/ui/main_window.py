"""The window: steps along the top, one tab at a time, and what runs at the foot."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QSettings, QSize, Qt, QTimer, Signal, Slot
from PySide6.QtGui import (
    QAction,
    QActionGroup,
    QCloseEvent,
    QDragEnterEvent,
    QDropEvent,
    QKeySequence,
    QPaintEvent,
)
from PySide6.QtWidgets import QLabel, QMainWindow, QMenu, QStackedWidget, QVBoxLayout, QWidget

from facegui.ui.check_badge import CheckBadge
from facegui.ui.full_screen import FullScreen
from facegui.ui.help_panel import HelpPanel
from facegui.ui.idle_loading import IdleLoading
from facegui.ui.job_strip import JobStrip
from facegui.ui.notices import Notices
from facegui.ui.project_actions import ProjectActions, can_begin_with
from facegui.ui.project_exports import ProjectExports
from facegui.ui.questions import Questions
from facegui.ui.shortcuts import Key, keys_of
from facegui.ui.step_bar import StepBar
from facegui.ui.style import GRID, set_role
from facegui.ui.tab import Tab
from facegui.ui.trash_action import TrashAction
from facegui.ui.user_settings import Colours, UserSettingsFile
from facegui.ui.welcome import Welcome
from facegui.workers.job_board import JobBoard
from facegui.workers.project_store import ProjectStore
from facegui.workers.tensorflow_loader import TensorFlowLoader

if TYPE_CHECKING:
    from facegui.core.coverage import Task
    from facegui.core.runs import Run
    from facegui.ui.about import About

SIZE = QSize(1280, 800)
SMALLEST = QSize(900, 600)

FIRST_STEP, STEP_WITH_PHOTOS = 0, 1
"""Where a project opens: without photos, and with some."""


class MainWindow(QMainWindow):
    """Puts the tabs together and stands between them.

    Signals:
        colours_chosen(Colours): the user wants it light or dark.
        appeared(): it is seen for the first time.

    Args:
        store: without a project the first page is shown instead of the tabs.
        board: whose job is asked about before the window closes.
        user_settings: recent projects, colours, what tabs remember.
        tab_classes: the tabs, from left to right; more can be added later.
        questions: asked in dialogs.
        loader: of TensorFlow.
        home: where new projects are offered to be.
        log_path: told in About.
    """

    colours_chosen = Signal(object)
    appeared = Signal()

    def __init__(
        self,
        store: ProjectStore,
        board: JobBoard,
        user_settings: UserSettingsFile,
        tab_classes: Sequence[type[Tab]],
        *,
        questions: Questions | None = None,
        loader: TensorFlowLoader | None = None,
        home: Path | None = None,
        log_path: Path | None = None,
    ) -> None:
        super().__init__()
        self.setObjectName("window")
        self._store = store
        self._board = board
        self._user_settings = user_settings
        self._questions = questions or Questions()
        self._log_path = log_path
        self._shown: Tab | None = None
        self._complaining: Tab | None = None
        self._about: About | None = None
        self._has_appeared = False
        self._is_shut_down = False
        self.loader = loader or TensorFlowLoader(self)
        self.projects = ProjectActions(
            store, board, user_settings, self._questions, home or Path.home() / "FaceGUI", self
        )
        self.exports = ProjectExports(store, board, self)
        self.trash = TrashAction(store, board, self._questions, self)
        self.tabs: tuple[Tab, ...] = ()
        self._build()
        self.checks = CheckBadge(store, board, self)
        self.step_bar.add_badge(self.checks.button)
        self._build_menus()
        self._connect()
        self._restore_geometry()
        self.add_tabs(tab_classes)

    # What is where

    def _build(self) -> None:
        self.step_bar = StepBar()
        self.notices = Notices()
        self.welcome = Welcome()
        self.stack = QStackedWidget()
        self.stack.addWidget(self.welcome)
        self._opening = QLabel(alignment=Qt.AlignmentFlag.AlignCenter)
        set_role(self._opening, "faint")
        self.stack.addWidget(self._opening)
        self.job_strip = JobStrip(self._board)
        framed = QVBoxLayout()
        framed.setContentsMargins(2 * GRID, GRID, 2 * GRID, 0)
        framed.addWidget(self.notices)
        middle = QWidget()
        layout = QVBoxLayout(middle)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self.step_bar)
        layout.addLayout(framed)
        layout.addWidget(self.stack, 1)
        layout.addWidget(self.job_strip)
        self.setCentralWidget(middle)
        self.help_panel = HelpPanel(self)
        self.addDockWidget(Qt.DockWidgetArea.LeftDockWidgetArea, self.help_panel)
        self.help_panel.hide()
        self.setAcceptDrops(True)
        self.setMinimumSize(SMALLEST)
        self._idle_loading = IdleLoading(self._store, self._board, self.loader, self._is_live, self)

    def _build_menus(self) -> None:
        project = self._menu("&Project")
        project.addActions([self.projects.new_action, self.projects.open_action])
        project.addAction(self.projects.unpack_action)
        project.addMenu(self.projects.recent_menu)
        project.addSeparator()
        project.addActions([self.projects.demo_action, self.projects.import_action])
        project.addSeparator()
        project.addAction(self.checks.action)
        project.addSeparator()
        project.addMenu(self.exports.labels_menu)
        project.addActions([self.exports.pack_action, self.exports.pack_labels_action])
        project.addSeparator()
        project.addActions([self.trash.action, self.projects.close_action])
        quit_action = project.addAction("Quit", self.close)
        quit_action.setShortcut(QKeySequence("Ctrl+Q"))
        view = self._menu("&View")
        self.colour_actions = QActionGroup(self)
        for colours, text in (
            (Colours.SYSTEM, "Colours of the system"),
            (Colours.LIGHT, "Light"),
            (Colours.DARK, "Dark"),
        ):
            action = self.colour_actions.addAction(text)
            action.setCheckable(True)
            action.setData(colours)
            action.setChecked(colours == self._user_settings.settings.colours)
        view.addActions(self.colour_actions.actions())
        view.addSeparator()
        self.full_screen = FullScreen(self, (self.menuBar(), self.step_bar, self.job_strip))
        view.addAction(self.full_screen.action)
        helping = self._menu("&Help")
        self.help_action = self.help_panel.toggleViewAction()
        self.help_action.setText("Help and keys")
        self.help_action.setShortcut(QKeySequence("F1"))
        helping.addAction(self.help_action)
        self.about_action = helping.addAction("About FaceGUI", self._show_about)

    def _menu(self, title: str) -> QMenu:
        menu = self.menuBar().addMenu(title)
        menu.setToolTipsVisible(True)
        return menu

    def _connect(self) -> None:
        self.step_bar.chosen.connect(self.show_step)
        self.projects.failed.connect(self.show_error)
        self.projects.noticed.connect(self.notices.show_notice)
        self._store.noticed.connect(self.notices.show_notice)
        self.exports.noticed.connect(self.notices.show_notice)
        self.exports.failed.connect(self.show_error)
        self.trash.noticed.connect(self.notices.show_notice)
        self.trash.failed.connect(self.show_error)
        self.projects.filled.connect(self._on_filled)
        self.welcome.new_wanted.connect(self.projects.make_new)
        self.welcome.demo_wanted.connect(self.projects.make_demo)
        self.welcome.import_wanted.connect(self.projects.make_from_photos)
        self.welcome.open_wanted.connect(self.projects.open_other)
        self.welcome.unpack_wanted.connect(self.projects.open_packed)
        self.welcome.project_chosen.connect(self.projects.open)
        self._store.opened.connect(self._show_project)
        self._board.started.connect(self._show_state)
        self._board.ended.connect(self._show_state)
        self.colour_actions.triggered.connect(self._on_colours)
        self.help_panel.visibilityChanged.connect(self._show_help)
        self.loader.failed.connect(self.show_error)
        self.checks.photo_wanted.connect(self._on_check_photo)
        self.checks.camera_wanted.connect(self._on_camera_wanted)
        self.checks.tasks_wanted.connect(self._on_tasks_wanted)

    def add_tabs(self, tab_classes: Sequence[type[Tab]]) -> None:
        """Makes tabs, to the right of those that there are."""
        for tab_class in tab_classes:
            memory = {"settings": self._user_settings.controls}
            remembered = memory if tab_class.REMEMBERS_CONTROLS else {}
            tab = tab_class(self._store, self._board, **remembered)  # type: ignore[call-arg,arg-type]
            self.step_bar.add_step(tab.NAME, tab.TITLE, tab.ICON)
            self.step_bar.set_summary(len(self.tabs), tab.summary)
            self.stack.addWidget(tab)
            tab.failed.connect(self._on_tab_failed)
            tab.noticed.connect(self.notices.show_notice)
            tab.summary_changed.connect(self._on_summary_changed)
            tab.step_wanted.connect(self.show_step_named)
            tab.photo_wanted.connect(self._on_photo_wanted)
            tab.live_wanted.connect(self._on_live_wanted)
            self.loader.ready.connect(tab.tensorflow_ready)
            self.tabs = (*self.tabs, tab)
        self._show_project()

    def show_opening(self, name: str) -> None:
        """Says which project will be there in a moment, until tabs are added."""
        self._opening.setText(f"Opening {name}…")
        self.stack.setCurrentWidget(self._opening)

    # Steps

    @Slot(int)
    def show_step(self, number: int) -> None:
        """Shows the tab of that number, from 0."""
        self._show_tab(self.tabs[number])

    @Slot(str)
    def show_step_named(self, name: str) -> None:
        """Shows the tab of that name."""
        self._show_tab(next(tab for tab in self.tabs if name == tab.NAME))

    def _show_tab(self, tab: Tab | None) -> None:
        if tab is not None and tab is self._shown:
            return
        if self._shown is not None:
            # What goes wrong while it is left stays to be read.
            if self._complaining is self._shown:
                self.notices.hide()
            self._shown.leave()
        self._shown = tab
        self.full_screen.show_tab(tab)
        self.stack.setCurrentWidget(tab or self.welcome)
        if tab is not None:
            self.step_bar.show_chosen(self.tabs.index(tab))
            tab.enter()
            if tab.NEEDS_TENSORFLOW:
                self.loader.start()
        self._show_help(self.help_panel.isVisible())

    @Slot()
    def _on_filled(self) -> None:
        self.show_step(min(STEP_WITH_PHOTOS, len(self.tabs) - 1))

    @Slot(str)
    def _on_photo_wanted(self, name: str) -> None:
        for tab in self.tabs:
            tab.show_photo(name)

    @Slot(str)
    def _on_check_photo(self, name: str) -> None:
        self._on_photo_wanted(name)
        self.show_step_named("annotate")

    @Slot(object)
    def _on_live_wanted(self, run: Run) -> None:
        self.show_step_named("detect")
        for tab in self.tabs:
            tab.try_live(run)

    @Slot()
    def _on_camera_wanted(self) -> None:
        self.show_step_named("capture")

    @Slot(object, bool)
    def _on_tasks_wanted(self, tasks: tuple[Task, ...], guided: bool) -> None:
        self.show_step_named("capture")
        for tab in self.tabs:
            tab.take_tasks(tasks, guided)

    @Slot(str)
    def _on_summary_changed(self, text: str) -> None:
        tab = self.sender()
        if isinstance(tab, Tab):
            self.step_bar.set_summary(self.tabs.index(tab), text)

    # Errors

    @Slot(object)
    def show_error(self, error: Exception) -> None:
        """Tells of an error that belongs to no tab."""
        self._complaining = None
        self.notices.show_error(error)

    @Slot(object)
    def _on_tab_failed(self, error: Exception) -> None:
        self.notices.show_error(error)
        tab = self.sender()
        self._complaining = tab if isinstance(tab, Tab) else None

    # State

    @Slot()
    def _show_project(self) -> None:
        """Another project is open, or none."""
        project = self._store.project
        self.setWindowTitle(f"{project.name} - FaceGUI" if project else "FaceGUI")
        self.step_bar.setVisible(project is not None)
        self.welcome.show_recent(self._user_settings.settings.recent_projects)
        self._show_tab(None)
        if project is not None and self.tabs:
            self.show_step(STEP_WITH_PHOTOS if project.photos else FIRST_STEP)
        self._show_state()

    @Slot()
    def _show_state(self) -> None:
        self.projects.show_state()
        self.welcome.set_reason(self.projects.busy_reason)

    @Slot(bool)
    def _show_help(self, visible: bool) -> None:
        if visible:
            tab_keys = keys_of(self._shown) if self._shown else ()
            name = self._shown.NAME if self._shown else "welcome"
            self.help_panel.show_page(name, tab_keys, self._own_keys())

    def _own_keys(self) -> tuple[Key, ...]:
        inner = {key for tab in self.tabs for key in keys_of(tab)}
        steps = [Key(f"Alt+{n}", f"Step {n}: {tab.TITLE}") for n, tab in enumerate(self.tabs, 1)]
        taken = {key.keys for key in steps}
        own = [key for key in keys_of(self) if key not in inner and key.keys not in taken]
        return (*steps, *own, *(Key(*pair) for pair in self.full_screen.KEYS))

    @Slot(QAction)
    def _on_colours(self, action: QAction) -> None:
        self.colours_chosen.emit(action.data())

    @Slot()
    def _show_about(self) -> None:
        from facegui.ui.about import About

        if self._about is None:
            self._about = About(self._log_path, self)
        self._about.look(self._store.project.folder if self._store.project else None)
        self._about.show()
        self._about.raise_()

    def _is_live(self) -> bool:
        return self._shown is not None and self._shown.live

    # Drops

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if _dropped(event) is not None:
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        source = _dropped(event)
        if source is not None:
            event.acceptProposedAction()
            # Later: the program that it comes from waits until the drop is done.
            QTimer.singleShot(0, self, lambda: self.projects.take_dropped(source))

    # The beginning and the end

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        if not self._has_appeared:
            self._has_appeared = True
            QTimer.singleShot(0, self.appeared.emit)  # once all of it has been painted

    def closeEvent(self, event: QCloseEvent) -> None:
        job = self._board.job
        if (
            job is not None
            and job.can_stop  # else it is waited for: there is nothing to choose
            and not self._questions.stop_and_close(self, job.title, job.goes_on)
        ):
            event.ignore()
            return
        self.shut_down()
        event.accept()

    def shut_down(self) -> None:
        """Stops everything and gives the project back; the window can only be thrown away."""
        if self._is_shut_down:
            return
        self._is_shut_down = True
        self._idle_loading.stop()
        self.checks.shut_down()
        self.trash.shut_down()
        self._keep_geometry()
        self.hide()
        self._board.shut_down()
        if self._shown is not None:
            self._shown.leave()
        for tab in self.tabs:
            tab.shut_down()
        self._user_settings.flush()
        if self._about is not None:
            self._about.shut_down()
        self.loader.shut_down()
        self._store.blockSignals(True)  # nobody begins anything for it any more
        self._store.close()

    def _keep_geometry(self) -> None:
        QSettings().setValue("geometry", self.saveGeometry())

    def _restore_geometry(self) -> None:
        geometry = QSettings().value("geometry")
        self.resize(SIZE)
        if geometry is not None:
            self.restoreGeometry(geometry)
            # Nobody would know how to leave a full screen that begins by itself.
            self.setWindowState(self.windowState() & ~Qt.WindowState.WindowFullScreen)


def _dropped(event: QDropEvent) -> Path | None:
    """The one folder or zip file that is dropped."""
    urls = event.mimeData().urls()
    if len(urls) != 1 or not urls[0].isLocalFile():
        return None
    source = Path(urls[0].toLocalFile())
    return source if can_begin_with(source) else None
