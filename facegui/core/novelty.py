"""Which photos look least like those that are labelled: they teach a network most.

Photos that a webcam took one after the other are nearly the same, and by name they come
one after the other. Compared are grey values in very small, as they are: another light
is as new as another pose.
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
        self._counted: Set[str] = frozenset()
        self._distances = self._to_usual()

    def count(self, labelled: Collection[str]) -> None:
        """Takes over which photos are labelled."""
        known = self._rows.keys() & set(labelled)
        if not self._counted <= known:
            self._counted = frozenset()
        new = [self._rows[name] for name in known - self._counted]
        if not known:
            self._distances = self._to_usual()
        elif not self._counted:
            self._distances = np.full(len(self._looks), np.inf, np.float32)
        for first in range(0, len(new), _CHUNK):
            some = self._looks[new[first : first + _CHUNK]]
            nearest = (np.square(some).sum(1) - 2 * self._looks @ some.T).min(axis=1)
            np.minimum(
                self._distances, nearest + np.square(self._looks).sum(1), out=self._distances
            )
        self._counted = known

    def of(self, name: str) -> float:
        """How new a photo would be; a greater number for a newer one, and 0 for one not known."""
        row = self._rows.get(name)
        return 0.0 if row is None else float(self._distances[row])

    def _to_usual(self) -> np.ndarray:
        """Where nothing is labelled, the most usual photo comes first."""
        if not len(self._looks):
            return np.zeros(0, np.float32)
        away = np.square(self._looks - self._looks.mean(axis=0)).sum(axis=1)
        usual: np.ndarray = away.max() - away
        return usual
