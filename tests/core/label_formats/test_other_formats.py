"""YOLO, COCO and the tutorial's files as other programs write them, odd and broken ones too."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from facegui.core.boxes import Box
from facegui.core.import_plan import survey
from facegui.core.importing import ImportReport, import_source
from facegui.core.progress import StopToken, ignore_progress
from facegui.core.project import Project
from tests.core.conftest import MakePhoto

FACE = Box(16.0, 12.0, 32.0, 24.0)
YOLO_FACE = "0 0.375 0.375 0.25 0.25\n"


@pytest.fixture
def source(tmp_path: Path) -> Path:
    return tmp_path / "source"


def put(path: Path, content: object) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content if isinstance(content, str) else json.dumps(content), "utf-8")


def take(project: Project, source: Path, *, take_all: bool = False) -> ImportReport:
    return import_source(project, [source], ignore_progress, StopToken(), take_all_labels=take_all)


def labels_of(project: Project) -> dict[str, tuple[Box, ...] | None]:
    return {photo.name: project.label(photo) for photo in project.photos}


@pytest.mark.parametrize(
    ("photo", "label", "names"),
    [
        ("images/train/a.jpg", "labels/train/a.txt", ("data.yaml", "names: [face]")),
        ("images/train/a.jpg", "labels/train/a.txt", ("data.yaml", "names: {0: Face}")),
        ("train/images/a.jpg", "train/labels/a.txt", ("data.yaml", "names: ['face']")),
        ("a.jpg", "a.txt", ("classes.txt", "face\n")),
        ("obj/a.jpg", "obj/a.txt", ("obj.names", "face\n")),
    ],
)
def test_yolo_in_every_layout(
    project: Project,
    source: Path,
    make_photo: MakePhoto,
    photo: str,
    label: str,
    names: tuple[str, str],
) -> None:
    make_photo(source / photo)
    put(source / label, YOLO_FACE)
    put(source / names[0], names[1])
    report = take(project, source)
    assert labels_of(project) == {"a.jpg": (FACE,)}
    assert report.skipped == ()


def test_yolo_outlines_confidences_and_empty_files(
    project: Project, source: Path, make_photo: MakePhoto
) -> None:
    for name in "abc":
        make_photo(source / f"{name}.jpg")
    put(source / "a.txt", "0 0.25 0.25 0.5 0.25 0.5 0.5 0.25 0.5\n")
    put(source / "b.txt", YOLO_FACE.strip() + " 0.98\n")
    put(source / "c.txt", "")
    put(source / "classes.txt", "face")
    take(project, source)
    assert labels_of(project) == {"a.jpg": (FACE,), "b.jpg": (FACE,), "c.jpg": ()}


def test_yolo_without_names_asks_what_its_classes_are(source: Path, make_photo: MakePhoto) -> None:
    make_photo(source / "a.jpg")
    put(source / "a.txt", YOLO_FACE)
    plan = survey([source])
    assert (plan.labels, plan.names_no_face) == ({"class 0": 1}, True)
    put(source / "data.yaml", "names: [face]")
    assert survey([source]).labels == {"face": 1}, "names are read anew each time"


@pytest.mark.parametrize("text", ["0 0.5 0.5", "0 0.5 0.5 x 0.1", "0 0.5 0.5 nan 0.1"])
def test_a_broken_yolo_file_never_becomes_no_face(
    project: Project, source: Path, make_photo: MakePhoto, text: str
) -> None:
    make_photo(source / "a.jpg")
    put(source / "a.txt", text)
    assert [item.path.name for item in take(project, source).broken_labels] == ["a.txt"]
    assert labels_of(project) == {"a.jpg": None}


def test_words_beside_a_photo_are_no_yolo(
    project: Project, source: Path, make_photo: MakePhoto
) -> None:
    make_photo(source / "a.jpg")
    put(source / "a.txt", "A photo of me.")
    put(source / "numbers.txt", "1 2 3")
    put(source / "other.yaml", "a: &a [*a]")
    report = take(project, source)
    assert labels_of(project) == {"a.jpg": None}
    assert {item.path.name: item.reason for item in report.skipped} == {
        "a.txt": "no picture",
        "numbers.txt": "no picture",
        "other.yaml": "no picture",
    }


def coco(*boxes: object, file_name: str = "a.jpg", size: object = 64) -> dict[str, object]:
    return {
        "images": [{"id": 7, "file_name": file_name, "width": size, "height": 48}],
        "categories": [{"id": 3, "name": "face"}],
        "annotations": [
            {"id": number, "image_id": 7, "category_id": 3, "bbox": box}
            for number, box in enumerate(boxes)
        ],
    }


@pytest.mark.parametrize(
    ("photo", "label", "file_name"),
    [
        ("train/a.jpg", "train/_annotations.coco.json", "a.jpg"),
        ("images/train/a.jpg", "annotations/instances_train.json", "a.jpg"),
        ("images/train/a.jpg", "instances.json", "train/a.jpg"),
        ("x/a.jpg", "annotations/instances.json", "C:\\photos\\a.jpg"),
    ],
)
def test_coco_in_every_layout(
    project: Project, source: Path, make_photo: MakePhoto, photo: str, label: str, file_name: str
) -> None:
    make_photo(source / photo)
    put(source / label, coco([16, 12, 16, 12], file_name=file_name))
    report = take(project, source)
    assert labels_of(project) == {"a.jpg": (FACE,)}
    assert report.skipped == ()


def test_coco_files_of_two_splits_do_not_take_each_others_photos(
    project: Project, source: Path, make_photo: MakePhoto
) -> None:
    for split, x in (("train", 16), ("valid", 20)):
        make_photo(source / split / "a.jpg")
        put(source / split / "_annotations.coco.json", coco([x, 12, 16, 12]))
    take(project, source)
    assert labels_of(project) == {"a.jpg": (FACE,), "a-2.jpg": (Box(20, 12, 36, 24),)}


def test_coco_tells_of_photos_that_are_missing_and_boxes_that_are_none(
    project: Project, source: Path, make_photo: MakePhoto
) -> None:
    make_photo(source / "a.jpg")
    make_photo(source / "b.jpg")
    put(source / "1.json", coco([16, 12, "wide", 12]))
    put(source / "2.json", coco(file_name="gone.jpg"))
    put(source / "3.json", coco(file_name="b.jpg", size="unknown"))
    report = take(project, source)
    assert labels_of(project) == {"a.jpg": None, "b.jpg": ()}
    assert [item.path.name for item in report.broken_labels] == ["1.json"]
    assert [item.reason for item in report.skipped] == ["the photo gone.jpg in it is missing"]


def test_the_tutorials_copies_come_in_with_boxes_and_without(
    project: Project, source: Path, make_photo: MakePhoto
) -> None:
    for name in ("a.0", "b.0", "c.0", "d.0"):
        make_photo(source / "aug_data" / "train" / "images" / f"{name}.jpg")
    labels = source / "aug_data" / "train" / "labels"
    put(labels / "a.0.json", {"image": "a.jpg", "bbox": [0.25, 0.25, 0.5, 0.5], "class": 1})
    put(labels / "b.0.json", {"image": "b.jpg", "bbox": [0, 0, 0, 0], "class": 0})
    put(labels / "c.0.json", {"image": "c.jpg", "bbox": [16, 12, 32, 24], "class": 1})
    put(labels / "d.0.json", {"image": "d.jpg", "bbox": "none", "class": 1})
    report = take(project, source)
    assert labels_of(project) == {
        "a.0.jpg": (FACE,),
        "b.0.jpg": (),
        "c.0.jpg": None,
        "d.0.jpg": None,
    }
    assert sorted(item.path.name for item in report.broken_labels) == ["c.0.json", "d.0.json"]
