"""The process that drafts, as the window sees it: asked, listened to, ended at any moment."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QObject, QProcess, Signal, Slot

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
from facegui.workers.own_process import own_process

log = logging.getLogger(__name__)

COMMAND = module_command("facegui.ml.draft_server")
_LONGEST_WORDS = 8_000
_PATIENCE_MS = 3_000


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
        self._command = tuple(command)
        self._process: QProcess | None = None
        self._cache_folder: Path | None = None
        self._busy = False
        self._words = ""
        self._line = b""
        self._encoding = NewestWork(self)
        self._encoding.succeeded.connect(self._send)

    @property
    def running(self) -> bool:
        return self._process is not None

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
        if self._process is None or cache_folder != self._cache_folder:
            self.end()
            self._start(cache_folder)
        self._busy = True
        # Beside the window, which would stand still: thousands of photos are a megabyte.
        self._encoding.ask(lambda _report, _stop: encode_request(request))

    def end(self) -> None:
        """Ends the process at once; what it was asked for will not come."""
        self._encoding.forget()
        process, self._process, self._busy = self._process, None, False
        if process is not None:
            process.readyReadStandardOutput.disconnect(self._on_replies)
            process.errorOccurred.disconnect(self._on_error)
            process.finished.disconnect(self._on_finished)
            process.finished.connect(process.deleteLater)
            process.kill()

    def shut_down(self) -> None:
        """Ends the process and waits until it is gone."""
        self.end()
        self._encoding.shut_down()
        for process in self.findChildren(QProcess):
            process.waitForFinished(_PATIENCE_MS)

    @Slot(object)
    def _send(self, line: bytes) -> None:
        if self._process is not None:
            self._process.write(line)

    def _start(self, cache_folder: Path) -> None:
        self._cache_folder = cache_folder
        self._words, self._line = "", b""
        program, *arguments = self._command
        process = own_process(program, [*arguments, str(cache_folder)], self)
        process.readyReadStandardOutput.connect(self._on_replies)
        process.readyReadStandardError.connect(self._on_words)
        process.errorOccurred.connect(self._on_error)
        process.finished.connect(self._on_finished)
        self._process = process
        log.info("starting the process that drafts")
        process.start()

    @Slot()
    def _on_replies(self) -> None:
        process = self._process
        if process is None:
            return
        *lines, self._line = (self._line + bytes(process.readAllStandardOutput().data())).split(
            b"\n"
        )
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

    @Slot()
    def _on_words(self) -> None:
        process = self.sender()
        if isinstance(process, QProcess):
            text = bytes(process.readAllStandardError().data()).decode("utf-8", "replace")
            self._words = (self._words + text)[-_LONGEST_WORDS:]

    @Slot(QProcess.ProcessError)
    def _on_error(self, error: QProcess.ProcessError) -> None:
        # All others are followed by `finished`.
        if error == QProcess.ProcessError.FailedToStart and self._process is not None:
            self._gone(self._process.errorString())

    @Slot(int, QProcess.ExitStatus)
    def _on_finished(self, code: int, status: QProcess.ExitStatus) -> None:
        self._gone(f"{status.name}, exit code {code}\n{self._words}")

    def _gone(self, details: str) -> None:
        """It ended although nobody asked it to."""
        process, self._process, self._busy = self._process, None, False
        if process is not None:
            process.deleteLater()
        log.warning("the process that drafts is gone: %s", details)
        self.failed.emit(
            UserError(
                "Drafting broke off.",
                "Label on; it starts again with the next labels.",
                details,
            )
        )
