"""The photos that are or will soon be shown in large, in memory."""

from __future__ import annotations

from collections import OrderedDict

from PySide6.QtCore import QObject, Signal, Slot

from facegui.core.photo_library import Photo
from facegui.workers.thumbnails import LARGE_SIDE, LoadedPicture, PictureLoader, changed_ns

MOST = 4
"""Going back and forth between a few photos is at once."""


class LargePictures(QObject):
    """Reads photos in the background and keeps the last few.

    Signals:
        ready(str): the photo of that name can be had, or its error.
    """

    ready = Signal(str)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._kept: OrderedDict[str, LoadedPicture] = OrderedDict()
        self._loader = PictureLoader(LARGE_SIDE, threads=1, longest=2, parent=self)
        self._loader.loaded.connect(self._on_loaded)

    def get(self, photo: Photo, then: Photo | None = None) -> LoadedPicture | None:
        """The photo as it is on disk now; None: it is being read.

        Args:
            photo: the one that is wanted.
            then: will probably be wanted next; it is read ahead.
        """
        kept = self._fresh(photo)
        if then is not None and self._fresh(then) is None:
            self._loader.want(then)
        if kept is None:
            self._loader.want(photo)
        else:
            self._kept.move_to_end(photo.name)
        return kept

    def forget(self) -> None:
        """Another project."""
        self._loader.forget()
        self._kept.clear()

    def shut_down(self) -> None:
        self._loader.shut_down()

    def _fresh(self, photo: Photo) -> LoadedPicture | None:
        kept = self._kept.get(photo.name)
        is_fresh = kept is not None and (kept.photo, kept.time_ns) == (
            photo,
            changed_ns(photo.path),
        )
        return kept if is_fresh else None

    @Slot(object)
    def _on_loaded(self, loaded: LoadedPicture) -> None:
        self._kept[loaded.photo.name] = loaded
        self._kept.move_to_end(loaded.photo.name)
        while len(self._kept) > MOST:
            self._kept.popitem(last=False)
        self.ready.emit(loaded.photo.name)
