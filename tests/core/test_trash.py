"""The trash: what was deleted comes back whole, also when something got in between."""

from __future__ import annotations

import errno
import json
from pathlib import Path

import pytest

from facegui.core import photo_library, trash, trash_entry
from facegui.core.boxes import Box
from facegui.core.errors import UserError
from facegui.core.labelme import read_label_file
from facegui.core.photo_library import Changes, PhotoState
from facegui.core.project import Project
from facegui.core.project_index import PhotoRecord
from facegui.core.splits import Split

FACE = Box(10.0, 5.0, 30.0, 25.0)
OTHER = Box(1.0, 2.0, 11.0, 12.0)


def entries(project):
    return trash.entries(project.trash_folder)


def files_in(folder):
    return sorted(path.name for path in folder.rglob("*") if path.is_file())


def test_deleted_photo_comes_back_with_label_split_and_pixels(project, add_photo):
    record = PhotoRecord(Split.TEST, None, "ab" * 32)
    photo = add_photo("Zoë.jpg", (FACE,), record)
    pixels, label = photo.path.read_bytes(), project.label_path(photo).read_bytes()
    entry = project.delete([photo])
    assert project.photos == ()
    assert not photo.path.exists()
    assert not project.label_path(photo).exists()
    assert project.known_digests() == {}
    assert entries(project) == (entry,)
    assert project.restore(entry) == (photo,)
    assert photo.path.read_bytes() == pixels
    assert project.label_path(photo).read_bytes() == label
    assert project.record(photo.name) == record
    assert project.label(photo) == (FACE,)
    assert entries(project) == ()
    assert project.refresh() == Changes(), "our own doing is no news"


def test_photo_without_label_comes_back_without(project, add_photo):
    photo = add_photo("a.jpg")
    project.restore(project.delete([photo]))
    assert project.state(photo) is PhotoState.UNLABELLED


def test_many_photos_go_and_come_back_together(project, add_photo):
    photos = [add_photo(f"{number}.jpg", (FACE,)) for number in range(5)]
    entry = project.delete(photos[:4])
    assert project.photos == (photos[4],)
    project.restore(entry)
    assert project.photos == tuple(photos)
    assert len(project.samples()) == 5


def test_restored_photo_whose_name_is_taken_gets_another_and_its_label_names_it(project, add_photo):
    photo = add_photo("a.jpg", (FACE,), PhotoRecord(Split.TEST))
    entry = project.delete([photo])
    newcomer = add_photo("a.jpg", (OTHER,), PhotoRecord(Split.TRAIN))
    pixels = newcomer.path.read_bytes()
    (restored,) = project.restore(entry)
    assert restored.name == "a-2.jpg"
    assert project.label(restored) == (FACE,)
    assert project.split(restored) is Split.TEST
    assert read_label_file(project.label_path(restored)).image_name == "a-2.jpg"
    assert newcomer.path.read_bytes() == pixels
    assert project.label(newcomer) == (OTHER,)
    assert project.split(newcomer) is Split.TRAIN
    assert entries(project) == ()


def test_two_deleted_photos_of_one_name_both_come_back(project, add_photo):
    first = project.delete([add_photo("a.jpg", (FACE,))])
    second = project.delete([add_photo("A.png", (OTHER,))])
    assert first.folder != second.folder
    assert [photo.name for entry in (first, second) for photo in project.restore(entry)] == [
        "a.jpg",
        "A-2.png",
    ]
    assert [sample.boxes for sample in project.samples()] == [(OTHER,), (FACE,)]


def test_broken_label_comes_back_as_it_is_under_a_new_name(project, add_photo):
    photo = add_photo("a.jpg", (FACE,))
    project.label_path(photo).write_text("{", "utf-8")
    entry = project.delete([photo])
    add_photo("a.jpg")
    (restored,) = project.restore(entry)
    assert project.label_path(restored).read_text("utf-8") == "{"
    assert project.state(restored) is PhotoState.BROKEN


def test_cleared_label_comes_back(project, add_photo):
    photo = add_photo("a.jpg", (FACE,))
    project.clear_label(photo)
    assert project.state(photo) is PhotoState.UNLABELLED
    assert project.refresh() == Changes()
    (entry,) = entries(project)
    assert project.restore(entry) == ()
    assert project.label(photo) == (FACE,)
    assert entries(project) == ()


def test_labels_that_were_cleared_together_come_back_one_by_one(project, add_photo):
    one, other = add_photo("a.jpg", (FACE,)), add_photo("b.jpg", (OTHER,))
    entry = project.clear_label(one)
    assert project.clear_label(other, entry) == entry
    assert entries(project) == (entry,)
    project.restore_label(other, entry)
    assert (project.label(one), project.label(other)) == (None, (OTHER,))
    project.restore_label(one, entry)
    assert project.label(one) == (FACE,)
    assert entries(project) == ()
    assert project.clear_label(one, entry).holds_label("a.json"), "the entry is gone: another"


