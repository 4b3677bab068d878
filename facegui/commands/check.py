"""facegui check PROJECT"""

from __future__ import annotations

import argparse
from pathlib import Path

from facegui.commands.console import Console, Json, interruptible
from facegui.core.health import Finding, Remedy, check_project
from facegui.core.leaks import mend_leaks
from facegui.core.project import Project

NAME = "check"
HELP = "look for photos and labels that make a bad detector"

_SHOWN = 5


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("project", type=Path)
    parser.add_argument(
        "--mend",
        action="store_true",
        help="share photos out anew where near-copies or sessions are in several splits",
    )


def run(arguments: argparse.Namespace, console: Console) -> Json:
    moved = 0
    with (
        Project.open(arguments.project, read_only=not arguments.mend) as project,
        interruptible() as stop,
        console.progress("Checking") as report,
    ):
        if arguments.mend:
            moved = mend_leaks(project, report, stop)
        findings = check_project(project, report, stop)
    if arguments.mend:
        console.say(f"{moved} photos are in another split now.")
    _tell(findings, console)
    return {
        "photos_moved": moved,
        "findings": [
            {
                "kind": finding.kind.value,
                "what": finding.what,
                "advice": finding.advice,
                "photos": list(finding.photos),
            }
            for finding in findings
        ],
    }


def _tell(findings: tuple[Finding, ...], console: Console) -> None:
    if not findings:
        console.say("Nothing is wrong with the photos and labels.")
    for finding in findings:
        console.say(f"{finding.what} {finding.advice}")
        if finding.photos:
            more = len(finding.photos) - _SHOWN
            names = ", ".join(finding.photos[:_SHOWN])
            console.say(f"    {names}{f' and {more} more' if more > 0 else ''}")
        if finding.remedy is Remedy.MEND:
            console.say("    --mend does it.")
