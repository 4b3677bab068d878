"""Our detector beside its peers on the same photos: the time it takes and what it finds."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import cv2
import numpy as np
from detection_photos import Photo
from tables import Figure

from facegui.core.boxes import Box, Detection
from facegui.core.images import Pixels
from facegui.core.metrics import PhotoResult, pair_by_overlap, score

YUNET_WIDTH = 320
LOOSE_IOU = 0.3
"""People boxed the whole head with its hair, ready-made detectors the face alone."""

Find = Callable[[Pixels], Sequence[Detection]]


def peer_figures(name: str, find: Find, photos: Sequence[Photo], threshold: float) -> list[Figure]:
    """Time, AP50, and recall where an IoU of 0.3 is enough.

    Args:
        name: of the detector.
        find: takes RGB pixels; gives all detections.
        photos: with their true boxes.
        threshold: confidence from which on a detection counts for the recall.
    """
    find(photos[0].pixels)
    results, times = [], []
    for photo in photos:
        started_s = time.perf_counter()
        found = tuple(find(photo.pixels))
        times.append(time.perf_counter() - started_s)
        results.append(PhotoResult(photo.name, found, photo.boxes))
    faces = sum(len(photo.boxes) for photo in photos)
    hits = sum(_hits(result, threshold) for result in results)
    ap50 = score(results, threshold, resamples=0).ap50
    return [
        Figure(f"{name}, a photo", 1000 * statistics.median(times), "ms"),
        Figure(f"{name}, AP50", ap50 if ap50 is not None else float("nan")),
        Figure(f"{name}, recall at IoU {LOOSE_IOU}", hits / max(1, faces)),
    ]


def find_by_mtcnn() -> Find:
    """MTCNN of PyPI, whose weights are in its package.

    Raises:
        ImportError: where it is not installed: it belongs to the extra "bench".
    """
    from mtcnn import MTCNN

    network = MTCNN(device="CPU:0")

    def find(pixels: Pixels) -> list[Detection]:
        found = network.detect_faces(pixels) or []
        return [
            Detection(box, min(1.0, float(one["confidence"])))
            for one in found
            if (box := _box(*map(float, one["box"]))) is not None
        ]

    return find


def find_by_yunet(path: Path) -> Find:
    """OpenCV's YuNet at a width of 320 pixels.

    Args:
        path: of its ONNX model.
    """
    network = cv2.FaceDetectorYN.create(str(path), "", (YUNET_WIDTH, YUNET_WIDTH), 0.3)

    def find(pixels: Pixels) -> list[Detection]:
        height, width = pixels.shape[:2]
        scale = YUNET_WIDTH / width
        size = (YUNET_WIDTH, round(height * scale))
        small = cv2.resize(pixels, size, interpolation=cv2.INTER_AREA)
        network.setInputSize(size)
        _, rows = network.detect(cv2.cvtColor(small, cv2.COLOR_RGB2BGR))
        return [
            Detection(box, min(1.0, float(row[-1])))
            for row in ([] if rows is None else np.asarray(rows))
            if (box := _box(*(row[:4] / scale))) is not None
        ]

    return find


def _hits(result: PhotoResult, threshold: float) -> int:
    boxes = [one.box for one in result.detections if one.confidence >= threshold]
    return len(pair_by_overlap(boxes, result.truth, LOOSE_IOU))


def _box(left: float, top: float, width: float, height: float) -> Box | None:
    return Box(left, top, left + width, top + height) if width > 0 and height > 0 else None
