"""The labels of many photos, read on a thread: thousands of files take seconds."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from PySide6.QtCore import QObject, Signal, Slot

from facegui.core.boxes import Box
from facegui.core.courtesy import politely
from facegui.core.drafts import Draft
from facegui.core.labelme import LabelFileError
from facegui.core.photo_library import PhotoState
from facegui.core.progress import StopToken
from facegui.core.project import Project
from facegui.workers.job import Job

INTERVAL_S = 0.5
"""How often what has been read is told."""

# Looked up once: in Python 3.11 that takes a call, and 10,000 photos are asked at once.
_TO_DO = (PhotoState.UNLABELLED, PhotoState.BROKEN)


@dataclass(frozen=True, slots=True)
class PhotoEntry:
    """A photo as the gallery shows it.

    Args:
        name: of the photo.
        state: how far its labelling is; None: its label has not been read yet.
        boxes: its faces.
        error: what is wrong with a broken label file.
        draft: what a network takes it to show, while it is not labelled. No part of
            what two entries are compared by: it is no label.
    """

    name: str
    state: PhotoState | None = None
    boxes: tuple[Box, ...] = ()
    error: LabelFileError | None = field(default=None, compare=False)
    draft: Draft | None = field(default=None, compare=False)

    @property
    def is_to_do(self) -> bool:
        """Whether it still needs the user."""
        return self.state in _TO_DO


def read_entry(project: Project, name: str) -> PhotoEntry | None:
    """A photo with its label; None where the photo is gone."""
    try:
        photo = project.photo(name)
    except KeyError:
        return None
    try:
        boxes = project.label(photo)
    except LabelFileError as error:
        return PhotoEntry(name, PhotoState.BROKEN, error=error)
    if boxes is None:
        return PhotoEntry(name, PhotoState.UNLABELLED, draft=project.drafts.draft(photo))
    return PhotoEntry(name, PhotoState.FACES if boxes else PhotoState.NO_FACE, boxes)


class LabelReader(QObject):
    """Reads labels in the background.

    Signals:
        entries_read(dict[str, PhotoEntry]): some were read, by name.
        failed(Exception): reading broke off; what is missing stays unread.
    """

    entries_read = Signal(object)
    failed = Signal(object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._project: Project | None = None
        self._wanted: set[str] = set()
        self._job: Job | None = None

    @property
    def busy(self) -> bool:
        return self._job is not None

    def set_project(self, project: Project | None) -> None:
        """Drops what is being read and goes over to another project."""
        self.shut_down()
        self._project = project

    def read(self, names: Iterable[str]) -> None:
        """Reads these too, once what is being read is done."""
        self._wanted.update(names)
        if self._job is None:
            self._start()

    def shut_down(self) -> None:
        """Drops everything."""
        self._wanted.clear()
        job, self._job = self._job, None
        if job is not None:
            job.blockSignals(True)
            job.shut_down()
            job.deleteLater()

    def _start(self) -> None:
        if self._project is None or not self._wanted:
            return
        names, self._wanted = sorted(self._wanted), set()
        self._job = Job("Reading labels", _reading(self._project, names), self)
        self._job.progressed.connect(self.entries_read)
        self._job.succeeded.connect(self.entries_read)
        self._job.failed.connect(self.failed)
        self._job.finished.connect(self._on_finished)
        self._job.start()

    @Slot()
    def _on_finished(self) -> None:
        job, self._job = self._job, None
        if job is not None:
            job.deleteLater()
        self._start()


def _reading(
    project: Project, names: list[str]
) -> Callable[[Callable[[Any], None], StopToken], dict[str, PhotoEntry]]:
    """Work that reports what it has read now and then, and returns the rest."""

    def work(report: Callable[[Any], None], stop: StopToken) -> dict[str, PhotoEntry]:
        entries: dict[str, PhotoEntry] = {}
        told_s = time.monotonic()
        for name in politely(names):
            stop.raise_if_cancelled()
            entry = read_entry(project, name)
            if entry is not None:
                entries[name] = entry
            if time.monotonic() - told_s > INTERVAL_S:
                report(entries)
                entries, told_s = {}, time.monotonic()
        return entries

    return work