def test_clearing_where_there_is_no_label_fills_no_trash(project, add_photo):
    project.clear_label(add_photo("a.jpg"))
    assert entries(project) == ()


def test_label_in_the_trash_does_not_replace_a_newer_one(project, add_photo):
    photo = add_photo("a.jpg", (FACE,))
    project.clear_label(photo)
    project.set_label(photo, [OTHER])
    (entry,) = entries(project)
    project.restore(entry)
    assert project.label(photo) == (OTHER,)
    assert read_label_file(entry.folder / "labels" / "a.json").boxes == (FACE,)


def test_photo_that_another_program_removed_meanwhile_does_not_stop_the_others(project, add_photo):
    photos = [add_photo(f"{name}.jpg", (FACE,)) for name in "abc"]
    photos[0].path.unlink()
    entry = project.delete(photos)
    assert project.photos == ()
    assert [photo.name for photo in project.restore(entry)] == ["b.jpg", "c.jpg"]


def test_news_of_other_programs_is_not_swallowed_by_deleting(project, add_photo, make_label):
    first, second = add_photo("a.jpg"), add_photo("b.jpg")
    make_label(project.label_path(second))
    entry = project.delete([first])
    assert project.refresh() == Changes(changed=("b.jpg",))
    make_label(project.label_path(second), [])
    project.restore(entry)
    assert project.refresh() == Changes(changed=("b.jpg",))


def test_photo_that_cannot_be_moved_keeps_the_others_too(project, add_photo, monkeypatch):
    photos = [add_photo(f"{name}.jpg", (FACE,)) for name in "abc"]
    replace = Path.replace

    def refuse_b(path, target):
        if path.name == "b.jpg":
            raise PermissionError(errno.EACCES, "open in another program")
        return replace(path, target)

    monkeypatch.setattr(Path, "replace", refuse_b)
    with pytest.raises(UserError, match="No permission for moving photos to the trash"):
        project.delete(photos)
    assert [sample.photo for sample in project.samples()] == photos
    assert not project.refresh()
    assert entries(project) == ()


def test_photo_that_cannot_be_moved_back_is_in_the_trash_and_forgotten(
    project, add_photo, monkeypatch
):
    photos = [add_photo(f"{name}.jpg", (FACE,)) for name in "abc"]
    replace = Path.replace

    def refuse(path, target):
        if path.name == "b.jpg" or path.match("trash/*/photos/a.jpg"):
            raise PermissionError(errno.EACCES, "open in another program")
        return replace(path, target)

    monkeypatch.setattr(Path, "replace", refuse)
    with pytest.raises(UserError, match="No permission"):
        project.delete(photos)
    monkeypatch.undo()
    assert project.photos == tuple(photos[1:])
    (entry,) = entries(project)
    assert files_in(entry.folder) == ["a.jpg", "a.json", "entry.json"]
    assert project.restore(entry) == (photos[0],)
    assert [sample.boxes for sample in project.samples()] == [(FACE,)] * 3
    assert not project.refresh()


def test_full_disk_while_deleting_loses_nothing(project, add_photo, monkeypatch, failing):
    photo = add_photo("a.jpg", (FACE,))
    monkeypatch.setattr(trash_entry, "write_json", failing(errno.ENOSPC))
    with pytest.raises(UserError, match="disk is full"):
        project.delete([photo])
    with pytest.raises(UserError, match="disk is full"):
        project.clear_label(photo)
    assert [sample.boxes for sample in project.samples()] == [(FACE,)]
    trash.empty(project.trash_folder)
    assert files_in(project.trash_folder) == []


def test_full_disk_while_restoring_loses_nothing(project, add_photo, monkeypatch, failing):
    entry = project.delete([add_photo("a.jpg", (FACE,))])
    add_photo("a.jpg")
    monkeypatch.setattr(trash_entry, "write_json", failing(errno.ENOSPC))
    with pytest.raises(UserError, match="disk is full"):
        project.restore(entry)
    monkeypatch.undo()
    monkeypatch.setattr(photo_library, "copy_label_file", full_disk)
    with pytest.raises(UserError, match="disk is full"):
        project.restore(entry)
    assert files_in(entry.folder) == ["a.json", "entry.json"]
    monkeypatch.undo()
    project.refresh()
    project.restore(entry)
    assert project.label(project.photo("a-2.jpg")) == (FACE,)


def full_disk(*_):
    raise UserError("The disk is full.", "")


class Killed(BaseException):
    """Stands for a kill: nothing after it is done but what Python must."""


