"""Features are computed once and found again, whatever happens to the files."""

from __future__ import annotations

import errno
import os
import shutil
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from facegui.core.errors import Cancelled
from facegui.core.files import sha256_of
from facegui.core.images import write_picture
from facegui.core.progress import Progress, StopToken, ignore_progress
from facegui.ml import features as module
from facegui.ml.features import FeatureCache, FeatureSet, compute_features
from facegui.ml.training_data import PictureFiles

VALUES = 50
FILE_BYTES = 128 + 2 * VALUES


@pytest.fixture(autouse=True)
def one_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    """So that files are as old as the order of the pictures says."""
    monkeypatch.setattr(module, "feature_threads", lambda: 1)


class CountingBackbone:
    """Takes each picture's mean for its features; counts what it was asked for."""

    def __init__(self, key: str = "key") -> None:
        self.key = key
        self.computed: list[int] = []

    def features(self, picture: np.ndarray) -> np.ndarray:
        self.computed.append(int(picture.flat[0]))
        return np.full(VALUES, picture.mean(), np.float16)


def pictures(*numbers: int) -> np.ndarray:
    return np.array(numbers, np.uint8)[:, None, None, None] * np.ones((1, 4, 4, 3), np.uint8)


def compute(
    folder: Path,
    *numbers: int,
    key: str = "key",
    limit: int = 10**9,
    cache: FeatureCache | None = None,
    stop: StopToken | None = None,
    report: Any = ignore_progress,
) -> tuple[FeatureSet, list[int]]:
    """The features of these pictures, and the pictures that had to be computed."""
    backbone = CountingBackbone(key)
    cache = cache or FeatureCache(folder, key, VALUES, limit)
    found = compute_features(
        pictures(*numbers),
        backbone,  # type: ignore[arg-type]
        cache,
        report,
        stop or StopToken(),
    )
    return found, backbone.computed


def assert_features(found: FeatureSet, *numbers: int) -> None:
    assert len(found) == len(numbers)
    assert [features[0] for features in found] == list(numbers)
    for features in found:
        assert features.shape == (VALUES,)
        assert features.dtype == np.float16


def files_in(folder: Path) -> list[Path]:
    """The oldest first."""
    return sorted(folder.iterdir(), key=lambda path: path.stat().st_mtime_ns)


def age(path: Path, days: int) -> None:
    time_s = 1_700_000_000 - days * 86_400
    os.utime(path, (time_s, time_s))


def test_second_time_nothing_is_computed(tmp_path: Path) -> None:
    first, computed = compute(tmp_path, 1, 2, 3)
    assert sorted(computed) == [1, 2, 3]
    again, computed = compute(tmp_path, 1, 2, 3)
    assert computed == []
    assert_features(first, 1, 2, 3)
    assert_features(again, 1, 2, 3)


def test_only_what_was_added_is_computed_in_whatever_order(tmp_path: Path) -> None:
    compute(tmp_path, 1, 2)
    found, computed = compute(tmp_path, 7, 2, 8, 1)
    assert sorted(computed) == [7, 8]
    assert_features(found, 7, 2, 8, 1)


def test_same_picture_twice_is_computed_once(tmp_path: Path) -> None:
    found, computed = compute(tmp_path, 5, 5, 6, 5)
    assert sorted(computed) == [5, 6]
    assert_features(found, 5, 5, 6, 5)


def test_another_backbone_computes_anew_and_leaves_the_others(tmp_path: Path) -> None:
    compute(tmp_path, 1, 2, key="one")
    assert compute(tmp_path, 1, 2, key="two")[1] in ([1, 2], [2, 1])
    assert compute(tmp_path, 1, 2, key="one")[1] == []


def test_features_are_half_floats_mapped_from_disk(tmp_path: Path) -> None:
    found, _ = compute(tmp_path, 1)
    assert isinstance(found[0], np.memmap)
    assert not found[0].flags.writeable
    (path,) = files_in(tmp_path)
    assert path.stat().st_size == FILE_BYTES


def test_no_pictures_have_no_features(tmp_path: Path) -> None:
    found = compute_features(
        np.empty((0, 4, 4, 3), np.uint8),
        CountingBackbone(),  # type: ignore[arg-type]
        FeatureCache(tmp_path / "new", "key", VALUES),
        ignore_progress,
        StopToken(),
    )
    assert_features(found)


