"""The controls of the Train tab: presets in words, and the field's words folded away."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import (
    QButtonGroup,
    QDoubleSpinBox,
    QFileDialog,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QRadioButton,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from facegui.ml.estimating import ToldBy
from facegui.ml.presets import DEFAULT_PRESET, PRESETS, Preset, TrainSettings
from facegui.ui.fold import Fold, guard_wheel
from facegui.ui.icons import icon
from facegui.ui.job_strip import time_in_words
from facegui.ui.style import GRID, set_role
from facegui.workers.training_look import Estimate

_WHOLE = (
    ("epochs", "Epochs", 1, 1000, "How often it goes through all pictures, at most."),
    (
        "patience",
        "Patience",
        0,
        1000,
        "It ends after so many epochs that brought nothing better; 0: never before the last.",
    ),
    ("batch_size", "Batch size", 1, 512, "Pictures in a step."),
    (
        "input_size",
        "Input size",
        32,
        640,
        "Side in pixels that photos are learned from at.",
    ),
    ("seed", "Seed", 0, 2**31 - 1, "The same seed gives the same training on the same computer."),
    (
        "falling_steps",
        "Falling steps",
        0,
        1_000_000,
        "Over so many steps the learning rate falls to next to nothing; 0: it stays.",
    ),
    ("hidden_units", "Hidden units", 1, 16384, "In each of the two heads."),
)
_REAL = (
    (
        "classification_weight",
        "Classification weight",
        0.0,
        100.0,
        "How much face or no face counts in the loss, beside the box.",
    ),
    (
        "magnification",
        "Magnification",
        1.0,
        2.0,
        "How much larger the finished network takes photos: copies show faces larger than they do.",
    ),
    ("dropout", "Dropout", 0.0, 0.9, "Share of the features that it does without while it learns."),
    (
        "learning_rate_decay",
        "Rate decay",
        0.0,
        100.0,
        "After n epochs the learning rate is divided by 1 + n times this.",
    ),
)
_OF_ONE_NETWORK = {
    "falling_steps": "dense",
    "dropout": "dense",
    "magnification": "dense",
    "hidden_units": "classic",
    "learning_rate_decay": "classic",
}
"""Settings that the other network has no use for."""

_DIGITS = 3
_WEIGHTS_FILTER = "Weights (*.h5 *.ckpt *.zip *.gz *.npz);;All files (*)"


class _PresetOption(QWidget):
    """A preset: its name, what it is for, how long it takes."""

    def __init__(self, preset: Preset) -> None:
        super().__init__()
        self.button = QRadioButton(preset.title)
        self.button.setObjectName(f"train.preset_{preset.name}")
        self.button.setAccessibleDescription(preset.description)
        font = self.button.font()
        font.setBold(True)
        self.button.setFont(font)
        self.time = _words()
        self.time.setObjectName(f"train.time_{preset.name}")
        description = _words()
        description.setText(preset.description)
        below = QVBoxLayout()
        below.setContentsMargins(3 * GRID, 0, 0, GRID)
        below.setSpacing(2)
        below.addWidget(self.time)
        below.addWidget(description)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(2)
        layout.addWidget(self.button)
        layout.addLayout(below)
        set_role(self.time, "")


class TrainControls(QWidget):
    """Which preset, and under Advanced everything that it sets.

    Signals:
        changed(TrainSettings): the user changed something.

    Args:
        choose_file: asks for a weights file; "" for none.
    """

    changed = Signal(object)

    def __init__(
        self,
        parent: QWidget | None = None,
        *,
        choose_file: Callable[[QWidget], str] | None = None,
    ) -> None:
        super().__init__(parent)
        self._choose_file = choose_file or _choose_weights
        self._settings = DEFAULT_PRESET.settings
        self._showing = False
        self.weights_file: Path | None = None
        self.complaint = ""
        self._build()
        self._connect()
        self.show_settings(self._settings)

    @property
    def settings(self) -> TrainSettings:
        """The last that can be trained with; `complaint` says what is wrong with the newest."""
        return self._settings

    def _build(self) -> None:
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(GRID)
        layout.addWidget(_title("Preset"))
        self._group = QButtonGroup(self)
        self._options = {name: _PresetOption(preset) for name, preset in PRESETS.items()}
        for number, option in enumerate(self._options.values()):
            self._group.addButton(option.button, number)
            layout.addWidget(option)
        self._complaint = _words()
        self._complaint.setObjectName("train.complaint")
        layout.addWidget(Fold("Advanced", self._build_advanced()))
        layout.addWidget(self._complaint)

    def _build_advanced(self) -> QWidget:
        advanced = QWidget()
        form = QFormLayout(advanced)
        form.setContentsMargins(0, 0, 0, 0)
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        self._form = form
        self.fields: dict[str, QSpinBox | QDoubleSpinBox] = {}
        for name, title, lowest, highest, sentence in _WHOLE:
            whole = QSpinBox()
            whole.setRange(lowest, highest)
            self._add_field(name, title, sentence, whole)
        for name, title, least, most, sentence in _REAL:
            real = QDoubleSpinBox()
            real.setDecimals(_DIGITS)
            real.setSingleStep(0.1)
            real.setRange(least, most)
            self._add_field(name, title, sentence, real)
        self.learning_rate = QLineEdit()
        self.learning_rate.setObjectName("train.learning_rate")
        self.learning_rate.setToolTip("How large the steps are; too large, and the loss jumps.")
        form.addRow("Learning rate", self.learning_rate)
        self.weights = QLabel("fetched once")
        self.weights.setToolTip("VGG16's ImageNet weights are fetched at the first training.")
        self.choose_button = QPushButton(
            icon("mdi6.folder-open-outline"), "File\N{HORIZONTAL ELLIPSIS}"
        )
        self.choose_button.setObjectName("train.choose_weights")
        self.choose_button.setToolTip("A file with VGG16's weights, for where no network is")
        line = QHBoxLayout()
        line.addWidget(self.weights, 1)
        line.addWidget(self.choose_button)
        form.addRow("Weights", line)
        self.reset_button = QPushButton("As the preset has it")
        self.reset_button.setObjectName("train.reset")
        form.addRow(self.reset_button)
        return advanced

    def _add_field(
        self, name: str, title: str, sentence: str, field: QSpinBox | QDoubleSpinBox
    ) -> None:
        field.setObjectName(f"train.{name}")
        field.setToolTip(sentence)
        # Not at every digit: 1 is no batch size on the way to 16.
        field.setKeyboardTracking(False)
        guard_wheel(field)
        self.fields[name] = field
        self._form.addRow(title, field)

    def _connect(self) -> None:
        self._group.idClicked.connect(self._on_preset)
        for field in self.fields.values():
            field.valueChanged.connect(self._on_changed)
        self.learning_rate.editingFinished.connect(self._on_changed)
        self.choose_button.clicked.connect(self._on_choose)
        self.reset_button.clicked.connect(self._on_reset)

    def show_settings(self, settings: TrainSettings) -> None:
        """Shows other settings; nothing is signalled."""
        self._showing = True
        self._settings, self.complaint = settings, ""
        if settings.preset in self._options:
            self._options[settings.preset].button.setChecked(True)
        for name, field in self.fields.items():
            field.setValue(getattr(settings, name))
            of = _OF_ONE_NETWORK.get(name, settings.network)
            self._form.setRowVisible(field, of == settings.network)
        self.learning_rate.setText(f"{settings.learning_rate:g}")
        self._showing = False
        self._show_state()

    def show_estimates(self, estimates: Mapping[str, Estimate | None]) -> None:
        """How long each preset takes, by its name."""
        for name, option in self._options.items():
            estimate = estimates.get(name)
            option.time.setText(_time(estimate))

    @Slot(int)
    def _on_preset(self, number: int) -> None:
        name = list(self._options)[number]
        self.show_settings(replace(PRESETS[name].settings, seed=self._settings.seed))
        self.changed.emit(self._settings)

    @Slot()
    def _on_reset(self) -> None:
        preset = PRESETS.get(self._settings.preset, DEFAULT_PRESET)
        self._show_weights(None)
        self.show_settings(preset.settings)
        self.changed.emit(self._settings)

    @Slot()
    def _on_changed(self) -> None:
        if self._showing:
            return
        # What is shown has fewer digits than the setting may have.
        changes: dict[str, Any] = {
            name: field.value()
            for name, field in self.fields.items()
            if field.value() != round(getattr(self._settings, name), _DIGITS)
        }
        self.complaint = ""
        try:
            text = self.learning_rate.text().replace(",", ".")
            # The text is shorter than the value that it was made of.
            if text != f"{self._settings.learning_rate:g}":
                changes["learning_rate"] = float(text)
            self._settings = replace(self._settings, **changes)
        except ValueError as error:
            self.complaint = str(error)
        self._show_state()
        self.changed.emit(self._settings)

    @Slot()
    def _on_choose(self) -> None:
        chosen = self._choose_file(self)
        if chosen:
            self._show_weights(Path(chosen))

    def _show_weights(self, file: Path | None) -> None:
        self.weights_file = file
        self.weights.setText(file.name if file else "fetched once")

    def _show_state(self) -> None:
        self._complaint.setText(f"This cannot be trained: {self.complaint}.")
        self._complaint.setVisible(bool(self.complaint))


_BASES = {
    ToldBy.GUESS: ", at a guess",
    ToldBy.TRIAL: ", measured on this computer",
    ToldBy.TRAINING: " on this computer",
}


def _time(estimate: Estimate | None) -> str:
    if estimate is None:
        return "How long it takes is said once there are photos to learn from."
    words = time_in_words(estimate.seconds)
    words = words[0].upper() + words[1:]
    return f"{words}{_BASES[estimate.told_by]}"


def _choose_weights(parent: QWidget) -> str:
    chosen, _ = QFileDialog.getOpenFileName(parent, "VGG16's weights", "", _WEIGHTS_FILTER)
    return chosen


def _title(text: str) -> QLabel:
    label = QLabel(text)
    set_role(label, "title")
    return label


def _words() -> QLabel:
    label = QLabel()
    label.setWordWrap(True)
    set_role(label, "faint")
    return label
