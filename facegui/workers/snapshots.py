"""Pictures with boxes on them, saved in the background."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, Signal, Slot

from facegui.core.drawing import MarkedBox, draw_boxes, side_by_side
from facegui.core.errors import disk_error
from facegui.core.images import Pixels, write_picture
from facegui.core.progress import Report, StopToken
from facegui.workers.job import Job

Marked = tuple[Pixels, Sequence[MarkedBox]]
"""A picture, (h, w, 3) RGB uint8, and the boxes that are to be drawn on it."""


class Snapshots(QObject):
    """Saves one picture at a time.

    Signals:
        saved(Path): it is there.
        failed(Exception): it is not.
    """

    saved = Signal(object)
    failed = Signal(object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._job: Job | None = None

    def save(self, folder: Path, pictures: Sequence[Marked]) -> None:
        """Saves a picture under the time of day, unless one is just being saved.

        Args:
            folder: made where it is missing.
            pictures: at least one; several are put side by side.
        """
        if self._job is not None:
            return
        path = folder / f"{datetime.now():%Y-%m-%d_%H-%M-%S-%f}.jpg"
        self._job = Job("Saving the picture", partial(_save, path, tuple(pictures)), self)
        self._job.succeeded.connect(self.saved)
        self._job.failed.connect(self.failed)
        self._job.finished.connect(self._on_finished)
        self._job.start()

    def shut_down(self) -> None:
        """Waits until the picture at hand is saved."""
        if self._job is not None:
            self._job.shut_down()

    @Slot()
    def _on_finished(self) -> None:
        if self._job is not None:
            self._job.deleteLater()
            self._job = None


def draw_side_by_side(pictures: Sequence[Marked]) -> Pixels:
    """The pictures with their boxes, from left to right."""
    return side_by_side([draw_boxes(pixels, boxes) for pixels, boxes in pictures])


def _save(
    path: Path,
    pictures: tuple[Marked, ...],
    report: Report,  # noqa: ARG001
    stop: StopToken,  # noqa: ARG001
) -> Path:
    try:
        path.parent.mkdir(exist_ok=True)
        write_picture(path, draw_side_by_side(pictures))
    except OSError as error:
        raise disk_error(error, "saving the picture") from error
    return path
