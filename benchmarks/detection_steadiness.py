"""How much boxes tremble on a still scene, and how far they lag behind a quick move."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from detection_photos import FRAMES_PER_SECOND, Photo, shifted
from tables import Figure

from facegui.core.boxes import Box
from facegui.core.images import Pixels
from facegui.core.tracking import Tracker
from facegui.ml.detection import Detector

NOISE = 6.0
"""Standard deviation of the sensor's noise, of 255."""

STILL_FRAMES, SETTLING_FRAMES = 240, 60
MOVE_FRAMES = 10
MOVE_SIZES = 1.0
"""A quick move: so many widths of the face in `MOVE_FRAMES`, a third of a second."""

Path = npt.NDArray[np.float64]


def steadiness_figures(detector: Detector, photos: list[Photo]) -> list[Figure]:
    """Still scenes and moving ones of the surest photos, each smoothed and raw."""
    best = _surest(detector, photos)
    ratios = [_tremble_ratio(detector, photo, seed) for seed, photo in enumerate(best)]
    lags = [_lag(detector, photo, seed) for seed, photo in enumerate(best)]
    return [
        Figure("trembling, smoothed to raw", float(np.median(ratios)), "", 0.25, at_most=True),
        Figure("lag on a quick move", float(np.median(lags)), "frames", 2.0, at_most=True),
    ]


def _surest(detector: Detector, photos: list[Photo]) -> list[Photo]:
    """The three photos with one face that is found most surely, not too near to the right."""
    sure = []
    for photo in photos:
        found = detector.detect(shifted(photo.pixels, 0.0), detector.threshold)
        if len(found) == 1 and found[0].box.x1 + MOVE_SIZES * found[0].box.width < 640:
            sure.append((found[0].confidence, photo.name, photo))
    return [photo for _, _, photo in sorted(sure)[::-1][:3]]


def _tremble_ratio(detector: Detector, photo: Photo, seed: int) -> float:
    still = [shifted(photo.pixels, 0.0)] * STILL_FRAMES
    raw, smoothed = _follow(detector, still, seed)
    return _trembling(smoothed) / max(_trembling(raw), 1e-9)


def _trembling(path: Path) -> float:
    """How far corners are from where they were a frame before, root mean square, in pixels."""
    return float(np.sqrt(np.mean(np.diff(path[SETTLING_FRAMES:], axis=0) ** 2)))


def _lag(detector: Detector, photo: Photo, seed: int) -> float:
    """Frames by which the smoothed box passes the middle of the way later than the raw one."""
    found = detector.detect(shifted(photo.pixels, 0.0), detector.threshold)
    way = MOVE_SIZES * found[0].box.width
    steps = [0.0] * FRAMES_PER_SECOND
    steps += [way * step / MOVE_FRAMES for step in range(1, MOVE_FRAMES + 1)]
    steps += [way] * FRAMES_PER_SECOND
    raw, smoothed = _follow(detector, [shifted(photo.pixels, step) for step in steps], seed)
    return _middle(smoothed) - _middle(raw)


def _middle(path: Path) -> float:
    """When the left side is half-way, in frames."""
    left = np.maximum.accumulate(path[:, 0])
    half = (left[FRAMES_PER_SECOND - 1] + left[-1]) / 2
    after = int(np.argmax(left >= half))
    return after - (left[after] - half) / max(left[after] - left[after - 1], 1e-9)


def _follow(detector: Detector, frames: list[Pixels], seed: int) -> tuple[Path, Path]:
    """(n, 4) x0 y0 x1 y1 of the face in every frame, raw and smoothed."""
    generator = np.random.default_rng(seed)
    tracker = Tracker()
    raw: list[Box] = []
    smoothed: list[Box] = []
    for number, pixels in enumerate(frames):
        noise = generator.normal(0.0, NOISE, pixels.shape)
        noisy = np.clip(pixels + noise, 0, 255).astype(np.uint8)
        found = detector.detect(noisy, 0.05)
        tracks = tracker.update(found, number / FRAMES_PER_SECOND, detector.threshold)
        if tracks:
            smoothed.append(tracks[0].box)
            raw.append(tracks[0].detection.box)
    return (
        np.array([box.corners for box in raw]),
        np.array([box.corners for box in smoothed]),
    )
