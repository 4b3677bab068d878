"""The program with a window: arguments, log, what becomes of faults; builds the window."""

from __future__ import annotations

import argparse
import logging
import logging.handlers
import os
import signal
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from types import FrameType, TracebackType

import platformdirs
from PySide6.QtCore import (
    QMessageLogContext,
    QObject,
    QSettings,
    Qt,
    QTimer,
    QtMsgType,
    Signal,
    Slot,
    qInstallMessageHandler,
)
from PySide6.QtWidgets import QApplication

from facegui import __version__
from facegui.core.screens import reaches_screen
from facegui.core.system_libraries import missing_libraries, missing_packages, remedy
from facegui.ui.icons import icon
from facegui.ui.main_window import MainWindow
from facegui.ui.style import apply_style
from facegui.ui.tab import Tab
from facegui.ui.user_settings import Colours, UserSettingsFile
from facegui.workers.garbage import GarbageCollector
from facegui.workers.heartbeat import Heartbeat
from facegui.workers.job_board import JobBoard
from facegui.workers.project_store import ProjectStore
from facegui.workers.quick_imports import spare_imports

log = logging.getLogger(__name__)

DONE, FAILED = 0, 1

NO_DISPLAY = (
    "FaceGUI needs a screen and there is none here; `make demo` shows the whole way without one."
)

_UNSEEN_MS = 1000
"""A window that is not painted, such as one that starts minimized, is filled after this."""

_PATIENCE_S = 1.0
"""So long a thread is waited for that may never end."""

_LOG_SIZE = 1_000_000
_LOG_COUNT = 3
_SCHEMES = {
    Colours.SYSTEM: Qt.ColorScheme.Unknown,
    Colours.LIGHT: Qt.ColorScheme.Light,
    Colours.DARK: Qt.ColorScheme.Dark,
}
_LEVELS = {
    QtMsgType.QtDebugMsg: logging.DEBUG,
    QtMsgType.QtInfoMsg: logging.INFO,
    QtMsgType.QtWarningMsg: logging.WARNING,
    QtMsgType.QtCriticalMsg: logging.ERROR,
    QtMsgType.QtFatalMsg: logging.CRITICAL,
}


def main(words: Sequence[str] | None = None) -> int:
    """Opens the window and returns when it is closed.

    Args:
        words: the command line without the program's name.

    Returns:
        The exit code.
    """
    arguments = _parser().parse_args(words)
    problem = display_problem(os.environ, sys.platform)
    if problem:
        sys.stderr.write(f"{problem}\n")
        return FAILED
    log_path = start_log(
        Path(platformdirs.user_log_dir("facegui", False)), verbose=arguments.verbose
    )
    spare_imports()
    app = QApplication(sys.argv[:1])
    app.setApplicationName("FaceGUI")
    app.setOrganizationName("FaceGUI")
    app.setApplicationVersion(__version__)
    program = Program(app, all_tabs, log_path, arguments.project)
    program.show()
    try:
        code = app.exec()
    finally:
        program.shut_down()
    leave_hanging_threads(code)
    return code


def all_tabs() -> Sequence[type[Tab]]:
    """The five tabs; importing them takes as long as all before it."""
    from facegui.ui.tabs import TABS

    return TABS


def leave_hanging_threads(code: int) -> None:
    """Ends the process here and now where a thread cannot be waited for.

    A webcam's driver may take for ever to open it. Such a thread is a daemon, and
    Python would break it off in the middle of the driver, which aborts the process.
    """
    # Threads of Qt that ran Python are "Dummy" to it; those have all ended.
    daemons = [
        thread
        for thread in threading.enumerate()
        if thread.daemon and not thread.name.startswith("Dummy-")
    ]
    for thread in daemons:
        thread.join(_PATIENCE_S)
    if any(thread.is_alive() for thread in daemons):
        log.warning("left behind: %s", ", ".join(thread.name for thread in daemons))
        logging.shutdown()
        sys.stderr.flush()
        os._exit(code)


def display_problem(environment: Mapping[str, str], platform: str) -> str:
    """Why no window can be shown, in one sentence; empty where one can.

    Qt itself would abort.
    """
    if not platform.startswith("linux") or environment.get("QT_QPA_PLATFORM"):
        return ""
    if not environment.get("DISPLAY") and not environment.get("WAYLAND_DISPLAY"):
        return NO_DISPLAY
    missing = missing_libraries()
    if missing:
        return (
            f"FaceGUI needs {' and '.join(missing)} to show a window."
            f" {remedy(missing_packages(missing))}"
        )
    return "" if reaches_screen(environment, platform) else NO_DISPLAY


def start_log(folder: Path, *, verbose: bool) -> Path | None:
    """Writes down what happens, in a few files of bounded size.

    Returns:
        The file; None where it cannot be written, which is no reason not to start.
    """
    handlers: list[logging.Handler] = []
    screen = logging.StreamHandler()
    screen.setLevel(logging.INFO if verbose else logging.ERROR)
    handlers.append(screen)
    path: Path | None = folder / "facegui.log"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        handlers.append(
            logging.handlers.RotatingFileHandler(
                folder / "facegui.log",
                maxBytes=_LOG_SIZE,
                backupCount=_LOG_COUNT,
                encoding="utf-8",
            )
        )
    except OSError as error:
        sys.stderr.write(f"There will be no log in {folder}: {error}\n")
        path = None
    logging.basicConfig(
        level=logging.INFO,
        format="%(asctime)s %(levelname)s %(threadName)s %(name)s: %(message)s",
        handlers=handlers,
        force=True,
    )
    log.info("FaceGUI %s on Python %s, %s", __version__, sys.version.split()[0], sys.platform)
    return path


