"""Changes of labels: written at once, each with the way back."""

from __future__ import annotations

import logging

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QUndoCommand, QUndoStack

from facegui.core.boxes import Box
from facegui.core.errors import UserError
from facegui.core.photo_library import Changes, PhotoState
from facegui.core.trash import TrashEntry
from facegui.workers.label_reader import PhotoEntry, read_entry
from facegui.workers.project_store import ProjectStore

log = logging.getLogger(__name__)


class _LabelEdit(QUndoCommand):
    """One photo's label, before and after. It is pushed when it is done already."""

    def __init__(
        self,
        history: LabelHistory,
        text: str,
        before: PhotoEntry,
        after: PhotoEntry,
        thrown: TrashEntry | None = None,
    ) -> None:
        super().__init__(text)
        self._history = history
        self._before = before
        self._after = after
        self._thrown = thrown
        self._pushed = False

    def redo(self) -> None:
        if self._pushed:
            self._go_to(self._after)
        self._pushed = True

    def undo(self) -> None:
        self._go_to(self._before)

    def _go_to(self, entry: PhotoEntry) -> None:
        try:
            self._thrown = self._history.apply(entry, self._thrown)
        except UserError as error:
            self.setObsolete(True)
            self._history.failed.emit(error)


class LabelHistory(QObject):
    """Changes labels of the project and takes changes back, over all photos.

    A label file that goes is in the trash; taking that back brings the very file,
    with whatever else was in it. A change by another program to a photo that was
    changed here is a step of its own, so that nothing is overwritten unseen.

    Signals:
        failed(UserError): a change could not be written or taken back.
        went_to(str): name of the photo whose change was taken back or done again.
    """

    failed = Signal(object)
    went_to = Signal(str)

    def __init__(self, store: ProjectStore, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._store = store
        self._known: dict[str, PhotoEntry] = {}
        self.stack = QUndoStack(self)

    def forget(self) -> None:
        """Another project: nothing can be taken back."""
        self._known.clear()
        self.stack.clear()

    def set_boxes(self, name: str, boxes: tuple[Box, ...], text: str) -> bool:
        """Labels a photo; no boxes means no face. Returns whether it is on disk."""
        return self._change(name, boxes, text)

    def clear(self, name: str, text: str) -> bool:
        """Makes a photo "not labelled" again; also where its label file is broken."""
        return self._change(name, None, text)

    def take_over(self, entry: PhotoEntry) -> None:
        """Tells what a label is now, whoever wrote it."""
        known = self._known.get(entry.name)
        if known is None or known == entry:
            return
        if PhotoState.BROKEN in (known.state, entry.state):
            # There is no way back to a file that nobody kept.
            self.forget()
            return
        self._known[entry.name] = entry
        self.stack.push(_LabelEdit(self, "Change by another program", known, entry))

    def apply(self, entry: PhotoEntry, thrown: TrashEntry | None) -> TrashEntry | None:
        """Goes to what an entry says, for Undo and Redo.

        Args:
            entry: as the photo's label is to be.
            thrown: where in the trash that label file is.

        Returns:
            Where in the trash the file is that was there until now.

        Raises:
            UserError: when it cannot be written.
        """
        boxes = None if entry.state is PhotoState.UNLABELLED else entry.boxes
        thrown = self._write(entry.name, boxes, thrown)
        self.went_to.emit(entry.name)
        return thrown

    def _change(self, name: str, boxes: tuple[Box, ...] | None, text: str) -> bool:
        project = self._store.project
        before = read_entry(project, name) if project else None
        if before is None:
            return False
        try:
            thrown = self._write(name, boxes, None)
        except UserError as error:
            self.failed.emit(error)
            return False
        after = self._known[name]
        if after != before:
            self.stack.push(_LabelEdit(self, text, before, after, thrown))
        return True

    def _write(
        self, name: str, boxes: tuple[Box, ...] | None, thrown: TrashEntry | None
    ) -> TrashEntry | None:
        project = self._store.project
        try:
            photo = project.photo(name) if project else None
        except KeyError:
            photo = None
        if project is None or photo is None:
            raise UserError(f"The photo {name} is gone.", "Its label cannot be changed any more.")
        now_thrown = None
        if boxes is None:
            now_thrown = project.clear_label(photo)
        elif thrown is not None and thrown.folder.exists():
            project.restore(thrown)
        else:
            project.set_label(photo, boxes)
        entry = read_entry(project, name)
        if entry is not None:
            self._known[name] = entry
        self._store.tell(Changes(changed=(name,)))
        return now_thrown
