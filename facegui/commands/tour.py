"""facegui tour DIR"""

from __future__ import annotations

import argparse
import html
import os
import time
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from facegui.commands.console import Console, Json, interruptible
from facegui.core.errors import disk_error
from facegui.core.files import write_atomically

if TYPE_CHECKING:
    from facegui.ui.tour import TourResult

NAME = "tour"
HELP = "watch the window go the whole way by itself, on the demo camera"

_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>FaceGUI: the whole way</title>
<style>
body {{ font: 16px/1.5 sans-serif; max-width: 60em; margin: 2em auto; padding: 0 1em }}
img {{ max-width: 100%; border: 1px solid #ccc }} td {{ padding-right: 2em }}
figure {{ margin: 2em 0 }}
</style></head><body>
<h1>FaceGUI: the whole way</h1>
<p>{when}: from an empty project to faces found live, on the demo camera.</p>
<table>{facts}</table>
{pictures}
</body></html>
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("folder", type=Path, metavar="DIR", help="where everything goes")


def run(arguments: argparse.Namespace, console: Console) -> Json:
    # TensorFlow's own chatter would hide what matters to the user.
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    # Here: no other command needs Qt.
    from facegui.ui.offscreen import application, has_screen
    from facegui.ui.tour import take_tour

    folder = arguments.folder / time.strftime("%Y-%m-%d_%H-%M-%S")
    try:
        folder.mkdir(parents=True)
    except OSError as error:
        raise disk_error(error, f"making the folder {folder}") from error
    where = "" if has_screen() else " There is no screen: it runs unseen."
    console.say(
        f"This takes a few minutes; the first time, weights (60 MB) are fetched as well.{where}"
    )
    app = application(visible=True)
    with interruptible() as stop, console.progress("Starting") as report:
        result = take_tour(app, folder, report, stop)
    page = folder / "summary.html"
    write_atomically(page, _page(result))
    for name, value in result.facts:
        console.say(f"{name}: {value}")
    console.say(f"Pictures of every step and a summary: {page}")
    return {
        "summary": str(page),
        "project": str(result.project),
        "pictures": [str(path) for path, _ in result.pictures],
        "facts": dict(result.facts),
    }


def _page(result: TourResult) -> str:
    facts = "".join(
        f"<tr><td>{html.escape(name)}</td><td>{html.escape(value)}</td></tr>\n"
        for name, value in result.facts
    )
    pictures = "".join(
        f'<figure><img src="{html.escape(path.name)}" alt="">'
        f"<figcaption>{html.escape(words)}</figcaption></figure>\n"
        for path, words in result.pictures
    )
    return _PAGE.format(when=f"{datetime.now():%Y-%m-%d}", facts=facts, pictures=pictures)
