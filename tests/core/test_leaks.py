"""Leaks are found and mended, and what was seen of photos is kept."""

from __future__ import annotations

import dataclasses
from concurrent.futures import ThreadPoolExecutor

import cv2
import numpy as np
import pytest
from PIL import Image

from facegui.core import leaks as leak_search
from facegui.core import photo_facts
from facegui.core.boxes import Box
from facegui.core.errors import Cancelled
from facegui.core.health import Kind, Remedy, check_project
from facegui.core.images import EncodedPicture, encode_picture
from facegui.core.leaks import find_leaks, mend_leaks
from facegui.core.progress import Progress, StopToken
from facegui.core.project import NewPhoto, Project
from facegui.core.project_index import PhotoRecord
from facegui.core.splits import Split

FACE = Box(10.0, 5.0, 60.0, 65.0)


def scene(seed):
    """A picture like no other, with soft and sharp parts."""
    noise = np.random.default_rng(seed).integers(0, 255, (9, 12, 3), np.uint8)
    return np.array(Image.fromarray(noise).resize((160, 120), Image.Resampling.BICUBIC))


@pytest.fixture
def add(project):
    """Adds a photo of a scene, as it is or changed a little, to a session."""
    sessions = {}

    def add_one(name, seed, split=None, session="home", change=0, boxes=(FACE,)):
        if session not in sessions:
            sessions[session] = project.new_session(session)
        pixels = np.clip(scene(seed).astype(int) + change, 0, 255).astype(np.uint8)
        picture = EncodedPicture(encode_picture(pixels), ".jpg", 160, 120)
        record = PhotoRecord(split, sessions[session])
        return project.add_photos([NewPhoto(picture, name, record, boxes)])[0]

    return add_one


def test_near_copies_come_into_one_split(project, add):
    for seed in range(12):
        for number in range(3):
            add(f"{seed}-{number}.jpg", seed, change=4 * number)
    project.assign_missing_splits()
    for seed in range(12):
        splits = {project.record(f"{seed}-{n}.jpg").split for n in range(3)}
        assert len(splits) == 1
    assert not find_leaks(project)
    assert leak_search.tested_on(project).near_copies == 0


def test_leaks_are_found_and_mended_by_one_call(project, add):
    for seed in range(12):
        add(f"{seed}.jpg", seed, Split.TEST if seed == 1 else None)
    add("copy.jpg", 1, Split.TRAIN, change=5)
    project.assign_missing_splits()
    leaks = find_leaks(project)
    assert leaks.copies == (("1.jpg", "copy.jpg"),)
    assert leak_search.tested_on(project).near_copies == 1
    assert mend_leaks(project) == 1
    assert not find_leaks(project)
    assert mend_leaks(project) == 0


def test_new_copy_of_photos_in_two_splits_is_left_out_until_it_is_mended(project, add):
    for seed in range(12):
        add(f"{seed}.jpg", seed, Split.TRAIN)
    add("dark.jpg", 50, Split.TRAIN, change=-8)
    add("new.jpg", 0)
    assert find_leaks(project).left_out == ()
    add("light.jpg", 50, Split.TEST, change=8)
    add("between.jpg", 50)
    assert find_leaks(project).left_out == ("between.jpg",)


def test_mending_keeps_sessions_apart_where_there_are_enough(project, add):
    for number in range(24):
        add(f"{number}.jpg", number, list(Split)[number % 3], session=f"place {number % 6}")
    for number in range(24, 30):
        add(f"{number}.jpg", number, list(Split)[number % 2], session=f"place {number % 6}")
    torn = find_leaks(project).torn_sessions
    assert len(torn) > 0
    mending = [p for p in leak_search.leak_problems(project) if "same sessions" in p.what]
    assert "Check the photos" in mending[0].remedy
    (finding,) = [f for f in check_project(project) if f.kind is Kind.TORN_SESSION]
    assert finding.remedy is Remedy.MEND
    assert {project.record(name).split for name in finding.photos} == {Split.VALIDATION, Split.TEST}
    mend_leaks(project)
    assert not find_leaks(project)
    assert find_leaks(project).sessions == ()
    assert not [f for f in check_project(project) if f.kind is Kind.TORN_SESSION]
    tested = leak_search.tested_on(project)
    assert (tested.same_session, tested.sessions) == (0, 6)
    assert tested.photos > 0


def test_sessions_are_no_leak_while_there_are_too_few_to_part_them(project, add):
    for number in range(24):
        add(f"{number}.jpg", number, list(Split)[number % 3], session=f"place {number % 2}")
    leaks = find_leaks(project)
    assert len(leaks.sessions) == 2
    assert not leaks
    assert mend_leaks(project) == 0


