"""The augmented set on disk: found again, found outdated, whole after any kill."""

from __future__ import annotations

import json
import os
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from facegui.core import augmented_set
from facegui.core.augmentation_settings import AugmentationSettings
from facegui.core.augmented_set import (
    IMAGES_FOLDER,
    MANIFEST_NAME,
    AugmentedSet,
    begin_set,
    put_set_in_place,
    read_set,
    recover_set,
)
from facegui.core.augmenter import augment_set
from facegui.core.boxes import Box
from facegui.core.errors import UserError
from facegui.core.images import write_picture
from facegui.core.photo_library import Photo, Sample
from facegui.core.progress import StopToken, ignore_progress

SETTINGS = AugmentationSettings(copies=2)


@pytest.fixture
def samples(tmp_path: Path) -> list[Sample]:
    photos = tmp_path / "photos"
    photos.mkdir()
    generator = np.random.default_rng(5)
    made = []
    for name in ("a.jpg", "b.png"):
        write_picture(photos / name, generator.integers(0, 256, (40, 60, 3), dtype=np.uint8))
        made.append(Sample(Photo(name, photos / name), (Box(10.0, 5.0, 30.5, 28.25),)))
    return made


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "augmented"


def make(
    samples: list[Sample], folder: Path, settings: AugmentationSettings = SETTINGS
) -> AugmentedSet:
    return augment_set(samples, folder, settings, ignore_progress, StopToken())


def seeds(folder: Path) -> int | None:
    found = read_set(folder)
    return None if found is None else found.settings.seed


def left_over(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.parent.iterdir() if path.name.startswith("."))


# --- reading --------------------------------------------------------------------------


def test_set_is_read_as_it_was_made(samples: list[Sample], folder: Path) -> None:
    made = make(samples, folder)
    assert read_set(folder) == made
    assert [copy.path.name for copy in made.samples] == [
        "a-0001.jpg",
        "a-0002.jpg",
        "b-0001.jpg",
        "b-0002.jpg",
    ]


def test_set_moves_with_its_project(samples: list[Sample], folder: Path, tmp_path: Path) -> None:
    make(samples, folder)
    moved = tmp_path / "elsewhere" / "augmented"
    shutil.copytree(folder, moved)
    found = read_set(moved)
    assert found is not None
    assert all(copy.path.parent == moved / IMAGES_FOLDER for copy in found.samples)


def test_no_set_in_a_folder_without_one(tmp_path: Path) -> None:
    assert read_set(tmp_path) is None
    assert read_set(tmp_path / "missing") is None


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "{}", '{"schema": 99}', "\xff", '{"schema": 1, "settings": 3}']
)
def test_damaged_manifest_is_no_set(samples: list[Sample], folder: Path, text: str) -> None:
    make(samples, folder)
    (folder / MANIFEST_NAME).write_bytes(text.encode("latin-1"))
    assert read_set(folder) is None


def test_set_from_which_something_is_missing_does_not_count(
    samples: list[Sample], folder: Path
) -> None:
    made = make(samples, folder)
    data = made.samples[1].path.read_bytes()
    made.samples[1].path.write_bytes(data[:100])
    assert read_set(folder) is None
    made.samples[1].path.write_bytes(data)
    assert read_set(folder) == made
    made.samples[3].path.unlink()
    assert read_set(folder) is None


# --- outdated -------------------------------------------------------------------------


def test_set_is_current_until_something_changes(samples: list[Sample], folder: Path) -> None:
    made = make(samples, folder)
    assert made.is_current(samples, SETTINGS)
    assert made.is_current(samples[::-1], SETTINGS)
    assert not made.is_current(samples, replace(SETTINGS, copies=3))
    assert not made.is_current(samples, replace(SETTINGS, seed=1))
    assert not made.is_current(samples[:1], SETTINGS)
    moved = replace(samples[0], boxes=(Box(11.0, 5.0, 30.5, 28.25),))
    assert not made.is_current([moved, samples[1]], SETTINGS)
    assert not made.is_current([replace(samples[0], boxes=()), samples[1]], SETTINGS)


