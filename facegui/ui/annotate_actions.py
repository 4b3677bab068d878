"""What keys and buttons of the Annotate tab do to the photo, and why they cannot."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction, QKeySequence, QUndoStack
from PySide6.QtWidgets import QWidget

from facegui.core.photo_library import PhotoState
from facegui.ui.box_editor import BoxEditor
from facegui.ui.icons import icon
from facegui.workers.label_reader import PhotoEntry

_Keys = QKeySequence.StandardKey


class AnnotateActions:
    """The actions, within the tab that they belong to. The tab connects them."""

    def __init__(self, tab: QWidget) -> None:
        self._tab = tab
        self.no_face = self._add("no_face", "No face (N)", "mdi6.account-off", "N")
        self.delete = self._add("delete", "Delete box", "mdi6.delete", _Keys.Delete)
        self.reject = self._add("reject", "Reject draft", "mdi6.close", "Backspace")
        self.least_certain = self._add("least_certain", "Least certain (U)", "", "U")
        self.copy = self._add("copy", "Copy the boxes of the photo shown before", "", "C")
        self.clear = self._add("clear", "Clear label", "mdi6.eraser")
        self.delete_photo = self._add(
            "delete_photo", "Delete photo", "mdi6.trash-can-outline", "Ctrl+Del"
        )
        self.undo = self._add("undo", "Undo", "mdi6.undo", _Keys.Undo)
        self.redo = self._add("redo", "Redo", "mdi6.redo", "Ctrl+Shift+Z", _Keys.Redo)
        self.before = self._add("before", "The photo before this one", "", "PgUp")
        self.after = self._add("after", "The photo after this one", "", "PgDown")
        self.next = self._add(
            "next", "Accept the draft; the next photo without a label", "", "Return", "Enter"
        )
        self.zoom_in = self._add("zoom_in", "Zoom in", "", _Keys.ZoomIn, "Ctrl+=")
        self.zoom_out = self._add("zoom_out", "Zoom out", "", _Keys.ZoomOut)
        self.fit = self._add("fit", "Show the whole photo", "", "Ctrl+0")

    def show_state(
        self,
        entry: PhotoEntry | None,
        editor: BoxEditor,
        stack: QUndoStack,
        busy: str,
        *,
        can_copy: bool,
    ) -> None:
        """Enables what can be done now; the others say why they cannot.

        Args:
            entry: of the photo that is shown.
            editor: that shows it.
            stack: what can be undone.
            busy: why nothing may be written now, or "".
            can_copy: whether the photo shown before has boxes.
        """
        why_not = "There is no photo." if entry is None else editor.why_locked
        if not why_not and not editor.has_picture:
            why_not = "The photo is not there yet."
        state = entry.state if entry else None
        no_draft = "" if entry is not None and entry.draft is not None else "There is no draft."
        has_choice = editor.chosen is not None or len(editor.boxes) == 1
        is_labelled = state in (PhotoState.FACES, PhotoState.NO_FACE)
        _allow(
            self.no_face,
            why_not or ("It is labelled so." if state is PhotoState.NO_FACE else ""),
            "There is no face in this photo",
        )
        _allow(
            self.delete,
            why_not or ("" if has_choice else "Click a box first."),
            "Delete the chosen box (Delete)",
        )
        _allow(self.reject, why_not or no_draft, "The draft is wrong: take it away (Backspace)")
        _allow(self.least_certain, "", "Go to the photo whose draft is least certain (U)")
        _allow(
            self.copy,
            why_not or ("" if can_copy else "The photo shown before has no boxes."),
            "Copy the boxes of the photo shown before (C)",
        )
        _allow(
            self.clear,
            why_not or ("" if is_labelled else "It is not labelled."),
            "Make this photo “not labelled” again",
        )
        _allow(
            self.delete_photo,
            "There is no photo." if entry is None else busy,
            "Move this photo to the trash (Ctrl+Delete)",
        )
        _allow(
            self.undo,
            busy or ("" if stack.canUndo() else "There is nothing to undo."),
            f"Undo: {stack.undoText()} (Ctrl+Z)",
        )
        _allow(
            self.redo,
            busy or ("" if stack.canRedo() else "There is nothing to do again."),
            f"Redo: {stack.redoText()} (Ctrl+Shift+Z)",
        )

    def _add(self, name: str, text: str, picture: str, *keys: str | _Keys) -> QAction:
        action = QAction(text, self._tab)
        action.setObjectName(f"{self._tab.objectName()}.{name}")
        action.setWhatsThis(text.partition(" (")[0])
        if picture:
            action.setIcon(icon(picture))
        sequences = [sequence for key in keys for sequence in _sequences(key)]
        action.setShortcuts(list(dict.fromkeys(sequences)))
        action.setShortcutContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
        self._tab.addAction(action)
        return action


def _sequences(key: str | _Keys) -> list[QKeySequence]:
    return [QKeySequence(key)] if isinstance(key, str) else QKeySequence.keyBindings(key)


def _allow(action: QAction, why_not: str, what: str) -> None:
    action.setEnabled(not why_not)
    action.setToolTip(why_not or what)
