"""Pictures read on threads of their own: thumbnails by the hundred, and the one in large."""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QObject, QThread, Signal, Slot

from facegui.core.errors import UserError
from facegui.core.images import Pixels, read_small_picture
from facegui.core.photo_library import Photo
from facegui.core.thumbnail_cache import FOLDER_NAME, read_thumbnail
from facegui.workers.priority import step_back

THUMBNAIL_SIDE = 256
"""Longest side in pixels: sharp at twice the density of a plain screen."""

LARGE_SIDE = 2560
"""Likewise for the one that is edited: more than a screen shows, and quick to scale."""


@dataclass(frozen=True, slots=True, eq=False)
class LoadedPicture:
    """A photo that was read, or why it was not.

    Args:
        photo: which.
        time_ns: when the file was changed last; another time, another picture.
        pixels: (h, w, 3) RGB uint8, read-only, perhaps made smaller; None where `error` says why.
        size: width and height of the photo itself.
        error: what is wrong with the file.
    """

    photo: Photo
    time_ns: int
    pixels: Pixels | None
    size: tuple[int, int]
    error: UserError | None = None


class _Wishes:
    """Photos that are waited for. The newest is served first: it is what is looked at now."""

    def __init__(self, longest: int) -> None:
        self._longest = longest
        self._waiting: OrderedDict[str, Photo] = OrderedDict()
        self._changed = threading.Condition()
        self._closed = False

    def add(self, photo: Photo) -> Photo | None:
        """Returns the oldest wish where it had to be dropped."""
        with self._changed:
            self._waiting[photo.name] = photo
            self._waiting.move_to_end(photo.name)
            self._changed.notify()
            if len(self._waiting) <= self._longest:
                return None
            return self._waiting.popitem(last=False)[1]

    def clear(self) -> None:
        with self._changed:
            self._waiting.clear()

    def take(self) -> Photo | None:
        """Waits for a wish; None: there will be no more."""
        with self._changed:
            self._changed.wait_for(lambda: self._waiting or self._closed)
            return None if self._closed else self._waiting.popitem()[1]

    def close(self) -> None:
        with self._changed:
            self._closed = True
            self._changed.notify_all()


class _Reader(QObject):
    """Lives in a thread and serves wishes until there are no more."""

    loaded = Signal(object)

    def __init__(self, wishes: _Wishes, side: int, *, keep: bool, patient: bool) -> None:
        super().__init__()
        self._wishes = wishes
        self._side = side
        self._keep = keep
        self._patient = patient

    @Slot()
    def run(self) -> None:
        if self._patient:
            step_back()
        while (photo := self._wishes.take()) is not None:
            self.loaded.emit(self._load(photo))
        QThread.currentThread().quit()

    def _load(self, photo: Photo) -> LoadedPicture:
        time_ns = changed_ns(photo.path)
        try:
            pixels, size = self._read(photo)
        except UserError as error:
            return LoadedPicture(photo, time_ns, None, (1, 1), error)
        pixels.flags.writeable = False
        return LoadedPicture(photo, time_ns, pixels, size)

    def _read(self, photo: Photo) -> tuple[Pixels, tuple[int, int]]:
        cache = photo.path.parent.parent / "cache"
        if self._keep and cache.is_dir():
            folder = cache / FOLDER_NAME / str(self._side)
            return read_thumbnail(photo.path, folder, self._side)
        return read_small_picture(photo.path, self._side)


class PictureLoader(QObject):
    """Reads photos in the background.

    Signals:
        loaded(LoadedPicture): one was read, or could not be.
        dropped(str): the name of one that is not waited for any more.

    Args:
        side: longest side in pixels of what is made; larger pictures are made smaller.
        threads: how many at a time; they start with the first wish.
        longest: how many wishes wait; older ones are dropped.
        keep: whether what is made is kept in the project's cache.
        patient: whether the window goes first where cores are few: for pictures by the hundred.
    """

    loaded = Signal(object)
    dropped = Signal(str)

    def __init__(
        self,
        side: int,
        *,
        threads: int,
        longest: int,
        keep: bool = False,
        patient: bool = False,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._wishes = _Wishes(longest)
        self._threads = [QThread(self) for _ in range(threads)]
        self._readers = [
            _Reader(self._wishes, side, keep=keep, patient=patient) for _ in self._threads
        ]
        for thread, reader in zip(self._threads, self._readers, strict=True):
            reader.moveToThread(thread)
            thread.started.connect(reader.run)
            reader.loaded.connect(self.loaded)

    def want(self, photo: Photo) -> None:
        """Asks for a photo, before all that were asked for earlier."""
        dropped = self._wishes.add(photo)
        if dropped is not None:
            self.dropped.emit(dropped.name)
        for thread in self._threads:
            if not thread.isRunning():
                thread.start()

    def forget(self) -> None:
        """Drops all wishes."""
        self._wishes.clear()

    def shut_down(self) -> None:
        """Ends the threads once each has read what it is reading."""
        self._wishes.close()
        for thread in self._threads:
            thread.quit()
            thread.wait()


def changed_ns(path: Path) -> int:
    """When a file was changed last; 0 where it is gone."""
    try:
        return path.stat().st_mtime_ns
    except OSError:
        return 0
