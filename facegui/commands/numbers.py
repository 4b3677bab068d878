"""Numbers on the command line, refused with a sentence where they make no sense."""

from __future__ import annotations

import argparse
import math

from facegui.core.errors import UserError


class WrongUsageError(UserError):
    """What was asked for on the command line makes no sense; the program exits with 2."""


def at_least_one(text: str) -> int:
    """A whole number of things, at least 1."""
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("must be 1 or more")
    return number


def share(text: str) -> float:
    """A number from 0 to 1, such as a confidence."""
    number = float(text)
    if not 0.0 <= number <= 1.0:  # nor "nan"
        raise argparse.ArgumentTypeError("must be from 0 to 1")
    return number


def seconds(text: str) -> float:
    """A length of time, also none."""
    number = float(text)
    if not (math.isfinite(number) and number >= 0.0):
        raise argparse.ArgumentTypeError("must be 0 or more seconds")
    return number
