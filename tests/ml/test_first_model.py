"""A first model is there long before the training ends, and changes nothing in it."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from facegui.core.errors import Cancelled
from facegui.core.progress import Progress, StopToken
from facegui.core.project import Project
from facegui.core.runs import (
    KERAS_NAME,
    BatchMetrics,
    FirstModel,
    Run,
    can_be_finished,
    list_runs,
)
from facegui.ml import backbone, dense_training, first_model
from facegui.ml.detection import Detector
from facegui.ml.estimating import CONVERSION, FEATURES, ToldBy, read_pace
from facegui.ml.export import load_network
from facegui.ml.presets import FAST, TrainSettings
from facegui.ml.training import TrainEvent, train
from facegui.ml.weights import VggWeights, default_weights_folder
from tests.ml.conftest import COPIES, eagerly

pytestmark = pytest.mark.slow

SETTINGS = replace(FAST.settings, input_size=32, epochs=1, batch_size=8, seed=3)
FIRST_STEPS = 3
Start = Callable[..., Run]


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
    monkeypatch.setattr(dense_training, "WORTH_A_FIRST_MODEL", 20)
    monkeypatch.setattr(first_model, "FIRST_STEPS", FIRST_STEPS)

    def run(
        project: Project,
        report: Callable[[TrainEvent], None],
        stop: StopToken,
        settings: TrainSettings = SETTINGS,
        weights: VggWeights = tiny_weights,
    ) -> Run:
        with eagerly():
            return train(project, settings, report, stop, weights=weights)

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


def test_what_its_parts_took_is_remembered_for_the_next(
    project: Project, start: Start, tiny_weights: VggWeights
) -> None:
    whole = replace(tiny_weights, source="imagenet")
    start(project, lambda _: None, StopToken(), replace(SETTINGS, epochs=2), whole)
    pace = read_pace(default_weights_folder())
    measured = {part for part, by in pace.told_by.items() if by is ToldBy.TRAINING}
    assert measured == {FEATURES, CONVERSION, "dense-32"}


def when(stop: StopToken, happened: Callable[[TrainEvent], bool]) -> Callable[[TrainEvent], None]:
    """A report that asks to finish once that has happened."""

    def report(event: TrainEvent) -> None:
        if happened(event):
            stop.finish()

    return report


def looks_on(event: TrainEvent) -> bool:
    """Whether features are computed that the first model does not need."""
    return isinstance(event, Progress) and event.total == COPIES * 17 - first_model.PICTURES


@pytest.fixture
def taught(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """The heads of first models, as they were trained."""
    made: list[Any] = []
    train_first = dense_training.train_first

    def watched(*what: Any) -> Any:
        made.append(train_first(*what))
        return made[-1]

    monkeypatch.setattr(dense_training, "train_first", watched)
    return made


def has_weights_of(run: Run, heads: Any) -> bool:
    kept = load_network(run.folder / KERAS_NAME).get_layer("heads").get_weights()
    return all(
        np.array_equal(one, other) for one, other in zip(kept, heads.get_weights(), strict=True)
    )


def test_finished_while_it_looks_at_photos_it_keeps_the_first_model(
    project: Project, start: Start, taught: list[Any]
) -> None:
    stop = StopToken()
    run = start(project, when(stop, looks_on), stop)
    assert run.complete
    assert has_weights_of(run, taught[0])
    card = run.card()
    assert (card["epochs"], card["best_epoch"], card["finished_early"]) == (0, None, True)
    assert run.metrics() == ()
    assert len(list((project.cache_folder / "features").glob("*.npy"))) < COPIES * 17


def test_finished_during_the_first_model_it_ends_with_that(
    project: Project, start: Start, taught: list[Any]
) -> None:
    stop = StopToken()
    events: list[TrainEvent] = []

    def report(event: TrainEvent) -> None:
        events.append(event)
        if getattr(event, "text", "") == first_model.TRY_LIVE:
            stop.finish()

    run = start(project, report, stop)
    assert run.complete and has_weights_of(run, taught[0])
    assert int(taught[0].optimizer.iterations) == FIRST_STEPS
    assert not any(isinstance(event, FirstModel | BatchMetrics) for event in events)


def test_it_can_be_finished_once_there_is_something_to_keep(project: Project, start: Start) -> None:
    events: list[TrainEvent] = []
    start(project, events.append, StopToken())
    first = next(place for place, event in enumerate(events) if can_be_finished(event))
    before = [event for event in events[:first] if isinstance(event, Progress)]
    assert before[-1] == Progress(first_model.PICTURES, first_model.PICTURES, before[-1].text)
    assert getattr(events[first + 1], "text", "") == first_model.TRY_LIVE


@pytest.mark.parametrize("kept", ["first", "learned"])
def test_finished_in_the_first_epoch_it_keeps_what_is_better(
    project: Project,
    start: Start,
    taught: list[Any],
    monkeypatch: pytest.MonkeyPatch,
    kept: str,
) -> None:
    start(project, lambda _: None, StopToken())  # all features are kept now: no first model
    taught.clear()
    worst = -1.0 if kept == "first" else 1e9
    monkeypatch.setattr(dense_training, "_loss", lambda *_: worst)
    stop = StopToken()
    run = start(project, when(stop, lambda event: isinstance(event, BatchMetrics)), stop)
    assert len(run.metrics()) == 1
    assert has_weights_of(run, taught[0]) is (kept == "first")
    assert run.card()["best_epoch"] == (None if kept == "first" else 1)


def test_the_first_model_is_judged_as_epochs_are(
    project: Project, start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    losses: list[float] = []
    loss = dense_training._loss

    def watched(heads: Any, settings: Any, judged: Any) -> float:
        losses.append(loss(heads, settings, judged))
        return losses[-1]

    monkeypatch.setattr(dense_training, "_loss", watched)
    monkeypatch.setattr(dense_training._Before, "heads", lambda *_: trained[0])
    trained: list[Any] = []
    begin = dense_training._begin

    def begun(*what: Any) -> Any:
        trained.append(begin(*what))
        return trained[-1]

    monkeypatch.setattr(dense_training, "_begin", begun)
    monkeypatch.setattr(dense_training, "WORTH_A_FIRST_MODEL", 10**6)
    stop = StopToken()
    run = start(project, when(stop, lambda event: isinstance(event, BatchMetrics)), stop)
    assert losses == [pytest.approx(run.metrics()[0].validation.total, rel=1e-4)]


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
