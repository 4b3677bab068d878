"""A way to run commands and read what they say."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from facegui.commands.main import main

RunJson = Callable[..., dict[str, Any]]


@pytest.fixture
def run_json(capsys: pytest.CaptureFixture[str]) -> RunJson:
    """Runs a command with --json, and gives its document; a failure fails the test."""

    def run(*words: str | Path) -> dict[str, Any]:
        code = main([*map(str, words), "--json"])
        captured = capsys.readouterr()
        assert code == 0, captured.err + captured.out
        document: dict[str, Any] = json.loads(captured.out)
        return document

    return run


@pytest.fixture
def demo(tmp_path: Path, run_json: RunJson) -> Path:
    """The folder of a project with 16 labelled photos."""
    folder = tmp_path / "demo"
    run_json("demo", folder, "--count", "16")
    return folder
