"""Which face is which from frame to frame, and where it is between two of them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from facegui.core.boxes import Box, Detection, boxes_to_array, iou
from facegui.core.one_euro import OneEuroFilter

KEPT_FRAMES = 5
"""So many frames in a row a face may be missed, or doubted, before it counts as gone."""

KEPT_S = 0.7
"""And no longer than so long, however few frames that were."""

LONGEST_PREDICTION_S = 0.2
"""So far into the future a face goes on at its speed; then it stands."""

LEAST_IOU = 0.2
"""Between where a face is expected and where one is found, for it to be the same."""


@dataclass(frozen=True, slots=True)
class Track:
    """One face, followed.

    Args:
        number: the same as long as it is followed, from 1.
        box: smoothed where that is wanted, in pixels of the picture; parts of a carried one
            may lie outside.
        detection: the newest of this face, as it was found.
        carried_s: how old that detection is: 0 where it was found in this very frame, else
            the box is where the face should be by now.
    """

    number: int
    box: Box
    detection: Detection
    carried_s: float = 0.0

    @property
    def confidence(self) -> float:
        """Of the newest detection, 0 to 1."""
        return self.detection.confidence

    @property
    def carried(self) -> bool:
        """Whether the box comes from an earlier frame."""
        return self.carried_s > 0

    def detection_in(self, width: int, height: int) -> Detection | None:
        """What a picture of that size in pixels has of the face, not smoothed where it was found
        in this very frame; None where it was carried out of the picture."""
        if not self.carried:
            return self.detection
        inside = self.box.clipped(width, height)
        return None if inside is None else replace(self.detection, box=inside)


class Tracker:
    """Follows faces through the frames of one source.

    Detections above the threshold are matched with the faces that are followed first; what is
    left of these takes a weaker detection, so that a face that dips below the threshold for
    a few frames stays; what is left of those above begins a new face.

    Source of the two rounds: Zhang et al., "ByteTrack: Multi-Object Tracking by Associating
    Every Detection Box", ECCV 2022. Pairs are taken greedily, the best overlap first.

    Args:
        smooth: whether boxes are held still where they only tremble.
    """

    def __init__(self, *, smooth: bool = True) -> None:
        self.smooth = smooth
        self._faces: list[_Face] = []
        self._next_number = 1
        self._time_s = -math.inf
        self._threshold = 0.0

    def update(
        self, detections: Sequence[Detection], time_s: float, threshold: float
    ) -> tuple[Track, ...]:
        """The faces in a frame.

        The frame before may come once more, with another threshold, which acts at once.

        Args:
            detections: all that were found, also below the threshold.
            time_s: of the frame; where it runs backwards the source has begun anew.
            threshold: confidence from which on a detection begins a face.

        Returns:
            Faces found in this frame, and carried ones that were missed in it, by number.
        """
        if time_s < self._time_s:
            self.clear()
        again = time_s == self._time_s
        if threshold > self._threshold:
            self._faces = [face for face in self._faces if face.confidence >= threshold]
        self._time_s, self._threshold = time_s, threshold
        sure = [found for found in detections if found.confidence >= threshold]
        unsure = [found for found in detections if found.confidence < threshold]
        doubtful, new = self._match(self._faces, sure)
        self._match(doubtful, unsure)
        for face in self._faces:
            face.doubtful = face.doubtful + (not again) if face in doubtful else 0
        self._faces = [face for face in self._faces if face.is_kept(time_s)]
        for found in new:
            self._faces.append(_Face(self._next_number, found, time_s))
            self._next_number += 1
        return self.at(time_s)

    def at(self, time_s: float) -> tuple[Track, ...]:
        """The faces in a picture taken after the last frame, carried forward at their speed."""
        return tuple(
            face.track(time_s, smooth=self.smooth) for face in self._faces if face.is_kept(time_s)
        )

    def clear(self) -> None:
        """Another source: nobody is followed any more. Numbers go on."""
        self._faces.clear()
        self._time_s = -math.inf

    def _match(
        self, faces: Sequence[_Face], detections: Sequence[Detection]
    ) -> tuple[list[_Face], list[Detection]]:
        """Gives detections to faces; those of both that are left."""
        time_s = self._time_s
        expected = boxes_to_array(face.expected(time_s) for face in faces)
        overlaps = iou(expected, boxes_to_array(found.box for found in detections))
        pairs = sorted(
            (
                (-overlaps[row, column], row, column)
                for row in range(len(faces))
                for column in range(len(detections))
                if overlaps[row, column] >= LEAST_IOU
            ),
        )
        rows: set[int] = set()
        columns: set[int] = set()
        for _, row, column in pairs:
            if row not in rows and column not in columns:
                rows.add(row)
                columns.add(column)
                faces[row].see(detections[column], time_s)
        left = [face for row, face in enumerate(faces) if row not in rows]
        return left, [found for column, found in enumerate(detections) if column not in columns]


class _Face:
    """A face that is followed."""

    def __init__(self, number: int, found: Detection, time_s: float) -> None:
        self.number = number
        self.doubtful = 0
        self.time_s = time_s
        self._found = found
        self._filter = OneEuroFilter()
        self._smoothed = self._filter.update(_middle_and_size(found.box), 0.0, 1.0)

    def see(self, found: Detection, time_s: float) -> None:
        values = _middle_and_size(found.box)
        size = math.sqrt(values[2] * values[3])
        self._smoothed = self._filter.update(values, time_s - self.time_s, size)
        self._found, self.time_s = found, time_s

    @property
    def confidence(self) -> float:
        return self._found.confidence

    def is_kept(self, time_s: float) -> bool:
        return self.doubtful <= KEPT_FRAMES and time_s - self.time_s <= KEPT_S

    def expected(self, time_s: float) -> Box:
        """Where it was found last, moved on at its speed."""
        return self._moved(self._found.box, time_s)

    def track(self, time_s: float, *, smooth: bool) -> Track:
        box = _box_of(self._smoothed) if smooth else self._found.box
        carried_s = max(0.0, time_s - self.time_s)
        track = Track(self.number, box, self._found, carried_s)
        return replace(track, box=self._moved(box, time_s)) if track.carried else track

    def _moved(self, box: Box, time_s: float) -> Box:
        passed_s = min(max(0.0, time_s - self.time_s), LONGEST_PREDICTION_S)
        across, down = (speed * passed_s for speed in self._filter.velocities[:2])
        return Box(box.x0 + across, box.y0 + down, box.x1 + across, box.y1 + down)


def _middle_and_size(box: Box) -> tuple[float, float, float, float]:
    return (box.x0 + box.x1) / 2, (box.y0 + box.y1) / 2, box.width, box.height


def _box_of(values: Sequence[float]) -> Box:
    x, y, width, height = values
    return Box(x - width / 2, y - height / 2, x + width / 2, y + height / 2)
