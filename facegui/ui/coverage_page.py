"""What the photos have and lack, as pictures, and the photos to take next."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal, Slot
from PySide6.QtGui import QColor, QImage, QPainter, QPaintEvent, QPalette
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from facegui.core.coverage import GUIDED, Coverage, Task, is_to_be_labelled, next_task
from facegui.ui.icons import icon
from facegui.ui.pixel_images import image_of
from facegui.ui.style import GRID, STAGE_COLOUR, set_role

_BARS = 12
_COLD, _HOT = QColor("#16181d"), QColor("#ffd166")


class CoveragePage(QWidget):
    """See the module.

    Signals:
        tasks_wanted(tuple[Task, ...], bool): the user wants to take these photos; whether
            they are to be taken by themselves, one task after the other.
        photo_wanted(str): the user wants to label, beginning with that photo.
    """

    tasks_wanted = Signal(object, bool)
    photo_wanted = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("coverage.page")
        self.task: Task | None = None
        self._unlabelled: tuple[str, ...] = ()
        self.heat = HeatMap()
        self.sizes = Histogram("Size of the faces", "far", "near")
        self.lights = Histogram("Light", "dark", "light")
        self.blurs = Histogram("Sharpness", "blurred", "sharp")
        self.facts = QLabel()
        self.facts.setObjectName("coverage.facts")
        self.facts.setWordWrap(True)
        self.sentence = QLabel()
        self.sentence.setObjectName("coverage.next")
        self.sentence.setWordWrap(True)
        set_role(self.sentence, "sentence")
        self.task_button = QPushButton(icon("mdi6.camera"), "Take these photos")
        self.task_button.setObjectName("coverage.task")
        self.label_button = QPushButton(icon("mdi6.pencil-outline"), "Label them")
        self.label_button.setObjectName("coverage.label")
        self.guided_button = QPushButton(icon("mdi6.timer-outline"), "Guided session, 3 minutes")
        self.guided_button.setObjectName("coverage.guided")
        self.guided_button.setToolTip(
            "Leads through positions, distances, light and the empty room; takes the photos itself."
        )
        self._lay_out()
        self.task_button.clicked.connect(self._on_task)
        self.label_button.clicked.connect(self._on_label)
        self.guided_button.clicked.connect(self._on_guided)

    def _lay_out(self) -> None:
        title = QLabel("Where the faces are")
        set_role(title, "title")
        left = QVBoxLayout()
        left.addWidget(title)
        left.addWidget(self.heat, 1)
        right = QVBoxLayout()
        right.setSpacing(2 * GRID)
        for histogram in (self.sizes, self.lights, self.blurs):
            right.addWidget(histogram, 1)
        pictures = QHBoxLayout()
        pictures.setSpacing(3 * GRID)
        pictures.addLayout(left, 3)
        pictures.addLayout(right, 2)
        buttons = QHBoxLayout()
        buttons.setSpacing(GRID)
        buttons.addWidget(self.task_button)
        buttons.addWidget(self.label_button)
        buttons.addWidget(self.guided_button)
        buttons.addStretch(1)
        layout = QGridLayout(self)
        layout.setContentsMargins(0, GRID, 0, 0)
        layout.setVerticalSpacing(2 * GRID)
        layout.addLayout(pictures, 0, 0)
        layout.addWidget(self.facts, 1, 0)
        layout.addWidget(self.sentence, 2, 0)
        layout.addLayout(buttons, 3, 0)
        layout.setRowStretch(0, 1)

    def show_coverage(self, coverage: Coverage) -> None:
        label_first = is_to_be_labelled(coverage)
        self.task = None if label_first else next_task(coverage)
        self._unlabelled = coverage.unlabelled
        self.heat.show_heat(coverage.heat)
        self.sizes.show_values(coverage.sizes, 0.0, 0.9)
        self.lights.show_values(coverage.lights, 0.0, 255.0)
        self.blurs.show_values(1.0 - coverage.blurs, 0.25, 0.8)
        self.facts.setText(facts_in_words(coverage))
        if label_first:
            self.sentence.setText(
                f"Label the {len(coverage.unlabelled):,} photos that have no label yet: then it"
                " is seen what is missing."
            )
        else:
            self.sentence.setText(
                self.task.words() if self.task else "Your photos cover a lot. Nothing is missing."
            )
        self.task_button.setVisible(self.task is not None)
        self.label_button.setVisible(label_first)

    @Slot()
    def _on_task(self) -> None:
        if self.task is not None:
            self.tasks_wanted.emit((self.task,), False)

    @Slot()
    def _on_label(self) -> None:
        self.photo_wanted.emit(self._unlabelled[0])

    @Slot()
    def _on_guided(self) -> None:
        self.tasks_wanted.emit(GUIDED, True)


def facts_in_words(coverage: Coverage) -> str:
    """The figures that are no pictures."""
    sessions = "1 session" if coverage.sessions == 1 else f"{coverage.sessions} sessions"
    rest = " and people not noted" if coverage.unnoted else ""
    people = f" of {', '.join(coverage.people)}{rest}" if coverage.people else ""
    number = len(coverage.unlabelled)
    unlabelled = f", {number:,} not labelled yet" if number else ""
    return (
        f"{coverage.photos:,} photos in {sessions}{people}: {coverage.faces:,} with faces,"
        f" {coverage.no_face:,} without{unlabelled}."
    )


class HeatMap(QWidget):
    """How often a face was at each place of the picture."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName("Where in the pictures the faces are")
        self._image: QImage | None = None
        self.setMinimumSize(QSize(24 * GRID, 18 * GRID))

    def show_heat(self, heat: npt.NDArray[np.float64]) -> None:
        """Args: (rows, columns), any range."""
        shares = (heat / max(float(heat.max()), 1.0))[..., None] ** 0.6
        cold, hot = (
            np.array([colour.red(), colour.green(), colour.blue()], float)
            for colour in (_COLD, _HOT)
        )
        pixels = np.ascontiguousarray((cold + shares * (hot - cold)).astype(np.uint8))
        self._image = image_of(pixels).copy()
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: ARG002
        painter = QPainter(self)
        painter.setRenderHints(
            QPainter.RenderHint.Antialiasing | QPainter.RenderHint.SmoothPixmapTransform
        )
        size = QSize(4, 3).scaled(self.size(), Qt.AspectRatioMode.KeepAspectRatio)
        place = QRectF(0, 0, size.width(), size.height())
        painter.fillRect(place, STAGE_COLOUR)
        if self._image is not None:
            painter.drawImage(place, self._image)
        painter.setPen(QColor(255, 255, 255, 60))
        for third in (1 / 3, 2 / 3):
            x, y = place.width() * third, place.height() * third
            painter.drawLine(QPointF(x, 0), QPointF(x, place.height()))
            painter.drawLine(QPointF(0, y), QPointF(place.width(), y))


