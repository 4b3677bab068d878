"""Fitting a network: Keras's loop, watched, stopped and its best weights kept."""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from facegui.core.errors import UserError
from facegui.core.progress import StopToken
from facegui.core.runs import BatchMetrics, EpochMetrics, Losses, write_metrics
from facegui.ml.checkpoints import Checkpoint, CheckpointWriter
from facegui.ml.presets import TrainSettings
from facegui.ml.previews import EpochPreview, Previewer

if TYPE_CHECKING:
    import keras

log = logging.getLogger(__name__)

FitReport = Callable[[BatchMetrics | EpochMetrics | EpochPreview], None]
PER_PHOTO = "per_photo"
"""Name of the metric that every output has: its loss, as the mean over photos. What Keras
tells of a loss by itself is the mean over batches, in which a photo of a small last
batch counts for more, so that the parts would not add up to the total."""

LEAST_GAIN = 0.002
"""Of the validation loss: less is no reason to go on. Averaged weights get better by next to
nothing for many epochs. Of two such epochs the better one is kept all the same."""

TENSORBOARD_NAME = "tensorboard"
_REPORTS_PER_SECOND = 20


@dataclass(frozen=True, slots=True)
class FitData:
    """Pictures, or what was made of them, and what the network is to say of each.

    Args:
        inputs: an array or a list of arrays; or `shuffled_batches`.
        targets: for each output an array; None beside `shuffled_batches`.
        batches: in an epoch.
    """

    inputs: Any
    targets: Any
    batches: int


def fit(
    network: keras.Model,
    settings: TrainSettings,
    training: FitData,
    validation: FitData,
    folder: Path,
    report: FitReport,
    stop: StopToken,
    *,
    previewer: Previewer | None = None,
    average_weights: bool = False,
    keep: CheckpointWriter | None = None,
    resumed: Checkpoint | None = None,
) -> tuple[EpochMetrics, ...]:
    """Trains `network` in place; it ends with the weights of its best epoch.

    The best is the one with the lowest total validation loss. Metrics are in
    `folder` after every epoch.

    Args:
        network: compiled, with the outputs "face" and "box", each with its loss as
            the metric `PER_PHOTO`.
        settings: epochs, batch size and patience.
        training: learned from; `shuffled_batches`, of the epoch to begin with.
        validation: chooses the best epoch.
        folder: of the run.
        report: told of batches and epochs.
        stop: finish ends after the batch in hand, and validates.
        previewer: looks at a few photos before the first epoch and after each.
        average_weights: validate and keep the moving average of the weights that
            the network's optimizer holds.
        keep: writes down how far it is after every epoch.
        resumed: how far it was when it was broken off. Then it goes on as if it had
            not been, and reports the earlier epochs first.

    Raises:
        UserError: when the loss is no number any more.
        Cancelled: when `stop` was cancelled, at the latest after the batch or
            validation batch in hand.
        OSError: when `folder` cannot be written.
    """
    import keras

    if resumed is not None:
        resumed.restore(network)
    bridge = _bridge(settings, training.batches, folder, report, stop, previewer, keep, resumed)
    event_files = keras.callbacks.TensorBoard(folder / TENSORBOARD_NAME, write_graph=False)
    # First, so that the bridge sees the averaged weights when an epoch ends.
    averaging = [keras.callbacks.SwapEMAWeights(swap_on_epoch=True)] if average_weights else []
    try:
        network.fit(
            training.inputs,
            shuffle=False,  # the batches are in a new order each epoch by themselves
            epochs=settings.epochs,
            initial_epoch=len(bridge.epochs),
            validation_data=(
                validation.inputs
                if validation.targets is None
                else (validation.inputs, validation.targets)
            ),
            validation_batch_size=None if validation.targets is None else settings.batch_size,
            callbacks=[*averaging, bridge, event_files],
            verbose=0,
        )
    finally:
        # Keras leaves them open where a training breaks off, and what is open
        # cannot be deleted on Windows.
        event_files.on_train_end()
    stop.raise_if_cancelled()
    network.set_weights(bridge.best_weights)
    finished: tuple[EpochMetrics, ...] = tuple(bridge.epochs)
    return finished


