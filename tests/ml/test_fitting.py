"""Fitting: what is reported, which weights are kept, how it stops."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, fields, is_dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from facegui.core.boxes import Box
from facegui.core.errors import Cancelled, UserError
from facegui.core.progress import StopToken
from facegui.core.runs import BatchMetrics, EpochMetrics, Run
from facegui.ml import classic, fitting
from facegui.ml.fitting import TENSORBOARD_NAME, FitData, fit
from facegui.ml.presets import TrainSettings
from facegui.ml.training_data import LabelledArray
from tests.ml.conftest import SETTINGS, build_small_network, eagerly

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("small_network")]

FACE = Box(0.125, 0.25, 0.5, 0.75)
PHOTOS = 20
BATCHES = 3
Event = BatchMetrics | EpochMetrics


def make_data(count: int, *, upside_down: bool = False) -> LabelledArray:
    """Bright pictures show a face and dark ones none; or the other way round."""
    bright = np.arange(count) % 2 == 0
    pictures = np.where(bright, 220, 30).astype(np.uint8)[:, None, None, None]
    labels = tuple((FACE,) if bool(is_bright) != upside_down else () for is_bright in bright)
    return LabelledArray(np.broadcast_to(pictures, (count, 32, 32, 3)), labels)


TRAINING, VALIDATION = make_data(PHOTOS), make_data(9)


def fit_data(data: LabelledArray) -> FitData:
    return FitData(data.pictures, classic.make_targets(data.labels), 1)


def batches_of(data: LabelledArray, settings: TrainSettings) -> FitData:
    batches = classic.training_batches(data, settings, 0)
    return FitData(batches, None, len(batches))


def run_fit(
    folder: Path,
    settings: TrainSettings = SETTINGS,
    *,
    validation: LabelledArray = VALIDATION,
    report: Callable[[Event], None] = lambda _: None,
    stop: StopToken | None = None,
    network: Any = None,
) -> tuple[Any, tuple[EpochMetrics, ...]]:
    network = network or build_small_network(settings)
    training, judged = batches_of(TRAINING, settings), fit_data(validation)
    classic.compile_network(network, settings, training.batches)
    epochs = fit(network, settings, training, judged, folder, report, stop or StopToken())
    return network, epochs


@dataclass(frozen=True)
class Fitted:
    """A fit of two epochs, and everything that it reported."""

    folder: Path
    settings: TrainSettings
    network: Any
    epochs: tuple[EpochMetrics, ...]
    events: tuple[Event, ...]


@pytest.fixture(scope="module")
def fitted(tmp_path_factory: pytest.TempPathFactory) -> Fitted:
    folder = tmp_path_factory.mktemp("fitted")
    settings = replace(SETTINGS, learning_rate=1e-3, learning_rate_decay=0.5)
    events: list[Event] = []
    with pytest.MonkeyPatch.context() as patch, eagerly():
        patch.setattr(fitting, "_REPORTS_PER_SECOND", math.inf)
        network, epochs = run_fit(folder, settings, report=events.append)
    return Fitted(folder, settings, network, epochs, tuple(events))


def test_reports_are_frozen_plain_numbers_in_order(fitted: Fitted) -> None:
    assert [
        (event.epoch, event.batch if isinstance(event, BatchMetrics) else "end")
        for event in fitted.events
    ] == [(epoch, step) for epoch in (1, 2) for step in (1, 2, 3, "end")]
    at_ends = tuple(event for event in fitted.events if isinstance(event, EpochMetrics))
    assert at_ends == fitted.epochs
    for event in fitted.events:
        assert event.epochs == 2
        assert_plain(event)
    batch = fitted.events[0]
    assert isinstance(batch, BatchMetrics) and batch.batches == BATCHES


def assert_plain(value: object) -> None:
    if is_dataclass(value) and not isinstance(value, type):
        assert value.__dataclass_params__.frozen  # type: ignore[attr-defined]
        for field in fields(value):
            assert_plain(getattr(value, field.name))
    else:
        assert type(value) in (float, int, bool)


def test_last_batch_of_an_epoch_is_always_reported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fitting, "_REPORTS_PER_SECOND", 1e-6)
    events: list[Event] = []
    run_fit(tmp_path, report=events.append)
    batches = [(e.epoch, e.batch) for e in events if isinstance(e, BatchMetrics)]
    assert batches == [(1, 1), (1, 3), (2, 3)]


def test_losses_add_up_in_every_report(fitted: Fitted) -> None:
    assert fitted.settings.classification_weight == 0.5
    for event in fitted.events:
        parts = [event.training]
        if isinstance(event, EpochMetrics):
            parts.append(event.validation)
        for losses in parts:
            total = losses.box + 0.5 * losses.classification
            assert losses.total == pytest.approx(total, rel=1e-5)


def test_validation_losses_are_those_of_the_network(fitted: Fitted) -> None:
    """Of the last epoch, which is the best here: its weights were kept."""
    targets = classic.make_targets(VALIDATION.labels)
    guesses = fitted.network.predict(VALIDATION.pictures, verbose=0)
    face, box = guesses["face"], guesses["box"]
    entropy = -np.mean(np.log(np.where(targets["face"] == 1, face, 1 - face)))
    losses = fitted.epochs[-1].validation
    assert fitted.epochs[-1].best
    assert losses.classification == pytest.approx(entropy, rel=1e-3)
    box_loss = np.mean(np.asarray(classic.localization_loss(targets["box"], box)))
    assert losses.box == pytest.approx(box_loss, rel=1e-3)


def test_classification_weight_is_obeyed(tmp_path: Path) -> None:
    _, (epoch, *_) = run_fit(tmp_path, replace(SETTINGS, epochs=1, classification_weight=0.0))
    assert epoch.validation.total == pytest.approx(epoch.validation.box, rel=1e-5)
    assert epoch.validation.classification > 0


def test_metrics_and_event_files_are_in_the_folder(fitted: Fitted) -> None:
    written = Run(fitted.folder).metrics()
    assert len(written) == len(fitted.epochs) == 2
    for mine, theirs in zip(fitted.epochs, written, strict=True):
        assert theirs.validation.total == pytest.approx(mine.validation.total, rel=1e-5)
        assert (theirs.epoch, theirs.best) == (mine.epoch, mine.best)
    for part in ("train", "validation"):
        (event_file,) = (fitted.folder / TENSORBOARD_NAME / part).iterdir()
        assert event_file.stat().st_size > 0
    names = sorted(path.name for path in fitted.folder.iterdir())
    assert names == ["metrics.csv", TENSORBOARD_NAME]


def test_weights_of_the_best_epoch_are_kept_not_those_of_the_last(tmp_path: Path) -> None:
    """Validation labels say the opposite: the more is learned, the worse it gets."""
    settings = replace(SETTINGS, epochs=4, learning_rate=0.2, learning_rate_decay=0.0)
    worse = make_data(9, upside_down=True)
    network, epochs = run_fit(tmp_path, settings, validation=worse)
    totals = [epoch.validation.total for epoch in epochs]
    best = totals.index(min(totals))
    assert best < 3 and totals[-1] > 1.1 * totals[best]
    assert epochs[best].best and not any(epoch.best for epoch in epochs[best + 1 :])
    targets = classic.make_targets(worse.labels)
    kept = network.evaluate(worse.pictures, targets, verbose=0, return_dict=True)
    assert kept["loss"] == pytest.approx(totals[best], rel=1e-4)


def test_learning_rate_falls_with_the_epochs(fitted: Fitted) -> None:
    rate = float(fitted.network.optimizer.learning_rate)
    assert rate == pytest.approx(1e-3 / (1 + 2 * 0.5))


def test_finish_ends_the_epoch_and_validates_on_all_photos(tmp_path: Path) -> None:
    stop = StopToken()
    network, epochs = run_fit(
        tmp_path, replace(SETTINGS, epochs=50), report=lambda _: stop.finish(), stop=stop
    )
    assert len(epochs) == 1
    assert int(network.optimizer.iterations) == 1
    targets = classic.make_targets(VALIDATION.labels)
    on_all = network.evaluate(VALIDATION.pictures, targets, verbose=0, return_dict=True)
    assert epochs[0].validation.total == pytest.approx(on_all["loss"], rel=1e-4)


def test_finish_asked_for_while_validating_begins_no_other_epoch(tmp_path: Path) -> None:
    stop = StopToken()

    def finish_after_an_epoch(event: Event) -> None:
        if isinstance(event, EpochMetrics):
            stop.finish()

    network, epochs = run_fit(
        tmp_path, replace(SETTINGS, epochs=50), report=finish_after_an_epoch, stop=stop
    )
    assert len(epochs) == 1
    assert int(network.optimizer.iterations) == BATCHES


def test_finish_asked_for_before_the_start_is_obeyed(tmp_path: Path) -> None:
    """`fit` of Keras resets its own flag when it starts."""
    stop = StopToken()
    stop.finish()
    network, epochs = run_fit(tmp_path, replace(SETTINGS, epochs=50), stop=stop)
    assert len(epochs) == 1
    assert int(network.optimizer.iterations) == 1


def test_cancel_asked_for_before_the_start_is_obeyed(tmp_path: Path) -> None:
    stop = StopToken()
    stop.cancel()
    network = build_small_network(SETTINGS)
    with pytest.raises(Cancelled):
        run_fit(tmp_path, network=network, stop=stop)
    assert int(network.optimizer.iterations) == 1
    assert Run(tmp_path).metrics() == ()


def test_cancel_ends_with_the_batch_in_hand_and_validates_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And it closes the event files: what is open cannot be deleted on Windows."""
    import keras

    closed: list[Any] = []
    monkeypatch.setattr(
        keras.callbacks.TensorBoard, "on_train_end", lambda self, _=None: closed.append(self)
    )
    stop = StopToken()
    network = build_small_network(SETTINGS)
    monkeypatch.setattr(network, "evaluate", lambda **_: pytest.fail("it validates"))
    with pytest.raises(Cancelled):
        run_fit(tmp_path, report=lambda _: stop.cancel(), stop=stop, network=network)
    assert int(network.optimizer.iterations) == 1
    assert len(closed) == 1


