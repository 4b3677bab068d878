"""The controls of the Capture tab."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import MutableMapping
from pathlib import Path
from typing import Any

from PySide6.QtCore import QStandardPaths, Signal, Slot
from PySide6.QtWidgets import (
    QCheckBox,
    QDoubleSpinBox,
    QFileDialog,
    QHBoxLayout,
    QLabel,
    QMenu,
    QProgressBar,
    QPushButton,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from facegui.core.files import stem_of
from facegui.core.images import PICTURE_SUFFIXES
from facegui.core.project import Project
from facegui.core.recordings import VIDEO_SUFFIXES
from facegui.core.unpacking import ZIP_SUFFIX
from facegui.ui.burst import DEFAULT_COUNT, DEFAULT_INTERVAL_S, Burst
from facegui.ui.guide import Outcome
from facegui.ui.icons import icon
from facegui.ui.photo_strip import photos_in_words
from facegui.ui.source_picker import name_filter
from facegui.ui.style import GRID, set_role

IMPORTED_SUFFIXES = PICTURE_SUFFIXES | VIDEO_SUFFIXES | {ZIP_SUFFIX}

LEAST_TAKEN = 0.5
"""Of the photos that a guided session asks for: fewer are nothing to praise."""

GOOD_COUNT = 150
"""Photos that the tutorial recommends."""
MANY_OF_ONE_SESSION = 60
"""More of them teach less than as many of another session."""


class BurstControls(QWidget):
    """How many photos, how far apart, and the button that starts them."""

    def __init__(self, settings: MutableMapping[str, Any], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._settings = settings
        title = QLabel("Burst")
        set_role(title, "title")
        self._count = QSpinBox()
        self._count.setObjectName("capture.burst_count")
        self._count.setAccessibleName("Photos in a burst")
        self._count.setRange(2, 500)
        self._count.setSuffix(" photos")
        self._count.setValue(_remembered(settings.get("capture.burst_count"), DEFAULT_COUNT))
        self._interval = QDoubleSpinBox()
        self._interval.setObjectName("capture.burst_interval")
        self._interval.setAccessibleName("Seconds from one photo to the next")
        self._interval.setRange(0.1, 60.0)
        self._interval.setDecimals(1)
        self._interval.setSingleStep(0.1)
        self._interval.setPrefix("every ")
        self._interval.setSuffix(" s")
        self._interval.setValue(
            _remembered(settings.get("capture.burst_interval_s"), DEFAULT_INTERVAL_S)
        )
        self.fields = (self._count, self._interval)
        for field in self.fields:
            field.setMinimumHeight(3 * GRID)
        self.skip_box = QCheckBox("Skip what is not worth keeping")
        self.skip_box.setObjectName("capture.burst_skip")
        self.skip_box.setToolTip(
            "Leaves out moments that are too dark or bright, blurred, or like the photo before."
        )
        self.skip_box.setChecked(_remembered(settings.get("capture.burst_skip"), True))
        self.progress = QProgressBar()
        self.progress.setFixedHeight(GRID)
        self.progress.setTextVisible(False)
        self.start_button = QPushButton(icon("mdi6.camera-burst"), "Start burst")
        self.start_button.setObjectName("capture.burst")
        line = QHBoxLayout()
        line.addWidget(self._count, 1)
        line.addWidget(self._interval, 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 2 * GRID, 0, 0)
        layout.setSpacing(GRID)
        layout.addWidget(title)
        layout.addLayout(line)
        layout.addWidget(self.skip_box)
        layout.addWidget(self.start_button)
        layout.addWidget(self.progress)
        self.skip_box.toggled.connect(self._remember)
        self._count.valueChanged.connect(self._remember)
        self._interval.valueChanged.connect(self._remember)

    @property
    def count(self) -> int:
        return self._count.value()

    @property
    def interval_s(self) -> float:
        return self._interval.value()

    def show_state(self, burst: Burst, why_not: str) -> None:
        """Args: the burst, and why none can be started now, if none can."""
        reason = "A burst is being taken." if burst.active else why_not
        self.start_button.setEnabled(not reason)
        self.start_button.setToolTip(reason or "Counts down from three, then takes the photos.")
        for field in self.fields:
            field.setEnabled(not burst.active)
        self.progress.setVisible(burst.active)
        self.progress.setRange(0, max(1, burst.count))
        self.progress.setValue(burst.done)

    @Slot()
    def _remember(self) -> None:
        self._settings["capture.burst_count"] = self.count
        self._settings["capture.burst_interval_s"] = self.interval_s
        self._settings["capture.burst_skip"] = self.skip_box.isChecked()


class PhotoControls(QWidget):
    """How many photos the project has, importing, and the way on.

    Signals:
        import_wanted(tuple[Path, ...]): these files or folders were chosen.
    """

    import_wanted = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        title = QLabel("Photos in the project")
        set_role(title, "title")
        self.count_label = QLabel()
        self.count_label.setObjectName("capture.count")
        set_role(self.count_label, "big")
        self.labelled_label = QLabel()
        self.labelled_label.setObjectName("capture.labelled")
        set_role(self.labelled_label, "faint")
        menu = QMenu(self)
        menu.addAction(icon("mdi6.image-outline"), "Photos, videos, zip files…", self._ask_files)
        menu.addAction(icon("mdi6.folder-outline"), "Folder…", self._ask_folder)
        self.import_button = QPushButton(icon("mdi6.import"), "Import")
        self.import_button.setObjectName("capture.import")
        self.import_button.setMenu(menu)
        self.next_button = QPushButton(icon("mdi6.arrow-right"), "Next: Annotate")
        self.next_button.setObjectName("capture.next_step")
        hint = QLabel("Photos, videos, zip files and folders can also be dropped here.")
        hint.setWordWrap(True)
        set_role(hint, "faint")
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 2 * GRID, 0, 0)
        layout.setSpacing(GRID)
        layout.addWidget(title)
        layout.addWidget(self.count_label)
        layout.addWidget(self.labelled_label)
        layout.addWidget(self.import_button)
        layout.addWidget(hint)
        layout.addWidget(self.next_button)

    def show_state(self, count: int, labelled: int, why_no_import: str) -> None:
        """Args: photos, those with a label, and why nothing can be imported now."""
        self.count_label.setText(str(count))
        self.labelled_label.setText(f"{labelled} of them labelled")
        self.labelled_label.setVisible(count > 0)
        self.import_button.setEnabled(not why_no_import)
        self.import_button.setToolTip(
            why_no_import or "Takes photos, with the labels beside them, into the project."
        )
        self.next_button.setVisible(count > 0)
        self.next_button.setToolTip(f"Draw boxes around the faces in {photos_in_words(count)}.")

    @Slot()
    def _ask_files(self) -> None:
        names, _ = QFileDialog.getOpenFileNames(
            self,
            "Photos, videos and zip files",
            _pictures_folder(),
            name_filter("Photos, videos and zip files", IMPORTED_SUFFIXES),
        )
        if names:
            self.import_wanted.emit(tuple(Path(name) for name in names))

    @Slot()
    def _ask_folder(self) -> None:
        name = QFileDialog.getExistingDirectory(self, "Folder of photos", _pictures_folder())
        if name:
            self.import_wanted.emit((Path(name),))


def _pictures_folder() -> str:
    return QStandardPaths.writableLocation(QStandardPaths.StandardLocation.PicturesLocation)


def _remembered(value: object, default: Any) -> Any:
    """What is remembered, if it is of the kind that is needed."""
    return value if type(value) is type(default) else default


def labelled_count(project: Project | None) -> int:
    """Photos with a label file; by the names alone, because this is asked after each photo."""
    if project is None:
        return 0
    try:
        labelled = {stem_of(name) for name in os.listdir(project.labels_folder)}  # noqa: PTH208
    except OSError:
        return 0
    return sum(stem_of(photo.name) in labelled for photo in project.photos)


def outcome_in_words(outcome: Outcome) -> str:
    """What came of photos that were asked for; too few are told with what was wrong."""
    skipped = skipped_in_words(outcome.skipped)
    if outcome.taken < LEAST_TAKEN * outcome.wanted:
        few = photos_in_words(outcome.taken) if outcome.taken else "no photo"
        came = f"Of {outcome.wanted} moments came {few}."
        return f"{came} {skipped} Change that, then begin again."
    well = f"Well done: {photos_in_words(outcome.taken)} that help."
    return " ".join(filter(None, (well, skipped, "Next: label them.")))


def skipped_in_words(skipped: Counter[str]) -> str:
    """How many moments a burst passed over and why; empty for none."""
    if not skipped:
        return ""
    reasons = ", ".join(f"{number} {reason}" for reason, number in skipped.most_common())
    return f"Skipped {skipped.total()}: {reasons}."


def next_step(project: Project | None) -> str:
    """What to do with so many photos in the project, of such sessions and people."""
    photos = project.photos if project else ()
    if project is None or not photos:
        return "Show your face to the camera, then press Space."
    count = len(photos)
    sessions = {project.record(photo.name).session for photo in photos}
    people, unnoted = project.people_in(sessions)
    if count < GOOD_COUNT:
        words = f"{count} of about {GOOD_COUNT} photos. Vary place, light and distance."
        if len(sessions) == 1 and count >= MANY_OF_ONE_SESSION:
            words += " A new session helps now: another place, or another person."
        return words
    if len(sessions) == 1:
        return "Many photos of one session. Come back on another day, or take another person."
    if len(people) == 1 and not unnoted:
        return f"All photos show {people[0]}: others it will miss. Take another person."
    return "Enough for a good detector. Next: Annotate."
