"""Changes of labels: written at once, each with the way back."""

from __future__ import annotations

import contextlib
import logging
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

from PySide6.QtCore import QObject, QTimer, Signal, Slot
from PySide6.QtGui import QUndoCommand, QUndoStack

from facegui.core.boxes import Box
from facegui.core.errors import UserError
from facegui.core.photo_library import Changes, Photo, PhotoState
from facegui.core.project import Project
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

    @property
    def names(self) -> tuple[str, ...]:
        return (self._before.name,)

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
        else:
            self._history.went_to.emit(entry.name)


class _PhotoDeletion(QUndoCommand):
    """A photo into the trash, with its label. It is pushed when it is done already."""

    def __init__(self, history: LabelHistory, name: str, entry: TrashEntry) -> None:
        super().__init__("Delete photo")
        self._history = history
        self._name = name
        self._entry = entry
        self._pushed = False

    def redo(self) -> None:
        if self._pushed:
            try:
                self._entry = self._history.throw_away(self._name)
            except UserError as error:
                self.setObsolete(True)
                self._history.failed.emit(error)
        self._pushed = True

    def undo(self) -> None:
        try:
            self._name = self._history.take_back(self._entry)
        except UserError as error:
            self.setObsolete(True)
            self._history.failed.emit(error)


@dataclass(slots=True)
class _Step:
    """What one photo of many becomes; `before` and `after` once it is done."""

    name: str
    boxes: tuple[Box, ...]
    before: PhotoEntry | None = None
    after: PhotoEntry | None = None
    thrown: TrashEntry | None = None


class _ManyEdit(QUndoCommand):
    """The labels of many photos, before and after. It is pushed when it is done already."""

    def __init__(self, history: LabelHistory, text: str, steps: list[_Step]) -> None:
        super().__init__(text)
        self._history = history
        self._steps = steps
        self._pushed = False

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(step.name for step in self._steps)

    def redo(self) -> None:
        if self._pushed:
            self._history.walk(self._steps, back=False)
        self._pushed = True

    def undo(self) -> None:
        self._history.walk(self._steps, back=True)


