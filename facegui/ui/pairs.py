"""What two runs found in the very same frame."""

from __future__ import annotations

from pathlib import Path

from facegui.core.boxes import Detection
from facegui.core.camera import Frame
from facegui.workers.detection_feed import DetectionResult

_MOST_KEPT = 100
"""Results of one run that wait for the other: no run is so many frames behind."""

_Key = tuple[int, float, Path | None]
_Finding = tuple[tuple[Detection, ...] | None, float]


class Pairs:
    """Brings together what two runs find, each at its own pace, in frames of one source.

    Only findings are kept, no pictures: a run that is far behind would fill the memory.
    """

    def __init__(self) -> None:
        self._findings: tuple[dict[_Key, _Finding], ...] = ({}, {})

    def add(self, side: int, result: DetectionResult) -> None:
        """Args:
        side: 0 or 1, of the run.
        result: its newest.
        """
        findings = self._findings[side]
        findings[_key(result.frame)] = result.detections, result.detection_ms
        if len(findings) > _MOST_KEPT:
            del findings[next(iter(findings))]

    def of(self, frame: Frame) -> tuple[DetectionResult, DetectionResult] | None:
        """What both found in a frame; None until both have searched it."""
        key = _key(frame)
        first, second = (findings.get(key) for findings in self._findings)
        if first is None or second is None:
            return None
        return DetectionResult(frame, *first), DetectionResult(frame, *second)

    def clear(self) -> None:
        """Another source begins."""
        for findings in self._findings:
            findings.clear()


def _key(frame: Frame) -> _Key:
    return frame.number, frame.time_s, frame.path
