"""Stalls of the window are noticed."""

from __future__ import annotations

import logging
import time

import pytest
from pytestqt.qtbot import QtBot

from facegui.workers.heartbeat import STALL_MS, Heartbeat


def test_stall_is_logged_and_told(qtbot: QtBot, caplog: pytest.LogCaptureFixture) -> None:
    heartbeat = Heartbeat()
    with caplog.at_level(logging.WARNING), qtbot.waitSignal(heartbeat.stalled) as stalled:
        heartbeat.start()
        time.sleep(0.3)  # the stall itself
    heartbeat.stop()
    assert stalled.args[0] > STALL_MS
    assert heartbeat.longest_ms >= stalled.args[0]
    assert "stood still" in caplog.text
    heartbeat.start()
    assert heartbeat.longest_ms == 0
    heartbeat.stop()
