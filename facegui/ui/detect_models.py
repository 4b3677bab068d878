"""Which runs look at the pictures of the Detect tab, and what becomes of their models."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QObject, Signal, Slot

from facegui.core.cores import usable_cores
from facegui.core.errors import UserError
from facegui.core.runs import Precision, Run
from facegui.ui.detect_live import LivePictures
from facegui.ui.detect_model import CompareControls, ModelControls, SpeedControls, run_in_words
from facegui.ui.detect_stage import DetectStage
from facegui.workers.detection_feed import LoadedModel
from facegui.workers.project_store import ProjectStore


class DetectModels(QObject):
    """Stands between the controls of the runs and the detectors.

    Signals:
        changed(): a model was chosen, is ready, or cannot be used.
        chosen_anew(): the user chose another run after one that could not be used.
        failed(Exception): a fault of the program.

    Args:
        store: with the project whose runs are offered.
        live: has the detectors.
        stage: shows what they find.
    """

    changed = Signal()
    chosen_anew = Signal()
    failed = Signal(object)

    def __init__(
        self,
        store: ProjectStore,
        live: LivePictures,
        stage: DetectStage,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._store = store
        self._live = live
        self._stage = stage
        self._is_active = False
        self._error: Exception | None = None
        self.controls = ModelControls()
        self.compare = CompareControls()
        self.speed = SpeedControls()
        self.controls.run_chosen.connect(self._on_run_chosen)
        self.controls.threshold_changed.connect(self._on_threshold)
        self.compare.chosen.connect(self._show_compared)
        self.speed.precision_chosen.connect(self._on_precision)
        live.detection.loaded.connect(self._on_loaded)
        live.detection.failed.connect(self._on_failed)
        live.compared.loaded.connect(self._on_threshold)
        self._on_threshold()

    @property
    def path(self) -> Path | None:
        """The model file that is wanted; None without a run."""
        return self.controls.model_path

    @property
    def run(self) -> Run | None:
        return self.controls.run

    @property
    def _threads(self) -> int | None:
        """Cores of a detector: two at a time share those that there are, or each waits for the
        other's in the middle of a picture."""
        return max(1, usable_cores() // 2) if self.compare.run is not None else None

    @property
    def error(self) -> Exception | None:
        """Why the model cannot be used."""
        return self._error

    def set_active(self, active: bool) -> None:
        """Models are loaded from now on, or not before the next time."""
        self._is_active = active
        if active:
            # Now, so that the first boxes are there as soon as the picture is.
            self.load()

    def load(self) -> None:
        """Uses the run that is chosen; tries again where that failed."""
        self._error = None
        self._live.detection.use(self.path, self._threads)
        self.changed.emit()

    def show_runs(self) -> None:
        """Offers the runs that the project has now."""
        runs = [run for run in reversed(self._store.runs) if run.has_model]
        before = self.run
        self.controls.set_runs(runs)
        self.compare.set_runs(runs)
        if before is not None and before not in runs and self.run is not None:
            self._live.say(f"That run is gone. Now looking: {run_in_words(self.run)}")
        self.changed.emit()

    @Slot(object)
    def _on_run_chosen(self, path: Path | None) -> None:
        again = self._error is not None
        self._error = None
        if again and path is not None:
            self.chosen_anew.emit()
        self._show_compared()
        self.changed.emit()

    @Slot(object)
    def _on_precision(self, precision: Precision) -> None:
        self.controls.set_precision(precision)
        self._show_compared()
        self.changed.emit()

    @Slot()
    def _show_compared(self) -> None:
        run, other = self.run, self.compare.run
        compared = run is not None and other is not None
        path = other.model_for(self.speed.precision) if compared and other is not None else None
        self._live.compared.use(path, self._threads)
        if self._is_active:
            self._live.detection.use(self.path, self._threads)
        if run is not None and other is not None:
            self._stage.set_compared((run_in_words(run), run_in_words(other)))
        else:
            self._stage.set_compared(None)

    @Slot(object)
    def _on_loaded(self, model: LoadedModel) -> None:
        self._error = None
        self.controls.set_recommended(model.threshold)
        self.changed.emit()

    @Slot(object)
    def _on_failed(self, error: Exception) -> None:
        self._error = error
        if not isinstance(error, UserError):
            self.failed.emit(error)
        self.changed.emit()

    @Slot()
    def _on_threshold(self) -> None:
        self._stage.main.set_threshold(self.controls.threshold)
        other = self._live.compared.model
        recommended = other.threshold if other is not None else None
        self._stage.other.set_threshold(self.controls.threshold_for(recommended))
