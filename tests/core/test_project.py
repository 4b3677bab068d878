"""Projects: made, moved, opened for reading; nothing is lost when the disk is full."""

from __future__ import annotations

import errno
import json
import shutil
from collections import Counter
from pathlib import Path

import pytest

from facegui.core import files, trash
from facegui.core import project as project_module
from facegui.core.boxes import Box
from facegui.core.errors import UserError
from facegui.core.files import TEMPORARY_PREFIX
from facegui.core.images import EncodedPicture
from facegui.core.labelme import read_label_file
from facegui.core.photo_library import Changes, PhotoState, Sample
from facegui.core.project import NewPhoto, Project
from facegui.core.project_index import SCHEMA, PhotoRecord
from facegui.core.splits import Split, SplitSettings

FACE = Box(10.0, 5.0, 30.0, 25.0)


def encoded(make_photo, path):
    make_photo(path)
    return EncodedPicture(path.read_bytes(), path.suffix, 64, 48)


# Making and opening


def test_new_project_has_the_folders_of_the_design(tmp_path):
    with Project.create(tmp_path / "a" / "Мои лица") as project:
        assert project.name == "Мои лица"
        folders = (
            project.photos_folder,
            project.labels_folder,
            project.augmented_folder,
            project.cache_folder,
            project.runs_folder,
            project.trash_folder,
        )
        assert all(folder.is_dir() and folder.parent == project.folder for folder in folders)
        assert json.loads((project.folder / "project.json").read_text("utf-8"))["schema"] == SCHEMA
        assert project.photos == ()


def test_project_is_made_around_photos_that_are_there(tmp_path, make_photo, make_label):
    make_photo(tmp_path / "photos" / "a.jpg")
    make_label(tmp_path / "labels" / "a.json")
    with Project.create(tmp_path) as project:
        assert [sample.boxes for sample in project.samples()] == [(FACE,)]


def test_damaged_project_is_made_anew_as_its_error_says(project, add_photo):
    photo = add_photo("a.jpg", (FACE,))
    project.close()
    index = project.folder / "project.json"
    index.write_bytes(index.read_bytes()[:40])
    with pytest.raises(UserError, match="damaged"):
        Project.open(project.folder)
    index.rename(index.with_name("project.json.damaged"))
    with Project.create(project.folder) as again:
        assert again.samples() == (Sample(photo, (FACE,)),)


def test_project_is_not_made_over_another_nor_among_other_files(project, tmp_path):
    with pytest.raises(UserError, match="a project already"):
        Project.create(project.folder)
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "letter.txt").write_bytes(b"x")
    with pytest.raises(UserError, match="not empty"):
        Project.create(tmp_path / "full")
    with pytest.raises(UserError, match="is a file"):
        Project.create(tmp_path / "full" / "letter.txt")
    with pytest.raises(UserError, match="Making the project"):
        Project.create(tmp_path / "full" / "letter.txt" / "project")


def test_of_two_programs_that_make_one_project_the_second_is_refused(tmp_path, monkeypatch):
    """The other is faster between the look and the lock."""
    monkeypatch.setattr(project_module, "refuse_unsuitable", lambda _: None)
    Project.create(tmp_path / "project").close()
    with pytest.raises(UserError, match="a project already"):
        Project.create(tmp_path / "project")


def test_folder_that_is_no_project_is_said_so(tmp_path):
    for folder in (tmp_path, tmp_path / "missing"):
        with pytest.raises(UserError, match="no FaceGUI project"):
            Project.open(folder)


def test_full_disk_while_making_a_project(tmp_path, monkeypatch, failing):
    monkeypatch.setattr(files.os, "fsync", failing(errno.ENOSPC))
    with pytest.raises(UserError, match="disk is full"):
        Project.create(tmp_path / "project")
    monkeypatch.undo()
    Project.create(tmp_path / "project").close()


