"""Who is in the photos, and how somebody is deleted everywhere."""

from __future__ import annotations

import json

import pytest

from facegui.core import trash
from facegui.core.augmented_set import MANIFEST_NAME
from facegui.core.boxes import Box
from facegui.core.files import write_json
from facegui.core.labelme import write_label_file
from facegui.core.people import delete_person, people_of, runs_that_learned_from
from facegui.core.project import Project
from facegui.core.project_index import PhotoRecord
from facegui.core.run_photos import PHOTOS_NAME, read_run_photos, write_run_photos
from facegui.core.runs import (
    CARD_NAME,
    CONTINUED_KEY,
    SETTINGS_NAME,
    Run,
    delete_run,
    list_runs,
    new_run_folder,
)
from facegui.core.splits import Split

FACE = Box(10.0, 5.0, 30.0, 25.0)
OTHER_FACE = Box(1.0, 1.0, 9.0, 9.0)


@pytest.fixture
def sessions(project, add_photo):
    """Ada alone, Ada with Bob, and Bob alone; two photos each."""
    keys = {}
    for name, people in (("ada", ["Ada"]), ("both", ["Ada", "Bob"]), ("bob", ["Bob"])):
        keys[name] = project.new_session(name)
        project.note_people(keys[name], people)
        for number in range(2):
            record = PhotoRecord(Split.TRAIN, keys[name])
            add_photo(f"{name}{number}.jpg", (FACE,), record)
    return keys


def run_of(project, settings=None):
    folder = new_run_folder(project.runs_folder)
    write_json(folder / SETTINGS_NAME, settings or {})
    write_run_photos(folder, project)
    return Run(folder)


def files(folder):
    return {path.name for path in folder.rglob("*") if path.is_file()}


def test_people_are_told_with_their_photos(project, sessions):
    ada, bob = people_of(project)
    assert (ada.name, ada.photos, ada.shared) == (
        "Ada",
        ("ada0.jpg", "ada1.jpg", "both0.jpg", "both1.jpg"),
        2,
    )
    assert bob.sessions == tuple(sorted((sessions["both"], sessions["bob"])))


def test_a_person_is_deleted_everywhere(project, sessions):
    run = run_of(project)
    write_json(run.folder / CARD_NAME, {"seconds": 1, "tested_on": {"people": ["Ada", "Bob"]}})
    (run.folder / "evaluation").mkdir()
    (run.folder / "evaluation" / "1-ada0.jpg").write_bytes(b"mistake")
    thrown = project.delete([project.photo("ada1.jpg"), project.photo("bob1.jpg")])
    (project.augmented_folder / "train" / "images").mkdir(parents=True)
    (project.augmented_folder / "train" / "images" / "ada0-0001.jpg").write_bytes(b"copy")
    (project.cache_folder / "features").mkdir()
    (project.cache_folder / "features" / "x.npy").write_bytes(b"features")
    thumbnails = project.cache_folder / "thumbnails" / "256"
    thumbnails.mkdir(parents=True)
    for name in ("ada0.jpg", "bob0.jpg"):
        (thumbnails / f"{name}.jpg").write_bytes(b"small")
    project.facts.facts(project.photos)
    ada = next(person for person in people_of(project) if person.name == "Ada")
    deleted = delete_person(project, ada)
    assert deleted.photos == ("ada0.jpg", "both0.jpg", "both1.jpg")
    assert (deleted.from_trash, deleted.copies, deleted.runs) == (1, True, (run,))
    assert [photo.name for photo in project.photos] == ["bob0.jpg"]
    assert run.card() == {"seconds": 1, "tested_on": {"people": ["Bob"]}}
    assert {photo.people for photo in read_run_photos(run).values()} == {(), ("Bob",)}
    assert not (run.folder / "evaluation").exists()
    left = files(project.folder) - files(project.runs_folder)
    assert not any("ada" in name or "both" in name for name in left)
    assert not any(name.endswith(".npy") for name in left)
    assert (thumbnails / "bob0.jpg.jpg").exists()
    assert trash.entries(project.trash_folder) == (thrown,)
    assert project.restore(thrown)[0].name == "bob1.jpg"
    assert set(project.sessions) == {sessions["bob"]}
    index = json.loads((project.folder / "project.json").read_text("utf-8"))
    assert "Ada" not in json.dumps(index["sessions"][sessions["bob"]])
    assert set(index["photos"]) == {"bob0.jpg", "bob1.jpg"}


