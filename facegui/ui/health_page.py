"""What is wrong with photos and labels: the photos, and beside them the button that mends it."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QSize, Signal, Slot
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from facegui.core.health import Finding, Kind, Remedy
from facegui.core.project import Project
from facegui.ui.icons import icon
from facegui.ui.photo_row import MOST_SHOWN, PhotoRow, row_loader
from facegui.ui.style import GRID, set_role

KIND_ICONS: dict[Kind, str] = {
    Kind.BROKEN_PHOTO: "mdi6.image-broken-variant",
    Kind.BROKEN_LABEL: "mdi6.alert",
    Kind.LEAK: "mdi6.call-split",
    Kind.TORN_SESSION: "mdi6.calendar-multiple",
    Kind.FEW_PHOTOS: "mdi6.image-multiple-outline",
    Kind.FEW_IN_SPLIT: "mdi6.scale-unbalanced",
    Kind.TWO_BOXES: "mdi6.vector-difference",
    Kind.BOX_OUTSIDE: "mdi6.vector-square-remove",
    Kind.OTHER_LABELS: "mdi6.label-outline",
    Kind.LARGE_BOX: "mdi6.arrow-expand-all",
    Kind.TINY_BOX: "mdi6.arrow-collapse-all",
    Kind.DARK: "mdi6.weather-night",
    Kind.BLURRED: "mdi6.blur",
    Kind.DUPLICATE: "mdi6.content-copy",
    Kind.UNBALANCED: "mdi6.account-off",
    Kind.UNLABELLED: "mdi6.circle-outline",
}


class HealthPage(QScrollArea):
    """One card for each finding.

    Signals:
        photo_wanted(str): the user wants to see or label that photo.
        throw_wanted(tuple[str, ...]): these photos are to go to the trash.
        mend_wanted(): leaks are to be mended.
        camera_wanted(): the user wants to take photos.
    """

    photo_wanted = Signal(str)
    throw_wanted = Signal(object)
    mend_wanted = Signal()
    camera_wanted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("health.page")
        self.cards: tuple[FindingCard, ...] = ()
        self._loader = row_loader(self, rows=len(Kind))
        self._message = QLabel("Looking at the photos…")
        self._message.setObjectName("health.message")
        self._message.setWordWrap(True)
        set_role(self._message, "sentence")
        inner = QWidget()
        self._layout = QVBoxLayout(inner)
        self._layout.setContentsMargins(0, GRID, GRID, 0)
        self._layout.setSpacing(3 * GRID)
        self._layout.addWidget(self._message)
        self._layout.addStretch(1)
        self.setWidget(inner)
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)

    @property
    def message(self) -> str:
        return self._message.text()

    def say(self, text: str) -> None:
        """Above the cards."""
        self._message.setText(text)

    def show_findings(self, project: Project, findings: Sequence[Finding]) -> None:
        self._loader.forget()
        for card in self.cards:
            self._layout.removeWidget(card)
            card.hide()
            card.deleteLater()
        self.cards = tuple(FindingCard(project, item, self._loader) for item in findings)
        for place, card in enumerate(self.cards, 1):
            self._layout.insertWidget(place, card)
            card.photo_wanted.connect(self.photo_wanted)
            card.throw_wanted.connect(self.throw_wanted)
            card.mend_wanted.connect(self.mend_wanted)
            card.camera_wanted.connect(self.camera_wanted)
        self.say(_verdict(len(findings)))

    def set_busy(self, reason: str) -> None:
        """With a reason nothing can be changed now."""
        for card in self.cards:
            card.set_busy(reason)

    def shut_down(self) -> None:
        self._loader.shut_down()


class FindingCard(QWidget):
    """One finding; signals as of the page."""

    photo_wanted = Signal(str)
    throw_wanted = Signal(object)
    mend_wanted = Signal()
    camera_wanted = Signal()

    def __init__(self, project: Project, finding: Finding, loader: object) -> None:
        super().__init__()
        self.finding = finding
        sign = QLabel()
        sign.setPixmap(icon(KIND_ICONS[finding.kind]).pixmap(QSize(3 * GRID, 3 * GRID)))
        what, advice = QLabel(finding.what), QLabel(finding.advice)
        for label, role in ((what, "title"), (advice, "faint")):
            label.setWordWrap(True)
            set_role(label, role)
        self.button = QPushButton()
        self.button.setObjectName(f"health.{finding.remedy.value.replace(' ', '_')}")
        self.button.clicked.connect(self._on_clicked)
        words = QVBoxLayout()
        words.setSpacing(2)
        words.addWidget(what)
        words.addWidget(advice)
        head = QHBoxLayout()
        head.setSpacing(GRID)
        head.addWidget(sign)
        head.addLayout(words, 1)
        head.addWidget(self.button)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(GRID)
        layout.addLayout(head)
        self.row: PhotoRow | None = None
        if finding.photos:
            self.row = PhotoRow(loader)  # type: ignore[arg-type]
            self.row.show_photos(project, finding.photos)
            self.row.photo_wanted.connect(self.photo_wanted)
            self.row.itemSelectionChanged.connect(self._show_state)
            layout.addWidget(self.row)
            more = len(finding.photos) - MOST_SHOWN
            if more > 0:
                rest = QLabel(f"and {more:,} more")
                set_role(rest, "faint")
                layout.addWidget(rest)
        self._show_state()

    def set_busy(self, reason: str) -> None:
        if self.finding.remedy in (Remedy.THROW_AWAY, Remedy.MEND):
            self.button.setEnabled(not reason)
            self.button.setToolTip(reason)

    @property
    def _meant(self) -> tuple[str, ...]:
        """The chosen photos, or all."""
        return (self.row.chosen if self.row is not None else ()) or self.finding.photos

    @Slot()
    def _show_state(self) -> None:
        number = len(self._meant)
        chosen = bool(self.row is not None and self.row.chosen)
        of_them = f"{number} chosen" if chosen else "it" if number == 1 else f"all {number:,}"
        texts = {
            Remedy.LABEL: ("mdi6.pencil-outline", "Look at the labels"),
            Remedy.THROW_AWAY: ("mdi6.trash-can-outline", f"Move {of_them} to the trash"),
            Remedy.MEND: ("mdi6.call-merge", "Share out anew"),
            Remedy.TAKE_PHOTOS: ("mdi6.camera", "Open the camera"),
        }
        sign, text = texts[self.finding.remedy]
        self.button.setIcon(icon(sign))
        self.button.setText(text)

    @Slot()
    def _on_clicked(self) -> None:
        remedy = self.finding.remedy
        if remedy is Remedy.LABEL:
            self.photo_wanted.emit(self._meant[0])
        elif remedy is Remedy.THROW_AWAY:
            self.throw_wanted.emit(self._meant)
        elif remedy is Remedy.MEND:
            self.mend_wanted.emit()
        else:
            self.camera_wanted.emit()


def _verdict(number: int) -> str:
    if not number:
        return "Nothing is wrong with your photos and labels."
    return "One thing to look at" if number == 1 else f"{number} things to look at"
