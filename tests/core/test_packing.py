"""A project in a zip file: whole when it comes out, with or without its photos."""

from __future__ import annotations

import base64
import json
import zipfile

import pytest

from facegui.core.boxes import Box
from facegui.core.errors import Cancelled, UserError
from facegui.core.importing import import_source
from facegui.core.packing import is_packed_project, pack_project, unpack_project
from facegui.core.progress import StopToken, ignore_progress
from facegui.core.project import Project
from facegui.core.project_index import PhotoRecord
from facegui.core.splits import Split

FACE = Box(10.0, 5.0, 30.0, 25.0)


def pack(project, target, **options):
    return pack_project(project, target, ignore_progress, StopToken(), **options)


def unpack(source, folder):
    unpack_project(source, folder, ignore_progress, StopToken())
    return Project.open(folder)


def take(project, *sources):
    return import_source(project, sources, ignore_progress, StopToken())


def contents(project):
    return {
        photo.name: (photo.path.read_bytes(), project.label(photo), project.record(photo.name))
        for photo in project.photos
    }


@pytest.fixture
def filled(project, add_photo):
    session = project.new_session("Kitchen")
    add_photo("a.jpg", (FACE,), PhotoRecord(Split.TRAIN, session, "1" * 64))
    add_photo("b.png", (), PhotoRecord(Split.TEST, session))
    add_photo("c.jpg")
    (project.runs_folder / "run").mkdir()
    (project.runs_folder / "run" / "run.json").write_text("{}")
    (project.cache_folder / "large.bin").write_bytes(bytes(1000))
    project.save_settings("splits", {"seed": 5})
    return project


def test_a_packed_project_comes_out_as_it_was(filled, tmp_path):
    packed = pack(filled, tmp_path / "p.zip")
    assert (packed.photos, packed.labels) == (3, 2)
    assert packed.size == (tmp_path / "p.zip").stat().st_size
    assert is_packed_project(tmp_path / "p.zip")
    with unpack(tmp_path / "p.zip", tmp_path / "there") as there:
        before, after = contents(filled), contents(there)
        assert {name: item[:2] for name, item in after.items()} == {
            name: item[:2] for name, item in before.items()
        }
        assert after["a.jpg"][2] == before["a.jpg"][2]
        assert there.sessions == filled.sessions
        assert there.settings("splits") == {"seed": 5}
        assert (there.runs_folder / "run" / "run.json").exists()
        assert not (there.cache_folder / "large.bin").exists()


def test_without_photos_they_find_their_labels_again_when_they_come(filled, tmp_path):
    photos = tmp_path / "photos"
    photos.mkdir()
    for photo in filled.photos:
        (photos / f"renamed {photo.name}").write_bytes(photo.path.read_bytes())
    filled._index.photos.pop("a.jpg")  # so that its digest is that of its file
    filled.save_settings("x", {})
    pack(filled, tmp_path / "p.zip", with_photos=False)
    names = zipfile.ZipFile(tmp_path / "p.zip").namelist()
    assert not any(name.endswith((".jpg", ".png")) for name in names)
    with unpack(tmp_path / "p.zip", tmp_path / "there") as there:
        assert there.photos == ()
        report = take(there, photos)
        assert {photo.name: there.label(photo) for photo in there.photos} == {
            "a.jpg": (FACE,),
            "b.png": (),
            "renamed c.jpg": None,
        }
        assert there.split(there.photo("b.png")) is Split.TEST
        assert (report.faces, report.no_face, report.unlabelled) == (1, 1, 1)


def test_without_photos_no_file_shows_anybody(filled, tmp_path, make_label):
    picture = filled.photo("a.jpg").path.read_bytes()
    evaluation = filled.runs_folder / "run" / "evaluation"
    evaluation.mkdir()
    (evaluation / "01-a.jpg").write_bytes(picture)
    (evaluation / "evaluation.json").write_text("{}")
    text = base64.b64encode(picture).decode()
    for name, keys in (("a", {}), ("c", {"imageWidth": None, "imageHeight": None})):
        make_label(filled.labels_folder / f"{name}.json", imageData=text, **keys)
    (filled.labels_folder / "b.json").write_text('{"imageData": "' + text)
    packed = pack(filled, tmp_path / "p.zip", with_photos=False)
    assert (packed.photos, packed.labels) == (0, 2)
    with zipfile.ZipFile(tmp_path / "p.zip") as archive:
        contents = {name: archive.read(name) for name in archive.namelist()}
        label = json.loads(contents["project/labels/c.json"])
    assert not any(picture in data or text.encode() in data for data in contents.values())
    assert "project/runs/run/evaluation/evaluation.json" in contents
    assert (label["imageWidth"], label["imageHeight"], len(label["shapes"])) == (64, 48, 1)


def test_labels_alone_reach_the_photos_that_another_project_has(filled, tmp_path):
    photos = tmp_path / "photos"
    photos.mkdir()
    (photos / "mine.png").write_bytes(filled.photo("b.png").path.read_bytes())
    pack(filled, tmp_path / "p.zip", with_photos=False)
    with Project.create(tmp_path / "friend") as friend:
        take(friend, photos)
        report = take(friend, tmp_path / "p.zip")
        assert report.labels_taken == ("mine.png",)
        assert friend.label(friend.photo("mine.png")) == ()


def test_what_is_no_packed_project_is_refused(filled, tmp_path):
    with zipfile.ZipFile(tmp_path / "other.zip", "w") as archive:
        archive.writestr("a/b/project.json", "{}")
    assert not is_packed_project(tmp_path / "other.zip")
    with pytest.raises(UserError, match="holds no FaceGUI project"):
        unpack(tmp_path / "other.zip", tmp_path / "there")
    pack(filled, tmp_path / "p.zip")
    with pytest.raises(UserError, match="is a project already"):
        unpack(tmp_path / "p.zip", filled.folder)
    with pytest.raises(UserError, match="into itself"):
        pack(filled, filled.folder / "p.zip")


def test_a_cancel_leaves_nothing(filled, tmp_path):
    pack(filled, tmp_path / "p.zip")
    stop = StopToken()
    stop.cancel()
    with pytest.raises(Cancelled):
        pack_project(filled, tmp_path / "q.zip", ignore_progress, stop)
    with pytest.raises(Cancelled):
        unpack_project(tmp_path / "p.zip", tmp_path / "there", ignore_progress, stop)
    assert {path.name for path in tmp_path.iterdir()} == {"project", "p.zip"}
