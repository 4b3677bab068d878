"""The plan that all tabs share: pictures at the left, controls at the right, one main action."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QScrollArea,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from facegui.ui.style import COLUMN_WIDTH, GRID, set_role

if TYPE_CHECKING:
    from facegui.core.coverage import Task
    from facegui.core.runs import Run


class Tab(QWidget):
    """One of the five tabs.

    A subclass puts its pictures into `stage`, adds groups of controls to
    `controls`, and names its one main action on `main_button`. `say_next`
    tells in a sentence above the button what to do, or why it cannot be pressed.

    Signals:
        failed(Exception): to be shown in the banner.
        noticed(str): likewise, but no error: what an import brought, for instance.
        summary_changed(str): the tab's state in a few words, for its step.
        step_wanted(str): the user wants to go on to the tab of that name.
        photo_wanted(str): that photo is to be looked at; `step_wanted` follows.
        live_wanted(Run): the detector of that run is to be tried on live video.
    """

    failed = Signal(object)
    noticed = Signal(str)
    summary_changed = Signal(str)
    step_wanted = Signal(str)
    photo_wanted = Signal(str)
    live_wanted = Signal(object)

    NAME = ""
    """Key and object name, such as "capture"."""
    TITLE = ""
    ICON = ""
    """A name of `icons`, such as "mdi6.camera"."""
    KEYS: tuple[tuple[str, str], ...] = ()
    """Keys that are neither `QShortcut` nor `QAction`, with what they do, for the
    list under F1. Those two tell it by their `whatsThis`."""
    REMEMBERS_CONTROLS = False
    """Whether it is made with `settings`, a mapping in which to remember its controls."""
    HAS_PICTURE_ALONE = False
    """Whether in full screen its pictures stand alone."""
    NEEDS_TENSORFLOW = False
    """Whether TensorFlow is loaded in the background once the tab is entered."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName(self.NAME)
        self._summary = ""
        self.summary_changed.connect(self._keep_summary)
        self.stage = QVBoxLayout()
        self.stage.setContentsMargins(0, 0, 0, 0)
        self.stage.setSpacing(GRID)
        self.main_button = QPushButton()
        self.main_button.setObjectName(f"{self.NAME}.main")
        set_role(self.main_button, "primary")
        self._next = QLabel()
        self._next.setObjectName(f"{self.NAME}.next")
        self._next.setWordWrap(True)
        set_role(self._next, "faint")
        self.controls = QVBoxLayout()
        self.controls.setContentsMargins(0, 0, GRID, 0)
        self.controls.setSpacing(GRID)
        self._actions = QHBoxLayout()
        self._actions.setSpacing(GRID)
        self._actions.addWidget(self.main_button, 1)
        layout = QHBoxLayout(self)
        layout.setSpacing(2 * GRID)
        layout.addLayout(self.stage, 1)
        self._right = self._column()
        layout.addWidget(self._right)
        self.show_picture_alone(False)

    @property
    def summary(self) -> str:
        """The newest `summary_changed`."""
        return self._summary

    @property
    def live(self) -> bool:
        """Whether video runs here now: nothing that stalls the window is started then."""
        return False

    def set_main_action(self, text: str, reason: str = "") -> None:
        """Names the main button; with a reason it is disabled and its tooltip says why."""
        self.main_button.setText(text)
        self.main_button.setEnabled(not reason)
        self.main_button.setToolTip(reason)

    def add_beside_main(self, button: QPushButton) -> None:
        """A second action that belongs to the main one, such as Cancel."""
        self._actions.addWidget(button)

    def say_next(self, text: str) -> None:
        """One sentence above the main button."""
        self._next.setText(text)
        self._next.setVisible(bool(text))

    def show_picture_alone(self, alone: bool) -> None:
        """Hides the controls, or shows them again."""
        self._right.setVisible(not alone)
        margin = 0 if alone else 2 * GRID
        layout = self.layout()
        if layout is not None:
            layout.setContentsMargins(margin, margin, margin, margin)

    def show_photo(self, name: str) -> None:
        """Shows the photo of that name, in a tab that shows single photos."""

    def try_live(self, run: Run) -> None:
        """Looks for faces with that run at once, in the tab that shows live video."""

    def take_tasks(self, tasks: tuple[Task, ...], guided: bool) -> None:
        """Has the user take photos, in the tab that takes them.

        Args:
            tasks: one after the other.
            guided: whether the photos take themselves.
        """

    def enter(self) -> None:
        """The tab is shown now."""

    def leave(self) -> None:
        """Another tab is shown now: let go of the camera and the like."""

    def tensorflow_ready(self) -> None:
        """TensorFlow is loaded now: what needs it begins at once."""

    def shut_down(self) -> None:
        """The window closes: end all threads. After `leave`."""

    @Slot(str)
    def _keep_summary(self, text: str) -> None:
        self._summary = text

    def _column(self) -> QWidget:
        inner = QWidget()
        inner.setLayout(self.controls)
        inner.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Maximum)
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setWidget(inner)
        column = QWidget()
        column.setFixedWidth(COLUMN_WIDTH)
        layout = QVBoxLayout(column)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(GRID)
        layout.addWidget(scroll, 1)
        layout.addWidget(self._next)
        layout.addLayout(self._actions)
        return column
