"""Measuring a detector, and showing its worst mistakes; the detector itself is a stand-in."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import cast

import numpy as np
import pytest

from facegui.core.boxes import Box, Detection
from facegui.core.errors import Cancelled, UserError
from facegui.core.images import Pixels, read_picture, write_picture
from facegui.core.mistakes import MistakeKind
from facegui.core.progress import Progress, StopToken, ignore_progress
from facegui.ml.detection import Detector
from facegui.ml.evaluation import (
    LOWEST_CONFIDENCE,
    Evaluation,
    detect_on,
    detect_on_array,
    evaluate,
    save_evaluation,
)
from facegui.ml.training_data import LabelledArray, LabelledPicture, load_pictures

FACE = Box(10.0, 10.0, 50.0, 40.0)
ELSEWHERE = Box(60.0, 10.0, 90.0, 40.0)
POOR = Box(10.0, 10.0, 50.0, 24.0)


class FakeDetector:
    """Finds what it was told for pictures of a brightness."""

    threshold = 0.5

    def __init__(self, found: Mapping[int, Sequence[Detection]]) -> None:
        self.found = found
        self.thresholds: set[float | None] = set()

    def detect(self, pixels: Pixels, threshold: float | None = None) -> tuple[Detection, ...]:
        self.thresholds.add(threshold)
        return tuple(self.found[int(pixels[0, 0, 0])])


def fake(found: Mapping[int, Sequence[Detection]]) -> Detector:
    return cast(Detector, FakeDetector(found))


@pytest.fixture
def pictures(tmp_path: Path) -> list[LabelledPicture]:
    """Of brightness 0, 10, 20, 30 and 40; the last shows no face."""
    folder = tmp_path / "photos"
    folder.mkdir()
    result = []
    for number in range(5):
        path = folder / f"photo-{number}.png"
        write_picture(path, np.full((50, 100, 3), 10 * number, np.uint8))
        result.append(LabelledPicture(path, (FACE,) if number < 4 else ()))
    return result


FOUND = {
    0: [Detection(FACE, 0.9)],
    10: [Detection(POOR, 0.8)],
    20: [],
    30: [Detection(FACE, 0.7), Detection(ELSEWHERE, 0.6)],
    40: [Detection(ELSEWHERE, 0.3)],
}


@pytest.fixture
def evaluation(pictures: list[LabelledPicture]) -> Evaluation:
    return evaluate(fake(FOUND), pictures, StopToken())


def test_figures_are_of_all_photos(evaluation: Evaluation) -> None:
    scores = evaluation.scores
    assert (scores.photos, scores.faces) == (5, 4)
    assert scores.threshold == 0.5
    assert scores.recall == pytest.approx(2 / 4)
    assert scores.precision == pytest.approx(2 / 4)
    assert (scores.no_face_photos, scores.no_face_correct) == (1, 1)
    assert [result.name for result in evaluation.results] == [f"photo-{n}.png" for n in range(5)]


def test_another_threshold_counts_other_detections(pictures: list[LabelledPicture]) -> None:
    scores = evaluate(fake(FOUND), pictures, StopToken(), threshold=0.2).scores
    assert scores.threshold == 0.2
    assert (scores.no_face_photos, scores.no_face_correct) == (1, 0)


def test_detections_of_every_confidence_count_for_ap(pictures: list[LabelledPicture]) -> None:
    detector = FakeDetector(FOUND)
    evaluate(cast(Detector, detector), pictures, StopToken())
    assert detector.thresholds == {LOWEST_CONFIDENCE}


def test_mistakes_come_worst_first(evaluation: Evaluation) -> None:
    assert [(item.name, item.kind) for item in evaluation.mistakes] == [
        ("photo-2.png", MistakeKind.MISSED),
        ("photo-3.png", MistakeKind.FALSE_ALARM),
        ("photo-1.png", MistakeKind.POOR_BOX),
    ]


def test_each_photo_is_reported(pictures: list[LabelledPicture]) -> None:
    reports: list[Progress] = []
    detect_on(fake(FOUND), pictures, StopToken(), reports.append)
    assert reports[-1] == Progress(5, 5, "Testing")


def test_cancel_ends_the_measuring(pictures: list[LabelledPicture]) -> None:
    stop = StopToken()
    with pytest.raises(Cancelled):
        evaluate(fake(FOUND), pictures, stop, lambda _: stop.cancel())


def test_missing_photo_is_named(pictures: list[LabelledPicture]) -> None:
    pictures[3].path.unlink()
    with pytest.raises(UserError, match=r"photo-3\.png"):
        detect_on(fake(FOUND), pictures, StopToken())


def test_photos_in_memory_give_the_same_overlaps(pictures: list[LabelledPicture]) -> None:
    """Resizing without regard to proportions changes no IoU, so no figure either."""
    array = load_pictures(pictures, 20, ignore_progress, StopToken())
    reduced = {
        key: [Detection(item.box.scaled(20 / 100, 20 / 50), item.confidence) for item in found]
        for key, found in FOUND.items()
    }
    in_memory = detect_on_array(fake(reduced), array, StopToken())
    (box,) = in_memory[0].truth
    assert box.corners == pytest.approx((2.0, 4.0, 10.0, 16.0))
    from_files = detect_on(fake(FOUND), pictures, StopToken())
    for mine, theirs in zip(in_memory, from_files, strict=True):
        assert [d.confidence for d in mine.detections] == [d.confidence for d in theirs.detections]
        assert len(mine.truth) == len(theirs.truth)


def test_no_photos_in_memory_give_no_results() -> None:
    empty = LabelledArray(np.empty((0, 20, 20, 3), np.uint8), ())
    assert detect_on_array(fake({}), empty, StopToken()) == ()


def test_figures_and_worst_mistakes_are_saved(
    evaluation: Evaluation, pictures: list[LabelledPicture], tmp_path: Path
) -> None:
    folder = save_evaluation(tmp_path / "run" / "evaluation", evaluation, pictures)
    assert sorted(path.name for path in folder.iterdir()) == [
        "01-photo-2.jpg",
        "02-photo-3.jpg",
        "03-photo-1.jpg",
        "evaluation.json",
    ]
    figures = json.loads((folder / "evaluation.json").read_text("utf-8"))
    assert figures == json.loads(json.dumps(evaluation.scores.to_json()))
    assert (figures["photos"], figures["threshold"]) == (5, 0.5)
    shown = read_picture(folder / "01-photo-2.jpg")
    assert shown.std() > 0  # something was drawn on the even grey


def test_older_evaluation_is_replaced_as_a_whole(
    evaluation: Evaluation, pictures: list[LabelledPicture], tmp_path: Path
) -> None:
    folder = save_evaluation(tmp_path / "evaluation", evaluation, pictures)
    better = evaluate(fake(FOUND | {20: [Detection(FACE, 0.9)]}), pictures, StopToken())
    save_evaluation(folder, better, pictures)
    assert sorted(path.name for path in folder.iterdir()) == [
        "01-photo-3.jpg",
        "02-photo-1.jpg",
        "evaluation.json",
    ]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["evaluation", "photos"]


def test_failure_keeps_the_older_evaluation(
    evaluation: Evaluation, pictures: list[LabelledPicture], tmp_path: Path
) -> None:
    folder = save_evaluation(tmp_path / "evaluation", evaluation, pictures)
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    pictures[1].path.unlink()
    with pytest.raises(UserError, match=r"photo-1\.png"):
        save_evaluation(folder, evaluation, pictures)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["evaluation", "photos"]


def test_folder_that_cannot_be_made_is_told(
    evaluation: Evaluation, pictures: list[LabelledPicture], tmp_path: Path
) -> None:
    (tmp_path / "run").write_text("a file where a folder should be")
    with pytest.raises(UserError, match="Saving the evaluation"):
        save_evaluation(tmp_path / "run" / "evaluation", evaluation, pictures)
