"""A model file says itself how it is used; a damaged one is refused in words."""

from __future__ import annotations

import io
import json
import pickle
import zipfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from facegui.core.errors import UserError
from facegui.ml.model_file import (
    DESCRIPTION_NAME,
    FORMAT,
    ModelDescription,
    read_model_file,
    write_model_file,
)

LITERT = b"\x1c\x00\x00\x00TFL3" + bytes(range(200))
DESCRIPTION = ModelDescription(
    network="classic",
    decoder="single-box",
    input_width=120,
    input_height=96,
    threshold=0.375,
    preprocessing="RGB minus ImageNet's mean",
    weights={"source": "Käras", "sha256": "ab" * 32},
    versions={"facegui": "0.1.0"},
)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "model.tflite"
    write_model_file(path, LITERT, DESCRIPTION)
    return path


def described(path: Path, **changes: Any) -> Path:
    """Writes the file anew, whole, but with another description."""
    with zipfile.ZipFile(path) as archive:
        document = json.loads(archive.read(DESCRIPTION_NAME)) | changes
    return packed(path, json.dumps(document))


def packed(path: Path, text: str | bytes, compression: int = zipfile.ZIP_STORED) -> Path:
    stream = io.BytesIO()
    stream.write(LITERT)
    with zipfile.ZipFile(stream, "a", compression) as archive:
        archive.writestr(DESCRIPTION_NAME, text)
    path.write_bytes(stream.getvalue())
    return path


def refusal(path: Path) -> UserError:
    with pytest.raises(UserError) as caught:
        read_model_file(path)
    assert path.name in caught.value.what
    assert caught.value.remedy
    return caught.value


def test_what_is_written_is_read(path: Path) -> None:
    assert read_model_file(path) == (LITERT, DESCRIPTION)


def test_other_programs_find_the_litert_data_at_the_start(path: Path) -> None:
    assert path.read_bytes().startswith(LITERT)


def test_another_threshold_alters_nothing_else(path: Path) -> None:
    write_model_file(path, LITERT, DESCRIPTION.with_threshold(0.75))
    litert, description = read_model_file(path)
    assert litert == LITERT
    assert description.threshold == 0.75
    assert description.with_threshold(0.375) == DESCRIPTION


def test_file_cut_off_anywhere_is_refused(path: Path, tmp_path: Path) -> None:
    whole = path.read_bytes()
    cut = tmp_path / "cut.tflite"
    for length in range(len(whole)):
        cut.write_bytes(whole[:length])
        refusal(cut)


