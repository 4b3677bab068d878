"""Photos that were just taken into the trash, and back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from facegui.core.errors import UserError
from facegui.core.photo_library import Changes, Photo
from facegui.core.trash import TrashEntry
from facegui.workers.photo_writer import TakenPhoto
from facegui.workers.project_store import ProjectStore


@dataclass(frozen=True, slots=True)
class _Deletion:
    entry: TrashEntry
    taken: tuple[TakenPhoto, ...]


class PhotoDeletions:
    """What was deleted from the strip, the newest last; tells the store of each."""

    def __init__(self, store: ProjectStore) -> None:
        self._store = store
        self._deletions: list[_Deletion] = []

    @property
    def newest(self) -> int:
        """How many photos `undo` brings back; 0 for none."""
        return len(self._deletions[-1].taken) if self._deletions else 0

    def forget(self) -> None:
        """Another project is open, or the trash was emptied."""
        self._deletions.clear()

    def delete(self, photos: Sequence[Photo], shown: Sequence[TakenPhoto]) -> None:
        """Moves photos to the trash.

        Args:
            photos: of the open project.
            shown: the photos of the strip, of which theirs are remembered.

        Raises:
            UserError: when they cannot be moved.
        """
        project = self._store.project
        if project is None:
            return
        gone = {photo.name for photo in photos}
        taken = sorted(
            (one for one in shown if one.photo.name in gone), key=lambda one: one.photo.name
        )
        try:
            entry = project.delete(photos)
        except UserError:
            # What could not be moved back either is gone all the same.
            gone -= {photo.name for photo in project.photos}
            self._store.tell(Changes(removed=tuple(sorted(gone))))
            raise
        self._deletions.append(_Deletion(entry, tuple(taken)))
        self._store.tell(Changes(removed=tuple(sorted(gone))))

    def undo(self) -> tuple[TakenPhoto, ...]:
        """Takes the last deletion back.

        Returns:
            What the strip is to show again.

        Raises:
            UserError: when they cannot be moved back.
        """
        project = self._store.project
        if not self._deletions or project is None:
            return ()
        deletion = self._deletions[-1]
        restored = project.restore(deletion.entry)
        self._deletions.pop()
        # Sorted by name on both sides; a photo whose name was taken meanwhile has another.
        back = tuple(
            TakenPhoto(photo, project, taken.thumbnail)
            for taken, photo in zip(deletion.taken, restored, strict=False)
        )
        self._store.tell(Changes(added=tuple(photo.name for photo in restored)))
        return back
