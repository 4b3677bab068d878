"""Which photo is for training, which for validation, which for the final test."""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from facegui.core.files import as_bytes


class Split(StrEnum):
    """What a photo is used for. A photo keeps its split until the user has leaks mended."""

    TRAIN = "train"
    VALIDATION = "val"
    TEST = "test"


LEAST_TRAINING = 0.7
"""Of the share that training should have. With less, sessions are not kept together: a
detector that learned from one session of three is worse than a score that flatters."""


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


@dataclass(frozen=True, slots=True)
class Relations:
    """What photos have to do with each other.

    Args:
        sessions: for each photo the session it was taken in; None for unknown.
        alike: pairs of near-copies.
        needed: the kind of photos without which a split is of no use: for its sake
            near-copies are shared out where there is nothing else.
    """

    sessions: Mapping[str, str | None]
    alike: tuple[tuple[str, str], ...] = ()
    needed: str = "faces"


NO_RELATIONS = Relations({})


def assign_splits(
    kinds: Mapping[str, str],
    assigned: Mapping[str, Split],
    settings: SplitSettings,
    relations: Relations = NO_RELATIONS,
) -> dict[str, Split]:
    """Gives photos without a split one; those that have one keep it.

    In this order of importance: near-copies come into one split; every split gets
    photos of every kind, where there are enough that are no near-copies; a session
    comes into one split, where there are enough sessions; the splits get their shares.

    Args:
        kinds: for each photo's name, what it is balanced by.
        assigned: the splits that are already given.
        settings: shares and seed.
        relations: near-copies and sessions among the photos.

    Returns:
        The splits of the photos in `kinds`, but for new ones that are near-copies of
        photos in several splits: those can go nowhere. The same input gives the same
        result, in whatever order the photos come.
    """
    sharing = _Sharing(kinds, settings)
    alike = _with_enough_groups(kinds, relations, len(sharing.shares))
    before = {name: assigned[name] for name in kinds if name in assigned}
    given, loose = _follow_copies(before, kinds.keys() - before.keys(), alike)
    free = copies_of_each_other(loose, alike)
    result = by_copies = sharing.share_out(given, free)
    for whole in ({relations.needed}, set(kinds.values())):
        units, followers = _sessions_together(kinds, given, free, relations.sessions, whole)
        by_sessions = sharing.share_out({**given, **followers}, units)
        if sharing.is_as_good(by_sessions, by_copies):
            result = by_sessions
    return result


def _with_enough_groups(
    kinds: Mapping[str, str], relations: Relations, splits: int
) -> tuple[tuple[str, str], ...]:
    """The near-copies to keep together; without those of the needed kind where that is too few
    groups for all splits."""
    needed = {name for name, kind in kinds.items() if kind == relations.needed}
    groups = copies_of_each_other(kinds, relations.alike)
    if sum(not needed.isdisjoint(group) for group in groups) >= min(splits, len(needed)):
        return relations.alike
    return tuple(pair for pair in relations.alike if needed.isdisjoint(pair))


def copies_of_each_other(
    names: Iterable[str], alike: Iterable[tuple[str, str]]
) -> tuple[frozenset[str], ...]:
    """Groups of photos that are near-copies, if only through others; most have one photo."""
    leader = {name: name for name in names}

    def find(name: str) -> str:
        while leader[name] != name:
            leader[name] = leader[leader[name]]
            name = leader[name]
        return name

    for one, other in alike:
        if one in leader and other in leader:
            first, second = sorted((find(one), find(other)))
            leader[second] = first
    groups = defaultdict(set)
    for name in leader:
        groups[find(name)].add(name)
    return tuple(frozenset(groups[name]) for name in sorted(groups))


def _follow_copies(
    given: Mapping[str, Split], new: set[str], alike: Sequence[tuple[str, str]]
) -> tuple[dict[str, Split], set[str]]:
    """Sends new photos where their near-copies are.

    Returns:
        The splits that are given now, and the new photos that are free to go anywhere.
    """
    result = dict(given)
    loose = set(new)
    groups = copies_of_each_other(new, alike)
    sides: dict[str, set[Split]] = defaultdict(set)
    for one, other in alike:
        for ours, theirs in ((one, other), (other, one)):
            if ours in new and theirs in given:
                sides[ours].add(given[theirs])
    torn = {
        name
        for group in copies_of_each_other((*given, *new), alike)
        if _is_torn(group, given, alike)
        for name in group
    }
    for group in groups:
        of_group = {side for name in group for side in sides[name]}
        if len(of_group) == 1:
            result |= dict.fromkeys(group, next(iter(of_group)))
        if len(of_group) == 1 or (of_group and not group & torn):
            loose -= group
    return result, loose


def _is_torn(
    group: frozenset[str], given: Mapping[str, Split], alike: Sequence[tuple[str, str]]
) -> bool:
    """Whether near-copies among photos with a split are in several already."""
    if len({given[name] for name in group if name in given}) < 2:
        return False
    return any(
        one in group and one in given and other in given and given[one] is not given[other]
        for one, other in alike
    )


