"""facegui demo PROJECT"""

from __future__ import annotations

import argparse
from pathlib import Path

from facegui.commands.console import Console, Json, interruptible
from facegui.commands.numbers import at_least_one
from facegui.core.capturing import make_demo_project

NAME = "demo"
HELP = "make a project of labelled photos by the demo camera"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("project", type=Path, help="a new or empty folder")
    parser.add_argument("--count", type=at_least_one, default=90, help="how many photos")
    parser.add_argument("--seed", type=int, default=0, help="another seed, other photos")


def run(arguments: argparse.Namespace, console: Console) -> Json:
    with interruptible() as stop, console.progress("Taking photos") as report:
        project = make_demo_project(
            arguments.project, arguments.count, arguments.seed, report, stop
        )
    with project:
        samples = project.samples()
        faces = sum(len(sample.boxes) for sample in samples)
        console.say(f"Made {len(samples)} photos with {faces} faces.")
        console.say(f"Next: facegui augment {arguments.project}")
        return {"project": str(project.folder), "photos": len(samples), "faces": faces}
