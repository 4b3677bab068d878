"""The application of commands that drive the window themselves, with a screen or without."""

from __future__ import annotations

import os
import sys

from PySide6.QtWidgets import QApplication

from facegui import __version__
from facegui.core.errors import UserError
from facegui.core.screens import reaches_screen
from facegui.core.system_libraries import missing_libraries, missing_packages, remedy
from facegui.workers.garbage import GarbageCollector

PLATFORM = "QT_QPA_PLATFORM"


def has_screen() -> bool:
    """Whether a window would be seen."""
    if os.environ.get(PLATFORM):
        return os.environ[PLATFORM] != "offscreen"
    return reaches_screen(os.environ, sys.platform)


def application(*, visible: bool = False) -> QApplication:
    """Starts Qt, once in a process.

    Args:
        visible: on the screen, if there is one.

    Raises:
        UserError: when a system library that Qt needs is missing; Qt itself would abort.
    """
    missing = missing_libraries() if sys.platform.startswith("linux") else ()
    if missing:
        raise UserError(
            f"The window needs {' and '.join(missing)}.", remedy(missing_packages(missing))
        )
    if not (visible and has_screen()):
        os.environ.setdefault(PLATFORM, "offscreen")
    app = QApplication(sys.argv[:1])
    app.setApplicationName("FaceGUI")
    app.setOrganizationName("FaceGUI")
    app.setApplicationVersion(__version__)
    app.setQuitOnLastWindowClosed(False)
    GarbageCollector(app).start()
    return app
