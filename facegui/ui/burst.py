"""Many photos in a row, with a countdown before the first."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable

from PySide6.QtCore import QObject, QTimer, Signal, Slot

COUNTDOWN = 3
DEFAULT_COUNT = 30
DEFAULT_INTERVAL_S = 0.5


class Burst(QObject):
    """Says when the photos of a burst are due; whoever has the frames takes them.

    It is driven by the frames that come: while the camera is away it waits.

    Signals:
        changed(): started, counted, took a photo, or ended.

    Args:
        tick_ms: of the countdown; tests have no second to spare.
        clock: seconds, never running backwards.
    """

    changed = Signal()

    def __init__(
        self,
        parent: QObject | None = None,
        *,
        tick_ms: int = 1000,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__(parent)
        self._clock = clock
        self._interval_s = 0.0
        self._due_s = 0.0
        self._count = 0
        self._done = 0
        self._taken = 0
        self._skipped: Counter[str] = Counter()
        self._countdown = 0
        self._active = False
        self._timer = QTimer(self)
        self._timer.setInterval(tick_ms)
        self._timer.timeout.connect(self._on_tick)

    @property
    def active(self) -> bool:
        return self._active

    @property
    def countdown(self) -> int:
        """Seconds until the first photo; 0 once photos are taken."""
        return self._countdown

    @property
    def count(self) -> int:
        """How many photos are wanted."""
        return self._count

    @property
    def done(self) -> int:
        """How many photos there are already, or were skipped."""
        return self._done

    @property
    def taken(self) -> int:
        """How many photos were taken, also in the bursts that this one continues."""
        return self._taken

    @property
    def skipped(self) -> Counter[str]:
        """How many were not worth keeping, by reason; likewise, and of the last burst."""
        return self._skipped

    @property
    def overdue(self) -> bool:
        """Whether the next photo would be due, had the one at hand been taken."""
        return self.due and self._clock() >= self._due_s + self._interval_s

    def start(self, count: int, interval_s: float, *, continued: bool = False) -> None:
        """Begins; where it continues the last one, what was taken and skipped adds up."""
        self._count, self._done, self._interval_s = count, 0, interval_s
        if not continued:
            self._taken, self._skipped = 0, Counter()
        self._countdown = COUNTDOWN
        self._active = True
        self._timer.start()
        self.changed.emit()

    def stop(self) -> None:
        """Ends it; the photos taken stay."""
        if self._active:
            self._timer.stop()
            self._active = False
            self._countdown = 0
            self.changed.emit()

    @property
    def due(self) -> bool:
        """Whether the frame that is here now is wanted."""
        return self._active and not self._countdown and self._clock() >= self._due_s

    def count_photo(self) -> None:
        """A photo was taken."""
        self._taken += 1
        self._count_moment()

    def skip_photo(self, reason: str) -> None:
        """No frame was worth keeping in the time of a photo; its place is given up."""
        self._skipped[reason] += 1
        self._count_moment()

    def _count_moment(self) -> None:
        self._done += 1
        # From the moment it was due, so that the delays of frames do not add up, but
        # without catching up on what was missed.
        self._due_s = max(self._due_s + self._interval_s, self._clock())
        if self._done >= self._count:
            self.stop()
        else:
            self.changed.emit()

    @Slot()
    def _on_tick(self) -> None:
        self._countdown -= 1
        if not self._countdown:
            self._timer.stop()
            self._due_s = self._clock()
        self.changed.emit()
