"""Scores of detections: cases worked out by hand, properties, and COCO's own code."""

from __future__ import annotations

import contextlib
import io
import json
import random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from facegui.core.boxes import Box, Detection
from facegui.core.metrics import (
    FEW_PHOTOS,
    PhotoResult,
    pair_by_overlap,
    recommended_threshold,
    score,
)

FACE = Box(0, 0, 10, 10)
FAR_AWAY = Box(100, 100, 110, 110)


def shifted(iou: float, box: Box = FACE) -> Box:
    """A box of the same size whose overlap with `box` is `iou`."""
    by = box.width * (1 - iou) / (1 + iou)
    return Box(box.x0 + by, box.y0, box.x1 + by, box.y1)


def photo(name: str, truth: list[Box], *detections: tuple[Box, float]) -> PhotoResult:
    return PhotoResult(name, tuple(Detection(b, c) for b, c in detections), tuple(truth))


corner = st.integers(0, 40)
side = st.integers(1, 30)
boxes = st.builds(lambda x, y, w, h: Box(x, y, x + w, y + h), corner, corner, side, side)
detections = st.builds(Detection, boxes, st.integers(0, 20).map(lambda n: n / 20))
photos = st.builds(
    PhotoResult,
    st.text(max_size=3),
    st.lists(detections, max_size=5).map(tuple),
    st.lists(boxes, max_size=4).map(tuple),
)
sets_of_photos = st.lists(photos, max_size=6)


def test_perfect_detector_has_full_marks() -> None:
    results = [photo(f"{n}", [FACE, FAR_AWAY], (FACE, 0.9), (FAR_AWAY, 0.8)) for n in range(3)]
    results.append(photo("empty room", []))
    scores = score(results, 0.5)
    assert (scores.photos, scores.faces) == (4, 6)
    assert scores.ap50 == scores.ap75 == scores.ap50_95 == scores.mean_iou == 1.0
    assert scores.precision == scores.recall == scores.f1 == 1.0
    assert (scores.no_face_photos, scores.no_face_correct, scores.no_face_share) == (1, 1, 1.0)
    assert scores.false_alarms == scores.missed == scores.no_face_false_alarms == 0


def test_figures_worked_out_by_hand() -> None:
    results = [
        photo("found", [FACE], (FACE, 0.9)),
        photo("loose box", [FACE], (shifted(0.6), 0.8)),
        photo("alarm", [], (FAR_AWAY, 0.7)),
        photo("unsure", [FACE], (shifted(0.8), 0.3)),
        photo("missed", [FACE]),
        photo("empty", []),
    ]
    scores = score(results, 0.5)
    # IoU 0.5: right, right, wrong, right: precision 1, 1, 2/3, 3/4 at recall 1/4, 2/4, 2/4, 3/4.
    # Points of recall 0.00 to 0.50 (51) see 1, those to 0.75 (25) see 3/4, the rest 0.
    assert scores.ap50 == pytest.approx((51 * 1 + 25 * 0.75) / 101)
    # IoU 0.75: right, wrong, wrong, right: precision 1 to recall 1/4 (26), 2/4 to 2/4 (25).
    assert scores.ap75 == pytest.approx((26 * 1 + 25 * 0.5) / 101)
    assert scores.mean_iou == pytest.approx((1 + 0.6 + 0 + 0) / 4)
    assert scores.precision == pytest.approx(2 / 3)
    assert scores.recall == pytest.approx(2 / 4)
    assert scores.f1 == pytest.approx(4 / 7)
    assert (scores.false_alarms, scores.missed) == (1, 2)
    assert (scores.no_face_photos, scores.no_face_correct) == (2, 1)
    assert scores.no_face_false_alarms == 1


def test_second_detection_of_a_face_is_a_false_alarm() -> None:
    scores = score([photo("a", [FACE], (shifted(0.7), 0.9), (FACE, 0.8))], 0.5)
    assert (scores.precision, scores.recall, scores.false_alarms) == (0.5, 1.0, 1)


def test_confident_detection_chooses_first_and_takes_what_it_overlaps_most() -> None:
    left, right = Box(0, 0, 10, 10), Box(4, 0, 14, 10)
    scores = score([photo("a", [left, right], (Box(3, 0, 13, 10), 0.9), (left, 0.8))], 0.5)
    assert (scores.recall, scores.false_alarms) == (1.0, 0)


