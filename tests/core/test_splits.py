"""Splits: kept for ever, balanced, and the same whatever the order."""

from __future__ import annotations

import math
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from facegui.core.splits import Split, SplitSettings, assign_splits

KINDS = st.sampled_from(["faces", "no face"])
PHOTOS = st.dictionaries(st.text(min_size=1, max_size=12), KINDS, max_size=120)
SHARES = st.floats(0.0, 0.5)
SETTINGS = st.builds(SplitSettings, SHARES, SHARES, st.integers(0, 2**32))


def names_of(kinds, kind):
    return [name for name, its_kind in kinds.items() if its_kind == kind]


def wanted(settings):
    return {split: share for split, share in settings.shares.items() if share > 0}


@given(PHOTOS, PHOTOS, SETTINGS, SETTINGS)
def test_photos_keep_their_split_when_others_come(first, more, settings, later_settings):
    before = assign_splits(first, {}, settings)
    after = assign_splits(more | first, before, later_settings)
    assert {name: after[name] for name in first} == before
    assert after.keys() == more.keys() | first.keys()


@given(PHOTOS, SETTINGS, st.randoms(use_true_random=False))
def test_order_does_not_matter(kinds, settings, random):
    items = list(kinds.items())
    random.shuffle(items)
    assert assign_splits(dict(items), {}, settings) == assign_splits(kinds, {}, settings)


@given(PHOTOS, SETTINGS)
def test_every_kind_with_three_photos_reaches_every_split(kinds, settings):
    splits = assign_splits(kinds, {}, settings)
    for kind in set(kinds.values()):
        names = names_of(kinds, kind)
        if len(names) >= 3:
            assert {splits[name] for name in names} == wanted(settings).keys()


@given(PHOTOS, SETTINGS)
def test_shares_are_kept(kinds, settings):
    """Within a photo; where a split would stay empty it takes one from the others."""
    splits = assign_splits(kinds, {}, settings)
    for kind in set(kinds.values()):
        names = names_of(kinds, kind)
        counts = Counter(splits[name] for name in names)
        shares = {split: share * len(names) for split, share in wanted(settings).items()}
        given_away = sum(1 for share in shares.values() if share < 1)
        for split, share in shares.items():
            assert share - 1 - given_away < counts[split] < share + 1 + 1e-9
        assert all(split in shares for split in counts)


@settings(max_examples=25)
@given(st.lists(st.tuples(st.text(min_size=1), KINDS), min_size=40, max_size=60), SETTINGS)
def test_shares_are_kept_when_photos_come_one_by_one(photos, settings):
    kinds, splits = {}, {}
    for name, kind in photos:
        kinds.setdefault(name, kind)
        splits = assign_splits(kinds, splits, settings)
    for kind in set(kinds.values()):
        names = names_of(kinds, kind)
        counts = Counter(splits[name] for name in names)
        for split, share in wanted(settings).items():
            assert abs(counts[split] - share * len(names)) < 3


@pytest.mark.parametrize("number", [3, 4, 10, 20, 90, 150, 1000])
def test_default_shares_are_met_within_a_photo(number):
    kinds = {f"{n}.jpg": "faces" for n in range(number)}
    counts = Counter(assign_splits(kinds, {}, SplitSettings()).values())
    for split in (Split.VALIDATION, Split.TEST):
        assert counts[split] in (math.floor(0.15 * number) or 1, math.ceil(0.15 * number))


def test_faces_and_no_face_are_shared_out_each_on_its_own():
    kinds = {f"{n}.jpg": "faces" if n < 100 else "no face" for n in range(120)}
    splits = assign_splits(kinds, {}, SplitSettings())
    assert Counter(splits[name] for name in names_of(kinds, "no face")) == {
        Split.TRAIN: 14,
        Split.VALIDATION: 3,
        Split.TEST: 3,
    }


def test_new_photos_go_where_photos_are_missing():
    kinds = {f"{n}.jpg": "faces" for n in range(20)}
    assigned = {f"{n}.jpg": Split.TRAIN for n in range(14)}
    counts = Counter(assign_splits(kinds, assigned, SplitSettings()).values())
    assert counts == {Split.TRAIN: 14, Split.VALIDATION: 3, Split.TEST: 3}


def test_splits_of_photos_that_are_not_asked_for_are_not_returned():
    assert assign_splits({}, {"gone.jpg": Split.TEST}, SplitSettings()) == {}


def test_other_seed_shares_out_differently():
    kinds = {f"{n}.jpg": "faces" for n in range(40)}
    assert assign_splits(kinds, {}, SplitSettings()) != assign_splits(
        kinds, {}, SplitSettings(seed=1)
    )


def test_first_photo_of_all_is_for_training():
    assert assign_splits({"a.jpg": "faces"}, {}, SplitSettings()) == {"a.jpg": Split.TRAIN}


@pytest.mark.parametrize("share", [-0.1, 0.51, math.nan, math.inf])
def test_share_out_of_range_is_refused_by_name(share):
    with pytest.raises(ValueError, match="validation share must be"):
        SplitSettings(validation=share)
    with pytest.raises(ValueError, match="test share must be"):
        SplitSettings(test=share)
