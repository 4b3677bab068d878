"""A small version of `benchmarks/kills.py`: nothing is lost when the program is killed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

KILLS = Path(__file__).resolve().parents[2] / "benchmarks" / "kills.py"


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs a system with fork")
@pytest.mark.parametrize(("work", "count"), [("import", 6), ("augment", 4), ("train", 2)])
def test_kills_at_random_moments_lose_no_photo_and_no_label(work, count):
    command = [sys.executable, str(KILLS), "--json", "--generated", "--photos", "25"]
    options = ["--works", work, "--count", str(count)]
    result = subprocess.run([*command, *options], capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout + result.stderr
    figures = {figure["name"]: figure["value"] for figure in json.loads(result.stdout)["figures"]}
    assert figures["kills"] == count
    assert figures["photos and labels lost or changed"] == 0