@pytest.mark.usefixtures("sessions")
def test_only_runs_that_may_know_the_person_are_told(project):
    first = run_of(project)
    ada, bob = people_of(project)
    delete_person(project, ada)
    second = run_of(project)
    unknown = new_run_folder(project.runs_folder)
    write_json(unknown / SETTINGS_NAME, {})
    assert second.folder != first.folder
    assert read_run_photos(Run(unknown)) is None
    assert read_run_photos(second)["bob0.jpg"].people == ("Bob",)
    bob = people_of(project)[0]
    assert delete_person(project, bob).runs == list_runs(project.runs_folder)


@pytest.mark.usefixtures("sessions")
def test_nothing_is_left_to_delete_the_second_time(project):
    ada = people_of(project)[0]
    delete_person(project, ada)
    again = delete_person(project, ada)
    assert again.photos == ()
    assert again.from_trash == 0


def test_somebody_in_test_photos_alone_is_deleted_everywhere_too(project, add_photo):
    session = project.new_session("eve")
    project.note_people(session, ["Eve"])
    add_photo("eve.jpg", (FACE,), PhotoRecord(Split.TEST, session))
    run = run_of(project)
    (run.folder / "evaluation-other").mkdir()
    (run.folder / "evaluation-other" / "01-eve.jpg").write_bytes(b"mistake")
    thrown = delete_run(run_of(project), project.trash_folder)
    assert delete_person(project, people_of(project)[0]).runs == ()
    for kept in (run, Run(thrown.place)):
        assert "Eve" not in (kept.folder / PHOTOS_NAME).read_text("utf-8")
    assert not (run.folder / "evaluation-other").exists()


def test_nothing_made_of_photos_in_the_trash_is_left(project, add_photo):
    session = project.new_session("eve")
    project.note_people(session, ["Eve"])
    for name in ("cleared.jpg", "kept.jpg", "thrown.jpg", "taken.jpg"):
        add_photo(name, (FACE,), PhotoRecord(Split.TRAIN, session))
    other = add_photo("other.jpg", (FACE,), PhotoRecord(Split.TRAIN, project.new_session("x")))
    project.clear_label(other)
    project.clear_label(project.photo("cleared.jpg"))
    kept = project.photo("kept.jpg")
    write_label_file(project.label_path(kept), [OTHER_FACE], kept.path, project.size(kept))
    project.set_label(kept, (FACE,))  # what another program wrote meanwhile goes to the trash
    project.delete([project.photo("thrown.jpg")])
    project.photo("taken.jpg").path.unlink()  # by another program: its label stays
    thumbnails = project.cache_folder / "thumbnails" / "256"
    thumbnails.mkdir(parents=True)
    for name in ("thrown.jpg.jpg", "other.jpg.jpg"):
        (thumbnails / name).write_bytes(b"small")
    project.refresh()
    delete_person(project, people_of(project)[0])
    left = files(project.folder)
    assert not {name for name in left if name.startswith(("cleared", "kept", "thrown", "taken"))}
    assert {"other.jpg", "other.json", "other.jpg.jpg"} <= left


def test_a_run_that_continued_one_that_knew_somebody_may_know_them(project, sessions, add_photo):
    knew = run_of(project)
    eve = project.new_session("eve")
    add_photo("eve.jpg", (FACE,), PhotoRecord(Split.TRAIN, eve))
    project.delete([photo for photo in project.photos if photo.name != "eve.jpg"])
    continued = run_of(project, {CONTINUED_KEY: knew.name})
    unrelated = run_of(project)
    of_gone = run_of(project, {CONTINUED_KEY: "2020-01-01_00-00-00"})
    ada = people_of(project)[0]
    assert ada.sessions == tuple(sorted((sessions["ada"], sessions["both"])))
    found = delete_person(project, ada).runs
    assert found == (knew, continued, of_gone)
    assert unrelated not in found