def test_threshold_itself_counts() -> None:
    assert score([photo("a", [FACE], (FACE, 0.5))], 0.5).recall == 1.0


def test_equal_confidences_count_together_in_any_order() -> None:
    right, wrong = photo("a", [FACE], (FACE, 0.5)), photo("b", [], (FACE, 0.5))
    assert score([right, wrong], 0.5).ap50 == score([wrong, right], 0.5).ap50 == 0.5


def test_what_cannot_be_said_is_null_and_never_nan() -> None:
    for results in ([], [photo("a", [])], [photo("a", [], (FACE, 0.9))], [photo("a", [FACE])]):
        document = score(results, 0.5).to_json()
        json.dumps(document, allow_nan=False)
    nothing = score([], 0.5)
    assert nothing.ap50 is nothing.mean_iou is nothing.precision is nothing.f1 is None
    assert nothing.no_face_share is None
    only_missed = score([photo("a", [FACE])], 0.5)
    assert (only_missed.ap50, only_missed.recall, only_missed.precision) == (0.0, 0.0, None)


def test_document_has_the_agreed_keys() -> None:
    agreed = {"photos", "faces", "ap50", "ap75", "mean_iou", "precision", "recall", "threshold"}
    document = score([photo("a", [FACE], (FACE, 0.9))], 0.4).to_json()
    assert agreed | {"no_face_photos", "no_face_correct"} <= document.keys()
    assert document["threshold"] == 0.4
    assert all(type(value) in (int, float, dict, type(None)) for value in document.values())


def test_few_photos_come_with_an_interval_that_holds_the_figure() -> None:
    results = [photo(f"{n}", [FACE], (FACE if n % 4 else FAR_AWAY, 0.9)) for n in range(20)]
    scores = score(results, 0.5)
    low, high = scores.intervals["recall"]
    assert low < 0.75 < high
    # Of 20 photos, each right with 3/4: 95 % of the samples have 11 to 19 right.
    assert low == pytest.approx(0.55, abs=0.051)
    assert high == pytest.approx(0.95, abs=0.051)
    for name in ("ap50", "ap75", "mean_iou"):
        low, high = scores.intervals[name]
        assert low < scores.to_json()[name] < high
    assert score(results, 0.5) == scores
    assert score(results, 0.5, seed=1).intervals != scores.intervals
    assert "no_face_share" not in scores.intervals


def test_many_photos_come_without_an_interval() -> None:
    results = [photo(f"{n}", [FACE], (FACE, 0.9)) for n in range(FEW_PHOTOS)]
    assert score(results, 0.5).intervals == {}
    assert score(results[1:], 0.5).intervals["ap50"] == (1.0, 1.0)


def test_few_photos_without_a_face_have_an_interval_among_many_with_one() -> None:
    faces = [photo(f"{n}", [FACE], (FACE, 0.9)) for n in range(FEW_PHOTOS)]
    empty = [photo(f"empty {n}", [], *([(FACE, 0.9)] if n else [])) for n in range(4)]
    intervals = score([*faces, *empty], 0.5).intervals
    assert intervals.keys() == {"no_face_share"}
    low, high = intervals["no_face_share"]
    assert low < 0.25 < high
    few_faces = score([*faces[:5], *(photo(f"e{n}", []) for n in range(FEW_PHOTOS))], 0.5)
    assert few_faces.intervals.keys() == {"recall", "mean_iou"}


def test_faces_pair_with_the_boxes_that_fit_best() -> None:
    near = shifted(0.9)
    assert pair_by_overlap([near, FACE, FAR_AWAY], [FACE]) == {0: (1, 1.0)}
    assert pair_by_overlap([], [FACE]) == pair_by_overlap([FACE], []) == {}
    assert pair_by_overlap([shifted(0.3)], [FACE], least=0.5) == {}


def test_confident_stray_box_takes_no_face_from_its_own() -> None:
    stray = shifted(0.1)
    scores = score([photo("a", [FACE], (stray, 0.99), (FACE, 0.6))], 0.5)
    assert scores.mean_iou == 1.0


