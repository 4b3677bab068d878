"""How near a converted model comes to the trained one, on the same photos."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from facegui.core.metrics import PhotoResult, pair_by_overlap, score

MOST_AP50_LOST = 0.01
MOST_MEDIAN_SHIFT = 0.01
_ROUNDING = 1e-9
_SAME_FACE_IOU = 0.5


@dataclass(frozen=True, slots=True)
class Fidelity:
    """What a conversion changed.

    Args:
        photos: both models were asked about.
        boxes: of the trained model, at its threshold.
        lost: those of them for which the converted model has none.
        ap50: of the converted model; None where no photo shows a face.
        trained_ap50: of the trained one, likewise.
        median_shift: of the boxes: the farthest of the four sides, as a share of the
            photo's width or height; None where there are no boxes to compare.
        largest_shift: likewise, of the box that moved most.
    """

    photos: int
    boxes: int
    lost: int
    ap50: float | None
    trained_ap50: float | None
    median_shift: float | None
    largest_shift: float | None

    @property
    def faithful(self) -> bool:
        """Whether the converted model may stand in for the trained one."""
        return self.ap50_off <= MOST_AP50_LOST + _ROUNDING and (
            self.median_shift is None or self.median_shift <= MOST_MEDIAN_SHIFT
        )

    @property
    def ap50_off(self) -> float:
        """How far the AP50s lie apart; where there are none, the share of boxes lost."""
        if self.ap50 is None or self.trained_ap50 is None:
            return self.lost / max(self.boxes, 1)
        return abs(self.ap50 - self.trained_ap50)

    @property
    def rank(self) -> tuple[bool, float, float]:
        """Sorts conversions of a model, the best first."""
        return not self.faithful, self.ap50_off, self.median_shift or 0.0

    def to_json(self) -> dict[str, int | float | bool | None]:
        return {
            "photos": self.photos,
            "boxes": self.boxes,
            "lost": self.lost,
            "ap50": self.ap50,
            "trained_ap50": self.trained_ap50,
            "median_shift": self.median_shift,
            "largest_shift": self.largest_shift,
            "faithful": self.faithful,
        }


def compare(
    trained: Sequence[PhotoResult],
    converted: Sequence[PhotoResult],
    threshold: float,
    side: float,
) -> Fidelity:
    """Compares what two models found on the same photos.

    Args:
        trained: what the trained model found.
        converted: what the converted one found, in the same order.
        threshold: of the trained model. A box of the converted model may be half as
            sure and still count as the same, only less sure.
        side: width and height of the photos, in pixels of the boxes.
    """
    boxes, shifts = 0, []
    for before, after in zip(trained, converted, strict=True):
        sure = [found.box for found in before.detections if found.confidence >= threshold]
        others = [found.box for found in after.detections if found.confidence >= threshold / 2]
        boxes += len(sure)
        for index, (other, _) in pair_by_overlap(others, sure, _SAME_FACE_IOU).items():
            pairs = zip(sure[index].corners, others[other].corners, strict=True)
            shifts.append(max(abs(one - two) for one, two in pairs) / side)
    return Fidelity(
        photos=len(trained),
        boxes=boxes,
        lost=boxes - len(shifts),
        ap50=score(converted, threshold, resamples=0).ap50,
        trained_ap50=score(trained, threshold, resamples=0).ap50,
        median_shift=median(shifts) if shifts else None,
        largest_shift=max(shifts, default=None),
    )
