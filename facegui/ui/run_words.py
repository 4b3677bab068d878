"""A run's result in words and figures that need no explanation beside their own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from facegui.core.runs import Run
from facegui.core.splits import Split
from facegui.ml.presets import PRESETS


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure of a result.

    Args:
        name: as the field calls it.
        value: as text.
        sentence: what it means.
        doubt: between what it may lie where few photos were judged; or empty.
        basis: on how many photos it was measured; or empty.
    """

    name: str
    value: str
    sentence: str
    doubt: str = ""
    basis: str = ""


_FIGURES = (
    ("ap50", "AP50", "How well faces are found, however sure the network is. 1 is perfect."),
    ("ap75", "AP75", "The same, where a box has to fit closely to count."),
    ("ap50_95", "AP50:95", "The mean over ten such demands, from loose to very close."),
    ("mean_iou", "Mean IoU", "How much of a face and its box overlap, on average."),
    ("precision", "Precision", "Of all that it took for a face: how much was one."),
    ("recall", "Recall", "Of all faces: how many it found."),
)


def when(run: Run) -> str:
    """The date of a run, such as "23 Nov, 10:20"."""
    if run.started is None:
        return ""
    year = "" if run.started.year == datetime.now().year else f" {run.started.year}"
    return f"{run.started.day} {run.started:%b}{year}, {run.started:%H:%M}"


def title_of(run: Run) -> str:
    """The title that the user gave a run, or else its date."""
    return run.title if run.title != run.name else when(run) or run.name


def preset_title(card: Mapping[str, Any]) -> str:
    name = str(card.get("preset", ""))
    return PRESETS[name].title if name in PRESETS else name.capitalize()


def test_scores(card: Mapping[str, Any]) -> Mapping[str, Any]:
    """The figures on test photos; empty where the card has none."""
    scores = card.get(Split.TEST.value)
    return scores if isinstance(scores, Mapping) else {}


def result_sentence(card: Mapping[str, Any]) -> str:
    """What a child understands."""
    scores = test_scores(card)
    faces, missed = int(scores.get("faces") or 0), int(scores.get("missed") or 0)
    if not faces:
        return "No test photo shows a face, so nobody can say yet how good your detector is."
    if faces == 1:
        found = "found the only face" if not missed else "missed the only face"
        return f"Your detector {found} in photos that it had never seen."
    return (
        f"Your detector found {faces - missed} of {faces} faces in photos that it had never seen."
    )


def broken_sentence(run: Run, epochs: int) -> str:
    """Of a training that did not end, how far it was.

    Args:
        run: that has no model.
        epochs: that it did.
    """
    if not run.resumable and run.has_model:
        return "This training was broken off; its first model can be tried in the Detect step."
    if not run.resumable:
        return "This training was broken off before anything of it could be kept."
    return f"The training of {when(run) or run.name} was broken off in epoch {epochs + 1}."


def further_sentence(card: Mapping[str, Any]) -> str:
    """What it took for a face that is none."""
    scores = test_scores(card)
    alarms, empty = int(scores.get("false_alarms") or 0), int(scores.get("no_face_photos") or 0)
    times = {0: "It took nothing else for a face.", 1: "Once it took something else for a face."}
    sentences = [times.get(alarms, f"{alarms} times it took something else for a face.")]
    if empty:
        right = int(scores.get("no_face_correct") or 0)
        sentences.append(f"On {right} of {empty} photos without a face it rightly found none.")
    return " ".join(sentences)


def figures(card: Mapping[str, Any]) -> tuple[Figure, ...]:
    """The figures on test photos, the most telling first."""
    scores = test_scores(card)
    intervals = scores.get("intervals") or {}
    return tuple(
        Figure(name, number(scores.get(key)), sentence, _interval(intervals.get(key)), basis(card))
        for key, name, sentence in _FIGURES
    )


def basis(card: Mapping[str, Any]) -> str:
    """On how many photos the figures were measured; empty where that is not known."""
    scores = test_scores(card)
    if "photos" not in scores:
        return ""
    return f"Measured on {scores['photos']} photos with {scores.get('faces', 0)} faces."


def number(value: Any) -> str:
    """With two digits; a dash where it cannot be said."""
    return f"{value:.2f}" if isinstance(value, int | float) else "\N{EN DASH}"


def duration(seconds: float) -> str:
    """Exactly enough: "45 s", "3 min", "7.7 h"."""
    if seconds < 100:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 100 * 60 else f"{seconds / 3600:.1f} h"


def doubt_sentence(card: Mapping[str, Any]) -> str:
    """How far the most telling figure can be trusted: on how many photos it was measured, and
    what that means where they are few."""
    scores = test_scores(card)
    interval = _interval((scores.get("intervals") or {}).get("ap50"))
    if not interval:
        return basis(card)
    if len(set(interval.split(" to "))) == 1:  # so few that the interval knows of no doubt
        return f"Measured on {scores.get('photos')} photos only: more test photos make it surer."
    return (
        f"Measured on {scores.get('photos')} photos only: on others AP50 may well be {interval}."
        " More test photos make it surer."
    )


def honesty_sentence(card: Mapping[str, Any]) -> str:
    """What the test photos had to do with the training photos; empty where that is not known."""
    tested = card.get("tested_on")
    if not isinstance(tested, Mapping) or not tested.get("photos"):
        return ""
    photos, same = int(tested["photos"]), int(tested.get("same_session") or 0)
    copies, sessions = int(tested.get("near_copies") or 0), int(tested.get("sessions") or 0)
    people = tuple(tested.get("people") or ())
    if same == photos:
        where = "All test photos are from sessions that it learned from, too"
    elif same:
        where = f"{same} of {photos} test photos are from sessions that it learned from, too"
    else:
        where = "No test photo is from a session that it learned from"
    sentences = [f"{where}: elsewhere it may do worse." if same else f"{where}: an honest test."]
    left_out = int(tested.get("left_out") or 0)
    if left_out:
        sentences.append(
            f"{left_out} more {'was' if left_out == 1 else 'were'} left out: it had learned from"
            f" {'it' if left_out == 1 else 'them'} before."
        )
    if copies:
        are = "is a near-copy" if copies == 1 else "are near-copies"
        sentences.append(f"{copies} of them {are} of training photos: the figures flatter.")
    if sessions == 1:
        sentences.append("All faces are from one session, so probably of one person.")
    elif len(people) == 1 and tested.get("unnoted") == 0:
        sentences.append(f"The photos show {people[0]} only: of other people it will miss many.")
    return " ".join(sentences)


def _interval(interval: Any) -> str:
    if not isinstance(interval, list | tuple) or len(interval) != 2:
        return ""
    low, high = (number(value) for value in interval)
    return f"{low} to {high}"
