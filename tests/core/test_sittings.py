"""Which photos that are taken one after the other belong to one session."""

from __future__ import annotations

import time
from types import SimpleNamespace

import pytest

from facegui.core import project_memory
from facegui.core.people import delete_person, names_in, people_of
from facegui.core.project import Project
from facegui.core.project_index import PhotoRecord


@pytest.fixture
def now(monkeypatch):
    """What the clock says; to be set."""
    clock = [time.time()]
    monkeypatch.setattr(project_memory, "time", SimpleNamespace(time=lambda: clock[0]))
    return clock


def test_photos_of_one_camera_belong_together_until_a_long_break(project, now):
    first = project.sitting("Camera")
    now[0] += project_memory.SESSION_GAP_S - 1
    assert project.sitting("Camera") == first
    assert project.sitting("Other camera") != first
    assert project.sitting("Camera") == first
    now[0] += project_memory.SESSION_GAP_S + 1
    assert project.sitting("Camera") != first


def test_another_session_begins_when_it_is_said(project):
    first = project.sitting("Camera")
    second = project.sitting("Camera", anew=True)
    assert second != first
    assert project.sitting("Camera") == second


def test_another_person_begins_another_session(project):
    first = project.sitting("Camera")
    assert project.sitting("Camera", ("Ada",)) == first, "it was not known who it is"
    assert project.sitting("Camera") == first
    second = project.sitting("Camera", ("Bob", "Eve"))
    assert second != first
    assert project.sitting("Camera", ("Eve", "Bob")) == second
    assert [session.people for session in project.sessions.values()] == [("Ada",), ("Bob", "Eve")]


def test_photos_after_a_deletion_get_a_session_that_exists(project, add_photo):
    key = project.sitting("Camera", ("Ada",))
    add_photo("a.jpg", (), PhotoRecord(session=key))
    delete_person(project, people_of(project)[0])
    assert project.sessions == {}
    assert project.sitting("Camera") in project.sessions


def test_a_session_stays_while_there_is_a_photo_of_it(project, add_photo):
    key = project.sitting("Camera", ("Ada",))
    add_photo("a.jpg", (), PhotoRecord(session=key))
    project.forget_sessions([key])
    assert key in project.sessions


def test_a_session_goes_on_when_the_program_was_started_again(project, add_photo, now):
    key = project.sitting("Camera")
    add_photo("a.jpg", (), PhotoRecord(session=key))
    project.close()
    with Project.open(project.folder) as again:
        assert again.sitting("Camera") == key
    with Project.open(project.folder) as again:
        assert again.sitting("Camera", anew=True) != key
    now[0] += project_memory.SESSION_GAP_S + 60
    with Project.open(project.folder) as again:
        assert again.sitting("Camera") != key


def test_names_are_read_as_they_are_typed():
    assert names_in(" Ada ,Bob  B.,, Ada") == ("Ada", "Bob B.")
