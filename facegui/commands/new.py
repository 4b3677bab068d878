"""facegui new PROJECT"""

from __future__ import annotations

import argparse
from pathlib import Path

from facegui.commands.console import Console, Json
from facegui.core.project import Project

NAME = "new"
HELP = "make an empty project"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("project", type=Path, help="a new or empty folder")


def run(arguments: argparse.Namespace, console: Console) -> Json:
    with Project.create(arguments.project) as project:
        console.say(f"Made the project {project.name}.")
        console.say(f"Next: facegui import PHOTOS {arguments.project}")
        return {"project": str(project.folder)}
