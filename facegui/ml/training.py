"""Training: from a labelled project to a run with a model in it.

TensorFlow is loaded here and not before. The work reports frozen values and
obeys a `StopToken`; it knows nothing of threads and windows.
"""

from __future__ import annotations

import logging
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from facegui import __version__
from facegui.core.errors import Cancelled, UserError
from facegui.core.files import remove_leftovers, write_json
from facegui.core.leaks import tested_on
from facegui.core.metrics import PhotoResult, Scores, recommended_threshold, score
from facegui.core.progress import Progress, StopToken
from facegui.core.project import Project
from facegui.core.run_photos import known_photos
from facegui.core.runs import (
    CARD_NAME,
    CHECKPOINT_NAME,
    CONTINUED_KEY,
    KERAS_NAME,
    LOG_NAME,
    METRICS_NAME,
    MODEL_NAME,
    START_NAME,
    BatchMetrics,
    EpochMetrics,
    Finishable,
    FirstModel,
    Precision,
    Run,
    discard_run,
)
from facegui.core.splits import Split
from facegui.ml import classic, dense
from facegui.ml.checkpoints import Checkpoint, read_checkpoint
from facegui.ml.classic import train_classic
from facegui.ml.dense_training import train_dense
from facegui.ml.detection import Detector
from facegui.ml.estimating import remember_conversions, remember_steps
from facegui.ml.evaluation import detect_on_array
from facegui.ml.export import load_network, save_network, to_litert, to_litert_int8
from facegui.ml.failures import explained
from facegui.ml.int8 import write_int8
from facegui.ml.model_file import ModelDescription, write_model_file
from facegui.ml.presets import TrainSettings
from facegui.ml.previews import EpochPreview
from facegui.ml.run_data import RunData
from facegui.ml.run_log import logged_to
from facegui.ml.starts import Start, begin_run, refuse_hopeless, refuse_other_network
from facegui.ml.training_data import (
    LabelledFiles,
)
from facegui.ml.weights import (
    VggWeights,
    default_weights_folder,
    random_weights,
    vgg16_weights,
)

if TYPE_CHECKING:
    import keras

log = logging.getLogger(__name__)

TrainEvent = Progress | BatchMetrics | EpochMetrics | EpochPreview | FirstModel | Finishable
TrainReport = Callable[[TrainEvent], None]
"""Takes what happens in a training; called from the working thread."""


def train(
    project: Project,
    settings: TrainSettings,
    report: TrainReport,
    stop: StopToken,
    *,
    weights_file: Path | None = None,
    weights: VggWeights | None = None,
    continued: Run | None = None,
) -> Run:
    """Trains a network on the project's photos and keeps its best weights.

    Args:
        project: open for writing; its augmented copies are used where there are some.
        settings: what and how to train.
        report: told of losses, epochs and whatever else takes its time.
        stop: *finish* keeps the best weights so far, *cancel* leaves nothing. Nothing is
            worth keeping before an event that `can_be_finished`. Broken off, the run can
            go on later, from the last epoch that was saved.
        weights_file: pretrained weights that the user picked.
        weights: loaded already, instead of those that `settings` asks for.
        continued: a complete run whose network this one begins with; `settings` must
            ask for the same network and input size.

    Returns:
        The complete run.

    Raises:
        UserError: before starting, when the project cannot be trained on; while
            running, when the loss is no number any more, memory or disk run out.
        Cancelled: when `stop` was cancelled or broken off.
    """
    project.assign_missing_splits(report, stop)
    refuse_hopeless(project)
    if continued is not None:
        refuse_other_network(continued, settings)
    folder = begin_run(project, settings, continued)
    return _carried_out(folder, project, settings, report, stop, weights_file, weights)


def resume(
    project: Project,
    run: Run,
    report: TrainReport,
    stop: StopToken,
    *,
    weights_file: Path | None = None,
    weights: VggWeights | None = None,
) -> Run:
    """Goes on with a training that was broken off, after the last epoch that was saved.

    With the same seed it ends as it would have without the break.

    Args:
        project: as for `train`.
        run: broken off; see `Run.resumable`.
        report: as for `train`; told of the earlier epochs first.
        stop: as for `train`: *cancel* leaves nothing of the run.
        weights_file: as for `train`.
        weights: as for `train`.

    Raises:
        UserError: when the run has ended, or photos, labels or copies have changed
            since; else as for `train`.
        Cancelled: as for `train`.
    """
    return _went_on(project, run, report, stop, weights_file, weights)


