"""What tests of the Detect tab share."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from facegui.core.boxes import Box, Detection
from facegui.core.camera import CameraInfo, CameraKind
from facegui.core.images import Pixels
from facegui.core.project import Project

WEBCAM = CameraInfo("Test camera", CameraKind.WEBCAM, "0", 0)
SURE = Detection(Box(5, 5, 25, 30), 0.9)
UNSURE = Detection(Box(30, 5, 60, 40), 0.3)


class FakeDetector:
    """Finds a sure face and an unsure one."""

    def __init__(self, path: Path, *, threads: int | None = None) -> None:
        self.path = path
        self.threads = threads
        self.threshold = 0.4

    def detect(self, pixels: Pixels, threshold: float | None = None) -> tuple[Detection, ...]:  # noqa: ARG002
        return SURE, UNSURE


def add_run(project: Project, name: str, card: dict[str, Any] | None = None) -> Path:
    """A run as it is on disk; its model file is for fake detectors only."""
    folder = project.runs_folder / name
    folder.mkdir()
    (folder / "settings.json").write_text("{}")
    (folder / "card.json").write_text(json.dumps(card or {}))
    (folder / "model.tflite").write_bytes(b"")
    return folder / "model.tflite"