class CancelsAtCheck(StopToken):
    """Is cancelled when it is asked for the n-th time."""

    def __init__(self, number: int) -> None:
        super().__init__()
        self.number = number
        self.checks = 0

    def raise_if_cancelled(self) -> None:
        self.checks += 1
        if self.checks == self.number:
            self.cancel()
        super().raise_if_cancelled()


def test_cancel_ends_with_the_validation_batch_in_hand(tmp_path: Path) -> None:
    stop = CancelsAtCheck(BATCHES + 1)  # in the first of two validation batches
    network = build_small_network(SETTINGS)
    with pytest.raises(Cancelled):
        run_fit(tmp_path, stop=stop, network=network)
    assert stop.checks == BATCHES + 1
    assert int(network.optimizer.iterations) == BATCHES
    assert Run(tmp_path).metrics() == ()


def test_cancel_at_the_very_end_is_obeyed(tmp_path: Path) -> None:
    stop = StopToken()

    def cancel_at_the_end(event: Event) -> None:
        if isinstance(event, EpochMetrics) and event.epoch == event.epochs:
            stop.cancel()

    with pytest.raises(Cancelled):
        run_fit(tmp_path, report=cancel_at_the_end, stop=stop)


def test_loss_that_is_no_number_names_the_learning_rate(tmp_path: Path) -> None:
    network = build_small_network(SETTINGS)
    network.set_weights([np.full_like(array, np.nan) for array in network.get_weights()])
    events: list[Event] = []
    with pytest.raises(UserError) as caught:
        run_fit(tmp_path, network=network, report=events.append)
    assert "epoch 1" in caught.value.what
    assert "learning rate" in caught.value.remedy
    assert not events


def test_validation_loss_that_is_no_number_is_never_the_best(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def targets(labels: Any) -> dict[str, Any]:
        made = make_targets(labels)
        if len(labels) == len(VALIDATION):
            made["box"][:] = np.nan
        return made

    make_targets = classic.make_targets
    monkeypatch.setattr(classic, "make_targets", targets)
    with pytest.raises(UserError, match="learning rate"):
        run_fit(tmp_path)
    assert Run(tmp_path).metrics() == ()
