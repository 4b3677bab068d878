"""Smoothing that holds still what stands still and follows at once what moves."""

from __future__ import annotations

import math
from collections.abc import Sequence

MIN_CUTOFF_HZ = 0.3
"""Of what stands still: lower is steadier."""

SLOPE = 2.0
"""How much the cutoff rises with the speed, in Hz for one size a second: higher follows faster."""

SPEED_CUTOFF_HZ = 1.0
"""At which the speed itself is smoothed."""


class OneEuroFilter:
    """Several values that move together, smoothed by one cutoff that rises with their speed.

    Source: Casiez, Roussel and Vogel, "1€ Filter: A Simple Speed-based Low-pass Filter for
    Noisy Input in Interactive Systems", CHI 2012. As in its algorithm 1 the speed is taken
    from the newest value to the last smoothed one, so that lagging behind counts as speed.
    Here all values share the cutoff of the fastest: the sides of a box move together.

    Args:
        min_cutoff_hz: the cutoff at rest.
        slope: what the cutoff rises by, for a speed of one `size` a second.
        speed_cutoff_hz: at which speeds are smoothed.
    """

    def __init__(
        self,
        min_cutoff_hz: float = MIN_CUTOFF_HZ,
        slope: float = SLOPE,
        speed_cutoff_hz: float = SPEED_CUTOFF_HZ,
    ) -> None:
        self._min_cutoff_hz = min_cutoff_hz
        self._slope = slope
        self._speed_cutoff_hz = speed_cutoff_hz
        self._values: tuple[float, ...] = ()
        self._speeds: tuple[float, ...] = ()
        self._velocities: tuple[float, ...] = ()

    @property
    def velocities(self) -> tuple[float, ...]:
        """How fast each smoothed value changed at last, per second."""
        return self._velocities

    def update(self, values: Sequence[float], passed_s: float, size: float) -> tuple[float, ...]:
        """The values, smoothed.

        Args:
            values: as measured, always as many.
            passed_s: since the last time; where no time has passed nothing changes.
            size: the length, in units of the values, that speeds are counted in.
        """
        if not self._values:
            self._values = tuple(values)
            self._speeds = self._velocities = (0.0,) * len(values)
        elif passed_s > 0:
            share = _share(self._speed_cutoff_hz, passed_s)
            self._speeds = tuple(
                speed + share * ((value - before) / passed_s - speed)
                for value, before, speed in zip(values, self._values, self._speeds, strict=True)
            )
            fastest = max(map(abs, self._speeds)) / size
            share = _share(self._min_cutoff_hz + self._slope * fastest, passed_s)
            steps = [
                share * (value - before) for value, before in zip(values, self._values, strict=True)
            ]
            self._values = tuple(map(sum, zip(self._values, steps, strict=True)))
            self._velocities = tuple(step / passed_s for step in steps)
        return self._values


def _share(cutoff_hz: float, passed_s: float) -> float:
    """What the newest value counts for in a low-pass filter of first order."""
    return 1.0 / (1.0 + 1.0 / (2.0 * math.pi * cutoff_hz * passed_s))
