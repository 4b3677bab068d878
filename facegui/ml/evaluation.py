"""How good a model is on labelled photos."""

from __future__ import annotations

import logging
import shutil
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from facegui.core.boxes import Box
from facegui.core.drawing import draw_result
from facegui.core.errors import disk_error
from facegui.core.files import TEMPORARY_PREFIX, write_json
from facegui.core.images import Pixels, read_picture, write_picture
from facegui.core.metrics import PhotoResult, Scores, score
from facegui.core.mistakes import PhotoMistakes, worst_mistakes
from facegui.core.progress import Progress, Report, StopToken, ignore_progress, throttled
from facegui.ml.detection import Detector
from facegui.ml.training_data import LabelledArray, LabelledPicture

log = logging.getLogger(__name__)

LOWEST_CONFIDENCE = 0.001
"""AP is over detections of every confidence; below this one they change nothing."""

MISTAKES_SHOWN = 12

FIGURES_NAME = "evaluation.json"


@dataclass(frozen=True, slots=True)
class Evaluation:
    """How a model did on some photos.

    Args:
        scores: the figures.
        results: what was found and what is there, photo by photo.
        mistakes: the photos with the worst ones, worst first.
    """

    scores: Scores
    results: tuple[PhotoResult, ...]
    mistakes: tuple[PhotoMistakes, ...]


def evaluate(
    detector: Detector,
    pictures: Sequence[LabelledPicture],
    stop: StopToken,
    report: Report = ignore_progress,
    *,
    threshold: float | None = None,
) -> Evaluation:
    """Measures a detector on labelled photos.

    Args:
        detector: a loaded model.
        pictures: photos that it did not learn from.
        stop: cancels.
        report: told of each photo.
        threshold: lowest confidence; the model's recommended one by default.

    Raises:
        UserError: when a photo is gone or damaged; names it.
        Cancelled: when `stop` was cancelled.
    """
    lowest = detector.threshold if threshold is None else threshold
    results = detect_on(detector, pictures, stop, report)
    mistakes = worst_mistakes(results, lowest, MISTAKES_SHOWN)
    return Evaluation(score(results, lowest), results, mistakes)


def detect_on(
    detector: Detector,
    pictures: Sequence[LabelledPicture],
    stop: StopToken,
    report: Report = ignore_progress,
) -> tuple[PhotoResult, ...]:
    """What a detector finds on each photo, and what is there.

    Raises:
        UserError: when a photo is gone or damaged; names it.
        Cancelled: when `stop` was cancelled.
    """
    photos = ((item.path.name, read_picture(item.path), item.boxes) for item in pictures)
    return _results(detector, photos, len(pictures), stop, report)


def detect_on_array(
    detector: Detector,
    pictures: LabelledArray,
    stop: StopToken,
    report: Report = ignore_progress,
) -> tuple[PhotoResult, ...]:
    """The same on photos in memory; boxes are in pixels of their reduced size.

    The figures are those of the photos themselves: resizing changes no IoU.

    Raises:
        Cancelled: when `stop` was cancelled.
    """
    size = pictures.pictures.shape[1]
    photos = (
        (str(number), pixels, tuple(box.scaled(size, size) for box in boxes))
        for number, (pixels, boxes) in enumerate(
            zip(pictures.pictures, pictures.labels, strict=True), 1
        )
    )
    return _results(detector, photos, len(pictures), stop, report)


def _results(
    detector: Detector,
    photos: Iterable[tuple[str, Pixels, tuple[Box, ...]]],
    count: int,
    stop: StopToken,
    report: Report,
) -> tuple[PhotoResult, ...]:
    report = throttled(report)
    results = []
    for done, (name, pixels, boxes) in enumerate(photos, 1):
        stop.raise_if_cancelled()
        results.append(PhotoResult(name, detector.detect(pixels, LOWEST_CONFIDENCE), boxes))
        report(Progress(done, count, "Testing"))
    return tuple(results)


def save_evaluation(
    folder: Path, evaluation: Evaluation, pictures: Sequence[LabelledPicture]
) -> Path:
    """Writes the figures and the worst mistakes as pictures, worst first, in place of older ones.

    Returns:
        `folder`.

    Raises:
        UserError: when the folder cannot be written or a photo is gone; the older
            figures and pictures are still there then.
    """
    new = folder.with_name(TEMPORARY_PREFIX + folder.name)
    try:
        _remove(new)
        new.mkdir(parents=True)
        try:
            _write_mistakes(new, evaluation, pictures)
            write_json(new / FIGURES_NAME, evaluation.scores.to_json())
            _remove(folder)
            new.rename(folder)
        finally:
            shutil.rmtree(new, ignore_errors=True)
    except OSError as error:
        raise disk_error(error, "saving the evaluation") from error
    return folder


def _write_mistakes(
    folder: Path, evaluation: Evaluation, pictures: Sequence[LabelledPicture]
) -> None:
    results = {result.name: result for result in evaluation.results}
    paths = {picture.path.name: picture.path for picture in pictures}
    for rank, mistake in enumerate(evaluation.mistakes, 1):
        pixels = read_picture(paths[mistake.name])
        drawn = draw_result(pixels, results[mistake.name], evaluation.scores.threshold)
        write_picture(folder / f"{rank:02}-{Path(mistake.name).stem}.jpg", drawn)


def _remove(folder: Path) -> None:
    if folder.exists():
        shutil.rmtree(folder)
