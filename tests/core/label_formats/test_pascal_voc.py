"""Pascal VOC: recognised, read as other programs write it, nothing dangerous in it followed."""

from __future__ import annotations

from pathlib import Path

import pytest

from facegui.core.boxes import Box
from facegui.core.import_plan import survey
from facegui.core.importing import ImportReport, import_source
from facegui.core.progress import StopToken, ignore_progress
from facegui.core.project import Project
from tests.core.conftest import MakePhoto

FACE = Box(10.0, 5.0, 30.0, 25.0)
OBJECT = (
    "<object><name>{name}</name><bndbox><xmin>{x0}</xmin><ymin>{y0}</ymin>"
    "<xmax>{x1}</xmax><ymax>{y1}</ymax></bndbox></object>"
)


def annotation(
    *boxes: tuple[object, object, object, object],
    name: str = "face",
    filename: str = "a.jpg",
    size: tuple[object, object] = (64, 48),
) -> str:
    objects = "".join(
        OBJECT.format(name=name, x0=x0, y0=y0, x1=x1, y1=y1) for x0, y0, x1, y1 in boxes
    )
    return (
        f"<annotation><folder>x</folder><filename>{filename}</filename>"
        f"<size><width>{size[0]}</width><height>{size[1]}</height><depth>3</depth></size>"
        f"{objects}</annotation>"
    )


def put(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, "utf-8")
    return path


def take(project: Project, source: Path, *, take_all: bool = False) -> ImportReport:
    return import_source(project, [source], ignore_progress, StopToken(), take_all_labels=take_all)


@pytest.fixture
def source(tmp_path: Path) -> Path:
    return tmp_path / "source"


def labels_of(project: Project) -> dict[str, tuple[Box, ...] | None]:
    return {photo.name: project.label(photo) for photo in project.photos}


def test_the_real_set_comes_in_with_all_its_boxes(project: Project, shared_data: Path) -> None:
    plan = survey([shared_data / "crowd-voc"])
    assert plan.formats == {"Pascal VOC": 214}
    assert plan.labels == {"with_mask": 759, "without_mask": 168, "mask_weared_incorrect": 37}
    assert plan.names_no_face
    assert plan.in_words() == (
        "Found 214 photos with Pascal VOC labels:"
        " with_mask (759), without_mask (168), mask_weared_incorrect (37)."
    )
    report = take(project, shared_data / "crowd-voc", take_all=True)
    assert (len(report.photos), report.faces, report.broken_labels) == (214, 964, ())
    photo = project.photo("maksssksksss0.jpg")
    assert project.label(photo) == (
        Box(79, 105, 109, 142),
        Box(185, 100, 226, 144),
        Box(325, 90, 360, 141),
    )


@pytest.mark.parametrize(
    ("photo", "label"),
    [
        ("a.jpg", "a.xml"),
        ("images/a.jpg", "annotations/a.xml"),
        ("VOC/JPEGImages/a.jpg", "VOC/Annotations/a.xml"),
        ("pictures/a.jpg", "boxes/1.xml"),
    ],
)
def test_a_label_is_found_by_its_place_or_by_the_name_in_it(
    project: Project, source: Path, make_photo: MakePhoto, photo: str, label: str
) -> None:
    make_photo(source / photo)
    put(source / label, annotation((10, 5, 30, 25)))
    take(project, source)
    assert labels_of(project) == {"a.jpg": (FACE,)}


def test_a_picture_saved_in_another_format_is_still_the_one_that_is_named(
    project: Project, source: Path, make_photo: MakePhoto
) -> None:
    make_photo(source / "pictures" / "a.jpg")
    put(source / "1.xml", annotation((10, 5, 30, 25), filename="a.png"))
    take(project, source)
    assert labels_of(project) == {"a.jpg": (FACE,)}


def test_no_object_means_no_face_and_other_objects_are_kept_by_name(
    project: Project, source: Path, make_photo: MakePhoto
) -> None:
    make_photo(source / "a.jpg")
    make_photo(source / "b.jpg")
    put(source / "a.xml", annotation())
    put(source / "b.xml", annotation((10, 5, 30, 25), name="dog"))
    report = take(project, source)
    assert labels_of(project) == {"a.jpg": (), "b.jpg": ()}
    assert report.other_labels == {"dog": 1}
    assert '"dog"' in project.label_path(project.photo("b.jpg")).read_text("utf-8")


def test_labels_of_a_larger_picture_are_scaled_and_decimals_taken(
    project: Project, source: Path, make_photo: MakePhoto
) -> None:
    make_photo(source / "a.jpg")
    put(source / "a.xml", annotation(("20.0", 10, "60.5", 50), size=("128", "96")))
    report = take(project, source)
    assert labels_of(project) == {"a.jpg": (Box(10, 5, 30.25, 25),)}
    assert "scaled" in report.notes[0].reason


@pytest.mark.parametrize(
    "text",
    [
        "<annotation>",
        "",
        "no XML at all",
        annotation((10, 5, "wide", 25)),
        annotation(("nan", 5, 30, 25)),
        "<annotation><filename>a.jpg</filename><object><name>face</name></object></annotation>",
        '<?xml version="1.0" encoding="martian"?><annotation/>',
        '<!DOCTYPE a [<!ENTITY x "xxxxxxxxxx">]>' + annotation(name="&x;"),
        '<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]>' + annotation(name="&x;"),
        '<!DOCTYPE annotation SYSTEM "http://localhost/a.dtd">' + annotation(),
    ],
)
def test_what_cannot_be_read_is_told_and_the_photo_stays_unlabelled(
    project: Project, source: Path, make_photo: MakePhoto, text: str
) -> None:
    make_photo(source / "a.jpg")
    put(source / "a.xml", text)
    report = take(project, source)
    assert labels_of(project) == {"a.jpg": None}
    assert [finding.path.name for finding in report.broken_labels] == ["a.xml"]


def test_other_xml_and_labels_without_a_photo_are_named(project: Project, source: Path) -> None:
    put(source / "a.xml", annotation((10, 5, 30, 25)))
    put(source / "b.xml", "<playlist/>")
    report = take(project, source)
    assert {finding.path.name: finding.reason for finding in report.skipped} == {
        "a.xml": "its photo is missing",
        "b.xml": "no picture",
    }
