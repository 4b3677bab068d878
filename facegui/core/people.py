"""Who is in the photos, as far as the user noted it, and how somebody is deleted everywhere."""

from __future__ import annotations

import logging
import shutil
from dataclasses import dataclass

from facegui.core import trash
from facegui.core.augmented_set import leftovers_of
from facegui.core.errors import UserError, disk_error
from facegui.core.files import remove_leftovers, stem_key
from facegui.core.photo_library import Photo
from facegui.core.project import Project
from facegui.core.run_photos import forget_person, runs_with
from facegui.core.runs import Run, list_runs, trashed_runs
from facegui.core.thumbnail_cache import FOLDER_NAME, prune_thumbnails

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


def names_in(text: str) -> tuple[str, ...]:
    """The names that somebody typed, with commas between, each once."""
    names = (" ".join(part.split()) for part in text.split(","))
    return tuple(dict.fromkeys(name for name in names if name))


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
    sessions = set(person.sessions)
    names = {name for name, record in project.records.items() if record.session in sessions}
    return runs_with(list_runs(project.runs_folder), names, sessions)


def delete_person(project: Project, person: Person) -> Deleted:
    """Deletes all photos of somebody's sessions for good, with everything made of them.

    Photos, labels, drafts, what lies in the trash, augmented copies, thumbnails, cached
    features, and in all runs, those in the trash too, the name and the pictures of
    mistakes. Runs themselves stay: a model cannot unlearn; they are told of.

    Raises:
        UserError: when something cannot be deleted; doing it again completes it.
    """
    runs = runs_that_learned_from(project, person)
    sessions = set(person.sessions)
    photos = [p for p in project.photos if project.record(p.name).session in sessions]
    stems = _stems_of(project, photos, sessions)
    try:
        if photos:
            project.delete(photos)
        _delete_labels_without_photo(project, sessions, stems)
        deleted = _empty_trash_of(project, sessions, stems)
        # Last what is made of photos: nothing can be made of them any more.
        copies = _forget_what_was_made(project)
        for run in (*list_runs(project.runs_folder), *trashed_runs(project.trash_folder)):
            forget_person(run, person.name)
        project.forget_sessions(sessions)
    except OSError as error:
        raise disk_error(error, f"deleting the photos of {person.name}") from error
    log.info("deleted %d photos of a person", deleted)
    gone = tuple(sorted(photo.name for photo in photos))
    return Deleted(gone, deleted - len(gone), copies, runs)


def _stems_of(project: Project, photos: list[Photo], sessions: set[str]) -> set[str]:
    """What stands for these sessions where only a label's name is known.

    Names are used again: one that somebody else's photo has by now does not count.

    Args:
        project: that they belong to.
        photos: of these sessions that are there.
        sessions: their keys.
    """
    theirs: set[str] = set()
    others: set[str] = set()
    for name, record in project.records.items():
        (theirs if record.session in sessions else others).add(stem_key(name))
    return (theirs - others) | {stem_key(photo.name) for photo in photos}


def _delete_labels_without_photo(project: Project, sessions: set[str], stems: set[str]) -> None:
    """Another program may have removed a photo and left its label."""
    here = {stem_key(photo.name) for photo in project.photos}
    for name, record in project.records.items():
        if record.session in sessions and stem_key(name) in stems - here:
            photo = Photo(name, project.photos_folder / name)
            project.label_path(photo).unlink(missing_ok=True)
            project.drafts.remove_draft(photo)


def _empty_trash_of(project: Project, sessions: set[str], stems: set[str]) -> int:
    """Deletes what the trash holds of these sessions, and what it cannot say of.

    An entry knows its own photos; labels that were thrown away alone go by their name.

    Args:
        project: whose trash it is.
        sessions: their keys.
        stems: what labels of theirs are called.

    Returns:
        How many photos were deleted.
    """
    count = 0
    for entry in trash.entries(project.trash_folder):
        try:
            records = trash.records_of(entry)
        except UserError:
            log.warning("%s cannot be read and is deleted as a whole", entry.folder)
            shutil.rmtree(entry.folder)
            continue
        own = {stem_key(n) for n, record in records.items() if record.session in sessions}
        theirs = own | (stems - {stem_key(name) for name in records})
        for part in trash.PARTS:
            folder = entry.folder / part
            for path in list(folder.iterdir()) if folder.is_dir() else ():
                if stem_key(path.name) in theirs:
                    path.unlink()
                    count += part == "photos"
        trash.remove_where_empty(entry)
    return count


def _forget_what_was_made(project: Project) -> bool:
    """Augmented copies, features, thumbnails and facts; all of it can be made again."""
    copies = any(project.augmented_folder.rglob("*.jpg"))
    # First what lies beside the set: it would take the place of a set that is gone.
    for leftover in leftovers_of(project.augmented_folder):
        shutil.rmtree(leftover)
    for folder in (project.augmented_folder, project.cache_folder):
        for path in list(folder.iterdir()) if folder.is_dir() else ():
            if path.name == FOLDER_NAME and path.parent == project.cache_folder:
                for size in path.iterdir():
                    remove_leftovers(size)
                prune_thumbnails(path, {photo.name for photo in project.photos})
            elif path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink()
    project.facts.forget()
    return copies
