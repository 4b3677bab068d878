"""Drives the window step by step, as a person would: acts, and waits until it is seen."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator
from dataclasses import dataclass

from PySide6.QtCore import QEventLoop, QObject, QTimer, Slot

from facegui.core.errors import UserError

LOOK_MS = 20
PATIENCE_S = 30.0


@dataclass(frozen=True, slots=True)
class Wait:
    """What has to come about before the script goes on.

    Args:
        fact: asked in the thread of the window until it is true.
        what: the same in words, for when it does not come.
        seconds: how long to wait for it.
    """

    fact: Callable[[], bool]
    what: str
    seconds: float = PATIENCE_S


Steps = Generator[Wait, None, None]


def pause(seconds: float) -> Wait:
    """Lets the window go on for a while: somebody looks at it, or it settles."""
    until_s = time.monotonic() + seconds
    return Wait(lambda: time.monotonic() >= until_s, "time passes", seconds + PATIENCE_S)


class Script(QObject):
    """Runs a generator between the window's events.

    Args:
        steps: acts on the window, and yields what it waits for; closed in the end, also
            where it was not done.
    """

    def __init__(self, steps: Steps, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._steps = steps
        self._wait: Wait | None = None
        self._since_s = 0.0
        self._error: Exception | None = None
        self._loop = QEventLoop(self)
        self._timer = QTimer(self)
        self._timer.setInterval(LOOK_MS)
        self._timer.timeout.connect(self._go_on)

    def run(self) -> None:
        """Returns when the script has ended.

        Raises:
            UserError: when something that was waited for did not come.
            Exception: what the script itself raised.
        """
        self._timer.start()
        self._loop.exec()
        if self._error is not None:
            raise self._error

    @Slot()
    def _go_on(self) -> None:
        try:
            if self._wait is None or self._is_over(self._wait):
                self._wait = next(self._steps)
                self._since_s = time.monotonic()
        except StopIteration:
            self._end(None)
        except Exception as error:
            self._end(error)

    def _is_over(self, wait: Wait) -> bool:
        if wait.fact():
            return True
        if time.monotonic() - self._since_s > wait.seconds:
            raise UserError(
                f"The window did not get on within {wait.seconds:.0f} seconds.",
                "Try again while the computer has less to do.",
                f"waited until {wait.what}",
            )
        return False

    def _end(self, error: Exception | None) -> None:
        self._timer.stop()
        self._steps.close()
        self._error = error
        self._loop.quit()
