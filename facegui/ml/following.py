"""Faces in every picture of a source, one after the other, with boxes drawn and as data."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from facegui.core.boxes import Box, Detection
from facegui.core.camera import Frame
from facegui.core.drawing import draw_boxes, mark_detections, mark_tracks, mirror
from facegui.core.found import FoundFace, FoundPicture, followed_faces
from facegui.core.images import Pixels
from facegui.core.privacy import blur_faces, places_to_hide
from facegui.core.tracking import Track, Tracker

LEAST_CONFIDENCE = 0.05
"""Lowest that is asked of a detector: what of it is shown is decided while it is shown, so
that a threshold acts on the spot, and a face that is followed may be that doubtful."""


class FaceDetector(Protocol):
    """What is used of `detection.Detector`."""

    @property
    def threshold(self) -> float: ...

    def detect(self, pixels: Pixels, threshold: float | None = None) -> tuple[Detection, ...]: ...


@dataclass(frozen=True, slots=True)
class Found:
    """What was found in a frame.

    Args:
        frame: as the camera gave it.
        detections: all, also below the threshold, surest first.
        tracks: the faces that are followed; none in single pictures.
        threshold: confidence from which on a detection counts.
    """

    frame: Frame
    detections: tuple[Detection, ...]
    tracks: tuple[Track, ...]
    threshold: float

    @property
    def sure(self) -> tuple[Detection, ...]:
        """The detections that count."""
        return tuple(one for one in self.detections if one.confidence >= self.threshold)

    @property
    def faces(self) -> tuple[FoundFace, ...]:
        """Those that `drawn` has a box for, surest first."""
        if self.frame.path is not None:
            return tuple(FoundFace(one) for one in self.sure)
        height, width = self.frame.pixels.shape[:2]
        return followed_faces(self.tracks, width, height)

    @property
    def hidden(self) -> tuple[Box, ...]:
        """The places that are blurred where nobody is to be recognised."""
        return places_to_hide(self.detections, self.tracks)

    def as_data(self, source: str, saved: Path | None = None) -> FoundPicture:
        """Args:
        source: what the user called it; a picture has its own path.
        saved: where the picture with boxes is.
        """
        height, width = self.frame.pixels.shape[:2]
        name = str(self.frame.path or source)
        number, time_s = self.frame.number, self.frame.time_s
        return FoundPicture(name, number, time_s, width, height, self.faces, saved)

    def drawn(self, *, hidden: Iterable[Box] = (), mirrored: bool = False) -> Pixels:
        """The picture with its boxes.

        Args:
            hidden: places that are made unrecognisable.
            mirrored: whether left and right change over; not in the words at the boxes.
        """
        pixels = blur_faces(self.frame.pixels, hidden)
        single = self.frame.path is not None
        boxes = mark_detections(self.sure) if single else mark_tracks(self.tracks)
        if mirrored:
            pixels, boxes = mirror(pixels, boxes)
        return draw_boxes(pixels, boxes)


class Follower:
    """Looks for faces in the frames of one source, in order.

    Args:
        detector: finds them.
        threshold: confidence from which on a detection counts; the detector's own by default.
        smooth: whether boxes are held still where they only tremble.
    """

    def __init__(
        self, detector: FaceDetector, threshold: float | None = None, *, smooth: bool = True
    ) -> None:
        self._detector = detector
        self.threshold = detector.threshold if threshold is None else threshold
        self._tracker = Tracker(smooth=smooth)

    def find(self, frame: Frame) -> Found:
        detections = self._detector.detect(frame.pixels, min(LEAST_CONFIDENCE, self.threshold))
        tracks: Sequence[Track] = ()
        if frame.path is None:
            tracks = self._tracker.update(detections, frame.time_s, self.threshold)
        return Found(frame, tuple(detections), tuple(tracks), self.threshold)
