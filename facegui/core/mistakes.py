"""What went wrong on which photo, for showing the worst as pictures.

Source: Bolya et al., "TIDE: A General Toolbox for Identifying Object Detection
Errors", ECCV 2020 (a box that overlaps a face by less than IoU 0.1 is elsewhere).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from facegui.core.boxes import Box
from facegui.core.metrics import PhotoResult, pair_by_overlap

POOR_BOX_IOU = 0.75
"""Under this a box is worth showing as a mistake."""
ELSEWHERE_IOU = 0.1


class MistakeKind(StrEnum):
    """What is wrong with a detection, or the lack of one."""

    MISSED = "missed"
    FALSE_ALARM = "false alarm"
    POOR_BOX = "poor box"


@dataclass(frozen=True, slots=True)
class Mistake:
    """One thing that went wrong on a photo.

    Args:
        kind: what.
        box: the face that was missed or badly boxed, or the detection that is no face.
        badness: 1 for a missed face, the confidence of a false alarm, 1 - IoU of a
            poor box.
    """

    kind: MistakeKind
    box: Box
    badness: float


@dataclass(frozen=True, slots=True)
class PhotoMistakes:
    """All that went wrong on one photo.

    Args:
        name: of the photo.
        mistakes: at least one, the worst first.
    """

    name: str
    mistakes: tuple[Mistake, ...]

    @property
    def kind(self) -> MistakeKind:
        return self.mistakes[0].kind

    @property
    def badness(self) -> float:
        return self.mistakes[0].badness


def worst_mistakes(
    results: Sequence[PhotoResult], threshold: float, limit: int | None = None
) -> tuple[PhotoMistakes, ...]:
    """The photos with mistakes, the worst first; of equally bad ones that with more.

    Args:
        results: one entry a photo.
        threshold: confidence from which on a detection counts.
        limit: how many photos at most.
    """
    photos = [PhotoMistakes(r.name, mistakes_on(r, threshold)) for r in results]
    wrong = [photo for photo in photos if photo.mistakes]
    wrong.sort(key=lambda photo: (-photo.badness, -len(photo.mistakes), photo.name))
    return tuple(wrong[:limit])


def mistakes_on(result: PhotoResult, threshold: float) -> tuple[Mistake, ...]:
    """What went wrong on one photo, the worst first.

    Args:
        result: of the photo.
        threshold: confidence from which on a detection counts.
    """
    counted = [d for d in result.detections if d.confidence >= threshold]
    pairs = pair_by_overlap([d.box for d in counted], result.truth, ELSEWHERE_IOU)
    mistakes = []
    for index, face in enumerate(result.truth):
        if index not in pairs:
            mistakes.append(Mistake(MistakeKind.MISSED, face, 1.0))
        elif pairs[index][1] < POOR_BOX_IOU:
            mistakes.append(Mistake(MistakeKind.POOR_BOX, face, 1.0 - pairs[index][1]))
    used = {box for box, _ in pairs.values()}
    mistakes += [
        Mistake(MistakeKind.FALSE_ALARM, detection.box, detection.confidence)
        for index, detection in enumerate(counted)
        if index not in used
    ]
    return tuple(sorted(mistakes, key=lambda m: (-m.badness, m.kind, m.box.corners)))