def test_folder_that_may_not_be_written_is_said_so_when_opening(project, monkeypatch, failing):
    project.close()
    for step in ("make_folders", "recover_set"):
        with monkeypatch.context() as patch:
            patch.setattr(project_module, step, failing(errno.EACCES))
            with pytest.raises(UserError, match="No permission for opening"):
                Project.open(project.folder)
        Project.open(project.folder).close()


def test_project_that_fails_to_open_is_not_held(project, monkeypatch):
    project.close()

    def refuse(_):
        raise UserError("What?", "That.")

    with monkeypatch.context() as patch:
        patch.setattr(project_module, "recover_set", refuse)
        with pytest.raises(UserError, match="What"):
            Project.open(project.folder)
    Project.open(project.folder).close()


@pytest.mark.parametrize("way", [shutil.copytree, shutil.move])
def test_project_that_was_moved_or_copied_works(project, add_photo, tmp_path, way):
    add_photo("a.jpg", (FACE,))
    deleted = add_photo("b.jpg", (FACE,))
    project.assign_missing_splits()
    project.delete([deleted])
    project.close()
    new_folder = Path(way(project.folder, tmp_path / "elsewhere" / "neu"))
    if way is shutil.copytree:
        shutil.rmtree(project.folder)
    with Project.open(new_folder) as moved:
        (photo,) = moved.photos
        assert photo.path == new_folder / "photos" / "a.jpg"
        assert moved.split(photo) is not None
        moved.set_label(photo, [])
        assert moved.state(photo) is PhotoState.NO_FACE
        (entry,) = trash.entries(moved.trash_folder)
        (restored,) = moved.restore(entry)
        assert moved.label(restored) == (FACE,)
        assert moved.split(restored) is not None


def test_leftovers_of_a_killed_program_go_when_the_project_is_opened(project, add_photo):
    add_photo("a.jpg", (FACE,))
    (project.runs_folder / "run").mkdir()
    for part in ("photos", "labels"):
        (project.trash_folder / "entry" / part).mkdir(parents=True)
    for name in ("recordings", "snapshots", "found"):
        (project.folder / name).mkdir()
    (project.folder / "found" / f"{TEMPORARY_PREFIX}film").mkdir()
    places = (
        project.folder,
        project.photos_folder,
        project.labels_folder,
        project.cache_folder,
        project.runs_folder / "run",
        project.trash_folder / "entry",
        project.trash_folder / "entry" / "labels",
        project.folder / "recordings",
        project.folder / "snapshots",
        project.folder / "found" / f"{TEMPORARY_PREFIX}film",
    )
    for place in places:
        (place / f"{TEMPORARY_PREFIX}x").write_bytes(b"half")
    (project.folder / f"{TEMPORARY_PREFIX}augmented" / "train").mkdir(parents=True)
    with Project.open(project.folder, read_only=True) as read_only:
        assert len(read_only.photos) == 1
        assert (project.folder / f"{TEMPORARY_PREFIX}x").exists(), "perhaps somebody writes it"
    project.close()
    with Project.open(project.folder) as opened:
        assert len(opened.samples()) == 1
    assert list(project.folder.rglob(f"{TEMPORARY_PREFIX}*")) == []


def test_project_can_be_read_while_another_program_edits_it(project, add_photo):
    photo = add_photo("a.jpg", (FACE,))
    project.assign_missing_splits()
    with Project.open(project.folder, read_only=True) as reading:
        assert reading.samples(Split.TRAIN) == (Sample(photo, (FACE,)),)
        project.set_label(photo, [])
        assert reading.refresh() == Changes(changed=("a.jpg",))
        assert reading.label(photo) == ()


