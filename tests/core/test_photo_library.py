"""Photos and labels on disk: what other programs do there is noticed, nothing is mixed up."""

from __future__ import annotations

import errno
import gc
import json
import os
import shutil
from pathlib import Path

import pytest
from PIL import Image

from facegui.core import folder_scan
from facegui.core.boxes import Box
from facegui.core.errors import UserError
from facegui.core.labelme import LabelFileError, read_label_file
from facegui.core.labelme_documents import load_label_file
from facegui.core.photo_library import Changes, PhotoLibrary, PhotoState
from facegui.core.project import Project
from facegui.core.project_index import PhotoRecord
from facegui.core.splits import Split

FACE = Box(10.0, 5.0, 30.0, 25.0)


def reopened(project: Project) -> Project:
    project.close()
    return Project.open(project.folder)


# Labels


def test_photo_has_three_states_and_broken(project, add_photo):
    plain, face, empty, broken = (
        add_photo("plain.jpg"),
        add_photo("face.jpg", (FACE,)),
        add_photo("empty.jpg", ()),
        add_photo("broken.jpg", (FACE,)),
    )
    project.label_path(broken).write_text('{"shapes": [', "utf-8")
    project.refresh()
    assert [project.state(photo) for photo in (plain, face, empty, broken)] == [
        PhotoState.UNLABELLED,
        PhotoState.FACES,
        PhotoState.NO_FACE,
        PhotoState.BROKEN,
    ]
    assert project.label(plain) is None
    assert project.label(face) == (FACE,)
    assert project.label(empty) == ()
    with pytest.raises(LabelFileError, match="damaged"):
        project.label(broken)
    assert [photo.name for photo, _ in project.broken_labels()] == ["broken.jpg"]


def test_tutorial_finding_all_boxes_of_a_photo_count_not_only_the_first(
    project, add_photo, make_label
):
    photo = add_photo("two.jpg")
    make_label(project.label_path(photo), [(1, 2, 11, 12), (30, 20, 50, 40)])
    project.refresh()
    assert project.label(photo) == (Box(1, 2, 11, 12), Box(30, 20, 50, 40))


@pytest.mark.parametrize(
    "corners", [(10, 5, 30, 25), (30, 25, 10, 5), (10, 25, 30, 5), (30, 5, 10, 25)]
)
def test_tutorial_finding_corners_may_be_drawn_in_any_order(
    project, add_photo, make_label, corners
):
    photo = add_photo("drawn.jpg")
    make_label(project.label_path(photo), [corners])
    project.refresh()
    assert project.label(photo) == (FACE,)


def test_tutorial_finding_a_missing_label_is_not_taken_as_no_face(project, add_photo):
    photo = add_photo("new.jpg")
    assert project.label(photo) is None
    assert project.samples() == ()


def test_label_is_on_disk_and_no_change_to_be_told(project, add_photo):
    photo = add_photo("a.jpg")
    project.set_label(photo, [FACE])
    assert read_label_file(project.label_path(photo)).boxes == (FACE,)
    assert project.label(photo) == (FACE,)
    assert project.refresh() == Changes()


def test_broken_label_is_never_overwritten(project, add_photo):
    photo = add_photo("a.jpg", (FACE,))
    path = project.label_path(photo)
    path.write_bytes(b'{"shapes": [{"label": "face", "points": [[1,')
    before = path.read_bytes()
    project.refresh()
    with pytest.raises(LabelFileError):
        project.set_label(photo, [FACE])
    assert path.read_bytes() == before
    project.clear_label(photo)
    assert [thrown.read_bytes() for thrown in project.trash_folder.glob("*/labels/*")] == [before]
    project.set_label(photo, [FACE])
    assert project.label(photo) == (FACE,)


def test_label_of_a_damaged_photo_counts_as_broken_not_as_no_face(project, add_photo):
    photo = add_photo("a.jpg", (FACE,))
    photo.path.write_bytes(b"no picture")
    project.refresh()
    assert project.state(photo) is PhotoState.BROKEN
    assert project.samples() == ()


