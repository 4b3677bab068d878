"""The process that drafts, as the window sees it: asked, listened to, ended at any moment."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QObject, Signal, Slot

from facegui.core.errors import UserError
from facegui.core.own_process import module_command
from facegui.core.progress import Progress
from facegui.ml.draft_messages import (
    Done,
    Opinion,
    PhotoDraft,
    Request,
    decode_reply,
    encode_request,
)
from facegui.workers.newest import NewestWork
from facegui.workers.own_process import OwnProcess

log = logging.getLogger(__name__)

COMMAND = module_command("facegui.ml.draft_server")


class DraftProcess(QObject):
    """One process, started with the first request and kept for the next: it stays warm.

    Signals:
        progressed(Progress): what it does.
        drafted(tuple[PhotoDraft, ...]): some photos have drafts now.
        judged(tuple[PhotoMistakes, ...]): labels that it disagrees with.
        done(): what was asked for is there.
        failed(UserError): it is not, and will not be.

    Args:
        command: what starts it, without the folder for features.
    """

    progressed = Signal(object)
    drafted = Signal(object)
    judged = Signal(object)
    done = Signal()
    failed = Signal(object)

    def __init__(self, command: Sequence[str] = COMMAND, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._process = OwnProcess(command, self)
        self._process.lines_ready.connect(self._on_replies)
        self._process.gone.connect(self._on_gone)
        self._cache_folder: Path | None = None
        self._busy = False
        self._encoding = NewestWork(self)
        self._encoding.succeeded.connect(self._process.write)

    @property
    def running(self) -> bool:
        return self._process.running

    @property
    def busy(self) -> bool:
        """Whether something is asked for that is not there yet."""
        return self._busy

    def ask(self, request: Request, cache_folder: Path) -> None:
        """Asks for drafts or an opinion; not while it is busy.

        Args:
            request: what is wanted.
            cache_folder: of the project.
        """
        if not self.running or cache_folder != self._cache_folder:
            self.end()
            self._cache_folder = cache_folder
            log.info("starting the process that drafts")
            self._process.start(str(cache_folder))
        self._busy = True
        # Beside the window, which would stand still: thousands of photos are a megabyte.
        self._encoding.ask(lambda _report, _stop: encode_request(request))

    def end(self) -> None:
        """Ends the process at once; what it was asked for will not come."""
        self._encoding.forget()
        self._busy = False
        self._process.end()

    def shut_down(self) -> None:
        """Ends the process and waits until it is gone."""
        self.end()
        self._encoding.shut_down()
        self._process.shut_down()

    @Slot(object)
    def _on_replies(self, lines: tuple[bytes, ...]) -> None:
        replies = [decode_reply(line) for line in lines]
        drafts = tuple(reply for reply in replies if isinstance(reply, PhotoDraft))
        if drafts:
            self.drafted.emit(drafts)
        progress = [reply for reply in replies if isinstance(reply, Progress)]
        if progress:
            self.progressed.emit(progress[-1])
        for reply in replies:
            if isinstance(reply, Opinion):
                self.judged.emit(reply.photos)
            elif isinstance(reply, Done):
                self._busy = False
                self.done.emit()
            elif isinstance(reply, UserError):
                self._busy = False
                self.failed.emit(reply)

    @Slot(bool, str)
    def _on_gone(self, _well: bool, how: str) -> None:
        """It ended although nobody asked it to: also with a good exit code, it is gone."""
        self._busy = False
        log.warning("the process that drafts is gone: %s", how)
        self.failed.emit(
            UserError(
                "Drafting broke off.",
                "Label on; it starts again with the next labels.",
                how,
            )
        )
