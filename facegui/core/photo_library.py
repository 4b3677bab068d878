"""The photos and labels of a project, as they are on disk."""

from __future__ import annotations

import logging
import threading
from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from facegui.core.boxes import Box
from facegui.core.courtesy import politely
from facegui.core.drafts import Drafts
from facegui.core.errors import UserError, disk_error
from facegui.core.files import free_name, stem_key, stem_of, stems_in, write_atomically
from facegui.core.folder_scan import FolderScan, Stamp, stamp_of, stamps_of
from facegui.core.images import has_picture_ending, picture_size
from facegui.core.label_keeping import LabelKeeper
from facegui.core.labelme import (
    LabelDocument,
    LabelFile,
    LabelFileError,
    copy_label_file,
    read_label_file,
    write_document,
)

log = logging.getLogger(__name__)


class ProjectGoneError(UserError):
    """The folder of a project is not there any more; what else fails may work the next time."""


class PhotoState(StrEnum):
    """How far the labelling of a photo is."""

    UNLABELLED = "not labelled"
    FACES = "faces"
    NO_FACE = "no face"
    BROKEN = "label file broken"


@dataclass(frozen=True, slots=True)
class Photo:
    """A picture file of a project; its name is its identity."""

    name: str
    path: Path


@dataclass(frozen=True, slots=True)
class Sample:
    """A labelled photo: no boxes means that it shows no face."""

    photo: Photo
    boxes: tuple[Box, ...]


@dataclass(frozen=True, slots=True)
class Changes:
    """Names of the photos that came, went, or whose picture or label is another now.

    `kept` are those whose label two programs wrote: one version is in the trash.
    """

    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    kept: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.added or self.removed or self.changed or self.kept)