def test_telling_of_a_broken_label_again_and_again_costs_no_memory(project, add_photo):
    photo = add_photo("a.jpg", (FACE,))
    project.label_path(photo).write_text("[]", "utf-8")
    project.refresh()

    def depth() -> int:
        try:
            project.label(photo)
        except LabelFileError as error:
            trace, count = error.__traceback__, 0
            while trace is not None:
                trace, count = trace.tb_next, count + 1
        gc.collect()
        return count

    assert depth() == depth() == depth()


# What other programs do


def test_photo_added_by_a_file_manager_is_noticed(project, add_photo, make_photo):
    add_photo("a.jpg")
    make_photo(project.photos_folder / "b.png")
    assert project.refresh() == Changes(added=("b.png",))
    assert [photo.name for photo in project.photos] == ["a.jpg", "b.png"]
    assert project.refresh() == Changes()


def test_photo_removed_by_a_file_manager_is_noticed(project, add_photo):
    add_photo("a.jpg").path.unlink()
    assert project.refresh() == Changes(removed=("a.jpg",))
    assert project.photos == ()
    with pytest.raises(KeyError):
        project.photo("a.jpg")


def test_label_written_and_removed_by_labelme_is_noticed(project, add_photo, make_label):
    photo = add_photo("a.jpg")
    assert project.label(photo) is None
    make_label(project.label_path(photo), [(10, 5, 30, 25)])
    assert project.refresh() == Changes(changed=("a.jpg",))
    assert project.label(photo) == (FACE,)
    project.label_path(photo).unlink()
    assert project.refresh() == Changes(changed=("a.jpg",))
    assert project.state(photo) is PhotoState.UNLABELLED


def test_size_is_upright_and_read_again_when_the_picture_was_changed(
    project, add_photo, make_photo
):
    photo = add_photo("a.jpg")
    assert project.size(photo) == (64, 48)
    exif = Image.Exif()
    exif[0x0112] = 6
    make_photo(photo.path, exif=exif)
    assert project.refresh() == Changes(changed=("a.jpg",))
    assert project.size(photo) == (48, 64)


def test_other_files_between_the_photos_are_passed_over(project):
    (project.photos_folder / "Thumbs.db").write_bytes(b"x")
    (project.photos_folder / ".hidden.jpg").write_bytes(b"x")
    (project.photos_folder / "folder.jpg").mkdir()
    assert project.refresh() == Changes()
    assert project.photos == ()


def test_file_that_goes_away_while_we_look_is_no_error(project, add_photo, monkeypatch):
    add_photo("a.jpg")
    gone = add_photo("b.jpg")
    scandir = os.scandir

    def scan_then_remove(folder):
        entries = list(scandir(folder))
        gone.path.unlink(missing_ok=True)
        return entries

    monkeypatch.setattr(folder_scan.os, "scandir", scan_then_remove)
    assert project.refresh() == Changes(removed=("b.jpg",))


def test_project_folder_that_is_gone_is_said_so(project):
    shutil.rmtree(project.folder)
    with pytest.raises(UserError, match="is gone"):
        project.refresh()


def test_folder_that_may_not_be_read_is_said_so(project, monkeypatch, failing):
    monkeypatch.setattr(folder_scan.os, "scandir", failing(errno.EACCES))
    with pytest.raises(UserError, match="No permission"):
        project.refresh()


def test_copy_without_its_empty_folders_can_be_read(project, add_photo):
    add_photo("a.jpg")
    project.labels_folder.rmdir()
    library = PhotoLibrary(project.folder, writable=False)
    assert [library.state(photo) for photo in library.photos] == [PhotoState.UNLABELLED]
    with Project.open(project.folder, read_only=True) as read_only:
        assert len(read_only.photos) == 1


