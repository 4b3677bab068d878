"""Curves of the losses, live or of runs that are over.

pyqtgraph takes half a second to import: it is loaded when the first curve is shown, or by
`prepare` before that. Never on another thread: it takes everything out of PySide's modules,
and the program crashed at times when PySide made the same types for the window meanwhile.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QEvent, QPointF, QSize, Qt, QTimer, Signal, Slot
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPalette, QPen, QResizeEvent, QShowEvent
from PySide6.QtWidgets import QCheckBox, QHBoxLayout, QLabel, QSizePolicy, QVBoxLayout, QWidget

from facegui.core.runs import BatchMetrics, EpochMetrics, Losses
from facegui.ui.style import GRID

COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9")
"""Okabe and Ito's, told apart by the colour-blind; and lines differ besides."""

MOST_RUNS = len(COLOURS)

_DARK_COLOURS = ("#56b4e9", "#ff9447", "#2fc79a", "#e39fc4", "#f0c430", "#9db8ff")
_LOW = 36 * GRID
_LINE = 2.5 * GRID
"""So far apart figures at an axis do not lie over each other."""
_REDRAW_MS = 100
_LOWEST = 1e-6
"""Shown for a loss of nothing on a log scale, which has no zero."""

_PARTS = (("total", "Total loss"), ("classification", "Classification"), ("box", "Box"))
_MOST_POINTS = 300
_ONE_RUN = (1, 0)
"""Colours of the training and the validation curve where there is one run alone."""


def run_colour(palette: QPalette, number: int) -> QColor:
    """Of a run's curves, where several are shown."""
    dark = palette.color(QPalette.ColorRole.Window).lightness() < 128
    return QColor((_DARK_COLOURS if dark else COLOURS)[number])


class Track:
    """Points of a line, thinned out as they come: of the batches of a long training there are
    ever more, and what is drawn ten times a second must not grow with them."""

    def __init__(self) -> None:
        self._rows: list[npt.NDArray[np.float64]] = []
        self._stretch = 1
        self._newest: list[npt.NDArray[np.float64]] = []

    def add(self, epochs_passed: float, losses: Losses) -> None:
        row = (epochs_passed, *(getattr(losses, part) for part, _ in _PARTS))
        self._newest.append(np.array(row))
        if len(self._newest) < self._stretch:
            return
        self._rows.append(np.mean(self._newest, axis=0))
        self._newest.clear()
        if len(self._rows) == _MOST_POINTS:
            pairs = np.stack(self._rows).reshape(-1, 2, len(row))
            self._rows = list(pairs.mean(axis=1))
            self._stretch *= 2

    def points(self) -> npt.NDArray[np.float64]:
        """(n, 4): epochs passed, then each loss; some neighbours are averaged."""
        rows = [*self._rows, np.mean(self._newest, axis=0)] if self._newest else self._rows
        return np.stack(rows) if rows else np.zeros((0, 1 + len(_PARTS)))


@dataclass
class Curve:
    """What is known of one training.

    Args:
        title: of the run.
        training: epochs passed and losses, batch by batch or epoch by epoch.
        validation: likewise, at the end of each epoch.
        best: the epoch with the lowest validation loss.
    """

    title: str
    training: Track = field(default_factory=Track)
    validation: list[tuple[float, Losses]] = field(default_factory=list)
    best: int | None = None

    @classmethod
    def of(cls, title: str, epochs: Sequence[EpochMetrics]) -> Curve:
        """Of a run that is over."""
        curve = cls(title)
        for epoch in epochs:
            curve.training.add(float(epoch.epoch), epoch.training)
            curve.add_epoch(epoch)
        return curve

    def add_epoch(self, epoch: EpochMetrics) -> None:
        self.validation.append((float(epoch.epoch), epoch.validation))
        if epoch.best:
            self.best = epoch.epoch


