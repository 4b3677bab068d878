"""The controls of the Detect tab."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSlider,
    QVBoxLayout,
    QWidget,
)

from facegui.core.errors import UserError
from facegui.core.runs import Run
from facegui.ui.icons import icon
from facegui.ui.style import GRID, set_role

DEFAULT_THRESHOLD = 0.5
_LEAST_PERCENT, _MOST_PERCENT = 5, 99


class ModelControls(QWidget):
    """Which run finds the faces, and how sure it has to be.

    Signals:
        run_chosen(Path | None): this model file is to be used.
        threshold_changed(): boxes are to be shown anew.
    """

    run_chosen = Signal(object)
    threshold_changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._recommended: float | None = None
        self.runs = QComboBox()
        self.runs.setObjectName("detect.run")
        self.runs.setAccessibleName("Trained run")
        self.runs.setToolTip("Which training's network looks for faces.")
        self.runs.setPlaceholderText("None has a model yet")
        self.runs.setSizeAdjustPolicy(
            QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon
        )
        self.slider = QSlider(Qt.Orientation.Horizontal)
        self.slider.setObjectName("detect.threshold")
        self.slider.setAccessibleName("Confidence threshold in percent")
        self.slider.setToolTip("Boxes below this confidence are not shown.")
        self.slider.setRange(_LEAST_PERCENT, _MOST_PERCENT)
        self.slider.setPageStep(5)
        self.slider.setValue(round(100 * DEFAULT_THRESHOLD))
        self.value_label = QLabel()
        self.fewer = QLabel("more boxes")
        self.more = QLabel("surer boxes")
        self.recommended_button = QPushButton()
        self.recommended_button.setObjectName("detect.recommended")
        for label in (self.fewer, self.more):
            set_role(label, "faint")
        self._lay_out()
        self.runs.activated.connect(self._on_activated)
        self.slider.valueChanged.connect(self._on_moved)
        self.recommended_button.clicked.connect(self._use_recommended)
        self._show_state()

    @property
    def threshold(self) -> float:
        return self.slider.value() / 100

    @property
    def model_path(self) -> Path | None:
        """Of the run that is chosen; None without a run."""
        path = self.runs.currentData()
        return Path(path) if path else None

    def set_runs(self, runs: Sequence[Run]) -> None:
        """Offers runs; the newest is chosen unless the user chose another that is there.

        Args:
            runs: those with a model, newest first.
        """
        before = self.model_path
        was_newest = self.runs.currentIndex() <= 0
        self.runs.clear()
        for run in runs:
            self.runs.addItem(run_in_words(run), str(run.model_path))
        row = self.runs.findData(str(before)) if before and not was_newest else 0
        self.runs.setCurrentIndex(max(row, 0) if runs else -1)
        self.runs.setEnabled(bool(runs))
        if self.model_path != before:
            self.run_chosen.emit(self.model_path)

    def set_recommended(self, threshold: float) -> None:
        """A model is ready: its own threshold is where the slider begins."""
        self._recommended = threshold
        self._use_recommended()
        self._show_state()

    @Slot(int)
    def _on_activated(self, row: int) -> None:  # noqa: ARG002
        self.run_chosen.emit(self.model_path)

    @Slot(int)
    def _on_moved(self, value: int) -> None:  # noqa: ARG002
        self._show_state()
        self.threshold_changed.emit()

    @Slot()
    def _use_recommended(self) -> None:
        if self._recommended is not None:
            self.slider.setValue(round(100 * self._recommended))

    def _show_state(self) -> None:
        self.value_label.setText(f"{self.threshold:.2f}")
        recommended = self._recommended
        self.recommended_button.setVisible(recommended is not None)
        if recommended is not None:
            there = self.slider.value() == round(100 * recommended)
            self.recommended_button.setText(f"Recommended: {recommended:.2f}")
            self.recommended_button.setEnabled(not there)
            self.recommended_button.setToolTip(
                "The slider is there." if there else "Found best on photos kept from training."
            )

    def _lay_out(self) -> None:
        title = QLabel("Run")
        confidence = QLabel("Confidence threshold")
        for label in (title, confidence):
            set_role(label, "title")
        heading = QHBoxLayout()
        heading.addWidget(confidence, 1)
        heading.addWidget(self.value_label)
        ends = QHBoxLayout()
        ends.addWidget(self.fewer)
        ends.addStretch(1)
        ends.addWidget(self.more)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 2 * GRID, 0, 0)
        layout.setSpacing(GRID)
        layout.addWidget(title)
        layout.addWidget(self.runs)
        layout.addSpacing(GRID)
        layout.addLayout(heading)
        layout.addWidget(self.slider)
        layout.addLayout(ends)
        layout.addWidget(self.recommended_button)


class ViewControls(QWidget):
    """Mirror, pause, snapshot."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        title = QLabel("Picture")
        set_role(title, "title")
        self.mirror = QCheckBox("Mirror")
        self.mirror.setObjectName("detect.mirror")
        self.mirror.setToolTip("Left and right as in a mirror (M).")
        self.pause = QPushButton(icon("mdi6.pause"), "Pause")
        self.pause.setObjectName("detect.pause")
        self.pause.setCheckable(True)
        self.snapshot = QPushButton(icon("mdi6.camera-iris"), "Snapshot")
        self.snapshot.setObjectName("detect.snapshot")
        line = QHBoxLayout()
        line.addWidget(self.pause, 1)
        line.addWidget(self.snapshot, 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 2 * GRID, 0, 0)
        layout.setSpacing(GRID)
        layout.addWidget(title)
        layout.addWidget(self.mirror)
        layout.addLayout(line)

    def show_state(self, *, why_no_pause: str, paused: bool, why_no_snapshot: str) -> None:
        """Args: an empty reason means that the button can be pressed."""
        self.pause.setEnabled(not why_no_pause)
        self.pause.setChecked(paused)
        self.pause.setText("Go on" if paused else "Pause")
        self.pause.setIcon(icon("mdi6.play" if paused else "mdi6.pause"))
        self.pause.setToolTip(why_no_pause or "Stands still, and goes on (P).")
        self.snapshot.setEnabled(not why_no_snapshot)
        self.snapshot.setToolTip(
            why_no_snapshot or "Saves the picture with its boxes in the project's folder (S)."
        )


def run_in_words(run: Run) -> str:
    """Title and time of a run, with its AP50 where the card tells it."""
    started = run.started
    words = run.title
    if started is not None and words == run.name:
        words = f"{started:%d %b %Y, %H:%M}"
    try:
        card = run.card()
    except UserError:
        return words
    for split in ("test", "val"):
        scores = card.get(split)
        if isinstance(scores, dict) and isinstance(scores.get("ap50"), int | float):
            return f"{words} (AP50 {scores['ap50']:.2f})"
    return words
