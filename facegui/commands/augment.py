"""facegui augment PROJECT"""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path

from facegui.commands.console import Console, Json, interruptible
from facegui.commands.numbers import WrongUsageError
from facegui.core.augmentation_settings import PRESETS, SETTINGS_KEY, AugmentationSettings
from facegui.core.augmenter import augment_set
from facegui.core.project import Project
from facegui.core.splits import Split

NAME = "augment"
HELP = "make varied copies of the training photos"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("project", type=Path)
    parser.add_argument("--copies", type=int, help="of each training photo")
    parser.add_argument("--seed", type=int, help="another seed, other copies")
    parser.add_argument(
        "--preset", choices=[preset.name for preset in PRESETS], help="how strongly they vary"
    )


def run(arguments: argparse.Namespace, console: Console) -> Json:
    with Project.open(arguments.project) as project:
        settings = _settings(arguments, project)
        with interruptible() as stop, console.progress("Augmenting") as report:
            project.assign_missing_splits(report, stop)
            samples = project.samples(Split.TRAIN)
            made = augment_set(samples, project.augmented_folder, settings, report, stop)
        project.save_settings(SETTINGS_KEY, settings.to_json())
    faces = sum(len(copy.boxes) for copy in made.samples)
    without = sum(not copy.boxes for copy in made.samples)
    photos = len(made.sources) - len(made.skipped)
    console.say(
        f"{len(made.samples)} copies of {photos} training photos:"
        f" {faces} faces, {without} copies without a face."
    )
    for photo in made.skipped:
        console.warn(f"Left out: {photo.name}: {photo.reason}")
    console.say(f"Next: facegui train {arguments.project}")
    return {
        "copies": len(made.samples),
        "photos": photos,
        "faces": faces,
        "without_face": without,
        "skipped": [{"name": photo.name, "reason": photo.reason} for photo in made.skipped],
        "settings": settings.to_json(),
    }


def _settings(arguments: argparse.Namespace, project: Project) -> AugmentationSettings:
    """The project's own settings, or a preset's, with what the command line says."""
    changed = {"copies": arguments.copies, "seed": arguments.seed}
    changed = {name: value for name, value in changed.items() if value is not None}
    try:
        if arguments.preset:
            settings = next(item.settings for item in PRESETS if item.name == arguments.preset)
        else:
            settings = AugmentationSettings.from_json(project.settings(SETTINGS_KEY))
        return replace(settings, **changed)
    except ValueError as error:
        raise WrongUsageError(
            "No copies can be made so.", f"Choose another value: {error}."
        ) from error
