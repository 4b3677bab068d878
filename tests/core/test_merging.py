"""One project takes in another: photos, labels, splits and sessions, nothing twice."""

from __future__ import annotations

import zipfile

import pytest

from facegui.core.boxes import Box
from facegui.core.importing import import_source
from facegui.core.progress import StopToken, ignore_progress
from facegui.core.project import Project
from facegui.core.project_index import Session
from facegui.core.splits import Split

FACE = Box(10.0, 5.0, 30.0, 25.0)


def take(project, *sources):
    return import_source(project, sources, ignore_progress, StopToken())


@pytest.fixture
def other(tmp_path, make_photo, make_label):
    """A project with two sessions: one imported, as BMP, one put there by hand."""
    source = tmp_path / "theirs"
    make_photo(source / "train" / "images" / "a.bmp", seed=1)
    make_label(source / "train" / "labels" / "a.json", [(10, 5, 30, 25)])
    make_photo(source / "test" / "images" / "b.jpg", seed=2)
    with Project.create(tmp_path / "other") as other:
        take(other, source)
        (key,) = other.sessions
        other.note_people(key, ["Ada"])
        make_photo(other.photos_folder / "c.jpg", seed=3)
        other.refresh()
        yield other


def test_photos_labels_splits_sessions_and_people_come_along(project, other):
    report = take(project, other.folder)
    assert {photo.name: project.label(photo) for photo in project.photos} == {
        "a.png": (FACE,),
        "b.jpg": None,
        "c.jpg": None,
    }
    assert project.split(project.photo("a.png")) is Split.TRAIN
    assert project.split(project.photo("b.jpg")) is Split.TEST
    ((key, theirs),) = other.sessions.items()
    assert project.sessions[key] == theirs
    assert theirs.people == ("Ada",)
    assert project.record("a.png") == other.record("a.png")
    assert report.skipped == ()


def test_nothing_comes_in_twice_whichever_way(project, other, tmp_path):
    take(project, other.folder)
    take(project, tmp_path / "theirs")
    for one, another in ((project, other), (other, project), (project, other)):
        report = take(one, another.folder)
        assert (report.photos, len(report.duplicates)) == ((), 3)
        assert len(one.photos) == 3


def test_a_copy_of_a_photo_that_remembers_another_origin_is_found(project, other, tmp_path):
    """`a.png` was made of `a.bmp`; somebody passed the PNG on by itself."""
    copy = tmp_path / "passed on" / "a.png"
    copy.parent.mkdir()
    copy.write_bytes(other.photo("a.png").path.read_bytes())
    take(project, copy.parent)
    assert take(project, other.folder).labels_taken == ("a.png",)
    assert len(project.photos) == 3


def test_a_session_that_was_taken_over_is_found_again(project, other):
    take(project, other.folder)
    (key,) = other.sessions
    project.note_people(key, ["Grace"])
    project.delete([project.photo("a.png")])
    take(project, other.folder)
    assert project.record("a.png").session == key
    assert project.sessions[key].people == ("Grace", "Ada")


def test_another_session_under_the_same_key_gets_its_own(project, other):
    ((key, session),) = other.sessions.items()
    project.adopt_session(key, Session("Mine", "2020-01-01T00:00:00+00:00"))
    take(project, other.folder)
    theirs = project.record("a.png").session
    assert theirs != key
    assert (project.sessions[key].title, project.sessions[theirs]) == ("Mine", session)


def test_a_zipped_project_is_recognised(project, other, tmp_path):
    with zipfile.ZipFile(tmp_path / "other.zip", "w") as archive:
        for path in other.folder.rglob("*"):
            if path.is_file() and not path.name.startswith("."):
                archive.write(path, path.relative_to(other.folder))
    take(project, tmp_path / "other.zip")
    assert project.record("a.png") == other.record("a.png")
