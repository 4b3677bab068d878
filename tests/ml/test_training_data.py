"""Which pictures a network learns from, and what it sees of them."""

from __future__ import annotations

import logging
from pathlib import Path

import numpy as np
import pytest

from facegui.core.augmented_set import read_set
from facegui.core.boxes import Box
from facegui.core.errors import Cancelled, UserError
from facegui.core.files import sha256_of
from facegui.core.images import encode_for_project, read_picture, resized, write_picture
from facegui.core.progress import Progress, StopToken, ignore_progress
from facegui.core.project import NewPhoto, Project
from facegui.core.project_index import PhotoRecord
from facegui.core.run_photos import write_run_photos
from facegui.core.runs import Run
from facegui.core.splits import Split
from facegui.ml.training_data import (
    LabelledPicture,
    labelled_files,
    load_pictures,
    split_pictures,
    training_pictures,
    unseen_pictures,
)
from tests.ml.conftest import COPIES

FACE = Box(10.0, 10.0, 60.0, 40.0)


def names(pictures: tuple[LabelledPicture, ...]) -> set[str]:
    return {picture.path.name for picture in pictures}


def photos_behind(project: Project) -> set[str]:
    """The photos that the training pictures are, or are copies of."""
    augmented = read_set(project.augmented_folder)
    sources = {copy.path: copy.photo for copy in augmented.samples} if augmented else {}
    return {sources.get(item.path, item.path.name) for item in training_pictures(project)}


def split_names(project: Project, split: Split) -> set[str]:
    return {sample.photo.name for sample in project.samples(split)}


def make_pictures(folder: Path, count: int) -> list[LabelledPicture]:
    pictures = []
    for number in range(count):
        path = folder / f"{number}.png"
        pixels = np.random.default_rng(number).integers(0, 256, (40, 80, 3), np.uint8)
        write_picture(path, pixels)
        pictures.append(LabelledPicture(path, (FACE,) if number % 2 else ()))
    return pictures


def test_training_is_on_copies_of_training_photos_alone(project: Project) -> None:
    pictures = training_pictures(project)
    assert len(pictures) == COPIES * len(project.samples(Split.TRAIN))
    assert all(project.augmented_folder in picture.path.parents for picture in pictures)
    assert photos_behind(project) == split_names(project, Split.TRAIN)


def test_without_copies_the_training_photos_themselves_are_taken(project: Project) -> None:
    (project.augmented_folder / "manifest.json").unlink()
    assert training_pictures(project) == split_pictures(project, Split.TRAIN)
    assert names(training_pictures(project)) == split_names(project, Split.TRAIN)


def test_held_out_photos_are_as_they_were_taken(project: Project) -> None:
    for split in (Split.VALIDATION, Split.TEST):
        pictures = split_pictures(project, split)
        assert names(pictures) == split_names(project, split)
        assert all(picture.path.parent == project.photos_folder for picture in pictures)
    assert len(split_pictures(project, None)) == 24


def test_copies_of_a_photo_that_is_tested_on_by_now_are_left_out(project: Project) -> None:
    sample = project.samples(Split.TRAIN)[0]
    picture = encode_for_project(sample.photo.path.read_bytes(), sample.photo.name)
    project.delete([sample.photo])
    new = NewPhoto(picture, sample.photo.name, PhotoRecord(Split.TEST), sample.boxes)
    assert project.add_photos([new])[0].name == sample.photo.name
    assert sample.photo.name not in photos_behind(project)
    assert photos_behind(project) == split_names(project, Split.TRAIN)


def test_copies_of_a_deleted_photo_are_left_out(
    project: Project, caplog: pytest.LogCaptureFixture
) -> None:
    sample = project.samples(Split.TRAIN)[0]
    project.delete([sample.photo])
    with caplog.at_level(logging.WARNING):
        assert sample.photo.name not in photos_behind(project)
    assert "outdated" in caplog.text


def test_photo_labelled_anew_is_taken_with_its_new_label(project: Project) -> None:
    sample = next(sample for sample in project.samples(Split.TRAIN) if sample.boxes)
    project.set_label(sample.photo, [FACE])
    pictures = training_pictures(project)
    assert LabelledPicture(sample.photo.path, (FACE,)) in pictures
    assert len(pictures) == COPIES * (len(project.samples(Split.TRAIN)) - 1) + 1