def test_project_opened_for_reading_changes_nothing(project, add_photo, make_photo, tmp_path):
    photo = add_photo("a.jpg")
    labelled = add_photo("b.jpg", ())
    before = {path: path.read_bytes() for path in project.folder.rglob("*") if path.is_file()}
    picture = encoded(make_photo, tmp_path / "c.jpg")
    with Project.open(project.folder, read_only=True) as reading:
        for change in (
            lambda: reading.set_label(photo, [FACE]),
            lambda: reading.clear_label(labelled),
            lambda: reading.add_photos([NewPhoto(picture, "c.jpg")]),
            lambda: reading.save_settings("any", {}),
            lambda: reading.assign_missing_splits(),
        ):
            with pytest.raises(UserError, match="reading only"):
                change()
        assert reading.settings("any") == {}
        assert reading.record("c.jpg") == PhotoRecord()
    after = {path: path.read_bytes() for path in project.folder.rglob("*") if path.is_file()}
    assert after == before


def test_closed_project_can_not_be_written_to(project, add_photo):
    photo = add_photo("a.jpg")
    project.close()
    with pytest.raises(UserError):
        project.set_label(photo, [FACE])
    with pytest.raises(UserError):
        add_photo("b.jpg")
    assert not (project.photos_folder / "b.jpg").exists()


# Adding photos


def test_added_photo_is_there_byte_for_byte_with_its_label(project, make_photo, tmp_path):
    picture = encoded(make_photo, tmp_path / "x.png")
    (photo,) = project.add_photos([NewPhoto(picture, "x.png", boxes=(FACE,))])
    assert photo.path.read_bytes() == picture.data
    assert read_label_file(project.label_path(photo)).image_name == "x.png"
    assert project.refresh() == Changes()


def test_added_photos_get_names_that_are_free_everywhere(project, add_photo):
    names = ["a.jpg", "A.jpg", "a.png", "a?.jpg", "con.jpg", "..jpg", "文" * 90 + ".jpg"]
    added = [add_photo(name).name for name in names]
    assert added == [
        "a.jpg",
        "A-2.jpg",
        "a-3.png",
        "a_.jpg",
        "_con.jpg",
        "photo.jpg",
        "文" * 60 + ".jpg",
    ]
    assert project.refresh() == Changes()


def test_added_photo_does_not_take_over_a_label_that_lies_about(project, add_photo, make_label):
    make_label(project.labels_folder / "a.json")
    photo = add_photo("a.jpg")
    assert photo.name == "a-2.jpg"
    assert project.state(photo) is PhotoState.UNLABELLED


def test_photo_under_a_name_that_is_free_again_has_its_own_size(project, add_photo, make_photo):
    photo = add_photo("a.jpg")
    project.size(photo)
    photo.path.unlink()
    make_photo(project.folder.parent / "b.png")
    picture = EncodedPicture((project.folder.parent / "b.png").read_bytes(), ".jpg", 64, 48)
    (again,) = project.add_photos([NewPhoto(picture, "a.jpg")])
    assert again.name == "a.jpg"
    assert "a.jpg" not in project._sizes


def test_adding_nothing_writes_nothing(project):
    before = (project.folder / "project.json").stat().st_mtime_ns
    assert project.add_photos([]) == ()
    assert (project.folder / "project.json").stat().st_mtime_ns == before


def test_full_disk_while_adding_keeps_what_is_there(project, add_photo, make_photo, monkeypatch):
    first = add_photo("first.jpg", (FACE,))
    before = first.path.read_bytes(), project.label_path(first).read_bytes()
    pictures = [encoded(make_photo, project.folder.parent / f"{n}.jpg") for n in range(3)]
    write, written = project_module.write_atomically, 0

    def full_after_one(path, data):
        nonlocal written
        if written == 1:
            raise OSError(errno.ENOSPC, "No space left on device")
        written += 1
        write(path, data)

    monkeypatch.setattr(project_module, "write_atomically", full_after_one)
    with pytest.raises(UserError, match="disk is full") as refused:
        project.add_photos([NewPhoto(picture, f"{n}.jpg") for n, picture in enumerate(pictures)])
    assert "What was saved before is untouched" in refused.value.remedy
    assert (first.path.read_bytes(), project.label_path(first).read_bytes()) == before
    assert [photo.name for photo in project.photos] == ["0.jpg", "first.jpg"]
    assert project.refresh() == Changes()


