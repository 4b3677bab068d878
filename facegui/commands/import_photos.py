"""facegui import SOURCE... PROJECT"""

from __future__ import annotations

import argparse
from collections.abc import Iterable
from pathlib import Path

from facegui.commands.console import Console, Json, interruptible
from facegui.commands.numbers import at_least_one
from facegui.core.errors import UserError
from facegui.core.import_plan import ImportPlan, survey
from facegui.core.importing import (
    Finding,
    ImportReport,
    Unlabelled,
    check_source,
    import_plan,
)
from facegui.core.packing import is_packed_project, unpack_project
from facegui.core.progress import Report, StopToken
from facegui.core.project import INDEX_NAME, Project
from facegui.core.unpacking import is_zip
from facegui.core.video_photos import LEAST_ALIKE, FrameChoice

NAME = "import"
HELP = "take photos, with their labels (LabelMe, Pascal VOC, YOLO, COCO, aug_data), into a project"

_SHOWN = 10


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "source",
        type=Path,
        nargs="+",
        help="pictures, folders, zip files, videos or other projects; train, val, test are kept",
    )
    parser.add_argument("project", type=Path, help="a project; made where there is none")
    parser.add_argument(
        "--unlabelled",
        choices=[Unlabelled.SKIP.value, Unlabelled.NO_FACE.value],
        default=Unlabelled.KEEP.value,
        help="photos without a label file: leave them out, or they show no face;"
        " else they come in as not labelled yet",
    )
    videos = parser.add_mutually_exclusive_group()
    videos.add_argument("--every", type=at_least_one, help="of videos each so many-th frame")
    videos.add_argument(
        "--frames",
        type=at_least_one,
        default=LEAST_ALIKE,
        help=f"of each video so many frames that are least alike (default {LEAST_ALIKE})",
    )
    labels = parser.add_mutually_exclusive_group()
    labels.add_argument(
        "--all-labels", action="store_true", help="boxes with any label are faces, not only `face`"
    )
    labels.add_argument(
        "--only-face", action="store_true", help="boxes with labels other than `face` are no faces"
    )


def run(arguments: argparse.Namespace, console: Console) -> Json:
    for source in arguments.source:
        check_source(source, arguments.project)
    if _is_move(arguments):
        return _unpack(arguments, console)
    with (
        interruptible() as stop,
        console.progress("Importing") as report,
        survey(arguments.source, report, stop) as plan,
    ):
        console.say(plan.in_words())
        _check_labels(plan, arguments)
        return _carry_out(plan, arguments, console, report, stop)


def _is_move(arguments: argparse.Namespace) -> bool:
    """Whether a packed project comes to a place where none is yet: it stays what it was."""
    first, *more = arguments.source
    is_there = (arguments.project / INDEX_NAME).exists()
    return not more and not is_there and is_zip(first) and is_packed_project(first)


def _unpack(arguments: argparse.Namespace, console: Console) -> Json:
    with interruptible() as stop, console.progress("Unpacking") as report:
        unpack_project(arguments.source[0], arguments.project, report, stop)
    with Project.open(arguments.project, read_only=True) as project:
        labels = sum(path.suffix == ".json" for path in project.labels_folder.iterdir())
        console.say(
            f"Found a packed project: {len(project.photos)} photos and {labels} labels are now"
            f" the project {project.name}."
        )
        if not project.photos:
            console.say("Its photos are not in it: import them, and each finds its label.")
        return {"project": str(project.folder), "photos": [p.name for p in project.photos]}


def _carry_out(
    plan: ImportPlan,
    arguments: argparse.Namespace,
    console: Console,
    report: Report,
    stop: StopToken,
) -> Json:
    is_project = (arguments.project / INDEX_NAME).exists()
    opened = Project.open(arguments.project) if is_project else Project.create(arguments.project)
    with opened as project:
        result = import_plan(
            project,
            plan,
            report,
            stop,
            unlabelled=Unlabelled(arguments.unlabelled),
            take_all_labels=arguments.all_labels,
            frames=FrameChoice(arguments.every, arguments.frames),
        )
        project.assign_missing_splits(report, stop)
    _tell(result, console)
    return {"formats": plan.formats, "labels": plan.labels, **_to_json(result)}


def _check_labels(plan: ImportPlan, arguments: argparse.Namespace) -> None:
    """Photos full of faces under another name must not become photos without a face unasked."""
    if plan.names_no_face and not (arguments.all_labels or arguments.only_face):
        raise UserError(
            f"No box is labelled “face”: {plan.in_words()}",
            "If they are faces, add --all-labels; if they are other things, add --only-face.",
        )


def _tell(result: ImportReport, console: Console) -> None:
    labelled = len(result.photos) - result.no_face - result.unlabelled
    console.say(
        f"{len(result.photos)} photos: {labelled} with {result.faces} faces,"
        f" {result.no_face} with no face, {result.unlabelled} not labelled yet."
    )
    if result.duplicates:
        console.say(f"{len(result.duplicates)} photos were in the project already.")
    if result.labels_taken:
        console.say(f"{len(result.labels_taken)} of them got their label now.")
    for label, count in result.other_labels.items():
        console.say(
            f"Boxes labelled {label!r} on {count} photos were ignored; --all-labels takes them."
        )
    _list("Left out", result.skipped, console)
    _list("Label file cannot be read, photo came without label", result.broken_labels, console)
    _list("Note", result.notes, console)


def _list(title: str, findings: tuple[Finding, ...], console: Console) -> None:
    for finding in findings[:_SHOWN]:
        console.say(f"{title}: {finding.path.name}: {finding.reason}")
    if len(findings) > _SHOWN:
        console.say(f"{title}: and {len(findings) - _SHOWN} more; --json lists all.")


def _to_json(result: ImportReport) -> Json:
    return {
        "photos": list(result.photos),
        "faces": result.faces,
        "no_face": result.no_face,
        "unlabelled": result.unlabelled,
        "labels_taken": list(result.labels_taken),
        "duplicates": [str(path) for path in result.duplicates],
        "splits": {split.value: count for split, count in result.splits.items()},
        "other_labels": result.other_labels,
        "skipped": _findings_to_json(result.skipped),
        "broken_labels": _findings_to_json(result.broken_labels),
        "notes": _findings_to_json(result.notes),
    }


def _findings_to_json(findings: Iterable[Finding]) -> list[dict[str, str]]:
    return [{"path": str(finding.path), "reason": finding.reason} for finding in findings]
