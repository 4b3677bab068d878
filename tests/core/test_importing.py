"""Importing: every layout and format, nothing in silence, twice as once, completed after a kill."""

from __future__ import annotations

import base64
import errno
import hashlib
import json
import os
from pathlib import Path

import numpy as np
import pillow_heif
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from facegui.core import files, import_files
from facegui.core import project as project_module
from facegui.core.boxes import Box
from facegui.core.errors import Cancelled, UserError
from facegui.core.images import read_picture, write_picture
from facegui.core.importing import ImportReport, Unlabelled, import_source
from facegui.core.labelme import read_label_file
from facegui.core.photo_library import PhotoState
from facegui.core.progress import Progress, StopToken, ignore_progress
from facegui.core.project import Project
from facegui.core.splits import Split

FACE = Box(10.0, 5.0, 30.0, 25.0)
OTHER = Box(1.0, 2.0, 11.0, 12.0)
FACE_CORNERS, OTHER_CORNERS = [(10, 5, 30, 25)], [(1, 2, 11, 12)]


def take(project: Project, *sources: Path, **options) -> ImportReport:
    return import_source(project, sources, ignore_progress, StopToken(), **options)


def names(findings):
    return [finding.path.name for finding in findings]


def boxes(project):
    return {photo.name: project.label(photo) for photo in project.photos}


def splits(project):
    return {photo.name: project.split(photo) for photo in project.photos}


@pytest.fixture
def source(tmp_path):
    folder = tmp_path / "source"
    folder.mkdir()
    return folder


# The real sets


def test_real_set_a_comes_in_whole_with_its_splits(project, shared_data):
    report = take(project, shared_data / "webcam-a", unlabelled=Unlabelled.NO_FACE)
    assert (len(report.photos), report.faces, report.no_face, report.unlabelled) == (90, 72, 18, 0)
    assert report.splits == {Split.TRAIN: 62, Split.VALIDATION: 14, Split.TEST: 14}
    assert names(report.skipped) == ["LICENSE"]
    assert report.broken_labels == report.duplicates == ()
    assert sum(len(sample.boxes) for sample in project.samples()) == 72
    for folder in ("train", "val", "test"):
        for picture in (shared_data / "webcam-a" / folder / "images").iterdir():
            assert project.photo(picture.name).path.read_bytes() == picture.read_bytes()


def test_tutorial_finding_real_photos_without_json_are_not_taken_as_no_face(project, shared_data):
    report = take(project, shared_data / "webcam-a")
    assert (len(report.photos), report.no_face, report.unlabelled) == (90, 0, 18)
    assert len(project.samples()) == 72


def test_real_set_b_comes_in_whole_with_its_splits(project, shared_data):
    report = take(project, shared_data / "webcam-b", unlabelled=Unlabelled.NO_FACE)
    assert (len(report.photos), report.faces, report.no_face, report.unlabelled) == (90, 76, 14, 0)
    found = {
        split: len(list((shared_data / "webcam-b" / folder / "images").iterdir()))
        for folder, split in (
            ("training", Split.TRAIN),
            ("validation", Split.VALIDATION),
            ("testing", Split.TEST),
        )
    }
    assert report.splits == found


# Formats


@pytest.mark.parametrize("suffix", [".png", ".webp", ".bmp", ".tiff", ".tif", ".JPG", ".jpeg"])
def test_every_common_format_comes_in(project, source, make_photo, make_label, suffix):
    path = make_photo(source / f"a{suffix}")
    make_label(source / "a.json", FACE_CORNERS)
    report = take(project, source)
    (photo,) = project.photos
    assert report.photos == (photo.name,)
    assert photo.name in ("a.jpg", "a.png")
    assert project.size(photo) == (64, 48)
    assert project.label(photo) == (FACE,)
    difference = read_picture(path).astype(int) - read_picture(photo.path)
    lossy = suffix == ".webp"
    assert np.abs(difference).max() <= (60 if lossy else 0)


