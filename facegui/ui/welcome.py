"""The first page: three ways to begin, and the projects that there are."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QEvent, QSize, Qt, Signal, Slot
from PySide6.QtWidgets import (
    QCommandLinkButton,
    QHBoxLayout,
    QLabel,
    QListWidget,
    QListWidgetItem,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from facegui.ui.icons import icon
from facegui.ui.style import GRID, set_role

_WIDTH = 100 * GRID
_FOLDER = Qt.ItemDataRole.UserRole


class Welcome(QScrollArea):
    """Shown while no project is open.

    Signals:
        new_wanted(), demo_wanted(), import_wanted(), open_wanted(), unpack_wanted(): a
            button was pressed.
        project_chosen(Path): one of the projects that were open before.
    """

    new_wanted = Signal()
    demo_wanted = Signal()
    import_wanted = Signal()
    open_wanted = Signal()
    unpack_wanted = Signal()
    project_chosen = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("welcome")
        self.setWidgetResizable(True)
        self.new_button = self._way(
            "new",
            "mdi6.folder-plus-outline",
            "New project",
            "Take photos of faces with your camera and begin from nothing.",
        )
        self.demo_button = self._way(
            "demo",
            "mdi6.play-box-outline",
            "Demo project",
            "90 photos with their boxes, made by the demo camera: no camera and no"
            " drawing needed. The quickest way to see how it all works.",
        )
        self.import_button = self._way(
            "import",
            "mdi6.image-plus-outline",
            "Import photos",
            "Begin with photos that you have, and with the LabelMe labels beside them.",
        )
        self.open_button = QPushButton(icon("mdi6.folder-open-outline"), "Open a project…")
        self.open_button.setObjectName("welcome.open")
        self.unpack_button = QPushButton(icon("mdi6.folder-zip-outline"), "Open a packed project…")
        self.unpack_button.setObjectName("welcome.unpack")
        self.recent_title = QLabel("Your projects")
        set_role(self.recent_title, "title")
        self.recent_list = QListWidget()
        self.recent_list.setObjectName("welcome.recent")
        self.recent_list.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        self.recent_list.setSpacing(GRID // 2)
        self.recent_list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.drop_hint = QLabel(
            "Or drop a project, packed or not, or a folder of photos, into this window."
        )
        set_role(self.drop_hint, "faint")
        self._lay_out()
        self._connect()
        self.show_recent(())

    def show_recent(self, folders: Sequence[Path]) -> None:
        """Lists projects, the newest first."""
        self.recent_list.clear()
        for folder in folders:
            item = QListWidgetItem(icon("mdi6.folder-outline"), f"{folder.name}\n{folder.parent}")
            item.setData(_FOLDER, folder)
            item.setToolTip(str(folder))
            self.recent_list.addItem(item)
        self.recent_title.setVisible(bool(folders))
        self.recent_list.setVisible(bool(folders))
        row = self.recent_list.sizeHintForRow(0) + GRID if folders else 0
        self.recent_list.setMaximumHeight(row * len(folders) + GRID)

    def set_reason(self, reason: str) -> None:
        """With a reason nothing can be begun now, and the tooltips say why."""
        for widget in (
            self.new_button,
            self.demo_button,
            self.import_button,
            self.open_button,
            self.unpack_button,
            self.recent_list,
        ):
            widget.setEnabled(not reason)
            widget.setToolTip(reason)

    def _way(self, name: str, icon_name: str, title: str, text: str) -> QCommandLinkButton:
        button = _Way(title, text, icon_name)
        button.setObjectName(f"welcome.{name}")
        button.setIconSize(QSize(4 * GRID, 4 * GRID))
        set_role(button, "way")
        return button

    def _lay_out(self) -> None:
        title = QLabel("Make your own face detector")
        set_role(title, "big")
        text = QLabel(
            "Take photos, draw boxes around the faces, and let a network learn from them."
            " Everything stays on this computer."
        )
        text.setWordWrap(True)
        set_role(text, "faint")
        recent_head = QHBoxLayout()
        recent_head.addWidget(self.recent_title)
        recent_head.addStretch(1)
        recent_head.addWidget(self.open_button)
        recent_head.addWidget(self.unpack_button)
        page = QWidget()
        page.setMaximumWidth(_WIDTH)
        layout = QVBoxLayout(page)
        layout.setContentsMargins(3 * GRID, 4 * GRID, 3 * GRID, 3 * GRID)
        layout.setSpacing(GRID)
        layout.addStretch(1)
        layout.addWidget(title)
        layout.addWidget(text)
        layout.addSpacing(2 * GRID)
        for button in (self.new_button, self.demo_button, self.import_button):
            layout.addWidget(button)
        layout.addSpacing(2 * GRID)
        layout.addLayout(recent_head)
        layout.addWidget(self.recent_list, 100)
        layout.addWidget(self.drop_hint)
        layout.addStretch(2)
        around = QWidget()
        centred = QHBoxLayout(around)
        centred.setContentsMargins(0, 0, 0, 0)
        centred.addStretch(1)
        centred.addWidget(page, 100)
        centred.addStretch(1)
        self.setWidget(around)

    def _connect(self) -> None:
        self.new_button.clicked.connect(self.new_wanted)
        self.demo_button.clicked.connect(self.demo_wanted)
        self.import_button.clicked.connect(self.import_wanted)
        self.open_button.clicked.connect(self.open_wanted)
        self.unpack_button.clicked.connect(self.unpack_wanted)
        self.recent_list.itemActivated.connect(self._on_activated)
        self.recent_list.itemClicked.connect(self._on_activated)

    @Slot(QListWidgetItem)
    def _on_activated(self, item: QListWidgetItem) -> None:
        self.project_chosen.emit(item.data(_FOLDER))


class _Way(QCommandLinkButton):
    """Keeps its icon: Qt gives such a button an arrow whenever the style changes."""

    def __init__(self, title: str, text: str, icon_name: str) -> None:
        super().__init__(title, text)
        self._icon = icon(icon_name)
        self.setIcon(self._icon)

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.StyleChange:
            self.setIcon(self._icon)
