"""What is to be better about a frame before it becomes a photo, in words that a child follows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

import cv2

from facegui.core.alike import Pattern, hardly_differs, pattern_of
from facegui.core.boxes import Detection
from facegui.core.coverage import Place
from facegui.core.images import Pixels
from facegui.core.photo_facts import LOOK_SIDE, blur_of, light_of
from facegui.core.scaling import scaled_for_screen

BLURRED_FRAME = 0.56
"""A little above `photo_facts.BLURRED`: cheap webcams are soft, and nobody likes to be nagged."""
COVERED_SPREAD = 14.0
"""Between shadows and highlights, of 255: a hand on the lens leaves less."""
SMALL_FACE = 0.13
"""Height of a face as a share of the picture's; smaller ones teach little."""
EDGE = 0.004
"""A face that comes so near to the edge, as a share of the width or height, is cut off."""


class Flaw(StrEnum):
    """What can be better, the worst first. The value names it in a list of reasons."""

    COVERED = "camera covered"
    DARK = "too dark"
    BRIGHT = "too bright"
    BLURRED = "blurred"
    SAME = "nearly the same"
    CUT_OFF = "face cut off"
    SMALL = "face too small"
    SEVERAL = "several faces"
    NO_FACE = "no face"


ADVICE: dict[Flaw | None, str] = {
    None: "Good. Take it!",
    Flaw.COVERED: "I see nothing. Is the camera covered?",
    Flaw.DARK: "Too dark. Turn to the light.",
    Flaw.BRIGHT: "Too bright. Turn away from the light.",
    Flaw.BLURRED: "Blurred. Hold still for a moment.",
    Flaw.SAME: "Just like the last photo. Move a little, or turn the camera.",
    Flaw.CUT_OFF: "Your face is cut off. Come back into the picture.",
    Flaw.SMALL: "Come closer.",
    Flaw.SEVERAL: "I see several faces. That is fine: box all of them later.",
    Flaw.NO_FACE: "I see no face. Fine for a photo of the empty room.",
}

_WANTED: dict[Place | None, Flaw] = {Place.FAR: Flaw.SMALL, Place.EMPTY: Flaw.NO_FACE}
"""What is no flaw where a task asks for it."""

_NOT_WORTH_KEEPING = frozenset({Flaw.COVERED, Flaw.DARK, Flaw.BRIGHT, Flaw.BLURRED, Flaw.SAME})


class Signal(StrEnum):
    """The traffic light."""

    GO = "go"
    CARE = "care"
    WAIT = "wait"


@dataclass(frozen=True, slots=True)
class Advice:
    """What is said of a frame; no flaw means that it is good."""

    flaw: Flaw | None = None

    @property
    def words(self) -> str:
        return ADVICE[self.flaw]

    @property
    def worth_keeping(self) -> bool:
        return self.flaw not in _NOT_WORTH_KEEPING

    @property
    def signal(self) -> Signal:
        if self.flaw is None:
            return Signal.GO
        return Signal.CARE if self.worth_keeping else Signal.WAIT


class Coach:
    """Looks at one frame after the other; remembers the last photo."""

    def __init__(self) -> None:
        self._last_photo: Pattern | None = None
        self._pattern: Pattern | None = None

    def look(
        self,
        pixels: Pixels,
        faces: Sequence[Detection] | None = None,
        place: Place | None = None,
    ) -> Advice:
        """What is to be better about a frame: the worst flaw, if any.

        Takes 1 to 3 ms (`benchmarks/coach.py`).

        Args:
            pixels: (h, w, 3) RGB uint8.
            faces: that a detector found in this frame or one just before, in its
                pixels; None where nobody looked.
            place: what a task asks for: who is to go far away is not told to come closer.
        """
        height, width = pixels.shape[:2]
        scale = min(1.0, LOOK_SIDE / max(width, height))
        small = scaled_for_screen(
            pixels, max(1, round(width * scale)), max(1, round(height * scale))
        )
        grey = cv2.cvtColor(small, cv2.COLOR_RGB2GRAY)
        self._pattern = pattern_of(grey)
        light = light_of(grey)
        if light.highlights - light.shadows < COVERED_SPREAD:
            return Advice(Flaw.COVERED)
        if light.is_dark:
            return Advice(Flaw.DARK)
        if light.is_bright:
            return Advice(Flaw.BRIGHT)
        if blur_of(grey) > BLURRED_FRAME:
            return Advice(Flaw.BLURRED)
        if self._last_photo is not None and hardly_differs(self._last_photo, self._pattern):
            return Advice(Flaw.SAME)
        if faces is None:
            return Advice()
        flaws = _flaws_of(faces, width, height)
        return Advice(next((flaw for flaw in flaws if flaw is not _WANTED.get(place)), None))

    def remember(self) -> None:
        """The frame that was looked at last became a photo."""
        self._last_photo = self._pattern

    def forget(self) -> None:
        """Another source, or another task: nothing is the same any more."""
        self._last_photo = None


def _flaws_of(faces: Sequence[Detection], width: int, height: int) -> Iterator[Flaw]:
    """The worst first."""
    if not faces:
        yield Flaw.NO_FACE
        return
    boxes = [face.box for face in faces]
    across, down = EDGE * width, EDGE * height
    if any(
        box.x0 < across or box.y0 < down or box.x1 > width - across or box.y1 > height - down
        for box in boxes
    ):
        yield Flaw.CUT_OFF
    if max(box.height for box in boxes) < SMALL_FACE * height:
        yield Flaw.SMALL
    if len(boxes) > 1:
        yield Flaw.SEVERAL