def test_what_is_noted_of_people_is_told(project, add):
    add("a.jpg", 1, Split.TRAIN)
    add("b.jpg", 2, Split.TEST)
    (session,) = project.sessions
    project.note_people(session, ["Ada", "Ada"])
    with Project.open(project.folder, read_only=True) as reading:
        assert reading.sessions[session].people == ("Ada",)
        tested = leak_search.tested_on(reading)
    assert dataclasses.asdict(tested) == {
        "photos": 1,
        "same_session": 1,
        "near_copies": 0,
        "sessions": 1,
        "people": ("Ada",),
        "unnoted": 0,
        "left_out": 0,
    }


def test_one_noted_person_among_sessions_without_names_is_not_all(project, add):
    add("a.jpg", 1, Split.TRAIN)
    add("b.jpg", 2, Split.TEST, session="away")
    for number, session in enumerate(project.sessions):
        assert not any("All photos show" in p.what for p in leak_search.leak_problems(project))
        project.note_people(session, ["Ada"])
        assert leak_search.tested_on(project).unnoted == 1 - number
    assert any("All photos show Ada" in p.what for p in leak_search.leak_problems(project))


def test_a_photo_is_looked_at_once(project, add, monkeypatch):
    add("a.jpg", 1)
    add("b.jpg", 2)
    add("c.jpg", 1, change=4)
    assert project.facts.pairs(project.photos) == (("a.jpg", "c.jpg"),)
    read = []

    def read_small(path, side):
        read.append(path.name)
        return original(path, side)

    original = photo_facts.read_small_picture
    monkeypatch.setattr(photo_facts, "read_small_picture", read_small)
    with Project.open(project.folder, read_only=True) as again:
        facts = again.facts.facts(again.photos)
        assert facts["a.jpg"].size == (160, 120)
        assert facts["a.jpg"].light == project.facts.facts(project.photos)["a.jpg"].light
        assert again.facts.pairs(again.photos) == (("a.jpg", "c.jpg"),)
    assert read == []
    cv2.imwrite(str(project.photos_folder / "c.jpg"), scene(3))
    assert project.facts.pairs(project.photos) == ()
    assert read == ["c.jpg"]


def test_what_was_compared_before_a_cancel_is_kept(project, add):
    for number in range(6):
        add(f"{number}.jpg", number % 3, change=number)
    stop, seen = StopToken(), []

    def stop_at_the_first(progress):
        if progress.text == "Comparing photos":
            stop.cancel()

    with pytest.raises(Cancelled):
        project.facts.pairs(project.photos, stop_at_the_first, stop)
    with Project.open(project.folder, read_only=True) as again:
        pairs = again.facts.pairs(again.photos, seen.append, StopToken())
        assert pairs == (("0.jpg", "3.jpg"), ("1.jpg", "4.jpg"), ("2.jpg", "5.jpg"))
    assert seen[-1] == Progress(5, 5, "Comparing photos")


def test_who_waits_for_another_look_can_be_cancelled(project, add):
    for number in range(2):
        add(f"{number}.jpg", number)
    stop, told = StopToken(), []

    def cancel(progress):
        told.append(progress.text)
        stop.cancel()

    def meanwhile(_):
        with ThreadPoolExecutor(1) as pool:
            other = pool.submit(project.facts.pairs, project.photos, cancel, stop)
            assert isinstance(other.exception(), Cancelled)

    project.facts.pairs(project.photos[:1], meanwhile, StopToken())
    assert told == ["Waiting for another look at the photos"]


def test_nothing_is_kept_of_a_photo_that_is_gone(project, add):
    for name in ("a.jpg", "b.jpg"):
        add(name, 1)
    assert project.facts.pairs(project.photos) == (("a.jpg", "b.jpg"),)
    project.delete([project.photo("b.jpg")])
    project.facts.facts(project.photos)
    with np.load(project.cache_folder / photo_facts.CACHE_NAME) as kept:
        assert kept["names"].tolist() == kept["seen"].tolist() == kept["compared"].tolist()
        assert kept["names"].tolist() == ["a.jpg"]
        assert kept["pairs"].size == 0


def test_what_is_kept_of_other_photos_than_those_looked_at_stays(project, add):
    for number in range(3):
        add(f"{number}.jpg", number)
    project.facts.pairs(project.photos)
    project.facts.pairs(project.photos[:1])
    with np.load(project.cache_folder / photo_facts.CACHE_NAME) as kept:
        assert len(kept["seen"]) == 3


def test_damaged_photo_and_damaged_cache_are_passed_over(project, add):
    add("a.jpg", 1)
    bad = add("b.jpg", 2)
    bad.path.write_bytes(b"no picture")
    assert set(project.facts.facts(project.photos)) == {"a.jpg"}
    (project.cache_folder / photo_facts.CACHE_NAME).write_bytes(b"nonsense")
    with Project.open(project.folder, read_only=True) as again:
        assert set(again.facts.facts(again.photos)) == {"a.jpg"}
