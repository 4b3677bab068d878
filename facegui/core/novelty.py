"""How unlike the labelled photos the others are: what is nearly the same teaches nothing.

Compared are grey values in very small, as they are: another light is as new as another pose.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Set

import cv2
import numpy as np

from facegui.core.alike import Pattern

_SIDE = 16
_CHUNK = 256
"""Labelled photos that all are compared with at a time: for 10,000 photos that takes 10 MB."""


class Novelty:
    """How far photos are from the nearest that is labelled; follows as labels come.

    Args:
        patterns: of photos, by name.
    """

    def __init__(self, patterns: Mapping[str, Pattern]) -> None:
        self._rows = {name: row for row, name in enumerate(patterns)}
        small = [
            cv2.resize(pattern, (_SIDE, _SIDE), interpolation=cv2.INTER_AREA).ravel()
            for pattern in patterns.values()
        ]
        self._looks = np.array(small, np.float32).reshape(-1, _SIDE * _SIDE) / 255
        self._squares = np.square(self._looks).sum(axis=1)
        self._counted: Set[str] = frozenset()
        self._distances = np.full(len(self._looks), np.inf, np.float32)

    def count(self, labelled: Collection[str]) -> None:
        """Takes over which photos are labelled."""
        known = self._rows.keys() & set(labelled)
        if not self._counted <= known:  # a label was taken away
            self._counted = frozenset()
            self._distances[:] = np.inf
        new = [self._rows[name] for name in known - self._counted]
        for first in range(0, len(new), _CHUNK):
            rows = new[first : first + _CHUNK]
            apart = self._squares[rows] - 2 * self._looks @ self._looks[rows].T
            np.minimum(self._distances, apart.min(axis=1) + self._squares, out=self._distances)
        self._counted = known

    def of(self, name: str) -> float:
        """In any unit: 0 for one that nobody looked at, infinite where nothing is labelled."""
        row = self._rows.get(name)
        return 0.0 if row is None else float(self._distances[row])
