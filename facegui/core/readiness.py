"""What stands in the way of a good training, said before it starts."""

from __future__ import annotations

from dataclasses import dataclass

from facegui.core.photo_library import PhotoState
from facegui.core.project import Project
from facegui.core.splits import Split

FEWEST_PHOTOS = 8
"""Labelled photos below which no training is tried."""

ENOUGH_PHOTOS = 50
"""Labelled photos below which the result is doubtful (the tutorial takes 90)."""


@dataclass(frozen=True, slots=True)
class Problem:
    """Something that makes training impossible (`blocking`) or its result doubtful."""

    what: str
    remedy: str
    blocking: bool


def training_problems(project: Project) -> tuple[Problem, ...]:
    """Everything that is wrong with the photos and labels of a project, worst first.

    Looks at the splits as they are: call `Project.assign_missing_splits` before.
    """
    if not project.photos:
        return (Problem("The project has no photos.", "Take or import photos first.", True),)
    labelled = project.samples()
    if not labelled:
        return (Problem("No photo has a label yet.", "Mark the faces in your photos first.", True),)
    problems = []
    if len(labelled) < FEWEST_PHOTOS:
        problems.append(
            Problem(
                f"Only {_count(len(labelled), 'photo')} labelled; {FEWEST_PHOTOS} are the fewest.",
                "Take and label more photos.",
                True,
            )
        )
    problems += _split_problems(project)
    problems += _label_problems(project)
    if FEWEST_PHOTOS <= len(labelled) < ENOUGH_PHOTOS:
        problems.append(
            Problem(
                f"{len(labelled)} labelled photos are few.",
                f"With {ENOUGH_PHOTOS} or more, from different places and in different light,"
                " the detector gets much better.",
                False,
            )
        )
    return tuple(sorted(problems, key=lambda problem: not problem.blocking))


def _split_problems(project: Project) -> list[Problem]:
    problems = []
    words = {Split.TRAIN: "training", Split.VALIDATION: "validation", Split.TEST: "test"}
    for split, word in words.items():
        samples = project.samples(split)
        blocking = split is not Split.TEST
        if not samples:
            problems.append(Problem(f"There are no {word} photos.", "Label more photos.", blocking))
        elif not any(sample.boxes for sample in samples):
            problems.append(
                Problem(f"No {word} photo shows a face.", "Label more photos with faces.", blocking)
            )
    if all(sample.boxes for sample in project.samples(Split.TRAIN)):
        problems.append(
            Problem(
                "No training photo is without a face.",
                'Take some of the empty room and label them "no face": the detector'
                " learns from them what is not a face.",
                False,
            )
        )
    return problems


def _label_problems(project: Project) -> list[Problem]:
    problems = []
    broken = project.broken_labels()
    if broken:
        names = ", ".join(photo.name for photo, _ in broken[:3])
        problems.append(
            Problem(
                f"{_count(len(broken), 'label file')} cannot be read ({names}); left out.",
                "Label these photos again.",
                False,
            )
        )
    missing = sum(project.state(photo) is PhotoState.UNLABELLED for photo in project.photos)
    if missing:
        problems.append(
            Problem(
                f"{_count(missing, 'photo')} without a label yet; left out.",
                'Mark their faces, or say "no face".',
                False,
            )
        )
    return problems


def _count(number: int, thing: str) -> str:
    return f"{number} {thing}" if number == 1 else f"{number} {thing}s"
