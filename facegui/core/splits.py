"""Which photo is for training, which for validation, which for the final test."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Split(StrEnum):
    """What a photo is used for. A photo keeps its split for ever."""

    TRAIN = "train"
    VALIDATION = "val"
    TEST = "test"


@dataclass(frozen=True, slots=True)
class SplitSettings:
    """How new photos are shared out.

    Args:
        validation: share of the photos for validation, 0 to 0.5.
        test: share of the photos for the test, 0 to 0.5; training gets the rest.
        seed: another seed shares the same photos out differently.

    Raises:
        ValueError: for a share out of range; names it.
    """

    validation: float = 0.15
    test: float = 0.15
    seed: int = 0

    def __post_init__(self) -> None:
        for name, share in (("validation", self.validation), ("test", self.test)):
            if not 0.0 <= share <= 0.5:
                raise ValueError(f"the {name} share must be 0 to 0.5, got {share}")

    @property
    def shares(self) -> dict[Split, float]:
        return {
            Split.TRAIN: 1.0 - self.validation - self.test,
            Split.VALIDATION: self.validation,
            Split.TEST: self.test,
        }


def assign_splits(
    kinds: Mapping[str, str],
    assigned: Mapping[str, Split],
    settings: SplitSettings,
) -> dict[str, Split]:
    """Gives every photo without a split one; those that have one keep it.

    Each kind is shared out on its own, so that every split gets its part of
    the photos with a face and of those without. A new photo goes where its
    kind is furthest below its share; a kind with three photos or more
    reaches every split that has a share at all.

    Args:
        kinds: for each photo's name, what it is balanced by.
        assigned: the splits that are already given.
        settings: shares and seed.

    Returns:
        The splits of all photos in `kinds`. The same input gives the same
        result, in whatever order the photos come.
    """
    result = {name: assigned[name] for name in kinds if name in assigned}
    for kind in sorted(set(kinds.values())):
        names = [name for name, its_kind in kinds.items() if its_kind == kind]
        counts = Counter(result[name] for name in names if name in result)
        new = [name for name in names if name not in result]
        for name in sorted(new, key=lambda name: _shuffle_key(name, settings.seed)):
            result[name] = _neediest(counts, len(names), settings)
            counts[result[name]] += 1
    return result


def _neediest(counts: Counter[Split], total: int, settings: SplitSettings) -> Split:
    """The split that the next photo of a kind with `total` photos goes to."""
    shares = {split: share for split, share in settings.shares.items() if share > 0}
    empty = [split for split in shares if not counts[split]]
    if empty and total >= len(shares):
        return empty[0]
    return max(shares, key=lambda split: shares[split] * total - counts[split])


def _shuffle_key(name: str, seed: int) -> bytes:
    return hashlib.sha256(f"{seed}/{name}".encode("utf-8", "surrogatepass")).digest()
