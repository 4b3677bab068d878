"""The controls of the Augment tab: what `TRANSFORMS` describes, as sliders."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QFormLayout,
    QGridLayout,
    QLabel,
    QSlider,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from facegui.core.augmentation_settings import (
    MAXIMUM_COPIES,
    PRESETS,
    SIDE_RANGE,
    TRANSFORMS,
    AugmentationSettings,
    Preset,
    TransformInfo,
    TransformSettings,
)
from facegui.ui.fold import Fold, guard_wheel
from facegui.ui.style import GRID, set_role

OWN_SETTINGS = "Your own"
_LARGEST_FIELD = 2**31 - 1
_TEXT_WIDTH = 17 * GRID


class _Slider(QSlider):
    """A slider with its value in words beside it."""

    def __init__(self, highest: int) -> None:
        super().__init__(Qt.Orientation.Horizontal)
        self.setRange(0, highest)
        self.setPageStep(max(1, highest // 10))
        guard_wheel(self)
        self.words = QLabel()
        self.words.setFixedWidth(_TEXT_WIDTH)
        set_role(self.words, "faint")


class TransformControl(QWidget):
    """One transform: whether, how strongly, on how many copies.

    Signals:
        changed(): the user moved something.
    """

    changed = Signal()

    def __init__(self, info: TransformInfo, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._info = info
        self._steps = 10 if info.highest <= 10 else 1
        self._settings = TransformSettings(False, 0.0, 0.0)
        self._showing = False
        self.enabled = QCheckBox(info.title)
        self.enabled.setObjectName(f"augment.{info.name}")
        self.strength = _Slider(round(info.highest * self._steps))
        self.strength.setObjectName(f"augment.{info.name}.strength")
        self.strength.setAccessibleName(f"{info.title}: {info.strength}")
        self.probability = _Slider(100)
        self.probability.setObjectName(f"augment.{info.name}.probability")
        self.probability.setAccessibleName(f"{info.title}: share of the copies, in %")
        self.enabled.setToolTip(info.sentence)
        self.strength.setToolTip(f"{info.strength}, in {info.unit}".capitalize())
        self.probability.setToolTip("On what share of the copies")
        layout = QGridLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setHorizontalSpacing(GRID)
        layout.setVerticalSpacing(GRID // 2)
        layout.addWidget(self.enabled, 0, 0, 1, 2)
        for row, slider in enumerate((self.strength, self.probability), 1):
            layout.addWidget(slider, row, 0)
            layout.addWidget(slider.words, row, 1)
            slider.valueChanged.connect(self._on_moved)
        self.enabled.toggled.connect(self._on_moved)

    @property
    def settings(self) -> TransformSettings:
        return self._settings

    def show_settings(self, settings: TransformSettings) -> None:
        self._settings = settings
        self._showing = True
        self.enabled.setChecked(settings.enabled)
        self.strength.setValue(round(settings.strength * self._steps))
        self.probability.setValue(round(settings.probability * 100))
        self._showing = False
        self._show_words()

    @Slot()
    def _on_moved(self) -> None:
        if self._showing:
            return
        # What was not moved keeps its exact value, which the slider may not have.
        before, strength, probability = self._settings, self.strength, self.probability
        changed = replace(before, enabled=self.enabled.isChecked())
        if strength.value() != round(before.strength * self._steps):
            changed = replace(changed, strength=strength.value() / self._steps)
        if probability.value() != round(before.probability * 100):
            changed = replace(changed, probability=probability.value() / 100)
        self._settings = changed
        self._show_words()
        self.changed.emit()

    def _show_words(self) -> None:
        unit = self._info.unit.removesuffix(" of 255")
        self.strength.words.setText(f"up to {self._settings.strength:g} {unit}")
        self.probability.words.setText(f"on {self._settings.probability:.0%} of copies")
        shown = self._settings.enabled
        for slider, wanted in ((self.strength, self._info.has_strength), (self.probability, True)):
            slider.setVisible(shown and wanted)
            slider.words.setVisible(shown and wanted)


class AugmentControls(QWidget):
    """Preset, copies, transforms, and the rest folded away.

    Signals:
        changed(AugmentationSettings): the user changed something.
    """

    changed = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._settings = AugmentationSettings()
        self._photos = 0
        self._showing = False
        self._build()
        self._connect()
        self.show_settings(self._settings)

    @property
    def settings(self) -> AugmentationSettings:
        return self._settings

    def _build(self) -> None:
        self.preset = QComboBox()
        self.preset.setObjectName("augment.preset")
        self.preset.setAccessibleName("How strongly the copies vary")
        self.preset.addItems([preset.title for preset in PRESETS])
        guard_wheel(self.preset)
        self._sentence = _words()
        self.copies = _field("augment.copies", 1, MAXIMUM_COPIES)
        self.copies.setAccessibleName("Copies of each photo")
        self.copies.setSuffix(" copies")
        self.total = _words()
        self.total.setObjectName("augment.total")
        self.transforms = {info.name: TransformControl(info) for info in TRANSFORMS}
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(GRID)
        layout.addWidget(_title("Variety"))
        layout.addWidget(self.preset)
        layout.addWidget(self._sentence)
        layout.addSpacing(GRID)
        layout.addWidget(_title("Copies of each training photo"))
        layout.addWidget(self.copies)
        layout.addWidget(self.total)
        layout.addSpacing(GRID)
        layout.addWidget(_title("What varies"))
        for control in self.transforms.values():
            layout.addWidget(control)
        layout.addWidget(Fold("Advanced", self._build_advanced()))

    def _build_advanced(self) -> QWidget:
        self.seed = _field("augment.seed", 0, _LARGEST_FIELD)
        self.seed.setToolTip("Another seed, other copies; the same seed, the same copies.")
        self.longest_side = _field("augment.longest_side", *SIDE_RANGE)
        self.longest_side.setSuffix(" pixels")
        self.longest_side.setToolTip("Larger copies are made smaller before they are stored.")
        self.min_visibility = _field("augment.min_visibility", 0, 100)
        self.min_visibility.setSuffix(" %")
        self.min_visibility.setToolTip(
            "A face of which less than this is left at the edge counts as cut away."
        )
        advanced = QWidget()
        form = QFormLayout(advanced)
        form.setContentsMargins(0, 0, 0, 0)
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        form.addRow("Seed", self.seed)
        form.addRow("Longest side", self.longest_side)
        form.addRow("Least of a face", self.min_visibility)
        return advanced

    def _connect(self) -> None:
        self.preset.activated.connect(self._on_preset)
        for control in self.transforms.values():
            control.changed.connect(self._on_changed)
        for field in (self.copies, self.seed, self.longest_side, self.min_visibility):
            field.valueChanged.connect(self._on_changed)

    def show_settings(self, settings: AugmentationSettings) -> None:
        """Shows other settings; nothing is signalled."""
        self._showing = True
        self._settings = settings
        for name, control in self.transforms.items():
            control.show_settings(settings.transform(name))
        self.copies.setValue(settings.copies)
        self.seed.setValue(min(settings.seed, _LARGEST_FIELD))
        self.longest_side.setValue(settings.longest_side)
        self.min_visibility.setValue(round(settings.min_visibility * 100))
        self._showing = False
        self._show_state()

    def show_photos(self, count: int) -> None:
        """How many training photos there are."""
        self._photos = count
        self._show_state()

    @Slot(int)
    def _on_preset(self, index: int) -> None:
        if index >= len(PRESETS):
            return
        chosen = PRESETS[index].settings
        transforms = {name: chosen.transform(name) for name in self.transforms}
        self.show_settings(replace(self._settings, copies=chosen.copies, **transforms))  # type: ignore[arg-type]
        self.changed.emit(self._settings)

    @Slot()
    def _on_changed(self) -> None:
        if self._showing:
            return
        transforms = {name: control.settings for name, control in self.transforms.items()}
        visibility, seed = self._settings.min_visibility, self._settings.seed
        if self.min_visibility.value() != round(visibility * 100):
            visibility = self.min_visibility.value() / 100
        if self.seed.value() != min(seed, _LARGEST_FIELD):
            seed = self.seed.value()
        self._settings = AugmentationSettings(
            copies=self.copies.value(),
            seed=seed,
            longest_side=self.longest_side.value(),
            min_visibility=visibility,
            **transforms,
        )
        self._show_state()
        self.changed.emit(self._settings)

    def _show_state(self) -> None:
        preset = preset_of(self._settings)
        if preset is None and self.preset.count() == len(PRESETS):
            self.preset.addItem(OWN_SETTINGS)
        elif preset is not None and self.preset.count() > len(PRESETS):
            self.preset.removeItem(len(PRESETS))
        self.preset.setCurrentIndex(len(PRESETS) if preset is None else PRESETS.index(preset))
        self._sentence.setText(preset.sentence if preset else "As you have set it below.")
        copies = self._settings.copies
        photos = f"{self._photos:,} training photo{'' if self._photos == 1 else 's'}"
        self.total.setText(
            f"{photos} \N{MULTIPLICATION SIGN} {copies:,} = {self._photos * copies:,} pictures"
        )
        self.total.setVisible(self._photos > 0)


def preset_of(settings: AugmentationSettings) -> Preset | None:
    """The preset that varies photos just so; None for settings of the user's own."""
    names = [info.name for info in TRANSFORMS]
    for preset in PRESETS:
        if all(preset.settings.transform(name) == settings.transform(name) for name in names):
            return preset
    return None


def _title(text: str) -> QLabel:
    label = QLabel(text)
    set_role(label, "title")
    return label


def _words() -> QLabel:
    label = QLabel()
    label.setWordWrap(True)
    set_role(label, "faint")
    return label


def _field(name: str, lowest: int, highest: int) -> QSpinBox:
    field = QSpinBox()
    field.setObjectName(name)
    field.setRange(lowest, highest)
    field.setGroupSeparatorShown(True)
    guard_wheel(field)
    return field
