"""What lies in a project's folders at one moment, told by time and size."""

from __future__ import annotations

import contextlib
import os
from dataclasses import dataclass
from pathlib import Path

Stamp = tuple[int, int]
"""Modification time in ns and size in bytes: another stamp, another content."""


@dataclass(frozen=True, slots=True, eq=False)
class FolderScan:
    """What lay on disk at one moment.

    Args:
        stamps: of each photo and of its label file.
        number: how often the program itself had written before.
    """

    stamps: dict[str, tuple[Stamp, Stamp | None]]
    number: int


def stamps_of(folder: Path) -> dict[str, Stamp]:
    """The visible files of a folder; none where somebody removed the folder."""
    stamps: dict[str, Stamp] = {}
    try:
        entries = list(os.scandir(folder))
    except FileNotFoundError:  # as copies have it that leave empty folders out
        return stamps
    for entry in entries:
        # A file may go away between the listing and the look at it.
        with contextlib.suppress(FileNotFoundError):
            if not entry.name.startswith(".") and entry.is_file():
                stamps[entry.name] = stamp_of(entry.stat())
    return stamps


def stamp_of(status: os.stat_result) -> Stamp:
    return status.st_mtime_ns, status.st_size
