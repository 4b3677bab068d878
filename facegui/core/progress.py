"""How long work reports what it has done and learns that it should stop."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from facegui.core.errors import Cancelled


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a piece of work is.

    Args:
        done: steps finished.
        total: steps in all, or None where nobody can know.
        text: what is being worked on, for people.
    """

    done: int
    total: int | None
    text: str = ""


Report = Callable[[Progress], None]
"""Takes each `Progress`; called from the working thread."""


def ignore_progress(progress: Progress) -> None:
    """A report for callers that want none."""


class StopToken:
    """Carries the wish to stop from one thread into the work of another.

    *Finish* ends the work with what has been reached so far, *cancel* throws that
    away. *Break off* is for a program that has to end: it stops like a cancel, but what
    could go on later is kept for that. A token that was cancelled or broken off also
    counts as one that should stop.
    """

    def __init__(self) -> None:
        self._finish = threading.Event()
        self._cancel = threading.Event()
        self._throw_away = threading.Event()

    def finish(self) -> None:
        self._finish.set()

    def cancel(self) -> None:
        self._throw_away.set()
        self._cancel.set()

    def break_off(self) -> None:
        self._cancel.set()

    @property
    def cancelled(self) -> bool:
        """Whether the work is to stop at once: cancelled, or broken off."""
        return self._cancel.is_set()

    @property
    def throws_away(self) -> bool:
        """Whether it was cancelled, and not only broken off."""
        return self._throw_away.is_set()

    @property
    def should_stop(self) -> bool:
        return self._finish.is_set() or self._cancel.is_set()

    def raise_if_cancelled(self) -> None:
        """Raises `Cancelled` once `cancel` or `break_off` has been called."""
        if self._cancel.is_set():
            raise Cancelled


def throttled(report: Report, per_second: float = 20.0) -> Report:
    """A report that passes on at most `per_second` values, and always the last.

    The last is told by `done == total`. Work that counts thousands of small
    steps stays cheap to watch.
    """
    interval_s = 1.0 / per_second
    next_time_s = 0.0

    def forward(progress: Progress) -> None:
        nonlocal next_time_s
        now_s = time.monotonic()
        if now_s >= next_time_s or progress.done == progress.total:
            next_time_s = now_s + interval_s
            report(progress)

    return forward
