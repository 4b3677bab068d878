"""How unlike the labelled photos others are, as labels come and go."""

from __future__ import annotations

import numpy as np

from facegui.core.novelty import Novelty


def flat(grey: int) -> np.ndarray:
    return np.full((64, 64), grey, np.uint8)


PATTERNS = {"a": flat(100), "b": flat(102), "c": flat(200), "d": flat(98), "e": flat(10)}


def order(novelty: Novelty) -> str:
    return "".join(sorted(PATTERNS, key=novelty.of, reverse=True))


def test_the_farthest_from_every_labelled_photo_is_the_newest() -> None:
    novelty = Novelty(PATTERNS)
    novelty.count(["a"])
    assert order(novelty)[:2] == "ce"
    novelty.count(["a", "c"])
    assert order(novelty)[0] == "e"
    novelty.count(["a", "c", "e"])
    assert set(order(novelty)[:2]) == {"b", "d"}


def test_without_labels_all_are_as_new() -> None:
    novelty = Novelty(PATTERNS)
    novelty.count(["c"])
    novelty.count([])
    assert {novelty.of(name) for name in PATTERNS} == {float("inf")}


def test_a_label_that_is_taken_away_counts_no_more() -> None:
    novelty = Novelty(PATTERNS)
    novelty.count(["a", "c", "e"])
    novelty.count(["a", "e", "gone"])
    assert order(novelty)[0] == "c"


def test_what_nobody_looked_at_is_not_new() -> None:
    assert Novelty({}).of("x") == 0.0