def test_heic_comes_in(project, source):
    pixels = np.zeros((48, 64, 3), np.uint8)
    pixels[:, 32:] = (200, 30, 30)
    pillow_heif.from_pillow(Image.fromarray(pixels)).save(source / "phone.HEIC", quality=95)
    take(project, source)
    (photo,) = project.photos
    assert photo.name == "phone.jpg"
    assert np.abs(read_picture(photo.path).astype(int) - pixels).mean() < 5


@pytest.mark.parametrize("orientation", range(1, 9))
def test_photos_are_turned_upright_and_boxes_fit_them(
    project, source, make_photo, make_label, orientation
):
    exif = Image.Exif()
    exif[0x0112] = orientation
    path = make_photo(source / "a.png", exif=exif)
    upright = (48, 64) if orientation > 4 else (64, 48)
    make_label(source / "a.json", FACE_CORNERS, imageWidth=upright[0], imageHeight=upright[1])
    take(project, source)
    (photo,) = project.photos
    assert project.size(photo) == upright
    assert project.label(photo) == (FACE,)
    with Image.open(photo.path) as stored:
        assert stored.getexif().get(0x0112, 1) == 1
        assert np.array_equal(np.array(stored.convert("RGB")), read_picture(path))


@pytest.mark.parametrize("name", ["Zoë.jpg", "顔 写真.jpg", "صورة.jpg", "😀.jpg"])
def test_names_outside_ascii_come_in(project, source, make_photo, make_label, name):
    make_photo(source / "bilder" / "images" / name)
    make_label(source / "bilder" / "labels" / f"{Path(name).stem}.json", FACE_CORNERS)
    take(project, source / "bilder")
    assert boxes(project) == {name: (FACE,)}


def test_name_that_is_not_in_utf8_comes_in(project, source, make_photo):
    try:
        make_photo(source / os.fsdecode(b"caf\xe9.jpg"))
    except OSError:
        pytest.skip("this file system takes UTF-8 only")
    take(project, source)
    assert [photo.name for photo in project.photos] == ["caf_.jpg"]


def test_names_that_differ_in_case_alone_do_not_meet(project, source, make_photo, make_label):
    make_photo(source / "one" / "Photo.JPG")
    make_label(source / "one" / "Photo.json", FACE_CORNERS)
    make_photo(source / "two" / "photo.png")
    make_label(source / "two" / "photo.json", OTHER_CORNERS)
    take(project, source)
    assert boxes(project) == {"Photo.jpg": (FACE,), "photo-2.png": (OTHER,)}


# What is no picture


