"""What is said before a training starts."""

from __future__ import annotations

import pytest

from facegui.core.boxes import Box
from facegui.core.project_index import PhotoRecord
from facegui.core.readiness import training_problems
from facegui.core.splits import Split

FACE = Box(10.0, 5.0, 30.0, 25.0)


def told(project, *, blocking):
    return [problem.what for problem in training_problems(project) if problem.blocking is blocking]


@pytest.fixture
def add_many(add_photo):
    """Adds photos with a face and photos with none to a split."""

    def add(split, faces, no_face):
        for number in range(faces + no_face):
            boxes = (FACE,) if number < faces else ()
            add_photo(f"{split}{number}.jpg", boxes, PhotoRecord(split))

    return add


def test_empty_project_is_told_to_take_photos(project):
    assert told(project, blocking=True) == ["The project has no photos."]


def test_project_without_labels_is_told_to_mark_faces(project, add_photo):
    add_photo("a.jpg")
    assert told(project, blocking=True) == ["No photo has a label yet."]


def test_too_few_photos_are_refused_with_their_number(project, add_photo):
    add_photo("a.jpg", (FACE,))
    project.assign_missing_splits()
    assert told(project, blocking=True) == [
        "Only 1 photo labelled; 8 are the fewest.",
        "There are no validation photos.",
    ]
    assert "There are no test photos." in told(project, blocking=False)


def test_few_photos_are_doubtful_and_many_are_not(project, add_many):
    add_many(Split.TRAIN, 10, 5)
    add_many(Split.VALIDATION, 3, 1)
    add_many(Split.TEST, 3, 1)
    assert told(project, blocking=True) == []
    assert told(project, blocking=False) == ["23 labelled photos are few."]
    for number in range(27):
        add_many(f"more{number}", 1, 0)
    assert training_problems(project) == ()


def test_split_without_faces_is_told(project, add_many):
    add_many(Split.TRAIN, 0, 6)
    add_many(Split.VALIDATION, 0, 3)
    add_many(Split.TEST, 0, 3)
    assert told(project, blocking=True) == [
        "No training photo shows a face.",
        "No validation photo shows a face.",
    ]
    assert "No test photo shows a face." in told(project, blocking=False)


def test_training_photos_that_all_show_faces_are_doubtful(project, add_many):
    add_many(Split.TRAIN, 8, 0)
    add_many(Split.VALIDATION, 2, 2)
    add_many(Split.TEST, 2, 2)
    assert told(project, blocking=False)[0] == "No training photo is without a face."


def test_tutorial_finding_broken_and_missing_labels_are_told_not_taken_as_no_face(
    project, add_photo, add_many
):
    add_many(Split.TRAIN, 8, 2)
    add_many(Split.VALIDATION, 2, 2)
    add_many(Split.TEST, 2, 2)
    for name in ("plain.jpg", "other.jpg"):
        add_photo(name)
    broken = add_photo("broken.jpg", (FACE,))
    project.label_path(broken).write_text("{", "utf-8")
    project.refresh()
    assert told(project, blocking=False)[:2] == [
        "1 label file cannot be read (broken.jpg); left out.",
        "2 photos without a label yet; left out.",
    ]
    assert told(project, blocking=True) == []
    assert len(project.samples()) == 18


def test_what_makes_training_impossible_comes_first_and_has_a_remedy(project, add_many):
    add_many(Split.TRAIN, 9, 0)
    problems = training_problems(project)
    assert [problem.blocking for problem in problems] == sorted(
        (problem.blocking for problem in problems), reverse=True
    )
    assert problems[0].blocking
    assert all(problem.what and problem.remedy for problem in problems)
