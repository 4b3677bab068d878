"""facegui export RUN_OR_PROJECT --format FORMAT OUT"""

from __future__ import annotations

import argparse
import json
import os
from pathlib import Path

from facegui.commands.console import Console, Json, interruptible
from facegui.core.project import Project
from facegui.core.runs import find_run
from facegui.ml.export_formats import FORMATS, ExportFormat
from facegui.ml.exporting import export_run, fidelity_sentence, project_of, quality_sentence

NAME = "export"
HELP = "write a trained network for other programs, with a card and an example"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "run", type=Path, help="a run's folder, or a project: its newest complete run"
    )
    parser.add_argument(
        "--format",
        choices=[chosen.value for chosen in FORMATS],
        default=ExportFormat.LITERT_INT8.value,
    )
    parser.add_argument("out", type=Path, help="folder; made where there is none")


def run(arguments: argparse.Namespace, console: Console) -> Json:
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    chosen, found = ExportFormat(arguments.format), find_run(arguments.run)
    with (
        Project.open(project_of(found), read_only=True) as project,
        interruptible() as stop,
        console.progress("Exporting") as report,
    ):
        result = export_run(found, project, chosen, arguments.out, report, stop)
    console.say(f"Model: {result.path}")
    console.say(quality_sentence(result.scores, result.left_out))
    console.say(fidelity_sentence(result.fidelity))
    console.say(f"Example: {result.example}")
    card: Json = json.loads(result.card.read_text("utf-8"))
    return {"path": str(result.path), "example": str(result.example), **card}
