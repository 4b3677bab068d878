"""Fixtures for what runs on threads; `store`, `board` and `demo_project` are one level up."""

from __future__ import annotations

import pytest


@pytest.fixture(autouse=True)
def _cleanly(no_leaks: None, own_home: object) -> None:
    """Every test leaves nothing behind."""
