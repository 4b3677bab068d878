"""Faces for the coach: found in now and then a frame, on a thread beside the preview."""

from __future__ import annotations

import functools
import logging
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from PySide6.QtCore import QObject, Slot

from facegui.core.boxes import Detection
from facegui.core.camera import Frame
from facegui.core.images import Pixels
from facegui.core.progress import StopToken
from facegui.workers.newest import NewestWork
from facegui.workers.project_store import ProjectStore

if TYPE_CHECKING:
    from facegui.core.progress import Report

log = logging.getLogger(__name__)

_Found = tuple[Path | None, tuple[Detection, ...] | None]


class Finder(Protocol):
    """What is used of `ml.detection.Detector`."""

    def detect(self, pixels: Pixels, threshold: float | None = None) -> tuple[Detection, ...]: ...


LoadFinder = Callable[[Path], Finder]


def load_detector(path: Path) -> Finder:
    """One thread is enough for advice, and leaves the other cores to the preview."""
    from facegui.ml.detection import Detector  # not needed before there is a run

    return Detector(path, threads=1)


class CoachEye(QObject):
    """Looks with the newest complete run of the project; blind where there is none.

    A frame that comes while it looks is passed over. A model that cannot be used makes it
    blind, and nobody is bothered: the Detect tab tells what is wrong with it.
    """

    def __init__(
        self,
        store: ProjectStore,
        parent: QObject | None = None,
        *,
        load: LoadFinder = load_detector,
    ) -> None:
        super().__init__(parent)
        self._store, self._load = store, load
        self._path: Path | None = None
        self._loaded: tuple[Path, Finder] | None = None
        self._busy = False
        self._faces: tuple[Detection, ...] | None = None
        self._work = NewestWork(self)
        self._work.succeeded.connect(self._on_found)
        self._work.failed.connect(self._on_failed)
        store.opened.connect(self._choose)
        store.runs_changed.connect(self._choose)
        self._choose()

    @property
    def faces(self) -> tuple[Detection, ...] | None:
        """In the frame that was looked at last; None while it is blind."""
        return self._faces

    @Slot()
    def forget(self) -> None:
        """What was found: another source is shown."""
        self._faces, self._busy = None, False
        self._work.forget()

    def offer(self, frame: Frame) -> None:
        """Looks at a frame soon, or never."""
        if self._path is not None and not self._busy:
            self._busy = True
            self._work.ask(functools.partial(self._find, self._path, frame))

    def shut_down(self) -> None:
        self._work.shut_down()

    @Slot()
    def _choose(self) -> None:
        complete = [run for run in self._store.runs if run.complete]
        path = complete[-1].model_path if complete else None
        if path != self._path:
            self._path = path
            self.forget()

    def _find(self, path: Path, frame: Frame, _report: Report, _stop: StopToken) -> _Found:
        """In the worker's thread, which alone touches the finder."""
        if self._loaded is None or self._loaded[0] != path:
            self._loaded = path, self._load(path)
        return path, self._loaded[1].detect(frame.pixels)

    @Slot(object)
    def _on_found(self, found: _Found) -> None:
        self._busy = False
        path, faces = found
        if path == self._path:
            self._faces = faces

    @Slot(object)
    def _on_failed(self, error: Exception) -> None:
        log.warning("the coach cannot look with %s: %s", self._path, error)
        self._path, self._faces, self._busy = None, None, False
