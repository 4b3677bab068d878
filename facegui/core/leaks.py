"""Photos on both sides of a split: found, told, and mended."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Set
from dataclasses import dataclass

from facegui.core.progress import Report, StopToken, ignore_progress
from facegui.core.project import Project
from facegui.core.readiness import Problem
from facegui.core.splits import Relations, Split, assign_splits, copies_of_each_other


@dataclass(frozen=True, slots=True)
class Leaks:
    """What makes scores flatter.

    Args:
        copies: groups of near-copies of which some are in one split, some in another.
        left_out: labelled photos without a split, for they are near-copies of photos
            in several.
        sessions: keys of sessions with photos in training and in another split.
        can_part: whether there are sessions enough to keep them apart.
    """

    copies: tuple[tuple[str, ...], ...]
    left_out: tuple[str, ...]
    sessions: tuple[str, ...]
    can_part: bool

    def __bool__(self) -> bool:
        """Whether there is something to mend."""
        return bool(self.near_copies or self.torn_sessions)

    @property
    def near_copies(self) -> tuple[str, ...]:
        """Names of the photos that are near-copies across splits."""
        return tuple(sorted({*self.left_out, *(name for group in self.copies for name in group)}))

    @property
    def torn_sessions(self) -> tuple[str, ...]:
        """The sessions that can be kept apart, but are not."""
        return self.sessions if self.can_part else ()


@dataclass(frozen=True, slots=True)
class TestedOn:
    """What the test photos have to do with the training photos.

    Args:
        photos: how many test photos there are.
        same_session: how many were taken in a session that was trained on.
        near_copies: how many are near-copies of training photos.
        sessions: in how many sessions all labelled photos were taken.
        people: who is in them, as far as the user noted it.
        unnoted: in how many of these sessions nobody is noted: anybody may be in them.
        left_out: how many more the network knew already from an earlier training.
    """

    photos: int
    same_session: int
    near_copies: int
    sessions: int
    people: tuple[str, ...]
    unnoted: int
    left_out: int = 0


def find_leaks(
    project: Project, report: Report = ignore_progress, stop: StopToken | None = None
) -> Leaks:
    """Looks for leaks in the splits as they are.

    Raises:
        Cancelled: when `stop` was cancelled.
    """
    kinds = project.kinds()
    relations = project.relations(kinds, report, stop)
    splits = {name: split for name in kinds if (split := project.record(name).split)}
    torn = {
        name
        for one, other in relations.alike
        if one in splits and other in splits and splits[one] is not splits[other]
        for name in (one, other)
    }
    groups = copies_of_each_other(torn, _between(relations.alike, torn))
    beside: dict[str, set[Split]] = defaultdict(set)
    for pair in relations.alike:
        for ours, theirs in (pair, pair[::-1]):
            if theirs in splits:
                beside[ours].add(splits[theirs])
    sides = defaultdict(set)
    for name, split in splits.items():
        sides[relations.sessions.get(name)].add(split)
    sessions = sorted(key for key, found in sides.items() if key and found > {Split.TRAIN})
    return Leaks(
        copies=tuple(tuple(sorted(group)) for group in groups),
        left_out=tuple(sorted(n for n in kinds.keys() - splits.keys() if len(beside[n]) > 1)),
        sessions=tuple(sessions),
        can_part=bool(sessions)
        and _sessions_apart(assign_splits(kinds, {}, project.split_settings, relations), relations),
    )


def leak_problems(
    project: Project, report: Report = ignore_progress, stop: StopToken | None = None
) -> tuple[Problem, ...]:
    """What makes the result of a training flatter, in words; nothing that blocks it.

    Raises:
        Cancelled: when `stop` was cancelled.
    """
    leaks, tested = find_leaks(project, report, stop), tested_on(project, report, stop)
    problems = []
    mending = "“Check the photos” in the menu Project mends it."
    if leaks.near_copies:
        problems.append(
            Problem(
                f"{len(leaks.near_copies)} photos are near-copies of photos in another split: the"
                " score will flatter.",
                mending,
                False,
            )
        )
    if tested.sessions == 1:
        problems.append(
            Problem(
                "All faces are from one session.",
                "Take photos on another day, in another place and of other people: a detector"
                " knows only what it has seen.",
                False,
            )
        )
    elif tested.photos and tested.same_session:
        problems.append(
            Problem(
                "Test photos are from the same sessions as training photos: the score will"
                " flatter.",
                mending
                if leaks.torn_sessions
                else "With four sessions or more of about the same size, they are kept apart.",
                False,
            )
        )
    if len(tested.people) == 1 and not tested.unnoted:
        problems.append(
            Problem(
                f"All photos show {tested.people[0]}.",
                "Of other people the detector will miss many: add photos of some.",
                False,
            )
        )
    return tuple(problems)


def mend_leaks(
    project: Project, report: Report = ignore_progress, stop: StopToken | None = None
) -> int:
    """Shares photos out such that there are no leaks, where there are photos enough.

    Where that keeps sessions apart, all photos are shared out anew, else only
    the near-copies that are in several splits.

    Returns:
        How many photos are in another split now.

    Raises:
        UserError: when the project cannot be written.
        Cancelled: when `stop` was cancelled.
    """
    kinds = project.kinds()
    relations = project.relations(kinds, report, stop)
    before = {name: split for name in kinds if (split := project.record(name).split)}
    settings = project.split_settings
    splits = assign_splits(kinds, {}, settings, relations)
    if not _sessions_apart(splits, relations):
        leaking = _torn_groups(before, relations)
        kept = {name: split for name, split in before.items() if name not in leaking}
        some = assign_splits(kinds, kept, settings, relations)
        if not _torn_groups(some, relations) or _torn_groups(splits, relations):
            splits = some
    moved = {name: split for name, split in splits.items() if before.get(name) is not split}
    project.give_splits(moved)
    return len(moved)


def tested_on(
    project: Project,
    report: Report = ignore_progress,
    stop: StopToken | None = None,
    known: Set[str] = frozenset(),
) -> TestedOn:
    """What the test photos are worth, as photos and splits are now.

    Args:
        project: whose photos they are.
        report: told of photos that are compared.
        stop: cancels.
        known: names of photos that the network knows besides the training photos: they
            are no test photos.

    Raises:
        Cancelled: when `stop` was cancelled.
    """
    samples = project.samples()
    relations = project.relations({sample.photo.name for sample in samples}, report, stop)
    parts = defaultdict(set)
    for sample in samples:
        parts[project.split(sample.photo)].add(sample.photo.name)
    training = parts[Split.TRAIN] | (known & relations.sessions.keys()) - parts[Split.VALIDATION]
    test = parts[Split.TEST] - known
    trained_on = {relations.sessions[name] for name in training}
    copies = {
        ours
        for pair in relations.alike
        for ours, theirs in (pair, pair[::-1])
        if ours in test and theirs in training
    }
    with_faces = {relations.sessions[s.photo.name] for s in samples if s.boxes}
    people, unnoted = project.people_in(with_faces)
    return TestedOn(
        photos=len(test),
        same_session=sum(relations.sessions[name] in trained_on for name in test),
        near_copies=len(copies),
        sessions=len(with_faces),
        people=people,
        unnoted=unnoted,
        left_out=len(parts[Split.TEST] & known),
    )


def _sessions_apart(splits: dict[str, Split], relations: Relations) -> bool:
    """Whether no session that is tested on was trained on."""
    sides = defaultdict(set)
    for name, split in splits.items():
        sides[relations.sessions.get(name)].add(split)
    return all(len(found) == 1 for found in sides.values()) and len(sides) > 1


def _torn_groups(splits: dict[str, Split], relations: Relations) -> set[str]:
    """All photos of groups of near-copies that are in several splits."""
    return {
        name
        for group in copies_of_each_other(relations.sessions, relations.alike)
        if len({splits[name] for name in group if name in splits}) > 1
        for name in group
    }


def _between(alike: tuple[tuple[str, str], ...], names: set[str]) -> list[tuple[str, str]]:
    return [pair for pair in alike if names.issuperset(pair)]
