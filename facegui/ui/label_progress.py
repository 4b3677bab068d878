"""How far the labelling is, and what comes next, in words."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from facegui.core.photo_library import PhotoState

NO_PHOTOS = "There are no photos yet. Take some, or import them."
_NEXT_PHOTO = "Next photo without label"
_ACCEPT = "Accept the draft (Enter)"
_HOW = "Draw a box around each face. No face? Press N."
_REVIEW = "Is the draft right? Press Enter. If not, drag it, or press N or Backspace."


@dataclass(frozen=True, slots=True)
class LabelProgress:
    """What the tab says of all photos together.

    Args:
        counts: photos by state; None where the label has not been read yet.
        is_open: whether there is a project.
        more_to_do: whether another photo than the one that is shown lacks a label.
        this_to_do: whether the one that is shown does.
        can_draw: whether the user can label here now.
        shows_draft: whether the photo that is shown has a draft.
        time_spent: on a photo, in words; "" where nothing was labelled.
    """

    counts: Counter[PhotoState | None]
    is_open: bool
    more_to_do: bool
    this_to_do: bool
    can_draw: bool = True
    shows_draft: bool = False
    time_spent: str = ""

    @property
    def total(self) -> int:
        return self.counts.total()

    @property
    def done(self) -> int:
        return self.counts[PhotoState.FACES] + self.counts[PhotoState.NO_FACE]

    @property
    def summary(self) -> str:
        """Such as "76 of 90 labelled"; nothing without photos."""
        return f"{self.done} of {self.total} labelled" if self.total else ""

    @property
    def action(self) -> str:
        """What the main button says."""
        if self.is_open and not self.total:
            return "Go to Capture"
        if self.shows_draft and self.can_draw:
            return _ACCEPT
        return "Next: Augment" if self.total and self.done == self.total else _NEXT_PHOTO

    @property
    def why_not(self) -> str:
        """Why the main button cannot be pressed; "" where it can."""
        if not self.is_open:
            return "Open a project first."
        if self.action != _NEXT_PHOTO or self.more_to_do:
            return ""
        return "This is the last one." if self.this_to_do else "Labels are still being read."

    @property
    def words(self) -> str:
        """The sentence above the main button."""
        if not self.total:
            return ""
        if self.done == self.total:
            spent = f" You took {self.time_spent}." if self.time_spent else ""
            return f"All photos are labelled.{spent}"
        last = "" if self.more_to_do or not self.this_to_do else "; this is the last one"
        how = _REVIEW if self.shows_draft else _HOW
        return f"{self.summary}{last}. {how if self.can_draw else ''}".strip()
