"""facegui evaluate PROJECT"""

from __future__ import annotations

import argparse
from pathlib import Path

from facegui.commands.console import Console, Json, interruptible
from facegui.commands.numbers import share
from facegui.core.errors import UserError
from facegui.core.metrics import Scores
from facegui.core.project import Project
from facegui.core.runs import find_run
from facegui.ml.detection import Detector
from facegui.ml.evaluation import evaluate, save_evaluation
from facegui.ml.training_data import split_pictures, unseen_pictures

NAME = "evaluate"
HELP = "measure how good a model is on photos that it never saw"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("project", type=Path)
    parser.add_argument("--run", help="name or folder of a run; the newest by default")
    parser.add_argument(
        "--photos",
        type=Path,
        metavar="OTHER_PROJECT",
        help="measure on all labelled photos of another project instead of the test photos",
    )
    parser.add_argument("--threshold", type=share, help="confidence; the model's own by default")


def run(arguments: argparse.Namespace, console: Console) -> Json:
    chosen = find_run(_run_path(arguments))
    other = arguments.photos
    with Project.open(other or arguments.project, read_only=True) as project:
        pictures, left_out = (
            (split_pictures(project, None), 0) if other else unseen_pictures(project, chosen)
        )
        name = f"evaluation-{project.name}" if other else "evaluation"
    if not pictures:
        raise UserError(
            "There are no labelled photos to measure on that the run does not know.",
            "Label more photos, or name another project with --photos.",
        )
    detector = Detector(chosen.model_path)
    with interruptible() as stop, console.progress("Testing") as report:
        result = evaluate(detector, pictures, stop, report, threshold=arguments.threshold)
    folder = save_evaluation(chosen.folder / name, result, pictures)
    _tell(result.scores, console)
    if left_out:
        console.say(f"Left out: {left_out} test photos that the run has learned from.")
    console.say(f"The worst mistakes, as pictures: {folder}")
    mistakes = [
        {"photo": photo.name, "kind": photo.kind.value, "badness": photo.badness}
        for photo in result.mistakes
    ]
    return {
        "run": chosen.name,
        "folder": str(folder),
        **result.scores.to_json(),
        "left_out": left_out,
        "mistakes": mistakes,
    }


def _run_path(arguments: argparse.Namespace) -> Path:
    if arguments.run is None:
        return Path(arguments.project)
    named = Path(arguments.project, "runs", arguments.run)
    return named if named.is_dir() else Path(arguments.run)


def _tell(scores: Scores, console: Console) -> None:
    console.say(
        f"{scores.photos} photos with {scores.faces} faces, threshold {scores.threshold:.2f}"
    )
    shares = {
        "AP50": ("ap50", scores.ap50),
        "AP75": ("ap75", scores.ap75),
        "AP50:95": ("ap50_95", scores.ap50_95),
        "mean IoU": ("mean_iou", scores.mean_iou),
        "precision": ("precision", scores.precision),
        "recall": ("recall", scores.recall),
        "no face": ("no_face_share", scores.no_face_share),
    }
    for name, (key, value) in shares.items():
        interval = scores.intervals.get(key)
        range_ = f"  (95 % between {interval[0]:.2f} and {interval[1]:.2f})" if interval else ""
        console.say(f"{name:>10}  {'-' if value is None else f'{value:.2f}'}{range_}")
    console.say(
        f"{scores.no_face_correct} of {scores.no_face_photos} photos with no face are right:"
        f" {scores.no_face_false_alarms} false alarms on them."
    )
