"""What the user does to the label of the photo that is shown: drawn, said, accepted, undone."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal, Slot

from facegui.core.boxes import Box
from facegui.core.errors import UserError
from facegui.core.photo_library import PhotoState
from facegui.ui.box_editor import BoxEdit, BoxEditor
from facegui.ui.label_clock import LabelClock, Way
from facegui.ui.label_history import LabelHistory
from facegui.ui.photo_model import PhotoModel
from facegui.workers.drafting import Drafting
from facegui.workers.label_reader import PhotoEntry
from facegui.workers.labelme_process import LabelmeProcess
from facegui.workers.project_store import ProjectStore


class LabelDesk(QObject):
    """Between the editor, the keys and the history of labels.

    Signals:
        failed(UserError): a change was left out.
        noticed(str): a photo went to the trash.
        changed(): the label is to be shown as it is on disk.
        next_wanted(): the photo is done: the next one, please.
    """

    failed = Signal(object)
    noticed = Signal(str)
    changed = Signal()
    next_wanted = Signal()

    def __init__(
        self,
        store: ProjectStore,
        model: PhotoModel,
        editor: BoxEditor,
        drafting: Drafting,
        labelme: LabelmeProcess,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._store, self._model, self._editor = store, model, editor
        self._drafting, self._labelme = drafting, labelme
        self._name: str | None = None
        self._before: str | None = None
        self.clock = LabelClock()
        self.history = LabelHistory(store, self)
        self.history.failed.connect(self.failed)
        editor.edited.connect(self._on_edited)

    @property
    def entry(self) -> PhotoEntry | None:
        """Of the photo that is shown."""
        return None if self._name is None else self._model.entry(self._name)

    @property
    def why_busy(self) -> str:
        """Why no label may be changed now; "" where one may."""
        if self.history.busy:
            return "Many labels are being written."
        # It would overwrite what is written here, unseen.
        return "Close LabelMe first." if self._labelme.running else ""

    @property
    def boxes_before(self) -> tuple[Box, ...]:
        """Of the photo that was shown before this one: they can be copied."""
        source = None if self._before is None else self._model.entry(self._before)
        return () if source is None or self._before == self._name else source.boxes

    def look_at(self, name: str | None) -> None:
        """Another photo is shown."""
        if self.entry is not None and self.entry.boxes:
            self._before = self._name
        self._name = name
        self.clock.look_at(name)
        self._drafting.spare(name)

    def forget(self) -> None:
        """Another project."""
        self._name = self._before = None
        self.history.forget()
        self.clock.forget()

    @Slot(object)
    def _on_edited(self, edit: BoxEdit) -> None:
        entry = self.entry
        if entry is None or not self._is_fresh(entry):
            return
        if edit.boxes:
            self._set(entry, edit.boxes, edit.text, Way.CORRECTED if entry.draft else Way.BY_HAND)
        elif entry.draft is not None:
            self.reject_draft()
        else:
            # Without its last box a photo is not one without a face: nobody said so.
            self.history.clear(entry.name, edit.text)
            self.changed.emit()

    @Slot()
    def say_no_face(self) -> None:
        """Labels the photo "no face"; its boxes go. One that had no label is done with."""
        self._editor.flush()
        entry = self.entry
        if entry is None or not self._is_fresh(entry):
            return
        way = Way.BY_HAND
        if entry.draft is not None:
            way = Way.CORRECTED if entry.draft.detections else Way.ACCEPTED
        if self._set(entry, (), "No face", way) and entry.state is PhotoState.UNLABELLED:
            self.next_wanted.emit()

    @Slot()
    def clear_label(self) -> None:
        """Makes the photo "not labelled" again."""
        self._editor.flush()
        entry = self.entry
        if entry is not None and self._is_fresh(entry):
            self.history.clear(entry.name, "Clear label")

    @Slot()
    def start_over(self) -> None:
        """Moves a broken label file to the trash."""
        if self.entry is not None:
            self.history.clear(self.entry.name, "Start over")
            self._editor.setFocus()

    @Slot()
    def copy_before(self) -> None:
        """Gives the photo the boxes of the one that was shown before it."""
        self._editor.flush()
        entry, project = self.entry, self._store.project
        before, source = self._before, self.boxes_before
        if entry is None or project is None or before is None or not source:
            return
        if not self._is_fresh(entry):
            return
        try:
            here, there = (project.size(project.photo(name)) for name in (entry.name, before))
        except UserError as error:
            self.failed.emit(error)
            return
        across, down = here[0] / there[0], here[1] / there[1]
        boxes = tuple(box.scaled(across, down) for box in source)
        self._set(entry, boxes, "Copy boxes", Way.BY_HAND)

    # Drafts

    def accept_draft(self) -> bool:
        """Makes the draft the label; returns whether there was one."""
        self._editor.flush()
        entry = self.entry
        if entry is None or entry.draft is None or not self._editor.can_edit:
            return False
        if not self._is_fresh(entry):
            return False
        return self._set(entry, entry.draft.boxes, "Accept draft", Way.ACCEPTED)

    @Slot()
    def accept_and_go_on(self) -> None:
        """One key a photo."""
        if self.accept_draft():
            self.next_wanted.emit()

    @Slot()
    def reject_draft(self) -> None:
        """Takes the draft away; the photo stays to be boxed by hand."""
        entry = self.entry
        if entry is not None and self.history.reject_draft(entry.name):
            self._drafting.reject(entry.name)

    def certain_drafts(self, least: float) -> dict[str, PhotoEntry]:
        """The photos whose draft is at least so certain, 0 to 1."""
        return {
            name: entry
            for name, entry in self._model.entries.items()
            if entry.draft is not None
            and entry.draft.certainty >= least
            and entry.state is PhotoState.UNLABELLED
        }

    def accept_certain(self, least: float) -> None:
        """Makes all drafts labels that are at least so certain, as one change."""
        self._editor.flush()
        drafts = self.certain_drafts(least)
        labels = {name: entry.draft.boxes for name, entry in drafts.items() if entry.draft}
        if labels and not self.why_busy:
            what = "draft" if len(labels) == 1 else "drafts"
            # Not on the clock: nobody looked at them one by one.
            self.history.set_many(labels, f"Accept {len(labels)} {what}")
            self.changed.emit()

    # Undo

    @Slot()
    def delete_photo(self) -> None:
        """Moves the photo that is shown to the trash, with its label."""
        self._editor.flush()
        name = self._name
        if name is not None and self.entry is not None and self.history.delete_photo(name):
            self.noticed.emit(f"{name} is in the trash. Ctrl+Z takes it back.")

    @Slot()
    def undo(self) -> None:
        self._editor.flush()
        self._store.look()
        self.history.undo()

    @Slot()
    def redo(self) -> None:
        self._editor.flush()
        self._store.look()
        self.history.redo()

    def _set(self, entry: PhotoEntry, boxes: tuple[Box, ...], text: str, way: Way) -> bool:
        done = self.history.set_boxes(entry.name, boxes, text)
        if done:
            self.clock.labelled(entry.name, way)
        self.changed.emit()
        return done

    def _is_fresh(self, entry: PhotoEntry) -> bool:
        """Whether the label on disk is still the one that the user saw; says so if not."""
        project = self._store.project
        if project is not None and not project.is_current(project.photo(entry.name)):
            self._store.look()
        if self.entry == entry:
            return True
        self.failed.emit(
            UserError(
                f"Another program changed the label of {entry.name} just now.",
                "Your change was left out: look at the boxes and do it again.",
            )
        )
        self.changed.emit()
        return False
