"""Exporting labels: whole folders that import again, or nothing."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from facegui.core.boxes import Box
from facegui.core.errors import Cancelled, UserError
from facegui.core.importing import import_source
from facegui.core.label_export import export_labels
from facegui.core.label_formats.formats import FORMATS, YOLO
from facegui.core.progress import StopToken, ignore_progress
from facegui.core.project import Project
from facegui.core.project_index import PhotoRecord
from facegui.core.splits import Split

FACE = Box(10.0, 5.0, 30.0, 25.0)


@pytest.mark.parametrize("label_format", FORMATS, ids=lambda item: item.key)
def test_an_export_imports_again_with_labels_and_splits(project, add_photo, tmp_path, label_format):
    add_photo("a.jpg", (FACE, Box(40, 10, 60, 40)), PhotoRecord(Split.TRAIN))
    add_photo("b.png", (), PhotoRecord(Split.TEST))
    add_photo("c.jpg")
    done = export_labels(project, label_format, tmp_path / "out", ignore_progress, StopToken())
    assert (done.photos, done.faces, done.unlabelled, done.broken) == (2, 2, 1, 0)
    with Project.create(tmp_path / "again") as again:
        import_source(again, [tmp_path / "out"], ignore_progress, StopToken())
        labels = {photo.name: again.label(photo) for photo in again.photos}
        corners = sorted(box.corners for box in labels.pop("a.jpg"))
        assert corners == [pytest.approx((10, 5, 30, 25)), pytest.approx((40, 10, 60, 40))]
        assert labels == {"b.png": ()}
        assert {photo.name: again.split(photo) for photo in again.photos} == {
            "a.jpg": Split.TRAIN,
            "b.png": Split.TEST,
        }


def test_a_project_that_never_trained_is_shared_out_for_yolo(project, add_photo, tmp_path):
    for number in range(8):
        add_photo(f"{number}.jpg", (FACE,))
    export_labels(project, YOLO, tmp_path / "out", ignore_progress, StopToken())
    content = yaml.safe_load((tmp_path / "out" / "data.yaml").read_text("utf-8"))
    assert "path" not in content, "it would be sought below a folder of Ultralytics' own"
    for split in ("train", "val"):
        assert any((tmp_path / "out" / content[split]).iterdir())
    assert all(project.split(photo) is not None for photo in project.photos)


def test_yolo_has_photos_to_validate_on_however_few_there_are(project, add_photo, tmp_path):
    add_photo("a.jpg", (FACE,))
    export_labels(project, YOLO, tmp_path / "out", ignore_progress, StopToken())
    content = yaml.safe_load((tmp_path / "out" / "data.yaml").read_text("utf-8"))
    assert content["train"] == content["val"] == "images/train"


@pytest.mark.parametrize(
    ("splits", "train", "val"),
    [
        ((Split.TEST, Split.TRAIN), "images/train", "images/train"),
        ((Split.TEST, Split.VALIDATION), "images/val", "images/val"),
        ((Split.TEST,), "images/test", "images/test"),
    ],
)
def test_yolo_tests_on_no_photo_of_training_that_can_be_spared(
    project, add_photo, tmp_path, splits, train, val
):
    for number, split in enumerate(splits):
        add_photo(f"{number}.jpg", (FACE,), PhotoRecord(split))
    export_labels(project, YOLO, tmp_path / "out", ignore_progress, StopToken())
    content = yaml.safe_load((tmp_path / "out" / "data.yaml").read_text("utf-8"))
    assert (content["train"], content["val"]) == (train, val)


def test_a_project_open_for_reading_is_shared_out_in_the_export_alone(project, add_photo, tmp_path):
    for number in range(8):
        add_photo(f"{number}.jpg", (FACE,))
    with Project.open(project.folder, read_only=True) as reading:
        export_labels(reading, YOLO, tmp_path / "out", ignore_progress, StopToken())
        assert {reading.split(photo) for photo in reading.photos} == {None}
    assert (tmp_path / "out" / "images" / "val").is_dir()


def test_the_folder_one_is_in_will_do_but_none_of_the_project(
    project, add_photo, tmp_path, monkeypatch
):
    add_photo("a.jpg", (FACE,))
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    done = export_labels(project, YOLO, Path(), ignore_progress, StopToken())
    assert (done.folder / "data.yaml").exists()
    for inside in (project.folder, project.photos_folder / "sub"):
        with pytest.raises(UserError, match="inside the project"):
            export_labels(project, YOLO, inside, ignore_progress, StopToken())


def test_labels_alone(project, add_photo, tmp_path):
    add_photo("a.jpg", (FACE,))
    export_labels(
        project, FORMATS[1], tmp_path / "out", ignore_progress, StopToken(), with_photos=False
    )
    assert [path.name for path in (tmp_path / "out").rglob("*") if path.is_file()] == ["a.xml"]


def test_nothing_is_written_where_things_lie_or_nothing_is_labelled(project, add_photo, tmp_path):
    add_photo("a.jpg")
    with pytest.raises(UserError, match="no labels"):
        export_labels(project, FORMATS[0], tmp_path / "out", ignore_progress, StopToken())
    add_photo("b.jpg", (FACE,))
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "mine.txt").touch()
    with pytest.raises(UserError, match="not empty"):
        export_labels(project, FORMATS[0], tmp_path / "out", ignore_progress, StopToken())


def test_a_cancelled_export_leaves_nothing(project, add_photo, tmp_path):
    add_photo("a.jpg", (FACE,))
    stop = StopToken()
    stop.cancel()
    before = set(tmp_path.iterdir())
    with pytest.raises(Cancelled):
        export_labels(project, FORMATS[2], tmp_path / "out", ignore_progress, stop)
    assert set(tmp_path.iterdir()) == before
