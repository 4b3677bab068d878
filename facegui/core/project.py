"""A project: one folder with everything that makes one detector."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

from facegui.core import trash
from facegui.core.augmented_set import recover_set
from facegui.core.boxes import Box
from facegui.core.errors import UserError, disk_error
from facegui.core.files import (
    flush_folder,
    free_name,
    sha256_of,
    stem_key,
    stems_in,
    write_atomically,
)
from facegui.core.images import EncodedPicture, portable_stem
from facegui.core.labelme import LabelDocument, write_document, write_label_file
from facegui.core.photo_library import Photo
from facegui.core.progress import Progress, Report, StopToken, ignore_progress, throttled
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
    keep_old_version,
    load_index,
)
from facegui.core.project_lock import ProjectLock
from facegui.core.project_memory import RememberingLibrary

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class NewPhoto:
    """A photo that is to be added.

    Args:
        picture: upright JPEG or PNG.
        name: what it was called; the project may have to alter it.
        record: split, session and digest, where they are known.
        boxes: its label; None for not labelled.
        document: what to take the label from, with everything else in it,
            instead of `boxes`.
        take_all_labels: whether boxes of other labels in it are faces too.
    """

    picture: EncodedPicture
    name: str
    record: PhotoRecord = field(default_factory=PhotoRecord)
    boxes: tuple[Box, ...] | None = None
    document: LabelDocument | None = None
    take_all_labels: bool = False


class Project(RememberingLibrary):
    """An open project folder: its photos and labels, and what is remembered of them.

    Holds the project's lock until `close`, unless it was opened read-only.
    """

    def __init__(self, folder: Path, index: ProjectIndex, lock: ProjectLock | None) -> None:
        super().__init__(folder, index, writable=lock is not None)
        self._lock = lock
        self._coming: set[str] = set()

    @classmethod
    def create(cls, folder: Path) -> Self:
        """Makes a project in a new or empty folder, or around photos that lie in one.

        Raises:
            UserError: when there is a project already, when the folder holds
                other things, or when it cannot be written.
        """
        try:
            refuse_unsuitable(folder)
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
    def runs_folder(self) -> Path:
        return self.folder / "runs"

    @property
    def trash_folder(self) -> Path:
        return self.folder / "trash"

    def clear_label(
        self, photo: Photo, into: trash.TrashEntry | None = None
    ) -> trash.TrashEntry | None:
        """Makes a photo "not labelled" again; its label file goes to the trash.

        Args:
            photo: of the project.
            into: where in the trash, if it is there still; None: an entry of its own.

        Returns:
            What `restore_label` brings the file back from; None where there was none.

        Raises:
            UserError: when it cannot be moved.
        """
        with self._mutex:
            self._check_writable(photo)
            entry, label = None, self.label_path(photo)
            try:
                self._keeper.forget(label)
                if label.exists() and into is not None and into.folder.exists():
                    trash.throw_label(into, label)
                    entry = into
                elif label.exists():
                    entry = trash.throw_away(self.trash_folder, [(None, label)], {})
            except OSError as error:
                raise disk_error(error, f"clearing the label of {photo.name}") from error
            self._look_again(photo)
            return entry

    def restore_label(self, photo: Photo, entry: trash.TrashEntry) -> None:
        """Takes the label file of a photo back from the trash, where it has no other now.

        Raises:
            UserError: when it cannot be moved back.
        """
        with self._mutex:
            self._check_writable(photo)
            label = self.label_path(photo)
            try:
                trash.take_label(entry, label.name, self.labels_folder)
            except OSError as error:
                raise disk_error(error, f"restoring the label of {photo.name}") from error
            self._keeper.forget(label)
            self._look_again(photo)

    def add_photos(self, new: Sequence[NewPhoto]) -> tuple[Photo, ...]:
        """Stores photos and their labels; each is there whole or not at all.

        What is remembered of them is written first: a photo that is on disk
        never lacks its split.

        Raises:
            UserError: when the disk is full or cannot be written. Photos stored
                until then stay.
        """
        self._check_writable()
        if not new:
            return ()
        names: list[str] = []
        try:
            with self._mutex:
                waiting = self._labels_without_photo()
                names = self._choose_names(new, waiting)
                self._coming.update(names)
                for name, photo in zip(names, new, strict=True):
                    if name not in waiting.values():
                        self._index.photos[name] = photo.record
                ready = self._prepare_save()
            # Not while others wait for the mutex: a disk may take its time.
            self._write_index(ready)
            photos = tuple(self._store(name, one) for name, one in zip(names, new, strict=True))
            for folder in (self.photos_folder, self.labels_folder):
                flush_folder(folder)
            return photos
        except OSError as error:
            raise disk_error(error, "saving the photos") from error
        finally:
            with self._mutex:
                self._coming.difference_update(names)

    def delete(self, photos: Iterable[Photo]) -> trash.TrashEntry:
        """Moves photos and their labels to the trash.

        Raises:
            UserError: when one of them cannot be moved; all are where they were then, but
                for what cannot be moved back either: that is in the trash.
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
            if not entry.folder.exists():
                raise UserError(
                    "What was deleted is not in the trash any more.",
                    "It cannot be taken back: the trash was emptied meanwhile.",
                )
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
                    self._keeper.forget(self.label_path(photo))
                    self._look_again(photo)
            return back

    def known_digests(
        self, report: Report = ignore_progress, stop: StopToken | None = None
    ) -> dict[str, str]:
        """The photos that are there, by the SHA-256 of the file they came from.

        Of a photo that another program put there it is that of its own file.

        Raises:
            Cancelled: when `stop` was cancelled.
        """
        photos = self.photos
        origins = {digest: p.name for p in photos if (digest := self.record(p.name).digest)}
        others = [photo for photo in photos if self.record(photo.name).digest is None]
        return _digests_of(others, report, stop) | origins

    def file_digests(
        self, report: Report = ignore_progress, stop: StopToken | None = None
    ) -> dict[str, str]:
        """The photos that are there, by the SHA-256 of their own file.

        Raises:
            Cancelled: when `stop` was cancelled.
        """
        return _digests_of(self.photos, report, stop)

    def _labels_without_photo(self) -> dict[str, str]:
        """Names of remembered photos that are away while their label is here, by digest."""
        here = stems_in(self.photos_folder)
        return {
            record.digest: name
            for name, record in self._index.photos.items()
            if record.digest is not None
            and stem_key(name) not in here
            and (self.labels_folder / f"{Path(name).stem}.json").exists()
        }

    def _choose_names(self, new: Sequence[NewPhoto], waiting: Mapping[str, str]) -> list[str]:
        """A free name for each, such that no photo takes over a label that lies about.

        But for its own: a photo that comes back is who it was.
        """
        names: list[str] = []
        taken = stems_in(self.photos_folder) | stems_in(self.labels_folder)
        taken |= {stem_key(name) for name in self._coming}
        for photo in new:
            name = waiting.get(photo.record.digest or "", "")
            if Path(name).suffix != photo.picture.suffix or name in names:
                name = free_name(taken, portable_stem(photo.name) + photo.picture.suffix)
            taken.add(stem_key(name))
            names.append(name)
        return names

    def _store(self, name: str, new: NewPhoto) -> Photo:
        photo = Photo(name, self.photos_folder / name)
        write_atomically(photo.path, new.picture.data)
        size = (new.picture.width, new.picture.height)
        if self.label_path(photo).exists():
            log.info("%s is back, and its label was still here", name)
        elif new.document is not None:
            write_document(
                new.document,
                self.label_path(photo),
                photo.path,
                size,
                take_all_labels=new.take_all_labels,
            )
        elif new.boxes is not None:
            write_label_file(self.label_path(photo), new.boxes, photo.path, size)
        with self._mutex:
            self._look_again(photo)
        return photo


def _digests_of(photos: Sequence[Photo], report: Report, stop: StopToken | None) -> dict[str, str]:
    stop = stop or StopToken()
    report = throttled(report)
    digests = {}
    for done, photo in enumerate(photos, 1):
        stop.raise_if_cancelled()
        with contextlib.suppress(OSError):
            digests[sha256_of(photo.path)] = photo.name
        report(Progress(done, len(photos), "Reading the photos that are there"))
    return digests
