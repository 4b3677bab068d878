"""How much memory a measurement takes."""

from __future__ import annotations

import re
import resource
import threading
from pathlib import Path
from typing import Self

_INTERVAL_S = 0.1


class MemoryWatch:
    """The most that this process and those that it started held at one moment, on Linux.

    With the process that converts networks, say; the libraries that both have loaded count
    once. Elsewhere it is this process alone.
    """

    def __init__(self) -> None:
        self._most = 0
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    @property
    def peak_gb(self) -> float:
        own = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
        return max(self._most, own) / 1e9

    def _watch(self) -> None:
        while not self._over.wait(_INTERVAL_S):
            self._most = max(self._most, _held("self"))


def _held(process: str) -> int:
    """Bytes that a process and its children, and theirs, hold now; what they share, once."""
    folder = Path("/proc", process)
    try:
        rollup = (folder / "smaps_rollup").read_text("ascii")
        children = {
            child
            for task in (folder / "task").iterdir()
            for child in (task / "children").read_text("ascii").split()
        }
    except OSError:
        return 0  # it has ended, or this is no Linux
    share_kb = re.search(r"^Pss:\s+(\d+) kB", rollup, re.MULTILINE)
    own = 1024 * int(share_kb[1]) if share_kb else 0
    return own + sum(map(_held, children))
