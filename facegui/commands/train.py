"""facegui train PROJECT"""

from __future__ import annotations

import argparse
import os
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

from facegui.commands.console import Console, Json, interruptible
from facegui.commands.numbers import WrongUsageError
from facegui.core.augmented_set import read_set
from facegui.core.errors import UserError
from facegui.core.leaks import leak_problems
from facegui.core.progress import Progress, Report, StopToken, ignore_progress
from facegui.core.project import Project
from facegui.core.readiness import training_problems
from facegui.core.runs import (
    BatchMetrics,
    EpochMetrics,
    Run,
    can_be_finished,
    find_run,
    list_runs,
)
from facegui.core.splits import Split
from facegui.ml.presets import DEFAULT_PRESET, PRESETS, TrainSettings, find_preset
from facegui.ml.training import TrainEvent, keep_learned, resume, train

NAME = "train"
_NO_FILE = ("imagenet", "random")
HELP = "train a network on the photos of a project"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("project", type=Path)
    parser.add_argument(
        "--preset", choices=sorted(PRESETS), help=f"{DEFAULT_PRESET.name} by default"
    )
    parser.add_argument("--epochs", type=int)
    parser.add_argument("--batch-size", type=int)
    parser.add_argument("--learning-rate", type=float)
    parser.add_argument(
        "--learning-rate-decay",
        type=float,
        help="after n epochs the rate is divided by 1 + n x this",
    )
    parser.add_argument(
        "--classification-weight", type=float, help="of the classification loss in the total"
    )
    parser.add_argument(
        "--dropout", type=float, help="share of the features left out, of a dense network"
    )
    parser.add_argument(
        "--falling-steps",
        type=int,
        help="steps over which the rate of a dense network falls to next to nothing; 0: it stays",
    )
    parser.add_argument("--hidden-units", type=int, help="in each head of the classic network")
    parser.add_argument(
        "--patience",
        type=int,
        help="end after so many epochs that brought nothing better; 0: never",
    )
    parser.add_argument("--input-size", type=int, metavar="PIXELS")
    parser.add_argument(
        "--magnification",
        type=float,
        help="how much larger the finished dense network takes photos, 1 to 2",
    )
    parser.add_argument("--seed", type=int)
    parser.add_argument(
        "--weights",
        metavar="imagenet|random|FILE",
        help="pretrained weights: fetched once (the default), none, or from a file",
    )

    parser.add_argument(
        "--resume",
        metavar="RUN",
        nargs="?",
        const="",
        help="go on with a training that was broken off: the newest one, or that run",
    )
    parser.add_argument(
        "--keep-learned",
        action="store_true",
        help="with --resume: learn no more, but make a model of the best epoch so far",
    )
    parser.add_argument(
        "--continue-from",
        metavar="RUN",
        help="begin with what that run has learned, such as after new photos;"
        " with its settings, except for those given here",
    )


def run(arguments: argparse.Namespace, console: Console) -> Json:
    # TensorFlow's own chatter would hide what matters to the user.
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    _check_usage(arguments)
    weights_file = _weights_file(arguments)
    watch = _Watch(console)
    with (
        Project.open(arguments.project) as project,
        interruptible(
            finishing="Finishing with the best so far", can_finish=lambda: watch.can_finish
        ) as stop,
        console.progress("Training") as watch.report,
    ):
        project.assign_missing_splits(watch.report, stop)
        _tell_problems(project, console, watch.report, stop)
        if arguments.resume is not None:
            broken = _broken_run(project, arguments.resume)
            go_on = keep_learned if arguments.keep_learned else resume
            result = go_on(project, broken, watch.on_event, stop, weights_file=weights_file)
        else:
            before = _run_named(project, arguments.continue_from)
            result = train(
                project,
                _settings(arguments, before),
                watch.on_event,
                stop,
                weights_file=weights_file,
                continued=before,
            )
    card = result.card()
    console.say(f"Model: {result.model_path}")
    if card["best_epoch"] is None:
        console.say("It was finished before an epoch brought anything better than a first model.")
    else:
        console.say(f"Best epoch {card['best_epoch']} of {card['epochs']}.")
    test = card[Split.TEST.value]
    if test["ap50"] is not None:
        console.say(f"On {test['photos']} test photos: AP50 {test['ap50']:.2f}.")
    return {"run": str(result.folder), **card}


