"""Photos to the disk, one after the other, while the window goes on."""

from __future__ import annotations

import logging
import queue
from dataclasses import dataclass

from PySide6.QtCore import QObject, QThread, Signal, Slot

from facegui.core.boxes import Detection
from facegui.core.camera import Frame
from facegui.core.capturing import new_photo
from facegui.core.images import Pixels
from facegui.core.photo_library import Photo
from facegui.core.project import Project
from facegui.core.scaling import scaled_for_screen

log = logging.getLogger(__name__)

THUMBNAIL_HEIGHT = 192
"""Of the pictures in `TakenPhoto`, in pixels: enough for screens of double density."""

_LONGEST_QUEUE = 8
"""Frames that wait in memory; a disk that is slower than that is said to be slow."""


@dataclass(frozen=True, slots=True, eq=False)
class TakenPhoto:
    """A photo that is on disk now.

    Args:
        photo: in the project.
        project: it belongs to.
        thumbnail: (h, w, 3) RGB uint8, `THUMBNAIL_HEIGHT` high.
    """

    photo: Photo
    project: Project
    thumbnail: Pixels


@dataclass(frozen=True, slots=True)
class Proposal:
    """What a network takes a frame to show: kept beside the photo, to be corrected.

    Args:
        detections: in pixels of the frame.
        source: what found them, such as the name of a run.
    """

    detections: tuple[Detection, ...]
    source: str


@dataclass(frozen=True, slots=True)
class _Request:
    project: Project
    frame: Frame
    camera_name: str
    proposal: Proposal | None
    people: tuple[str, ...]
    begins_session: bool


class _Writer(QObject):
    """Lives in the writer's thread."""

    stored = Signal(object)
    failed = Signal(object)

    def __init__(self, requests: queue.Queue[_Request | None]) -> None:
        super().__init__()
        self._requests = requests

    @Slot()
    def run(self) -> None:
        while (request := self._requests.get()) is not None:
            try:
                taken = self._store(request)
            except Exception as error:
                log.exception("a photo could not be stored")
                self.failed.emit(error)
            else:
                self.stored.emit(taken)
            self._requests.task_done()
        self._requests.task_done()

    def _store(self, request: _Request) -> TakenPhoto:
        session = request.project.sitting(
            f"Taken with {request.camera_name}", request.people, anew=request.begins_session
        )
        photo = request.project.add_photos([new_photo(request.frame, session)])[0]
        if request.proposal is not None:
            # Somebody saw that it is wrong: nothing could be less certain.
            proposal = request.proposal
            request.project.drafts.set_draft(photo, proposal.detections, proposal.source, 0.0)
        height, width = request.frame.pixels.shape[:2]
        small = max(1, round(width * THUMBNAIL_HEIGHT / height))
        thumbnail = scaled_for_screen(request.frame.pixels, small, THUMBNAIL_HEIGHT)
        return TakenPhoto(photo, request.project, thumbnail)


class PhotoWriter(QObject):
    """Stores frames in a project, in the order they were given.

    Signals:
        stored(TakenPhoto): it is on disk.
        failed(Exception): a frame could not be stored; the others are tried all the same.
    """

    stored = Signal(object)
    failed = Signal(object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._requests: queue.Queue[_Request | None] = queue.Queue(_LONGEST_QUEUE)
        self._begins_session = False
        self._writer = _Writer(self._requests)
        self._writer.stored.connect(self.stored)
        self._writer.failed.connect(self.failed)
        self._thread = QThread(self)
        self._writer.moveToThread(self._thread)
        self._thread.started.connect(self._writer.run)

    def offer(
        self,
        project: Project,
        frame: Frame,
        camera_name: str,
        proposal: Proposal | None = None,
        people: tuple[str, ...] = (),
    ) -> bool:
        """Has a frame stored soon; False when the disk is so slow that the queue is full.

        Args:
            project: where it goes.
            frame: becomes a photo that is not labelled.
            camera_name: told in the project.
            proposal: becomes the photo's draft.
            people: who is in it, where that is known.
        """
        request = _Request(project, frame, camera_name, proposal, people, self._begins_session)
        try:
            self._requests.put_nowait(request)
        except queue.Full:
            return False
        self._begins_session = False
        if not self._thread.isRunning():
            self._thread.start()
        return True

    def begin_session(self) -> None:
        """The next photo begins another session, however soon it comes."""
        self._begins_session = True

    @Slot()
    def wait(self) -> None:
        """Until everything that was offered is on disk: its project is about to be closed."""
        self._requests.join()

    def shut_down(self) -> None:
        """Waits until everything that was offered is on disk."""
        if self._thread.isRunning():
            self._requests.put(None)
            self._thread.quit()
            self._thread.wait()
