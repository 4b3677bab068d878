"""How well faces are found on real photos: five-fold, on another person, in a crowd.

Five-fold: each photo is judged once, by a network that never saw it nor any copy made
with it. What is shared between the folds is the features that are the same. All
figures are of the trained float32 network, on photos as they were taken.

With several seeds the five-fold is repeated, with other folds, copies and networks: of
14 photos without a face a single one is 7 %, whichever photos happen to be left to
learn from. Bars are those of all judgements together then.
"""

from __future__ import annotations

import logging
import os
import random
import sys
import tempfile
import time
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import numpy as np
from memory import MemoryWatch
from photo_sets import LabelledPhoto, labelled_photos
from tables import Figure, argument_parser, show

from facegui.core.augmentation_settings import AugmentationSettings
from facegui.core.augmenter import augment_set
from facegui.core.metrics import PhotoResult, Scores, recommended_threshold, score
from facegui.core.photo_library import Photo, Sample
from facegui.core.progress import StopToken, ignore_progress
from facegui.ml.decoding import decode_dense
from facegui.ml.dense_training import train_dense
from facegui.ml.evaluation import LOWEST_CONFIDENCE
from facegui.ml.presets import ACCURATE, FAST, TrainSettings
from facegui.ml.starts import Start
from facegui.ml.training_data import (
    LabelledArray,
    LabelledPicture,
    labelled_files,
    load_pictures,
)
from facegui.ml.weights import default_weights_folder, vgg16_weights

log = logging.getLogger("accuracy")

REAL_SETS = Path(__file__).resolve().parents[2] / "shared" / "data"
FOLDS = 5
_BATCH = 4


class Judged(NamedTuple):
    """What a network found on photos that it never saw, at the threshold that it recommends.

    Args:
        results: confidences are moved so that the recommended threshold is 0.5: what
            several networks found can be put together then.
        epochs: that were trained.
        best: the one that was kept.
    """

    results: tuple[PhotoResult, ...]
    epochs: int
    best: int


class Bench:
    """Trains and judges; everything that it makes is below `folder`.

    Args:
        folder: features stay there for the next time.
        copies: of each photo.
        seed: of folds, copies and networks.
    """

    def __init__(self, folder: Path, copies: int, seed: int) -> None:
        self._folder = folder
        self._variety = AugmentationSettings(copies=copies, seed=seed)
        self._seed = seed
        self._stop = StopToken()
        self._weights = vgg16_weights(ignore_progress, self._stop, folder=default_weights_folder())

    def folds(self, photos: Sequence[LabelledPhoto], settings: TrainSettings) -> list[Judged]:
        """Each photo judged once; those of the next fold choose the best epoch."""
        mixed = list(photos)
        random.Random(self._seed).shuffle(mixed)
        parts = [mixed[number::FOLDS] for number in range(FOLDS)]
        judged = []
        for number, test in enumerate(parts):
            validation = parts[(number + 1) % FOLDS]
            training = [photo for part in parts for photo in part]
            held_out = {photo.path for photo in (*test, *validation)}
            training = [photo for photo in training if photo.path not in held_out]
            judged += self.train(training, validation, [test], settings)
        return judged

    def across(self, photos: Sequence[LabelledPhoto], others: Sequence[LabelledPhoto]) -> Judged:
        """Trained on one set, judged on another."""
        training, validation, _ = split(photos, self._seed)
        return self.train(training, validation, [others], FAST.settings)[0]

    def train(
        self,
        training: Sequence[LabelledPhoto],
        validation: Sequence[LabelledPhoto],
        tests: Sequence[Sequence[LabelledPhoto]],
        settings: TrainSettings,
    ) -> list[Judged]:
        """One network, judged on each of the tests."""
        began_s = time.monotonic()
        settings = replace(settings, seed=self._seed)
        with tempfile.TemporaryDirectory(dir=self._folder) as name:
            copies = self._copies(training, Path(name) / "augmented")
            data = labelled_files(copies, settings.input_size, ignore_progress, self._stop)
            chosen = self._load(validation, settings)
            network, epochs = train_dense(
                settings,
                self._weights,
                data,
                chosen,
                [photo.path.name for photo in validation],
                Start("", Path(name)),
                self._folder / "cache",
                lambda _: None,
                self._stop,
            )
        threshold = recommended_threshold(_found(network, chosen, validation))
        best = max(epoch.epoch for epoch in epochs if epoch.best)
        log.warning(
            "%d photos, %d copies: best epoch %d of %d, %.0f s, load %.1f",
            len(training), len(copies), best, len(epochs),
            time.monotonic() - began_s, os.getloadavg()[0],
        )  # fmt: skip
        judged = []
        for test in tests:
            found = _found(network, self._load(test, settings), test)
            _tell_false_alarms(found, threshold)
            judged.append(Judged(_moved(found, threshold), len(epochs), best))
        return judged

    def _copies(self, photos: Sequence[LabelledPhoto], folder: Path) -> list[LabelledPicture]:
        samples = [Sample(Photo(photo.path.name, photo.path), photo.boxes) for photo in photos]
        made = augment_set(samples, folder, self._variety, ignore_progress, self._stop)
        return [LabelledPicture(copy.path, copy.boxes) for copy in made.samples]

    def _load(self, photos: Sequence[LabelledPhoto], settings: TrainSettings) -> LabelledArray:
        pictures = [LabelledPicture(photo.path, photo.boxes) for photo in photos]
        return load_pictures(pictures, settings.final_size, ignore_progress, self._stop)