def other_shape(path: Path) -> None:
    np.save(path, np.zeros(VALUES - 1, np.float16))


def other_type(path: Path) -> None:
    np.save(path, np.zeros(VALUES, np.float32))


@pytest.mark.parametrize(
    "damage",
    [
        lambda path: path.write_bytes(b""),
        lambda path: path.write_bytes(path.read_bytes()[:-1]),
        lambda path: path.write_bytes(path.read_bytes()[:5]),
        lambda path: path.write_bytes(b"\0" * FILE_BYTES),
        lambda path: path.write_bytes(b"no features"),
        lambda path: path.write_bytes(b"PK\x03\x04 no features"),
        other_shape,
        other_type,
    ],
    ids=["empty", "short", "cut", "zeros", "text", "zip", "shape", "type"],
)
def test_damaged_features_are_computed_again(tmp_path: Path, damage: Any) -> None:
    compute(tmp_path, 1, 2)
    damage(files_in(tmp_path)[0])
    found, computed = compute(tmp_path, 1, 2)
    assert computed == [1]
    assert_features(found, 1, 2)
    assert compute(tmp_path, 1, 2)[1] == []


def test_full_disk_keeps_features_in_memory_and_does_not_try_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    compute(tmp_path, 1)
    tried = []

    def full(path: Path, *_: Any, **__: Any) -> None:
        tried.append(path)
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(module, "write_atomically", full)
    found, computed = compute(tmp_path, 1, 2, 3)
    assert sorted(computed) == [2, 3]
    assert_features(found, 1, 2, 3)
    assert len(tried) == 1
    assert len(files_in(tmp_path)) == 1


def test_some_room_stays_free_on_the_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    free, looks = module.RESERVE_BYTES + 3 * FILE_BYTES, []

    def usage(_: Path) -> SimpleNamespace:
        looks.append(free)
        return SimpleNamespace(free=free - FILE_BYTES * len(files_in(tmp_path)))

    monkeypatch.setattr(module.shutil, "disk_usage", usage)
    monkeypatch.setattr(module, "_LOOK_AFTER_BYTES", 2 * FILE_BYTES)
    found, _ = compute(tmp_path, *range(9))
    assert_features(found, *range(9))
    assert len(files_in(tmp_path)) == 2  # a third would leave less than the reserve
    assert len(looks) == 2


def test_folder_that_cannot_be_made_is_no_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    found, computed = compute(tmp_path / "file" / "features", 1, 2)
    assert sorted(computed) == [1, 2]
    assert_features(found, 1, 2)


def test_features_that_were_deleted_meanwhile_are_computed_again(tmp_path: Path) -> None:
    folder = tmp_path / "features"
    found, computed = compute(folder, 1, 2)
    shutil.rmtree(folder)
    assert_features(found, 1, 2)
    assert sorted(computed) == [1, 1, 2, 2]
    assert_features(found, 1, 2)
    assert len(computed) == 4


def test_what_neither_disk_nor_memory_take_is_computed_whenever_it_is_wanted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_bytes(b"")
    monkeypatch.setattr(module, "MEMORY_LIMIT_BYTES", 2 * 2 * VALUES)
    found, computed = compute(tmp_path / "file" / "features", 1, 2, 3)
    assert_features(found, 1, 2, 3)
    assert_features(found, 1, 2, 3)
    assert len(computed) == 7  # 3, and the one for which there is no room 4 times again


def test_files_are_found_by_their_content(tmp_path: Path) -> None:
    paths = [tmp_path / f"{name}.png" for name in "abc"]
    for path, number in zip(paths, (1, 2, 1), strict=True):
        write_picture(path, pictures(number)[0])
    files = PictureFiles(paths, 4, [sha256_of(path) for path in paths])
    backbone = CountingBackbone()
    cache = FeatureCache(tmp_path / "features", "key", VALUES)
    found = compute_features(files, backbone, cache, ignore_progress, StopToken())  # type: ignore[arg-type]
    assert_features(found, 1, 2, 1)
    assert sorted(backbone.computed) == [1, 2]


def test_files_that_are_gone_are_left_out(tmp_path: Path) -> None:
    paths = [tmp_path / f"{name}.png" for name in "abcd"]
    for path, number in zip(paths, (1, 2, 3, 2), strict=True):
        write_picture(path, pictures(number)[0])
    files = PictureFiles(paths, 4, [sha256_of(path) for path in paths])
    for place in (1, 3):
        paths[place].unlink()
    cache = FeatureCache(tmp_path / "features", "key", VALUES)
    backbone: Any = CountingBackbone()
    found = compute_features(files, backbone, cache, ignore_progress, StopToken())
    assert found.places == (0, 2)
    assert_features(found, 1, 3)