def test_label_for_a_photo_that_another_program_removed_is_refused_in_words(project, add_photo):
    photo = add_photo("a.jpg")
    project.size(photo)
    photo.path.unlink()
    for change in (lambda: project.set_label(photo, [FACE]), lambda: project.clear_label(photo)):
        with pytest.raises(UserError, match=r"a\.jpg is gone"):
            change()
    assert not project.label_path(photo).exists()


def test_read_only_library_changes_nothing(project, add_photo, make_label, tmp_path):
    photo = add_photo("a.jpg")
    library = PhotoLibrary(project.folder, writable=False)
    source = load_label_file(make_label(tmp_path / "a.json"))
    with pytest.raises(UserError, match="reading only"):
        library.set_label(photo, [FACE])
    with pytest.raises(UserError, match="reading only"):
        library.take_label(photo, source)
    assert library.state(photo) is PhotoState.UNLABELLED


# Twins: photos of one stem would share a label


def test_newcomer_with_the_stem_of_a_photo_gets_another_name(project, add_photo, make_photo):
    photo = add_photo("m.jpg", (FACE,))
    make_photo(project.photos_folder / "m.png")
    make_photo(project.photos_folder / "m.bmp")
    assert project.refresh() == Changes(added=("m-2.bmp", "m-3.png"))
    assert project.state(photo) is PhotoState.FACES
    assert project.state(project.photo("m-3.png")) is PhotoState.UNLABELLED


def test_newcomer_that_sorts_first_does_not_take_the_label(project, add_photo, make_photo):
    photo = add_photo("m.png", (FACE,))
    pixels = photo.path.read_bytes()
    make_photo(project.photos_folder / "m.jpg")
    assert project.refresh() == Changes(added=("m-2.jpg",))
    assert photo.path.read_bytes() == pixels
    assert project.state(photo) is PhotoState.FACES


def test_newcomer_while_the_project_was_closed_takes_neither_label_nor_split(
    project, add_photo, make_photo
):
    photo = add_photo("m.png", (FACE,))
    project.assign_missing_splits()
    make_photo(project.photos_folder / "m.jpg")
    with reopened(project) as project:
        assert [photo.name for photo in project.photos] == ["m-2.jpg", "m.png"]
        assert project.state(photo) is PhotoState.FACES
        assert project.split(photo) is not None
        assert project.state(project.photo("m-2.jpg")) is PhotoState.UNLABELLED


def test_unlabelled_photo_keeps_its_name_and_split_when_a_twin_comes_while_it_is_closed(
    project, add_photo, make_photo
):
    photo = add_photo("m.png", record=PhotoRecord(Split.TEST))
    make_photo(project.photos_folder / "m.jpg")
    with reopened(project) as project:
        assert project.split(photo) is Split.TEST
        assert project.split(project.photo("m-2.jpg")) is None


def test_photo_that_a_file_manager_put_there_first_keeps_its_name(project, make_photo):
    make_photo(project.photos_folder / "m.png")
    project.refresh()
    make_photo(project.photos_folder / "m.jpg")
    assert project.refresh() == Changes(added=("m-2.jpg",))


def test_of_two_unknown_twins_the_label_is_for_the_one_that_it_names(
    project, make_photo, make_label
):
    make_photo(project.photos_folder / "m.jpg")
    make_photo(project.photos_folder / "m.png")
    make_label(project.labels_folder / "m.json", image="..\\photos\\m.png")
    with reopened(project) as project:
        assert [photo.name for photo in project.photos] == ["m-2.jpg", "m.png"]
        assert project.state(project.photo("m.png")) is PhotoState.FACES


def test_twins_with_a_broken_label_are_told_apart_by_name(project, make_photo):
    make_photo(project.photos_folder / "m.jpg")
    make_photo(project.photos_folder / "m.png")
    (project.labels_folder / "m.json").write_text("{", "utf-8")
    project.refresh()
    assert [photo.name for photo in project.photos] == ["m-2.png", "m.jpg"]
    assert project.state(project.photo("m.jpg")) is PhotoState.BROKEN


