"""The photos of the project as Qt's views want them: states, boxes and thumbnails."""

from __future__ import annotations

from collections import Counter, OrderedDict
from collections.abc import Iterable, Mapping
from typing import Any

from PySide6.QtCore import (
    QAbstractItemModel,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QSortFilterProxyModel,
    Qt,
    Signal,
    Slot,
)
from PySide6.QtGui import QImage

from facegui.core.cores import usable_cores
from facegui.core.images import Pixels
from facegui.core.novelty import Novelty
from facegui.core.photo_library import Changes, PhotoState
from facegui.ui.photo_rows import PhotoRows
from facegui.ui.photo_tally import PhotoTally, labelled_among
from facegui.ui.pixel_images import image_of
from facegui.workers.label_reader import LabelReader, PhotoEntry, read_entry
from facegui.workers.novelty_look import NoveltyLook
from facegui.workers.project_store import ProjectStore
from facegui.workers.thumbnails import THUMBNAIL_SIDE, LoadedPicture, PictureLoader, changed_ns

AT_ONCE = 20
"""Labels that are read without a thread: no longer than a frame takes."""
MOST_THUMBNAILS = 600
"""Kept in memory, 0.2 MB each."""
MOST_WAITING = 150

EntryRole = Qt.ItemDataRole.UserRole
SizeRole = Qt.ItemDataRole.UserRole + 1

AnyIndex = QModelIndex | QPersistentModelIndex


