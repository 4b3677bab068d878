"""Which photos are shown as the worst mistakes."""

from __future__ import annotations

import pytest

from facegui.core.boxes import Box, Detection
from facegui.core.metrics import PhotoResult
from facegui.core.mistakes import MistakeKind, worst_mistakes

FACE = Box(0, 0, 10, 10)
FAR_AWAY = Box(100, 100, 110, 110)
HALF = Box(0, 0, 5, 10)  # IoU 0.5 with FACE


def photo(name: str, truth: list[Box], *detections: tuple[Box, float]) -> PhotoResult:
    return PhotoResult(name, tuple(Detection(b, c) for b, c in detections), tuple(truth))


def test_each_kind_is_told_with_the_worst_first() -> None:
    results = [
        photo("poor", [FACE], (HALF, 0.9)),
        photo("fine", [FACE], (FACE, 0.9)),
        photo("alarm", [], (FAR_AWAY, 0.9)),
        photo("missed", [FACE]),
    ]
    worst = worst_mistakes(results, 0.5)
    assert [(w.name, w.kind) for w in worst] == [
        ("missed", MistakeKind.MISSED),
        ("alarm", MistakeKind.FALSE_ALARM),
        ("poor", MistakeKind.POOR_BOX),
    ]
    assert [w.badness for w in worst] == [1.0, 0.9, pytest.approx(0.5)]
    assert [w.mistakes[0].box for w in worst] == [FACE, FAR_AWAY, FACE]
    assert worst_mistakes(results, 0.5, limit=1) == worst[:1]


def test_among_equally_bad_photos_more_mistakes_come_first() -> None:
    one, two = photo("a", [FACE]), photo("b", [FACE, FAR_AWAY])
    assert [w.name for w in worst_mistakes([one, two], 0.5)] == ["b", "a"]


def test_box_that_hardly_touches_a_face_is_both_an_alarm_and_a_miss() -> None:
    beside = Box(9, 9, 19, 19)
    (worst,) = worst_mistakes([photo("a", [FACE], (beside, 0.8))], 0.5)
    assert [m.kind for m in worst.mistakes] == [MistakeKind.MISSED, MistakeKind.FALSE_ALARM]


def test_second_box_on_a_face_is_an_alarm_and_unsure_ones_are_none() -> None:
    (worst,) = worst_mistakes([photo("a", [FACE], (FACE, 0.9), (HALF, 0.7), (HALF, 0.4))], 0.5)
    assert [(m.kind, m.badness) for m in worst.mistakes] == [(MistakeKind.FALSE_ALARM, 0.7)]
