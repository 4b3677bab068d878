"""Two programs write one label file: the newest stands, the other is kept, and it is said."""

from __future__ import annotations

import contextlib
import errno
import json
import subprocess
import sys
import time
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from facegui.core import label_keeping
from facegui.core.boxes import Box
from facegui.core.errors import UserError
from facegui.core.files import ASIDE_PREFIX
from facegui.core.labelme import LabelFileError, read_label_file
from facegui.core.project import Project


def box(number: int) -> Box:
    """One that no other number gives."""
    return Box(float(number % 50), float(number // 50), float(number % 50) + 10, 47.0)


def theirs(path: Path, *boxes: Box) -> None:
    """Writes as LabelMe does, which never looks at what is there."""
    shapes = [
        {
            "label": "face",
            "points": [[b.x0, b.y0], [b.x1, b.y1]],
            "shape_type": "rectangle",
            "flags": {},
        }
        for b in boxes
    ]
    document = {"version": "6.3.1", "flags": {}, "shapes": shapes, "imagePath": "../photos/a.jpg"}
    path.write_text(
        json.dumps({**document, "imageData": None, "imageHeight": 48, "imageWidth": 64}), "utf-8"
    )


def in_trash(project: Project) -> set[Box]:
    labels = project.trash_folder.glob("*/labels/*.json")
    return {face for label in labels for face in read_label_file(label, size=(64, 48)).boxes}


@pytest.fixture
def photo(add_photo):
    return add_photo("a.jpg")


def test_what_they_wrote_unseen_is_kept_when_we_write(project, photo):
    project.set_label(photo, [box(1)])
    theirs(project.label_path(photo), box(2))
    project.set_label(photo, [box(3)])
    assert project.label(photo) == (box(3),)
    assert in_trash(project) == {box(1), box(2)}
    assert project.refresh().kept == ("a.jpg",)
    assert not project.refresh()


def test_what_we_wrote_is_kept_when_they_write_without_having_seen_it(project, photo):
    project.set_label(photo, [box(1)])
    theirs(project.label_path(photo), box(2))
    changes = project.refresh()
    assert (changes.changed, changes.kept) == (("a.jpg",), ("a.jpg",))
    assert project.label(photo) == (box(2),)
    assert in_trash(project) == {box(1)}


def test_nothing_is_kept_where_no_box_is_lost(project, photo):
    project.set_label(photo, [box(1)])
    theirs(project.label_path(photo), box(1), box(2))
    assert project.refresh().kept == ()
    project.set_label(photo, [box(1), box(2), box(3)])
    project.set_label(photo, [])
    assert project.refresh().kept == ()
    assert in_trash(project) == set()


def test_what_they_have_seen_they_may_change(project, photo, monkeypatch):
    monkeypatch.setattr(label_keeping, "_SURELY_SEEN_S", 0.0)
    project.set_label(photo, [box(1)])
    project.seen_elsewhere(photo)
    theirs(project.label_path(photo), box(2))
    assert project.refresh().kept == ()


def test_what_was_written_just_before_they_loaded_may_be_unseen(project, photo):
    project.set_label(photo, [box(1)])
    project.seen_elsewhere(photo)
    theirs(project.label_path(photo), box(2))
    assert project.refresh().kept == ("a.jpg",)


def test_a_label_that_is_cleared_is_no_loss_by_others(project, photo):
    project.set_label(photo, [box(1)])
    project.clear_label(photo)
    theirs(project.label_path(photo), box(2))
    assert project.refresh().kept == ()


def test_a_file_that_they_removed_is_kept(project, photo):
    project.set_label(photo, [box(1)])
    project.label_path(photo).unlink()
    assert project.refresh().kept == ("a.jpg",)
    assert in_trash(project) == {box(1)}


def test_their_version_stands_where_the_trash_does_not_take_it(project, photo, monkeypatch):
    project.set_label(photo, [box(1)])
    theirs(project.label_path(photo), box(1), box(2))

    def refuse(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as full:
        full.setattr(label_keeping, "new_entry", refuse)
        with pytest.raises(UserError, match="full"):
            project.set_label(photo, [box(3)])
    assert [path.name for path in project.labels_folder.iterdir()] == ["a.json"]
    assert project.refresh().changed == ("a.jpg",)
    assert project.label(photo) == (box(1), box(2))


def test_a_damaged_label_is_left_alone(project, photo):
    project.label_path(photo).write_text("{", "utf-8")
    with pytest.raises(LabelFileError):
        project.set_label(photo, [box(1)])
    assert project.label_path(photo).read_text("utf-8") == "{"


def test_a_label_that_was_moved_aside_by_a_killed_program_is_there_again(project, photo):
    project.set_label(photo, [box(1)])
    label = project.label_path(photo)
    label.rename(label.with_name(f"{ASIDE_PREFIX}{'0' * 16}-{label.name}"))
    project.close()
    with Project.open(project.folder) as again:
        assert again.label(photo) == (box(1),)
        assert [path.name for path in again.labels_folder.iterdir()] == ["a.json"]


def test_a_version_that_a_killed_program_had_not_judged_is_kept(project, photo):
    project.set_label(photo, [box(1)])
    label = project.label_path(photo)
    for number, boxes in enumerate(([box(1)], [box(2)])):
        theirs(label.with_name(f"{ASIDE_PREFIX}{number:016}-{label.name}"), *boxes)
    project.close()
    with Project.open(project.folder) as again:
        assert again.label(photo) == (box(1),)
        assert [path.name for path in again.labels_folder.iterdir()] == ["a.json"]
        assert in_trash(again) == {box(2)}


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.lists(st.sampled_from(["ours", "theirs", "look"]), max_size=12))
def test_in_whatever_order_they_write_no_unseen_version_is_lost(project, photo, moves):
    project.clear_label(photo)
    project.refresh()
    must_be_kept: set[Box] = set()
    last, unseen = "", None
    for number, move in enumerate(moves):
        if move == "look":
            project.refresh()
            unseen = None if last == "theirs" else unseen
            continue
        if unseen is not None and last != move:
            must_be_kept.add(unseen)
        if move == "ours":
            project.set_label(photo, [box(number)])
        else:
            theirs(project.label_path(photo), box(number))
        last, unseen = move, box(number)
    project.refresh()
    assert must_be_kept <= in_trash(project)


OTHER_PROGRAM = """
import json, os, sys, time
path, count, atomic = sys.argv[1], int(sys.argv[2]), sys.argv[3] == "atomic"
replaced, mine = [], None
for number in range(count):
    try:
        with open(path) as file:
            points = json.load(file)["shapes"][0]["points"]
    except (OSError, ValueError, LookupError):
        points = None
    if mine and points and points != mine:
        replaced.append(mine)
    mine = [[float(number % 50), 20.0 + number // 50], [number % 50 + 10.0, 46.0]]
    shape = {"label": "face", "points": mine, "shape_type": "rectangle", "flags": {}}
    document = {"version": "6.3.1", "flags": {}, "shapes": [shape], "imagePath": "a.jpg",
                "imageData": None, "imageHeight": 48, "imageWidth": 64}
    target = path + ".theirs" if atomic else path
    with open(target, "w") as file:
        json.dump(document, file)
    if atomic:
        os.replace(target, path)
    time.sleep(0.002 * (number % 4))
print(json.dumps(replaced))
"""


@pytest.mark.parametrize("way", ["atomic", "in place"])
def test_two_processes_that_write_one_label_lose_no_box(project, photo, way):
    """Each notes which of its versions it saw replaced by the other: all of those are kept."""
    label = project.label_path(photo)
    other = subprocess.Popen(
        [sys.executable, "-c", OTHER_PROGRAM, str(label), "120", way],
        stdout=subprocess.PIPE,
        text=True,
    )
    replaced: set[Box] = set()
    seen: set[Box] = set()
    mine: Box | None = None
    number = 0
    while other.poll() is None:
        project.refresh()
        now = label_of(project, photo)
        if mine is not None and now != (mine,):
            replaced.add(mine)
        seen |= set(now or ())
        number += 1
        # Where they are held up in the middle of writing nothing is written over it.
        with contextlib.suppress(LabelFileError):
            project.set_label(photo, [box(number % 400)])
            mine = box(number % 400)
        time.sleep(0.001 * (number % 5))
    assert other.stdout is not None
    theirs_replaced = json.loads(other.stdout.read())
    other.stdout.close()
    project.refresh()
    project.refresh()
    kept = in_trash(project)
    replaced_by_us = {Box(*corners[0], *corners[1]) for corners in theirs_replaced}
    assert replaced <= kept
    # What was looked at here was replaced knowingly.
    assert replaced_by_us - seen <= kept
    assert replaced and replaced_by_us, "they did write at the same time"
    assert not list(project.labels_folder.glob(f"{ASIDE_PREFIX}*"))


def label_of(project, photo):
    try:
        return project.label(photo)
    except LabelFileError:
        return None