class PhotoModel(QSortFilterProxyModel):
    """The photos that a filter lets through, by name.

    In front of the rows, for it remembers in C++ how many there are: a view asks for that
    at every row that it lays out, and for 10,000 photos Python took 55 ms to answer, and
    waited for its lock each time.

    `EntryRole` is the `PhotoEntry`, `DecorationRole` the thumbnail as `QImage`
    (made in the background, None until then), `SizeRole` the photo's own size.

    Signals:
        entries_changed(dict[str, PhotoEntry]): labels are others now, or were read.
        photos_changed(): photos came or went, or another project is open.
        failed(Exception): labels could not be read.
    """

    entries_changed = Signal(object)
    photos_changed = Signal()
    failed = Signal(object)

    def __init__(self, store: ProjectStore, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._store = store
        self._entries: dict[str, PhotoEntry] = {}
        self._tally: PhotoTally | None = None
        self._novelty: Novelty | None = None
        self._novelty_look = NoveltyLook(self)
        self._seen: set[str] = set()
        self._rows = PhotoRows(self)
        self._filter: PhotoState | None = None
        self._kept: str | None = None
        self._images: OrderedDict[str, tuple[LoadedPicture, QImage | None]] = OrderedDict()
        self._asked: set[str] = set()
        self._reader = LabelReader(self)
        self._loader = PictureLoader(
            THUMBNAIL_SIDE,
            threads=min(2, max(1, usable_cores() - 1)),  # a core is left for the window
            longest=MOST_WAITING,
            keep=True,
            patient=True,
            parent=self,
        )
        self.setSourceModel(self._rows)
        self._novelty_look.found.connect(self._on_novelty)
        self._reader.entries_read.connect(self._on_entries_read)
        self._reader.failed.connect(self.failed)
        self._loader.loaded.connect(self._on_thumbnail)
        self._loader.dropped.connect(self._on_dropped)
        store.opened.connect(self._on_opened)
        store.photos_changed.connect(self._on_photos_changed)
        store.drafts_changed.connect(self._read)
        self._on_opened()

    # What there is

    @property
    def names(self) -> tuple[str, ...]:
        """All photos, shown or not, in their order."""
        return tuple(self._entries)

    @property
    def shown_names(self) -> tuple[str, ...]:
        """Those that the filter lets through, in their order."""
        return tuple(self._rows.names)

    @property
    def entries(self) -> Mapping[str, PhotoEntry]:
        """All photos by name, as far as they were read."""
        return self._entries

    @property
    def reading(self) -> bool:
        """Whether labels are still being read."""
        return self._reader.busy

    @property
    def filter(self) -> PhotoState | None:
        return self._filter

    def entry(self, name: str) -> PhotoEntry | None:
        return self._entries.get(name)

    def counts(self) -> Counter[PhotoState | None]:
        """How many photos there are in each state."""
        return self._tallied().counts

    def next_to_do(self, name: str) -> str | None:
        """The photo to go on with: one that has no label, or a broken one.

        The one whose draft is least certain comes first: it teaches the network most.
        Where there are no drafts it is one that looks unlike the labelled ones and was not
        looked at before; and where nobody knows that, or few are left, the next by name.
        After the last comes the first.
        """
        return self._tallied().next_to_do(name)

    def look_for_new(self) -> None:
        """Finds out which photos look least like the labelled ones, where many have no label."""
        project = self._store.project
        if project is not None and self._tallied().many:
            self._novelty_look.look(project, labelled_among(self._entries))

    def index_of(self, name: str) -> QModelIndex:
        """Invalid where the filter does not let it through."""
        row = self._rows.row_of(name)
        return QModelIndex() if row is None else self.index(row, 0)

    def index_beside(self, name: str) -> QModelIndex:
        """Of a photo that the filter does not let through: the one after it, else the last."""
        return self.index(min(self._rows.row_from(name), self.rowCount() - 1), 0)

    def name_at(self, index: AnyIndex) -> str | None:
        return self._rows.names[index.row()] if index.isValid() else None

    # What is shown

    def set_filter(self, state: PhotoState | None, keep: str | None = None) -> None:
        """Shows photos of one state, or all; the photo `keep` stays in any case."""
        self._filter, self._kept = state, keep
        self._sync()

    def keep(self, name: str | None) -> None:
        """This photo is worked on: it stays though its state changes, until another is named."""
        if name is not None:
            self._seen.add(name)
        if name != self._kept:
            self._kept = name
            if self._filter is not None:
                self._sync()

    def shut_down(self) -> None:
        """Ends the threads."""
        self._reader.shut_down()
        self._loader.shut_down()
        self._novelty_look.shut_down()

    # Qt's side

    def data(self, index: AnyIndex, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not self.checkIndex(index, QAbstractItemModel.CheckIndexOption.IndexIsValid):
            return None
        entry = self._entries.get(self._rows.names[index.row()])
        if entry is None:  # gone, and its row is about to go
            return None
        if role == Qt.ItemDataRole.DisplayRole:
            return entry.name
        if role == Qt.ItemDataRole.DecorationRole:
            return self._thumbnail(entry.name)
        if role == EntryRole:
            return entry
        if role == SizeRole:
            made = self._images.get(entry.name)
            return made[0].size if made else None
        if role in (Qt.ItemDataRole.ToolTipRole, Qt.ItemDataRole.AccessibleTextRole):
            return f"{entry.name}: {state_in_words(entry)}"
        return None

    # Slots

    @Slot()
    def _on_opened(self) -> None:
        project = self._store.project
        self._reader.set_project(project)
        self._loader.forget()
        self._novelty_look.forget()
        self._novelty = None
        self._seen.clear()
        self._entries = (
            {photo.name: PhotoEntry(photo.name) for photo in project.photos} if project else {}
        )
        self._tally = None
        self._images.clear()
        self._asked.clear()
        self._filter = self._kept = None
        self._rows.begin_anew(list(self._entries))
        self.photos_changed.emit()
        self._read(self._entries)

    @Slot(object)
    def _on_photos_changed(self, changes: Changes) -> None:
        self._tally = None
        for name in changes.removed:
            self._entries.pop(name, None)
            self._images.pop(name, None)
        for name in changes.added:
            self._entries[name] = PhotoEntry(name)
        if changes.added:
            self._entries = dict(sorted(self._entries.items()))
        for name in changes.changed:
            self._renew_thumbnail(name)
        if changes.added or changes.removed:
            self._sync()
            self.photos_changed.emit()
        self._read((*changes.added, *changes.changed))

    @Slot(object)
    def _on_entries_read(self, entries: dict[str, PhotoEntry]) -> None:
        known = {name: entry for name, entry in entries.items() if name in self._entries}
        self._entries.update(known)
        self._tally = None
        if self._filter is not None:
            self._sync()
        if len(known) > AT_ONCE:
            # They are read in the order of their names, and a view looks at every row that is told.
            first, end = self._rows.row_from(min(known)), self._rows.row_after(max(known))
            if first < end:
                self.dataChanged.emit(self.index(first, 0), self.index(end - 1, 0))
        else:
            for name in known:
                self._tell(name)
        self.entries_changed.emit(known)

    @Slot(object)
    def _on_thumbnail(self, loaded: LoadedPicture) -> None:
        name, project = loaded.photo.name, self._store.project
        self._asked.discard(name)
        if project is None or name not in self._entries or project.photo(name) != loaded.photo:
            return
        image = None if loaded.pixels is None else _to_image(loaded.pixels)
        self._images[name] = loaded, image
        self._images.move_to_end(name)
        while len(self._images) > MOST_THUMBNAILS:
            self._images.popitem(last=False)
        self._tell(name)

    @Slot(object)
    def _on_novelty(self, novelty: Novelty) -> None:
        self._novelty = novelty
        self._tally = None

    @Slot(str)
    def _on_dropped(self, name: str) -> None:
        self._asked.discard(name)

    # Inside

    def _tallied(self) -> PhotoTally:
        if self._tally is None:
            self._tally = PhotoTally(self._entries, self._novelty, self._seen)
        return self._tally

    @Slot(object)
    def _read(self, names: Iterable[str]) -> None:
        project, wanted = self._store.project, list(names)
        if project is None or not wanted:
            return
        # Behind what is being read already: that may bring labels from before this change.
        if len(wanted) > AT_ONCE or self._reader.busy:
            self._reader.read(wanted)
            return
        read = (read_entry(project, name) for name in wanted)
        self._on_entries_read({entry.name: entry for entry in read if entry is not None})

    def _thumbnail(self, name: str) -> QImage | None:
        made = self._images.get(name)
        if made is not None:
            self._images.move_to_end(name)
            return made[1]
        if self._store.project is not None and name not in self._asked:
            self._asked.add(name)
            self._loader.want(self._store.project.photo(name))
        return None

    def _renew_thumbnail(self, name: str) -> None:
        """Asks for it again where the photo is another; until then the old one is shown."""
        made, project = self._images.get(name), self._store.project
        if made is None or project is None or name in self._asked:
            return
        photo = project.photo(name)
        if changed_ns(photo.path) != made[0].time_ns:
            self._asked.add(name)
            self._loader.want(photo)

    def _tell(self, name: str) -> None:
        index = self.index_of(name)
        if index.isValid():
            self.dataChanged.emit(index, index)

    def _sync(self) -> None:
        """Brings the rows to what the filter lets through."""
        state, kept = self._filter, self._kept
        self._rows.show(
            list(self._entries)
            if state is None
            else [
                name
                for name, entry in self._entries.items()
                if entry.state is state or name == kept
            ]
        )


def state_in_words(entry: PhotoEntry) -> str:
    """Such as "2 faces"."""
    if entry.state is None:
        return "…"
    if entry.draft is not None:
        what = "Draft" if entry.draft.detections else "Draft: no face"
        return f"{what}, {entry.draft.certainty:.0%}"
    if entry.state is PhotoState.FACES:
        return "1 face" if len(entry.boxes) == 1 else f"{len(entry.boxes)} faces"
    return entry.state.value.capitalize()


def _to_image(pixels: Pixels) -> QImage:
    # In the format that is painted fastest.
    return image_of(pixels).convertToFormat(QImage.Format.Format_RGB32)
