"""How far the labelling of all photos is: counted once for each change, asked many times."""

from __future__ import annotations

import bisect
from collections import Counter
from collections.abc import Mapping

from facegui.core.photo_library import PhotoState
from facegui.workers.label_reader import PhotoEntry


class PhotoTally:
    """What there is to do.

    Args:
        entries: all photos, sorted by name.

    Attributes:
        counts: how many photos there are in each state.
    """

    def __init__(self, entries: Mapping[str, PhotoEntry]) -> None:
        self.counts: Counter[PhotoState | None] = Counter([e.state for e in entries.values()])
        to_do = [entry for entry in entries.values() if entry.is_to_do]
        self._names = [entry.name for entry in to_do]
        self._drafted = sorted(
            (entry.draft.certainty, entry.name) for entry in to_do if entry.draft is not None
        )

    def next_to_do(self, name: str) -> str | None:
        """The photo to go on with after `name`; see `PhotoModel.next_to_do`."""
        # Of the first two at least one is another photo.
        for _, other in self._drafted[:2]:
            if other != name:
                return other
        place = bisect.bisect_right(self._names, name)
        for other in (*self._names[place : place + 1], *self._names[:1]):
            if other != name:
                return other
        return None
