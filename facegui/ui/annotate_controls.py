"""The controls of the Annotate tab."""

from __future__ import annotations

from collections import Counter

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtGui import QAction
from PySide6.QtWidgets import (
    QButtonGroup,
    QCheckBox,
    QFrame,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSizePolicy,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from facegui.core.photo_library import PhotoState
from facegui.ui.annotate_actions import AnnotateActions
from facegui.ui.icons import icon
from facegui.ui.photo_gallery import STATE_ICONS
from facegui.ui.photo_model import state_in_words
from facegui.ui.style import GRID, set_role
from facegui.workers.label_reader import PhotoEntry
from facegui.workers.labelme_process import RECTANGLE_KEY

FILTERS: tuple[tuple[PhotoState | None, str], ...] = (
    (None, "All photos"),
    (PhotoState.UNLABELLED, "Not labelled"),
    (PhotoState.FACES, "With faces"),
    (PhotoState.NO_FACE, "No face"),
    (PhotoState.BROKEN, "Label file broken"),
)


class PhotoControls(QWidget):
    """The photo that is shown in large, and what can be done with it."""

    def __init__(self, actions: AnnotateActions, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._name = QLabel()
        self._name.setObjectName("annotate.photo_name")
        self._name.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        set_role(self._name, "title")
        self._state = QLabel()
        self._state.setObjectName("annotate.photo_state")
        set_role(self._state, "faint")
        heading = QHBoxLayout()
        words = QVBoxLayout()
        words.setSpacing(0)
        words.addWidget(self._name)
        words.addWidget(self._state)
        heading.addLayout(words, 1)
        for action in (actions.delete_photo, actions.undo, actions.redo):
            button = QToolButton()
            button.setDefaultAction(action)
            button.setAutoRaise(True)
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            button.setObjectName(action.objectName())
            heading.addWidget(button)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(GRID)
        layout.addLayout(heading)
        layout.addWidget(ActionButton(actions.no_face))
        pair = QHBoxLayout()
        pair.setSpacing(GRID)
        pair.addWidget(ActionButton(actions.delete))
        pair.addWidget(ActionButton(actions.clear))
        layout.addLayout(pair)

    def show_photo(self, entry: PhotoEntry | None) -> None:
        name = entry.name if entry else ""
        metrics = self._name.fontMetrics()
        room = 26 * GRID
        self._name.setText(metrics.elidedText(name, Qt.TextElideMode.ElideMiddle, room))
        self._name.setToolTip(name)
        self._state.setText(state_in_words(entry) if entry else "No photo")


class ActionButton(QPushButton):
    """A push button for an action: its words, its icon, and why it cannot be pressed."""

    def __init__(self, action: QAction, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._action = action
        self.setObjectName(action.objectName())
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.clicked.connect(action.trigger)
        action.changed.connect(self._follow)
        self._follow()

    @Slot()
    def _follow(self) -> None:
        self.setText(self._action.text())
        self.setIcon(self._action.icon())
        self.setEnabled(self._action.isEnabled())
        self.setToolTip(self._action.toolTip())


class FilterControls(QWidget):
    """Which photos the gallery shows, with how many there are of each kind.

    Signals:
        chosen(PhotoState | None): show these; None: all.
    """

    chosen = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        title = QLabel("Show")
        set_role(title, "title")
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 2 * GRID, 0, 0)
        layout.setSpacing(GRID // 2)
        layout.addWidget(title)
        self._group = QButtonGroup(self)
        self._counts: list[QLabel] = []
        for number, (state, words) in enumerate(FILTERS):
            button = QPushButton(
                icon(STATE_ICONS[state] if state else "mdi6.image-multiple"), words
            )
            button.setObjectName(f"annotate.show_{state.name.lower() if state else 'all'}")
            button.setCheckable(True)
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            set_role(button, "filter")
            count = QLabel()
            count.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
            count.setContentsMargins(0, 0, GRID, 0)
            count.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
            inner = QHBoxLayout(button)
            inner.setContentsMargins(0, 0, 0, 0)
            inner.addWidget(count)
            self._counts.append(count)
            self._group.addButton(button, number)
            layout.addWidget(button)
        self._group.button(0).setChecked(True)
        self._group.idClicked.connect(self._on_clicked)

    def button(self, state: PhotoState | None) -> QPushButton:
        number = [known for known, _ in FILTERS].index(state)
        button = self._group.button(number)
        assert isinstance(button, QPushButton)
        return button

    def show_state(self, counts: Counter[PhotoState | None], shown: PhotoState | None) -> None:
        self.button(shown).setChecked(True)
        for (state, words), label in zip(FILTERS, self._counts, strict=True):
            count = counts.total() if state is None else counts[state]
            button = self.button(state)
            label.setText(str(count))
            button.setAccessibleName(f"{words}: {count}")
            button.setEnabled(bool(count) or state is None or state is shown)
            button.setToolTip("" if count else "There is none.")
            if state is PhotoState.BROKEN:
                button.setVisible(bool(count) or state is shown)

    @Slot(int)
    def _on_clicked(self, number: int) -> None:
        self.chosen.emit(FILTERS[number][0])


class LabelmeControls(QWidget):
    """The button that opens LabelMe, and how it is used there."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        title = QLabel("LabelMe")
        set_role(title, "title")
        self.button = QPushButton(icon("mdi6.open-in-new"), "Open in LabelMe")
        self.button.setObjectName("annotate.labelme")
        self.button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.take_draft = QCheckBox("Take the draft along as a box")
        self.take_draft.setObjectName("annotate.take_draft")
        self.take_draft.setToolTip("LabelMe knows no drafts: it becomes an ordinary box first.")
        self.take_draft.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        hint = QLabel(
            f"Or draw in LabelMe's own window: press {RECTANGLE_KEY} and click two corners; D goes"
            " to the next photo. Click “face” in its Label List once, and it stops asking."
            " It saves by itself."
        )
        hint.setWordWrap(True)
        set_role(hint, "faint")
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 2 * GRID, 0, 0)
        layout.setSpacing(GRID)
        layout.addWidget(title)
        layout.addWidget(self.button)
        layout.addWidget(self.take_draft)
        layout.addWidget(hint)

    def show_state(
        self, running: bool, why_not: str, *, has_draft: bool, is_filtered: bool
    ) -> None:
        self.take_draft.setVisible(has_draft)
        self.button.setText("LabelMe is open" if running else "Open in LabelMe")
        self.button.setEnabled(not why_not)
        with_which = ", with those that are shown below alone" if is_filtered else ""
        self.button.setToolTip(why_not or f"At the photo that is shown here{with_which}")


class PhotoNotice(QFrame):
    """A line below the photo about its label, with at most one button."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("annotate.notice")
        self.text = QLabel()
        self.text.setObjectName("annotate.notice_text")
        self.text.setWordWrap(True)
        self.button = QPushButton()
        self.button.setObjectName("annotate.notice_button")
        self.button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(2 * GRID, GRID, GRID, GRID)
        layout.addWidget(self.text, 1)
        layout.addWidget(self.button)
        self.hide()

    def say(self, role: str, text: str, button: str = "") -> None:
        """Shows a line; "" takes it away."""
        if text:
            set_role(self, role)
        self.text.setText(text)
        self.button.setText(button)
        self.button.setVisible(bool(button))
        self.setVisible(bool(text))