def _tell_problems(project: Project, console: Console, report: Report, stop: StopToken) -> None:
    for problem in (*training_problems(project), *leak_problems(project, report, stop)):
        if not problem.blocking:
            console.warn(f"Note: {problem.what} {problem.remedy}")
    copies = read_set(project.augmented_folder)
    if copies is None:
        console.warn("Note: There are no copies: facegui augment makes the detector better.")
    elif not copies.is_current(project.samples(Split.TRAIN), copies.settings):
        console.warn(
            "Note: Photos or labels have changed since the copies were made:"
            " make them again with facegui augment."
        )


def _weights_file(arguments: argparse.Namespace) -> Path | None:
    return None if arguments.weights in (None, *_NO_FILE) else Path(arguments.weights)


def _run_named(project: Project, name: str | None) -> Run | None:
    """A complete run, by its name or folder."""
    if name is None:
        return None
    named = project.runs_folder / name
    return find_run(named if named.is_dir() else Path(name))


def _broken_run(project: Project, name: str) -> Run:
    """The run of that name, or the newest that can go on."""
    if name:
        return Run(project.runs_folder / Path(name).name)
    broken = [run for run in list_runs(project.runs_folder) if run.resumable]
    if not broken:
        raise UserError(
            "No training of this project was broken off.", "Start one without --resume."
        )
    return broken[-1]


def _changed(arguments: argparse.Namespace) -> dict[str, Any]:
    """The settings that the command line gives, but for the preset."""
    names = {item.name for item in fields(TrainSettings)} - {"preset", "weights"}
    given = {name: getattr(arguments, name, None) for name in names}
    changed = {name: value for name, value in given.items() if value is not None}
    if arguments.weights in _NO_FILE:
        changed["weights"] = arguments.weights
    return changed


def _check_usage(arguments: argparse.Namespace) -> None:
    """A training that goes on does so with the settings that it began with."""
    if arguments.keep_learned and arguments.resume is None:
        raise WrongUsageError(
            "What was learned is kept of a training that was broken off.",
            "Add --resume, or leave out --keep-learned to start a new training.",
        )
    given = set(_changed(arguments))
    given |= {name for name in ("preset", "continue_from") if getattr(arguments, name) is not None}
    if arguments.resume is not None and given:
        words = ", ".join(f"--{name.replace('_', '-')}" for name in sorted(given))
        raise WrongUsageError(
            "A training goes on with the settings that it began with.",
            f"Leave out {words}, or start a new training without --resume.",
        )


def _settings(arguments: argparse.Namespace, before: Run | None) -> TrainSettings:
    changed = _changed(arguments)
    try:
        if before is not None and arguments.preset is None:
            return replace(TrainSettings.from_json(before.settings()), **changed)
        return replace(find_preset(arguments.preset or DEFAULT_PRESET.name).settings, **changed)
    except ValueError as error:
        raise WrongUsageError(
            "This cannot be trained.", f"Choose another value: {error}."
        ) from error


class _Watch:
    """Shows a training on the terminal: a bar for each epoch, a line when it ends."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self.report: Report = ignore_progress
        self.can_finish = False

    def on_event(self, event: TrainEvent) -> None:
        self.can_finish |= can_be_finished(event)
        if isinstance(event, Progress):
            self.report(event)
        elif isinstance(event, BatchMetrics):
            text = f"Epoch {event.epoch} of {event.epochs}, loss {event.training.total:.4f}"
            self.report(Progress(event.batch, event.batches, text))
        elif isinstance(event, EpochMetrics):
            self._console.say(
                f"Epoch {event.epoch}: loss {event.training.total:.4f},"
                f" validation {event.validation.total:.4f}"
                f" (classification {event.validation.classification:.4f},"
                f" box {event.validation.box:.4f}), {event.seconds:.0f} s"
                f"{', best so far' if event.best else ''}"
            )
