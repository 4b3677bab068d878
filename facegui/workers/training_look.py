"""What the Train tab has to know of a project, found out in the background."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from facegui.core.leaks import leak_problems
from facegui.core.progress import StopToken
from facegui.core.project import Project
from facegui.core.readiness import Problem, training_problems
from facegui.ml.estimating import PACE_NAME, Pace, ToldBy, read_pace
from facegui.ml.features import FEATURES_FOLDER, kept_features, most_pictures
from facegui.ml.presets import TrainSettings
from facegui.ml.training_data import training_pictures
from facegui.ml.weights import default_weights_folder
from facegui.workers.set_look import SetLooker
from facegui.workers.thumbnails import changed_ns


@dataclass(frozen=True, slots=True)
class Estimate:
    """How long a training takes.

    Args:
        seconds: in all; less where it ends early.
        told_by: what says so.
    """

    seconds: float
    told_by: ToldBy


@dataclass(frozen=True, slots=True)
class TrainingLook:
    """Whether and on what can be trained.

    Args:
        photos: how many the project has.
        problems: what is in the way, blocking ones first.
        pictures: how many would be learned from.
        copies: whether those are augmented copies.
        outdated: whether copies of other photos or labels lie about.
        pace: how fast this computer is; None: nobody has waited for that yet.
        kept: for how many of the pictures features are kept, by input size.
    """

    photos: int
    problems: tuple[Problem, ...]
    pictures: int
    copies: bool
    outdated: bool
    pace: Pace | None
    kept: Mapping[int, int]

    @property
    def blocking(self) -> Problem | None:
        return next((problem for problem in self.problems if problem.blocking), None)

    def learned_from(self, settings: TrainSettings) -> int:
        """How many of the pictures are learned from: large ones may be too many to keep."""
        if settings.network != "dense":
            return self.pictures
        return min(self.pictures, most_pictures(settings.input_size))

    def estimate(self, settings: TrainSettings) -> Estimate | None:
        """None where there is nothing to learn from, or the pace is not known."""
        if not self.pictures or self.pace is None:
            return None
        kept = self.kept.get(settings.input_size, 0) if settings.network == "dense" else 0
        seconds = self.pace.estimate_seconds(settings, self.learned_from(settings), kept)
        return Estimate(seconds, self.pace.basis(settings))


class TrainingLooker:
    """Looks at projects. For one thread."""

    def __init__(self) -> None:
        self._sets = SetLooker()
        self._pace: tuple[object, Pace] | None = None

    def look(
        self, project: Project, assign: bool, report: Callable[[object], None], stop: StopToken
    ) -> TrainingLook:
        """Looks at the project; see `SetLooker.look`.

        Where nobody waits for it, not `assign`, what takes its time is left out: the pace and
        the leaks. Else a look without leaks is reported first.
        """
        seen = self._sets.look(project, assign, report, stop)
        stop.raise_if_cancelled()
        made = seen.made
        if made is None:
            pictures = len(seen.training)
        elif seen.of_these_photos and not made.skipped:
            pictures = len(made.samples)
        else:
            pictures = len(training_pictures(project))
        stop.raise_if_cancelled()
        pace = self._pace_now() if assign else None
        digests = [copy.digest for copy in made.samples] if made is not None else []
        features = project.cache_folder / FEATURES_FOLDER
        found = TrainingLook(
            photos=seen.photos,
            problems=training_problems(project),
            pictures=pictures,
            copies=made is not None,
            outdated=made is not None and not seen.of_these_photos,
            pace=pace,
            kept={
                size: kept_features(features, key, digests)
                for size, key in (pace.keys if pace is not None else ())
            },
        )
        if not assign:
            return found
        report(found)
        return replace(found, problems=found.problems + leak_problems(project, stop=stop))

    def _pace_now(self) -> Pace:
        """Read once; what trainings and trials remember meanwhile counts at once."""
        folder = default_weights_folder()
        changed = changed_ns(folder / PACE_NAME)
        if self._pace is None or self._pace[0] != changed:
            self._pace = changed, read_pace(folder)
        return self._pace[1]