@pytest.mark.parametrize("moves", range(8))
def test_kill_while_restoring_under_new_names_is_completed_by_restoring_again(
    project, add_photo, monkeypatch, moves
):
    photos = [add_photo(f"{name}.jpg", (FACE,), PhotoRecord(Split.TEST)) for name in "ab"]
    entry = project.delete(photos)
    for name in "ab":
        add_photo(f"{name}.jpg", (OTHER,))
    replace, done = Path.replace, 0

    def replace_or_die(path, target):
        nonlocal done
        if done == moves:
            raise Killed
        done += 1
        return replace(path, target)

    monkeypatch.setattr(Path, "replace", replace_or_die)
    with pytest.raises(Killed):
        project.restore(entry)
        raise Killed
    monkeypatch.undo()
    project.close()
    with Project.open(project.folder) as project:
        for left in entries(project):
            project.restore(left)
        assert [(sample.photo.name, sample.boxes) for sample in project.samples()] == [
            ("a-2.jpg", (FACE,)),
            ("a.jpg", (OTHER,)),
            ("b-2.jpg", (FACE,)),
            ("b.jpg", (OTHER,)),
        ]
        assert project.record("a-2.jpg").split is Split.TEST
        assert entries(project) == ()


@pytest.mark.parametrize("moves", range(6))
def test_kill_while_deleting_loses_nothing(project, add_photo, monkeypatch, moves):
    photos = [add_photo(f"{name}.jpg", (FACE,)) for name in "ab"]
    replace, done = Path.replace, 0

    def replace_or_die(path, target):
        nonlocal done
        if done == moves:
            raise Killed
        done += 1
        return replace(path, target)

    monkeypatch.setattr(Path, "replace", replace_or_die)
    with pytest.raises(Killed):
        project.delete(photos)
        raise Killed
    monkeypatch.undo()
    project.close()
    with Project.open(project.folder) as project:
        for left in entries(project):
            project.restore(left)
        assert [sample.boxes for sample in project.samples()] == [(FACE,), (FACE,)]


@pytest.mark.parametrize("content", ["{", "[]", '{"photos": {"a.jpg": {"split": "x"}}}'])
def test_damaged_list_of_an_entry_is_told_and_nothing_is_moved(project, add_photo, content):
    entry = project.delete([add_photo("a.jpg", (FACE,))])
    (entry.folder / trash.ENTRY_NAME).write_text(content, "utf-8")
    with pytest.raises(UserError, match="damaged") as refused:
        project.restore(entry)
    assert str(entry.folder) in refused.value.remedy
    assert files_in(entry.folder) == ["a.jpg", "a.json", "entry.json"]


def test_entry_that_is_gone_is_told(project, add_photo):
    entry = project.delete([add_photo("a.jpg")])
    trash.empty(project.trash_folder)
    with pytest.raises(UserError, match="not in the trash any more"):
        project.restore(entry)


def test_read_only_project_deletes_and_restores_nothing(project, add_photo):
    photo, deleted = add_photo("a.jpg", (FACE,)), add_photo("b.jpg", (FACE,))
    entry = project.delete([deleted])
    listed = (entry.folder / trash.ENTRY_NAME).read_bytes()
    with Project.open(project.folder, read_only=True) as read_only:
        for change in (
            lambda: read_only.delete([photo]),
            lambda: read_only.clear_label(photo),
            lambda: read_only.restore(entry),
        ):
            with pytest.raises(UserError, match="reading only"):
                change()
    assert files_in(entry.folder) == ["b.jpg", "b.json", "entry.json"]
    assert (entry.folder / trash.ENTRY_NAME).read_bytes() == listed
    assert len(project.samples()) == 1


def test_emptying_deletes_for_good(project, add_photo):
    project.delete([add_photo("a.jpg")])
    (project.trash_folder / "begun by a killed program").mkdir()
    trash.empty(project.trash_folder)
    assert list(project.trash_folder.iterdir()) == []
    trash.empty(project.folder / "missing")
    assert trash.entries(project.folder / "missing") == ()


def test_entry_of_an_earlier_release_is_restored(project, add_photo):
    entry = project.delete([add_photo("a.jpg", (FACE,), PhotoRecord(Split.TEST))])
    document = {"photos": {"a.jpg": {"split": "test"}}}
    (entry.folder / trash.ENTRY_NAME).write_text(json.dumps(document), "utf-8")
    (photo,) = project.restore(entry)
    assert project.split(photo) is Split.TEST


def test_what_the_trash_holds_is_counted(project, add_photo):
    assert not trash.contents(project.trash_folder)
    project.delete([add_photo("a.jpg", (FACE,)), add_photo("b.jpg")])
    project.clear_label(add_photo("c.jpg", ()))
    (project.trash_folder / "x" / "runs" / "run").mkdir(parents=True)
    (project.trash_folder / "x" / "runs" / "run" / "model.tflite").write_bytes(bytes(5000))
    held = trash.contents(project.trash_folder)
    assert (held.photos, held.labels, held.runs) == (2, 2, 1)
    assert held.size > 5000
    assert not trash.contents(project.folder / "missing")