class Program(QObject):
    """Everything that lives as long as the window does.

    Args:
        app: the running application, with its name set.
        find_tabs: gives the tabs, from left to right; called once the window is seen.
        log_path: told in About.
        folder: of the project to open; None: the last one.
    """

    def __init__(
        self,
        app: QApplication,
        find_tabs: Callable[[], Sequence[type[Tab]]],
        log_path: Path | None = None,
        folder: Path | None = None,
    ) -> None:
        super().__init__()
        self._app = app
        self._find_tabs = find_tabs
        self._has_begun = False
        self._begin_timer = QTimer(self)
        self._begin_timer.setSingleShot(True)
        self._begin_timer.timeout.connect(self._begin)
        settings_folder = Path(platformdirs.user_config_dir("facegui", False))
        self._user_settings = UserSettingsFile(settings_folder / "settings.json")
        QSettings.setDefaultFormat(QSettings.Format.IniFormat)
        app.setWindowIcon(icon("mdi6.face-recognition"))
        self._apply_colours()
        self.store = ProjectStore(self)
        self.board = JobBoard(self)
        self.window = MainWindow(self.store, self.board, self._user_settings, (), log_path=log_path)
        self._folder = folder or self.window.projects.last
        if self._folder is not None:
            self.window.show_opening(self._folder.name)
        self.heartbeat = Heartbeat(self)
        self._garbage = GarbageCollector(self)
        self.window.loader.ready.connect(self._garbage.spare)
        self._faults = Faults(self)
        self._faults.caught.connect(self.window.show_error)
        # Later: the signal comes in the middle of anything.
        self._faults.told_to_end.connect(self._end, Qt.ConnectionType.QueuedConnection)
        self.window.colours_chosen.connect(self._on_colours_chosen)
        app.styleHints().colorSchemeChanged.connect(self._on_system_colours)

    def show(self) -> None:
        """Shows the window, and fills it once it is seen."""
        self._garbage.start()
        self._faults.install()
        self.window.appeared.connect(self._begin)
        self._begin_timer.start(_UNSEEN_MS)
        self.window.show()

    def shut_down(self) -> None:
        """Ends all threads and gives the project back."""
        self._has_begun = True
        self._begin_timer.stop()
        self.heartbeat.stop()
        self.window.shut_down()
        self._garbage.stop()
        self._faults.remove()

    @Slot()
    def _begin(self) -> None:
        self._begin_timer.stop()
        if self._has_begun:
            return
        self._has_begun = True
        self.window.add_tabs(self._find_tabs())
        self._garbage.spare()
        self.heartbeat.start()
        if self._folder is not None:
            self.window.projects.open(self._folder)

    @Slot()
    def _end(self) -> None:
        """Without a question: nobody may be there to answer it."""
        self.shut_down()
        self._app.quit()

    @Slot(object)
    def _on_colours_chosen(self, colours: Colours) -> None:
        self._user_settings.change(replace(self._user_settings.settings, colours=colours))
        self._apply_colours()

    @Slot()
    def _on_system_colours(self) -> None:
        if self._user_settings.settings.colours is Colours.SYSTEM:
            self._apply_colours()

    def _apply_colours(self) -> None:
        apply_style(self._app, _SCHEMES[self._user_settings.settings.colours])


class Faults(QObject):
    """Writes down what nobody caught, on any thread, and tells the window of it.

    Signals:
        caught(Exception): in the thread of the window.
        told_to_end(): by Ctrl+C in the terminal, or by the end of the session.
    """

    caught = Signal(object)
    told_to_end = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._before = (sys.excepthook, threading.excepthook)

    def install(self) -> None:
        sys.excepthook = self._on_uncaught
        threading.excepthook = self._on_uncaught_in_thread
        qInstallMessageHandler(log_qt_message)
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._on_signal)

    def remove(self) -> None:
        sys.excepthook, threading.excepthook = self._before
        qInstallMessageHandler(None)
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, signal.SIG_DFL)

    def _on_signal(self, number: int, frame: FrameType | None) -> None:  # noqa: ARG002
        self.told_to_end.emit()

    def _on_uncaught(
        self,
        kind: type[BaseException],
        error: BaseException,
        trace: TracebackType | None,
    ) -> None:
        log.critical("uncaught", exc_info=(kind, error, trace))
        if isinstance(error, Exception):
            self.caught.emit(error)

    def _on_uncaught_in_thread(self, fault: threading.ExceptHookArgs) -> None:
        if fault.exc_value is not None:
            self._on_uncaught(fault.exc_type, fault.exc_value, fault.exc_traceback)


def log_qt_message(kind: QtMsgType, context: QMessageLogContext, text: str) -> None:
    """Writes what Qt says into our log."""
    logging.getLogger(f"qt.{context.category or 'default'}").log(_LEVELS[kind], "%s", text)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="FaceGUI", description="Make your own face detector, in a window."
    )
    parser.add_argument("project", type=Path, nargs="?", help="the project to open")
    parser.add_argument("--verbose", action="store_true", help="log to the terminal, too")
    parser.add_argument("--version", action="version", version=f"FaceGUI {__version__}")
    return parser
