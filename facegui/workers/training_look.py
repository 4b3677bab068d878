"""What the Train tab has to know of a project, found out in the background."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from facegui.core.leaks import leak_problems
from facegui.core.progress import StopToken
from facegui.core.project import Project
from facegui.core.readiness import Problem, training_problems
from facegui.core.runs import list_runs
from facegui.ml.estimating import (
    TYPICAL_STEP,
    StepTime,
    estimate_seconds,
    step_seconds,
    steps_of_runs,
)
from facegui.ml.presets import TrainSettings
from facegui.ml.training_data import training_pictures
from facegui.workers.set_look import SetLooker

_RUNS_LOOKED_AT = 20


@dataclass(frozen=True, slots=True)
class Estimate:
    """How long a training takes.

    Args:
        seconds: in all; less where it ends early.
        measured: whether earlier trainings on this computer say so.
    """

    seconds: float
    measured: bool


@dataclass(frozen=True, slots=True)
class TrainingLook:
    """Whether and on what can be trained.

    Args:
        photos: how many the project has.
        problems: what is in the way, blocking ones first.
        pictures: how many would be learned from.
        copies: whether those are augmented copies.
        outdated: whether copies of other photos or labels lie about.
        steps: how long a step took in earlier runs, newest first.
    """

    photos: int
    problems: tuple[Problem, ...]
    pictures: int
    copies: bool
    outdated: bool
    steps: tuple[StepTime, ...]

    @property
    def blocking(self) -> Problem | None:
        return next((problem for problem in self.problems if problem.blocking), None)

    def estimate(self, settings: TrainSettings) -> Estimate | None:
        """None where nothing is known of that preset, or there is nothing to learn from."""
        if not self.pictures:
            return None
        for known, measured in ((self.steps, True), ((TYPICAL_STEP,), False)):
            step_s = step_seconds(settings, known)
            if step_s is not None:
                return Estimate(estimate_seconds(settings, self.pictures, step_s), measured)
        return None


class TrainingLooker:
    """Looks at projects. For one thread."""

    def __init__(self) -> None:
        self._sets = SetLooker()

    def look(
        self, project: Project, assign: bool, report: Callable[[object], None], stop: StopToken
    ) -> TrainingLook:
        """Looks at the project; see `SetLooker.look`."""
        seen = self._sets.look(project, assign, report, stop)
        problems = training_problems(project)
        if assign:  # else nobody waits for what may take its time
            problems += leak_problems(project, stop=stop)
        stop.raise_if_cancelled()
        made = seen.made
        if made is None:
            pictures = len(seen.training)
        elif seen.of_these_photos and not made.skipped:
            pictures = len(made.samples)
        else:
            pictures = len(training_pictures(project))
        runs = list_runs(project.runs_folder)[-_RUNS_LOOKED_AT:]
        return TrainingLook(
            photos=seen.photos,
            problems=problems,
            pictures=pictures,
            copies=made is not None,
            outdated=made is not None and not seen.of_these_photos,
            steps=steps_of_runs(reversed(runs)),
        )