def _bridge(
    settings: TrainSettings,
    batches: int,
    folder: Path,
    report: FitReport,
    stop: StopToken,
    previewer: Previewer | None,
    keep: CheckpointWriter | None,
    resumed: Checkpoint | None,
) -> Any:
    """The Keras callback between `fit` and the rest of the program.

    A class inside a function, because its base class loads TensorFlow.
    """
    import keras

    class Bridge(keras.callbacks.Callback):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.epochs: list[EpochMetrics] = list(resumed.epochs if resumed else ())
            self.best_weights: list[Any] = list(resumed.best if resumed else ())
            self._lowest = min((item.validation.total for item in self.epochs), default=math.inf)
            self._epoch = len(self.epochs)
            self._started_s = self._next_report_s = 0.0

        def on_train_begin(self, logs: Any = None) -> None:
            for metrics in self.epochs:
                report(metrics)
            if previewer is not None:
                report(previewer.look(self._epoch))

        def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
            # Not when the epoch before ended: only now the averaged weights are swapped back.
            if keep is not None and len(self.epochs) > (len(resumed.epochs) if resumed else 0):
                keep.save(self.model, self.epochs, self.best_weights)
            self._epoch = epoch + 1
            self._started_s = time.monotonic()

        def on_train_batch_end(self, batch: int, logs: Mapping[str, float]) -> None:
            losses = _losses(logs)
            _refuse_no_number(losses, self._epoch)
            now_s = time.monotonic()
            if now_s >= self._next_report_s or batch + 1 == batches:
                self._next_report_s = now_s + 1 / _REPORTS_PER_SECOND
                report(BatchMetrics(self._epoch, settings.epochs, batch + 1, batches, losses))
            # Raised here: told to stop, Keras would still validate.
            stop.raise_if_cancelled()
            if stop.should_stop:
                self.model.stop_training = True

        def on_test_batch_end(self, batch: int, logs: Any = None) -> None:
            # Finish still validates on all photos, else "best" would be a lie.
            stop.raise_if_cancelled()

        def on_epoch_end(self, epoch: int, logs: Mapping[str, float]) -> None:
            validation = _losses(logs, "val_")
            _refuse_no_number(validation, self._epoch)
            best = validation.total < self._lowest
            if best:
                self._lowest = validation.total
                self.best_weights = self.model.get_weights()
            seconds = time.monotonic() - self._started_s
            metrics = EpochMetrics(
                epoch + 1, settings.epochs, _losses(logs), validation, seconds, best
            )
            self.epochs.append(metrics)
            write_metrics(folder, self.epochs)
            log.info("epoch %d: %s", epoch + 1, metrics)
            report(metrics)
            if previewer is not None:
                report(previewer.look(self._epoch))
            # A finish may have been asked for while it validated.
            if stop.should_stop or is_out_of_patience(self.epochs, settings, batches):
                self.model.stop_training = True

    return Bridge()


def is_out_of_patience(
    epochs: Sequence[EpochMetrics], settings: TrainSettings, batches: int
) -> bool:
    """Whether a training has ceased to get better.

    Not while its rate still falls: a worse epoch says little then, and the lower rate is what
    places the boxes.

    Args:
        epochs: so far.
        settings: patience, and steps over which the rate falls.
        batches: in an epoch.
    """
    if not settings.patience or len(epochs) * batches < settings.falling_steps:
        return False
    lowest, since = math.inf, 0
    for metrics in epochs:
        if metrics.validation.total < lowest * (1 - LEAST_GAIN):
            lowest, since = metrics.validation.total, metrics.epoch
    return len(epochs) - since >= settings.patience


def shuffled_batches(
    count: int,
    settings: TrainSettings,
    make: Callable[[npt.NDArray[np.intp], np.random.Generator], tuple[Any, Any]],
    *,
    first_epoch: int = 0,
    steps: int | None = None,
) -> Any:
    """Pictures in a new order each epoch, in batches; a Keras `PyDataset`.

    The order depends on the seed and the epoch alone: a training that goes on after
    it was broken off sees the same batches as one that was not.

    Args:
        count: of the pictures.
        settings: seed and size of a batch.
        make: gives inputs and targets of a batch, from the numbers of its pictures; what it
            draws by lot it draws from the generator.
        first_epoch: to begin with, from 0.
        steps: full batches in an epoch, round after round; None: an epoch is one
            round, and its last batch as small as it comes.

    A class inside a function, because its base class loads TensorFlow.
    """
    import keras

    class Batches(keras.utils.PyDataset):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self._epoch = first_epoch
            self._shuffle()

        def _shuffle(self) -> None:
            random = np.random.default_rng((settings.seed, self._epoch))
            places = count if steps is None else steps * settings.batch_size
            rounds = [random.permutation(count) for _ in range(math.ceil(places / count))]
            self._order = np.concatenate(rounds)[:places]

        def __len__(self) -> int:
            return steps or math.ceil(count / settings.batch_size)

        def __getitem__(self, number: int) -> tuple[Any, Any]:
            first = number * settings.batch_size
            chosen = self._order[first : first + settings.batch_size]
            return make(chosen, np.random.default_rng((settings.seed, self._epoch, number)))

        def on_epoch_end(self) -> None:
            self._epoch += 1
            self._shuffle()

    return Batches()


def _losses(logs: Mapping[str, float], prefix: str = "") -> Losses:
    return Losses(
        float(logs[f"{prefix}loss"]),
        float(logs[f"{prefix}face_{PER_PHOTO}"]),
        float(logs[f"{prefix}box_{PER_PHOTO}"]),
    )


def _refuse_no_number(losses: Losses, epoch: int) -> None:
    if not math.isfinite(losses.total):
        raise UserError(
            f"The training went astray in epoch {epoch}: the loss is no number any more.",
            "Choose a smaller learning rate, then start again.",
            str(losses),
        )
