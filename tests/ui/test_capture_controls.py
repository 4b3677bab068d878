"""What the Capture tab says to do next."""

from __future__ import annotations

import numpy as np
import pytest

from facegui.core.images import EncodedPicture, encode_picture
from facegui.core.project import NewPhoto, Project
from facegui.core.project_index import PhotoRecord
from facegui.ui import capture_controls
from facegui.ui.capture_controls import next_step


@pytest.fixture(autouse=True)
def _few_are_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(capture_controls, "GOOD_COUNT", 4)
    monkeypatch.setattr(capture_controls, "MANY_OF_ONE_SESSION", 2)


def add(project: Project, session: str) -> None:
    picture = EncodedPicture(encode_picture(np.zeros((8, 8, 3), np.uint8)), ".jpg", 8, 8)
    project.add_photos([NewPhoto(picture, "a.jpg", PhotoRecord(session=session))])


def test_it_asks_for_other_sessions_and_other_people(project: Project) -> None:
    assert "press Space" in next_step(None)
    first, second, emptied = (project.new_session(title) for title in "abc")
    assert emptied in project.sessions, "sessions without photos do not count"
    add(project, first)
    assert next_step(project).startswith("1 of about 4 photos.")
    assert "session" not in next_step(project)
    add(project, first)
    assert "A new session helps now" in next_step(project)
    add(project, first)
    add(project, first)
    assert next_step(project).startswith("Many photos of one session.")
    add(project, second)
    assert next_step(project) == "Enough for a good detector. Next: Annotate."
    project.note_people(first, ["Ada"])
    assert next_step(project) == "Enough for a good detector. Next: Annotate."
    project.note_people(second, ["Ada"])
    assert next_step(project).startswith("All photos show Ada:")
