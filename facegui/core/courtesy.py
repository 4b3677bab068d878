"""Long work in Python that lets others have Python's lock."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from typing import TypeVar

_WORK_S, _REST_S = 0.002, 0.001

Item = TypeVar("Item")


def politely(items: Iterable[Item]) -> Iterator[Item]:
    """Hands items on, and sleeps a moment now and then.

    Else the window stands still: it gives Python's lock back a hundred times while it paints,
    and where another thread takes it each time it waits 5 ms to have it again.
    """
    began_s = time.perf_counter()
    for item in items:
        yield item
        if time.perf_counter() - began_s > _WORK_S:
            time.sleep(_REST_S)
            began_s = time.perf_counter()