def test_set_of_an_older_version_is_outdated(
    samples: list[Sample], folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = make(samples, folder)
    monkeypatch.setattr(augmented_set, "AUGMENTATION_VERSION", made.version + 1)
    assert not made.is_current(samples, SETTINGS)


def test_photo_counts_as_changed_by_content_not_by_date(
    samples: list[Sample], folder: Path
) -> None:
    made = make(samples, folder)
    path = samples[0].photo.path
    os.utime(path, (1_000_000_000, 1_000_000_000))
    assert made.is_current(samples, SETTINGS)
    data = bytearray(path.read_bytes())
    data[-3] ^= 1
    path.write_bytes(bytes(data))
    assert not made.is_current(samples, SETTINGS)
    path.unlink()
    assert not made.is_current(samples, SETTINGS)


def test_photo_that_was_missing_makes_the_set_outdated_when_it_is_back(
    samples: list[Sample], folder: Path
) -> None:
    path = samples[0].photo.path
    data = path.read_bytes()
    path.unlink()
    made = make(samples, folder)
    assert made.is_current(samples, SETTINGS)
    path.write_bytes(data)
    assert not made.is_current(samples, SETTINGS)


# --- killed and failed ----------------------------------------------------------------


@pytest.fixture
def two_sets(samples: list[Sample], folder: Path) -> tuple[Path, Path, Path]:
    """A set (seed 0) in place, a new one (seed 1) complete beside it; the folder of the old."""
    new = folder.with_name(".writing-augmented")
    make(samples, folder, replace(SETTINGS, seed=1))
    folder.rename(new)
    (folder.parent / "aside").mkdir()
    new.rename(folder.parent / "aside" / "new")
    make(samples, folder)
    (folder.parent / "aside" / "new").rename(new)
    return folder, new, folder.with_name(".replaced-augmented")


def test_killed_while_making(two_sets: tuple[Path, Path, Path]) -> None:
    folder, new, _ = two_sets
    (new / MANIFEST_NAME).unlink()
    recover_set(folder)
    assert seeds(folder) == 0
    assert not left_over(folder)


def test_killed_before_the_first_rename(two_sets: tuple[Path, Path, Path]) -> None:
    folder, _, _ = two_sets
    recover_set(folder)
    assert seeds(folder) == 0
    assert not left_over(folder)


@pytest.mark.parametrize("made_anew", [False, True])
def test_killed_between_the_renames(two_sets: tuple[Path, Path, Path], made_anew: bool) -> None:
    """Also when opening the project has made an empty folder since."""
    folder, _, old = two_sets
    folder.rename(old)
    if made_anew:
        folder.mkdir()
    recover_set(folder)
    assert seeds(folder) == 1
    assert not left_over(folder)


def test_killed_between_the_renames_and_the_new_set_is_lost(
    two_sets: tuple[Path, Path, Path],
) -> None:
    folder, new, old = two_sets
    folder.rename(old)
    shutil.rmtree(new)
    recover_set(folder)
    assert seeds(folder) == 0
    assert not left_over(folder)


def test_killed_while_deleting_the_set_before(two_sets: tuple[Path, Path, Path]) -> None:
    folder, new, old = two_sets
    folder.rename(old)
    new.rename(folder)
    (old / MANIFEST_NAME).unlink()
    recover_set(folder)
    assert seeds(folder) == 1
    assert not left_over(folder)


def test_nothing_to_recover(tmp_path: Path) -> None:
    recover_set(tmp_path / "augmented")
    assert list(tmp_path.iterdir()) == []


def test_rename_that_fails_leaves_the_set_before(
    two_sets: tuple[Path, Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, new, _ = two_sets
    rename = Path.rename

    def refuse(path: Path, target: Path) -> Path:
        if path == new:
            raise PermissionError(13, "in use")
        return rename(path, target)

    monkeypatch.setattr(Path, "rename", refuse)
    with pytest.raises(UserError, match="cannot be replaced"):
        put_set_in_place(folder)
    assert seeds(folder) == 0
    assert not left_over(folder)


def test_beginning_where_nothing_can_be_written_is_explained(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(UserError, match="Making the augmented photos"):
        begin_set(tmp_path / "file" / "augmented")


def test_leftovers_that_cannot_be_removed_yet_are_in_nobodys_way(
    two_sets: tuple[Path, Path, Path],
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    folder, new, _ = two_sets

    def refuse(_path: Path) -> None:
        raise PermissionError(13, "in use")

    monkeypatch.setattr(shutil, "rmtree", refuse)
    recover_set(folder)
    assert "cannot be removed yet" in caplog.text
    assert seeds(folder) == 0
    assert new.exists()
    monkeypatch.undo()
    recover_set(folder)
    assert not left_over(folder)


@pytest.mark.parametrize("prefix", [".replaced-", ".writing-"])
def test_nothing_is_made_while_old_copies_are_in_the_way(
    samples: list[Sample], folder: Path, monkeypatch: pytest.MonkeyPatch, prefix: str
) -> None:
    make(samples, folder)
    leftover = folder.with_name(f"{prefix}augmented")
    shutil.copytree(folder, leftover)

    def refuse(_path: Path) -> None:
        raise PermissionError(13, "in use")

    monkeypatch.setattr(shutil, "rmtree", refuse)
    with pytest.raises(UserError, match="cannot be removed") as refused:
        begin_set(folder)
    assert "Close the program" in refused.value.remedy
    monkeypatch.undo()
    assert seeds(folder) == 0
    begin_set(folder)
    assert not (leftover / MANIFEST_NAME).exists()


def test_manifest_has_all_that_training_needs(samples: list[Sample], folder: Path) -> None:
    made = make(samples, folder)
    document = json.loads((folder / MANIFEST_NAME).read_text("utf-8"))
    assert [copy["image"] for copy in document["copies"]] == [c.path.name for c in made.samples]
    assert {"boxes", "photo", "number", "width", "height", "digest"} <= document["copies"][0].keys()
    assert document["settings"]["seed"] == 0
