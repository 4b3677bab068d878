"""How good detections are, measured against the true boxes.

A detection and a face belong together one to one. For precision, recall and AP
they are matched as COCO does it: detections in order of confidence, each taking
the free face that it overlaps most, if the IoU is high enough.

Source: Lin et al., "Microsoft COCO: Common Objects in Context", ECCV 2014, and its
evaluation code (101-point interpolation).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from facegui.core.boxes import Box, Detection, boxes_to_array, iou

Floats = npt.NDArray[np.float64]
Json = dict[str, int | float | dict[str, list[float]] | None]

IOU_THRESHOLDS: Floats = np.linspace(0.5, 0.95, 10)
RECALL_POINTS: Floats = np.linspace(0.0, 1.0, 101)
DEFAULT_THRESHOLD = 0.5
FEW_PHOTOS = 50
"""With fewer photos than this a figure comes with the interval that it may lie in."""
RESAMPLES = 1000
_AT_50, _AT_75 = 0, 5
_ENOUGH_FACES = 10
"""Of fewer, one that is missed is too many."""


@dataclass(frozen=True, slots=True)
class PhotoResult:
    """What a network found on one photo, and what is there.

    Args:
        name: of the photo.
        detections: all that were found, also those of little confidence, without
            which there is no AP.
        truth: the labelled boxes; empty for a photo with no face.
    """

    name: str
    detections: tuple[Detection, ...]
    truth: tuple[Box, ...]


@dataclass(frozen=True, slots=True)
class Scores:
    """How a network did on a set of photos. None: cannot be said of these photos.

    Args:
        photos: how many were judged.
        faces: how many true boxes they hold.
        ap50: average precision at IoU 0.5.
        ap75: average precision at IoU 0.75.
        ap50_95: mean of the average precisions at IoU 0.5, 0.55, ... 0.95.
        mean_iou: over the true faces, at the threshold; a missed face counts 0.
        precision: share of the detections that are faces, at the threshold and IoU 0.5.
        recall: share of the faces that were detected, likewise.
        f1: harmonic mean of precision and recall.
        threshold: confidence from which on a detection counts.
        false_alarms: detections that are no face, on all photos.
        missed: faces without a detection.
        no_face_photos: photos without a true face.
        no_face_correct: those of them on which nothing was detected.
        no_face_false_alarms: detections on them.
        intervals: 95 % bootstrap interval over photos (low, high) by the name of the
            figure, "no_face_share" among them, where fewer than 50 photos are behind it:
            all of them, those with a face for "mean_iou" and "recall", those without
            one for "no_face_share".
    """

    photos: int
    faces: int
    ap50: float | None
    ap75: float | None
    ap50_95: float | None
    mean_iou: float | None
    precision: float | None
    recall: float | None
    f1: float | None
    threshold: float
    false_alarms: int
    missed: int
    no_face_photos: int
    no_face_correct: int
    no_face_false_alarms: int
    intervals: Mapping[str, tuple[float, float]] = field(default_factory=dict)

    @property
    def no_face_share(self) -> float | None:
        """Share of the photos with no face that were judged right."""
        return self.no_face_correct / self.no_face_photos if self.no_face_photos else None

    def to_json(self) -> Json:
        """Every figure by its name; null where it cannot be said."""
        return {
            "photos": self.photos,
            "faces": self.faces,
            "ap50": self.ap50,
            "ap75": self.ap75,
            "ap50_95": self.ap50_95,
            "mean_iou": self.mean_iou,
            "precision": self.precision,
            "recall": self.recall,
            "f1": self.f1,
            "threshold": self.threshold,
            "false_alarms": self.false_alarms,
            "missed": self.missed,
            "no_face_photos": self.no_face_photos,
            "no_face_correct": self.no_face_correct,
            "no_face_false_alarms": self.no_face_false_alarms,
            "intervals": {name: list(bounds) for name, bounds in self.intervals.items()},
        }


def score(
    results: Sequence[PhotoResult],
    threshold: float,
    *,
    seed: int = 0,
    resamples: int = RESAMPLES,
) -> Scores:
    """Judges detections.

    Args:
        results: one entry a photo, in any order.
        threshold: confidence, 0 to 1, from which on a detection counts. AP looks at
            all detections whatever the threshold.
        seed: of the bootstrap.
        resamples: of the bootstrap; 0 for no intervals, where only figures are wanted.

    Returns:
        The figures; those that no photo can tell are None.
    """
    table = _Table.of(results, threshold)
    everything = np.ones((1, len(results)))
    figures = {name: _number(values[0]) for name, values in table.figures(everything).items()}
    figures.pop("no_face_share")
    right, found, faces = (int(column.sum()) for column in (table.right, table.found, table.faces))
    no_face = table.faces == 0
    return Scores(
        photos=len(results),
        faces=faces,
        threshold=threshold,
        false_alarms=found - right,
        missed=faces - right,
        no_face_photos=int(no_face.sum()),
        no_face_correct=int((no_face & (table.found == 0)).sum()),
        no_face_false_alarms=int(table.found[no_face].sum()),
        intervals=_intervals_of_few(results, threshold, seed, resamples),
        **figures,
    )


def recommended_threshold(results: Sequence[PhotoResult]) -> float:
    """The confidence from which on detections should count: where F1 is highest.

    F1 is the same between one confidence and the next; of the widest best such stretch it
    is the middle, or higher where that is below 0.5: up to 0.5, but no more than three
    quarters of the way to the faces. There are fewer photos without a face than with one, so
    that the highest false alarm is known less well than the least sure face. For the same
    reason it is below 0.5 only where 0.5 would miss more than one of the faces found: a
    single unsure face among ten or more is no evidence against all that have not been
    seen. Where no detection is a face it is 0.5, and where there are no faces at all
    half-way between the worst false alarm and 1.

    Returns:
        A threshold in 0 to 1.
    """
    faces = sum(len(result.truth) for result in results)
    pieces = [_match(result) for result in results]
    confidences = np.concatenate([confidence for confidence, _ in pieces] or [np.zeros(0)])
    if faces == 0:
        return float((confidences.max() + 1.0) / 2) if len(confidences) else DEFAULT_THRESHOLD
    right = np.concatenate([matched[_AT_50] for _, matched in pieces])
    if not right.any():
        return DEFAULT_THRESHOLD
    order = np.argsort(-confidences)
    confidences, right = confidences[order], right[order]
    last = _last_of_equal(confidences)
    f1 = 2 * np.cumsum(right)[last] / (last + 1 + faces)
    tops, floors = confidences[last], np.append(confidences[last][1:], 0.0)
    chosen = _within_widest(f1 == f1.max(), tops, floors)
    unsure = int((right & (confidences >= chosen) & (confidences < DEFAULT_THRESHOLD)).sum())
    if chosen < DEFAULT_THRESHOLD and faces >= _ENOUGH_FACES and unsure <= 1:
        return DEFAULT_THRESHOLD
    return chosen


def pair_by_overlap(
    boxes: Sequence[Box], truth: Sequence[Box], least: float = 0.0
) -> dict[int, tuple[int, float]]:
    """Faces and detections one to one, the best overlaps first, whatever the confidence.

    Returns:
        By index into `truth`: index into `boxes`, and the IoU, which is over `least`.
    """
    overlaps = iou(boxes_to_array(boxes), boxes_to_array(truth))
    pairs: dict[int, tuple[int, float]] = {}
    used: set[int] = set()
    for flat in np.argsort(-overlaps, axis=None, kind="stable").tolist():
        box, face = divmod(flat, len(truth))
        if overlaps[box, face] <= least:
            break
        if face not in pairs and box not in used:
            pairs[face] = box, float(overlaps[box, face])
            used.add(box)
    return pairs


@dataclass(frozen=True, slots=True)
class _Table:
    """Matches in columns: n detections by falling confidence, p photos.

    A sample of photos, drawn with replacement, is a row of counts per photo; all
    figures are sums weighted by it. One row of ones is the set itself.
    """

    photo: npt.NDArray[np.intp]  # (n,)
    last: npt.NDArray[np.intp]  # ends of stretches of equal confidence in n
    matched: npt.NDArray[np.bool_]  # (10, n), by IoU threshold
    faces: Floats  # (p,) true boxes, and the rest of (p,) at the confidence threshold:
    found: Floats  # detections
    right: Floats  # detections that are faces
    overlap: Floats  # sum of the faces' IoU

    @classmethod
    def of(cls, results: Sequence[PhotoResult], threshold: float) -> _Table:
        pieces = [_match(result) for result in results]
        confidence = np.concatenate([np.zeros(0), *(piece[0] for piece in pieces)])
        matched = np.concatenate(
            [np.zeros((len(IOU_THRESHOLDS), 0), bool), *(piece[1] for piece in pieces)], axis=1
        )
        photo = np.repeat(np.arange(len(results)), [len(piece[0]) for piece in pieces])
        order = np.argsort(-confidence)
        return cls(
            photo=photo[order],
            last=_last_of_equal(confidence[order]),
            matched=matched[:, order],
            faces=np.array([len(r.truth) for r in results], dtype=float),
            found=np.array([(c >= threshold).sum() for c, _ in pieces], dtype=float),
            right=np.array([m[_AT_50, c >= threshold].sum() for c, m in pieces], dtype=float),
            overlap=np.array([_overlap(r, threshold) for r in results], dtype=float),
        )

    def figures(self, counts: Floats) -> dict[str, Floats]:
        """Every figure for each row of `counts` (samples, photos); NaN where undefined."""
        faces, found, right = counts @ self.faces, counts @ self.found, counts @ self.right
        precisions = self._average_precisions(counts, faces)
        no_face = (self.faces == 0).astype(float)
        return {
            "ap50": precisions[:, _AT_50],
            "ap75": precisions[:, _AT_75],
            "ap50_95": precisions.mean(axis=1),
            "mean_iou": _ratio(counts @ self.overlap, faces),
            "precision": _ratio(right, found),
            "recall": _ratio(right, faces),
            "f1": _ratio(2 * right, found + faces),
            "no_face_share": _ratio(counts @ (no_face * (self.found == 0)), counts @ no_face),
        }

    def _average_precisions(self, counts: Floats, faces: Floats) -> Floats:
        """(samples, 10): average precision per IoU threshold.

        Detections of equal confidence enter together, since no threshold parts them,
        so the order of the photos does not matter.
        """
        precisions = np.full((len(counts), len(IOU_THRESHOLDS)), np.nan)
        for row, count in enumerate(counts):
            if faces[row] == 0:
                continue
            weight = count[self.photo]
            found = np.cumsum(weight)[self.last]
            right = np.cumsum(weight * self.matched, axis=1)[:, self.last]
            precision = np.divide(right, found, out=np.zeros_like(right), where=found > 0)
            best = np.maximum.accumulate(precision[:, ::-1], axis=1)[:, ::-1]
            best = np.pad(best, ((0, 0), (0, 1)))  # beyond the last recall: nothing found
            for level, recall in enumerate(right / faces[row]):
                reached = np.searchsorted(recall, RECALL_POINTS, side="left")
                precisions[row, level] = best[level, reached].mean()
        return precisions


def _match(result: PhotoResult) -> tuple[Floats, npt.NDArray[np.bool_]]:
    """Which detections are faces.

    Returns:
        (n,) confidences, falling, and (10, n) whether that detection took a face at
        each of `IOU_THRESHOLDS`.
    """
    detections = sorted(result.detections, key=lambda d: (-d.confidence, d.box.corners))
    matched = np.zeros((len(IOU_THRESHOLDS), len(detections)), dtype=bool)
    confidences = np.array([d.confidence for d in detections], dtype=np.float64)
    if not result.truth or not detections:
        return confidences, matched
    truth = sorted(result.truth, key=lambda box: box.corners)
    overlaps = iou(boxes_to_array(d.box for d in detections), boxes_to_array(truth))
    needed = np.minimum(IOU_THRESHOLDS, 1.0 - 1e-10)
    free = np.ones((len(IOU_THRESHOLDS), len(result.truth)), dtype=bool)
    levels = np.arange(len(IOU_THRESHOLDS))
    for index, overlap in enumerate(overlaps):
        candidates = np.where(free, overlap, -1.0)
        best = candidates.argmax(axis=1)
        taken = candidates[levels, best] >= needed
        free[levels[taken], best[taken]] = False
        matched[:, index] = taken
    return confidences, matched


def _overlap(result: PhotoResult, threshold: float) -> float:
    """Sum over the faces of the IoU with the detection that fits, 0 where there is none."""
    boxes = sorted(
        (d.box for d in result.detections if d.confidence >= threshold), key=lambda b: b.corners
    )
    truth = sorted(result.truth, key=lambda b: b.corners)
    return sum(overlap for _, overlap in pair_by_overlap(boxes, truth).values())


def _intervals_of_few(
    results: Sequence[PhotoResult], threshold: float, seed: int, resamples: int
) -> Mapping[str, tuple[float, float]]:
    """Intervals of the figures that few photos are behind."""
    if 0 < len(results) < FEW_PHOTOS:
        return _intervals(_Table.of(results, threshold), seed, resamples)
    with_faces = [result for result in results if result.truth]
    without = [result for result in results if not result.truth]
    intervals = {}
    for names, part in ((("mean_iou", "recall"), with_faces), (("no_face_share",), without)):
        if 0 < len(part) < FEW_PHOTOS:
            found = _intervals(_Table.of(part, threshold), seed, resamples)
            intervals.update({name: found[name] for name in names if name in found})
    return intervals


def _intervals(table: _Table, seed: int, resamples: int) -> Mapping[str, tuple[float, float]]:
    """95 % bootstrap intervals over photos, for the figures that the set can tell."""
    photos = len(table.faces)
    draws = np.random.default_rng(seed).integers(photos, size=(resamples, photos))
    counts = (draws[:, :, None] == np.arange(photos)).sum(axis=1, dtype=np.float64)
    intervals = {}
    for name, values in table.figures(counts).items():
        defined = values[~np.isnan(values)]
        if len(defined):
            low, high = np.percentile(defined, (2.5, 97.5))
            intervals[name] = (float(low), float(high))
    return intervals


def _last_of_equal(falling: Floats) -> npt.NDArray[np.intp]:
    """The index of the last of each stretch of equal values."""
    ends = np.append(falling[1:] != falling[:-1], True) if len(falling) else np.zeros(0, bool)
    return np.flatnonzero(ends)


def _within_widest(best: npt.NDArray[np.bool_], tops: Floats, floors: Floats) -> float:
    """Where in the widest stretch of neighbouring best steps; each is (floor, top]."""
    edges = np.diff(np.concatenate(([False], best, [False])).astype(int))
    starts, ends = np.flatnonzero(edges == 1), np.flatnonzero(edges == -1) - 1
    widest = int(np.argmax(tops[starts] - floors[ends]))
    top, floor = float(tops[starts[widest]]), float(floors[ends[widest]])
    middle = (top + floor) / 2
    chosen = max(middle, min(DEFAULT_THRESHOLD, (3 * top + floor) / 4))
    return chosen if floor < chosen < top else top


def _ratio(part: Floats, whole: Floats) -> Floats:
    shares: Floats = np.divide(part, whole, out=np.full(len(whole), np.nan), where=whole > 0)
    return shares


def _number(value: float) -> float | None:
    return None if np.isnan(value) else float(value)