class PhotoLibrary:
    """The folders `photos` and `labels` below `folder`.

    What is on disk is the truth: `refresh` takes over what other programs did
    there. Labels are read once and again only when their file changed.
    Methods may be called from any thread.

    Args:
        folder: of the project.
        writable: whether anything there may be changed.
        known: names of the photos that were there before.
    """

    def __init__(self, folder: Path, *, writable: bool, known: Container[str] = ()) -> None:
        self.folder = folder
        self._writable = writable
        self._known = known
        self._mutex = threading.RLock()
        self._photos: dict[str, Photo] = {}
        self._stamps: dict[str, tuple[Stamp, Stamp | None]] = {}
        self._labels: dict[str, LabelFile | LabelFileError | None] = {}
        self._sizes: dict[str, tuple[int, int]] = {}
        self._sorted: tuple[Photo, ...] | None = None
        self._writes = 0
        self._keeper = LabelKeeper(folder / "trash")
        self._written_here: dict[str, str] = {}
        self.drafts = Drafts(folder / "drafts", self._is_labelled)
        self.refresh()

    @property
    def writable(self) -> bool:
        """Whether anything may be changed here."""
        return self._writable

    @property
    def photos_folder(self) -> Path:
        return self.folder / "photos"

    @property
    def labels_folder(self) -> Path:
        return self.folder / "labels"

    @property
    def photos(self) -> tuple[Photo, ...]:
        """All photos by name, as of the last `refresh`."""
        with self._mutex:
            if self._sorted is None:
                self._sorted = tuple(self._photos[name] for name in sorted(self._photos))
            return self._sorted

    def photo(self, name: str) -> Photo:
        """Raises `KeyError` where there is none of that name."""
        return self._photos[name]

    def label_path(self, photo: Photo) -> Path:
        return self.labels_folder / f"{Path(photo.name).stem}.json"

    def label(self, photo: Photo) -> tuple[Box, ...] | None:
        """The faces of a photo: None for not labelled, empty for no face.

        Raises:
            LabelFileError: when the label file is broken.
        """
        file = self.label_file(photo)
        return None if file is None else file.boxes

    def label_file(self, photo: Photo) -> LabelFile | None:
        """Everything that was read from the label file, with notes; None where there is none.

        Raises:
            LabelFileError: when the label file is broken.
        """
        with self._mutex:
            if photo.name not in self._labels:
                self._labels[photo.name] = self._read_label(photo)
            label = self._labels[photo.name]
        if isinstance(label, LabelFileError):
            # Another one each time: an exception keeps every frame it was raised through.
            raise LabelFileError(label.what, label.remedy, label.details)
        return label

    def state(self, photo: Photo) -> PhotoState:
        try:
            boxes = self.label(photo)
        except LabelFileError:
            return PhotoState.BROKEN
        if boxes is None:
            return PhotoState.UNLABELLED
        return PhotoState.FACES if boxes else PhotoState.NO_FACE

    def size(self, photo: Photo) -> tuple[int, int]:
        """Width and height in pixels, upright.

        Raises:
            UserError: when the photo is damaged or gone.
        """
        with self._mutex:
            if photo.name not in self._sizes:
                self._sizes[photo.name] = picture_size(photo.path)
            return self._sizes[photo.name]

    def is_current(self, photo: Photo) -> bool:
        """Whether photo and label are on disk as they were at the last look."""
        label_path = self.label_path(photo)
        with self._mutex:
            known = self._stamps.get(photo.name)
        try:
            label = stamp_of(label_path.stat()) if label_path.exists() else None
            return (stamp_of(photo.path.stat()), label) == known
        except OSError:
            return False

    def broken_labels(self) -> tuple[tuple[Photo, LabelFileError], ...]:
        """Photos whose label file cannot be read, with the reason."""
        broken = []
        for photo in politely(self.photos):
            try:
                self.label(photo)
            except LabelFileError as error:
                broken.append((photo, error))
        return tuple(broken)

    def refresh(self) -> Changes:
        """Takes over what changed on disk since the last look.

        Raises:
            ProjectGoneError: when the project folder is gone.
            UserError: when it cannot be read.
        """
        with self._mutex:
            changes = self.take_over(self.scan())
            assert changes is not None  # nobody else can have written meanwhile
            return changes

    def scan(self) -> FolderScan:
        """Looks at the folder, from any thread, and takes nothing over yet.

        Raises:
            ProjectGoneError: when the project folder is gone.
            UserError: when it cannot be read.
        """
        number = self._writes
        photos, labels = self._look()
        stamps = {name: (stamp, labels.get(stem_of(name))) for name, stamp in photos.items()}
        return FolderScan(stamps, number)

    def take_over(self, scan: FolderScan) -> Changes | None:
        """Takes over what changed on disk since the last look.

        Returns:
            None where the program itself wrote while it was looked: look again.

        Raises:
            UserError: when a label that would be lost cannot be kept; nothing is taken over.
        """
        with self._mutex:
            if scan.number != self._writes:
                return None
            stamps, before = scan.stamps, self._stamps
            # First: where it fails, the next look finds all of it again.
            kept = self._keep_ours(before, stamps)
            if stamps == before:
                return Changes(kept=kept)
            self._stamps = stamps
            changes = Changes(
                added=tuple(sorted(stamps.keys() - before.keys())),
                removed=tuple(sorted(before.keys() - stamps.keys())),
                changed=tuple(
                    sorted(
                        name
                        for name in stamps.keys() & before.keys()
                        if stamps[name] != before[name]
                    )
                ),
                kept=kept,
            )
            for name in changes.removed:
                self._photos.pop(name, None)
            folder = self.photos_folder
            for name in changes.added:
                self._photos[name] = Photo(name, folder / name)
            self._sorted = None
            for name in (*changes.removed, *changes.changed):
                self._labels.pop(name, None)
                self._sizes.pop(name, None)
                if self._writable and (name not in stamps or self._is_labelled(name)):
                    self.drafts.remove_draft(Photo(name, self.photos_folder / name))
            return changes

    def _is_labelled(self, name: str) -> bool:
        """Whether there is a label file, as of the last look."""
        return self._stamps.get(name, (None, None))[1] is not None

    def _keep_ours(
        self,
        before: Mapping[str, tuple[Stamp, Stamp | None]],
        now: Mapping[str, tuple[Stamp, Stamp | None]],
    ) -> tuple[str, ...]:
        """Keeps labels written here that another program replaced; whose versions were kept."""
        if not self._writable:
            return ()
        for label, name in self._written_here.items():
            if name in before and name in now and before[name][1] != now[name][1]:
                try:
                    self._keeper.look(self.labels_folder / label)
                except OSError as error:
                    raise disk_error(error, f"keeping the labels of {name}") from error
        return tuple(self._written_here[label] for label in self._keeper.take_kept())

    def _look(self) -> tuple[dict[str, Stamp], dict[str, Stamp]]:
        """The stamps of the photos, each with a stem of its own, and of the labels by stem."""
        try:
            if not self.folder.is_dir():
                raise FileNotFoundError(self.folder)
            photos = self._pictures()
            twins = self._twins(photos)
            if twins and self._writable:
                with self._mutex:
                    stems = {stem_of(name) for name in photos.keys() - set(twins)}
                    for name in twins:
                        self._rename_twin(name, stems)
                    photos = self._pictures()
                    twins = self._twins(photos)
            labels = {
                stem_of(name): stamp
                for name, stamp in stamps_of(self.labels_folder).items()
                if name.endswith(".json")
            }
        except FileNotFoundError as error:
            raise ProjectGoneError(
                f"The project folder {self.folder.name} is gone.",
                "Connect the disk again, or open the project where it is now.",
                str(error),
            ) from error
        except OSError as error:
            raise disk_error(error, f"reading the project {self.folder.name}") from error
        for name in twins:
            photos.pop(name, None)
        return photos, labels

    def _pictures(self) -> dict[str, Stamp]:
        stamps = stamps_of(self.photos_folder)
        return {name: stamp for name, stamp in stamps.items() if has_picture_ending(name)}

    def _read_label(self, photo: Photo) -> LabelFile | LabelFileError | None:
        path = self.label_path(photo)
        if not path.exists():
            return None
        try:
            return read_label_file(path, size=self.size(photo))
        except LabelFileError as error:
            return error
        except UserError as error:
            return LabelFileError(error.what, error.remedy, error.details)

    def _look_again(self, photo: Photo) -> None:
        """Takes over our own write, so that `refresh` does not report it."""
        if not photo.path.exists():
            return
        label_path = self.label_path(photo)
        self._forget(photo.name)
        self._photos[photo.name] = photo
        self._sorted = None
        self._stamps[photo.name] = (
            stamp_of(photo.path.stat()),
            stamp_of(label_path.stat()) if label_path.exists() else None,
        )
        if self._is_labelled(photo.name):
            self.drafts.remove_draft(photo)

    def _forget(self, name: str) -> None:
        self._writes += 1
        self._sorted = None
        for remembered in (self._photos, self._stamps, self._labels, self._sizes):
            remembered.pop(name, None)

    def _twins(self, names: Iterable[str]) -> list[str]:
        """Newcomers whose stem is another photo's: they would share its label.

        Put there by another program, say `a.png` beside `a.jpg`. The label is
        the photo's that was there first, or else of which it speaks.
        """
        same_stem: dict[str, list[str]] = {}
        for name in names:
            same_stem.setdefault(stem_key(name), []).append(name)
        return [
            newcomer
            for twins in same_stem.values()
            if len(twins) > 1
            for newcomer in sorted(twins, key=self._claim)[1:]
        ]

    def _claim(self, name: str) -> tuple[bool, bool, bool, str]:
        """Sorts the photos of one stem by their claim to its label, the best first."""
        try:
            path = self.labels_folder / f"{Path(name).stem}.json"
            named = path.exists() and read_label_file(path).image_name == name
        except LabelFileError:
            named = False
        return name not in self._photos, name not in self._known, not named, name

    def _rename_twin(self, name: str, stems: Container[str]) -> None:
        """Renames a photo, with its label where that is its own (`a.json` beside `A.json`)."""
        taken = stems_in(self.photos_folder) | stems_in(self.labels_folder)
        photo = self.photos_folder / name
        new_photo = photo.with_name(free_name(taken, name))
        label = self.labels_folder / f"{photo.stem}.json"
        own_label = photo.stem not in stems and label.exists()
        try:
            if own_label:
                copy_label(label, label.with_name(f"{new_photo.stem}.json"), photo, new_photo)
            photo.replace(new_photo)
            if own_label:
                label.unlink()
        except (OSError, UserError) as error:
            log.warning("%s is left out, it shares its name with a photo: %s", name, error)
        else:
            log.warning("%s shares its name with another photo: now %s", name, new_photo.name)

    def set_label(self, photo: Photo, boxes: Iterable[Box]) -> None:
        """Labels a photo; no boxes means that it shows no face. On disk when it returns.

        Raises:
            LabelFileError: when the label file there is broken; it is left alone.
            UserError: when it cannot be written.
        """
        with self._mutex:
            self._check_writable(photo)
            label, size = self.label_path(photo), self.size(photo)
            self._written_here[label.name] = photo.name
            try:
                stamp = self._keeper.write(
                    label, boxes, photo.path, size, lambda: self.is_current(photo)
                )
            except OSError as error:
                raise disk_error(error, f"saving the labels in {label.name}") from error
            self._look_again(photo)
            if photo.name in self._stamps:
                # Another program may have written in between: that is for `refresh` to see.
                self._stamps[photo.name] = (self._stamps[photo.name][0], stamp)

    def seen_elsewhere(self, photo: Photo) -> None:
        """Another program has loaded the label of a photo: it overwrites nothing unseen."""
        with self._mutex:
            self._keeper.seen(self.label_path(photo))

    def take_label(
        self, photo: Photo, document: LabelDocument, *, take_all_labels: bool = False
    ) -> None:
        """Labels a photo with what a label file from elsewhere says.

        Raises:
            LabelFileError: when a face in it cannot be read.
            UserError: when the label cannot be written.
        """
        with self._mutex:
            self._check_writable(photo)
            write_document(
                document,
                self.label_path(photo),
                photo.path,
                self.size(photo),
                take_all_labels=take_all_labels,
            )
            self._look_again(photo)

    def _check_writable(self, photo: Photo | None = None) -> None:
        if not self._writable:
            raise UserError(
                f"The project {self.folder.name} is open for reading only.",
                "Close it in the other program, then open it again.",
            )
        if photo is not None and not photo.path.exists():
            raise UserError(
                f"The photo {photo.name} is gone.",
                "Another program removed or renamed it; put it back, or go on without it.",
            )


def copy_label(label: Path, target: Path, photo: Path, new_photo: Path) -> None:
    """Copies the label of a photo that is getting another name; a broken one as it is.

    Args:
        label: the label file.
        target: the copy; must not exist.
        photo: where the photo is now.
        new_photo: what the copy is to call it.

    Raises:
        UserError: when the disk does not take the copy.
        OSError: likewise.
    """
    try:
        read_label_file(label)
        size = picture_size(photo)
    except UserError as error:
        log.warning("copying the label %s as it is: %s", label.name, error)
        write_atomically(target, label.read_bytes())
    else:
        copy_label_file(label, target, new_photo, size)