# --- the limit -----------------------------------------------------------------------------


def test_what_was_not_used_for_longest_goes_first(tmp_path: Path) -> None:
    for number in (1, 2, 3):
        compute(tmp_path, number)
        age(files_in(tmp_path)[-1], days=number)  # 3 is the oldest
    compute(tmp_path, 4, limit=3 * FILE_BYTES)
    assert compute(tmp_path, 1, 2, 4)[1] == []
    assert compute(tmp_path, 3)[1] == [3]


def test_using_features_makes_them_young(tmp_path: Path) -> None:
    for number in (1, 2):
        compute(tmp_path, number)
        age(files_in(tmp_path)[-1], days=10 - number)  # 1 is the older
    compute(tmp_path, 1)
    compute(tmp_path, 3, limit=2 * FILE_BYTES)
    assert compute(tmp_path, 1, 3)[1] == []
    assert compute(tmp_path, 2)[1] == [2]


def test_features_of_other_backbones_count_and_go(tmp_path: Path) -> None:
    compute(tmp_path, 1, 2, key="old")
    compute(tmp_path, 1, key="new", limit=FILE_BYTES)
    assert [path.name.split("-")[0] for path in files_in(tmp_path)] == ["new"]


def test_what_is_in_use_never_goes(tmp_path: Path) -> None:
    """Not even what an earlier call on the same cache is still used for: the training photos
    while those for validation are computed."""
    cache = FeatureCache(tmp_path, "key", VALUES, limit_bytes=2 * FILE_BYTES)
    training, _ = compute(tmp_path, 1, 2, 3, cache=cache)
    validation, _ = compute(tmp_path, 4, 5, cache=cache)
    assert_features(training, 1, 2, 3)
    assert_features(validation, 4, 5)


def test_below_the_limit_nothing_goes(tmp_path: Path) -> None:
    compute(tmp_path, 1, 2, limit=3 * FILE_BYTES)
    compute(tmp_path, 3, limit=3 * FILE_BYTES)
    assert len(files_in(tmp_path)) == 3


def test_features_that_cannot_be_removed_are_no_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As on Windows, where another program has them open."""

    def refuse(*_: Any, **__: Any) -> None:
        raise PermissionError(errno.EACCES, "in use")

    compute(tmp_path, 1)
    monkeypatch.setattr(Path, "unlink", refuse)
    found, _ = compute(tmp_path, 2, limit=0)
    assert_features(found, 2)


def test_features_that_cannot_be_marked_as_used_are_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: Any, **__: Any) -> None:
        raise PermissionError(errno.EACCES, "read-only")

    compute(tmp_path, 1)
    monkeypatch.setattr(Path, "touch", refuse)
    found, computed = compute(tmp_path, 1)
    assert computed == []
    assert_features(found, 1)


def test_what_a_killed_program_left_half_written_is_removed(tmp_path: Path) -> None:
    compute(tmp_path, 1)
    (tmp_path / ".writing-0123456789abcdef").write_bytes(b"half")
    compute(tmp_path, 1)
    assert [path.suffix for path in tmp_path.iterdir()] == [".npy"]


# --- reports and cancel --------------------------------------------------------------------


def test_progress_counts_what_is_computed_alone(tmp_path: Path) -> None:
    compute(tmp_path, 1, 2)
    reports: list[Progress] = []
    compute(tmp_path, 1, 2, 3, 4, 5, report=reports.append)
    assert {report.total for report in reports} == {3}
    assert reports[-1].done == 3
    reports.clear()
    compute(tmp_path, 1, 2, 3, report=reports.append)
    assert reports == []


def test_cancel_keeps_what_was_computed(tmp_path: Path) -> None:
    stop = StopToken()
    with pytest.raises(Cancelled):
        compute(tmp_path, *range(50), stop=stop, report=lambda _: stop.cancel())
    kept = len(files_in(tmp_path))
    assert 1 <= kept < 50
    found, computed = compute(tmp_path, *range(50))
    assert len(computed) == 50 - kept
    assert_features(found, *range(50))
