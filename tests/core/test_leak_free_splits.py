"""Splits that do not leak: near-copies and sessions on one side."""

from __future__ import annotations

from collections import Counter, defaultdict

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from facegui.core.splits import (
    Relations,
    Split,
    SplitSettings,
    assign_splits,
    copies_of_each_other,
)

DEFAULT = SplitSettings()
FACES, NO_FACE = "faces", "no face"

PHOTO = st.tuples(st.integers(0, 150), st.sampled_from([FACES, FACES, NO_FACE]), st.integers(0, 5))
"""Where it stands on a line, whose neighbours are near-copies; its kind; its session."""
PROJECT = st.lists(PHOTO, min_size=1, max_size=60)


def project_of(photos, first=0):
    names = {f"{first + number:03}.jpg": photo for number, photo in enumerate(photos)}
    return {
        name: (place + 1000 * session, kind, session)
        for name, (place, kind, session) in names.items()
    }


def relations_of(photos):
    """Near-copies stand beside each other; not all that are so through others."""
    by_place = sorted(photos, key=lambda name: photos[name][0])
    alike = []
    for number, one in enumerate(by_place):
        for other in by_place[number + 1 :]:
            if photos[other][0] - photos[one][0] > 1:
                break
            alike.append((min(one, other), max(one, other)))
    sessions = {name: str(session) for name, (_, _, session) in photos.items()}
    return Relations(sessions, tuple(alike))


def kinds_of(photos):
    return {name: kind for name, (_, kind, _) in photos.items()}


def groups_by_content(photos, relations):
    """How many groups of near-copies have faces only, no face only, and both."""
    kinds = kinds_of(photos)
    return Counter(
        frozenset(kinds[name] for name in group)
        for group in copies_of_each_other(photos, relations.alike)
    )


def leaks(splits, relations):
    return [
        (one, other)
        for one, other in relations.alike
        if one in splits and other in splits and splits[one] is not splits[other]
    ]


def fresh(photos, before, relations):
    """The photos that are free to go anywhere: they are near-copies of new ones at most."""
    groups = copies_of_each_other(photos, relations.alike)
    free = {name for group in groups if group.isdisjoint(before) for name in group}
    return {name: photo for name, photo in photos.items() if name in free}


def can_reach_all(groups):
    """Whether three splits can have both kinds: a group with both serves a split alone."""
    both = groups[frozenset({FACES, NO_FACE})]
    left = max(0, 3 - both)
    return groups[frozenset({FACES})] >= left and groups[frozenset({NO_FACE})] >= left


def enough_faces(groups):
    return sum(count for content, count in groups.items() if FACES in content) >= 3


