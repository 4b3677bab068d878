"""Near-copies are found however they were made; another moment is no near-copy."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from facegui.core.alike import is_alike, near_copies, pattern_of
from facegui.core.demo_camera import DemoCamera
from facegui.core.errors import Cancelled
from facegui.core.photo_facts import BLURRED, blur_of, facts_of, light_of
from facegui.core.progress import StopToken, ignore_progress

COUNT = 8


@pytest.fixture(scope="module")
def frames():
    """Frames of the demo camera, a second or more apart."""
    with DemoCamera(3, paced=False) as camera:
        return [camera.frame(45 * number).pixels for number in range(COUNT)]


def pattern(pixels):
    return pattern_of(cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY))


def recompressed(pixels):
    return cv2.imdecode(cv2.imencode(".jpg", pixels, [cv2.IMWRITE_JPEG_QUALITY, 40])[1], 1)


def cropped(pixels):
    height, width = pixels.shape[:2]
    return pixels[: round(0.96 * height), round(0.03 * width) :]


def lighter(pixels):
    return np.clip(pixels * 1.15 + 12, 0, 255).astype(np.uint8)


def found(patterns, known=0):
    compared = near_copies(patterns, known, ignore_progress, StopToken())
    return {(min(one, other), max(one, other)) for one, others in compared for other in others}


@pytest.mark.parametrize("change", [recompressed, cropped, lighter])
def test_copies_are_found_and_nothing_else(frames, change):
    patterns = [pattern(frame) for frame in frames] + [pattern(change(frame)) for frame in frames]
    own = found(patterns[:COUNT])
    pairs = found(patterns)
    assert {(number, number + COUNT) for number in range(COUNT)} <= pairs
    strangers = {(one % COUNT, other % COUNT) for one, other in pairs}
    assert {pair for pair in strangers if pair[0] != pair[1]} <= own | {(b, a) for a, b in own}


def test_only_new_photos_are_compared(frames):
    patterns = [pattern(frames[0]), pattern(recompressed(frames[0])), pattern(frames[0])]
    assert found(patterns, known=2) == {(0, 2), (1, 2)}
    assert found(patterns, known=3) == set()


def test_pictures_that_show_nothing_are_copies_only_where_they_are_equal():
    grey, other = np.full((64, 64), 90, np.uint8), np.full((64, 64), 91, np.uint8)
    assert is_alike(grey, grey.copy())
    assert not is_alike(grey, other)


def test_comparing_can_be_cancelled(frames):
    stop = StopToken()
    stop.cancel()
    patterns = [pattern(frame) for frame in frames]
    with pytest.raises(Cancelled):
        list(near_copies(patterns, 0, ignore_progress, stop))


def test_blur_is_told_from_sharpness(frames):
    for frame in frames:
        grey = cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY)
        assert blur_of(cv2.GaussianBlur(grey, (0, 0), 3)) > BLURRED
        assert facts_of(cv2.GaussianBlur(frame, (0, 0), 4)).is_blurred
    assert blur_of(np.full((20, 20), 7, np.uint8)) == 0.0


def test_light_is_told():
    assert light_of(np.full((10, 10), 20, np.uint8)).is_dark
    assert light_of(np.full((10, 10), 250, np.uint8)).is_bright
    usual = light_of(np.arange(100, dtype=np.uint8).reshape(10, 10) * 2)
    assert not usual.is_dark
    assert not usual.is_bright
    assert usual.mean == pytest.approx(99.0)
    assert usual.shadows < 22 < 170 < usual.highlights
