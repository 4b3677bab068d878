"""facegui export-labels PROJECT --format F OUT"""

from __future__ import annotations

import argparse
from pathlib import Path

from facegui.commands.console import Console, Json, interruptible
from facegui.core.label_export import export_labels
from facegui.core.label_formats.formats import FORMATS
from facegui.core.project import Project

NAME = "export-labels"
HELP = "write the labelled photos of a project in the format of another program"

_BY_KEY = {label_format.key: label_format for label_format in FORMATS}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("project", type=Path)
    parser.add_argument("out", type=Path, help="a new or empty folder")
    parser.add_argument(
        "--format",
        choices=list(_BY_KEY),
        required=True,
        help="; ".join(f"{key}: {label_format.title}" for key, label_format in _BY_KEY.items()),
    )
    parser.add_argument("--without-photos", action="store_true", help="the labels alone")


def run(arguments: argparse.Namespace, console: Console) -> Json:
    label_format = _BY_KEY[arguments.format]
    with (
        Project.open(arguments.project, read_only=True) as project,
        interruptible() as stop,
        console.progress("Exporting labels") as report,
    ):
        result = export_labels(
            project,
            label_format,
            arguments.out,
            report,
            stop,
            with_photos=not arguments.without_photos,
        )
    console.say(
        f"Wrote {result.photos} labelled photos with {result.faces} faces as"
        f" {label_format.title} to {result.folder}."
    )
    if result.unlabelled or result.broken:
        console.say(
            f"Left out: {result.unlabelled} photos without a label,"
            f" {result.broken} with a label file that cannot be read."
        )
    return {
        "format": label_format.key,
        "folder": str(result.folder),
        "photos": result.photos,
        "faces": result.faces,
        "unlabelled": result.unlabelled,
        "broken": result.broken,
    }
