"""A project: one folder with everything that makes one detector."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from facegui.core import trash
from facegui.core.augmented_set import recover_set
from facegui.core.boxes import Box
from facegui.core.errors import UserError, disk_error
from facegui.core.files import (
    free_name,
    sha256_of,
    stem_key,
    stems_in,
    write_atomically,
)
from facegui.core.images import EncodedPicture, portable_stem
from facegui.core.labelme import copy_label_file, write_label_file
from facegui.core.photo_library import Photo, PhotoLibrary, PhotoState, Sample
from facegui.core.project_folder import INDEX_NAME as INDEX_NAME
from facegui.core.project_folder import (
    make_folders,
    refuse_project,
    refuse_unsuitable,
    tidy_up,
)
from facegui.core.project_index import (
    PhotoRecord,
    ProjectIndex,
    Session,
    keep_old_version,
    load_index,
)
from facegui.core.project_lock import ProjectLock
from facegui.core.splits import Split, SplitSettings, assign_splits

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class NewPhoto:
    """A photo that is to be added.

    Args:
        picture: upright JPEG or PNG.
        name: what it was called; the project may have to alter it.
        record: split, session and digest, where they are known.
        boxes: its label; None for not labelled.
        label_source: a LabelMe file to take the label from, with everything
            else in it, instead of `boxes`.
        take_all_labels: whether boxes of other labels in it are faces too.
    """

    picture: EncodedPicture
    name: str
    record: PhotoRecord = field(default_factory=PhotoRecord)
    boxes: tuple[Box, ...] | None = None
    label_source: Path | None = None
    take_all_labels: bool = False


class Project(PhotoLibrary):
    """An open project folder: its photos and labels, and what is remembered of them.

    Holds the project's lock until `close`, unless it was opened read-only.
    """

    def __init__(self, folder: Path, index: ProjectIndex, lock: ProjectLock | None) -> None:
        super().__init__(folder, writable=lock is not None, known=index.photos)
        self._index = index
        self._lock = lock

    @classmethod
    def create(cls, folder: Path) -> Self:
        """Makes a project in a new or empty folder, or around photos that lie in one.

        Raises:
            UserError: when there is a project already, when the folder holds
                other things, or when it cannot be written.
        """
        refuse_unsuitable(folder)
        try:
            folder.mkdir(parents=True, exist_ok=True)
            lock = ProjectLock(folder)
            try:
                refuse_project(folder)  # another program may have been faster
                make_folders(folder)
                ProjectIndex().save(folder / INDEX_NAME)
            finally:
                lock.release()
        except OSError as error:
            raise disk_error(error, f"making the project {folder.name}") from error
        return cls.open(folder)

    @classmethod
    def open(cls, folder: Path, *, read_only: bool = False) -> Self:
        """Opens a project.

        Raises:
            UserError: when it is none, is damaged, comes from a newer program,
                or is open elsewhere (unless `read_only`).
        """
        folder = folder.resolve()
        index_path = folder / INDEX_NAME
        index = load_index(index_path)
        if read_only:
            return cls(folder, index, None)
        lock = ProjectLock(folder)
        try:
            index = load_index(index_path)
            keep_old_version(index_path)
            make_folders(folder)
            tidy_up(folder)
            recover_set(folder / "augmented")
            return cls(folder, index, lock)
        except OSError as error:
            lock.release()
            raise disk_error(error, f"opening the project {folder.name}") from error
        except BaseException:
            lock.release()
            raise

    def close(self) -> None:
        """Gives the lock back; may be called twice."""
        if self._lock is not None:
            self._lock.release()
            self._lock = None
            self._writable = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    @property
    def name(self) -> str:
        return self.folder.name

    @property
    def augmented_folder(self) -> Path:
        return self.folder / "augmented"

    @property
    def cache_folder(self) -> Path:
        return self.folder / "cache"

    @property
    def runs_folder(self) -> Path:
        return self.folder / "runs"

    @property
    def trash_folder(self) -> Path:
        return self.folder / "trash"

    def clear_label(self, photo: Photo) -> trash.TrashEntry | None:
        """Makes a photo "not labelled" again; its label file goes to the trash.

        Returns:
            What `restore` brings the file back from; None where there was none.

        Raises:
            UserError: when it cannot be moved.
        """
        with self._mutex:
            self._check_writable(photo)
            entry, label = None, self.label_path(photo)
            try:
                if label.exists():
                    entry = trash.throw_away(self.trash_folder, [(None, label)], {})
            except OSError as error:
                raise disk_error(error, f"clearing the label of {photo.name}") from error
            self._look_again(photo)
            return entry

    def add_photos(self, new: Sequence[NewPhoto]) -> tuple[Photo, ...]:
        """Stores photos and their labels; each is there whole or not at all.

        What is remembered of them is written first: a photo that is on disk
        never lacks its split.

        Raises:
            UserError: when the disk is full or cannot be written. Photos stored
                until then stay.
        """
        with self._mutex:
            self._check_writable()
            if not new:
                return ()
            try:
                names = self._choose_names(new)
                for name, photo in zip(names, new, strict=True):
                    self._index.photos[name] = photo.record
                self._save()
                return tuple(
                    self._store(name, photo) for name, photo in zip(names, new, strict=True)
                )
            except OSError as error:
                raise disk_error(error, "saving the photos") from error

    def delete(self, photos: Iterable[Photo]) -> trash.TrashEntry:
        """Moves photos and their labels to the trash.

        Raises:
            UserError: when they cannot be moved.
        """
        with self._mutex:
            self._check_writable()
            photos = tuple(photos)
            pairs = [(photo.path, self.label_path(photo)) for photo in photos]
            records = {photo.name: self.record(photo.name) for photo in photos}
            try:
                return trash.throw_away(self.trash_folder, pairs, records)
            except OSError as error:
                raise disk_error(error, "moving photos to the trash") from error
            finally:
                for photo in photos:
                    if not photo.path.exists():
                        self._forget(photo.name)
                        self.drafts.remove_draft(photo)

    def restore(self, entry: trash.TrashEntry) -> tuple[Photo, ...]:
        """Takes photos and labels back from the trash, under a new name where the old is taken.

        What is remembered of them is written first, as in `add_photos`.

        Raises:
            UserError: when they cannot be moved back.
        """
        with self._mutex:
            self._check_writable()
            try:
                labels = stems_in(entry.folder / "labels")
                restored = trash.take_back(
                    entry, self.photos_folder, self.labels_folder, self._remember
                )
            except OSError as error:
                raise disk_error(error, "restoring photos from the trash") from error
            photos = [Photo(name, self.photos_folder / name) for name in sorted(restored)]
            back = tuple(photo for photo in photos if photo.path.exists())
            for photo in (*back, *self.photos):
                if photo in back or stem_key(photo.name) in labels:
                    self._look_again(photo)
            return back

    # Splits, sessions, settings

    def record(self, name: str) -> PhotoRecord:
        return self._index.photos.get(name, PhotoRecord())

    def split(self, photo: Photo) -> Split | None:
        return self.record(photo.name).split

    def assign_missing_splits(self) -> None:
        """Gives each labelled photo that has no split one, balanced by faces and no face.

        Raises:
            UserError: when the project cannot be written.
        """
        with self._mutex:
            kinds = {
                photo.name: state.value
                for photo in self.photos
                if (state := self.state(photo)) in (PhotoState.FACES, PhotoState.NO_FACE)
            }
            given = {name: split for name in kinds if (split := self.record(name).split)}
            missing = kinds.keys() - given.keys()
            if not missing:
                return
            splits = assign_splits(kinds, given, self.split_settings)
            for name in missing:
                self._index.photos[name] = replace(self.record(name), split=splits[name])
            self._save_or_explain("saving the splits")

    def samples(self, split: Split | None = None) -> tuple[Sample, ...]:
        """The labelled photos of a split, or of all; broken ones left out.

        `broken_labels` tells which those are.
        """
        samples = []
        for photo in self.photos:
            if split is not None and self.split(photo) is not split:
                continue
            if self.state(photo) in (PhotoState.FACES, PhotoState.NO_FACE):
                samples.append(Sample(photo, self.label(photo) or ()))
        return tuple(samples)

    @property
    def sessions(self) -> dict[str, Session]:
        return dict(self._index.sessions)

    def new_session(self, title: str) -> str:
        """The key of a new session; written to disk with the first photo in it."""
        with self._mutex:
            now = datetime.now().astimezone()
            key, number = now.strftime("%Y%m%d-%H%M%S"), 2
            while key in self._index.sessions:
                key, number = f"{now:%Y%m%d-%H%M%S}-{number}", number + 1
            self._index.sessions[key] = Session(title, now.isoformat(timespec="seconds"))
            return key

    @property
    def split_settings(self) -> SplitSettings:
        try:
            return SplitSettings(**self.settings("splits"))
        except (TypeError, ValueError) as error:
            log.warning("ignoring the split settings of %s: %s", self.folder, error)
            return SplitSettings()

    @split_settings.setter
    def split_settings(self, settings: SplitSettings) -> None:
        self.save_settings("splits", asdict(settings))

    def settings(self, part: str) -> dict[str, Any]:
        """The settings that one part of the program keeps in the project, as JSON values."""
        return dict(self._index.settings.get(part, {}))

    def save_settings(self, part: str, values: dict[str, Any]) -> None:
        """Raises `UserError` when the project cannot be written; then the old ones stand."""
        with self._mutex:
            before = dict(self._index.settings)
            self._index.settings[part] = values
            try:
                self._save_or_explain("saving the settings")
            except UserError:
                self._index.settings = before
                raise

    def known_digests(self) -> dict[str, str]:
        """The photos that are there, by the SHA-256 of the file they came from.

        Of a photo that another program put there it is that of its own file.
        """
        digests = {}
        for photo in self.photos:
            with contextlib.suppress(OSError):
                digests[self.record(photo.name).digest or sha256_of(photo.path)] = photo.name
        return digests

    def _choose_names(self, new: Sequence[NewPhoto]) -> list[str]:
        """A free name for each, such that no photo takes over a label that lies about."""
        names: list[str] = []
        taken = stems_in(self.photos_folder) | stems_in(self.labels_folder)
        for photo in new:
            name = free_name(taken, portable_stem(photo.name) + photo.picture.suffix)
            taken.add(stem_key(name))
            names.append(name)
        return names

    def _store(self, name: str, new: NewPhoto) -> Photo:
        photo = Photo(name, self.photos_folder / name)
        write_atomically(photo.path, new.picture.data)
        size = (new.picture.width, new.picture.height)
        if new.label_source is not None:
            copy_label_file(
                new.label_source,
                self.label_path(photo),
                photo.path,
                size,
                take_all_labels=new.take_all_labels,
            )
        elif new.boxes is not None:
            write_label_file(self.label_path(photo), new.boxes, photo.path, size)
        self._look_again(photo)
        return photo

    def _remember(self, records: Mapping[str, PhotoRecord]) -> None:
        self._index.photos.update(records)
        self._save()

    def _save(self) -> None:
        self._check_writable()
        self._index.save(self.folder / INDEX_NAME)

    def _save_or_explain(self, doing: str) -> None:
        try:
            self._save()
        except OSError as error:
            raise disk_error(error, doing) from error
