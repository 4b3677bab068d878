"""Threads that let the window go first."""

from __future__ import annotations

import os
import sys
import threading

from PySide6.QtCore import QThread

_NICENESS = 10


def step_back() -> None:
    """From now on this thread has a core when nothing else of the program wants it.

    For work that computes long and seldom needs Python's lock: where it takes all cores, the
    window waits some milliseconds for one, and again after each wait for the lock. Work
    that needs the lock all the time had better not step back: it would keep the lock while
    it waits for a core.
    """
    if sys.platform == "linux":  # where Qt leaves all threads alike
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _NICENESS)
    else:
        QThread.currentThread().setPriority(QThread.Priority.LowPriority)
