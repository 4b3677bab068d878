"""What the Train tab says beside its pictures."""

from __future__ import annotations

from facegui.core.project import Project
from facegui.ml.presets import TrainSettings
from facegui.workers.training_look import TrainingLook

FINISHING = "It is finishing: it makes a detector of what it has learned so far, and tests it."
NOTHING_TO_KEEP = "There is nothing to keep yet: it has not looked at enough photos."

_WHAT_IS_SEEN = (
    "A loss says how wrong the network is: the lower, the better. Dashed: on the pictures that it"
    " learns from. Solid: on validation photos, that it does not learn from.\n\n"
    "Once the solid curve falls no more, there is nothing left to learn. The best epoch, with the"
    " star, is the one that is kept."
)


def message_in_words(
    project: Project | None, seen: TrainingLook | None, settings: TrainSettings, has_runs: bool
) -> tuple[str, str]:
    """What stands where no run is shown: how things are, and what to do."""
    if project is None:
        return "No project is open.", ""
    if seen is None:
        return "Looking at the photos", ""
    if seen.blocking is not None:
        return seen.blocking.what, seen.blocking.remedy
    if has_runs:
        return "No run is chosen.", "Choose one at the right, or start another."
    kind = "augmented copies" if seen.copies else "photos"
    return (
        f"Ready to learn from {seen.learned_from(settings):,} {kind}.",
        "Press Start and watch: the curves fall while the network learns what a face is.",
    )


def notes_in_words(seen: TrainingLook | None, settings: TrainSettings, training: bool) -> str:
    """What is worth knowing before a training, or what is seen while one runs."""
    if training:
        return _WHAT_IS_SEEN
    if seen is None:
        return ""
    notes = []
    if not seen.copies and seen.pictures:
        notes.append("There are no augmented copies: the Augment step makes the detector better.")
    elif seen.outdated:
        notes.append(
            "Photos or labels have changed since the copies were made: make them again in"
            " the Augment step."
        )
    learned_from = seen.learned_from(settings)
    if learned_from < seen.pictures:
        notes.append(
            f"Of the {seen.pictures:,} pictures, {learned_from:,} are learned from: at"
            f" {settings.input_size} pixels there is room for no more."
        )
    notes += [f"{p.what} {p.remedy}" for p in seen.problems if not p.blocking]
    return "\n\n".join(notes)