class LabelHistory(QObject):
    """Changes labels of the project and takes changes back, over all photos.

    A label file that goes is in the trash; taking that back brings the very file,
    with whatever else was in it. A change by another program to a photo that was
    changed here is a step of its own, so that nothing is overwritten unseen.

    Many labels are written one after the other while the window goes on: see `busy`.

    Signals:
        failed(UserError): a change could not be written or taken back.
        busy_changed(): it writes many labels now, or has written them.
        went_to(str): name of the photo whose change was taken back or done again.
    """

    failed = Signal(object)
    busy_changed = Signal()
    went_to = Signal(str)

    def __init__(self, store: ProjectStore, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._store = store
        self._known: dict[str, PhotoEntry] = {}
        self._queue: deque[partial[None]] = deque()
        self._errors: list[UserError] = []
        self._timer = QTimer(self, interval=0)
        self._timer.timeout.connect(self._take_step)
        self.stack = QUndoStack(self)

    def forget(self) -> None:
        """Another project: nothing can be taken back."""
        self._stop_walking()
        self._known.clear()
        self.stack.clear()

    def set_boxes(self, name: str, boxes: tuple[Box, ...], text: str) -> bool:
        """Labels a photo; no boxes means no face. Returns whether it is on disk."""
        return self._change(name, boxes, text)

    def clear(self, name: str, text: str) -> bool:
        """Makes a photo "not labelled" again; also where its label file is broken."""
        return self._change(name, None, text)

    @property
    def busy(self) -> bool:
        """Whether many labels are being written: none may be changed meanwhile."""
        return self._timer.isActive()

    def set_many(self, labels: Mapping[str, tuple[Box, ...]], text: str) -> None:
        """Labels many photos, as one change; not while `busy`."""
        steps = [_Step(name, boxes) for name, boxes in labels.items()]
        done: list[_Step] = []
        for step in steps:
            self._queue.append(partial(self._label_one, step, done))
        self._queue.append(partial(self._push_many, text, done))
        self._walk()

    def undo(self) -> None:
        """Takes the last change back; not while `busy`."""
        if self._may_go(self.stack.command(self.stack.index() - 1)):
            self.stack.undo()

    def redo(self) -> None:
        """Does again what was taken back last; not while `busy`."""
        if self._may_go(self.stack.command(self.stack.index())):
            self.stack.redo()

    def _may_go(self, command: QUndoCommand | None) -> bool:
        """Whether no label file of a change is half written; says so if one is."""
        project = self._store.project
        names = command.names if isinstance(command, _LabelEdit | _ManyEdit) else ()
        for name in names:
            entry, known = read_entry(project, name) if project else None, self._known.get(name)
            if entry is None or entry.state is not PhotoState.BROKEN:
                continue
            if known is None or known.state is not PhotoState.BROKEN:
                self.failed.emit(
                    UserError(
                        f"The label file of {name} is broken, or is just being written.",
                        "Try again in a moment. If it stays so, start over with that photo.",
                    )
                )
                return False
        return True

    def walk(self, steps: Sequence[_Step], *, back: bool) -> None:
        """Goes to what many photos were before, or after; for Undo and Redo."""
        thrown: list[TrashEntry] = []
        for step in reversed(steps) if back else steps:
            self._queue.append(partial(self._go, step, back, thrown))
        self._walk()

    def _walk(self) -> None:
        if self._queue and not self.busy:
            self._timer.start()
            self.busy_changed.emit()

    def _stop_walking(self) -> None:
        self._queue.clear()
        self._errors.clear()
        if self.busy:
            self._timer.stop()
            self.busy_changed.emit()

    @Slot()
    def _take_step(self) -> None:
        try:
            self._queue.popleft()()
        except UserError as error:
            # The others are changed all the same, and what is done can be taken back.
            self._errors.append(error)
        if not self._queue:
            errors = tuple(self._errors)
            self._stop_walking()
            if errors:
                self.failed.emit(_as_one(errors))

    def _label_one(self, step: _Step, done: list[_Step]) -> None:
        project = self._store.project
        step.before = read_entry(project, step.name) if project else None
        if step.before is None or step.before.state is not PhotoState.UNLABELLED:
            return  # somebody was faster
        step.thrown = self._write(step.name, step.boxes, None)
        step.after = self._known[step.name]
        done.append(step)

    def _push_many(self, text: str, done: list[_Step]) -> None:
        if done:
            self.stack.push(_ManyEdit(self, text, done))

    def _go(self, step: _Step, back: bool, thrown: list[TrashEntry]) -> None:
        """One of many; `thrown` is where in the trash the labels of all of them go."""
        entry, project = step.before if back else step.after, self._store.project
        # A photo that was deleted since took its label along.
        if entry is not None and project is not None and read_entry(project, entry.name):
            step.thrown = self.apply(entry, step.thrown, thrown[0] if thrown else None)
            if step.thrown is not None and not thrown:
                thrown.append(step.thrown)

    def reject_draft(self, name: str) -> bool:
        """Takes the draft of a photo away. Returns whether there was one."""
        project = self._store.project
        before = read_entry(project, name) if project else None
        if before is None or before.draft is None:
            return False
        after = replace(before, draft=None)
        self._draft_again(after)
        self.stack.push(_LabelEdit(self, "Reject draft", before, after))
        return True

    def delete_photo(self, name: str) -> bool:
        """Moves a photo to the trash. Returns whether it is there."""
        try:
            entry = self.throw_away(name)
        except UserError as error:
            self.failed.emit(error)
            return False
        self.stack.push(_PhotoDeletion(self, name, entry))
        return True

    def throw_away(self, name: str) -> TrashEntry:
        """Raises `UserError` when the photo cannot be moved."""
        project, photo = self._photo(name)
        entry = project.delete([photo])
        self._known.pop(name, None)
        self._store.tell(Changes(removed=(name,)))
        return entry

    def take_back(self, entry: TrashEntry) -> str:
        """Takes a photo out of the trash; returns what it is called now.

        Raises:
            UserError: when it cannot be moved.
        """
        project = self._store.project
        restored = project.restore(entry) if project is not None else ()
        if not restored:
            raise UserError("The photo is not in the trash any more.", "It cannot be taken back.")
        (photo,) = restored
        self._store.tell(Changes(added=(photo.name,)))
        self.went_to.emit(photo.name)
        return photo.name

    def take_over(self, entry: PhotoEntry) -> None:
        """Tells what a label is now, whoever wrote it."""
        known = self._known.get(entry.name)
        # One that is broken is, as a rule, just being written: what comes of it counts.
        if known is None or known == entry or entry.state is PhotoState.BROKEN:
            return
        if known.state is PhotoState.BROKEN:
            # There is no way back to a file that nobody kept.
            known = PhotoEntry(entry.name, PhotoState.UNLABELLED)
        self._known[entry.name] = entry
        self.stack.push(_LabelEdit(self, "Change by another program", known, entry))

    def apply(
        self, entry: PhotoEntry, thrown: TrashEntry | None, into: TrashEntry | None = None
    ) -> TrashEntry | None:
        """Goes to what an entry says, for Undo and Redo.

        Args:
            entry: as the photo's label is to be.
            thrown: where in the trash that label file is.
            into: where in the trash the file goes that is there now; None: anywhere.

        Returns:
            Where in the trash the file is that was there until now.

        Raises:
            UserError: when it cannot be written, or is a broken file that nobody has any more.
        """
        if entry.state is PhotoState.BROKEN and not self._is_in(thrown, entry.name):
            raise UserError(
                f"The broken label file of {entry.name} is not in the trash any more.",
                "Its label stays as it is.",
            )
        boxes = None if entry.state is PhotoState.UNLABELLED else entry.boxes
        thrown = self._write(entry.name, boxes, thrown, into)
        self._draft_again(entry)
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

    def _is_in(self, thrown: TrashEntry | None, name: str) -> bool:
        """Whether the label file of a photo is there in the trash."""
        project = self._store.project
        if project is None or thrown is None:
            return False
        return thrown.holds_label(project.label_path(project.photo(name)).name)

    def _write(
        self,
        name: str,
        boxes: tuple[Box, ...] | None,
        thrown: TrashEntry | None,
        into: TrashEntry | None = None,
    ) -> TrashEntry | None:
        project, photo = self._photo(name)
        now_thrown = None
        if boxes is None:
            now_thrown = project.clear_label(photo, into)
        elif thrown is not None and self._is_in(thrown, name):
            project.restore_label(photo, thrown)
        else:
            project.set_label(photo, boxes)
        entry = read_entry(project, name)
        if entry is not None:
            self._known[name] = entry
        self._store.tell(Changes(changed=(name,)))
        return now_thrown

    def _photo(self, name: str) -> tuple[Project, Photo]:
        project = self._store.project
        with contextlib.suppress(KeyError):
            if project is not None:
                return project, project.photo(name)
        raise UserError(f"The photo {name} is gone.", "It cannot be changed any more.")

    def _draft_again(self, entry: PhotoEntry) -> None:
        """Brings back, or takes away, the draft that an unlabelled photo had."""
        project = self._store.project
        if project is None or entry.state is not PhotoState.UNLABELLED:
            return
        photo = project.photo(entry.name)
        if entry.draft is None:
            project.drafts.remove_draft(photo)
        else:
            project.drafts.put_back(photo, entry.draft)
        self._store.drafts_changed.emit((entry.name,))


def _as_one(errors: Sequence[UserError]) -> UserError:
    """The first of some errors, and how many photos were left out besides."""
    first, *others = errors
    more = f" {len(others)} more photos were left out." if others else ""
    return UserError(f"{first.what}{more}", first.remedy, first.details)
