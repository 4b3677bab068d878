"""Drafts: kept beside the labels, gone once there is a label, never in the way of anything."""

from __future__ import annotations

import errno
import json

import pytest

from facegui.core import drafts
from facegui.core.boxes import Box, Detection
from facegui.core.drafts import Draft
from facegui.core.errors import UserError
from facegui.core.project import Project

FACE = Box(10.0, 5.0, 30.0, 25.0)
FOUND = (Detection(FACE, 0.9), Detection(Box(1.5, 2.0, 9.0, 8.0), 0.4))


def reopened(project: Project) -> Project:
    project.close()
    return Project.open(project.folder)


def test_draft_is_there_again_when_the_project_is_opened_again(project, add_photo):
    photo, other = add_photo("a.jpg"), add_photo("b.jpg")
    draft = project.drafts.set_draft(photo, FOUND, "run 1")
    assert draft.certainty == 0.4  # of the least sure face
    with reopened(project) as again:
        assert again.drafts.draft(photo) == draft
        assert again.drafts.draft(other) is None
        assert again.drafts.names == ("a.jpg",)
        assert again.drafts.draft(photo).boxes == (FACE, FOUND[1].box)


def test_draft_of_no_face_is_a_draft(project, add_photo):
    photo = add_photo("a.jpg")
    project.drafts.set_draft(photo, (), "run 1", certainty=0.8)
    with reopened(project) as again:
        draft = again.drafts.draft(photo)
        assert (draft.detections, draft.certainty) == ((), 0.8)


def test_draft_is_no_label(project, add_photo):
    photo = add_photo("a.jpg")
    project.drafts.set_draft(photo, FOUND, "run 1")
    assert project.label(photo) is None
    assert not list(project.labels_folder.iterdir())


@pytest.mark.parametrize("boxes", [(FACE,), ()])
def test_label_takes_the_place_of_the_draft(project, add_photo, boxes):
    photo = add_photo("a.jpg")
    project.drafts.set_draft(photo, FOUND, "run 1")
    project.set_label(photo, boxes)
    assert project.drafts.draft(photo) is None
    project.clear_label(photo)
    assert project.drafts.draft(photo) is None
    assert not list((project.folder / "drafts").iterdir())


def test_label_from_another_program_takes_the_place_of_the_draft(project, add_photo, make_label):
    photo = add_photo("a.jpg")
    project.drafts.set_draft(photo, FOUND, "run 1")
    make_label(project.label_path(photo))
    project.refresh()
    assert project.drafts.names == ()
    assert not list((project.folder / "drafts").iterdir())


def test_deleted_photo_takes_its_draft_with_it(project, add_photo):
    photo = add_photo("a.jpg")
    project.drafts.set_draft(photo, FOUND, "run 1")
    entry = project.delete([photo])
    assert not list((project.folder / "drafts").iterdir())
    (back,) = project.restore(entry)
    assert project.drafts.draft(back) is None


def test_removed_draft_can_be_put_back(project, add_photo):
    photo = add_photo("a.jpg")
    draft = project.drafts.set_draft(photo, FOUND, "run 1")
    assert project.drafts.remove_draft(photo) == draft
    assert project.drafts.remove_draft(photo) is None
    project.drafts.put_back(photo, draft)
    with reopened(project) as again:
        assert again.drafts.draft(photo) == draft


@pytest.mark.parametrize(
    "content",
    [
        "",
        "[]",
        "null",
        '{"version": 2}',
        '{"version": 1, "source": "", "made": "", "certainty": 2, "boxes": []}',
        '{"version": 1, "source": "", "made": "", "certainty": NaN, "boxes": []}',
        '{"version": 1, "source": "", "made": "", "certainty": 1, "boxes": [{"box": [1, 2]}]}',
        '{"version": 1, "source": "", "made": "", "certainty": 1, "boxes": null}',
        '{"version": 1, "source": "", "made": "", "certainty": 1,'
        ' "boxes": [{"box": [5, 5, 1, 1], "confidence": 1}]}',
    ],
)
def test_bad_file_is_ignored_and_told_of(project, add_photo, caplog, content):
    bad, good = add_photo("bad.jpg"), add_photo("good.jpg")
    draft = project.drafts.set_draft(good, FOUND, "run 1")
    (project.folder / "drafts" / "bad.jpg.json").write_text(content, "utf-8")
    with reopened(project) as again:
        assert again.drafts.draft(bad) is None
        assert again.drafts.draft(good) == draft
    assert "bad.jpg.json" in caplog.text


def test_full_disk_is_told_and_the_old_draft_stays(project, add_photo, failing, monkeypatch):
    photo = add_photo("a.jpg")
    draft = project.drafts.set_draft(photo, FOUND, "run 1")
    monkeypatch.setattr(drafts, "write_atomically", failing(errno.ENOSPC))
    with pytest.raises(UserError, match="disk is full"):
        project.drafts.set_draft(photo, (), "run 2")
    assert project.drafts.draft(photo) == draft


def test_names_that_differ_only_in_their_ending_share_no_draft(project, add_photo):
    photo = add_photo("a.jpg")
    project.drafts.set_draft(photo, FOUND, "run 1")
    (name,) = (path.name for path in (project.folder / "drafts").iterdir())
    assert name == "a.jpg.json"
    assert json.loads((project.folder / "drafts" / name).read_text("utf-8"))["source"] == "run 1"


def test_project_of_an_earlier_version_gets_the_folder(project):
    (project.folder / "drafts").rmdir()
    with reopened(project) as again:
        assert (again.folder / "drafts").is_dir()


def test_certainty_is_a_share():
    with pytest.raises(ValueError, match="certainty"):
        Draft((), "run 1", 1.5)