def test_what_the_trash_cannot_say_of_is_deleted_too(project, add_photo):
    session = project.new_session("eve")
    project.note_people(session, ["Eve"])
    add_photo("eve.jpg", (FACE,), PhotoRecord(Split.TRAIN, session))
    damaged = project.delete([add_photo("other.jpg", (FACE,))])
    (damaged.folder / trash.ENTRY_NAME).write_text("{")
    eve = people_of(project)[0]
    assert runs_that_learned_from(project, eve) == ()
    delete_person(project, eve)
    assert not damaged.folder.exists()


def test_somebody_elses_photo_that_has_the_name_by_now_is_left_alone(project, add_photo):
    eve, bob = project.new_session("eve"), project.new_session("bob")
    project.note_people(eve, ["Eve"])
    project.note_people(bob, ["Bob"])
    kept = add_photo("kept.jpg", (FACE,), PhotoRecord(Split.TRAIN, eve))
    hers = project.delete([add_photo("a.jpg", (FACE,), PhotoRecord(Split.TRAIN, eve))])
    his = add_photo("a.jpg", (OTHER_FACE,), PhotoRecord(Split.TRAIN, bob))
    run = run_of(project)
    cleared = project.clear_label(his)
    project.set_label(his, (FACE,))
    of_kept = project.clear_label(kept)
    bob_alone = people_of(project)[0]
    eve_alone = people_of(project)[1]
    assert runs_that_learned_from(project, bob_alone) == (run,)
    deleted = delete_person(project, eve_alone)
    assert (deleted.photos, deleted.from_trash) == (("kept.jpg",), 1)
    assert [photo.name for photo in project.photos] == ["a.jpg"]
    assert project.label(his) == (FACE,)
    assert files(cleared.folder) == {"a.json", trash.ENTRY_NAME}
    assert not hers.folder.exists()
    assert not of_kept.folder.exists()


def test_a_run_that_learned_from_another_photo_of_the_name_does_not_know_them(project, add_photo):
    eve = project.new_session("eve")
    project.note_people(eve, ["Eve"])
    project.delete([add_photo("a.jpg", (FACE,), PhotoRecord(Split.TRAIN, eve))])
    add_photo("a.jpg", (FACE,), PhotoRecord(Split.TRAIN, project.new_session("x")))
    run_of(project)
    assert runs_that_learned_from(project, people_of(project)[0]) == ()


def test_their_label_is_deleted_where_a_name_of_somebody_else_was_like_it(project, add_photo):
    eve = project.new_session("eve")
    project.note_people(eve, ["Eve"])
    project.delete([add_photo("a.png", (FACE,), PhotoRecord(Split.TRAIN, None))])
    cleared = project.clear_label(add_photo("a.jpg", (FACE,), PhotoRecord(Split.TRAIN, eve)))
    delete_person(project, people_of(project)[0])
    assert not cleared.folder.exists()


@pytest.mark.usefixtures("sessions")
@pytest.mark.parametrize("prefix", [".replaced-", ".writing-"])
def test_copies_that_lie_beside_the_set_do_not_come_back(project, prefix):
    """As where a viewer held the old set while a new one took its place."""
    beside = project.augmented_folder.with_name(f"{prefix}augmented")
    for folder in (project.augmented_folder, beside):
        (folder / "train" / "images").mkdir(parents=True)
        (folder / "train" / "images" / "ada0-0001.jpg").write_bytes(b"copy")
        write_json(folder / MANIFEST_NAME, {})
    delete_person(project, people_of(project)[0])
    assert not beside.exists()
    project.close()
    with Project.open(project.folder) as again:
        assert files(again.augmented_folder) == set()