def split(
    photos: Sequence[LabelledPhoto], seed: int
) -> tuple[list[LabelledPhoto], list[LabelledPhoto], list[LabelledPhoto]]:
    """70 % for training, 15 % for validation, 15 % for the test, as a project does it."""
    mixed = list(photos)
    random.Random(seed).shuffle(mixed)
    test = round(0.15 * len(mixed))
    return mixed[2 * test :], mixed[:test], mixed[test : 2 * test]


def _found(
    network: Any, data: LabelledArray, photos: Sequence[LabelledPhoto]
) -> tuple[PhotoResult, ...]:
    results = []
    for first in range(0, len(data), _BATCH):
        part = data.pictures[first : first + _BATCH].astype(np.float32)
        outputs = {
            name: np.asarray(values) for name, values in network.predict_on_batch(part).items()
        }
        for place in range(len(part)):
            found = decode_dense(
                {name: values[place] for name, values in outputs.items()}, LOWEST_CONFIDENCE
            )
            number = first + place
            results.append(PhotoResult(photos[number].path.name, found, data.labels[number]))
    return tuple(results)


def _tell_false_alarms(results: Iterable[PhotoResult], threshold: float) -> None:
    for result in results:
        surest = max((found.confidence for found in result.detections), default=0.0)
        if not result.truth and surest >= threshold:
            log.warning("no face, but found with %.2f: %s", surest, result.name)


def _moved(results: Iterable[PhotoResult], threshold: float) -> tuple[PhotoResult, ...]:
    """Confidences bent, in the same order, such that the threshold becomes 0.5."""

    def bent(confidence: float) -> float:
        if confidence < threshold:
            return 0.5 * confidence / max(threshold, 1e-9) * (1 - 1e-9)
        return 0.5 + 0.5 * (confidence - threshold) / max(1 - threshold, 1e-9)

    return tuple(
        replace(
            result,
            detections=tuple(
                replace(found, confidence=min(bent(found.confidence), 1.0))
                for found in result.detections
            ),
        )
        for result in results
    )


def _figures(name: str, judged: Sequence[Judged], bars: dict[str, float]) -> list[Figure]:
    results = [result for part in judged for result in part.results]
    scores = score(results, 0.5, resamples=0)
    log.warning("%s: %s", name, scores)
    return [
        Figure(f"{name} ({scores.photos} photos): {title}", value, "", bars.get(key))
        for key, title, value in _values(scores)
        if value is not None
    ]


def _values(scores: Scores) -> list[tuple[str, str, float | None]]:
    return [
        ("ap50", "AP50", scores.ap50),
        ("ap75", "AP75", scores.ap75),
        ("ap50_95", "AP at .50:.95", scores.ap50_95),
        ("mean_iou", "mean IoU", scores.mean_iou),
        ("precision", "precision", scores.precision),
        ("recall", "recall", scores.recall),
        ("no_face", "no-face photos right", scores.no_face_share),
    ]


OWN_BARS = {"ap50": 0.97, "ap75": 0.88, "mean_iou": 0.84, "no_face": 0.95}


def main() -> int:
    parser = argument_parser(__doc__)
    parser.add_argument("--sets", type=Path, default=REAL_SETS, help="the folder of the sets")
    parser.add_argument("--copies", type=int, default=30, help="of each webcam photo")
    parser.add_argument("--crowd-copies", type=int, default=12, help="of each photo of the crowd")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0], help="five-fold with each")
    parser.add_argument("--folder", type=Path, help="keeps features for the next time")
    parser.add_argument(
        "--parts", nargs="+", choices=("own", "cross", "crowd"), default=("own", "cross", "crowd")
    )
    arguments = parser.parse_args()
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr)
    figures: list[Figure] = []
    with tempfile.TemporaryDirectory() as name, MemoryWatch() as memory:
        folder = arguments.folder or Path(name)
        folder.mkdir(parents=True, exist_ok=True)
        benches = {seed: Bench(folder, arguments.copies, seed) for seed in arguments.seeds}
        first = arguments.seeds[0]
        sets = {part: labelled_photos(arguments.sets / part) for part in ("webcam-a", "webcam-b")}
        if "cross" in arguments.parts:
            for mine, other in (("webcam-a", "webcam-b"), ("webcam-b", "webcam-a")):
                judged = benches[first].across(sets[mine], sets[other])
                figures += _figures(f"{mine} -> {other}", [judged], {"ap50": 0.40})
        if "own" in arguments.parts:
            for mine, photos in sets.items():
                by_seed = {
                    seed: bench.folds(photos, FAST.settings) for seed, bench in benches.items()
                }
                if len(by_seed) > 1:
                    for seed, one in by_seed.items():
                        figures += _figures(f"{mine}, five-fold, seed {seed}", one, {})
                every = [judged for one in by_seed.values() for judged in one]
                figures += _figures(f"{mine}, five-fold", every, OWN_BARS)
        if "crowd" in arguments.parts:
            crowd = Bench(folder, arguments.crowd_copies, first)
            training, validation, test = split(labelled_photos(arguments.sets / "crowd-voc"), first)
            judged_crowd = crowd.train(training, validation, [test], ACCURATE.settings)
            figures += _figures("crowd-voc, Accurate", judged_crowd, {"ap50": 0.50})
    figures.append(Figure("peak memory", memory.peak_gb, "GB", 2.5, at_most=True))
    seeds = ", ".join(map(str, arguments.seeds))
    title = f"Real photos, {arguments.copies} copies, seeds {seeds}"
    return show(title, figures, as_json=arguments.json)


if __name__ == "__main__":
    sys.exit(main())