def test_full_disk_leaves_label_index_and_no_half_file(project, add_photo, monkeypatch, failing):
    photo = add_photo("a.jpg", (FACE,))
    project.save_settings("any", {"seed": 1})
    before = _contents(project)
    monkeypatch.setattr(files.os, "fsync", failing(errno.ENOSPC))
    for change in (
        lambda: project.set_label(photo, []),
        lambda: project.save_settings("any", {"seed": 2}),
        lambda: project.assign_missing_splits(),
        lambda: add_photo("b.jpg"),
    ):
        with pytest.raises(UserError, match="disk is full"):
            change()
    assert project.settings("any") == {"seed": 1}
    assert project.label(photo) == (FACE,)
    monkeypatch.undo()
    assert _contents(project) == before


def _contents(project):
    """Of all files but those of the cache, which can always be made again."""
    return {
        path: path.read_bytes()
        for path in project.folder.rglob("*")
        if path.is_file() and project.cache_folder not in path.parents
    }


def test_label_that_cannot_be_moved_to_the_trash_stays(project, add_photo, monkeypatch, failing):
    photo = add_photo("a.jpg", (FACE,))
    monkeypatch.setattr(Path, "replace", failing(errno.EACCES))
    with pytest.raises(UserError, match=r"clearing the label of a\.jpg"):
        project.clear_label(photo)
    assert project.label(photo) == (FACE,)


# Splits, sessions, settings


def test_splits_are_given_to_labelled_photos_alone_and_kept(project, add_photo):
    photos = [add_photo(f"{n}.jpg", (FACE,) if n % 3 else ()) for n in range(30)]
    plain = add_photo("plain.jpg")
    project.assign_missing_splits()
    given = {photo.name: project.split(photo) for photo in photos}
    assert Counter(given.values()) == {Split.TRAIN: 21, Split.VALIDATION: 5, Split.TEST: 4}
    assert project.split(plain) is None
    for n in range(30, 50):
        add_photo(f"{n}.jpg", (FACE,))
    project.set_label(photos[0], [FACE])
    project.clear_label(photos[1])
    project.assign_missing_splits()
    project.close()
    with Project.open(project.folder) as again:
        assert {photo.name: again.split(photo) for photo in photos} == given
        assert sum(len(again.samples(split)) for split in Split) == len(again.samples()) == 49


def test_photo_keeps_its_split_while_its_file_is_away(project, add_photo):
    photo = add_photo("a.jpg", (FACE,), PhotoRecord(Split.TEST))
    pixels = photo.path.read_bytes()
    photo.path.unlink()
    project.refresh()
    photo.path.write_bytes(pixels)
    project.refresh()
    assert project.split(photo) is Split.TEST


def test_split_settings_are_kept_and_nonsense_in_them_is_passed_over(project, caplog):
    assert project.split_settings == SplitSettings()
    project.split_settings = SplitSettings(0.2, 0.1, 7)
    assert project.split_settings == SplitSettings(0.2, 0.1, 7)
    project.save_settings("splits", {"validation": 7})
    assert project.split_settings == SplitSettings()
    project.save_settings("splits", {"colour": "blue"})
    assert project.split_settings == SplitSettings()
    assert "ignoring the split settings" in caplog.text


def test_sessions_have_keys_of_their_own_and_are_kept(project, add_photo):
    keys = [project.new_session(title) for title in ("One", "Two", "Three")]
    assert len(set(keys)) == 3
    add_photo("a.jpg", record=PhotoRecord(session=keys[1]))
    project.close()
    with Project.open(project.folder) as again:
        assert again.sessions[again.record("a.jpg").session].title == "Two"


def test_digests_are_known_of_photos_that_other_programs_put_there(project, make_photo):
    path = make_photo(project.photos_folder / "a.jpg")
    project.refresh()
    assert project.known_digests() == {files.sha256_of(path): "a.jpg"}