class Histogram(QWidget):
    """How often which value is there, from one word to another."""

    def __init__(self, title: str, low: str, high: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._words = title, low, high
        self._shares: npt.NDArray[np.float64] = np.zeros(_BARS)
        self.setAccessibleName(title)
        self.setMinimumSize(QSize(20 * GRID, 10 * GRID))

    def show_values(self, values: npt.NDArray[np.float64], low: float, high: float) -> None:
        counts, _ = np.histogram(np.clip(values, low, high), _BARS, (low, high))
        self._shares = counts / max(1, int(counts.max()))
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: ARG002
        painter = QPainter(self)
        palette, metrics = self.palette(), self.fontMetrics()
        title, low, high = self._words
        line = metrics.height()
        painter.setPen(palette.color(QPalette.ColorRole.WindowText))
        painter.drawText(QRectF(0, 0, self.width(), line), title)
        painter.setPen(palette.color(QPalette.ColorRole.PlaceholderText))
        foot = QRectF(0, self.height() - line, self.width(), line)
        painter.drawText(foot, Qt.AlignmentFlag.AlignLeft, low)
        painter.drawText(foot, Qt.AlignmentFlag.AlignRight, high)
        top, bottom = line + GRID / 2, self.height() - line - GRID / 2
        width = self.width() / _BARS
        painter.setPen(Qt.PenStyle.NoPen)
        for number, share in enumerate(self._shares):
            tall = max(1.0, float(share) * (bottom - top))
            role = QPalette.ColorRole.Accent if share else QPalette.ColorRole.Mid
            bar = QRectF(number * width + 1, bottom - tall, width - 2, tall)
            painter.fillRect(bar, palette.color(role))
