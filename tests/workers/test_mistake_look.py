"""Mistakes are found on the photos that the network did not learn from."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from facegui.core.boxes import Detection
from facegui.core.drawing import Meaning
from facegui.core.errors import Cancelled
from facegui.core.progress import StopToken
from facegui.core.project import Project
from facegui.core.run_photos import write_run_photos
from facegui.core.runs import Run
from facegui.core.splits import Split
from facegui.workers import mistake_look
from facegui.workers.mistake_look import SHOWN_SIDE, look_for_mistakes


class BlindDetector:
    """Finds nothing."""

    threshold = 0.5

    def __init__(self, *_: Any, **__: Any) -> None:
        pass

    def detect(self, *_: Any) -> tuple[Detection, ...]:
        return ()


@pytest.fixture(autouse=True)
def _blind(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mistake_look, "Detector", BlindDetector)


def find(project: Project, stop: StopToken | None = None) -> tuple[Any, ...]:
    return look_for_mistakes(project, Run(Path("run")), lambda _: None, stop or StopToken())


def test_missed_faces_are_shown_on_small_pictures(demo_project: Project) -> None:
    faces = {
        sample.photo.name: split
        for split in (Split.TEST, Split.VALIDATION)
        for sample in demo_project.samples(split)
        if sample.boxes
    }
    found = find(demo_project)
    assert {picture.name: picture.split for picture in found} == faces
    for picture in found:
        assert max(picture.pixels.shape) == SHOWN_SIDE
        assert {marked.meaning for marked in picture.boxes} == {Meaning.LABEL, Meaning.MISTAKE}
        assert all(marked.box.x1 <= picture.pixels.shape[1] + 1 for marked in picture.boxes)
        assert "missed" in picture.words


def test_photos_that_it_learned_from_are_left_out(demo_project: Project, tmp_path: Path) -> None:
    write_run_photos(tmp_path, demo_project)
    tested = {sample.photo.name for sample in demo_project.samples(Split.TEST)}
    learned = {sample.photo.name for sample in demo_project.samples(Split.TRAIN)}
    moved = dict.fromkeys(learned, Split.TEST) | dict.fromkeys(tested, Split.VALIDATION)
    demo_project.give_splits(moved)
    found = look_for_mistakes(demo_project, Run(tmp_path), lambda _: None, StopToken())
    assert found
    assert not {picture.name for picture in found} & learned


def test_a_corrected_label_is_no_mistake_any_more(demo_project: Project) -> None:
    first = find(demo_project)[0].name
    demo_project.set_label(demo_project.photo(first), ())
    assert first not in {picture.name for picture in find(demo_project)}


def test_looking_can_be_cancelled(demo_project: Project) -> None:
    stop = StopToken()
    stop.cancel()
    with pytest.raises(Cancelled):
        find(demo_project, stop)