def keep_learned(
    project: Project,
    run: Run,
    report: TrainReport,
    stop: StopToken,
    *,
    weights_file: Path | None = None,
    weights: VggWeights | None = None,
) -> Run:
    """Makes a model of what a training had learned when it was broken off.

    Also where it cannot go on, because photos or labels are others now.

    Args:
        project: as for `train`; its photos choose the threshold and test the model.
        run: as for `resume`, and so the others.
        report: likewise.
        stop: likewise.
        weights_file: likewise.
        weights: likewise.

    Raises:
        UserError: when the run has ended, or what it had learned is damaged.
        Cancelled: as for `train`.
    """
    stop.finish()
    return _went_on(project, run, report, stop, weights_file, weights)


def _went_on(
    project: Project,
    run: Run,
    report: TrainReport,
    stop: StopToken,
    weights_file: Path | None,
    weights: VggWeights | None,
) -> Run:
    if not run.resumable:
        raise UserError(
            f"The training {run.title} cannot go on: it has ended, or nothing of it was kept.",
            "Start another training.",
        )
    try:
        settings = TrainSettings.from_json(run.settings())
    except (TypeError, ValueError) as error:
        raise UserError(
            "This training cannot go on: its settings are damaged.",
            "Throw it away, then start again.",
            str(error),
        ) from error
    remove_leftovers(run.folder)  # of a checkpoint, perhaps, that was half written
    resumed = read_checkpoint(run.folder)
    return _carried_out(run.folder, project, settings, report, stop, weights_file, weights, resumed)


def _carried_out(
    folder: Path,
    project: Project,
    settings: TrainSettings,
    report: TrainReport,
    stop: StopToken,
    weights_file: Path | None,
    weights: VggWeights | None,
    resumed: Checkpoint | None = None,
) -> Run:
    try:
        # Around the log: closing that may fail too, on a full disk.
        with explained("saving the training"), logged_to(folder / LOG_NAME):
            if weights is None:
                weights = _load_weights(settings, weights_file, report, stop)
            _train_in(folder, project, settings, weights, report, stop, resumed)
    except Exception as error:
        if isinstance(error, Cancelled):
            kept = Run(folder).can_be_used and not stop.throws_away
        else:
            # Its curves and its log may tell why.
            kept = Run(folder).can_be_used or (folder / METRICS_NAME).is_file()
        if not kept:
            discard_run(folder)
        raise
    return Run(folder)


def _load_weights(
    settings: TrainSettings,
    file: Path | None,
    report: TrainReport,
    stop: StopToken,
) -> VggWeights:
    if settings.weights == "random":
        log.warning("training from random weights, as asked for")
        return random_weights(settings.seed)
    return vgg16_weights(report, stop, folder=default_weights_folder(), picked_file=file)


