"""facegui draft: what the window drafts while one labels, at one go."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from facegui.commands import draft
from facegui.commands.main import main
from facegui.core.boxes import Box, Detection
from facegui.core.mistakes import Mistake, MistakeKind, PhotoMistakes
from facegui.core.photo_library import Photo, PhotoState, Sample
from facegui.core.project import Project
from facegui.ml.draft_messages import PhotoDraft

FACE = Box(20.0, 30.0, 100.0, 140.0)


class _Knowing:
    """Sees a face in every photo, each less certainly than the one before."""

    def __init__(self) -> None:
        self.learned: Sequence[Sample] = ()

    def learn(self, samples: Sequence[Sample], _report: Any, _stop: Any) -> None:
        self.learned = samples

    def draft(self, photos: Sequence[Photo], _report: Any, _stop: Any) -> Iterator[PhotoDraft]:
        assert len(self.learned) == 13
        for number, photo in enumerate(photos):
            certainty = 0.9 - 0.2 * number
            yield PhotoDraft(photo, (Detection(FACE, 0.9),), certainty)

    def second_opinion(self, samples: Sequence[Sample], _report: Any, _stop: Any) -> Any:
        mistake = Mistake(MistakeKind.MISSED, FACE, 1.0)
        return (PhotoMistakes(samples[0].photo.name, (mistake,)),)


@pytest.fixture
def project_folder(demo: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Three of sixteen photos are not labelled."""
    monkeypatch.setattr(draft, "make_drafter", lambda *_: _Knowing())
    with Project.open(demo) as project:
        for photo in project.photos[:3]:
            project.clear_label(photo)
    return demo


def states(folder: Path) -> list[PhotoState]:
    with Project.open(folder) as project:
        return [project.state(photo) for photo in project.photos[:3]]


def test_drafts_are_kept_and_are_no_labels(project_folder: Path, run_json: Any) -> None:
    told = run_json("draft", project_folder)
    assert len(told["drafts"]) == 3
    assert told["accepted"] == []
    assert states(project_folder) == [PhotoState.UNLABELLED] * 3
    with Project.open(project_folder) as project:
        assert project.drafts.names == tuple(sorted(told["drafts"]))


def test_certain_drafts_become_labels_where_asked_for(project_folder: Path, run_json: Any) -> None:
    told = run_json("draft", project_folder, "--accept-from", "0.65")
    assert len(told["accepted"]) == 2
    assert states(project_folder) == [
        PhotoState.FACES,
        PhotoState.FACES,
        PhotoState.UNLABELLED,
    ]


def test_second_opinion_changes_nothing(project_folder: Path, run_json: Any) -> None:
    (doubted,) = run_json("draft", project_folder, "--second-opinion")["doubted"]
    assert doubted["kind"] == "missed"
    with Project.open(project_folder) as project:
        assert project.drafts.names == ()


def test_too_few_labels_are_said(project_folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with Project.open(project_folder) as project:
        for photo in project.photos[:9]:
            project.clear_label(photo)
    assert main(["draft", str(project_folder)]) == 1
    assert "There are 7 labelled photos." in capsys.readouterr().err
