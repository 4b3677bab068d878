"""facegui capture PROJECT --camera C --count N --interval S"""

from __future__ import annotations

import argparse
from pathlib import Path

from facegui.commands.console import Console, Json, interruptible
from facegui.commands.numbers import at_least_one, seconds
from facegui.core.cameras import open_camera
from facegui.core.capturing import capture_photos
from facegui.core.errors import UserError
from facegui.core.project import Project

NAME = "capture"
HELP = "take photos with a camera"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("project", type=Path)
    parser.add_argument(
        "--camera",
        default="0",
        help="number, name or part of it, video file, folder of pictures, or demo",
    )
    parser.add_argument("--count", type=at_least_one, default=30, help="how many photos")
    parser.add_argument(
        "--interval", type=seconds, default=0.5, metavar="SECONDS", help="from one to the next"
    )


def run(arguments: argparse.Namespace, console: Console) -> Json:
    with (
        Project.open(arguments.project) as project,
        interruptible(finishing="Ending with the photos taken so far") as stop,
        open_camera(arguments.camera) as camera,
        console.progress("Taking photos") as report,
    ):
        name, before = camera.name, len(project.photos)
        try:
            photos = capture_photos(
                project, camera, arguments.count, arguments.interval, report, stop
            )
        except UserError as error:
            kept = f" Photos taken before are in the project: {len(project.photos) - before}."
            raise UserError(error.what, error.remedy + kept, error.details) from error
    console.say(f"Took {len(photos)} photos with {name}.")
    return {"camera": name, "photos": [photo.name for photo in photos]}
