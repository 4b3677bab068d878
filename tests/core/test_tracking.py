"""An id for each face, also while it is missed for a moment; old boxes are said to be old."""

from __future__ import annotations

import numpy as np
import pytest

from facegui.core.boxes import Box, Detection
from facegui.core.tracking import KEPT_FRAMES, Track, Tracker

FRAME_S = 1 / 30


def face(x: float, y: float = 50.0, confidence: float = 0.9) -> Detection:
    return Detection(Box(x, y, x + 100, y + 120), confidence)


def feed(tracker: Tracker, *frames: list[Detection], start: int = 0) -> tuple[Track, ...]:
    tracks: tuple[Track, ...] = ()
    for number, found in enumerate(frames, start):
        tracks = tracker.update(found, number * FRAME_S, 0.5)
    return tracks


def test_first_box_is_shown_at_once_as_it_was_found() -> None:
    (track,) = feed(Tracker(), [face(10)])
    assert (track.number, track.box, track.confidence) == (1, face(10).box, 0.9)
    assert not track.carried


def test_faces_keep_their_numbers_in_any_order() -> None:
    tracker = Tracker()
    feed(tracker, [face(0), face(300)])
    tracks = feed(tracker, [face(303), face(2)], [face(306), face(4)], start=1)
    assert [track.number for track in tracks] == [1, 2]
    assert tracks[0].box.x0 < 10 < 290 < tracks[1].box.x0


def test_best_overlap_wins_where_two_faces_are_near() -> None:
    tracker = Tracker(smooth=False)
    feed(tracker, [face(0), face(60)])
    tracks = feed(tracker, [face(50), face(-5)], start=1)
    assert {track.number: track.box.x0 for track in tracks} == {1: -5, 2: 50}


def test_missed_face_is_carried_for_a_few_frames_and_said_to_be() -> None:
    tracker = Tracker()
    feed(tracker, [face(10)])
    for missed in range(1, KEPT_FRAMES + 1):
        (track,) = tracker.update([], missed * FRAME_S, 0.5)
        assert track.carried
        assert track.carried_s == pytest.approx(missed * FRAME_S)
    assert tracker.update([], (KEPT_FRAMES + 1) * FRAME_S, 0.5) == ()


def test_face_that_comes_back_in_time_is_the_same() -> None:
    tracker = Tracker()
    feed(tracker, [face(10)], [], [])
    (track,) = feed(tracker, [face(14)], start=3)
    assert track.number == 1
    assert not track.carried
    feed(tracker, *[[]] * 10, start=4)
    (track,) = feed(tracker, [face(14)], start=14)
    assert track.number == 2


def test_slow_detector_does_not_keep_a_face_for_long() -> None:
    tracker = Tracker()
    tracker.update([face(10)], 0.0, 0.5)
    assert tracker.update([], 0.5, 0.5)
    assert tracker.update([], 1.0, 0.5) == ()
    assert tracker.at(1.0) == ()


def test_moving_face_is_carried_forward_at_its_speed() -> None:
    tracker = Tracker(smooth=False)
    feed(tracker, *([face(10.0 * number)] for number in range(30)))
    (track,) = tracker.at(29 * FRAME_S + 2 * FRAME_S)
    assert track.carried
    assert track.box.x0 == pytest.approx(310, abs=8)
    assert track.box.width == pytest.approx(100)


def test_quick_move_keeps_the_number() -> None:
    tracker = Tracker()
    tracks = feed(tracker, *([face(60.0 * number)] for number in range(8)))
    assert [track.number for track in tracks] == [1]


def test_doubtful_detection_begins_nothing_but_carries_on_for_a_few_frames() -> None:
    weak = face(10, confidence=0.3)
    tracker = Tracker()
    assert feed(tracker, [weak]) == ()
    feed(tracker, [face(10)], start=1)
    (track,) = feed(tracker, [weak], start=2)
    assert (track.confidence, track.carried) == (0.3, False)
    assert feed(tracker, *[[weak]] * (KEPT_FRAMES + 1), start=3) == ()


def test_threshold_acts_on_the_same_frame() -> None:
    tracker = Tracker()
    found = [face(0), face(300, confidence=0.4)]
    assert len(tracker.update(found, 1.0, 0.5)) == 1
    assert len(tracker.update(found, 1.0, 0.3)) == 2
    assert tracker.update(found, 1.0, 0.95) == ()
    assert len(tracker.update(found, 1.0, 0.5)) == 1


def test_same_frame_again_ages_nobody() -> None:
    tracker = Tracker()
    feed(tracker, [face(0)], [])
    for _ in range(20):
        (track,) = tracker.update([], FRAME_S, 0.5)
    assert track.carried_s == pytest.approx(FRAME_S)


def test_smoothing_can_be_switched_off() -> None:
    steps = np.random.default_rng(0).normal(0, 2, 60)
    rough, smooth = Tracker(smooth=False), Tracker()
    shown: dict[bool, list[float]] = {True: [], False: []}
    for number, step in enumerate(steps.tolist()):
        for tracker in (rough, smooth):
            (track,) = tracker.update([face(50 + step)], number * FRAME_S, 0.5)
            shown[tracker.smooth].append(track.box.x0)
    assert shown[False] == pytest.approx(50 + steps)
    assert np.std(shown[True]) < 0.5 * np.std(shown[False])


def test_another_source_and_a_clock_that_begins_anew_follow_nobody() -> None:
    tracker = Tracker()
    feed(tracker, [face(0)], start=10)
    (track,) = feed(tracker, [face(0)])
    assert track.number == 2
    tracker.clear()
    assert tracker.at(0.0) == ()
