"""facegui screenshots DIR"""

from __future__ import annotations

import argparse
from pathlib import Path

from facegui.commands.console import Console, Json, interruptible
from facegui.core.errors import disk_error

NAME = "screenshots"
HELP = "take pictures of every tab of the window in every state"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("folder", type=Path, metavar="DIR", help="where the pictures go")


def run(arguments: argparse.Namespace, console: Console) -> Json:
    # Here: no other command needs Qt.
    from facegui.ui.offscreen import application
    from facegui.ui.screenshots import take_screenshots

    folder: Path = arguments.folder
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise disk_error(error, f"making the folder {folder}") from error
    app = application()
    with interruptible() as stop, console.progress("Taking pictures") as report:
        pictures = take_screenshots(app, folder, report, stop)
    console.say(f"{len(pictures)} pictures are in {folder}")
    return {"folder": str(folder), "pictures": [path.name for path in pictures]}
