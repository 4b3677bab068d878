"""What the coach says of frames of the demo camera, as they are and made worse."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from facegui.core.boxes import Box, Detection
from facegui.core.coach import ADVICE, Advice, Coach, Flaw, Signal
from facegui.core.coverage import Place
from facegui.core.demo_camera import DemoCamera


@pytest.fixture(scope="module")
def frames():
    with DemoCamera(5, paced=False) as camera:
        frames = [camera.frame(60 * number).pixels for number in range(12)]
    # Some of its scenes are dim, as rooms are.
    return [frame for frame in frames if frame.mean() > 90 and frame.std() > 40]


def dark(pixels):
    return pixels // 6


def bright(pixels):
    return np.clip(pixels.astype(int) // 6 + 225, 0, 255).astype(np.uint8)


def blurred(pixels):
    return cv2.GaussianBlur(pixels, (0, 0), 6)


def covered(pixels):
    return np.full_like(pixels, (30, 8, 6))


def noisy(pixels):
    noise = np.random.default_rng(0).normal(0, 3, pixels.shape)
    return np.clip(pixels + noise, 0, 255).astype(np.uint8)


@pytest.mark.parametrize(
    ("change", "flaw"),
    [
        (dark, Flaw.DARK),
        (bright, Flaw.BRIGHT),
        (blurred, Flaw.BLURRED),
        (covered, Flaw.COVERED),
    ],
)
def test_bad_frames_are_told(frames, change, flaw):
    for frame in frames:
        advice = Coach().look(change(frame))
        assert advice == Advice(flaw)
        assert advice.signal is Signal.WAIT
        assert not advice.worth_keeping


def test_good_frames_are_let_through(frames):
    assert {Coach().look(frame) for frame in frames} == {Advice()}
    assert Advice().signal is Signal.GO


def test_a_frame_like_the_last_photo_is_told(frames):
    coach = Coach()
    coach.look(frames[0])
    assert coach.look(frames[0]) == Advice(), "it has not become a photo"
    coach.remember()
    assert coach.look(noisy(frames[0])) == Advice(Flaw.SAME)
    moved = np.roll(frames[0], 60, axis=1)
    assert coach.look(moved) == Advice()
    coach.forget()
    assert coach.look(frames[0]) == Advice()


def face(x0, y0, x1, y1):
    return Detection(Box(x0, y0, x1, y1), 0.9)


@pytest.mark.parametrize(
    ("faces", "flaw"),
    [
        ((face(250, 150, 400, 330),), None),
        ((), Flaw.NO_FACE),
        ((face(-10, 150, 120, 330),), Flaw.CUT_OFF),
        ((face(250, 300, 400, 480),), Flaw.CUT_OFF),
        ((face(300, 200, 335, 245),), Flaw.SMALL),
        ((face(50, 150, 200, 330), face(350, 150, 500, 330)), Flaw.SEVERAL),
    ],
)
def test_what_a_detector_finds_is_told_and_keeps_no_photo_back(frames, faces, flaw):
    advice = Coach().look(frames[0], faces)
    assert advice == Advice(flaw)
    assert advice.worth_keeping
    assert advice.signal is (Signal.GO if flaw is None else Signal.CARE)


@pytest.mark.parametrize(
    ("place", "faces", "flaw"),
    [
        (Place.FAR, (face(300, 200, 335, 245),), None),
        (Place.FAR, (face(300, 200, 335, 245), face(200, 200, 235, 245)), Flaw.SEVERAL),
        (Place.NEAR, (face(300, 200, 335, 245),), Flaw.SMALL),
        (Place.EMPTY, (), None),
        (Place.LEFT, (), Flaw.NO_FACE),
    ],
)
def test_what_a_task_asks_for_is_no_flaw(frames, place, faces, flaw):
    assert Coach().look(frames[0], faces, place) == Advice(flaw)


def test_every_flaw_has_words():
    assert set(ADVICE) == {None, *Flaw}
    assert all(len(words) < 70 for words in ADVICE.values())


def test_large_and_tiny_frames_are_looked_at():
    noise = np.random.default_rng(0).integers(0, 255, (1080, 1920, 3), np.uint8)
    assert Coach().look(noise).worth_keeping
    Coach().look(noise[:2, :3])
