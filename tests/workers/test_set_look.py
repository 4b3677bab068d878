"""What the Augment tab knows of a project."""

from __future__ import annotations

import pytest

from facegui.core.errors import Cancelled
from facegui.core.images import EncodedPicture
from facegui.core.progress import StopToken, ignore_progress
from facegui.core.project import NewPhoto, Project
from facegui.workers.set_look import SetLooker


def test_giving_splits_can_be_cancelled(demo_project: Project) -> None:
    data = demo_project.photos[0].path.read_bytes()
    picture = EncodedPicture(data, ".jpg", *demo_project.size(demo_project.photos[0]))
    (photo,) = demo_project.add_photos([NewPhoto(picture, "new.jpg", boxes=())])
    stop = StopToken()
    stop.cancel()
    with pytest.raises(Cancelled):
        SetLooker().look(demo_project, True, ignore_progress, stop)
    assert demo_project.split(photo) is None
    SetLooker().look(demo_project, True, ignore_progress, StopToken())
    assert demo_project.split(photo) is not None