@settings(
    derandomize=True,
    max_examples=300,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(data=st.data())
def test_flipped_bytes_are_refused_or_change_nothing(
    path: Path, tmp_path: Path, data: st.DataObject
) -> None:
    damaged = bytearray(path.read_bytes())
    places = st.lists(st.integers(0, len(damaged) - 1), min_size=1, max_size=3, unique=True)
    for place in data.draw(places):
        damaged[place] ^= data.draw(st.integers(1, 255))
    assert_refused_or_the_same(tmp_path / "damaged.tflite", damaged)


def assert_refused_or_the_same(path: Path, damaged: bytes) -> None:
    """Some bytes mean nothing, such as a date in the archive."""
    path.write_bytes(damaged)
    try:
        found = read_model_file(path)
    except UserError as error:
        assert path.name in error.what
    else:
        assert found == (LITERT, DESCRIPTION)


METHODS = [zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA]


@pytest.mark.parametrize("method", METHODS)
def test_archive_that_claims_another_compression_is_refused(path: Path, method: int) -> None:
    data = bytearray(path.read_bytes())
    for mark, offset in ((b"PK\x03\x04", 8), (b"PK\x01\x02", 10)):
        data[data.index(mark) + offset] = method
    path.write_bytes(data)
    refusal(path)


@pytest.mark.parametrize("method", METHODS)
def test_damage_in_a_compressed_description_is_refused(path: Path, method: int) -> None:
    with zipfile.ZipFile(path) as archive:
        text = archive.read(DESCRIPTION_NAME)
    whole = packed(path, text, method).read_bytes()
    assert read_model_file(path) == (LITERT, DESCRIPTION)
    start = whole.index(DESCRIPTION_NAME.encode()) + len(DESCRIPTION_NAME)
    for place in range(start, start + 60):
        damaged = bytearray(whole)
        damaged[place] ^= 0xFF
        assert_refused_or_the_same(path, damaged)


def test_newer_format_is_told_from_damage(path: Path) -> None:
    error = refusal(described(path, format=FORMAT + 1))
    assert "newer" in error.what
    assert "newest version" in error.remedy


@pytest.mark.parametrize(
    "changes",
    [
        {"decoder": "dense-9"},
        {"decoder": ["single-box"]},
        {"input_width": 0},
        {"input_width": "120"},
        {"input_height": 100_000},
        {"threshold": 1.5},
        {"threshold": float("nan")},
        {"format": None},
        {"sha256": None},
        {"sha256": "00" * 32},
    ],
    ids=str,
)
def test_description_that_cannot_be_is_refused(path: Path, changes: dict[str, Any]) -> None:
    refusal(described(path, **changes))


def test_description_without_what_is_needed_is_refused(path: Path) -> None:
    with zipfile.ZipFile(path) as archive:
        document = json.loads(archive.read(DESCRIPTION_NAME))
    del document["input_width"]
    refusal(packed(path, json.dumps(document)))


@pytest.mark.parametrize("text", ["[]", "null", '"classic"', "{", "", "[" * 100_000, b"\xff\xfe"])
def test_description_that_is_no_object_is_refused(path: Path, text: str | bytes) -> None:
    refusal(packed(path, text))


def test_unknown_keys_of_a_description_are_passed_over(path: Path) -> None:
    assert read_model_file(described(path, colour="red")) == (LITERT, DESCRIPTION)


def test_description_that_would_fill_the_memory_is_refused(path: Path) -> None:
    bomb = packed(path, " " * 50_000_000, zipfile.ZIP_DEFLATED)
    assert bomb.stat().st_size < 100_000
    assert "50000000 bytes" in refusal(bomb).what


def test_content_of_another_model_is_refused(path: Path) -> None:
    data = path.read_bytes()
    path.write_bytes(data.replace(LITERT[-4:], b"abcd"))
    assert "not what was written" in refusal(path).what


@pytest.mark.parametrize("content", [b"", b"TFL3", b"no model at all", b"PK\x05\x06" + bytes(18)])
def test_file_that_is_no_model_is_refused(tmp_path: Path, content: bytes) -> None:
    other = tmp_path / "other.tflite"
    other.write_bytes(content)
    assert "no LiteRT model" in refusal(other).what


def test_model_of_another_program_is_refused(tmp_path: Path) -> None:
    other = tmp_path / "other.tflite"
    other.write_bytes(LITERT)
    assert "description is missing" in refusal(other).what


def test_missing_file_is_told(tmp_path: Path) -> None:
    error = refusal(tmp_path / "gone.tflite")
    assert "cannot be read" in error.what
    assert "train again" in error.remedy


class Evil:
    """Makes a file when it is unpickled."""

    def __init__(self, made: Path) -> None:
        self.made = made

    def __reduce__(self) -> tuple[Any, ...]:
        return Path.touch, (self.made,)


def test_code_in_a_file_is_never_run(path: Path, tmp_path: Path) -> None:
    evil, made = pickle.dumps(Evil(tmp_path / "made")), tmp_path / "made"
    pickle.loads(evil)
    assert made.exists()
    made.unlink()
    refusal(packed(path, evil))
    path.write_bytes(evil)
    refusal(path)
    assert not made.exists()


def test_failed_write_keeps_the_model_before(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(OSError):
        write_model_file(path, LITERT, DESCRIPTION.with_threshold(0.1))
    monkeypatch.undo()
    assert read_model_file(path) == (LITERT, DESCRIPTION)
    assert [item.name for item in path.parent.iterdir()] == [path.name]
