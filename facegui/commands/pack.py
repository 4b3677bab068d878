"""facegui pack PROJECT FILE.zip"""

from __future__ import annotations

import argparse
from pathlib import Path

from facegui.commands.console import Console, Json, interruptible
from facegui.core.packing import pack_project
from facegui.core.project import Project

NAME = "pack"
HELP = "put a whole project into one zip file; `facegui import FILE.zip PROJECT` takes it out"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("project", type=Path)
    parser.add_argument("file", type=Path, help="the zip file to write")
    parser.add_argument(
        "--without-photos",
        action="store_true",
        help="labels, splits and runs alone; photos find their labels again where they are",
    )


def run(arguments: argparse.Namespace, console: Console) -> Json:
    with (
        Project.open(arguments.project, read_only=True) as project,
        interruptible() as stop,
        console.progress("Packing") as report,
    ):
        packed = pack_project(
            project, arguments.file, report, stop, with_photos=not arguments.without_photos
        )
    console.say(
        f"Packed {packed.photos} photos and {packed.labels} labels into {packed.path}"
        f" ({packed.size / 1e6:.1f} MB)."
    )
    return {
        "file": str(packed.path),
        "photos": packed.photos,
        "labels": packed.labels,
        "bytes": packed.size,
    }