def _train_in(
    folder: Path,
    project: Project,
    settings: TrainSettings,
    weights: VggWeights,
    report: TrainReport,
    stop: StopToken,
    resumed: Checkpoint | None,
) -> None:
    started = datetime.now().astimezone()
    tested = tested_on(project, report, stop, known_photos(Run(folder), project))
    data = RunData.load(project, Run(folder), settings, report, stop)
    report(Progress(0, None, "Loading TensorFlow"))
    _seed(settings)
    before = load_network(folder / START_NAME) if (folder / START_NAME).exists() else None
    if resumed is not None and stop.should_stop:
        # It learns no more: whatever the photos are now.
        start = Start(resumed.key, folder, before, resumed)
    else:
        start = Start.of(folder, data.training, data.validation, weights, before, resumed)
        report(Progress(0, None, "Training"))
    if resumed is not None:
        report(Finishable())
    judged = data.validation, data.validation_names

    def keep_first(first: keras.Model, threshold: float) -> None:
        path = _write_first(folder, first, _description(settings, weights), threshold)
        if path is not None:
            report(FirstModel(path, (datetime.now().astimezone() - started).total_seconds()))

    if isinstance(data.training, LabelledFiles):
        cache = project.cache_folder
        network, epochs = train_dense(
            settings, weights, data.training, *judged, start, cache, report, stop, keep_first
        )
    else:
        network, epochs = train_classic(
            settings, weights, data.training, *judged, start, report, stop
        )
    if weights.source != "random":
        remember_steps(default_weights_folder(), settings, len(data.training), epochs)
    report(Progress(0, None, "Saving the model"))
    saving_s = time.monotonic()
    save_network(network, folder / KERAS_NAME)
    stop.raise_if_cancelled()
    litert = to_litert(network)
    stop.raise_if_cancelled()
    description = _description(settings, weights)
    found, scores = _write_with_threshold(
        folder / MODEL_NAME, litert, description, data, report, stop
    )
    _also_int8(Run(folder), network, data, found, report, stop)
    if weights.source != "random":
        remember_conversions(default_weights_folder(), settings, time.monotonic() - saving_s)
    stop.raise_if_cancelled()
    card = {
        "preset": settings.preset,
        "started": started.isoformat(timespec="seconds"),
        "seconds": round(
            (datetime.now().astimezone() - started).total_seconds()
            + sum(item.seconds for item in epochs[: start.first_epoch]),
            1,
        ),
        CONTINUED_KEY: Run(folder).settings().get(CONTINUED_KEY),
        "went_on_after_epoch": start.first_epoch or None,
        "training_pictures": len(data.training),
        "pictures_left_out": data.left_out,
        "photos": dict(data.photos),
        "tested_on": asdict(tested),
        "epochs": len(epochs),
        "best_epoch": max((item.epoch for item in epochs if item.best), default=None),
        "finished_early": stop.should_stop,
        "weights": dict(description.weights),
        "versions": dict(description.versions),
        **{split.value: split_scores.to_json() for split, split_scores in scores.items()},
    }
    stop.raise_if_cancelled()
    write_json(folder / CARD_NAME, card)
    for name in (CHECKPOINT_NAME, START_NAME):
        (folder / name).unlink(missing_ok=True)


def _seed(settings: TrainSettings) -> None:
    import keras

    keras.utils.set_random_seed(settings.seed)


def _description(settings: TrainSettings, weights: VggWeights) -> ModelDescription:
    import keras
    import tensorflow as tf

    return ModelDescription(
        network=settings.network,
        decoder=dense.DECODER if settings.network == "dense" else classic.DECODER,
        input_width=settings.final_size,
        input_height=settings.final_size,
        threshold=0.5,
        preprocessing=weights.preprocessing.name,
        weights={"source": weights.source, "sha256": weights.sha256},
        versions={
            "facegui": __version__,
            "python": sys.version.split()[0],
            "tensorflow": tf.__version__,
            "keras": keras.__version__,
        },
    )


def _write_with_threshold(
    path: Path,
    litert: bytes,
    description: ModelDescription,
    data: RunData,
    report: TrainReport,
    stop: StopToken,
) -> tuple[tuple[PhotoResult, ...], dict[Split, Scores]]:
    """Writes the model file with the threshold that suits the validation photos best.

    Returns:
        What was found on the validation photos, and the scores on validation and
        test photos.
    """
    write_model_file(path, litert, description)
    detector = Detector(path)
    validation = detect_on_array(detector, data.validation, stop, report)
    test = detect_on_array(detector, data.test, stop, report)
    threshold = recommended_threshold(validation)
    write_model_file(path, litert, description.with_threshold(threshold))
    return validation, {
        Split.VALIDATION: score(validation, threshold),
        Split.TEST: score(test, threshold),
    }


def _write_first(
    folder: Path, network: keras.Model, description: ModelDescription, threshold: float
) -> Path | None:
    """Where the first model is; None where it could not be made, which costs no training."""
    path = folder / MODEL_NAME
    try:
        litert = to_litert_int8(network)
        first = replace(description, threshold=threshold, precision=Precision.INT8.value)
        write_model_file(path, litert, first)
    except Exception:  # whatever TensorFlow's converter raises
        log.exception("there is no first model")
        return None
    return path


def _also_int8(
    run: Run,
    network: keras.Model,
    data: RunData,
    found: Sequence[PhotoResult],
    report: TrainReport,
    stop: StopToken,
) -> None:
    """Writes the int8 model too. It can be made later: no fault in it may cost the training."""
    try:
        write_int8(run, network, data.training.pictures, data.validation, found, report, stop)
    except (UserError, Cancelled):
        raise
    except Exception:  # whatever TensorFlow's converter raises
        log.exception("the int8 model could not be made")
