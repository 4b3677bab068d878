"""How long a photo takes to label, by the way it was labelled: drafts are there to save it."""

from __future__ import annotations

import time
from collections.abc import Callable
from enum import StrEnum
from statistics import mean

LONGEST_S = 60.0
"""Of one photo: whoever takes longer is doing something else."""


class Way(StrEnum):
    """How a photo came by its label."""

    ACCEPTED = "draft accepted"
    CORRECTED = "draft corrected"
    BY_HAND = "by hand"


class LabelClock:
    """Counts the time that the user spends on photos, in this session.

    Args:
        now_s: a clock that only goes forward.
    """

    def __init__(self, now_s: Callable[[], float] = time.monotonic) -> None:
        self._now_s = now_s
        self._name: str | None = None
        self._since_s = 0.0
        self._looked: dict[str, float] = {}
        self._spent: dict[str, tuple[Way, float]] = {}

    def look_at(self, name: str | None) -> None:
        """The user looks at this photo from now on; None: at none."""
        if self._name is not None:
            self._looked[self._name] = self._looked.get(self._name, 0.0) + self._lap_s()
        self._name, self._since_s = name, self._now_s()

    def labelled(self, name: str, way: Way) -> None:
        """This photo has a label now. Looks at it before and changes after it count to its time."""
        seconds = self._looked.pop(name, 0.0)
        if name == self._name:
            seconds += self._lap_s()
        first, before = self._spent.get(name, (way, 0.0))
        if first is Way.ACCEPTED:  # and changed after all
            first = way
        self._spent[name] = first, before + seconds

    def forget(self) -> None:
        """Another project."""
        self.look_at(None)
        self._looked.clear()
        self._spent.clear()

    def _lap_s(self) -> float:
        """Since this was last asked, or another photo came."""
        since_s, self._since_s = self._since_s, self._now_s()
        return min(self._since_s - since_s, LONGEST_S)

    @property
    def words(self) -> str:
        """Such as "2.1 s a photo (60 drafts accepted: 1.2 s, 8 by hand: 7.4 s)"."""
        if not self._spent:
            return ""
        spent: dict[Way, list[float]] = {}
        for way, seconds in self._spent.values():
            spent.setdefault(way, []).append(seconds)
        parts = [f"{len(each)} {_PLURALS[way]}: {mean(each):.1f} s" for way, each in spent.items()]
        all_s = [seconds for _, seconds in self._spent.values()]
        return f"{mean(all_s):.1f} s a photo ({', '.join(parts)})"


_PLURALS = {
    Way.ACCEPTED: "drafts accepted",
    Way.CORRECTED: "corrected",
    Way.BY_HAND: "by hand",
}