class Legend(QWidget):
    """A short piece of each line, and what it stands for."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.entries: tuple[tuple[str, QColor, Qt.PenStyle], ...] = ()
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def show_entries(self, entries: Sequence[tuple[str, QColor, Qt.PenStyle]]) -> None:
        self.entries = tuple(entries)
        self.setAccessibleName(", ".join(text for text, _, _ in entries))
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(30 * GRID, 3 * GRID)

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: ARG002
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        left, middle = 0.0, self.height() / 2
        room = max(6.0 * GRID, self.width() / max(1, len(self.entries)) - 6 * GRID)
        metrics = painter.fontMetrics()
        for text, colour, style in self.entries:
            painter.setPen(QPen(colour, 2.5, style))
            painter.drawLine(QPointF(left, middle), QPointF(left + 3.5 * GRID, middle))
            left += 4.5 * GRID
            painter.setPen(self.palette().color(QPalette.ColorRole.WindowText))
            text = metrics.elidedText(text, Qt.TextElideMode.ElideRight, round(room))
            painter.drawText(QPointF(left, middle + metrics.ascent() / 2 - 1), text)
            left += metrics.horizontalAdvance(text) + 2 * GRID


class LossChart(QWidget):
    """Total, classification and box loss, training dashed and validation solid.

    Signals:
        log_changed(bool): the user wants a log scale, or not.
    """

    log_changed = Signal(bool)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.curves: tuple[Curve, ...] = ()
        self._plots: _Plots | None = None
        self.legend = Legend()
        self.best = QLabel()
        self.best.setObjectName("train.best")
        self.log_scale = QCheckBox("Log scale")
        self.log_scale.setObjectName("train.log_scale")
        self.log_scale.setToolTip("Shows small differences between small losses.")
        line = QHBoxLayout()
        line.setSpacing(2 * GRID)
        line.addWidget(self.legend, 1)
        line.addWidget(self.best)
        line.addWidget(self.log_scale)
        self._layout = QVBoxLayout(self)
        self._layout.setContentsMargins(0, 0, 0, 0)
        self._layout.setSpacing(GRID)
        self._layout.addLayout(line)
        self._redraw_timer = QTimer(self)
        self._redraw_timer.setSingleShot(True)
        self._redraw_timer.setInterval(_REDRAW_MS)
        self._redraw_timer.timeout.connect(self.redraw)
        self.log_scale.toggled.connect(self._on_log)
        self.setMinimumHeight(20 * GRID)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)

    @Slot()
    def prepare(self) -> None:
        """Makes the plots, which takes a moment, before they are shown."""
        if self._plots is None:
            self._plots = _Plots()
            self._layout.addWidget(self._plots.widget, 1)
            self._plots.fit(self.height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if self._plots is not None:
            self._plots.fit(self.height())

    def begin(self, title: str) -> None:
        """Empties the chart for a training that begins."""
        self.curves = (Curve(title),)
        self.redraw()

    def add_batch(self, metrics: BatchMetrics) -> None:
        epochs_passed = metrics.epoch - 1 + metrics.batch / metrics.batches
        self.curves[0].training.add(epochs_passed, metrics.training)
        self._redraw_soon()

    def add_epoch(self, metrics: EpochMetrics) -> None:
        self.curves[0].add_epoch(metrics)
        self._redraw_soon()

    def show_runs(self, runs: Sequence[tuple[str, Sequence[EpochMetrics]]]) -> None:
        """Shows runs over each other, `MOST_RUNS` at most."""
        self.curves = tuple(Curve.of(title, epochs) for title, epochs in runs[:MOST_RUNS])
        self.redraw()

    @Slot()
    def redraw(self) -> None:
        """Draws what is known now, where it is seen."""
        self._redraw_timer.stop()
        self._show_words()
        if self._plots is not None and self.isVisible():
            lines = [
                (curve, self._colour(number, training=True), self._colour(number, training=False))
                for number, curve in enumerate(self.curves)
            ]
            self._plots.draw(lines, self.palette(), self.log_scale.isChecked())

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.prepare()
        self.redraw()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange:
            self.redraw()

    def _redraw_soon(self) -> None:
        if not self._redraw_timer.isActive():
            self._redraw_timer.start()

    def _colour(self, number: int, *, training: bool) -> QColor:
        if len(self.curves) == 1:
            number = _ONE_RUN[0 if training else 1]
        return run_colour(self.palette(), number)

    def _show_words(self) -> None:
        dashed, solid = Qt.PenStyle.DashLine, Qt.PenStyle.SolidLine
        if len(self.curves) == 1:
            entries = [
                ("training", self._colour(0, training=True), dashed),
                ("validation", self._colour(0, training=False), solid),
            ]
        else:
            entries = [
                (curve.title, run_colour(self.palette(), number), solid)
                for number, curve in enumerate(self.curves)
            ]
        self.legend.show_entries(entries)
        best = self.curves[0].best if len(self.curves) == 1 else None
        self.best.setText(f"\N{BLACK STAR} best epoch: {best}" if best else "")

    @Slot(bool)
    def _on_log(self, log: bool) -> None:
        self.redraw()
        self.log_changed.emit(log)


class _Plots:
    """The three plots. Made once pyqtgraph is needed."""

    def __init__(self) -> None:
        import pyqtgraph

        self._palette: QPalette | None = None
        self._drawn: list[_Lines] = []
        self.widget = pyqtgraph.GraphicsLayoutWidget()
        self.widget.setAntialiasing(True)
        self.widget.ci.setContentsMargins(0, 0, 0, 0)
        self.widget.ci.setSpacing(GRID)
        self.plots = {
            "total": self._add_plot(row=0, col=0, rowspan=2),
            "classification": self._add_plot(row=0, col=1),
            "box": self._add_plot(row=1, col=1),
        }
        for part in ("total", "box"):
            self.plots[part].setLabel("bottom", "epoch")
        self.widget.ci.layout.setColumnStretchFactor(0, 3)
        self.widget.ci.layout.setColumnStretchFactor(1, 2)

    def draw(
        self, curves: Sequence[tuple[Curve, QColor, QColor]], palette: QPalette, log: bool
    ) -> None:
        """Draws curves, each in a colour for training and one for validation."""
        if palette != self._palette:
            self._colour(palette)
        looks = [_Look(training, validation, log) for _, training, validation in curves]
        if [lines.look for lines in self._drawn] != looks:
            for plot in self.plots.values():
                plot.clear()
                plot.setLogMode(y=log)
            self._drawn = [_Lines(look, self.plots) for look in looks]
        for lines, (curve, _, _) in zip(self._drawn, curves, strict=True):
            lines.draw(curve)

    def fit(self, height: int) -> None:
        """Where there is little room, the epochs stand below the lower small plot alone."""
        self.plots["classification"].showAxis("bottom", height >= _LOW)

    def _add_plot(self, **place: int) -> Any:
        plot = self.widget.addPlot(**place, enableMenu=False, axisItems=_axes())
        # Made whether it is wanted or not; with a parent it goes when the chart goes.
        plot.ctrlMenu.setParent(self.widget, Qt.WindowType.Popup)
        plot.setMouseEnabled(False, False)
        plot.hideButtons()
        plot.showGrid(x=False, y=True, alpha=0.15)
        plot.getViewBox().setDefaultPadding(0.04)
        plot.setLimits(xMin=0)
        return plot

    def _colour(self, palette: QPalette) -> None:
        self._palette = QPalette(palette)
        text = palette.color(QPalette.ColorRole.WindowText)
        self.widget.setBackground(palette.color(QPalette.ColorRole.Window))
        for part, title in _PARTS:
            plot = self.plots[part]
            plot.setTitle(title, color=text, size="10pt")
            for side in ("left", "bottom"):
                axis = plot.getAxis(side)
                axis.setPen(palette.color(QPalette.ColorRole.Mid))
                axis.setTextPen(text)


@dataclass(frozen=True)
class _Look:
    training: QColor
    validation: QColor
    log: bool


class _Lines:
    """The lines of one curve in the three plots, made once and given new points."""

    def __init__(self, look: _Look, plots: dict[str, Any]) -> None:
        self.look = look
        dashed = _pen(look.training, 1.6, Qt.PenStyle.DashLine)
        solid = _pen(look.validation, 2.4, Qt.PenStyle.SolidLine)
        dots = {"symbol": "o", "symbolSize": 5, "symbolPen": None, "symbolBrush": look.validation}
        star = {"symbol": "star", "symbolSize": 17, "symbolPen": "w"}
        self._lines = {
            part: (
                plot.plot(pen=dashed),
                plot.plot(pen=solid, **dots),
                plot.plot(pen=None, symbolBrush=look.validation, **star),
            )
            for part, plot in plots.items()
        }

    def draw(self, curve: Curve) -> None:
        best, validation = Track(), Track()
        for epoch, losses in curve.validation:
            validation.add(epoch, losses)
            if epoch == curve.best:
                best.add(epoch, losses)
        for index, track in enumerate((curve.training, validation, best)):
            x, *losses_of_parts = np.maximum(track.points(), _LOWEST).T
            for (part, _), y in zip(_PARTS, losses_of_parts, strict=True):
                self._lines[part][index].setData(x, y)


def _pen(colour: QColor, width: float, style: Qt.PenStyle) -> QPen:
    pen = QPen(colour, width, style)
    pen.setCosmetic(True)
    return pen


def _axes() -> dict[str, Any]:
    """Losses, of which a log scale names 1, 2 and 5 only, and epochs, which are whole.

    Classes inside a function, because their base class loads pyqtgraph.
    """
    import pyqtgraph

    class LossAxis(pyqtgraph.AxisItem):  # type: ignore[misc]
        def tickSpacing(self, lowest: float, highest: float, size: float) -> Any:
            spacings = super().tickSpacing(lowest, highest, size)
            room = [s for s in spacings if s[0] * size >= _LINE * abs(highest - lowest)]
            return room or [(2 * spacing, offset) for spacing, offset in spacings[:1]]

        def logTickStrings(self, values: Any, scale: float, spacing: float) -> list[str]:
            texts = super().logTickStrings(values, scale, spacing)
            return [
                text if f"{10**value:.0e}"[0] in "125" else ""
                for value, text in zip(values, texts, strict=True)
            ]

    class EpochAxis(pyqtgraph.AxisItem):  # type: ignore[misc]
        def tickSpacing(self, lowest: float, highest: float, size: float) -> Any:
            spacings = super().tickSpacing(lowest, highest, size)
            return [(spacing, offset) for spacing, offset in spacings if spacing >= 1]

    return {"left": LossAxis("left"), "bottom": EpochAxis("bottom")}