def _sessions_together(
    kinds: Mapping[str, str],
    given: Mapping[str, Split],
    free: Sequence[frozenset[str]],
    sessions: Mapping[str, str | None],
    whole: set[str],
) -> tuple[list[frozenset[str]], dict[str, Split]]:
    """Joins the free photos of the kinds in `whole` by session.

    Of a session that is in several splits already, the photos go where they are needed.

    Returns:
        What belongs together, and the splits of photos whose session is in one already.
    """
    sides: dict[str | None, set[Split]] = defaultdict(set)
    for name, split in given.items():
        if kinds[name] in whole:
            sides[sessions.get(name)].add(split)
    members: dict[str | None, list[str]] = defaultdict(list)
    for name in sorted(name for group in free for name in group if kinds[name] in whole):
        members[sessions.get(name)].append(name)
    joined = [(min(group), name) for group in free for name in group]
    for session, names in members.items():
        if len(sides[session]) < 2:
            joined += [(names[0], other) for other in names[1:]]
    units, followers = [], {}
    for unit in copies_of_each_other((name for group in free for name in group), joined):
        of_unit = {
            side
            for name in unit
            if kinds[name] in whole and len(sides[sessions.get(name)]) == 1
            for side in sides[sessions.get(name)]
        }
        if len(of_unit) == 1:
            followers.update(dict.fromkeys(unit, next(iter(of_unit))))
        else:
            units.append(unit)
    return units, followers


class _Sharing:
    """Shares units of photos out that each come into one split."""

    def __init__(self, kinds: Mapping[str, str], settings: SplitSettings) -> None:
        self._kinds = kinds
        self._seed = settings.seed
        self._totals = Counter(kinds.values())
        self.shares = {split: share for split, share in settings.shares.items() if share > 0}

    def share_out(
        self, given: Mapping[str, Split], units: Sequence[frozenset[str]]
    ) -> dict[str, Split]:
        """First every split gets what it lacks, then its share."""
        result = dict(given)
        counts: dict[Split, Counter[str]] = {split: Counter() for split in Split}
        for name, split in given.items():
            counts[split][self._kinds[name]] += 1
        contents = {unit: Counter(self._kinds[name] for name in unit) for unit in units}
        left = sorted(units, key=self._shuffle_key)

        def put(unit: frozenset[str], split: Split) -> None:
            result.update(dict.fromkeys(unit, split))
            counts[split] += contents[unit]

        for wanted, exactly in self._wants(contents.values()):
            for split in self.shares:
                if self._lacks(counts[split], wanted):
                    fitting = [
                        unit
                        for unit in left
                        if wanted <= contents[unit].keys()
                        and (not exactly or len(contents[unit]) == len(wanted))
                    ]
                    if fitting:
                        chosen = min(fitting, key=lambda unit: self._misfit(unit, split))
                        put(chosen, split)
                        left.remove(chosen)
        # The largest first; photos one by one keep their order.
        for unit in sorted(left, key=len, reverse=True):
            put(unit, self._neediest(counts, contents[unit]))
        return result

    def _wants(self, contents: Iterable[Counter[str]]) -> list[tuple[frozenset[str], bool]]:
        """Kinds that a split may lack, in the order in which that is seen to.

        What has several kinds goes first to splits that lack all of them, which so need
        one unit less, and last to those that lack only one. With each whether only
        units of exactly these kinds will do.
        """
        found = {frozenset(content) for content in contents}
        together = sorted(found, key=lambda kinds: (-len(kinds), sorted(kinds)))
        return [
            *((kinds, True) for kinds in together),
            *((frozenset({kind}), False) for kind in sorted(self._totals)),
        ]

    def is_as_good(self, by_sessions: Mapping[str, Split], by_copies: Mapping[str, Split]) -> bool:
        """Whether keeping sessions together costs no split its faces, nor training its photos."""
        training, at_most = (
            sum(split is Split.TRAIN for split in result.values())
            for result in (by_sessions, by_copies)
        )
        least = LEAST_TRAINING * self.shares.get(Split.TRAIN, 0.0) * len(self._kinds)
        return training >= min(least, at_most) and all(
            len(self.reached(by_sessions, kind)) >= len(self.reached(by_copies, kind))
            for kind in self._totals
        )

    def reached(self, result: Mapping[str, Split], kind: str) -> set[Split]:
        """The splits that have photos of a kind."""
        return {split for name, split in result.items() if self._kinds[name] == kind}

    def _lacks(self, counts: Counter[str], wanted: frozenset[str]) -> bool:
        """Whether a split lacks all these kinds, of which there are enough for every split."""
        return all(not counts[kind] and self._totals[kind] >= len(self.shares) for kind in wanted)

    def _neediest(self, counts: Mapping[Split, Counter[str]], content: Counter[str]) -> Split:
        return max(
            self.shares,
            key=lambda split: sum(
                number * (self.shares[split] * self._totals[kind] - counts[split][kind])
                for kind, number in content.items()
            ),
        )

    def _misfit(self, unit: frozenset[str], split: Split) -> float:
        total = sum(self._totals[kind] for kind in {self._kinds[name] for name in unit})
        return abs(len(unit) - self.shares[split] * total)

    def _shuffle_key(self, unit: frozenset[str]) -> bytes:
        return _shuffle_key(min(unit), self._seed)


def _shuffle_key(name: str, seed: int) -> bytes:
    return hashlib.sha256(as_bytes(f"{seed}/{name}")).digest()
