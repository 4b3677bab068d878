"""What the user deleted: kept, and given back, until the trash is emptied."""

from __future__ import annotations

import contextlib
import json
import logging
import os
import shutil
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from facegui.core.errors import UserError
from facegui.core.files import free_name, stem_key, stems_in
from facegui.core.photo_library import copy_label
from facegui.core.progress import StopToken
from facegui.core.project_index import PhotoRecord, record_from_json
from facegui.core.trash_entry import ENTRY_NAME as ENTRY_NAME
from facegui.core.trash_entry import PARTS as PARTS
from facegui.core.trash_entry import TrashEntry as TrashEntry
from facegui.core.trash_entry import new_entry, write_entry

log = logging.getLogger(__name__)


def throw_away(
    trash_folder: Path,
    pairs: Sequence[tuple[Path | None, Path]],
    records: Mapping[str, PhotoRecord],
) -> TrashEntry:
    """Moves photos and label files into a new entry of the trash.

    The list of what belongs together is written first, and labels go before
    their photos: after a kill everything is in the project or in the entry.
    What another program removed meanwhile is passed over.

    Args:
        trash_folder: on the same disk as the files.
        pairs: photo, or None for a label alone, and label file, which need not exist.
        records: what the project remembers of each photo, by name.

    Raises:
        OSError: when something cannot be moved; everything is where it was then, but for
            what cannot be moved back either: that is safe in the entry.
    """
    entry = new_entry(trash_folder, records)
    moved: list[list[tuple[Path, Path]]] = []
    try:
        for photo, label in pairs:
            moved.append([])
            for path, part in ((label, "labels"), (photo, "photos")):
                if path is not None and path.exists():
                    thrown = entry.folder / part / path.name
                    path.replace(thrown)
                    moved[-1].append((path, thrown))
    except OSError:
        for pair in reversed(moved):
            with contextlib.suppress(OSError):  # a label stays with a photo that stays
                for path, thrown in reversed(pair):
                    thrown.replace(path)
        remove_where_empty(entry)
        raise
    return entry


def throw_label(entry: TrashEntry, label: Path) -> None:
    """Moves a label file alone into an entry; raises `OSError` where that does not work."""
    label.replace(entry.folder / "labels" / label.name)


def take_label(entry: TrashEntry, name: str, labels_folder: Path) -> None:
    """Moves one label file of an entry back, but not onto another; the rest stays in it.

    Raises:
        OSError: when it cannot be moved.
    """
    _take_label_back(entry.folder / "labels" / name, labels_folder, None)
    remove_where_empty(entry)


def take_back(
    entry: TrashEntry,
    photos_folder: Path,
    labels_folder: Path,
    remember: Callable[[Mapping[str, PhotoRecord]], None] | None = None,
) -> dict[str, PhotoRecord]:
    """Moves what an entry holds back, under a new name where the old one is taken.

    Where it is broken off, doing it again completes it.

    Args:
        entry: of the trash.
        photos_folder: where photos go.
        labels_folder: where labels go; never onto another label.
        remember: told before anything is moved what belongs to each photo.

    Returns:
        For each photo, under the name it has now, what the project remembered.

    Raises:
        UserError: when the entry is damaged or a label cannot be written.
        OSError: when something cannot be moved; the rest stays in the entry.
    """
    records, new_names = _read_entry(entry)
    taken = stems_in(photos_folder) | stems_in(labels_folder)
    for name in records:
        if (entry.folder / "photos" / name).exists():
            new_names[name] = free_name(taken, new_names.get(name, name))
            taken.add(stem_key(new_names[name]))
    write_entry(entry.folder, records, new_names)
    restored = {new_name: records[name] for name, new_name in new_names.items()}
    if remember is not None:
        remember(restored)
    for name, new_name in new_names.items():
        photo = entry.folder / "photos" / name
        if photo.exists():
            photo.replace(photos_folder / new_name)
    new_photos = {Path(name).stem: photos_folder / new_names[name] for name in new_names}
    for label in sorted((entry.folder / "labels").glob("*.json")):
        _take_label_back(label, labels_folder, new_photos.get(label.stem))
    remove_where_empty(entry)
    return restored


def _take_label_back(label: Path, labels_folder: Path, photo: Path | None) -> None:
    """A label names its photo: under a new name it has to be written anew.

    `photo` is None for a label that was deleted alone.
    """
    target = labels_folder / (f"{photo.stem}.json" if photo else label.name)
    if target.exists():
        log.warning("%s stays in the trash: the photo has another label now", label)
    elif photo is None or target.name == label.name:
        label.replace(target)
    else:
        copy_label(label, target, photo, photo)
        label.unlink()


def _read_entry(entry: TrashEntry) -> tuple[dict[str, PhotoRecord], dict[str, str]]:
    """What the project remembered of each photo, and where a restore that began puts them."""
    try:
        document = json.loads((entry.folder / ENTRY_NAME).read_text("utf-8"))
        records = {name: record_from_json(fields) for name, fields in document["photos"].items()}
        return records, dict(document.get("restored_as", {}))
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise UserError(
            f"The list of what was deleted in {entry.folder.name} is damaged.",
            f"Photos and labels are still in the folder {entry.folder}: copy them from there.",
            str(error),
        ) from error


def records_of(entry: TrashEntry) -> dict[str, PhotoRecord]:
    """What the project remembered of the photos of an entry, by the names that they had.

    Raises:
        UserError: when the entry is damaged.
    """
    return _read_entry(entry)[0]


def remove_where_empty(entry: TrashEntry) -> None:
    """Removes an entry of which nothing is left."""
    folder = entry.folder
    if not any((folder / part).is_dir() and any((folder / part).iterdir()) for part in PARTS):
        shutil.rmtree(folder, ignore_errors=True)


def entries(trash_folder: Path) -> tuple[TrashEntry, ...]:
    """What the trash holds, oldest first."""
    if not trash_folder.is_dir():
        return ()
    return tuple(
        TrashEntry(folder)
        for folder in sorted(trash_folder.iterdir())
        if (folder / ENTRY_NAME).exists()
    )


@dataclass(frozen=True, slots=True)
class TrashContents:
    """What the trash holds.

    Args:
        photos: how many photos.
        labels: how many labels, those of the photos included.
        runs: how many runs.
        size: of all of it, in bytes.
    """

    photos: int
    labels: int
    runs: int
    size: int

    def __bool__(self) -> bool:
        return bool(self.photos or self.labels or self.runs)


def contents(trash_folder: Path, stop: StopToken | None = None) -> TrashContents:
    """Counts what the trash holds; what goes away meanwhile is passed over.

    Raises:
        Cancelled: when `stop` was cancelled.
    """
    held: Counter[str] = Counter()
    size = 0
    for parent, folders, names in os.walk(trash_folder):
        folder = Path(parent)
        for name in names:
            if stop is not None:
                stop.raise_if_cancelled()
            with contextlib.suppress(OSError):
                size += (folder / name).stat().st_size
        inside = folder.relative_to(trash_folder).parts
        if len(inside) == 2:  # an entry, and the kind of what it holds
            held[inside[1]] += len(folders) + len(names)
    return TrashContents(held["photos"], held["labels"], held["runs"], size)


def empty(trash_folder: Path) -> None:
    """Deletes for good what the trash holds.

    Raises:
        OSError: when something cannot be deleted.
    """
    for folder in trash_folder.iterdir() if trash_folder.is_dir() else ():
        if folder.is_dir():
            shutil.rmtree(folder)
