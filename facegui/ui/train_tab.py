"""Train: a preset, a button, curves that move, and in the end what it was worth."""

from __future__ import annotations

import functools
import logging

from PySide6.QtCore import QTimer, Slot
from PySide6.QtWidgets import QLabel, QPushButton, QStackedWidget, QWidget

from facegui.core.errors import UserError
from facegui.core.project import Project
from facegui.core.runs import BatchMetrics, Run, can_be_finished
from facegui.ml.export_formats import ExportFormat
from facegui.ml.presets import DEFAULT_PRESET, PRESETS, TrainSettings
from facegui.ui.picture_view import PictureView
from facegui.ui.run_actions import RunExporter
from facegui.ui.run_list import RunList
from facegui.ui.run_result import LookForMistakes, RunResult
from facegui.ui.style import set_role
from facegui.ui.tab import Tab
from facegui.ui.train_controls import TrainControls
from facegui.ui.train_live import TrainLive
from facegui.ui.train_words import (
    FINISHING,
    NOTHING_TO_KEEP,
    message_in_words,
    notes_in_words,
)
from facegui.workers.export_job import ExportRun, export_lazily
from facegui.workers.job import Job
from facegui.workers.job_board import JobBoard
from facegui.workers.mistake_look import look_for_mistakes
from facegui.workers.newest import NewestWork
from facegui.workers.pace_trial import PaceTrial
from facegui.workers.project_store import ProjectStore
from facegui.workers.training_job import (
    Train,
    keep_lazily,
    resume_lazily,
    resuming_job,
    train_lazily,
    training_job,
)
from facegui.workers.training_look import TrainingLook, TrainingLooker

log = logging.getLogger(__name__)

SETTINGS_KEY = "training"
"""Under which a project keeps its settings."""

LOOK_AFTER_MS = 300
"""Photos and labels change in bursts."""


