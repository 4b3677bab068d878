"""When TensorFlow is loaded although nobody has asked for it yet."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, QTimer, Slot
from PySide6.QtGui import QCursor

from facegui.workers.job_board import JobBoard
from facegui.workers.project_store import ProjectStore
from facegui.workers.tensorflow_loader import TensorFlowLoader

IDLE_MS = 20_000
"""So long the pointer has to rest: loading holds the window up for some tenths of a second."""


class IdleLoading(QObject):
    """Starts the loader when there is something to train on and nobody to disturb.

    Args:
        is_live: whether video runs in the window now.
    """

    def __init__(
        self,
        store: ProjectStore,
        board: JobBoard,
        loader: TensorFlowLoader,
        is_live: Callable[[], bool],
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self._store = store
        self._board = board
        self._loader = loader
        self._is_live = is_live
        self._pointer = QCursor.pos()
        self._timer = QTimer(self)
        self._timer.setInterval(IDLE_MS)
        self._timer.timeout.connect(self._look)
        self._timer.start()

    def stop(self) -> None:
        self._timer.stop()

    @Slot()
    def _look(self) -> None:
        pointer = QCursor.pos()
        still, self._pointer = pointer == self._pointer, pointer
        if still and not self._is_live() and self._board.job is None and self._can_train():
            self._timer.stop()
            self._loader.start()

    def _can_train(self) -> bool:
        from facegui.core.photo_library import PhotoState  # not needed to start

        project = self._store.project
        labelled = (PhotoState.FACES, PhotoState.NO_FACE)
        return project is not None and any(
            project.state(photo) in labelled for photo in project.photos
        )
