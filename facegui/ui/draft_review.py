"""Drafts and the second opinion in the Annotate tab: its controls, and what they do."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal, Slot

from facegui.core.errors import UserError
from facegui.core.mistakes import PhotoMistakes
from facegui.ui.draft_controls import DraftControls
from facegui.ui.label_desk import LabelDesk
from facegui.ui.photo_model import PhotoModel
from facegui.workers.drafting import Drafting, DraftingState


class DraftReview(QObject):
    """Leads drafting by its controls, and shows in them what it does.

    Signals:
        failed(UserError): a choice could not be kept.
        photo_wanted(str): the label of the photo of that name is worth another look.
    """

    failed = Signal(object)
    photo_wanted = Signal(str)

    def __init__(
        self,
        drafting: Drafting,
        controls: DraftControls,
        desk: LabelDesk,
        model: PhotoModel,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._drafting, self._controls = drafting, controls
        self._desk, self._model = desk, model
        drafting.changed.connect(self.show_state)
        controls.switch.clicked.connect(self._on_switch)
        controls.least.valueChanged.connect(self.show_state)
        controls.accept_all.clicked.connect(self._accept_certain)
        controls.ask.clicked.connect(self._on_second_opinion)

    def doubt(self, name: str | None) -> PhotoMistakes | None:
        """What the network holds against the label of a photo."""
        return next((doubt for doubt in self._drafting.doubts if doubt.name == name), None)

    def confirm(self, name: str) -> None:
        """The user stands by the label of a photo."""
        try:
            self._drafting.confirm(name)
        except UserError as error:
            self.failed.emit(error)

    @Slot()
    def show_state(self) -> None:
        """What drafting does, how sure it is, and what can be done with that."""
        drafting, controls = self._drafting, self._controls
        controls.setVisible(bool(self._model.names))
        entries = self._model.entries.values()
        certainties = [entry.draft.certainty for entry in entries if entry.draft is not None]
        controls.show_drafts(drafting.is_on, drafting.news, certainties)
        certain = self._desk.certain_drafts(controls.least.value() / 100).values()
        empty = sum(entry.draft is not None and not entry.draft.boxes for entry in certain)
        controls.show_many(len(certain), empty, self._desk.why_busy)
        working = drafting.news.state is DraftingState.WORKING
        controls.show_opinion(
            len(drafting.doubts),
            has_judged=drafting.has_judged and not working,
            labelled=drafting.news.labelled,
            why_not="The network is at work; wait a moment." if working else "",
        )

    @Slot(bool)
    def _on_switch(self, on: bool) -> None:
        try:
            self._drafting.set_on(on)
        except UserError as error:
            self.failed.emit(error)
        self.show_state()

    @Slot()
    def _accept_certain(self) -> None:
        self._desk.accept_certain(self._controls.least.value() / 100)

    @Slot()
    def _on_second_opinion(self) -> None:
        """Asks for one, or goes to the next label that it doubts."""
        names = [doubt.name for doubt in self._drafting.doubts]
        if not names:
            self._drafting.ask_opinion()
            return
        shown = self._desk.entry.name if self._desk.entry is not None else ""
        place = names.index(shown) + 1 if shown in names else 0
        self.photo_wanted.emit(names[place % len(names)])