@pytest.mark.parametrize(
    ("least_sure_face", "false_alarm", "threshold"),
    [
        (0.8, 0.2, 0.5),  # the middle
        (0.9, 0.5, 0.7),
        (0.8, 0.0, 0.5),  # above the middle, at most at 0.5
        (0.4, 0.0, 0.3),  # and three quarters of the way
        (0.6, 0.2, 0.5),
    ],
)
def test_recommended_threshold_keeps_clear_of_faces_and_more_of_false_alarms(
    least_sure_face: float, false_alarm: float, threshold: float
) -> None:
    results = [
        photo("a", [FACE], (FACE, 0.95)),
        photo("b", [FACE], (FACE, least_sure_face)),
        photo("c", [], *([(FACE, false_alarm)] if false_alarm else [])),
    ]
    assert recommended_threshold(results) == pytest.approx(threshold)


@pytest.mark.parametrize(
    ("sure", "unsure", "threshold"),
    [
        (10, 0, 0.55),
        (9, 1, 0.5),  # one face alone is no evidence
        (8, 2, 0.275),  # two are
        (7, 1, 0.275),  # and so is one of few
    ],
)
def test_recommended_threshold_is_not_lowered_for_a_single_face(
    sure: int, unsure: int, threshold: float
) -> None:
    results = [photo(f"{n}", [FACE], (FACE, 0.9)) for n in range(sure)]
    results += [photo(f"unsure {n}", [FACE], (FACE, 0.3)) for n in range(unsure)]
    results.append(photo("a hand before the face", [], (FACE, 0.2)))
    assert recommended_threshold(results) == pytest.approx(threshold)


def test_recommended_threshold_takes_the_widest_of_equally_good_gaps() -> None:
    # F1 is 2/3 from 0.9 down to 0.88 (1 right of 1) and from 0.7 down to 0 (2 right of 4).
    results = [
        photo("a", [FACE], (FACE, 0.9)),
        photo("b", [], (FACE, 0.88), (FAR_AWAY, 0.75)),
        photo("c", [FACE], (FACE, 0.7)),
    ]
    assert recommended_threshold(results) == pytest.approx(0.5)


def test_recommended_threshold_without_faces_or_detections() -> None:
    assert recommended_threshold([]) == 0.5
    assert recommended_threshold([photo("a", [FACE])]) == 0.5
    assert recommended_threshold([photo("a", [])]) == 0.5
    assert recommended_threshold([photo("a", [FACE], (FAR_AWAY, 0.9))]) == 0.5
    assert recommended_threshold([photo("a", [], (FACE, 0.6))]) == pytest.approx(0.8)


def test_recommended_threshold_between_neighbouring_numbers_still_parts_them() -> None:
    low = 0.5
    high = float(np.nextafter(low, 1))
    results = [photo("a", [FACE], (FACE, high)), photo("b", [], (FACE, low), (FAR_AWAY, low))]
    assert score(results, recommended_threshold(results)).f1 == 1.0


@settings(max_examples=30)
@given(sets_of_photos)
def test_recommended_threshold_is_as_good_as_any_but_for_one_face(
    results: list[PhotoResult],
) -> None:
    threshold = recommended_threshold(results)
    assert 0.0 <= threshold <= 1.0
    chosen = score(results, threshold, resamples=0)
    for other in np.linspace(0, 1, 21):
        scores = score(results, float(other), resamples=0)
        if (scores.f1 or 0.0) > (chosen.f1 or 0.0) + 1e-12:
            assert threshold == 0.5 and scores.faces >= 10 and other < 0.5
            assert chosen.missed <= scores.missed + 1


@settings(max_examples=30)
@given(sets_of_photos, st.randoms(use_true_random=False))
def test_order_of_photos_and_boxes_does_not_matter(
    results: list[PhotoResult], dice: random.Random
) -> None:
    mixed = [
        PhotoResult(
            r.name,
            tuple(dice.sample(r.detections, len(r.detections))),
            tuple(dice.sample(r.truth, len(r.truth))),
        )
        for r in dice.sample(results, len(results))
    ]
    before, after = (score(r, 0.5, resamples=0).to_json() for r in (results, mixed))
    assert after == {
        name: pytest.approx(value) if isinstance(value, float) else value
        for name, value in before.items()
    }


