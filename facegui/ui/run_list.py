"""The runs of a project: chosen, compared, renamed, deleted with a way back."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import (
    QAbstractListModel,
    QItemSelection,
    QItemSelectionModel,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QRect,
    QSize,
    Qt,
    Signal,
    Slot,
)
from PySide6.QtGui import QKeySequence, QPainter, QPalette, QShortcut
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHBoxLayout,
    QLabel,
    QListView,
    QPushButton,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QVBoxLayout,
    QWidget,
)

from facegui.core.errors import UserError
from facegui.core.runs import DeletedRun, Run, delete_run, rename_run, restore_run
from facegui.ui.icons import icon
from facegui.ui.run_words import number, preset_title, test_scores, title_of, when
from facegui.ui.style import GRID, set_role
from facegui.workers.project_store import ProjectStore

ROW_ROLE = Qt.ItemDataRole.UserRole
_LINE = 2.5 * GRID
_ROWS_SHOWN = 5

AnyIndex = QModelIndex | QPersistentModelIndex


@dataclass(frozen=True, slots=True)
class RunRow:
    """A run as the list shows it.

    Args:
        run: that it is.
        title: its own, or its date.
        details: the second line.
        figure: its AP50, or empty.
    """

    run: Run
    title: str
    details: str
    figure: str

    @classmethod
    def of(cls, run: Run) -> RunRow:
        if not run.complete:
            left = "first model" if run.has_model else "no model"
            words = "can go on" if run.resumable else left
            return cls(run, title_of(run), f"broken off, {words}", "")
        try:
            card = run.card()
        except UserError as error:
            return cls(run, title_of(run), error.what, "")
        title = title_of(run)
        date = when(run) if title != when(run) else ""
        # Finished before an epoch was better than what there was before.
        is_first = card.get("best_epoch", 1) is None
        epochs = "first model" if is_first else f"{card.get('epochs', 0)} epochs"
        details = " \N{MIDDLE DOT} ".join(filter(None, (date, preset_title(card), epochs)))
        ap50 = test_scores(card).get("ap50")
        return cls(run, title, details, "" if ap50 is None else f"AP50 {number(ap50)}")


class RunModel(QAbstractListModel):
    """The runs, newest first; their titles can be edited.

    Signals:
        renamed(Run, str): the user gave a run another title.
    """

    renamed = Signal(object, str)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.rows: tuple[RunRow, ...] = ()

    def show_rows(self, rows: Sequence[RunRow]) -> None:
        self.beginResetModel()
        self.rows = tuple(rows)
        self.endResetModel()

    def rowCount(self, parent: AnyIndex = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(self.rows)

    def data(self, index: AnyIndex, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid() or index.row() >= len(self.rows):
            return None
        row = self.rows[index.row()]
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.EditRole):
            return row.title
        if role == Qt.ItemDataRole.ToolTipRole:
            return f"{row.title}: {row.details}. Click with Ctrl to compare runs, F2 renames."
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return ", ".join(filter(None, (row.title, row.details, row.figure)))
        return row if role == ROW_ROLE else None

    def setData(self, index: AnyIndex, value: Any, role: int = Qt.ItemDataRole.EditRole) -> bool:
        if role != Qt.ItemDataRole.EditRole or not index.isValid():
            return False
        row = self.rows[index.row()]
        if str(value).strip() != row.title:
            self.renamed.emit(row.run, str(value))
        return True

    def flags(self, index: AnyIndex) -> Qt.ItemFlag:
        flags = Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable
        return flags | Qt.ItemFlag.ItemIsEditable if index.isValid() else Qt.ItemFlag.NoItemFlags


class _Delegate(QStyledItemDelegate):
    """Two lines: title and AP50, then date and preset."""

    def sizeHint(self, option: QStyleOptionViewItem, index: AnyIndex) -> QSize:  # noqa: ARG002
        return QSize(20 * GRID, round(2 * _LINE + GRID))

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: AnyIndex) -> None:
        row = index.data(ROW_ROLE)
        palette: QPalette = option.palette
        rect: QRect = option.rect
        state: QStyle.StateFlag = option.state
        chosen = bool(state & QStyle.StateFlag.State_Selected)
        painter.save()
        ink = QPalette.ColorRole.Text
        faint = QPalette.ColorRole.PlaceholderText
        if chosen:
            painter.fillRect(rect, palette.color(QPalette.ColorRole.Highlight))
            ink = faint = QPalette.ColorRole.HighlightedText
        inner = rect.adjusted(GRID, GRID // 2, -GRID, -GRID // 2)
        top, bottom = QRect(inner), QRect(inner)
        top.setHeight(inner.height() // 2)
        bottom.setTop(top.bottom() + 1)
        font = painter.font()
        font.setBold(True)
        painter.setFont(font)
        painter.setPen(palette.color(ink))
        painter.drawText(top, _RIGHT, row.figure)
        room = top.width() - painter.fontMetrics().horizontalAdvance(row.figure) - GRID
        painter.drawText(top, _LEFT, _elided(painter, row.title, room))
        font.setBold(False)
        font.setPointSizeF(font.pointSizeF() * 0.9)
        painter.setFont(font)
        painter.setPen(palette.color(faint))
        painter.drawText(bottom, _LEFT, _elided(painter, row.details, bottom.width()))
        painter.restore()


_LEFT = int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
_RIGHT = int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)


def _elided(painter: QPainter, text: str, room: int) -> str:
    return painter.fontMetrics().elidedText(text, Qt.TextElideMode.ElideRight, room)


class RunList(QWidget):
    """The runs of the open project, newest first. Several can be chosen.

    Signals:
        chosen(tuple[Run, ...]): other runs are chosen now, in the order of the list.
        failed(UserError): a run could not be renamed, deleted or brought back.
    """

    chosen = Signal(object)
    failed = Signal(object)

    def __init__(self, store: ProjectStore, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._store = store
        self._deleted: tuple[DeletedRun, ...] = ()
        self._build()
        self._connect()
        self.refresh()

    @property
    def runs(self) -> tuple[Run, ...]:
        return tuple(row.run for row in self.model.rows)

    @property
    def chosen_runs(self) -> tuple[Run, ...]:
        rows = sorted(index.row() for index in self.view.selectionModel().selectedIndexes())
        return tuple(self.model.rows[row].run for row in rows)

    @property
    def has_something(self) -> bool:
        """Whether there are runs, or deleted ones that can be brought back."""
        return bool(self.model.rows or self._deleted)

    def _build(self) -> None:
        self.model = RunModel(self)
        self.view = QListView()
        self.view.setObjectName("train.runs")
        self.view.setAccessibleName("Runs")
        self.view.setModel(self.model)
        self.view.setItemDelegate(_Delegate(self.view))
        self.view.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.view.setEditTriggers(
            QAbstractItemView.EditTrigger.EditKeyPressed
            | QAbstractItemView.EditTrigger.DoubleClicked
        )
        self.view.setUniformItemSizes(True)
        self.rename_button = QPushButton(icon("mdi6.pencil-outline"), "Rename")
        self.rename_button.setObjectName("train.rename")
        self.delete_button = QPushButton(icon("mdi6.trash-can-outline"), "Delete")
        self.delete_button.setObjectName("train.delete")
        self.undo_button = QPushButton(icon("mdi6.undo"), "Undo")
        self.undo_button.setObjectName("train.undo_delete")
        self.hint = QLabel("Click with Ctrl to compare several.")
        self.hint.setWordWrap(True)
        set_role(self.hint, "faint")
        title = QLabel("Runs")
        set_role(title, "title")
        buttons = QHBoxLayout()
        buttons.setSpacing(GRID)
        for button in (self.rename_button, self.delete_button, self.undo_button):
            buttons.addWidget(button)
        buttons.addStretch(1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, GRID, 0, 0)
        layout.setSpacing(GRID)
        layout.addWidget(title)
        layout.addWidget(self.view)
        layout.addWidget(self.hint)
        layout.addLayout(buttons)

    def _connect(self) -> None:
        self._store.opened.connect(self._on_opened)
        self._store.trash_emptied.connect(self._on_trash_emptied)
        self._store.runs_changed.connect(self.refresh)
        self.model.renamed.connect(self._on_renamed)
        self.view.selectionModel().selectionChanged.connect(self._on_selection)
        self.rename_button.clicked.connect(self._rename)
        self.delete_button.clicked.connect(self._delete)
        self.undo_button.clicked.connect(self._undo)
        key = QShortcut(QKeySequence(QKeySequence.StandardKey.Delete), self.view, self._delete)
        key.setContext(Qt.ShortcutContext.WidgetShortcut)
        key.setWhatsThis("Moves the chosen runs to the trash")

    @Slot()
    def refresh(self) -> None:
        """Shows the runs that there are; those that were chosen stay chosen."""
        chosen = self.chosen_runs
        self.model.show_rows([RunRow.of(run) for run in reversed(self._store.runs)])
        self._select(chosen)
        if self.chosen_runs != chosen:
            self.chosen.emit(self.chosen_runs)
        self._show_state()

    def choose(self, runs: Iterable[Run]) -> None:
        """Chooses these and no others."""
        before = self.chosen_runs
        self._select(runs)
        if self.chosen_runs != before:
            self.chosen.emit(self.chosen_runs)
        self._show_state()

    def _select(self, runs: Iterable[Run]) -> None:
        wanted = set(runs)
        selection = QItemSelection()
        for number_, row in enumerate(self.model.rows):
            if row.run in wanted:
                index = self.model.index(number_)
                selection.select(index, index)
        model = self.view.selectionModel()
        model.blockSignals(True)
        model.select(selection, QItemSelectionModel.SelectionFlag.ClearAndSelect)
        if not selection.isEmpty():
            index = selection.indexes()[0]
            model.setCurrentIndex(index, QItemSelectionModel.SelectionFlag.NoUpdate)
        model.blockSignals(False)
        self.view.viewport().update()

    @Slot()
    def _on_opened(self) -> None:
        self._deleted = ()
        self.refresh()

    @Slot()
    def _on_trash_emptied(self) -> None:
        self._deleted = ()
        self._show_state()

    @Slot()
    def _on_selection(self) -> None:
        self._show_state()
        self.chosen.emit(self.chosen_runs)

    @Slot()
    def _rename(self) -> None:
        if self.chosen_runs:
            self.view.edit(self.view.selectionModel().selectedIndexes()[0])

    @Slot(object, str)
    def _on_renamed(self, run: Run, title: str) -> None:
        try:
            rename_run(run, title)
        except UserError as error:
            self.failed.emit(error)
        self._store.look()

    @Slot()
    def _delete(self) -> None:
        project = self._store.project
        if project is None or not self.chosen_runs:
            return
        deleted = []
        try:
            for run in self.chosen_runs:
                deleted.append(delete_run(run, project.trash_folder))
        except UserError as error:
            self.failed.emit(error)
        self._deleted = tuple(deleted)
        self._store.look()
        self._show_state()

    @Slot()
    def _undo(self) -> None:
        restored, left = [], []
        for item in self._deleted:
            try:
                restored.append(restore_run(item))
            except UserError as error:
                left.append(item)
                self.failed.emit(error)
        self._deleted = tuple(left)
        self._store.look()
        self.choose(restored)

    def _show_state(self) -> None:
        count = len(self.chosen_runs)
        self.rename_button.setEnabled(count == 1)
        self.rename_button.setToolTip("F2" if count == 1 else "Choose one run first.")
        self.delete_button.setEnabled(count > 0)
        self.delete_button.setToolTip("To the trash" if count else "Choose a run first.")
        self.undo_button.setVisible(bool(self._deleted))
        self.undo_button.setToolTip("Takes what was deleted last back from the trash")
        self.hint.setVisible(len(self.model.rows) > 1)
        rows = max(1, min(len(self.model.rows), _ROWS_SHOWN))
        height = rows * round(2 * _LINE + GRID) + 2 * self.view.frameWidth()
        self.view.setFixedHeight(height)