def test_current_copies_cause_no_warning(
    project: Project, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        training_pictures(project)
    assert not caplog.records


def test_pictures_come_in_order_at_the_size_and_boxes_in_shares(tmp_path: Path) -> None:
    pictures = make_pictures(tmp_path, 5)
    loaded = load_pictures(pictures, 32, ignore_progress, StopToken())
    assert len(loaded) == 5
    assert loaded.pictures.shape == (5, 32, 32, 3)
    assert loaded.pictures.dtype == np.uint8
    for picture, pixels, boxes in zip(pictures, loaded.pictures, loaded.labels, strict=True):
        np.testing.assert_array_equal(pixels, resized(read_picture(picture.path), 32, 32))
        # 80 pixels wide, 40 high
        assert boxes == ((Box(0.125, 0.25, 0.75, 1.0),) if picture.boxes else ())


def test_no_pictures_are_an_empty_array() -> None:
    assert len(load_pictures([], 32, ignore_progress, StopToken())) == 0


def test_progress_counts_to_the_last_picture(tmp_path: Path) -> None:
    reports: list[Progress] = []
    load_pictures(make_pictures(tmp_path, 6), 32, reports.append, StopToken())
    assert reports[-1] == Progress(6, 6, "Reading photos")
    assert [report.done for report in reports] == sorted({report.done for report in reports})


def test_damaged_picture_is_named(tmp_path: Path) -> None:
    pictures = make_pictures(tmp_path, 4)
    pictures[2].path.write_bytes(b"no picture")
    with pytest.raises(UserError, match=r"2\.png"):
        load_pictures(pictures, 32, ignore_progress, StopToken())


def test_cancel_ends_the_reading(tmp_path: Path) -> None:
    stop = StopToken()
    pictures = make_pictures(tmp_path, 6)
    with pytest.raises(Cancelled):
        load_pictures(pictures, 32, lambda _: stop.cancel(), stop)
    with pytest.raises(Cancelled):
        load_pictures(pictures, 32, ignore_progress, stop)


def test_unreadable_pictures_can_be_left_out(tmp_path: Path) -> None:
    pictures = make_pictures(tmp_path, 4)
    pictures[1].path.write_bytes(b"no picture")
    pictures[2].path.unlink()
    loaded = load_pictures(pictures, 32, ignore_progress, StopToken(), skip_unreadable=True)
    others = load_pictures(pictures[::3], 32, ignore_progress, StopToken())
    assert loaded.labels == others.labels
    np.testing.assert_array_equal(loaded.pictures, others.pictures)


def test_a_run_is_not_tested_on_what_it_knows(project: Project, tmp_path: Path) -> None:
    write_run_photos(tmp_path, project)
    tested = split_pictures(project, Split.TEST)
    assert unseen_pictures(project, Run(tmp_path)) == (tested, 0)
    learned = [sample.photo.name for sample in project.samples(Split.TRAIN)]
    project.give_splits(dict.fromkeys(learned, Split.TEST))
    assert set(unseen_pictures(project, Run(tmp_path))[0]) == set(tested)
    assert unseen_pictures(project, Run(tmp_path))[1] == len(learned)


# --- pictures that are read when they are wanted --------------------------------------------


def test_files_are_the_same_pictures_and_labels(tmp_path: Path) -> None:
    pictures = make_pictures(tmp_path, 4)
    files = labelled_files(pictures, 32, ignore_progress, StopToken())
    loaded = load_pictures(pictures, 32, ignore_progress, StopToken())
    assert len(files) == len(files.pictures) == 4
    assert files.labels == loaded.labels
    for index in range(4):
        np.testing.assert_array_equal(files.pictures[index], loaded.pictures[index])
    assert files.pictures.digests == tuple(sha256_of(picture.path) for picture in pictures)


def test_what_is_known_of_a_file_is_not_looked_for_again(tmp_path: Path) -> None:
    known = LabelledPicture(tmp_path / "nowhere.jpg", (Box(2, 2, 5, 5),), (10, 10), "digest")
    files = labelled_files([known], 32, ignore_progress, StopToken())
    assert files.pictures.digests == ("digest",)
    assert files.labels == ((Box(0.2, 0.2, 0.5, 0.5),),)


def test_file_that_is_gone_is_left_out_and_a_damaged_one_named(tmp_path: Path) -> None:
    pictures = make_pictures(tmp_path, 2)
    files = labelled_files(pictures, 32, ignore_progress, StopToken())
    pictures[1].path.unlink()
    with pytest.raises(UserError, match=pictures[1].path.name):
        files.pictures[1]
    assert len(labelled_files(pictures, 32, ignore_progress, StopToken())) == 1
    pictures[0].path.write_bytes(b"no picture")
    with pytest.raises(UserError, match=pictures[0].path.name):
        labelled_files(pictures, 32, ignore_progress, StopToken())


def test_looking_at_files_can_be_cancelled(tmp_path: Path) -> None:
    stop = StopToken()
    stop.cancel()
    with pytest.raises(Cancelled):
        labelled_files(make_pictures(tmp_path, 2), 32, ignore_progress, stop)