@settings(max_examples=1000, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(PROJECT, PROJECT, PROJECT)
def test_splits_of_a_growing_project_never_leak_and_never_change(first, second, third):
    photos, splits = {}, {}
    for new in (first, second, third):
        photos |= project_of(new, len(photos))
        relations = relations_of(photos)
        groups = groups_by_content(photos, relations)
        before, splits = splits, assign_splits(kinds_of(photos), splits, DEFAULT, relations)
        assert before.items() <= splits.items(), "a photo keeps its split"
        if before and leaks(before, relations):
            return  # there were so few that it had to: only mending helps
        if enough_faces(groups):
            assert leaks(splits, relations) == []
        if can_reach_all(groups_by_content(fresh(photos, before, relations), relations)):
            for kind in (FACES, NO_FACE):
                found = {split for name, split in splits.items() if photos[name][1] == kind}
                assert found == set(Split)
        left_out = photos.keys() - splits.keys()
        for name in left_out:  # only what stands between two splits
            assert any(name in pair for pair in relations.alike)


@given(PROJECT, st.randoms(use_true_random=False))
def test_order_does_not_matter(new, random):
    photos = project_of(new)
    relations = relations_of(photos)
    items, pairs = list(photos.items()), list(relations.alike)
    random.shuffle(items)
    random.shuffle(pairs)
    shuffled = assign_splits(
        kinds_of(dict(items)), {}, DEFAULT, Relations(relations.sessions, tuple(pairs))
    )
    assert shuffled == assign_splits(kinds_of(photos), {}, DEFAULT, relations)


def photos_in_sessions(*counts, no_face=0):
    """Photos that are all different, in sessions of so many."""
    photos = {}
    for session, count in enumerate(counts):
        for number in range(count):
            kind = NO_FACE if number < no_face else FACES
            photos[f"{session}-{number:03}.jpg"] = (10 * len(photos), kind, session)
    return photos


def splits_of_sessions(photos, splits):
    found = defaultdict(set)
    for name, split in splits.items():
        found[photos[name][2]].add(split)
    return dict(found)


def test_a_session_comes_into_one_split_where_there_are_enough():
    photos = photos_in_sessions(60, 30, 20, 20, no_face=5)
    splits = assign_splits(kinds_of(photos), {}, DEFAULT, relations_of(photos))
    sides = splits_of_sessions(photos, splits)
    assert all(len(side) == 1 for side in sides.values())
    assert set().union(*sides.values()) == set(Split)
    assert Counter(splits.values())[Split.TRAIN] >= 65


def test_later_photos_follow_their_session():
    photos = photos_in_sessions(60, 30, 20, 20)
    some = {name: photo for name, photo in photos.items() if not name.endswith("9.jpg")}
    before = assign_splits(kinds_of(some), {}, DEFAULT, relations_of(some))
    after = assign_splits(kinds_of(photos), before, DEFAULT, relations_of(photos))
    assert splits_of_sessions(photos, after) == splits_of_sessions(some, before)


SIZES = st.integers(8, 12)


@given(st.lists(SIZES, min_size=4, max_size=6), st.integers(0, 4), st.lists(SIZES, max_size=4))
def test_sessions_of_about_the_same_size_stay_on_one_side_while_a_project_grows(sizes, more, later):
    photos = photos_in_sessions(*sizes)
    first = assign_splits(kinds_of(photos), {}, DEFAULT, relations_of(photos))
    photos = photos_in_sessions(*(size + more for size in sizes), *later)
    second = assign_splits(kinds_of(photos), first, DEFAULT, relations_of(photos))
    assert first.items() <= second.items()
    for splits in (first, second):
        sides = splits_of_sessions(photos, splits)
        assert all(len(side) == 1 for side in sides.values())
        assert set().union(*sides.values()) == set(Split)


def test_two_sessions_are_not_enough():
    photos = photos_in_sessions(50, 50)
    splits = assign_splits(kinds_of(photos), {}, DEFAULT, relations_of(photos))
    assert Counter(splits.values()) == {Split.TRAIN: 70, Split.VALIDATION: 15, Split.TEST: 15}


def test_sessions_are_not_kept_together_where_training_would_starve():
    photos = photos_in_sessions(40, 40, 40)
    splits = assign_splits(kinds_of(photos), {}, DEFAULT, relations_of(photos))
    assert Counter(splits.values())[Split.TRAIN] == 84


def test_empty_room_in_one_session_still_reaches_every_split():
    """Photos without a face are shared out where their sessions would leave a split without."""
    photos = photos_in_sessions(60, 30, 20, 20)
    photos |= {f"0-room{n}.jpg": (10_000 + 10 * n, NO_FACE, 0) for n in range(10)}
    splits = assign_splits(kinds_of(photos), {}, DEFAULT, relations_of(photos))
    faces = {name: split for name, split in splits.items() if photos[name][1] == FACES}
    rooms = {split for name, split in splits.items() if photos[name][1] == NO_FACE}
    assert all(len(side) == 1 for side in splits_of_sessions(photos, faces).values())
    assert rooms == set(Split)


def test_one_burst_of_near_copies_is_shared_out_all_the_same():
    photos = {f"{n:02}.jpg": (n, FACES, 0) for n in range(20)}
    relations = relations_of(photos)
    splits = assign_splits(kinds_of(photos), {}, DEFAULT, relations)
    assert Counter(splits.values()) == {Split.TRAIN: 14, Split.VALIDATION: 3, Split.TEST: 3}
    assert leaks(splits, relations), "what cannot be helped is told elsewhere"


def test_near_copies_of_no_face_are_never_shared_out():
    photos = photos_in_sessions(20)
    photos |= {f"room{n}.jpg": (10_000 + n, NO_FACE, 0) for n in range(9)}
    relations = relations_of(photos)
    splits = assign_splits(kinds_of(photos), {}, DEFAULT, relations)
    assert leaks(splits, relations) == []


def test_photo_between_two_splits_goes_nowhere():
    photos = photos_in_sessions(10)
    photos |= {"a.jpg": (-3, FACES, 0), "b.jpg": (-5, FACES, 0), "between.jpg": (-4, FACES, 0)}
    given = {"a.jpg": Split.TRAIN, "b.jpg": Split.TEST}
    splits = assign_splits(kinds_of(photos), given, DEFAULT, relations_of(photos))
    assert given.items() <= splits.items()
    assert photos.keys() - splits.keys() == {"between.jpg"}


def test_near_copies_that_came_with_their_splits_keep_them():
    photos = {"a.jpg": (0, FACES, 0), "b.jpg": (1, FACES, 0), "new.jpg": (1, FACES, 0)}
    given = {"a.jpg": Split.TRAIN, "b.jpg": Split.TEST}
    splits = assign_splits(kinds_of(photos), given, DEFAULT, relations_of(photos))
    assert given.items() <= splits.items()
    assert "new.jpg" in splits
