"""Zip files from elsewhere, unpacked with nothing outside the target and within bounds."""

from __future__ import annotations

import os
import stat
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path, PurePosixPath, PureWindowsPath

from facegui.core.errors import UserError, disk_error
from facegui.core.import_files import Finding
from facegui.core.progress import Progress, Report, StopToken, throttled

ZIP_SUFFIX = ".zip"
LARGEST_BYTES = 16 * 1024**3
"""Of all files together."""
LARGEST_RATIO = 200
"""Of a file to what it takes in the zip: no photo, video or label is that repetitive."""
FREE_BYTES = 64 * 1024**2
"""So much is let through at any ratio: a white bitmap is very repetitive."""
MOST_FILES = 200_000
_CHUNK = 1024 * 1024
_REMEDY = "Unpack it with another program, then import the folder."


def is_zip(path: Path) -> bool:
    """Whether the name says that it is a zip file."""
    return path.suffix.casefold() == ZIP_SUFFIX


def unpack_zip(source: Path, folder: Path, report: Report, stop: StopToken) -> list[Finding]:
    """Unpacks a zip file into a new folder.

    Args:
        source: the zip file.
        folder: where to; nothing is written outside it.
        report: told of each file.
        stop: looked at often.

    Returns:
        What was left out, and why.

    Raises:
        UserError: when it is damaged, asks for a password or unpacks to more than is
            reasonable, or when the disk is full.
        Cancelled: when `stop` was cancelled.
    """
    left_out: list[Finding] = []
    room = LARGEST_BYTES
    try:
        folder.mkdir(parents=True)
        with zipfile.ZipFile(source) as archive:
            members = list(_members(archive, source, left_out))
            report = throttled(report)
            for done, (info, place) in enumerate(members, 1):
                stop.raise_if_cancelled()
                room -= _unpack(archive, info, folder / place, room, stop)
                report(Progress(done, len(members), place.name))
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, ValueError) as error:
        raise UserError(f"{source.name} is damaged or no zip file.", _REMEDY, str(error)) from error
    except RuntimeError as error:  # what zipfile raises for a password
        raise UserError(f"{source.name} asks for a password.", _REMEDY, str(error)) from error
    except OSError as error:
        raise disk_error(error, f"unpacking {source.name}") from error
    return left_out


def _members(
    archive: zipfile.ZipFile, source: Path, left_out: list[Finding]
) -> Iterator[tuple[zipfile.ZipInfo, PurePosixPath]]:
    """The visible files and where each goes below the target; others are left out."""
    infos = [info for info in archive.infolist() if not info.is_dir()]
    if len(infos) > MOST_FILES:
        raise UserError(f"{source.name} holds more than {MOST_FILES} files.", _REMEDY)
    taken: set[str] = set()
    for info in infos:
        place = PurePosixPath(info.filename.replace("\\", "/"))
        if any(part.startswith((".", "__MACOSX")) and part != ".." for part in place.parts):
            continue
        if place.is_absolute() or ".." in place.parts or PureWindowsPath(place).drive:
            reason = "its name leads outside the zip file"
        elif stat.S_ISLNK(info.external_attr >> 16):
            reason = "it is a link"
        elif place.as_posix().casefold() in taken:
            reason = "another file in the zip file has the same name"
        else:
            taken.add(place.as_posix().casefold())
            yield info, place
            continue
        left_out.append(Finding(source / info.filename.lstrip("/\\"), reason))


def _unpack(
    archive: zipfile.ZipFile, info: zipfile.ZipInfo, target: Path, room: int, stop: StopToken
) -> int:
    """Counts what comes out, because a zip file can lie about it; returns how much that was."""
    allowed = min(room, max(FREE_BYTES, LARGEST_RATIO * info.compress_size))
    target.parent.mkdir(parents=True, exist_ok=True)
    size = 0
    with archive.open(info) as stream, target.open("xb") as file:
        while data := stream.read(_CHUNK):
            stop.raise_if_cancelled()
            size += len(data)
            if size > allowed:
                name = Path(os.fspath(archive.filename or "")).name
                raise UserError(
                    f"{name} unpacks to far more than its size: it is left alone.", _REMEDY
                )
            file.write(data)
    return size
