"""How far the labelling of all photos is: counted once for each change, asked many times."""

from __future__ import annotations

import bisect
import hashlib
import itertools
from collections import Counter
from collections.abc import Mapping, Set

from facegui.core.novelty import Novelty
from facegui.core.photo_library import PhotoState
from facegui.workers.label_reader import PhotoEntry

FEW = 8
"""Photos without a draft, of which so many or fewer are gone through by name: soon all are done."""

CANDIDATES = 4
"""Photos in a random order, of which the one comes next that is least like the labelled ones.
The least like of all would often be like no other photo either. Faces drafted right after
eight labels, webcam-a and webcam-b, the worst of four starts in brackets: by name 0.85 (0.72)
and 0.74 (0.60), the newest of all 0.90 (0.87) and 0.79 (0.59), at random 0.92 (0.88) and
0.86 (0.67), the newest of four at random 0.89 (0.86) and 0.85 (0.79)."""


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
        self._novelty = novelty if self.many and not self._drafted else None
        self._shuffled: list[str] = []
        if self._novelty is not None:
            self._novelty.count(labelled_among(entries))
            self._shuffled = sorted(self._names, key=_shuffle_key)

    def next_to_do(self, name: str) -> str | None:
        """The photo to go on with after `name`; see `PhotoModel.next_to_do`."""
        # Of the first two at least one is another photo.
        for _, other in self._drafted[:2]:
            if other != name:
                return other
        unseen = (other for other in self._shuffled if other != name and other not in self._seen)
        candidates = list(itertools.islice(unseen, CANDIDATES))
        if self._novelty is not None and candidates:
            return max(candidates, key=self._novelty.of)
        place = bisect.bisect_right(self._names, name)
        for other in (*self._names[place : place + 1], *self._names[:1]):
            if other != name:
                return other
        return None


def labelled_among(entries: Mapping[str, PhotoEntry]) -> frozenset[str]:
    """Names of the photos that have a label which can be read."""
    done = (PhotoState.FACES, PhotoState.NO_FACE)
    return frozenset(entry.name for entry in entries.values() if entry.state in done)


def _shuffle_key(name: str) -> bytes:
    return hashlib.sha256(name.encode("utf-8", "surrogatepass")).digest()