def test_tutorial_finding_a_file_that_is_no_picture_is_listed_and_the_rest_goes_in(
    project, source, make_photo
):
    make_photo(source / "a.jpg")
    (source / "b.jpg").write_text("a text", "utf-8")
    whole = make_photo(source / "c.jpg").read_bytes()
    (source / "c.jpg").write_bytes(whole[: len(whole) // 2])
    (source / "empty.png").write_bytes(b"")
    (source / "notes.txt").write_text("a text", "utf-8")
    (source / ".DS_Store").write_bytes(b"x")
    make_photo(source / "d.jpg")
    report = take(project, source)
    assert report.photos == ("a.jpg", "d.jpg")
    assert sorted(names(report.skipped)) == ["b.jpg", "c.jpg", "empty.png", "notes.txt"]
    reasons = {finding.path.name: finding.reason for finding in report.skipped}
    assert "no picture" in reasons["b.jpg"]
    assert all(reasons.values())


def test_file_that_may_not_be_read_is_listed(project, source, make_photo, monkeypatch):
    make_photo(source / "a.jpg")
    make_photo(source / "b.jpg")
    read_bytes = Path.read_bytes

    def refuse_a(path):
        if path.name == "a.jpg":
            raise PermissionError(errno.EACCES, "Permission denied")
        return read_bytes(path)

    monkeypatch.setattr(Path, "read_bytes", refuse_a)
    report = take(project, source)
    assert report.photos == ("b.jpg",)
    assert names(report.skipped) == ["a.jpg"]


def test_folder_that_may_not_be_read_is_listed(project, source, make_photo, monkeypatch):
    make_photo(source / "a.jpg")
    (source / "secret").mkdir()
    scandir = os.scandir

    def refuse_secret(folder):
        if Path(folder).name == "secret":
            raise PermissionError(errno.EACCES, "Permission denied", str(folder))
        return scandir(folder)

    monkeypatch.setattr(import_files.os, "scandir", refuse_secret)
    report = take(project, source)
    assert report.photos == ("a.jpg",)
    assert names(report.skipped) == ["secret"]


def test_single_file_that_is_no_picture_is_listed(project, source, make_label):
    (source / "notes.txt").write_text("a text", "utf-8")
    make_label(source / "alone.json")
    report = take(project, source / "notes.txt", source / "alone.json")
    assert report.photos == ()
    assert {finding.path.name: finding.reason for finding in report.skipped} == {
        "notes.txt": "no picture",
        "alone.json": "Its photo is missing.",
    }


def test_json_of_other_programs_is_listed(project, source):
    (source / "package.json").write_text('{"name": "x"}', "utf-8")
    report = take(project, source)
    assert names(report.skipped) == ["package.json"]
    assert "no LabelMe file" in report.skipped[0].reason


# Layouts


@pytest.mark.parametrize(
    "folders", [("train", "val", "test"), ("training", "validation", "testing")]
)
@pytest.mark.parametrize("label_folder", ["labels", "annotations", "Labels"])
def test_layout_of_the_tutorial_keeps_its_splits(
    project, source, make_photo, make_label, folders, label_folder
):
    for folder, corners in zip(folders, ([(1, 1, 9, 9)], FACE_CORNERS, OTHER_CORNERS), strict=True):
        make_photo(source / folder / "images" / "1.jpg")  # one name in every folder
        make_label(source / folder / label_folder / "1.json", corners)
    report = take(project, source)
    assert report.splits == dict.fromkeys(Split, 1)
    assert report.skipped == ()
    by_split = {project.split(photo): project.label(photo) for photo in project.photos}
    assert by_split == {
        Split.TRAIN: (Box(1, 1, 9, 9),),
        Split.VALIDATION: (FACE,),
        Split.TEST: (OTHER,),
    }


def test_layout_with_images_and_labels_outside_keeps_its_splits(
    project, source, make_photo, make_label
):
    for folder in ("train", "val"):
        make_photo(source / "Images" / folder / "1.jpg")
        make_label(source / "labels" / folder / "1.json", FACE_CORNERS)
    take(project, source)
    assert splits(project) == {"1.jpg": Split.TRAIN, "1-2.jpg": Split.VALIDATION}
    assert set(boxes(project).values()) == {(FACE,)}


def test_one_folder_of_the_layout_alone_keeps_its_split(project, source, make_photo, monkeypatch):
    make_photo(source / "val" / "images" / "a.jpg")
    take(project, source / "val")
    make_photo(source / "test" / "images" / "b.jpg")
    monkeypatch.chdir(source / "test")
    take(project, Path())
    assert splits(project) == {"a.jpg": Split.VALIDATION, "b.jpg": Split.TEST}


def test_folder_that_is_called_test_for_other_reasons_gives_no_split(project, source, make_photo):
    make_photo(source / "test" / "a.jpg")
    report = take(project, source / "test")
    assert report.splits == {}
    assert splits(project) == {"a.jpg": None}


def test_labels_may_lie_beside_the_photos(project, source, make_photo, make_label):
    make_photo(source / "a.jpg")
    make_label(source / "a.json", FACE_CORNERS)
    take(project, source)
    assert boxes(project) == {"a.jpg": (FACE,)}


def test_label_may_name_its_photo_by_image_path_alone(project, source, make_photo, make_label):
    make_photo(source / "photos from mum" / "IMG_1.jpg")
    make_photo(source / "photos from mum" / "IMG_2.jpg")
    make_label(source / "json" / "first.json", FACE_CORNERS, image="C:\\Users\\mum\\img_1.JPG")
    report = take(project, source)
    assert boxes(project) == {"IMG_1.jpg": (FACE,), "IMG_2.jpg": None}
    assert report.skipped == ()


def test_image_path_that_fits_two_photos_is_taken_for_neither(
    project, source, make_photo, make_label
):
    make_photo(source / "one" / "a.jpg")
    make_photo(source / "two" / "a.jpg")
    make_label(source / "json" / "x.json", FACE_CORNERS, image="a.jpg")
    report = take(project, source)
    assert boxes(project) == {"a.jpg": None, "a-2.jpg": None}
    assert names(report.skipped) == ["x.json"]


@pytest.mark.parametrize("named", ["a.jpg", "a.png"])
def test_label_beside_two_pictures_of_its_name_is_for_the_one_that_it_names(
    project, source, make_photo, make_label, named
):
    make_photo(source / "a.jpg")
    make_photo(source / "a.png")
    make_label(source / "a.json", FACE_CORNERS, image=named)
    take(project, source)
    by_format = {Path(name).suffix: found for name, found in boxes(project).items()}
    assert by_format.pop(Path(named).suffix) == (FACE,)
    assert set(by_format.values()) == {None}


def test_picture_that_a_label_embeds_comes_in_without_its_file(
    project, source, make_photo, make_label
):
    photo = make_photo(source / "a.jpg")
    data = photo.read_bytes()
    photo.unlink()
    make_label(source / "a.json", FACE_CORNERS, imageData=base64.b64encode(data).decode())
    make_label(source / "lost.json", FACE_CORNERS)
    report = take(project, source)
    assert boxes(project) == {"a.jpg": (FACE,)}
    assert project.photo("a.jpg").path.read_bytes() == data
    assert [(item.path.name, item.reason) for item in report.skipped] == [
        ("lost.json", "Its photo is missing.")
    ]


def test_single_photo_brings_its_label(project, source, make_photo, make_label):
    make_photo(source / "a.jpg")
    make_label(source / "a.json", FACE_CORNERS)
    make_photo(source / "images" / "b.jpg")
    make_label(source / "labels" / "b.json", OTHER_CORNERS)
    make_photo(source / "c.jpg")
    take(project, source / "a.jpg", source / "a.json", source / "images" / "b.jpg")
    assert boxes(project) == {"a.jpg": (FACE,), "b.jpg": (OTHER,)}


def test_of_another_project_photos_and_labels_come_in_and_no_copies(
    project, tmp_path, make_photo, make_label
):
    with Project.create(tmp_path / "other") as other:
        make_photo(other.photos_folder / "a.jpg")
        make_label(other.labels_folder / "a.json", FACE_CORNERS)
        make_photo(other.augmented_folder / "train" / "images" / "a-0001.jpg")
        make_photo(other.trash_folder / "entry" / "photos" / "deleted.jpg")
        make_photo(other.runs_folder / "run" / "mistake.jpg")
    report = take(project, tmp_path / "other")
    assert boxes(project) == {"a.jpg": (FACE,)}
    assert report.skipped == ()


# Labels


def test_tutorial_finding_all_boxes_of_a_label_come_in(project, source, make_photo, make_label):
    make_photo(source / "a.jpg")
    make_label(source / "a.json", FACE_CORNERS + OTHER_CORNERS)
    report = take(project, source)
    assert report.faces == 2
    assert boxes(project) == {"a.jpg": (FACE, OTHER)}


@pytest.mark.parametrize("corners", [(30, 25, 10, 5), (10, 25, 30, 5), (30, 5, 10, 25)])
def test_tutorial_finding_corners_come_in_whatever_their_order(
    project, source, make_photo, make_label, corners
):
    make_photo(source / "a.jpg")
    make_label(source / "a.json", [corners])
    take(project, source)
    assert boxes(project) == {"a.jpg": (FACE,)}


@pytest.mark.parametrize(
    ("unlabelled", "state"),
    [(Unlabelled.KEEP, PhotoState.UNLABELLED), (Unlabelled.NO_FACE, PhotoState.NO_FACE)],
)
def test_tutorial_finding_a_missing_json_means_no_face_only_when_asked_for(
    project, source, make_photo, unlabelled, state
):
    make_photo(source / "a.jpg")
    report = take(project, source, unlabelled=unlabelled)
    assert project.state(project.photo("a.jpg")) is state
    assert (report.no_face, report.unlabelled) == (
        int(state is PhotoState.NO_FACE),
        int(state is PhotoState.UNLABELLED),
    )


def test_photos_without_label_are_left_out_when_asked_for(project, source, make_photo, make_label):
    make_photo(source / "a.jpg")
    make_photo(source / "b.jpg")
    make_label(source / "b.json", [])
    report = take(project, source, unlabelled=Unlabelled.SKIP)
    assert boxes(project) == {"b.jpg": ()}
    assert [(item.path.name, item.reason) for item in report.skipped] == [
        ("a.jpg", "no label file")
    ]


@pytest.mark.parametrize("unlabelled", Unlabelled)
def test_tutorial_finding_a_broken_label_never_becomes_no_face(
    project, source, make_photo, make_label, unlabelled
):
    for name in "ab":
        make_photo(source / f"{name}.jpg")
        make_label(source / f"{name}.json", FACE_CORNERS)
    label = source / "a.json"
    label.write_bytes(label.read_bytes()[:100])
    before = label.read_bytes()
    for _ in range(2):
        report = take(project, source, unlabelled=unlabelled)
        assert boxes(project) == {"a.jpg": None, "b.jpg": (FACE,)}
        assert names(report.broken_labels) == ["a.json"]
        assert "damaged" in report.broken_labels[0].reason
    assert label.read_bytes() == before


def test_copy_of_a_photo_with_a_broken_label_is_no_reason_to_say_no_face(
    project, source, make_photo
):
    make_photo(source / "a.jpg", seed=1)
    (source / "a.json").write_text("{", "utf-8")
    make_photo(source / "copy.jpg", seed=1)
    take(project, source, unlabelled=Unlabelled.NO_FACE)
    assert boxes(project) == {"a.jpg": None}


def test_other_labels_are_counted_and_kept_but_no_faces(project, source, make_photo, make_label):
    make_photo(source / "a.jpg")
    make_label(source / "a.json", FACE_CORNERS, label="cat")
    report = take(project, source)
    assert report.other_labels == {"cat": 1}
    assert boxes(project) == {"a.jpg": ()}
    document = json.loads((project.labels_folder / "a.json").read_text("utf-8"))
    assert [shape["label"] for shape in document["shapes"]] == ["cat"]


def test_other_labels_are_faces_when_asked_for(project, source, make_photo, make_label):
    make_photo(source / "a.jpg")
    make_label(source / "a.json", FACE_CORNERS, label="cat")
    report = take(project, source, take_all_labels=True)
    assert (report.faces, report.other_labels) == (1, {})
    project.refresh()
    assert boxes(project) == {"a.jpg": (FACE,)}


def test_what_was_mended_in_a_label_is_noted(project, source, make_photo, make_label):
    make_photo(source / "a.jpg")
    make_label(source / "a.json", [(-10, -10, -5, -5), (50, 40, 90, 90)])
    report = take(project, source)
    assert boxes(project) == {"a.jpg": (Box(50, 40, 64, 48),)}
    assert [note.path.name for note in report.notes] == ["a.json"]
    assert "outside the picture" in report.notes[0].reason


def test_label_in_the_project_names_the_photo_there(project, source, make_photo, make_label):
    make_photo(source / "Foto: 1?.bmp" if os.name == "posix" else source / "Foto 1.bmp")
    (label,) = [path.with_suffix(".json") for path in source.iterdir()]
    make_label(label, FACE_CORNERS, unknown="kept")
    take(project, source)
    (photo,) = project.photos
    assert read_label_file(project.label_path(photo)).image_name == photo.name
    assert json.loads(project.label_path(photo).read_text("utf-8"))["unknown"] == "kept"


# Twice, copies, broken off


def test_import_done_twice_makes_no_doubles(project, source, make_photo, make_label):
    for number in range(20):
        make_photo(source / f"{number}.bmp")
        make_label(source / f"{number}.json", FACE_CORNERS)
    take(project, source)
    before = {path: path.read_bytes() for path in project.folder.rglob("*") if path.is_file()}
    report = take(project, source, unlabelled=Unlabelled.NO_FACE)
    assert (report.photos, len(report.duplicates), report.labels_taken) == ((), 20, ())
    after = {path: path.read_bytes() for path in project.folder.rglob("*") if path.is_file()}
    assert after == before
    assert len(project.sessions) == 1, "nothing came in, so there is no session of it"


def test_photo_that_a_file_manager_put_there_is_no_double(project, source, make_photo):
    make_photo(source / "a.jpg", seed=1)
    make_photo(project.photos_folder / "b.jpg", seed=1)
    report = take(project, source)  # which looks by itself what is there
    assert names([*project.photos]) == ["b.jpg"]
    assert len(report.duplicates) == 1


def test_photo_that_was_deleted_or_removed_can_come_in_again(project, source, make_photo):
    make_photo(source / "a.jpg")
    make_photo(source / "b.jpg")
    take(project, source)
    project.delete([project.photo("a.jpg")])
    project.photo("b.jpg").path.unlink()
    assert sorted(take(project, source).photos) == ["a.jpg", "b.jpg"]


def test_another_photo_under_the_name_of_a_deleted_one_keeps_nothing_out(
    project, source, make_photo
):
    make_photo(source / "a.jpg", seed=1)
    take(project, source)
    project.delete([project.photo("a.jpg")])
    make_photo(project.photos_folder / "a.jpg", seed=2)
    assert take(project, source).photos == ("a-2.jpg",)
    assert len(take(project, source).duplicates) == 1


def test_photo_that_was_made_lighter_in_its_place_is_still_known(project, source, make_photo):
    make_photo(source / "a.png", seed=1)
    take(project, source)
    path = project.photos[0].path
    write_picture(path, (read_picture(path) * 0.8 + 30).astype(np.uint8))
    assert len(take(project, source).duplicates) == 1


def test_of_two_copies_in_one_source_the_labelled_one_counts(
    project, source, make_photo, make_label
):
    make_photo(source / "1 plain" / "a.jpg", seed=1)
    make_photo(source / "2 labelled" / "a.jpg", seed=1)
    make_label(source / "2 labelled" / "a.json", FACE_CORNERS)
    report = take(project, source, unlabelled=Unlabelled.NO_FACE)
    assert boxes(project) == {"a.jpg": (FACE,)}
    assert len(report.duplicates) == 1


def test_of_two_copies_with_labels_the_one_that_can_be_read_counts(
    project, source, make_photo, make_label
):
    make_photo(source / "1" / "a.jpg", seed=1)
    (source / "1" / "a.json").write_text("{", "utf-8")
    make_photo(source / "2" / "a.jpg", seed=1)
    make_label(source / "2" / "a.json", FACE_CORNERS)
    report = take(project, source)
    assert boxes(project) == {"a.jpg": (FACE,)}
    assert report.labels_taken == ("a.jpg",)


def test_labels_made_after_the_first_import_come_in(project, source, make_photo, make_label):
    for name in "ab":
        make_photo(source / f"{name}.jpg")
    take(project, source)
    project.set_label(project.photo("b.jpg"), [OTHER])
    for name in "ab":
        make_label(source / f"{name}.json", FACE_CORNERS)
    report = take(project, source)
    assert report.labels_taken == ("a.jpg",)
    assert boxes(project) == {"a.jpg": (FACE,), "b.jpg": (OTHER,)}, "a label there stands"


class Killed(BaseException):
    """Stands for a kill."""


@pytest.mark.parametrize("unlabelled", [Unlabelled.KEEP, Unlabelled.NO_FACE])
@pytest.mark.parametrize("writes", range(0, 40, 5))
def test_import_that_was_broken_off_is_completed_by_doing_it_again(
    project, source, make_photo, make_label, monkeypatch, unlabelled, writes
):
    for number in range(18):
        make_photo(source / "val" / "images" / f"{number:02}.jpg")
    for number in range(9):
        make_label(source / "val" / "labels" / f"{number:02}.json", FACE_CORNERS)
    replace, done = Path.replace, 0

    def replace_or_die(path, target):
        nonlocal done
        if done == writes:
            raise Killed
        done += 1
        return replace(path, target)

    monkeypatch.setattr(Path, "replace", replace_or_die)
    with pytest.raises(Killed):
        take(project, source, unlabelled=unlabelled)
        raise Killed
    monkeypatch.undo()
    project.close()
    with Project.open(project.folder) as project:
        take(project, source, unlabelled=unlabelled)
        rest = () if unlabelled is Unlabelled.NO_FACE else None
        assert boxes(project) == {
            f"{number:02}.jpg": (FACE,) if number < 9 else rest for number in range(18)
        }
        assert set(splits(project).values()) == {Split.VALIDATION}


def test_cancelled_import_keeps_what_came_in(project, source, make_photo):
    class StopAtTheTwentieth(StopToken):
        looks = 0

        def raise_if_cancelled(self) -> None:
            self.looks += 1
            if self.looks > 1 + 40 + 20:  # the folder, its files, then each photo
                self.cancel()
            super().raise_if_cancelled()

    for number in range(40):
        make_photo(source / f"{number:02}.jpg")
    with pytest.raises(Cancelled):
        import_source(project, [source], ignore_progress, StopAtTheTwentieth())
    assert len(project.photos) == 16
    report = take(project, source)
    assert (len(report.photos), len(report.duplicates)) == (24, 16)


class StopWhenTold(StopToken):
    """Is cancelled by the first progress with this text in it; also a report."""

    def __init__(self, text):
        super().__init__()
        self._text = text

    def __call__(self, progress):
        if self._text in progress.text:
            self.cancel()


@pytest.mark.parametrize(
    "text", ["Looking through", "Looking at", "Reading the photos that are there"]
)
def test_import_can_be_cancelled_before_the_first_photo(
    project, source, make_photo, make_label, text
):
    for name in "ab":
        make_photo(source / f"{name}.jpg")
        make_label(source / f"{name}.json", FACE_CORNERS)
        make_photo(project.photos_folder / f"own-{name}.jpg")
    stop = StopWhenTold(text)
    with pytest.raises(Cancelled):
        import_source(project, [source], stop, stop)
    assert all(photo.name.startswith("own-") for photo in project.photos)


def test_photo_that_is_deleted_during_the_import_comes_in_again(project, source, make_photo):
    for number in range(20):
        make_photo(source / f"{number:02}.jpg")
    take(project, source)

    def delete_the_last(progress):
        if progress.text == "00.jpg":
            project.delete([project.photo("19.jpg")])

    report = import_source(project, [source], delete_the_last, StopToken())
    assert (report.photos, len(report.duplicates)) == (("19.jpg",), 19)


@pytest.mark.parametrize("unlabelled", [Unlabelled.KEEP, Unlabelled.NO_FACE])
def test_photo_that_is_damaged_during_the_import_is_listed_and_the_rest_goes_in(
    project, source, make_photo, make_label, unlabelled
):
    for number in range(20):
        make_photo(source / f"{number:02}.jpg")
    take(project, source)
    if unlabelled is Unlabelled.KEEP:
        for number in range(20):
            make_label(source / f"{number:02}.json", FACE_CORNERS)

    def damage_the_last(progress):
        if progress.text == "00.jpg":
            project.photo("19.jpg").path.write_bytes(b"no picture")

    report = import_source(project, [source], damage_the_last, StopToken(), unlabelled=unlabelled)
    assert len(report.labels_taken) == 19
    assert names(report.skipped) == ["19.jpg"]


def test_progress_ends_at_the_number_of_pictures(project, source, make_photo):
    for number in range(5):
        make_photo(source / f"{number}.jpg")
    seen: list[Progress] = []
    import_source(project, [source], seen.append, StopToken())
    assert seen[-1] == Progress(5, 5, "4.jpg")


def test_full_disk_is_told_and_the_import_can_be_done_again(
    project, source, make_photo, make_label, monkeypatch
):
    for number in range(20):
        make_photo(source / f"{number}.jpg")
        make_label(source / f"{number}.json", FACE_CORNERS)
    fsync, room = os.fsync, 25

    def full_in_the_end(handle):
        nonlocal room
        room -= 1
        if room < 0:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        fsync(handle)

    monkeypatch.setattr(files.os, "fsync", full_in_the_end)
    with pytest.raises(UserError, match="disk is full"):
        take(project, source)
    monkeypatch.undo()
    assert 0 < len(project.photos) < 20
    take(project, source)
    assert set(boxes(project).values()) == {(FACE,)}
    assert len(project.photos) == 20
    assert list(project.folder.rglob(".writing-*")) == []


def test_folder_that_may_not_be_written_is_told(project, source, make_photo, monkeypatch, failing):
    make_photo(source / "a.jpg")
    monkeypatch.setattr(project_module, "write_atomically", failing(errno.EACCES))
    with pytest.raises(UserError, match="No permission for saving the photos"):
        take(project, source)
    assert project.photos == ()


# Sources


def test_missing_source_and_the_project_itself_are_refused(project, source):
    with pytest.raises(UserError, match="does not exist"):
        take(project, source / "missing")
    for itself in (project.folder, project.photos_folder, project.folder.parent):
        with pytest.raises(UserError, match="belongs to the project itself"):
            take(project, itself)


def test_empty_folder_brings_nothing_and_is_no_error(project, source):
    report = take(project, source)
    assert report.photos == report.skipped == ()
    assert project.sessions == {}


def test_photos_of_an_import_are_one_session(project, source, make_photo):
    for number in range(20):
        make_photo(source / f"{number}.jpg")
    take(project, source)
    ((key, session),) = project.sessions.items()
    assert session.title == "Imported from source"
    assert {project.record(photo.name).session for photo in project.photos} == {key}


FOLDERS = st.sampled_from(
    ["", "train", "val/images", "val/labels", "test", "images", "labels", "x"]
)
STEMS = st.sampled_from(["a", "A", "b", "ü", "c.d"])
SUFFIXES = st.sampled_from([".jpg", ".png", ".JPG", ".json", ".txt", ".bmp"])
TREES = st.dictionaries(
    st.tuples(FOLDERS, STEMS, SUFFIXES),
    st.tuples(st.integers(0, 5), st.sampled_from(["good", "good", "broken", "other"])),
    max_size=14,
)


@settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(TREES, st.sampled_from(Unlabelled))
def test_whatever_lies_in_a_folder_every_file_is_taken_or_named(
    tmp_path_factory, make_photo, make_label, tree, unlabelled
):
    folder = tmp_path_factory.mktemp("tree")
    source = folder / "source"
    source.mkdir()
    digests = set()
    for (part, stem, suffix), (seed, kind) in tree.items():
        path = source / part / f"{stem}{suffix}"
        path.parent.mkdir(parents=True, exist_ok=True)
        if suffix == ".json" and kind != "broken":
            make_label(path, FACE_CORNERS, label="face" if kind == "good" else "cat")
        elif suffix in (".json", ".txt") or kind == "broken":
            path.write_bytes(b"{")
        else:
            make_photo(path, seed=seed)
            digests.add(hashlib.sha256(path.read_bytes()).hexdigest())
    with Project.create(folder / "project") as project:
        report = take(project, source, unlabelled=unlabelled)
        assert len(report.photos) == len(project.photos) <= len(digests)
        if unlabelled is not Unlabelled.SKIP:
            assert len(project.photos) == len(digests)
        pictures = [path for path in source.rglob("*") if path.suffix not in (".json", "")]
        told = {*report.duplicates, *(item.path for item in report.skipped)}
        assert len(pictures) == len(report.photos) + len(told & set(pictures))
        assert all(project.size(photo) == (64, 48) for photo in project.photos)
        states = [project.state(photo) for photo in project.photos]
        assert PhotoState.BROKEN not in states
        if unlabelled is Unlabelled.KEEP and not report.other_labels:
            assert PhotoState.NO_FACE not in states
        before = boxes(project), splits(project)
        again = take(project, source, unlabelled=unlabelled)
        assert again.photos == ()
        assert (boxes(project), splits(project)) == before
