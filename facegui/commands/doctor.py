"""facegui doctor"""

from __future__ import annotations

import argparse
from pathlib import Path

from facegui.commands.console import Console, Json
from facegui.core.environment import examine, to_json, to_text
from facegui.ml.weights import default_weights_folder, load_cached

NAME = "doctor"
HELP = "look whether everything that the program needs is there"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--project", type=Path, help="look at this project's folder too")


def run(arguments: argparse.Namespace, console: Console) -> Json:
    weights = load_cached(default_weights_folder())
    folders = {"weights": default_weights_folder()}
    if arguments.project is not None:
        folders["the project"] = arguments.project
    findings = examine(weights.source if weights else None, folders)
    console.say(to_text(findings))
    return to_json(findings)