@settings(max_examples=30)
@given(sets_of_photos)
def test_figures_stay_in_range(results: list[PhotoResult]) -> None:
    scores = score(results, 0.5, resamples=20)
    shares = (scores.ap50, scores.ap75, scores.ap50_95, scores.mean_iou, scores.f1)
    for value in (*shares, scores.precision, scores.recall, scores.no_face_share):
        assert value is None or 0.0 <= value <= 1.0 + 1e-12
    if scores.ap50 is not None and scores.ap75 is not None and scores.ap50_95 is not None:
        assert scores.ap50_95 <= scores.ap50 + 1e-12
    for low, high in scores.intervals.values():
        assert low <= high


@settings(max_examples=30)
@given(st.lists(st.lists(boxes, max_size=4, unique=True), max_size=6))
def test_the_truth_itself_is_a_perfect_answer(truth: list[list[Box]]) -> None:
    results = [
        PhotoResult(str(n), tuple(Detection(box, 0.9) for box in there), tuple(there))
        for n, there in enumerate(truth)
    ]
    scores = score(results, recommended_threshold(results), resamples=0)
    if any(truth):
        assert scores.ap50_95 == scores.recall == scores.precision == 1.0
        assert scores.mean_iou == pytest.approx(1.0)
    assert scores.no_face_correct == scores.no_face_photos


@pytest.mark.parametrize("seed", range(5))
def test_average_precision_agrees_with_cocos_own_code(seed: int) -> None:
    results = _random_results(np.random.default_rng(seed))
    ours = score(results, 0.5)
    ap50_95, ap50, ap75 = _coco(results)
    assert ours.ap50 == pytest.approx(ap50, abs=1e-9)
    assert ours.ap75 == pytest.approx(ap75, abs=1e-9)
    assert ours.ap50_95 == pytest.approx(ap50_95, abs=1e-9)


def _random_results(dice: np.random.Generator) -> list[PhotoResult]:
    """Sixty photos of up to 8 faces; boxes more or less off, doubled, invented, missing."""
    results = []
    for index in range(60):
        found: list[Detection] = []
        corners = dice.uniform(0, 300, size=(dice.integers(0, 9), 2))
        truth = [
            Box(x, y, x + w, y + h) for (x, y) in corners for w, h in [dice.uniform(20, 90, 2)]
        ]
        for box in truth:
            for _ in range(dice.choice([0, 1, 1, 1, 2])):
                x, y, w, h = np.array([box.x0, box.y0, box.width, box.height]) + dice.normal(
                    0, 5, 4
                )
                found.append(Detection(Box(x, y, x + w, y + h), dice.uniform(0.2, 1)))
        for _ in range(dice.integers(0, 3)):
            x, y = dice.uniform(0, 300, 2)
            found.append(Detection(Box(x, y, x + 40, y + 50), dice.uniform(0, 0.8)))
        results.append(PhotoResult(f"{index}", tuple(found), tuple(truth)))
    return results


def _coco(results: list[PhotoResult]) -> tuple[float, float, float]:
    """AP at .50:.95, .50 and .75 by pycocotools."""
    from pycocotools.coco import COCO
    from pycocotools.cocoeval import COCOeval

    def xywh(box: Box) -> list[float]:
        return [box.x0, box.y0, box.width, box.height]

    faces = [(n, box) for n, r in enumerate(results, 1) for box in r.truth]
    found = [(n, d) for n, r in enumerate(results, 1) for d in r.detections]
    with contextlib.redirect_stdout(io.StringIO()):
        truth = COCO()
        truth.dataset = {
            "info": {},
            "images": [{"id": n + 1} for n in range(len(results))],
            "categories": [{"id": 1, "name": "face"}],
            "annotations": [
                {"id": k, "image_id": n, "category_id": 1, "bbox": xywh(box), "area": box.area}
                | {"iscrowd": 0}
                for k, (n, box) in enumerate(faces, 1)
            ],
        }
        truth.createIndex()
        answer = truth.loadRes(
            [
                {"image_id": n, "category_id": 1, "bbox": xywh(d.box), "score": d.confidence}
                for n, d in found
            ]
        )
        judge = COCOeval(truth, answer, "bbox")
        judge.evaluate()
        judge.accumulate()
        judge.summarize()
    return float(judge.stats[0]), float(judge.stats[1]), float(judge.stats[2])
