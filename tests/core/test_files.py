"""Files are whole or not there, also after a kill."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import stat
import subprocess
import sys
import unicodedata
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from facegui.core import files
from facegui.core.files import (
    TEMPORARY_PREFIX,
    free_name,
    put_in_place,
    remove_leftovers,
    sha256_of,
    stem_key,
    stems_in,
    write_atomically,
    write_json,
    written_atomically,
)


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_text_and_bytes_arrive(tmp_path: Path) -> None:
    path = tmp_path / "gr\u00fc\u00dfe.txt"
    write_atomically(path, "\u00fc\n")
    assert path.read_bytes() == "\u00fc\n".encode()
    write_atomically(path, b"\x00\xff")
    assert path.read_bytes() == b"\x00\xff"
    assert names(tmp_path) == [path.name]


def test_json_reads_back_and_is_readable(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    write_json(path, {"name": "J\u00fcrgen", "none": None})
    assert json.loads(path.read_text("utf-8")) == {"name": "J\u00fcrgen", "none": None}
    assert "J\u00fcrgen" in path.read_text("utf-8")


def test_json_takes_a_name_that_is_not_in_utf8(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    write_json(path, {"name": "J\udcfcrgen"})
    assert json.loads(path.read_text("utf-8")) == {"name": "J\udcfcrgen"}


def test_failure_while_writing_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("old")

    def write_half() -> None:
        with written_atomically(path) as stream:
            stream.write(b"half")
            assert path.read_text() == "old"
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_half()
    assert path.read_text() == "old"
    assert names(tmp_path) == ["a.txt"]


def test_full_disk_leaves_the_old_file_and_nothing_beside_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.txt"
    path.write_text("old")

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        write_atomically(path, "new")
    assert path.read_text() == "old"
    assert names(tmp_path) == ["a.txt"]


def test_missing_folder_is_an_os_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        write_atomically(tmp_path / "not there" / "a.txt", "")


@pytest.mark.skipif(os.name != "posix", reason="no modes and no SIGKILL elsewhere")
def test_killed_program_leaves_the_old_file_and_a_leftover(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("old")
    program = f"""
import os, signal
from pathlib import Path
from facegui.core.files import written_atomically
with written_atomically(Path({str(path)!r})) as stream:
    stream.write(b"half")
    stream.flush()
    os.kill(os.getpid(), signal.SIGKILL)
"""
    killed = subprocess.run([sys.executable, "-c", program], check=False)
    assert killed.returncode == -signal.SIGKILL
    assert path.read_text() == "old"
    assert len(names(tmp_path)) == 2
    remove_leftovers(tmp_path)
    assert names(tmp_path) == ["a.txt"]


def test_leftovers_are_told_by_name_and_only_in_that_folder(tmp_path: Path) -> None:
    inner = tmp_path / "inner"
    inner.mkdir()
    for folder in (tmp_path, inner):
        (folder / f"{TEMPORARY_PREFIX}abc").touch()
    (tmp_path / f"{TEMPORARY_PREFIX}folder").mkdir()
    (tmp_path / "writing.txt").touch()
    remove_leftovers(tmp_path)
    assert names(tmp_path) == [f"{TEMPORARY_PREFIX}folder", "inner", "writing.txt"]
    assert names(inner) == [f"{TEMPORARY_PREFIX}abc"]


@pytest.mark.skipif(os.name != "posix", reason="elsewhere no folder can be flushed")
def test_names_of_what_is_written_once_are_flushed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    flushed: list[str] = []
    fsync = os.fsync

    def noting(number: int) -> None:
        mode = os.fstat(number).st_mode
        there = [name for name in names(tmp_path) if not name.startswith(TEMPORARY_PREFIX)]
        flushed.append("folder with " + ", ".join(there) if stat.S_ISDIR(mode) else "file")
        fsync(number)

    monkeypatch.setattr(os, "fsync", noting)
    write_json(tmp_path / "a.json", {})
    put_in_place(tmp_path / "b.json", b"{}")
    assert flushed == ["file", "folder with a.json", "file", "folder with a.json, b.json"]


@pytest.mark.skipif(os.name != "posix", reason="no modes elsewhere")
def test_modes_are_those_of_ordinary_files(tmp_path: Path) -> None:
    ordinary, new, private = (tmp_path / name for name in ("ordinary", "new", "private"))
    ordinary.touch()
    write_atomically(new, "")
    assert new.stat().st_mode == ordinary.stat().st_mode
    private.touch(0o600)
    write_atomically(private, "x")
    assert stat.S_IMODE(private.stat().st_mode) == 0o600


def test_many_threads_write_one_file_and_one_of_them_wins(tmp_path: Path) -> None:
    path = tmp_path / "a.bin"
    contents = [bytes([number]) * 10_000 for number in range(40)]
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda data: write_atomically(path, data), contents))
    assert path.read_bytes() in contents
    assert names(tmp_path) == ["a.bin"]


def test_digest_is_that_of_the_content(tmp_path: Path) -> None:
    path = tmp_path / "a.bin"
    data = b"face" * 100_000
    path.write_bytes(data)
    assert sha256_of(path) == hashlib.sha256(data).hexdigest()


def test_free_name_counts_up_and_looks_at_stems(tmp_path: Path) -> None:
    assert free_name(stems_in(tmp_path), "a.jpg") == "a.jpg"
    (tmp_path / "A.JPG").touch()
    (tmp_path / "a-2.png").touch()
    assert free_name(stems_in(tmp_path), "a.jpg") == "a-3.jpg"
    assert free_name(stems_in(tmp_path), "b.jpg") == "b.jpg"


@given(st.sets(st.text(max_size=4)), st.text(min_size=1, max_size=4))
def test_free_name_is_free(taken: set[str], stem: str) -> None:
    keys = {stem_key(name) for name in taken}
    name = free_name(keys, f"{stem}.jpg")
    assert stem_key(name) not in keys


@given(st.text(st.characters(categories=["L", "M", "N"]), min_size=1, max_size=8))
def test_case_and_composition_make_no_other_name(stem: str) -> None:
    composed = unicodedata.normalize("NFC", stem)
    decomposed = unicodedata.normalize("NFD", stem)
    assert stem_key(f"{composed}.jpg") == stem_key(f"{decomposed}.png")


def test_names_of_every_case_are_one() -> None:
    assert stem_key("STRASSE.jpg") == stem_key("stra\u00dfe.JPG")
    assert files.stem_key("a.b.jpg") != files.stem_key("a.c.jpg")
