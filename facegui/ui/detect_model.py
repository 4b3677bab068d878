"""Which runs find the faces, and how sure they have to be."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import (
    QComboBox,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSlider,
    QVBoxLayout,
    QWidget,
)

from facegui.core.errors import UserError
from facegui.core.runs import Precision, Run
from facegui.ui.fold import guard_wheel
from facegui.ui.style import GRID, set_role

DEFAULT_THRESHOLD = 0.5
_LEAST_PERCENT, _MOST_PERCENT = 5, 99
_PRECISIONS = {
    Precision.INT8: "Fast (int8)",
    Precision.FLOAT32: "Exact (float32)",
}


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
        self._recommended_for: Run | None = None
        self._precision = Precision.INT8
        self._runs: tuple[Run, ...] = ()
        self._path: Path | None = None
        self.runs = _run_box("detect.run", "Trained run")
        self.runs.setToolTip("Which training's network looks for faces.")
        self.runs.setPlaceholderText("None has a model yet")
        self.slider = QSlider(Qt.Orientation.Horizontal)
        self.slider.setObjectName("detect.threshold")
        self.slider.setAccessibleName("Confidence threshold in percent")
        self.slider.setToolTip("Boxes below this confidence are not shown.")
        self.slider.setRange(_LEAST_PERCENT, _MOST_PERCENT)
        self.slider.setPageStep(5)
        self.slider.setValue(round(100 * DEFAULT_THRESHOLD))
        guard_wheel(self.slider)
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
    def run(self) -> Run | None:
        """The run that is chosen."""
        row = self.runs.currentIndex()
        return self._runs[row] if 0 <= row < len(self._runs) else None

    @property
    def model_path(self) -> Path | None:
        """Of the run that is chosen, in the precision that is wanted; None without a run."""
        return self._path

    def threshold_for(self, recommended: float | None) -> float:
        """What another run uses: its own, until the user moves the slider."""
        return self.threshold if self._is_moved or recommended is None else recommended

    def set_runs(self, runs: Sequence[Run]) -> None:
        """Offers runs; the newest is chosen unless the user chose another that is there.

        Args:
            runs: those with a model, newest first.
        """
        before, was_newest = self.run, self.runs.currentIndex() <= 0
        self._runs = tuple(runs)
        _fill_runs(self.runs, self._runs)
        row = self._runs.index(before) if before in self._runs and not was_newest else 0
        self.runs.setCurrentIndex(row if runs else -1)
        self.runs.setEnabled(bool(runs))
        self._choose(again=False)

    def choose(self, run: Run) -> None:
        """Chooses a run for the user, if it is offered."""
        if run in self._runs:
            self.runs.setCurrentIndex(self._runs.index(run))
            self._choose(again=True)

    def set_precision(self, precision: Precision) -> None:
        """With whole numbers, or exactly as it was trained."""
        self._precision = precision
        self._choose(again=False)

    def set_recommended(self, threshold: float) -> None:
        """A model is ready: its own threshold is where the slider begins.

        Where the user moved it for the same run, it stays: the file was written anew, or it is
        the same network in another precision.
        """
        stays = self._is_moved and self.run == self._recommended_for
        self._recommended, self._recommended_for = threshold, self.run
        if not stays:
            self._use_recommended()
        self._show_state()

    @property
    def _is_moved(self) -> bool:
        recommended = self._recommended
        return recommended is None or self.slider.value() != round(100 * recommended)

    def _choose(self, *, again: bool) -> None:
        """Args: again: tell of it also where it is the same model as before."""
        path = self.run.model_for(self._precision) if self.run is not None else None
        changed, self._path = path != self._path, path
        if changed or again:
            self.run_chosen.emit(path)

    @Slot(int)
    def _on_activated(self, row: int) -> None:  # noqa: ARG002
        self._choose(again=True)

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


class SpeedControls(QWidget):
    """The precision to compute in, and the way to the fast model of a run that has none.

    Signals:
        precision_chosen(Precision): this one is wanted.
        int8_wanted(): the chosen run is to get its int8 model.
    """

    precision_chosen = Signal(object)
    int8_wanted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.box = QComboBox()
        self.box.setObjectName("detect.precision")
        self.box.setAccessibleName("Speed or exactness")
        self.box.setToolTip("Whole numbers are far faster and find the same faces.")
        for precision, words in _PRECISIONS.items():
            self.box.addItem(words, precision)
        guard_wheel(self.box)
        self.make_button = QPushButton("Make this run fast")
        self.make_button.setObjectName("detect.make_int8")
        self.hint = QLabel()
        self.hint.setWordWrap(True)
        set_role(self.hint, "faint")
        title = QLabel("Speed")
        set_role(title, "title")
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(GRID)
        for widget in (title, self.box, self.hint, self.make_button):
            layout.addWidget(widget)
        self.box.activated.connect(self._on_activated)
        self.make_button.clicked.connect(self.int8_wanted)

    @property
    def precision(self) -> Precision:
        return Precision(self.box.currentData())

    def show_state(self, run: Run | None, why_not: str) -> None:
        """Args:
        run: that is chosen.
        why_not: a fast model cannot be made now; "" where it can.
        """
        wants_fast = self.precision is Precision.INT8 and run is not None
        lacks = wants_fast and run is not None and run.complete and not run.has_int8
        self.hint.setText(_hint(run) if wants_fast and run is not None else "")
        self.hint.setVisible(bool(self.hint.text()))
        self.make_button.setVisible(lacks)
        self.make_button.setEnabled(not why_not)
        self.make_button.setToolTip(why_not or "Takes about half a minute, once.")

    @Slot(int)
    def _on_activated(self, row: int) -> None:  # noqa: ARG002
        self.precision_chosen.emit(self.precision)


class CompareControls(QWidget):
    """A second run that looks at the same source, side by side with the first.

    Signals:
        chosen(Run | None): this run is to be compared with, or none.
    """

    chosen = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._runs: tuple[Run, ...] = ()
        self.box = _run_box("detect.compare", "Run to compare with")
        title = QLabel("Compare with")
        set_role(title, "title")
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(GRID)
        layout.addWidget(title)
        layout.addWidget(self.box)
        self.box.activated.connect(self._on_activated)
        self.set_runs(())

    @property
    def run(self) -> Run | None:
        row = self.box.currentIndex() - 1
        return self._runs[row] if 0 <= row < len(self._runs) else None

    def set_runs(self, runs: Sequence[Run]) -> None:
        """Args: runs: those with a model, newest first."""
        before = self.run
        self._runs = tuple(runs)
        _fill_runs(self.box, self._runs)
        self.box.insertItem(0, "No other run")
        self.box.setCurrentIndex(1 + self._runs.index(before) if before in self._runs else 0)
        self.box.setEnabled(len(runs) > 1)
        self.box.setToolTip(
            "Shows what another run finds in the same pictures, side by side."
            if len(runs) > 1
            else "Train a second time first: then there is something to compare."
        )
        if before is not None and self.run is None:
            self.chosen.emit(None)

    @Slot(int)
    def _on_activated(self, row: int) -> None:  # noqa: ARG002
        self.chosen.emit(self.run)


def run_in_words(run: Run) -> str:
    """Title and time of a run, with its AP50 where the card tells it."""
    started = run.started
    words = run.title
    if started is not None and words == run.name:
        words = f"{started:%d %b %Y, %H:%M}"
    if not run.complete:
        return f"{words} (a first model)"
    try:
        card = run.card()
    except UserError:
        return words
    for split in ("test", "val"):
        scores = card.get(split)
        if isinstance(scores, dict) and isinstance(scores.get("ap50"), int | float):
            return f"{words} (AP50 {scores['ap50']:.2f})"
    return words


def _fill_runs(box: QComboBox, runs: Sequence[Run]) -> None:
    box.clear()
    for run in runs:
        box.addItem(run_in_words(run))


def _run_box(name: str, words: str) -> QComboBox:
    box = QComboBox()
    box.setObjectName(name)
    box.setAccessibleName(words)
    box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
    guard_wheel(box)
    return box


def _hint(run: Run) -> str:
    if not run.has_int8:
        return "This run has no fast model yet: it is used as it was trained."
    if run.model_for(Precision.INT8) != run.int8_path:
        return "The fast model of this run finds other faces: it is used as it was trained."
    return ""
