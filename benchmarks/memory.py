"""How much memory a measurement took."""

from __future__ import annotations

import re
import resource
from pathlib import Path


def peak_gb() -> float:
    """Of this process and of those that it started and that are still there, such as the one
    that converts networks: the sum of what each took at most, on Linux."""
    total_kb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for children in Path("/proc/self/task").glob("*/children"):
        for process in children.read_text("ascii").split():
            status = Path("/proc", process, "status").read_text("utf-8", "replace")
            peak = re.search(r"^VmHWM:\s*(\d+) kB", status, re.MULTILINE)
            total_kb += int(peak[1]) if peak else 0
    return total_kb / 1e6
