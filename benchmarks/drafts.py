"""Drafts of labels: how many are right after how many labels, and what that saves the user.

Both webcam sets, ten random orders of each, VGG16's real weights. The features are computed
once for all orders, in a folder that `--cache` keeps from one run to the next.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple, TypeVar

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import numpy as np
from photo_sets import REAL_PHOTOS
from tables import Figure, argument_parser, show

from facegui.core.boxes import Box, boxes_to_array, iou
from facegui.core.images import picture_size
from facegui.core.labelme import read_label_file
from facegui.core.photo_library import Photo, Sample
from facegui.core.progress import StopToken, ignore_progress
from facegui.ml.draft_messages import (
    LEAST_LABELLED,
    Done,
    DraftRequest,
    PhotoDraft,
    decode_reply,
    encode_request,
)
from facegui.ml.draft_server import make_drafter
from facegui.ml.drafting import Drafter
from facegui.workers.drafting import LEAST_NEW_LABELS

SETS = ("webcam-a", "webcam-b")
BARS = {10: 0.70, 20: 0.85, 40: 0.92}
RIGHT_IOU = 0.7
ACCEPT_S, CORRECT_S, BOX_S, NO_FACE_S = 1.0, 4.0, 7.0, 1.0
"""Papadopoulos et al., "Extreme clicking", ICCV 2017, for boxing; one key says "no face"."""
Result = TypeVar("Result")

PLANTED_SHARE, LOOKED_AT_SHARE = 0.1, 0.2


class Counts(NamedTuple):
    """What became of the drafts of photos that nobody had labelled."""

    faces: int
    right: int
    empty_photos: int
    alarms: int


def photos_of(name: str) -> list[Sample]:
    """A set; photos without a label show no face."""
    samples = []
    for picture in sorted((REAL_PHOTOS.parent / name).glob("*/images/*")):
        label = picture.parent.parent / "labels" / f"{picture.stem}.json"
        size = picture_size(picture)
        boxes = read_label_file(label, size=size).boxes if label.exists() else ()
        samples.append(Sample(Photo(picture.name, picture), boxes))
    return samples


def count(samples: Sequence[Sample], drafts: Sequence[PhotoDraft]) -> Counts:
    faces = right = empty = alarms = 0
    for sample, draft in zip(samples, drafts, strict=True):
        if not sample.boxes:
            empty += 1
            alarms += bool(draft.detections)
            continue
        faces += len(sample.boxes)
        right += sum(overlap >= RIGHT_IOU for overlap in _overlaps(sample.boxes, draft))
    return Counts(faces, right, empty, alarms)


def drafts_after(drafter: Drafter, samples: Sequence[Sample], seed: int) -> dict[int, Counts]:
    """Photos are labelled in a random order; what the drafts of the others are worth."""
    order = np.random.default_rng(seed).permutation(len(samples))
    drafter.forget()
    counts = {}
    for labelled in (LEAST_LABELLED, *BARS):
        drafter.learn([samples[i] for i in order[:labelled]], ignore_progress, StopToken())
        others = [samples[i] for i in order[labelled:]]
        counts[labelled] = count(others, _drafts(drafter, others))
    return counts


def session_s(drafter: Drafter, samples: Sequence[Sample], seed: int) -> tuple[float, float]:
    """Seconds that a simulated user needs with drafts, and by hand.

    The first photos come in a random order; after that the least certain draft comes first,
    as in the window. The network learns anew after every fourth part more labels: about so
    many the user has done when a round is over, as one takes some seconds.
    """
    order = np.random.default_rng(seed).permutation(len(samples))
    labelled = [samples[i] for i in order[:LEAST_LABELLED]]
    rest = {samples[i].photo.name: samples[i] for i in order[LEAST_LABELLED:]}
    by_hand = sum(map(_by_hand_s, samples))
    spent = sum(map(_by_hand_s, labelled))
    drafter.forget()
    while rest:
        drafter.learn(labelled, ignore_progress, StopToken())
        drafts = sorted(_drafts(drafter, list(rest.values())), key=lambda draft: draft.certainty)
        for draft in drafts[: max(LEAST_NEW_LABELS, len(labelled) // 4)]:
            sample = rest.pop(draft.photo.name)
            spent += _review_s(sample, draft)
            labelled.append(sample)
    return spent, by_hand


def planted_found(drafter: Drafter, samples: Sequence[Sample], seed: int) -> float:
    """Share of planted errors in the first part of the second opinion."""
    random = np.random.default_rng(seed)
    planted = random.permutation(len(samples))[: round(PLANTED_SHARE * len(samples))]
    wrong = list(samples)
    for number in planted:
        wrong[number] = _spoiled(samples[number], random)
    listed = drafter.second_opinion(wrong, ignore_progress, StopToken())
    first = {photo.name for photo in listed[: round(LOOKED_AT_SHARE * len(samples))]}
    return statistics.mean(samples[number].photo.name in first for number in planted)


def rounds_s(samples: Sequence[Sample], seed: int) -> dict[int, float]:
    """Seconds from a label to all drafts in the process that the window uses, features and all.

    It starts with the eighth label and is asked again after every second, as by the window.
    """
    order = np.random.default_rng(seed).permutation(len(samples))
    seconds = {}
    with tempfile.TemporaryDirectory() as cache:
        command = [sys.executable, "-m", "facegui.ml.draft_server", cache]
        with subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        ) as server:
            assert server.stdin is not None
            assert server.stdout is not None
            for labelled in range(LEAST_LABELLED, 21, LEAST_NEW_LABELS):
                started_s = time.perf_counter()
                known = tuple(samples[i] for i in order[:labelled])
                others = tuple(samples[i].photo for i in order[labelled:])
                server.stdin.write(encode_request(DraftRequest(known, others)))
                server.stdin.flush()
                while not isinstance(decode_reply(server.stdout.readline()), Done):
                    pass
                seconds[labelled] = time.perf_counter() - started_s
            server.stdin.close()
    return seconds


def _drafts(drafter: Drafter, samples: Sequence[Sample]) -> list[PhotoDraft]:
    photos = [sample.photo for sample in samples]
    return list(drafter.draft(photos, ignore_progress, StopToken()))


def _overlaps(boxes: Sequence[Box], draft: PhotoDraft) -> list[float]:
    if not draft.detections:
        return [0.0] * len(boxes)
    drafted = boxes_to_array(found.box for found in draft.detections)
    return [float(best) for best in iou(boxes_to_array(boxes), drafted).max(axis=1)]


def _by_hand_s(sample: Sample) -> float:
    return BOX_S * len(sample.boxes) or NO_FACE_S


def _review_s(sample: Sample, draft: PhotoDraft) -> float:
    if not sample.boxes and not draft.detections:
        return ACCEPT_S
    if not sample.boxes:
        return CORRECT_S
    if not draft.detections:
        return _by_hand_s(sample)
    is_right = min(_overlaps(sample.boxes, draft)) >= RIGHT_IOU
    return ACCEPT_S if is_right and len(draft.detections) == len(sample.boxes) else CORRECT_S


def _spoiled(sample: Sample, random: np.random.Generator) -> Sample:
    """A forgotten face, a sloppy box, or a box where no face is."""
    width, height = picture_size(sample.photo.path)
    if not sample.boxes:
        x, y = random.uniform(0, 0.6 * width), random.uniform(0, 0.5 * height)
        return Sample(sample.photo, (Box(x, y, x + 0.3 * width, y + 0.45 * height),))
    if random.random() < 0.5:
        return Sample(sample.photo, ())
    box = sample.boxes[0]
    while True:
        across, down = random.uniform(-0.5, 0.5, 2) * (box.width, box.height)
        wider, taller = random.uniform(0.7, 1.4, 2) * (box.width, box.height)
        left, top = box.x0 + across, box.y0 + down
        sloppy = Box(left, top, left + wider, top + taller).clipped(width, height)
        if sloppy is not None:
            overlap = float(iou(boxes_to_array([box]), boxes_to_array([sloppy]))[0, 0])
            if 0.3 <= overlap <= 0.6:
                return Sample(sample.photo, (sloppy,))


def each_order(
    measure_one: Callable[[Drafter, Sequence[Sample], int], Result],
    drafter: Drafter,
    samples: Sequence[Sample],
    orders: int,
) -> list[Result]:
    """What is measured with each random order, told as it comes: all take long."""
    results = []
    for seed in range(orders):
        results.append(measure_one(drafter, samples, seed))
        print(f"{measure_one.__name__}, order {seed}: {results[-1]}", file=sys.stderr)
    return results


def measure(name: str, orders: int, cache: Path, parts: Sequence[str]) -> list[Figure]:
    samples = photos_of(name)
    drafter = make_drafter(cache, ignore_progress, StopToken())
    figures = []
    if "drafts" in parts:
        all_counts = each_order(drafts_after, drafter, samples, orders)
        for labelled, bar in BARS.items():
            counts = [each[labelled] for each in all_counts]
            shares = [each.right / each.faces for each in counts]
            share = sum(each.right for each in counts) / sum(each.faces for each in counts)
            text = f"{name}: faces drafted at IoU >= 0.7 after {labelled} (worst {min(shares):.2f})"
            figures.append(Figure(text, share, "", bar))
            alarms = sum(each.alarms for each in counts) / sum(each.empty_photos for each in counts)
            at_most = 0.10 if labelled == 20 else None
            text = f"{name}: drafts on photos with no face after {labelled}"
            figures.append(Figure(text, alarms, "", at_most, at_most=True))
    if "errors" in parts:
        found = each_order(planted_found, drafter, samples, orders)
        text = f"{name}: planted errors in the first 20 % (worst {min(found):.2f})"
        figures.append(Figure(text, statistics.mean(found), "", 0.80))
    if "time" in parts:
        times = each_order(session_s, drafter, samples, orders)
        share = statistics.mean(spent / by_hand for spent, by_hand in times)
        worst = max(spent / by_hand for spent, by_hand in times)
        text = f"{name}: user's time against boxing all by hand (worst {worst:.2f})"
        figures.append(Figure(text, share, "", 1 / 3, at_most=True))
    if "rounds" in parts:
        seconds = rounds_s(samples, 0)
        text = f"{name}: from the {LEAST_LABELLED}th label to all drafts, with the start"
        figures.append(Figure(text, seconds[LEAST_LABELLED], "s"))
        for labelled, bar in ((10, 30.0), (20, 10.0)):
            text = f"{name}: from the {labelled}th label to all drafts"
            figures.append(Figure(text, seconds[labelled], "s", bar, at_most=True))
    return figures


def main() -> int:
    parser = argument_parser(__doc__)
    parser.add_argument("--orders", type=int, default=10)
    parser.add_argument("--cache", type=Path, help="folder for features, kept")
    parser.add_argument("--sets", nargs="+", default=SETS, choices=SETS)
    parts = ("drafts", "errors", "time", "rounds")
    parser.add_argument("--parts", nargs="+", default=parts, choices=parts)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        cache = arguments.cache or Path(scratch)
        figures = [
            figure
            for name in arguments.sets
            for figure in measure(name, arguments.orders, cache, arguments.parts)
        ]
    return show("Drafts of labels", figures, as_json=arguments.json)


if __name__ == "__main__":
    sys.exit(main())
