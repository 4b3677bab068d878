"""facegui draft PROJECT"""

from __future__ import annotations

import argparse
import os
from pathlib import Path

from facegui.commands.console import Console, Json, interruptible
from facegui.commands.numbers import share
from facegui.core.errors import UserError
from facegui.core.photo_library import PhotoState
from facegui.core.progress import Report, StopToken
from facegui.core.project import Project
from facegui.ml.draft_messages import LEAST_LABELLED, SOURCE
from facegui.ml.draft_server import make_drafter

NAME = "draft"
HELP = "learn from the labels that there are and draft the others, or doubt them"

_SAY_OF_DRAFTS = "Review them in the Annotate step, or take them over with --accept-from."


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("project", type=Path)
    parser.add_argument(
        "--accept-from",
        type=share,
        metavar="CERTAINTY",
        help="make drafts labels that are at least so certain, 0 to 1",
    )
    parser.add_argument(
        "--second-opinion",
        action="store_true",
        help="list labels that the network disagrees with instead; nothing is changed",
    )


def run(arguments: argparse.Namespace, console: Console) -> Json:
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    with (
        Project.open(arguments.project) as project,
        interruptible() as stop,
        console.progress("Drafting") as report,
    ):
        if len(project.samples()) < LEAST_LABELLED:
            raise UserError(
                f"There are {len(project.samples())} labelled photos.",
                f"Label {LEAST_LABELLED} at least: with fewer there is nothing to learn from.",
            )
        if arguments.second_opinion:
            return _opinion(project, console, report, stop)
        return _draft(project, arguments.accept_from, console, report, stop)


def _draft(
    project: Project, least: float | None, console: Console, report: Report, stop: StopToken
) -> Json:
    drafter = make_drafter(project.cache_folder, report, stop)
    drafter.learn(project.samples(), report, stop)
    unlabelled = [p for p in project.photos if project.state(p) is PhotoState.UNLABELLED]
    drafts, accepted = {}, []
    for draft in drafter.draft(unlabelled, report, stop):
        kept = project.drafts.set_draft(
            draft.photo, draft.detections, SOURCE, certainty=draft.certainty
        )
        drafts[draft.photo.name] = kept.to_json()
        if least is not None and draft.certainty >= least:
            project.set_label(draft.photo, kept.boxes)
            accepted.append(draft.photo.name)
    console.say(f"{len(drafts)} photos are drafted, {len(accepted)} of the drafts are labels now.")
    if least is None and drafts:
        console.say(_SAY_OF_DRAFTS)
    return {"drafts": drafts, "accepted": accepted}


def _opinion(project: Project, console: Console, report: Report, stop: StopToken) -> Json:
    drafter = make_drafter(project.cache_folder, report, stop)
    doubted = drafter.second_opinion(project.samples(), report, stop)
    for photo in doubted:
        console.say(f"{photo.name}: {photo.kind.value} ({photo.badness:.2f})")
    if not doubted:
        console.say("No label looks wrong.")
    return {
        "doubted": [
            {"photo": photo.name, "kind": photo.kind.value, "badness": photo.badness}
            for photo in doubted
        ]
    }
