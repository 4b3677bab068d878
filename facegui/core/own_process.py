"""Another process of this very program, whether it is installed or not."""

from __future__ import annotations

import os
import sys
from pathlib import Path

_PACKAGES = Path(__file__).resolve().parents[2]


def module_command(module: str) -> tuple[str, ...]:
    """What starts a module of this program, with `module_environment`."""
    # -P: a file in the folder that FaceGUI was started from is no module of ours.
    return sys.executable, "-P", "-m", module


def module_environment() -> dict[str, str]:
    """Ours, with which another process finds this program and writes UTF-8."""
    paths = [str(_PACKAGES), os.environ.get("PYTHONPATH", "")]
    return os.environ | {
        "PYTHONPATH": os.pathsep.join(filter(None, paths)),
        "PYTHONIOENCODING": "utf-8",
    }
