"""How far the labelling of all photos is: counted once for each change, asked many times."""

from __future__ import annotations

import bisect
from collections import Counter
from collections.abc import Mapping, Set

from facegui.core.novelty import Novelty
from facegui.core.photo_library import PhotoState
from facegui.workers.label_reader import PhotoEntry

FEW = 8
"""Photos without a draft, of which so many or fewer are gone through by name: soon all are done."""


class PhotoTally:
    """What there is to do.

    Args:
        entries: all photos, sorted by name.
        novelty: of the photos, where it is known; counts them as they are now.
        seen: names of the photos that were looked at in this session; may grow.

    Attributes:
        counts: how many photos there are in each state.
        many: whether there are more than `FEW` to do that have no draft.
    """

    def __init__(
        self, entries: Mapping[str, PhotoEntry], novelty: Novelty | None, seen: Set[str]
    ) -> None:
        self.counts: Counter[PhotoState | None] = Counter([e.state for e in entries.values()])
        to_do = [entry for entry in entries.values() if entry.is_to_do]
        self._names = [entry.name for entry in to_do]
        self._drafted = sorted(
            (entry.draft.certainty, entry.name) for entry in to_do if entry.draft is not None
        )
        self._seen = seen
        self.many = len(to_do) - len(self._drafted) > FEW
        self._newest: list[str] = []
        if novelty is not None and self.many and not self._drafted:
            novelty.count(labelled_among(entries))
            self._newest = sorted(self._names, key=novelty.of, reverse=True)

    def next_to_do(self, name: str) -> str | None:
        """The photo to go on with after `name`; see `PhotoModel.next_to_do`."""
        # Of the first two at least one is another photo.
        for _, other in self._drafted[:2]:
            if other != name:
                return other
        for other in self._newest:
            if other != name and other not in self._seen:
                return other
        place = bisect.bisect_right(self._names, name)
        for other in (*self._names[place : place + 1], *self._names[:1]):
            if other != name:
                return other
        return None


def labelled_among(entries: Mapping[str, PhotoEntry]) -> frozenset[str]:
    """Names of the photos that have a label which can be read."""
    done = (PhotoState.FACES, PhotoState.NO_FACE)
    return frozenset(entry.name for entry in entries.values() if entry.state in done)