@pytest.mark.skipif(
    Path(__file__).with_name(Path(__file__).name.upper()).exists(),
    reason="upper and lower case are the same here",
)
def test_names_that_differ_in_case_alone_become_different_everywhere(
    project, add_photo, make_photo, make_label
):
    add_photo("Photo.jpg", (FACE,))
    make_photo(project.photos_folder / "photo.jpg")
    make_label(project.labels_folder / "photo.json", [(1, 2, 11, 12)])
    assert project.refresh() == Changes(added=("photo-2.jpg",))
    renamed = project.photo("photo-2.jpg")
    assert project.label(renamed) == (Box(1, 2, 11, 12),)
    assert read_label_file(project.label_path(renamed)).image_name == "photo-2.jpg"
    assert project.label(project.photo("Photo.jpg")) == (FACE,)
    assert sorted(path.name for path in project.labels_folder.iterdir()) == [
        "Photo.json",
        "photo-2.json",
    ]


def test_broken_label_of_a_renamed_photo_goes_with_it_as_it_is(project, add_photo, make_photo):
    add_photo("Photo.jpg", (FACE,))
    make_photo(project.photos_folder / "photo.jpg")
    label = project.labels_folder / "photo.json"
    label.write_text("{", "utf-8")
    if label.samefile(project.labels_folder / "Photo.json"):
        pytest.skip("upper and lower case are the same here")
    project.refresh()
    assert (project.labels_folder / "photo-2.json").read_text("utf-8") == "{"


def test_twins_in_a_project_that_is_read_only_are_left_alone_and_not_mixed_up(
    project, add_photo, make_photo
):
    add_photo("m.png", (FACE,))
    newcomer = make_photo(project.photos_folder / "m.jpg")
    with Project.open(project.folder, read_only=True) as read_only:
        assert [photo.name for photo in read_only.photos] == ["m.png"]
        assert len(read_only.samples()) == 1
    assert newcomer.exists()


def test_twin_that_cannot_be_renamed_is_left_out(
    project, add_photo, make_photo, monkeypatch, failing
):
    add_photo("m.png", (FACE,))
    make_photo(project.photos_folder / "m.jpg")
    monkeypatch.setattr(Path, "replace", failing(errno.EACCES))
    project.refresh()
    assert [photo.name for photo in project.photos] == ["m.png"]


# Names


@pytest.mark.parametrize("name", ["Zoë.jpg", "顔写真.jpg", "صورة.jpg", "😀.jpg", "Ё ж (1).jpg"])
def test_names_outside_ascii_work(project, add_photo, name):
    photo = add_photo(name, (FACE,))
    assert photo.name == name
    project.assign_missing_splits()
    with reopened(project) as project:
        (photo,) = project.photos
        assert project.label(photo) == (FACE,)
        assert project.split(photo) is Split.TRAIN
        document = json.loads(project.label_path(photo).read_text("utf-8"))
        assert document["imagePath"] == f"../photos/{name}"


def test_same_letter_composed_and_decomposed_is_not_the_same_name_twice(
    project, add_photo, make_photo
):
    make_photo(project.photos_folder / "e\u0301.jpg")  # as macOS writes it
    project.refresh()
    assert add_photo("\u00e9.jpg").name == "\u00e9-2.jpg"
    assert len(project.photos) == 2


def test_name_that_is_not_in_utf8_works(project, make_photo):
    try:
        make_photo(project.photos_folder / os.fsdecode(b"caf\xe9.jpg"))
    except OSError:
        pytest.skip("this file system takes UTF-8 only")
    project.refresh()
    (photo,) = project.photos
    project.set_label(photo, [FACE])
    project.assign_missing_splits()
    with reopened(project) as project:
        (photo,) = project.photos
        assert project.split(photo) is Split.TRAIN
        assert project.label(photo) == (FACE,)
