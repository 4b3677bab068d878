"""What an import cannot know by itself: what the boxes are, and how much of a video is wanted."""

from __future__ import annotations

from dataclasses import dataclass, field

from PySide6.QtCore import Slot
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QHBoxLayout,
    QLabel,
    QRadioButton,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from facegui.core.import_plan import ImportPlan
from facegui.core.video_photos import LEAST_ALIKE, FrameChoice
from facegui.ui.style import GRID, set_role

WIDTH = 60 * GRID
MOST_FRAMES = 1000


@dataclass(frozen=True, slots=True)
class ImportChoice:
    """What the user answered.

    Args:
        take_all_labels: whether boxes of any label are faces.
        frames: which frames of videos become photos.
    """

    take_all_labels: bool = False
    frames: FrameChoice = field(default_factory=FrameChoice)


def has_questions(plan: ImportPlan) -> bool:
    """Whether there is something to ask before this is imported."""
    return plan.names_no_face or bool(plan.videos)


class ImportDialog(QDialog):
    """Asks what has to be known, and nothing else.

    Photos full of faces under another name must not become photos without a face unasked,
    nor cars faces: there is no answer beforehand.
    """

    def __init__(self, plan: ImportPlan, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Import photos")
        self.setObjectName("import")
        self._must_say = plan.names_no_face
        self.faces_button = QRadioButton("They are faces")
        self.faces_button.setObjectName("import.faces")
        self.others_button = QRadioButton("They are other things: these photos show no face")
        self.others_button.setObjectName("import.others")
        self.frames_field = QSpinBox()
        self.frames_field.setObjectName("import.frames")
        self.frames_field.setAccessibleName("Photos of each video")
        self.frames_field.setRange(1, MOST_FRAMES)
        self.frames_field.setSuffix(" photos")
        self.frames_field.setValue(LEAST_ALIKE)
        self.buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Cancel)
        self.import_button = self.buttons.addButton(
            "Import", QDialogButtonBox.ButtonRole.AcceptRole
        )
        self.import_button.setObjectName("import.start")
        self.import_button.setDefault(True)
        self._lay_out(plan)
        self.faces_button.toggled.connect(self._show_state)
        self.others_button.toggled.connect(self._show_state)
        self.buttons.accepted.connect(self.accept)
        self.buttons.rejected.connect(self.reject)
        self._show_state()

    @property
    def choice(self) -> ImportChoice:
        return ImportChoice(
            self.faces_button.isChecked(), FrameChoice(count=self.frames_field.value())
        )

    def _lay_out(self, plan: ImportPlan) -> None:
        layout = QVBoxLayout(self)
        layout.setContentsMargins(3 * GRID, 3 * GRID, 3 * GRID, 2 * GRID)
        layout.setSpacing(GRID)
        found = QLabel(plan.in_words())
        found.setWordWrap(True)
        layout.addWidget(found)
        if plan.names_no_face:
            layout.addWidget(_title("No box is called “face”. What are the boxes?"))
            layout.addWidget(self.faces_button)
            layout.addWidget(self.others_button)
        if plan.videos:
            layout.addWidget(_title("How much of each video?"))
            line = QHBoxLayout()
            line.setSpacing(GRID)
            line.addWidget(QLabel("At most"))
            line.addWidget(self.frames_field)
            line.addWidget(QLabel("that are least alike"))
            line.addStretch(1)
            layout.addLayout(line)
        layout.addSpacing(GRID)
        layout.addWidget(self.buttons)
        self.setFixedWidth(WIDTH)

    @Slot()
    def _show_state(self) -> None:
        said = self.faces_button.isChecked() or self.others_button.isChecked()
        is_ready = said or not self._must_say
        self.import_button.setEnabled(is_ready)
        self.import_button.setToolTip("" if is_ready else "Say first what the boxes are.")


def ask_about_import(plan: ImportPlan, parent: QWidget) -> ImportChoice | None:
    """What the user answers; None where they would rather not import."""
    dialog = ImportDialog(plan, parent)
    try:
        return dialog.choice if dialog.exec() else None
    finally:
        dialog.deleteLater()


def _title(text: str) -> QLabel:
    label = QLabel(text)
    label.setWordWrap(True)
    set_role(label, "title")
    return label