class TrainTab(Tab):
    """See the module.

    Args:
        store: the open project.
        board: where trainings run.
        train: trains; see `ml.training.train`.
        resume: goes on; see `ml.training.resume`.
        keep_learned: see `ml.training.keep_learned`.
        export: exports; see `ml.exporting.export_run`.
        look_for_mistakes: see `workers.mistake_look`.
        controls: another choice of settings.
        trial: measures how fast this computer is; another one in tests.
    """

    NAME = "train"
    TITLE = "Train"
    ICON = "mdi6.school-outline"
    KEYS = (("F2", "Rename the chosen run"),)
    NEEDS_TENSORFLOW = True

    def __init__(
        self,
        store: ProjectStore,
        board: JobBoard,
        parent: QWidget | None = None,
        *,
        train: Train = train_lazily,
        resume: Train = resume_lazily,
        keep_learned: Train = keep_lazily,
        export: ExportRun = export_lazily,
        look_for_mistakes: LookForMistakes = look_for_mistakes,
        controls: TrainControls | None = None,
        trial: PaceTrial | None = None,
    ) -> None:
        super().__init__(parent)
        self._store, self._board = store, board
        self._train, self._resume, self._keep_learned = train, resume, keep_learned
        self.exporter = RunExporter(board, self, export=export)
        self._job: Job | None = None
        self._can_finish = self._finishing = False
        self._epoch = ""
        self._project: Project | None = None
        self._seen: TrainingLook | None = None
        self._entered = False
        self._mistakes_wanted = False
        self._changed = False
        self._trial = trial or PaceTrial()
        self._trial.setParent(self)
        self._can_try = False
        self.settings_controls = controls or TrainControls()
        self.result = RunResult(look_for_mistakes=look_for_mistakes)
        self._build()
        self._connect()
        self._on_opened()

    # build

    def _build(self) -> None:
        self.message = PictureView()
        self.running = TrainLive()
        self._pages = QStackedWidget()
        for page in (self.message, self.running, self.result):
            self._pages.addWidget(page)
        self.stage.addWidget(self._pages, 1)
        self.notes = QLabel()
        self.notes.setObjectName("train.notes")
        self.notes.setWordWrap(True)
        set_role(self.notes, "faint")
        self._notes_title = QLabel("Worth knowing")
        set_role(self._notes_title, "title")
        self.runs = RunList(self._store)
        self.controls.addWidget(self.settings_controls)
        self.controls.addWidget(self.runs)
        self.controls.addWidget(self._notes_title)
        self.controls.addWidget(self.notes)
        self.cancel_button = QPushButton("Cancel")
        self.cancel_button.setObjectName("train.cancel")
        self.add_beside_main(self.cancel_button)

    def _connect(self) -> None:
        self._looker = TrainingLooker()
        self._look_work = NewestWork(self)
        self._look_work.progressed.connect(self._on_looked_first)
        self._look_work.succeeded.connect(self._on_looked)
        self._look_work.failed.connect(self.failed)
        self._plotting = QTimer(self, singleShot=True, interval=0)  # the tab is painted first
        self._plotting.timeout.connect(self.running.chart.prepare)
        self._look_timer = QTimer(self, singleShot=True, interval=LOOK_AFTER_MS)
        self._look_timer.timeout.connect(self._look)
        self._trial.measured.connect(self._look_timer.start)
        self._store.closing.connect(self._save)
        self._store.opened.connect(self._on_opened)
        self._store.photos_changed.connect(self._on_photos)
        self._store.splits_changed.connect(self._look_timer.start)
        self._store.runs_changed.connect(self._look_timer.start)
        self._board.started.connect(self._on_started)
        self._board.ended.connect(self._on_ended)
        self.settings_controls.changed.connect(self._on_settings)
        self.runs.chosen.connect(self._on_chosen)
        self.runs.failed.connect(self.failed)
        self.result.failed.connect(self.failed)
        self.result.photo_wanted.connect(self._on_photo_wanted)
        self.result.detect_wanted.connect(self._on_detect_wanted)
        actions = self.result.one.run_actions
        actions.export_wanted.connect(self._on_export_wanted)
        actions.learn_on_wanted.connect(self._on_learn_on_wanted)
        actions.resume_wanted.connect(self._on_resume_wanted)
        actions.keep_wanted.connect(self._on_keep_wanted)
        actions.throw_away_wanted.connect(self.runs.delete_button.click)
        self.exporter.succeeded.connect(self.noticed)
        self.exporter.failed.connect(self.failed)
        self.running.chart.log_changed.connect(self.result.chart.log_scale.setChecked)
        self.result.chart.log_changed.connect(self.running.chart.log_scale.setChecked)
        self.main_button.clicked.connect(self._on_main)
        self.cancel_button.clicked.connect(self._cancel)

    # slots

    def enter(self) -> None:
        self._entered = True
        self._plotting.start()
        self._look()
        self._look_for_mistakes()

    def leave(self) -> None:
        self._entered = False
        self._trial.end()
        self._save()

    def tensorflow_ready(self) -> None:
        """Not sooner: loading it takes a core, and what is measured beside that is too slow."""
        self._can_try = True
        self._consider_trial()

    def shut_down(self) -> None:
        self._save()
        self._trial.shut_down()
        self._look_timer.stop()
        self._look_work.shut_down()
        self._plotting.stop()
        self.running.shut_down()
        self.result.shut_down()

    @Slot()
    def _on_opened(self) -> None:
        self._project, self._seen, self._changed = self._store.project, None, False
        self._look_work.forget()
        self.settings_controls.show_settings(_settings_of(self._project))
        self.runs.refresh()
        newest = [run for run in self.runs.runs if run.complete or run.resumable][:1]
        self.runs.choose(newest)
        self._look_timer.start()  # the window is painted first
        self._show_state()

    @Slot()
    def _on_photos(self) -> None:
        self._look_timer.start()
        self._mistakes_wanted = True
        self._look_for_mistakes()

    def _look_for_mistakes(self) -> None:
        """Once they are seen: it takes a core for as long as the photos are many."""
        if self._mistakes_wanted and self._entered and self._project is not None:
            self._mistakes_wanted = False
            self.result.look_for_mistakes(self._project)

    @Slot()
    def _look(self) -> None:
        self._look_timer.stop()
        if self._project is not None:
            look = functools.partial(self._looker.look, self._project, self._entered)
            self._look_work.ask(look)

    @Slot(object)
    def _on_looked_first(self, seen: TrainingLook) -> None:
        """Leaks are not known yet, but how long it takes."""
        if self._seen is None or self._seen.pace is None:
            self._on_looked(seen)

    @Slot(object)
    def _on_looked(self, seen: TrainingLook) -> None:
        self._seen = seen
        self._show_state()
        self._consider_trial()

    def _consider_trial(self) -> None:
        """While the user looks at this tab and nothing else wants the machine."""
        seen = self._seen
        wanted = seen is not None and seen.pictures and seen.pace is not None and seen.pace.guessed
        if wanted and self._can_try and self._entered and self._board.job is None:
            self._trial.start()

    @Slot(object)
    def _on_settings(self, settings: TrainSettings) -> None:  # noqa: ARG002
        self._changed = True
        self._show_state()

    @Slot()
    def _save(self) -> None:
        if self._changed and self._project is not None:
            self._changed = False
            try:
                settings = self.settings_controls.settings
                self._project.save_settings(SETTINGS_KEY, settings.to_json())
            except UserError as error:
                self.failed.emit(error)

    @Slot(object)
    def _on_chosen(self, runs: tuple[Run, ...]) -> None:
        if self._project is not None and runs:
            self.result.show_runs(runs)
            self._mistakes_wanted = True
            self._look_for_mistakes()
        self._show_state()

    @Slot(str)
    def _on_photo_wanted(self, name: str) -> None:
        self.photo_wanted.emit(name)
        self.step_wanted.emit("annotate")

    @Slot()
    def _on_detect_wanted(self) -> None:
        self.live_wanted.emit(self.runs.chosen_runs[0])

    @Slot()
    def _on_main(self) -> None:
        if self._job is not None:
            self._finishing = True
            self._job.finish()
            self._show_state()
        elif self._seen is not None and self._seen.blocking is not None:
            self.step_wanted.emit("annotate" if self._seen.photos else "capture")
        elif self._seen is not None:
            self._start()

    def _start(self) -> None:
        assert self._project is not None
        self._save()
        controls = self.settings_controls
        self._begin(
            training_job(self._train, self._project, controls.settings, controls.weights_file)
        )

    @Slot(object)
    def _on_resume_wanted(self, run: Run) -> None:
        self._begin_again(self._resume, run)

    @Slot(object)
    def _on_keep_wanted(self, run: Run) -> None:
        self._begin_again(self._keep_learned, run)
        self._finishing = True
        self._show_state()

    def _begin_again(self, how: Train, run: Run) -> None:
        assert self._project is not None
        job = resuming_job(how, self._project, run, self.settings_controls.weights_file)
        self._begin(job, ", with the epochs from before it was broken off")

    @Slot(object)
    def _on_learn_on_wanted(self, run: Run) -> None:
        """With the run's settings: another network could not go on from its weights."""
        assert self._project is not None
        weights_file = self.settings_controls.weights_file
        try:
            settings = TrainSettings.from_json(run.settings())
        except (UserError, TypeError, ValueError) as error:
            self.failed.emit(error)
            return
        self._begin(training_job(self._train, self._project, settings, weights_file, run))

    @Slot(object, object)
    def _on_export_wanted(self, run: Run, chosen: ExportFormat) -> None:
        if self._project is not None:
            self.exporter.start(run, self._project, chosen)

    def _begin(self, job: Job, what_goes: str = "") -> None:
        assert self._project is not None
        job.progressed.connect(self._on_event)
        job.succeeded.connect(self._on_trained)
        job.failed.connect(self.failed)
        self._job, self._epoch = job, ""
        self._can_finish = self._finishing = False
        self.cancel_button.setToolTip(f"Throws this training away{what_goes}")
        self.running.begin(self._project)
        self._board.start(job)

    @Slot()
    def _cancel(self) -> None:
        if self._job is not None:
            self._job.cancel()
            self.cancel_button.setEnabled(False)

    @Slot(object)
    def _on_event(self, event: object) -> None:
        self.running.show_event(event)
        if not self._can_finish and can_be_finished(event):
            self._can_finish = True
            self._show_state()
        if isinstance(event, BatchMetrics):
            epoch = f"epoch {event.epoch} of {event.epochs}"
            if epoch != self._epoch:
                self._epoch = epoch
                self._show_state()

    @Slot(object)
    def _on_trained(self, run: Run) -> None:
        self._store.look()
        self.runs.refresh()
        self.runs.choose([run])
        self.result.pages.setCurrentIndex(0)

    @Slot()
    def _on_started(self) -> None:
        self._trial.end()
        self._show_state()

    @Slot(object)
    def _on_ended(self, job: Job) -> None:
        if job is self._job:
            self._job = None
            self._store.look()
            self.runs.refresh()
        self._look()
        self._show_state()

    # show state

    @Slot()
    def _show_state(self) -> None:
        running = self._job is not None
        self.settings_controls.setVisible(self._project is not None and not running)
        self.runs.setVisible(self.runs.has_something and not running)
        self.cancel_button.setVisible(running)
        self.cancel_button.setEnabled(running)
        self._show_page()
        other = self._board.job
        reason = f"Wait: {other.title} still runs." if other else ""
        self.result.one.run_actions.set_reason(reason)
        self._show_notes()
        self._show_action()
        if self._seen is not None:
            names = {self.settings_controls.settings.preset: self.settings_controls.settings}
            settings = {name: preset.settings for name, preset in PRESETS.items()} | names
            self.settings_controls.show_estimates(
                {name: self._seen.estimate(chosen) for name, chosen in settings.items()}
            )
        self.summary_changed.emit(self._summary_text())

    def _show_page(self) -> None:
        if self._job is not None:
            self._pages.setCurrentWidget(self.running)
        elif self.runs.chosen_runs:
            self._pages.setCurrentWidget(self.result)
        else:
            self._pages.setCurrentWidget(self.message)
            text, remedy = message_in_words(
                self._project, self._seen, self.settings_controls.settings, bool(self.runs.runs)
            )
            self.message.set_message(text, remedy, self.ICON)

    def _show_notes(self) -> None:
        training = self._job is not None
        text = notes_in_words(self._seen, self.settings_controls.settings, training)
        self._notes_title.setText("What you see" if training else "Worth knowing")
        self.notes.setText(text)
        self.notes.setVisible(bool(text))
        self._notes_title.setVisible(bool(text))

    def _show_action(self) -> None:
        self.say_next("")
        blocking = self._seen.blocking if self._seen is not None else None
        if self._job is not None:
            if self._finishing:
                self.set_main_action("Finish now", FINISHING)
                self.say_next(FINISHING)
            elif self._can_finish:
                self.set_main_action("Finish now")
                self.main_button.setToolTip("Keeps the best network so far")
            else:
                self.set_main_action("Finish now", NOTHING_TO_KEEP)
        elif self._project is None or self._seen is None:
            wait = "Looking at the photos." if self._project else "No project is open."
            self.set_main_action("Start training", wait)
        elif blocking is not None:
            others = [p.what for p in self._seen.problems if p.blocking][1:]
            self.say_next(" ".join((blocking.what, blocking.remedy, *others)))
            self.set_main_action("Label photos" if self._seen.photos else "Take photos")
        elif self._board.job is not None:
            self.set_main_action("Start training", f"Wait: {self._board.job.title} still runs.")
        elif self.settings_controls.complaint:
            self.set_main_action("Start training", "See what is said under Advanced.")
        else:
            self.set_main_action("Train again" if self.runs.runs else "Start training")

    def _summary_text(self) -> str:
        if self._job is not None:
            return self._epoch or "getting ready"
        figures = [row.figure for row in self.runs.model.rows if row.run.complete]
        if figures:
            return figures[0] or "trained"
        return "" if self._seen is None or self._seen.blocking else "ready"


def _settings_of(project: Project | None) -> TrainSettings:
    document = project.settings(SETTINGS_KEY) if project is not None else {}
    if not document:
        return DEFAULT_PRESET.settings
    try:
        return TrainSettings.from_json(document)
    except (ValueError, TypeError) as error:
        log.warning("ignoring unreadable training settings: %s", error)
        return DEFAULT_PRESET.settings
