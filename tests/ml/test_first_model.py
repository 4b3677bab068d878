"""A first model is there long before the training ends, and changes nothing in it."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np
import pytest

from facegui.core.errors import Cancelled
from facegui.core.progress import StopToken
from facegui.core.project import Project
from facegui.core.runs import FirstModel, Run, list_runs
from facegui.ml import backbone, dense_training, first_model
from facegui.ml.detection import Detector
from facegui.ml.presets import FAST
from facegui.ml.training import TrainEvent, train
from facegui.ml.weights import VggWeights
from tests.ml.conftest import eagerly

pytestmark = pytest.mark.slow

SETTINGS = replace(FAST.settings, input_size=32, epochs=1, batch_size=8, seed=3)
Start = Callable[[Project, Callable[[TrainEvent], None], StopToken], Run]


@pytest.fixture
def start(
    tmp_path_factory: pytest.TempPathFactory,
    tiny_weights: VggWeights,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Start]:
    monkeypatch.setenv("FACEGUI_WEIGHTS", str(tmp_path_factory.mktemp("weights")))
    monkeypatch.setattr(backbone, "_EXAMPLES", 2)
    monkeypatch.setattr(backbone, "_EXAMPLE_SIDE", 32)
    monkeypatch.setattr(first_model, "PICTURES", 12)
    monkeypatch.setattr(dense_training, "WORTH_MISSING", 20)
    monkeypatch.setattr(first_model, "STEPS", 3)

    def run(project: Project, report: Callable[[TrainEvent], None], stop: StopToken) -> Run:
        with eagerly():
            return train(project, SETTINGS, report, stop, weights=tiny_weights)

    yield run


def test_the_first_model_detects_before_the_training_ends_and_changes_nothing(
    project: Project, start: Start
) -> None:
    seen: list[tuple[bool, bool]] = []

    def report(event: TrainEvent) -> None:
        if isinstance(event, FirstModel):
            run = Run(event.path.parent)
            seen.append((run.has_model, run.complete))
            assert Detector(event.path).detect(np.zeros((48, 64, 3), np.uint8)) is not None
            assert event.seconds > 0

    first = start(project, report, StopToken())
    assert seen == [(True, False)]
    assert first.complete
    again = start(project, report, StopToken())  # all features are kept: no first model
    assert len(seen) == 1
    assert [epoch.validation for epoch in again.metrics()] == [
        epoch.validation for epoch in first.metrics()
    ]


def test_cancelled_during_the_first_model_it_leaves_nothing(project: Project, start: Start) -> None:
    stop = StopToken()

    def report(event: TrainEvent) -> None:
        if getattr(event, "text", "").startswith("A first model"):
            stop.cancel()

    with pytest.raises(Cancelled):
        start(project, report, stop)
    assert list_runs(project.runs_folder) == ()


def test_a_first_model_that_cannot_be_made_costs_no_training(
    project: Project, start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    from facegui.ml import training

    def refuse(_: object) -> bytes:
        raise RuntimeError("the converter refuses")

    events: list[TrainEvent] = []
    monkeypatch.setattr(training, "to_litert_int8", refuse)
    run = start(project, events.append, StopToken())
    assert run.complete
    assert not any(isinstance(event, FirstModel) for event in events)
    shutil.rmtree(run.folder)
