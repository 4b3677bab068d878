"""What the Annotate tab says of drafts and of the second opinion, with their few buttons."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QCheckBox,
    QHBoxLayout,
    QLabel,
    QProgressBar,
    QPushButton,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from facegui.core.drawing import MarkedBox, Meaning
from facegui.core.mistakes import Mistake, MistakeKind, PhotoMistakes
from facegui.ml.draft_messages import LEAST_LABELLED
from facegui.ui.annotate_actions import AnnotateActions
from facegui.ui.annotate_controls import ActionButton
from facegui.ui.icons import icon
from facegui.ui.style import GRID, set_role
from facegui.workers.drafting import DraftingNews, DraftingState

DEFAULT_ACCEPTED = 80
"""Percent of certainty from which on drafts may be accepted together."""
LEAST_JUDGED = 16
"""Labels from which on a second opinion says something."""


class DraftControls(QWidget):
    """The switch, the small sign of what drafting does, and accepting many at once."""

    def __init__(self, actions: AnnotateActions, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.switch = QCheckBox("Draft boxes while I label")
        self.switch.setObjectName("annotate.drafts_on")
        self.switch.setToolTip(
            "The network learns from your labels in the background and proposes the others."
        )
        self.sign = QLabel()
        self.sign.setObjectName("annotate.drafts_sign")
        self.sign.setWordWrap(True)
        set_role(self.sign, "faint")
        self.sign.setAlignment(Qt.AlignmentFlag.AlignTop)
        self.bar = QProgressBar()
        self.bar.setObjectName("annotate.drafts_bar")
        self.bar.setTextVisible(False)
        self.bar.setFixedHeight(GRID // 2)
        # Each round it appears and goes, and the buttons below are to stay where they are.
        steady = self.bar.sizePolicy()
        steady.setRetainSizeWhenHidden(True)
        self.bar.setSizePolicy(steady)
        self.least = QSpinBox()
        self.least.setObjectName("annotate.drafts_least")
        self.least.setRange(1, 100)
        self.least.setValue(DEFAULT_ACCEPTED)
        self.least.setSuffix(" %")
        self.least.setAccessibleName("Lowest certainty of drafts that are accepted together")
        self.accept_all = QPushButton()
        self.accept_all.setObjectName("annotate.accept_all")
        self.many = QWidget()
        line = QHBoxLayout(self.many)
        line.setContentsMargins(0, 0, 0, 0)
        line.setSpacing(GRID)
        line.addWidget(self.accept_all, 1)
        line.addWidget(QLabel("from"))
        line.addWidget(self.least)
        self.one = QWidget()
        pair = QHBoxLayout(self.one)
        pair.setContentsMargins(0, 0, 0, 0)
        pair.setSpacing(GRID)
        pair.addWidget(ActionButton(actions.reject))
        pair.addWidget(ActionButton(actions.least_certain))
        self.opinion = QLabel()
        self.opinion.setObjectName("annotate.opinion")
        self.opinion.setWordWrap(True)
        set_role(self.opinion, "faint")
        self.ask = QPushButton(icon("mdi6.account-question-outline"), "Second opinion")
        self.ask.setObjectName("annotate.second_opinion")
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 2 * GRID, 0, 0)
        layout.setSpacing(GRID)
        for widget in (self.switch, self.bar, self.sign, self.one, self.many, self.opinion):
            layout.addWidget(widget)
        layout.addWidget(self.ask)

    def show_drafts(self, is_on: bool, news: DraftingNews, certainties: list[float]) -> None:
        """What drafting does, and how sure the drafts are.

        Args:
            is_on: whether the project wants drafts.
            news: what it does now.
            certainties: of all drafts, 0 to 1.
        """
        self.switch.setChecked(is_on)
        working = news.state is DraftingState.WORKING
        self.bar.setVisible(working)
        progress = news.progress
        total = progress.total if progress else None
        self.bar.setRange(0, total or 0)
        self.bar.setValue(progress.done if progress and total else 0)
        self.sign.setText(sign_in_words(news, certainties))
        self.sign.setMinimumHeight(2 * self.sign.fontMetrics().lineSpacing())
        self.sign.setVisible(is_on or bool(self.sign.text()))
        self.one.setVisible(bool(certainties))
        self.many.setVisible(bool(certainties))

    def show_many(self, count: int, empty: int, busy: str) -> None:
        """How many drafts are certain enough to be accepted together, and how many see no face."""
        what = f"Accept {count} drafts" if count != 1 else "Accept 1 draft"
        self.accept_all.setText(f"{what}, {empty} no face" if empty else what)
        self.accept_all.setEnabled(bool(count) and not busy)
        none = "No draft is as certain as that." if not count else ""
        self.accept_all.setToolTip(
            busy or none or "Makes them labels, all at once. Undo takes it back."
        )

    def show_opinion(self, doubts: int, *, has_judged: bool, labelled: int, why_not: str) -> None:
        """What the second opinion came to, and what its button does.

        Args:
            doubts: labels worth another look.
            has_judged: whether there is an opinion on the labels as they are.
            labelled: how many photos are.
            why_not: why no opinion can be had now; "" where it can.
        """
        if doubts:
            what = "1 label is" if doubts == 1 else f"{doubts} labels are"
            self.opinion.setText(f"{what} worth another look.")
            self.ask.setText("Show the next one")
        else:
            self.opinion.setText("No label looks wrong." if has_judged else "")
            self.ask.setText("Second opinion")
        self.opinion.setVisible(bool(self.opinion.text()))
        self.ask.setVisible(labelled >= LEAST_JUDGED)
        reason = "" if doubts else why_not
        self.ask.setEnabled(not reason)
        self.ask.setToolTip(
            reason
            or "Photos whose label the network disagrees with; it never learned from those that"
            " it is asked about."
        )


def sign_in_words(news: DraftingNews, certainties: list[float]) -> str:
    """One or two short sentences."""
    match news.state:
        case DraftingState.OFF:
            return ""
        case DraftingState.FEW_LABELS:
            missing = LEAST_LABELLED - news.labelled
            return f"Begins with the {LEAST_LABELLED}th labelled photo: {missing} to go."
        case DraftingState.WAITING:
            return f"{news.waits_for} comes first; drafting goes on after it."
        case DraftingState.FAILED if news.error is not None:
            return f"{news.error.what} {news.error.remedy}"
        case DraftingState.WORKING:
            text = news.progress.text if news.progress else "Beginning"
            return f"{text}… {_how_sure(certainties)}".strip()
    return _how_sure(certainties)


def _how_sure(certainties: list[float]) -> str:
    if not certainties:
        return ""
    mean = sum(certainties) / len(certainties)
    what = "1 draft" if len(certainties) == 1 else f"{len(certainties)} drafts"
    return f"{what}, {mean:.0%} sure on average."


DOUBTS = {
    MistakeKind.FALSE_ALARM: "Asked without this photo, the network sees a face without a box"
    " here.",
    MistakeKind.MISSED: "Asked without this photo, the network sees no face in the box.",
    MistakeKind.POOR_BOX: "Asked without this photo, the network would draw the box otherwise.",
}


def doubt_in_words(mistake: Mistake) -> str:
    """What the network holds against a label."""
    return DOUBTS[mistake.kind]


def seen_by_network(doubt: PhotoMistakes | None) -> list[MarkedBox]:
    """The faces that the network sees and that have no box."""
    mistakes = doubt.mistakes if doubt is not None else ()
    return [
        MarkedBox(mistake.box, Meaning.DETECTION, f"{mistake.badness:.0%}")
        for mistake in mistakes
        if mistake.kind is MistakeKind.FALSE_ALARM
    ]
