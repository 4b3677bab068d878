"""What a run is worth: a sentence, figures, its worst mistakes, its curves; or several compared."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QEvent, QSize, Qt, Signal, Slot
from PySide6.QtGui import QColor, QIcon, QPixmap
from PySide6.QtWidgets import (
    QAbstractItemView,
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QPushButton,
    QScrollArea,
    QSizePolicy,
    QStackedWidget,
    QTabBar,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from facegui.core.errors import UserError
from facegui.core.project import Project
from facegui.core.runs import EpochMetrics, Run
from facegui.ui.icons import icon
from facegui.ui.loss_chart import MOST_RUNS, LossChart, run_colour
from facegui.ui.picture_grid import PictureCell
from facegui.ui.run_actions import RunActions
from facegui.ui.run_words import (
    Figure,
    broken_sentence,
    doubt_sentence,
    duration,
    figures,
    further_sentence,
    honesty_sentence,
    number,
    preset_title,
    result_sentence,
    test_scores,
    title_of,
)
from facegui.ui.split_piles import WORDS
from facegui.ui.style import GRID, set_role
from facegui.workers.mistake_look import MistakePicture, look_for_mistakes
from facegui.workers.newest import NewestWork

_RESULT, _CURVES = range(2)
_MISTAKE_COLUMNS = 3
_PICTURE_HEIGHT = 18 * GRID
_NONE = "\N{EN DASH}"

LookForMistakes = Callable[..., tuple[MistakePicture, ...]]


@dataclass(frozen=True, slots=True, eq=False)
class _Shown:
    run: Run
    card: Mapping[str, Any]
    epochs: tuple[EpochMetrics, ...]


class RunResult(QWidget):
    """Shows one run, or compares several.

    Signals:
        photo_wanted(str): the user wants to correct the label of that photo.
        detect_wanted(): the user wants to try the detector.
        failed(Exception): a run or a photo cannot be read.
    """

    photo_wanted = Signal(str)
    detect_wanted = Signal()
    failed = Signal(object)

    def __init__(
        self,
        parent: QWidget | None = None,
        *,
        look_for_mistakes: LookForMistakes = look_for_mistakes,
    ) -> None:
        super().__init__(parent)
        self._look_for_mistakes = look_for_mistakes
        self._shown: tuple[_Shown, ...] = ()
        self._work = NewestWork(self)
        self._work.succeeded.connect(self._on_mistakes)
        self._work.failed.connect(self._on_failed)
        self._build()

    def _build(self) -> None:
        self.pages = QTabBar()
        self.pages.setObjectName("train.pages")
        self.pages.setDrawBase(False)
        self.pages.setExpanding(False)
        self.pages.addTab("Result")
        self.pages.addTab("Curves")
        self.chart = LossChart()
        self.one = _OneRun()
        self.one.detect_button.clicked.connect(self.detect_wanted)
        self.one.photo_wanted.connect(self.photo_wanted)
        self.table = _table()
        self._stack = QStackedWidget()
        for page in (self.one, self.table, self.chart):
            self._stack.addWidget(page)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(2 * GRID)
        layout.addWidget(self.pages)
        layout.addWidget(self._stack, 1)
        self.pages.currentChanged.connect(self._show_page)

    def show_runs(self, runs: Sequence[Run]) -> None:
        """Shows runs; the mistakes of one once they are looked for."""
        self._work.forget()
        self._shown = tuple(filter(None, map(self._read, runs[:MOST_RUNS])))
        self.chart.show_runs([(title_of(item.run), item.epochs) for item in self._shown])
        if len(self._shown) == 1:
            item = self._shown[0]
            self.one.show_card(item.card)
            self.one.run_actions.show_run(item.run)
            if not item.card:
                self.one.sentence.setText(broken_sentence(item.run, len(item.epochs)))
            if item.run.complete:
                self.one.say("Looking for mistakes\N{HORIZONTAL ELLIPSIS}")
        else:
            self._fill_table()
        self._show_page()

    def look_for_mistakes(self, project: Project) -> None:
        """Of the one run that is shown, as the photos and labels of its project are now."""
        if len(self._shown) == 1 and self._shown[0].run.complete:
            self._work.ask(functools.partial(self._look_for_mistakes, project, self._shown[0].run))

    def shut_down(self) -> None:
        self._work.shut_down()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange and len(self._shown) > 1:
            self._fill_table()

    def _read(self, run: Run) -> _Shown | None:
        try:
            card = run.card() if run.complete else {}
            return _Shown(run, card, run.metrics())
        except UserError as error:
            self.failed.emit(error)
            return None

    @Slot()
    def _show_page(self) -> None:
        if self.pages.currentIndex() == _CURVES:
            self._stack.setCurrentWidget(self.chart)
        else:
            self._stack.setCurrentWidget(self.one if len(self._shown) == 1 else self.table)

    @Slot(object)
    def _on_mistakes(self, mistakes: tuple[MistakePicture, ...]) -> None:
        self.one.show_mistakes(mistakes)

    @Slot(object)
    def _on_failed(self, error: Exception) -> None:
        self.one.say("The mistakes cannot be shown.")
        self.failed.emit(error)

    def _fill_table(self) -> None:
        self.table.setRowCount(len(self._shown))
        for row, item in enumerate(self._shown):
            for column, (_, text) in enumerate(_columns(item)):
                cell = QTableWidgetItem(text)
                if column:
                    cell.setTextAlignment(Qt.AlignmentFlag.AlignCenter)
                else:
                    cell.setIcon(_swatch(run_colour(self.palette(), row)))
                self.table.setItem(row, column, cell)


def _columns(item: _Shown) -> list[tuple[str, str]]:
    scores, card = test_scores(item.card), item.card
    epochs = card.get("epochs", len(item.epochs))
    return [
        ("Run", title_of(item.run)),
        ("Preset", preset_title(card)),
        ("AP50", number(scores.get("ap50"))),
        ("AP75", number(scores.get("ap75"))),
        ("Mean IoU", number(scores.get("mean_iou"))),
        ("Pictures", f"{card['training_pictures']:,}" if "training_pictures" in card else _NONE),
        ("Epochs", str(epochs)),
        ("Time", duration(card["seconds"]) if "seconds" in card else _NONE),
    ]


def _table() -> QTableWidget:
    names = ("Run", "Preset", "AP50", "AP75", "Mean IoU", "Pictures", "Epochs", "Time")
    table = QTableWidget(0, len(names))
    table.setObjectName("train.compare")
    table.setHorizontalHeaderLabels(names)
    table.verticalHeader().hide()
    table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
    table.setSelectionMode(QAbstractItemView.SelectionMode.NoSelection)
    table.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    table.setShowGrid(False)
    table.setFrameShape(QFrame.Shape.NoFrame)
    header = table.horizontalHeader()
    header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
    header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
    header.setMinimumSectionSize(6 * GRID)
    return table


def _swatch(colour: QColor) -> QIcon:
    pixmap = QPixmap(QSize(2 * GRID, 2 * GRID))
    pixmap.fill(colour)
    return QIcon(pixmap)


class _OneRun(QScrollArea):
    """Sentence, figures and mistakes of one run."""

    photo_wanted = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self.sentence = _words("sentence")
        self.sentence.setObjectName("train.sentence")
        self.further = _words("faint")
        self.detect_button = QPushButton(icon("mdi6.face-recognition"), "Try it live")
        self.detect_button.setObjectName("train.detect")
        set_role(self.detect_button, "next")
        self.run_actions = RunActions()
        self.figures = [_FigureView() for _ in figures({})]
        self.doubt = _words("faint")
        self.doubt.setObjectName("train.doubt")
        self.honesty = _words("")
        self.honesty.setObjectName("train.honesty")
        self.mistakes_title = QLabel("Where it went wrong")
        set_role(self.mistakes_title, "title")
        self.mistakes_text = _words("faint")
        self.mistakes_text.setObjectName("train.mistakes_text")
        self._mistakes = QGridLayout()
        self._mistakes.setSpacing(2 * GRID)
        self.mistake_views: list[_MistakeView] = []
        numbers = QHBoxLayout()
        numbers.setSpacing(2 * GRID)
        for view in self.figures:
            numbers.addWidget(view, 1, Qt.AlignmentFlag.AlignTop)
        head = QHBoxLayout()
        head.addWidget(self.further, 1)
        head.addWidget(self.detect_button, 0, Qt.AlignmentFlag.AlignTop)
        inner = QWidget()
        layout = QVBoxLayout(inner)
        layout.setContentsMargins(0, 0, GRID, 0)
        layout.setSpacing(GRID)
        layout.addWidget(self.sentence)
        layout.addLayout(head)
        layout.addWidget(self.run_actions)
        layout.addSpacing(GRID)
        layout.addLayout(numbers)
        layout.addWidget(self.doubt)
        layout.addWidget(self.honesty)
        layout.addSpacing(GRID)
        layout.addWidget(self.mistakes_title)
        layout.addWidget(self.mistakes_text)
        layout.addLayout(self._mistakes)
        layout.addStretch(1)
        self.setWidget(inner)
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)

    def show_card(self, card: Mapping[str, Any]) -> None:
        """An empty card is that of a training that was broken off."""
        self.show_mistakes(())
        known = bool(card)
        about_model = (
            *(self.detect_button, self.doubt, self.honesty),
            *(self.mistakes_title, self.mistakes_text),
        )
        for widget in (*about_model, *self.figures):
            widget.setVisible(known)
        if not known:
            self.further.setText("Its curves are kept. Throw it away if you have no use for it.")
            return
        self.sentence.setText(result_sentence(card))
        self.further.setText(further_sentence(card))
        self.doubt.setText(doubt_sentence(card))
        self.doubt.setVisible(bool(self.doubt.text()))
        self.honesty.setText(honesty_sentence(card))
        self.honesty.setVisible(bool(self.honesty.text()))
        for view, figure in zip(self.figures, figures(card), strict=True):
            view.show_figure(figure)

    def say(self, text: str) -> None:
        """In the place of the mistakes."""
        self.mistakes_text.setText(text)

    def show_mistakes(self, mistakes: Sequence[MistakePicture]) -> None:
        for view in self.mistake_views:
            self._mistakes.removeWidget(view)
            view.hide()
            view.deleteLater()
        self.mistake_views = [_MistakeView(mistake) for mistake in mistakes]
        for place, view in enumerate(self.mistake_views):
            self._mistakes.addWidget(view, *divmod(place, _MISTAKE_COLUMNS))
            view.photo_wanted.connect(self.photo_wanted)
        for column in range(_MISTAKE_COLUMNS):
            self._mistakes.setColumnStretch(column, 1)
        if mistakes:
            self.say(
                "Wrong labels are often the cause: look at them first. Blue is the label, yellow"
                " what was found, dashed what is wrong."
            )
        else:
            self.say("Nowhere: not on the test photos, nor on the validation photos.")


class _FigureView(QWidget):
    """A figure, its name, and what it means."""

    def __init__(self) -> None:
        super().__init__()
        self.value = _words("big")
        self.name = _words("title")
        self.sentence = _words("faint")
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(2)
        for label in (self.value, self.name, self.sentence):
            layout.addWidget(label)

    def show_figure(self, figure: Figure) -> None:
        self.value.setText(figure.value)
        self.name.setText(figure.name)
        self.sentence.setText(figure.sentence)
        doubt = f"Probably {figure.doubt}." if figure.doubt else ""
        trust = f"{figure.basis} {doubt}".strip()
        self.setToolTip(trust)
        self.setAccessibleName(f"{figure.name} {figure.value}. {figure.sentence} {trust}")


class _MistakeView(QWidget):
    """A photo on which the detector went wrong, and the button that leads to its label."""

    photo_wanted = Signal(str)

    def __init__(self, mistake: MistakePicture) -> None:
        super().__init__()
        self._name = mistake.name
        self.picture = PictureCell(0)
        self.picture.setFixedHeight(_PICTURE_HEIGHT)
        self.picture.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.picture.show_picture(mistake.pixels, mistake.boxes)
        words = _words("faint")
        words.setText(f"{mistake.words.capitalize()} ({WORDS[mistake.split][0]} photo)")
        words.setToolTip(mistake.name)
        self.button = QPushButton(icon("mdi6.pencil-outline"), "Correct the label")
        self.button.setAccessibleName(f"Correct the label of {mistake.name}")
        self.button.clicked.connect(self._on_clicked)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(GRID // 2)
        layout.addWidget(self.picture)
        layout.addWidget(words)
        layout.addWidget(self.button)
        layout.addStretch(1)

    @Slot()
    def _on_clicked(self) -> None:
        self.photo_wanted.emit(self._name)


def _words(role: str) -> QLabel:
    label = QLabel()
    label.setWordWrap(True)
    set_role(label, role)
    return label
