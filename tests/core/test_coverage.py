"""What photos have and lack, and what to take next."""

from __future__ import annotations

import numpy as np
import pytest

from facegui.core.boxes import Box
from facegui.core.coverage import (
    GUIDED,
    HEAT_COLUMNS,
    HEAT_ROWS,
    Coverage,
    Place,
    Task,
    coverage_of,
    is_to_be_labelled,
    next_task,
)
from facegui.core.project_index import PhotoRecord


def test_coverage_counts_and_places_boxes(project, add_photo):
    session = project.new_session("Here")
    project.note_people(session, ["Ada"])
    add_photo("a.jpg", (Box(0, 0, 32, 24),), PhotoRecord(session=session))
    add_photo("b.jpg", (Box(32, 24, 64, 48), Box(0, 0, 32, 24)), PhotoRecord(session=session))
    add_photo("c.jpg", ())
    add_photo("d.jpg")
    seen = coverage_of(project)
    assert (seen.photos, seen.faces, seen.no_face, seen.sessions) == (4, 2, 1, 2)
    assert seen.unlabelled == ("d.jpg",)
    assert (seen.people, seen.unnoted) == (("Ada",), 1)  # that of photos without a session
    assert seen.heat.shape == (HEAT_ROWS, HEAT_COLUMNS)
    half = HEAT_ROWS // 2, HEAT_COLUMNS // 2
    assert (seen.heat[: half[0], : half[1]] == 2).all()
    assert (seen.heat[half[0] :, half[1] :] == 1).all()
    assert seen.heat[: half[0], half[1] :].sum() == 0
    assert np.allclose(seen.middles, [[0.25, 0.25], [0.75, 0.75], [0.25, 0.25]])
    assert np.allclose(seen.sizes, 0.5)
    assert len(seen.lights) == len(seen.blurs) == 4


def test_empty_project_is_asked_for_faces(project):
    assert next_task(coverage_of(project)) == Task(Place.MIDDLE)


def varied(**changes):
    """The coverage of a project that lacks nothing."""
    rng = np.random.default_rng(0)
    values = {
        "photos": 200,
        "faces": 160,
        "no_face": 40,
        "unlabelled": (),
        "sessions": 6,
        "people": ("Ada", "Bob"),
        "unnoted": 0,
        "heat": np.ones((HEAT_ROWS, HEAT_COLUMNS)),
        "middles": rng.uniform(0.1, 0.9, (160, 2)),
        "sizes": rng.uniform(0.1, 0.7, 160),
        "lights": rng.uniform(60, 180, 200),
        "blurs": np.full(200, 0.3),
    }
    return Coverage(**{**values, **changes})


def without(low, high, axis):
    middles = varied().middles.copy()
    middles[:, axis] = np.clip(middles[:, axis], low, high)
    return middles


@pytest.mark.parametrize(
    ("changes", "place"),
    [
        ({"faces": 5}, Place.MIDDLE),
        ({"no_face": 3}, Place.EMPTY),
        ({"middles": without(0.4, 0.9, 0)}, Place.LEFT),
        ({"middles": without(0.1, 0.6, 0)}, Place.RIGHT),
        ({"middles": without(0.4, 0.9, 1)}, Place.TOP),
        ({"middles": without(0.1, 0.6, 1)}, Place.BOTTOM),
        ({"sizes": np.linspace(0.1, 0.4, 160)}, Place.NEAR),
        ({"sizes": np.linspace(0.3, 0.6, 160)}, Place.FAR),
        ({"lights": np.full(200, 120.0)}, Place.LIGHT),
        ({"sessions": 1}, Place.ELSEWHERE),
        ({"people": ("Ada",)}, Place.ELSEWHERE),
    ],
)
def test_what_is_missed_most_is_the_next_task(changes, place):
    assert next_task(varied(**changes)) == Task(place)


def test_many_photos_without_a_label_are_to_be_labelled_first():
    names = tuple(f"{number}.jpg" for number in range(80))
    assert is_to_be_labelled(varied(photos=80, faces=0, no_face=0, unlabelled=names))
    assert not is_to_be_labelled(varied(unlabelled=names[:3]))


def test_nothing_is_asked_where_nothing_is_missing():
    assert next_task(varied()) is None
    assert next_task(varied(people=("Ada",), unnoted=2)) is None


def test_tasks_are_said_in_one_sentence():
    task = Task(Place.LEFT)
    assert task.words() == "Take 10 photos with your face at the edge on your right."
    assert task.words(1) == "Take 1 photo with your face at the edge on your right."
    for task in GUIDED:
        assert task.words().endswith(".")
