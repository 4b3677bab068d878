"""Files that are written whole or not at all."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import secrets
import unicodedata
from collections.abc import Iterator, Set
from pathlib import Path
from typing import IO, Any

TEMPORARY_PREFIX = ".writing-"
"""What the names of files that are still being written begin with."""

ASIDE_PREFIX = ".aside-"
"""What the names of files begin with that are being replaced; see `put_in_place`."""


@contextlib.contextmanager
def written_atomically(path: Path, *, durable: bool = True) -> Iterator[IO[bytes]]:
    """A binary file that takes its place at `path` when the block ends without error.

    Until then, and after any failure or kill, `path` is what it was before.

    Args:
        path: in a folder that exists.
        durable: wait until the disk has the content, so that a power cut leaves no
            half of it; `flush_folder` sees to the name. What can be made again need
            not wait.

    Raises:
        OSError: when the folder cannot be written or the disk is full.
    """
    temporary = path.parent / f"{TEMPORARY_PREFIX}{secrets.token_hex(8)}"
    try:
        # Not by `tempfile`: its files are for their owner alone.
        with temporary.open("xb") as stream:
            yield stream
            stream.flush()
            if durable:
                os.fsync(stream.fileno())
        _keep_permissions(temporary, path)
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def write_atomically(path: Path, data: bytes | str, *, durable: bool = True) -> None:
    """Writes `data` (text as UTF-8) to `path`, whole or not at all; see `written_atomically`."""
    with written_atomically(path, durable=durable) as stream:
        stream.write(data.encode("utf-8") if isinstance(data, str) else data)


def put_in_place(path: Path, data: bytes) -> tuple[os.stat_result, list[Path]]:
    """Writes `data` to `path`, and gives what was there at that very moment.

    Where several programs write one file, to replace it would lose what one of them
    wrote since it was looked at. Here it is moved aside first and the place taken only
    while it is free; `path` is missing in between, for less than a millisecond.
    `put_back` mends what a kill leaves of that.

    Returns:
        What the system tells of the new file, and the files that were there, now beside
        `path` under other names: usually one.

    Raises:
        OSError: when the folder cannot be written or the disk is full.
    """
    temporary = path.parent / f"{TEMPORARY_PREFIX}{secrets.token_hex(8)}"
    displaced: list[Path] = []
    try:
        with temporary.open("xb") as stream:
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
        _keep_permissions(temporary, path)
        status = temporary.stat()
        while True:
            aside = path.with_name(f"{ASIDE_PREFIX}{secrets.token_hex(8)}-{path.name}")
            with contextlib.suppress(FileNotFoundError):
                path.rename(aside)
                displaced.append(aside)
            with contextlib.suppress(FileExistsError):  # another program was as fast
                _take_free_place(temporary, path)
                flush_folder(path.parent)
                return status, displaced
    finally:
        temporary.unlink(missing_ok=True)


def flush_folder(folder: Path) -> None:
    """Waits until the disk has the names in a folder: a power cut takes the newest else.

    Once for many files: it takes as long as to write one.
    """
    if os.name == "nt":  # which cannot be asked to, and writes them down by itself
        return
    with contextlib.suppress(OSError):  # some disks in a network cannot be asked either
        number = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(number)
        finally:
            os.close(number)


def _take_free_place(temporary: Path, path: Path) -> None:
    """Raises `FileExistsError` where the place is not free any more."""
    if os.name == "nt":
        temporary.rename(path)
        return
    try:
        path.hardlink_to(temporary)
    except FileExistsError:
        raise
    except OSError:  # a disk that knows no links, such as a USB stick's
        temporary.replace(path)


def put_back(folder: Path) -> list[tuple[Path, Path]]:
    """Mends what a program left that was killed within `put_in_place`.

    Returns:
        Files that were moved aside and whose place is taken, each with that place.
    """
    displaced = []
    for aside in sorted(folder.glob(f"{ASIDE_PREFIX}*")):
        path = folder / aside.name[len(ASIDE_PREFIX) + 17 :]
        with contextlib.suppress(OSError):
            if path.exists():
                displaced.append((aside, path))
            else:
                aside.rename(path)
    return displaced


def write_json(path: Path, document: Any) -> None:
    """Writes `document` as indented JSON, whole or not at all, and safe from a power cut."""
    text = json.dumps(document, indent=2, ensure_ascii=False) + "\n"
    try:
        write_atomically(path, text)
    except UnicodeEncodeError:  # half a character, from a file name that is not in UTF-8
        write_atomically(path, json.dumps(document, indent=2) + "\n")
    flush_folder(path.parent)


def remove_leftovers(folder: Path) -> None:
    """Removes what a killed program left half written in `folder` (not below it)."""
    for path in folder.glob(f"{TEMPORARY_PREFIX}*"):
        with contextlib.suppress(OSError):
            path.unlink()


def sha256_of(path: Path) -> str:
    """The SHA-256 of a file's content, as 64 hexadecimal digits."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def as_bytes(text: str) -> bytes:
    """A text to reckon with, also one with a file name in it that is not in UTF-8."""
    return text.encode("utf-8", "surrogatepass")


def stem_key(name: str) -> str:
    """What two names must differ in so that no system takes their stems for the same.

    Windows and macOS pay no regard to case, and macOS takes a letter with an
    accent for the same letter followed by the accent.
    """
    stem = stem_of(name)
    # The same for both, and asked of thousands of files at a time.
    return stem.lower() if stem.isascii() else unicodedata.normalize("NFC", stem).casefold()


def stem_of(name: str) -> str:
    """A file's name without its ending; `Path.stem`, ten times as fast."""
    stem, dot, _ = name.rpartition(".")
    return stem if dot and stem else name


def stems_in(folder: Path) -> set[str]:
    """The `stem_key` of everything in a folder: what `free_name` compares."""
    return {stem_key(name) for name in os.listdir(folder)}  # noqa: PTH208


def free_name(taken: Set[str], name: str) -> str:
    """`name`, or `name` with a number, such that its stem is not among `taken`.

    Compared by stem, because a photo's label shares it.

    Args:
        taken: what `stem_key` makes of the names that there are.
    """
    stem, suffix = Path(name).stem, Path(name).suffix
    candidate, number = name, 2
    while stem_key(candidate) in taken:
        candidate, number = f"{stem}-{number}{suffix}", number + 1
    return candidate


def _keep_permissions(temporary: Path, path: Path) -> None:
    """Gives the new file the mode of the one whose place it takes."""
    if os.name == "posix" and path.exists():
        temporary.chmod(path.stat().st_mode & 0o777)
