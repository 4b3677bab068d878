"""Leads through photos to take: one task, or several that take themselves."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QWidget

from facegui.core.coverage import Task
from facegui.ui.burst import Burst
from facegui.ui.style import GRID, set_role

PACE_S = 1.6
"""From one photo of a guided session to the next: time to move."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of the tasks.

    Args:
        done: whether all of them were gone through; else they were stopped.
        wanted: how many photos they asked for.
        taken: how many were taken.
        skipped: how many moments were not worth keeping, by reason.
    """

    done: bool
    wanted: int
    taken: int
    skipped: Counter[str]


class Guide(QWidget):
    """A line above the preview that says what to take and counts it down.

    Signals:
        ended(Outcome): all tasks were gone through, or they were stopped.

    Args:
        burst: takes the photos of a guided session.
    """

    ended = Signal(object)

    def __init__(self, burst: Burst, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._burst = burst
        self._tasks: tuple[Task, ...] = ()
        self._guided = False
        self._number = self._left = 0
        self.words = QLabel()
        self.words.setObjectName("capture.task")
        self.words.setWordWrap(True)
        set_role(self.words, "sentence")
        self.stop_button = QPushButton("Stop")
        self.stop_button.setObjectName("capture.task_stop")
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(GRID)
        layout.addWidget(self.words, 1)
        layout.addWidget(self.stop_button)
        self.hide()
        self.stop_button.clicked.connect(self.stop)
        burst.changed.connect(self._on_burst)

    @property
    def task(self) -> Task | None:
        """What is to be taken now."""
        return self._tasks[self._number] if self._number < len(self._tasks) else None

    @property
    def waiting(self) -> bool:
        """Whether a guided session waits for `go_on`: there was no picture when it began."""
        return self._guided and self.task is not None and not self._burst.active

    @property
    def left(self) -> int:
        """How many photos of the task are still to be taken."""
        return self._left

    def start(self, tasks: Sequence[Task], guided: bool) -> None:
        """Begins; a guided session with `go_on`, once there is a picture."""
        self._burst.stop()
        self._tasks, self._guided, self._number = tuple(tasks), guided, 0
        self._begin()
        self.show()

    def go_on(self) -> None:
        """Has the burst take the photos of the task."""
        if self.waiting:
            self._burst.start(self._left, PACE_S, continued=self._number > 0)

    def count_photo(self) -> None:
        """A photo was taken."""
        if self.task is not None and not self._guided:
            self._left -= 1
            self._advance()

    @Slot()
    def stop(self) -> None:
        """Ends it; the photos taken stay."""
        if self._tasks:
            self._end(False)

    @Slot()
    def _on_burst(self) -> None:
        task = self.task
        if not self._guided or task is None:
            return
        self._left = max(0, task.count - self._burst.done) if self._burst.count else task.count
        if not self._burst.active and self._burst.done < self._burst.count:
            self._end(False)  # the user stopped the burst
        elif not self._burst.active:
            self._left = 0
            self._advance()
        else:
            self._show_state()

    def _advance(self) -> None:
        if self._left > 0:
            self._show_state()
            return
        self._number += 1
        if self.task is None:
            self._end(True)
        else:
            self._begin()
            self.go_on()

    def _begin(self) -> None:
        task = self.task
        self._left = task.count if task else 0
        self._show_state()

    def _end(self, done: bool) -> None:
        outcome = self._outcome(done)
        self._tasks, self._number, self._left = (), 0, 0
        self._guided = False
        self._burst.stop()
        self.hide()
        self.ended.emit(outcome)

    def _outcome(self, done: bool) -> Outcome:
        wanted = sum(task.count for task in self._tasks)
        if self._guided:
            return Outcome(done, wanted, self._burst.taken, self._burst.skipped.copy())
        left = self._left + sum(task.count for task in self._tasks[self._number + 1 :])
        return Outcome(done, wanted, wanted - left, Counter())

    def _show_state(self) -> None:
        task = self.task
        if task is not None:
            step = f"{self._number + 1} of {len(self._tasks)}: " if len(self._tasks) > 1 else ""
            self.words.setText(step + task.words(self._left))
