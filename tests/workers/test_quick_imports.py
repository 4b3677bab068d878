"""Imports are not held up by PySide."""

from __future__ import annotations

import subprocess
import sys

import pytest


@pytest.mark.parametrize(("call", "kept"), [("", True), ("spare_imports()", False)])
def test_sources_of_what_is_imported_are_not_kept(call: str, kept: bool) -> None:
    program = f"""
import linecache
from PySide6.QtCore import QObject, Signal, Slot
from facegui.workers.quick_imports import spare_imports
{call}
import wave
print(wave.__file__ in linecache.cache)
class Thing(QObject):
    told = Signal(int)
    @Slot(int)
    def hear(self, number):
        print(number)
thing = Thing()
thing.told.connect(thing.hear)
thing.told.emit(5)
"""
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    # The first shows that there still is something to be spared.
    assert done.stdout.split() == [str(kept), "5"]
