"""Which photos a run learned from and was judged by: kept in its folder as `photos.json`."""

from __future__ import annotations

import json
import shutil
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from facegui.core.errors import UserError
from facegui.core.files import write_json
from facegui.core.project import Project
from facegui.core.runs import CARD_NAME, CONTINUED_KEY, Run
from facegui.core.splits import Split

PHOTOS_NAME = "photos.json"

_Known = tuple[str, str | None]
"""A photo that a network knows: its name and its session."""


@dataclass(frozen=True, slots=True)
class RunPhoto:
    """A photo as it was when a run began.

    Args:
        split: what it was used for.
        session: the session it was taken in.
        people: who the user had noted to be in it.
    """

    split: Split
    session: str | None
    people: tuple[str, ...]


def write_run_photos(folder: Path, project: Project, continued: Run | None = None) -> None:
    """Writes down which photos a run that begins now is given.

    Args:
        folder: of the run.
        project: that it belongs to.
        continued: the run whose network it begins with: what that knows it knows, too.

    Raises:
        OSError: when the file cannot be written.
    """
    sessions = project.sessions
    photos = {}
    for sample in project.samples():
        record = project.record(sample.photo.name)
        if record.split is not None:
            session = sessions.get(record.session or "")
            photos[sample.photo.name] = {
                "split": record.split.value,
                "session": record.session,
                "people": list(session.people) if session else [],
            }
    before = _known(continued) if continued is not None else set()
    known_before = [{"name": one, "session": session} for one, session in sorted(before, key=str)]
    write_json(folder / PHOTOS_NAME, {"photos": photos, "known_before": known_before})


def read_run_photos(run: Run) -> dict[str, RunPhoto] | None:
    """The photos of a run by name; None where that is not known, as with old runs."""
    try:
        document = json.loads((run.folder / PHOTOS_NAME).read_text("utf-8"))
        return {
            name: RunPhoto(Split(photo["split"]), photo["session"], tuple(photo["people"]))
            for name, photo in document["photos"].items()
        }
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


def known_photos(run: Run, project: Project) -> frozenset[str]:
    """Names of the photos that are no test for a run: it, or a run that it continues, learned
    from them or was chosen by them. Empty where that is not known."""
    return _names_in(project, _known(run))


def learned_photos(run: Run, project: Project) -> frozenset[str]:
    """Those that it learned from, or that a run before it knew."""
    return _names_in(project, _learned(run))


def _names_in(project: Project, known: Iterable[_Known]) -> frozenset[str]:
    """Without those that another photo has by now: names are used again, in other sessions.

    Where a session is not known, the name alone counts.
    """
    sessions = defaultdict(set)
    for name, session in known:
        sessions[name].add(session)
    return frozenset(
        name
        for name, known_in in sessions.items()
        if (now := project.record(name).session) is None or known_in & {now, None}
    )


def _known(run: Run) -> set[_Known]:
    return _learned(run) | _in_split(run, Split.VALIDATION)


def _learned(run: Run) -> set[_Known]:
    return _in_split(run, Split.TRAIN) | _known_before(run)


def _in_split(run: Run, split: Split) -> set[_Known]:
    photos = read_run_photos(run) or {}
    return {(name, photo.session) for name, photo in photos.items() if photo.split is split}


def _known_before(run: Run) -> set[_Known]:
    try:
        document = json.loads((run.folder / PHOTOS_NAME).read_text("utf-8"))
        return {
            (photo, None) if isinstance(photo, str) else (photo["name"], photo["session"])
            for photo in document["known_before"]  # names alone, in runs of earlier versions
        }
    except (OSError, ValueError, KeyError, TypeError):
        return set()


def forget_person(run: Run, name: str) -> None:
    """Takes somebody's name out of what a run keeps, and pictures of mistakes with it.

    Which photos it learned from stays known: the model still knows them.

    Raises:
        OSError: when a file cannot be changed.
    """
    for folder in run.folder.glob("*evaluation*"):  # one may be half written
        shutil.rmtree(folder)
    for path, parts in (
        (run.folder / PHOTOS_NAME, lambda document: document["photos"].values()),
        (run.folder / CARD_NAME, lambda document: [document["tested_on"]]),
    ):
        try:
            document = json.loads(path.read_text("utf-8"))
            named = [part for part in parts(document) if name in part["people"]]
        except (FileNotFoundError, ValueError, KeyError, TypeError, AttributeError):
            continue
        for part in named:
            part["people"] = [other for other in part["people"] if other != name]
        if named:
            write_json(path, document)


def runs_with(runs: tuple[Run, ...], names: set[str], sessions: set[str]) -> tuple[Run, ...]:
    """The runs that learned from any of these photos or sessions, or may have.

    A run of which nothing is known may have, and one that began with the network of such
    a run, or of one that is not there any more.

    Args:
        runs: of a project, oldest first.
        names: of photos; they count for photos that were of no session then, for names
            are used again.
        sessions: their keys.
    """
    found: list[Run] = []
    unrelated: set[str] = set()
    for run in runs:
        photos = read_run_photos(run)
        if (
            photos is None
            or _began_with(run) not in (None, *unrelated)
            or any(
                photo.split is not Split.TEST
                and (photo.session in sessions or (photo.session is None and name in names))
                for name, photo in photos.items()
            )
        ):
            found.append(run)
        else:
            unrelated.add(run.name)
    return tuple(found)


def _began_with(run: Run) -> str | None:
    """The name of the run whose network it began with; empty where its settings are damaged."""
    try:
        return run.settings().get(CONTINUED_KEY)
    except UserError:
        return ""
