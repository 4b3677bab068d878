"""One program at a time edits a project."""

from __future__ import annotations

import contextlib
import json
import os
import socket
from datetime import datetime
from pathlib import Path

import filelock

from facegui.core.errors import UserError, disk_error
from facegui.core.files import write_json

LOCK_NAME = ".lock"
HOLDER_NAME = ".lock-holder.json"


class ProjectLock:
    """The right to write to a project folder.

    The operating system holds the lock and frees it when the program ends,
    however it ends: a killed program leaves nothing to clean up. The name of
    the holder is written beside it for the message only.

    Raises:
        UserError: when another program, or another window of this one, has the
            project open, or when the folder cannot be written to.
    """

    def __init__(self, folder: Path) -> None:
        self._holder_path = folder / HOLDER_NAME
        # Not bound to a thread: a job may close what the window opened.
        self._lock = filelock.FileLock(folder / LOCK_NAME, thread_local=False)
        try:
            self._lock.acquire(timeout=0)
        except filelock.Timeout as error:
            raise UserError(
                f"The project {folder.name} is already open{self._held_by()}.",
                "Close it there first, then open it here.",
            ) from error
        except OSError as error:
            raise disk_error(error, f"opening the project {folder.name}") from error
        with contextlib.suppress(OSError):
            write_json(
                self._holder_path,
                {
                    "process": os.getpid(),
                    "computer": socket.gethostname(),
                    "since": datetime.now().astimezone().isoformat(timespec="seconds"),
                },
            )

    def release(self) -> None:
        with contextlib.suppress(OSError):
            self._holder_path.unlink(missing_ok=True)
        self._lock.release()

    def _held_by(self) -> str:
        try:
            holder = json.loads(self._holder_path.read_text("utf-8"))
            if (holder["process"], holder["computer"]) == (os.getpid(), socket.gethostname()):
                return f" in this program (process {holder['process']}, since {holder['since']})"
            return (
                f" in another program (process {holder['process']} on {holder['computer']},"
                f" since {holder['since']})"
            )
        except (OSError, ValueError, KeyError, TypeError):
            return " in another program"
