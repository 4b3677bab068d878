"""The photo in large with its label, its draft or what is wrong with it, and a line below."""

from __future__ import annotations

from PySide6.QtWidgets import QVBoxLayout, QWidget

from facegui.core.mistakes import PhotoMistakes
from facegui.core.photo_library import PhotoState
from facegui.ui.annotate_controls import PhotoNotice
from facegui.ui.box_editor import BoxEditor
from facegui.ui.draft_controls import doubt_in_words, seen_by_network
from facegui.ui.style import GRID
from facegui.workers.label_reader import PhotoEntry
from facegui.workers.thumbnails import LoadedPicture

_BADGES: dict[PhotoState | None, str] = {
    PhotoState.UNLABELLED: "Not labelled yet",
    PhotoState.NO_FACE: "No face",
}
_WHY_LOCKED: dict[PhotoState | None, str] = {
    None: "Its label is still being read.",
    PhotoState.BROKEN: "Its label file is broken: start over first.",
}
_LABELME_OPEN = "LabelMe is open. What it saves is shown here at once; close it to draw here again."
_RIGHT = "The label is right"


class LabelView(QWidget):
    """The editor and, where there is something to say of the label, a line with a button."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.editor = BoxEditor()
        self.editor.setObjectName("annotate.editor")
        self.notice = PhotoNotice()
        self._picture: LoadedPicture | None = None
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(GRID)
        layout.addWidget(self.editor, 1)
        layout.addWidget(self.notice)

    def show_picture(self, picture: LoadedPicture | None) -> None:
        """Shows another photo, without boxes until `show_label`; None: nothing."""
        if picture is self._picture:
            return
        self._picture = picture
        if picture is None:
            self.editor.set_picture(None)
        else:
            self.editor.set_picture(picture.pixels, picture.size)

    def show_label(
        self,
        entry: PhotoEntry | None,
        doubt: PhotoMistakes | None,
        busy: str,
        *,
        labelme_runs: bool,
    ) -> None:
        """Brings boxes, badge and line to what is on disk.

        Args:
            entry: of the photo.
            doubt: what the network holds against its label.
            busy: why nothing may be changed now, or "".
            labelme_runs: whether LabelMe has the labels now.
        """
        state = entry.state if entry else None
        self.editor.set_locked(busy or _WHY_LOCKED.get(state, ""))
        draft = entry.draft if entry else None
        if self._picture is None or entry is None:
            self.editor.set_boxes(())
            self.editor.set_badge(_BADGES.get(state, ""))
        elif draft is not None:
            self.editor.set_boxes(draft.boxes, [found.confidence for found in draft.detections])
            what = "Draft" if draft.detections else "Draft: no face"
            self.editor.set_badge(f"{what}, {draft.certainty:.0%} sure. Enter accepts it.")
        else:
            self.editor.set_boxes(entry.boxes)
            self.editor.set_badge(_BADGES.get(state, ""))
        self.editor.set_others(seen_by_network(doubt) if self._picture else ())
        self._show_notice(entry, doubt, labelme_runs=labelme_runs)

    def _show_notice(
        self, entry: PhotoEntry | None, doubt: PhotoMistakes | None, *, labelme_runs: bool
    ) -> None:
        if self._picture is not None and self._picture.error is not None:
            self.notice.say("error", str(self._picture.error))
        elif entry is not None and entry.error is not None:
            text = f"{entry.error.what} “Start over” moves this file to the trash."
            self.notice.say("error", text, "Start over")
        elif labelme_runs:
            self.notice.say("notice", _LABELME_OPEN)
        elif doubt is not None:
            self.notice.say("notice", doubt_in_words(doubt.mistakes[0]), _RIGHT)
        else:
            self.notice.say("", "")
