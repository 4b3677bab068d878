"""Cores that this process may use, which may be fewer than there are."""

from __future__ import annotations

import os

import pytest

from facegui.core import augmenter
from facegui.core.cores import usable_cores


def test_a_process_that_was_given_one_core_uses_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {3}, raising=False)
    assert usable_cores() == 1
    assert augmenter._thread_count() == 1


def test_where_nobody_tells_all_cores_are_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(os, "sched_getaffinity", raising=False)
    monkeypatch.setattr(os, "cpu_count", lambda: 12)
    assert usable_cores() == 12
