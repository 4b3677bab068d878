"""Who is in the photos, as far as the user noted it, and how somebody is deleted everywhere."""

from __future__ import annotations

import json
import logging
import shutil
from dataclasses import dataclass
from pathlib import Path

from facegui.core import trash
from facegui.core.errors import disk_error
from facegui.core.photo_library import Photo
from facegui.core.project import Project
from facegui.core.run_photos import forget_person, runs_with
from facegui.core.runs import Run, list_runs
from facegui.core.thumbnail_cache import FOLDER_NAME, forget_thumbnails

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who is in photos.

    Args:
        name: as the user noted it.
        sessions: keys of the sessions that they are in.
        photos: names of all photos of those sessions.
        shared: how many of them are of sessions that others are in, too.
    """

    name: str
    sessions: tuple[str, ...]
    photos: tuple[str, ...]
    shared: int


@dataclass(frozen=True, slots=True)
class Deleted:
    """What was deleted for good.

    Args:
        photos: names of the photos, with their labels.
        from_trash: how many photos more lay in the trash.
        copies: whether the augmented copies were deleted; they can be made again.
        runs: that learned from these photos, or may have: they are still there.
    """

    photos: tuple[str, ...]
    from_trash: int
    copies: bool
    runs: tuple[Run, ...]


def people_of(project: Project) -> tuple[Person, ...]:
    """Everybody who is noted in a session, by name."""
    sessions = project.sessions
    by_session: dict[str, list[str]] = {}
    for photo in project.photos:
        by_session.setdefault(project.record(photo.name).session or "", []).append(photo.name)
    names = sorted({name for session in sessions.values() for name in session.people})
    people = []
    for name in names:
        keys = tuple(sorted(key for key, session in sessions.items() if name in session.people))
        photos = [photo for key in keys for photo in by_session.get(key, ())]
        shared = sum(len(by_session.get(k, ())) for k in keys if len(sessions[k].people) > 1)
        people.append(Person(name, keys, tuple(sorted(photos)), shared))
    return tuple(people)


def runs_that_learned_from(project: Project, person: Person) -> tuple[Run, ...]:
    """The runs whose model knows this person, or may."""
    runs = list_runs(project.runs_folder)
    return runs_with(runs, set(person.photos), set(person.sessions))


def delete_person(project: Project, person: Person) -> Deleted:
    """Deletes all photos of somebody's sessions for good, with everything made of them.

    Photos, labels, drafts, what lies in the trash, augmented copies, thumbnails, cached
    features, and in runs the name and the pictures of mistakes. Runs themselves stay: a
    model cannot unlearn; they are told of.

    Raises:
        UserError: when something cannot be deleted; doing it again completes it.
    """
    runs = runs_that_learned_from(project, person)
    names = set(person.photos)
    photos = [photo for photo in project.photos if photo.name in names]
    try:
        from_trash = _empty_trash_of(project, set(person.sessions))
        copies = _forget_what_was_made(project, names)
        if photos:
            entry = project.delete(photos)
            shutil.rmtree(entry.folder)
        project.forget_sessions(person.sessions)
        for run in runs:
            forget_person(run, person.name)
    except OSError as error:
        raise disk_error(error, f"deleting the photos of {person.name}") from error
    log.info("deleted %d photos of a person", len(photos))
    return Deleted(_names(photos), from_trash, copies, runs)


def _names(photos: list[Photo]) -> tuple[str, ...]:
    return tuple(sorted(photo.name for photo in photos))


def _empty_trash_of(project: Project, sessions: set[str]) -> int:
    """Deletes what the trash holds of these sessions, and what it cannot say of."""
    count = 0
    for entry in trash.entries(project.trash_folder):
        try:
            records = json.loads((entry.folder / trash.ENTRY_NAME).read_text("utf-8"))["photos"]
            theirs = [name for name, fields in records.items() if fields.get("session") in sessions]
        except (ValueError, KeyError, TypeError, AttributeError):
            log.warning("%s cannot be read and is deleted as a whole", entry.folder)
            shutil.rmtree(entry.folder)
            continue
        for name in theirs:
            count += (entry.folder / "photos" / name).exists()
            for path in (
                entry.folder / "photos" / name,
                entry.folder / "labels" / f"{Path(name).stem}.json",
            ):
                path.unlink(missing_ok=True)
    return count


def _forget_what_was_made(project: Project, names: set[str]) -> bool:
    """Augmented copies, features, thumbnails and facts; all of it can be made again."""
    copies = any(project.augmented_folder.rglob("*.jpg"))
    for folder in (project.augmented_folder, project.cache_folder):
        for path in list(folder.iterdir()) if folder.is_dir() else ():
            if path.name == FOLDER_NAME and path.parent == project.cache_folder:
                for size in path.iterdir():
                    forget_thumbnails(size, names)
            elif path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink()
    project.facts.forget()
    return copies
