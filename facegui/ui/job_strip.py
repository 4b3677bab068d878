"""The strip at the bottom: what runs, how far it is, how long it still takes."""

from __future__ import annotations

import time

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QProgressBar, QPushButton, QWidget

from facegui.core.progress import Progress
from facegui.ui.style import GRID, set_role
from facegui.workers.job import Job
from facegui.workers.job_board import JobBoard

_BAR_STEPS = 1000


class JobStrip(QFrame):
    """Watches the board; hidden while nothing runs."""

    def __init__(self, board: JobBoard, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("job_strip")
        set_role(self, "strip")
        self._board = board
        self._phase: tuple[int | None, float] = (None, 0.0)
        self._done = 0
        self._stopping = False
        self.title = QLabel()
        self.bar = QProgressBar()
        self.bar.setTextVisible(False)
        self.left = QLabel()
        set_role(self.left, "faint")
        self.stop_button = QPushButton("Stop")
        self.stop_button.setObjectName("job_strip.stop")
        self.stop_button.clicked.connect(self._stop)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(2 * GRID, GRID, 2 * GRID, GRID)
        layout.setSpacing(2 * GRID)
        layout.addWidget(self.title)
        layout.addWidget(self.bar, 1)
        layout.addWidget(self.left)
        layout.addWidget(self.stop_button)
        board.started.connect(self._on_started)
        board.ended.connect(self._on_ended)
        self.hide()

    @Slot(object)
    def _on_started(self, job: Job) -> None:
        self._begin_phase(None)
        self._stopping = False
        self.title.setText(job.title)
        self.left.setText("")
        self.bar.setRange(0, 0)
        self.stop_button.setEnabled(job.can_stop)
        self.stop_button.setToolTip(_what_stop_does(job))
        job.progressed.connect(self._on_progressed)
        self.show()

    @Slot(object)
    def _on_progressed(self, event: object) -> None:
        if not isinstance(event, Progress) or self._stopping:
            return
        if event.total != self._phase[0] or event.done < self._done:
            self._begin_phase(event.total)
        self._done = event.done
        if event.text:
            self.title.setText(event.text)
        # Scaled: bytes of a large file are more than the bar can count.
        self.bar.setRange(0, _BAR_STEPS if event.total else 0)
        if event.total:
            self.bar.setValue(_BAR_STEPS * event.done // event.total)
        self.left.setText(self._time_left(event))

    @Slot(object)
    def _on_ended(self, job: Job) -> None:  # noqa: ARG002
        self.hide()

    @Slot()
    def _stop(self) -> None:
        if self._board.job is not None:
            self._stopping = True
            self.stop_button.setEnabled(False)
            self.bar.setRange(0, 0)
            self.left.setText("")
            self.title.setText(f"{self._board.job.title}: stopping")
            self._board.job.break_off()

    def _begin_phase(self, total: int | None) -> None:
        """Work that counts from the start again has another speed."""
        self._phase = (total, time.monotonic())
        self._done = 0

    def _time_left(self, progress: Progress) -> str:
        taken_s = time.monotonic() - self._phase[1]
        if not progress.done or not progress.total or taken_s < 2:
            return ""
        return f"{time_in_words(taken_s / progress.done * (progress.total - progress.done))} left"


def _what_stop_does(job: Job) -> str:
    if not job.can_stop:
        return "It cannot be stopped half-way; it ends by itself."
    if job.goes_on:
        return f"Stops it. {job.goes_on}"
    return "Drops what is being done; what was there before stays."


def time_in_words(seconds: float) -> str:
    """As people say it: "20 seconds", "about 3 minutes", "about 2 hours"."""
    if seconds < 50:
        return f"{max(5, round(seconds / 5) * 5)} seconds"
    minutes = round(seconds / 60)
    if minutes < 90:
        return f"about {minutes} minute{'s' if minutes > 1 else ''}"
    return f"about {round(minutes / 60)} hours"
