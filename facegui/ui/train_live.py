"""A training that runs: how far it is, its curves, and what the network finds by now."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import Slot
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QLabel, QVBoxLayout, QWidget

from facegui.core.drawing import MarkedBox, Meaning
from facegui.core.images import Pixels
from facegui.core.metrics import PhotoResult
from facegui.core.progress import Progress
from facegui.core.project import Project
from facegui.core.runs import BatchMetrics, EpochMetrics, FirstModel
from facegui.ml.previews import PREVIEWED_PHOTOS, EpochPreview
from facegui.ui.job_strip import time_in_words
from facegui.ui.loss_chart import LossChart
from facegui.ui.picture_grid import PictureGrid
from facegui.ui.style import GRID, set_role
from facegui.workers.thumbnails import LoadedPicture, PictureLoader
from facegui.workers.training_job import TrainingProgress

_PICTURE_SIDE = 640
_FIRST_MODEL = "A first model is ready: you can try it live in the Detect step while this goes on."


@dataclass
class Pace:
    """How fast a training is.

    Args:
        seconds: of each epoch so far.
        epochs: the most there will be.
        passed: epochs, parts included.
    """

    seconds: list[float]
    epochs: int = 0
    passed: float = 0.0

    @property
    def epoch_s(self) -> float | None:
        """Of the last epochs; the first is slower than the others."""
        newest = self.seconds[1:][-5:] or self.seconds
        return sum(newest) / len(newest) if newest else None

    @property
    def left_s(self) -> float | None:
        each = self.epoch_s
        return None if each is None else max(0.0, self.epochs - self.passed) * each


class TrainLive(QWidget):
    """Shows every event of a training."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._project: Project | None = None
        self._pace = Pace([])
        self._best: int | None = None
        self._has_first = False
        self._results: tuple[PhotoResult, ...] = ()
        self._pictures: dict[str, Pixels] = {}
        self.headline = QLabel()
        self.headline.setObjectName("train.headline")
        self.headline.setWordWrap(True)
        set_role(self.headline, "sentence")
        self.details = QLabel()
        self.details.setObjectName("train.details")
        self.details.setWordWrap(True)
        set_role(self.details, "faint")
        self.chart = LossChart()
        self.previews_title = QLabel()
        self.previews_title.setWordWrap(True)
        set_role(self.previews_title, "faint")
        self.previews = PictureGrid(PREVIEWED_PHOTOS)
        self.previews.setObjectName("train.previews")
        self._loader = PictureLoader(
            _PICTURE_SIDE, threads=1, longest=PREVIEWED_PHOTOS, parent=self
        )
        self._loader.loaded.connect(self._on_loaded)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(GRID)
        layout.addWidget(self.headline)
        layout.addWidget(self.details)
        layout.addWidget(self.chart, 1)
        layout.addWidget(self.previews_title)
        layout.addWidget(self.previews)

    def begin(self, project: Project) -> None:
        """A training of this project begins."""
        self._project = project
        self._pace, self._best = Pace([]), None
        self._has_first = False
        self._results, self._pictures = (), {}
        self.headline.setText("Getting ready")
        self.details.setText("")
        self.chart.begin("now")
        self.previews.clear()
        self._show_previews(0)

    def show_event(self, event: object) -> None:
        """Takes anything that a training reports."""
        if isinstance(event, BatchMetrics):
            self._pace.epochs = event.epochs
            self._pace.passed = event.epoch - 1 + event.batch / event.batches
            self.headline.setText(f"Epoch {event.epoch} of {event.epochs}")
            self.details.setText(self._details())
            self.chart.add_batch(event)
        elif isinstance(event, EpochMetrics):
            self._pace.seconds.append(event.seconds)
            self._best = event.epoch if event.best else self._best
            self.details.setText(self._details())
            self.chart.add_epoch(event)
        elif isinstance(event, EpochPreview):
            self._results = event.results
            self._want_pictures()
            self._show_previews(event.epoch)
        elif isinstance(event, FirstModel):
            self._has_first = True
            self.details.setText(self._details())
        elif isinstance(event, TrainingProgress):
            pass  # for the strip: here it is said in other words
        elif isinstance(event, Progress) and event.text:
            how_far = f" {event.done:,} of {event.total:,}" if event.total else ""
            self.headline.setText(f"{event.text}{how_far}")
            self.details.setText(f"The best epoch was {self._best}." if self._best else "")

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit_previews()

    def shut_down(self) -> None:
        self._loader.shut_down()

    def _details(self) -> str:
        each, left = self._pace.epoch_s, self._pace.left_s
        first = f"{_FIRST_MODEL} " if self._has_first else ""
        if each is None or left is None:
            return f"{first}The time that is left is known after the first epoch."
        parts = [
            f"{each:.0f} seconds per epoch" if each >= 10 else f"{each:.1f} seconds per epoch",
            f"at most {time_in_words(left)} left",
        ]
        if self._best is not None:
            parts.append(f"best so far: epoch {self._best}")
        return first + ", ".join(parts)

    def _want_pictures(self) -> None:
        assert self._project is not None
        for result in self._results:
            if result.name not in self._pictures:
                try:
                    self._loader.want(self._project.photo(result.name))
                except KeyError:  # deleted meanwhile
                    continue

    @Slot(object)
    def _on_loaded(self, loaded: LoadedPicture) -> None:
        if loaded.pixels is not None:
            self._pictures[loaded.photo.name] = loaded.pixels
            self._show_results()

    def _show_previews(self, epoch: int) -> None:
        there = bool(self._results)
        self.previews.setVisible(there)
        self.previews_title.setVisible(there)
        self.previews.show_count(len(self._results))
        self._fit_previews()
        now = f"after epoch {epoch}" if epoch else "before it has learned anything"
        self.previews_title.setText(
            f"What it finds in photos that it does not learn from, {now} (yellow; blue: the label)"
        )
        self._show_results()

    def _fit_previews(self) -> None:
        """One row, as high as its pictures are; the chart has the rest."""
        height = self.previews.height_of_row(self.width())
        self.previews.setFixedHeight(min(height, self.height() * 2 // 5))

    def _show_results(self) -> None:
        for cell, result in zip(self.previews.cells, self._results, strict=False):
            pixels = self._pictures.get(result.name)
            if pixels is None:
                continue
            height, width = pixels.shape[:2]
            marked = [MarkedBox(box.scaled(width, height), Meaning.LABEL) for box in result.truth]
            marked += [
                MarkedBox(
                    found.box.scaled(width, height),
                    Meaning.DETECTION,
                    f"{found.confidence:.0%}",
                )
                for found in result.detections
            ]
            if cell.pixels is pixels:
                cell.show_boxes(marked)
            else:
                cell.show_picture(pixels, marked)
