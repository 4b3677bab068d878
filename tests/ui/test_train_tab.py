"""The Train tab: what it asks for, what it shows meanwhile, what it says in the end."""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from pytestqt.qtbot import QtBot

from facegui.core.errors import UserError
from facegui.core.metrics import PhotoResult
from facegui.core.photo_library import Changes
from facegui.core.progress import Progress
from facegui.core.project import Project
from facegui.core.runs import Finishable
from facegui.core.splits import Split
from facegui.ml.estimating import CONVERSION, FEATURES, PARTS, ToldBy, remember_pace
from facegui.ml.presets import CLASSIC, DEFAULT_PRESET, FAST, PRESETS, TrainSettings
from facegui.ml.previews import EpochPreview
from facegui.ml.training import train
from facegui.ml.weights import random_weights
from facegui.ui.fold import Fold
from facegui.ui.train_controls import TrainControls
from facegui.ui.train_live import TrainLive
from facegui.ui.train_tab import SETTINGS_KEY, TrainTab
from facegui.workers.job import Job
from facegui.workers.job_board import JobBoard
from facegui.workers.pace_trial import PaceTrial
from facegui.workers.project_store import ProjectStore
from facegui.workers.training_look import Estimate
from fake_training import EPOCHS, FakeTraining, write_run

PATIENCE_MS = 30_000


@pytest.fixture
def training() -> FakeTraining:
    return FakeTraining()


@pytest.fixture
def make(make_tab: Callable[..., TrainTab], training: FakeTraining) -> Callable[..., TrainTab]:
    """Makes the tab, with a training that does what the test says."""

    def make_it(**seams: Any) -> TrainTab:
        seams = {"train": training, "look_for_mistakes": lambda *_: (), **seams}
        tab = make_tab(TrainTab, **seams)
        tab.resize(1280, 700)
        tab.show()
        return tab

    return make_it


@pytest.fixture
def tab(make: Callable[..., TrainTab], demo_project: Project) -> TrainTab:  # noqa: ARG001
    return make()


def enter(qtbot: QtBot, tab: TrainTab) -> None:
    tab.enter()
    qtbot.waitUntil(tab.main_button.isEnabled, timeout=PATIENCE_MS)


def start(qtbot: QtBot, tab: TrainTab) -> None:
    enter(qtbot, tab)
    tab.main_button.click()
    assert tab.main_button.text() == "Finish now"


def wait_for_end(qtbot: QtBot, board: JobBoard) -> None:
    qtbot.waitUntil(lambda: board.job is None, timeout=PATIENCE_MS)


# before


def test_without_a_project_nothing_can_be_pressed(make: Callable[..., TrainTab]) -> None:
    tab = make()
    tab.enter()
    assert not tab.main_button.isEnabled()
    assert "project" in tab.main_button.toolTip()


def test_an_empty_project_leads_to_the_camera(
    qtbot: QtBot, make: Callable[..., TrainTab], store: ProjectStore, tmp_path: Path
) -> None:
    tab = make()
    store.create(tmp_path / "empty")
    enter(qtbot, tab)
    assert "no photos" in tab.message.message
    with qtbot.waitSignal(tab.step_wanted) as wanted:
        tab.main_button.click()
    assert wanted.args == ["capture"]


def test_too_few_labels_are_said_at_the_button(
    qtbot: QtBot, tab: TrainTab, demo_project: Project
) -> None:
    for photo in demo_project.photos[6:]:
        demo_project.clear_label(photo)
    tab.enter()
    qtbot.waitUntil(lambda: "6 photos labelled" in tab._next.text(), timeout=PATIENCE_MS)
    with qtbot.waitSignal(tab.step_wanted) as wanted:
        tab.main_button.click()
    assert wanted.args == ["annotate"]


def test_warnings_do_not_keep_from_training(qtbot: QtBot, tab: TrainTab) -> None:
    enter(qtbot, tab)
    assert "12 labelled photos are few" in tab.notes.text()
    assert "no augmented copies" in tab.notes.text()
    assert tab.main_button.text() == "Start training"
    assert tab.summary == "ready"


def test_while_something_else_runs_the_button_says_so(
    qtbot: QtBot, tab: TrainTab, board: JobBoard
) -> None:
    enter(qtbot, tab)
    done = threading.Event()
    board.start(Job("Making copies", lambda _report, _stop: done.wait(20)))
    assert not tab.main_button.isEnabled()
    assert "Making copies" in tab.main_button.toolTip()
    done.set()
    qtbot.waitUntil(tab.main_button.isEnabled)


class FakeTrial(PaceTrial):
    """Is told to run, and remembers nothing."""

    def __init__(self) -> None:
        super().__init__()
        self.began = 0
        self._runs = False

    @property
    def running(self) -> bool:
        return self._runs

    def start(self) -> None:
        self.began += not self._runs
        self._runs = True

    def end(self) -> None:
        self._runs = False


@pytest.fixture
def trial() -> FakeTrial:
    return FakeTrial()


@pytest.fixture
def trying(
    make: Callable[..., TrainTab],
    trial: FakeTrial,
    demo_project: Project,  # noqa: ARG001
    weights_folder: Path,  # noqa: ARG001
) -> TrainTab:
    """The tab on a computer of which nothing is known."""
    return make(trial=trial)


@pytest.fixture
def weights_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("FACEGUI_WEIGHTS", str(tmp_path / "weights"))
    return tmp_path / "weights"


def test_batches_are_tried_while_the_tab_is_looked_at(
    qtbot: QtBot, trying: TrainTab, trial: FakeTrial
) -> None:
    enter(qtbot, trying)
    assert not trial.running  # loading TensorFlow takes a core
    trying.tensorflow_ready()
    assert trial.running
    trying.leave()
    assert not trial.running
    trying.tensorflow_ready()
    assert not trial.running


def test_a_job_has_the_machine_to_itself(
    qtbot: QtBot, trying: TrainTab, trial: FakeTrial, board: JobBoard
) -> None:
    enter(qtbot, trying)
    trying.tensorflow_ready()
    done = threading.Event()
    board.start(Job("Making copies", lambda _report, _stop: done.wait(20)))
    assert not trial.running
    done.set()
    qtbot.waitUntil(lambda: trial.began == 2, timeout=PATIENCE_MS)


def test_what_was_tried_is_said_at_once(
    qtbot: QtBot, trying: TrainTab, trial: FakeTrial, weights_folder: Path
) -> None:
    time = trying.settings_controls._options[FAST.name].time
    enter(qtbot, trying)
    trying.tensorflow_ready()
    assert "at a guess" in time.text()
    remember_pace(weights_folder, ToldBy.TRIAL, {FEATURES: 1.0, CONVERSION: 1.0, "dense-144": 0.1})
    trial.measured.emit()
    qtbot.waitUntil(lambda: ", measured" in time.text(), timeout=PATIENCE_MS)


def test_nothing_is_tried_on_a_computer_that_is_known(
    qtbot: QtBot, trying: TrainTab, trial: FakeTrial, weights_folder: Path
) -> None:
    remember_pace(weights_folder, ToldBy.TRIAL, dict.fromkeys(PARTS, 1.0))
    enter(qtbot, trying)
    trying.tensorflow_ready()
    assert not trial.began


# settings


@pytest.fixture
def controls(qtbot: QtBot) -> TrainControls:
    made = TrainControls(choose_file=lambda _: "/somewhere/weights.h5")
    qtbot.addWidget(made)
    return made


def test_presets_are_offered_in_words_with_their_time(controls: TrainControls) -> None:
    estimates = {name: Estimate(180.0, ToldBy.TRAINING) for name in PRESETS}
    controls.show_estimates(estimates)
    for name in PRESETS:
        assert controls._options[name].time.text() == "About 3 minutes on this computer"
    controls.show_estimates({})
    assert "once there are photos" in controls._options[CLASSIC.name].time.text()
    controls.show_estimates({CLASSIC.name: Estimate(8 * 3600.0, ToldBy.TRIAL)})
    assert "About 8 hours" in controls._options[CLASSIC.name].time.text()
    assert ", measured" in controls._options[CLASSIC.name].time.text()
    controls.show_estimates({CLASSIC.name: Estimate(8 * 3600.0, ToldBy.GUESS)})
    assert "at a guess" in controls._options[CLASSIC.name].time.text()


def test_advanced_is_folded(controls: TrainControls) -> None:
    controls.show()
    assert not controls.learning_rate.isVisible()
    controls.findChild(Fold).button.click()
    assert controls.learning_rate.isVisible()


def test_a_preset_brings_its_settings(qtbot: QtBot, controls: TrainControls) -> None:
    button = controls._options[CLASSIC.name].button
    with qtbot.waitSignal(controls.changed):
        controls._group.idClicked.emit(controls._group.id(button))
    assert controls.settings == CLASSIC.settings
    assert controls.learning_rate.text() == "0.0001"


def test_every_field_changes_its_setting(controls: TrainControls) -> None:
    controls.show_settings(CLASSIC.settings)
    changes = {"epochs": 7, "batch_size": 16, "input_size": 64, "seed": 3}
    for name, value in changes.items():
        controls.fields[name].setValue(value)
    controls.learning_rate.setText("0,002")
    controls.learning_rate.editingFinished.emit()
    assert controls.settings == replace(CLASSIC.settings, learning_rate=0.002, **changes)
    controls.reset_button.click()
    assert controls.settings == CLASSIC.settings


def test_every_setting_of_a_network_can_be_changed(controls: TrainControls) -> None:
    """And none that it has no use for."""
    controls.show()
    controls.findChild(Fold).button.click()
    for preset, has, lacks in (
        (
            CLASSIC,
            {"hidden_units": 512, "learning_rate_decay": 0.5},
            {"dropout", "falling_steps", "magnification"},
        ),
        (
            FAST,
            {"falling_steps": 90, "dropout": 0.4, "magnification": 1.25},
            {"hidden_units", "learning_rate_decay"},
        ),
    ):
        controls.show_settings(preset.settings)
        changes = {"classification_weight": 0.75, **has}
        for name, value in changes.items():
            assert controls.fields[name].isVisible()
            controls.fields[name].setValue(value)
        assert not any(controls.fields[name].isVisible() for name in lacks)
        assert controls.settings == replace(preset.settings, **changes)


def test_exact_learning_rates_are_kept(controls: TrainControls) -> None:
    odd = replace(CLASSIC.settings, learning_rate=0.000123456789, classification_weight=0.123456789)
    controls.show_settings(odd)
    controls.fields["epochs"].setValue(3)
    assert controls.settings == replace(odd, epochs=3)


@pytest.mark.parametrize("text", ["fast", "0", "2"])
def test_a_rate_that_is_none_is_said(qtbot: QtBot, tab: TrainTab, text: str) -> None:
    enter(qtbot, tab)
    controls = tab.settings_controls
    before = controls.settings
    controls.learning_rate.setText(text)
    controls.learning_rate.editingFinished.emit()
    assert controls.settings == before
    assert not tab.main_button.isEnabled()
    assert "Advanced" in tab.main_button.toolTip()
    controls.learning_rate.setText("0.01")
    controls.learning_rate.editingFinished.emit()
    assert tab.main_button.isEnabled()


def test_weights_can_come_from_a_file(controls: TrainControls) -> None:
    assert controls.weights_file is None
    controls.choose_button.click()
    assert controls.weights_file == Path("/somewhere/weights.h5")
    assert controls.weights.text() == "weights.h5"


def test_settings_are_kept_in_the_project(
    qtbot: QtBot, tab: TrainTab, demo_project: Project
) -> None:
    enter(qtbot, tab)
    tab.settings_controls.fields["epochs"].setValue(7)
    tab.leave()
    assert TrainSettings.from_json(demo_project.settings(SETTINGS_KEY)).epochs == 7


def test_settings_are_kept_when_the_project_is_closed(
    tab: TrainTab, demo_project: Project, store: ProjectStore, qtbot: QtBot
) -> None:
    enter(qtbot, tab)
    tab.settings_controls.fields["epochs"].setValue(7)
    with qtbot.assertNotEmitted(tab.failed):
        store.close()
        tab.leave()
    store.open(demo_project.folder)
    assert tab.settings_controls.settings.epochs == 7


def test_settings_of_the_project_are_shown(
    make: Callable[..., TrainTab], demo_project: Project
) -> None:
    settings = replace(CLASSIC.settings, epochs=9)
    demo_project.save_settings(SETTINGS_KEY, settings.to_json())
    assert make().settings_controls.settings == settings


def test_unreadable_settings_are_passed_over(
    make: Callable[..., TrainTab], demo_project: Project
) -> None:
    demo_project.save_settings(SETTINGS_KEY, {"epochs": "many"})
    assert make().settings_controls.settings == DEFAULT_PRESET.settings


# meanwhile


def test_a_training_is_shown_as_it_goes(
    qtbot: QtBot, tab: TrainTab, training: FakeTraining, board: JobBoard, demo_project: Project
) -> None:
    start(qtbot, tab)
    assert tab.summary == "getting ready"
    training.report(Progress(3, 60, "Reading photos"))
    qtbot.waitUntil(lambda: tab.running.headline.text() == "Reading photos 3 of 60")
    for epoch in (1, 2):
        training.epoch(epoch, demo_project)
    qtbot.waitUntil(lambda: len(tab.running.chart.curves[0].validation) == 2)
    assert tab.summary == f"epoch 2 of {EPOCHS}"
    assert tab.running.headline.text() == f"Epoch 2 of {EPOCHS}"
    assert "20 seconds per epoch" in tab.running.details.text()
    assert "at most 40 seconds left" in tab.running.details.text()
    assert "best so far: epoch 2" in tab.running.details.text()
    training.report(Progress(1, 9, "Testing"))
    qtbot.waitUntil(lambda: tab.running.headline.text() == "Testing 1 of 9")
    assert tab.running.details.text() == "The best epoch was 2."
    assert not tab.settings_controls.isVisible()
    assert board.job is not None
    training.end()
    wait_for_end(qtbot, board)


def test_examples_improve_as_one_watches(
    qtbot: QtBot, tab: TrainTab, training: FakeTraining, board: JobBoard, demo_project: Project
) -> None:
    start(qtbot, tab)
    training.epoch(1, demo_project)
    photos = len(demo_project.samples(Split.VALIDATION))
    cells = tab.running.previews.cells[:photos]
    qtbot.waitUntil(lambda: all(cell.pixels is not None for cell in cells), timeout=PATIENCE_MS)
    before = [cell.boxes for cell in cells]
    assert any(before)
    training.epoch(2, demo_project)
    qtbot.waitUntil(lambda: [cell.boxes for cell in cells] != before)
    assert "after epoch 2" in tab.running.previews_title.text()
    training.end()
    wait_for_end(qtbot, board)


def test_a_photo_deleted_meanwhile_is_left_out(qtbot: QtBot, demo_project: Project) -> None:
    live = TrainLive()
    qtbot.addWidget(live)
    live.begin(demo_project)
    live.show_event(EpochPreview(0, (PhotoResult("gone.jpg", (), ()),)))
    assert live.previews.cells[0].pixels is None
    live.shut_down()


def test_a_log_scale_is_kept_from_one_chart_to_the_other(tab: TrainTab) -> None:
    tab.running.chart.log_scale.setChecked(True)
    assert tab.result.chart.log_scale.isChecked()


# in the end


def test_a_finished_training_says_what_it_was_worth(
    qtbot: QtBot, tab: TrainTab, training: FakeTraining, board: JobBoard, demo_project: Project
) -> None:
    start(qtbot, tab)
    training.epoch(1, demo_project)
    training.end()
    wait_for_end(qtbot, board)
    assert tab.result.isVisible()
    assert "11 of 12" in tab.result.one.sentence.text()
    assert len(tab.runs.chosen_runs) == 1
    assert tab.summary == "AP50 0.97"
    qtbot.waitUntil(tab.main_button.isEnabled)
    assert tab.main_button.text() == "Train again"


def test_finish_now_keeps_the_run(
    qtbot: QtBot, tab: TrainTab, training: FakeTraining, board: JobBoard, demo_project: Project
) -> None:
    start(qtbot, tab)
    training.epoch(1, demo_project)
    qtbot.waitUntil(lambda: bool(tab.running.chart.curves[0].validation))
    tab.main_button.click()
    assert not tab.main_button.isEnabled()
    wait_for_end(qtbot, board)
    assert len(tab.runs.runs) == 1


def test_cancel_throws_the_run_away(
    qtbot: QtBot,
    tab: TrainTab,
    board: JobBoard,
    store: ProjectStore,
) -> None:
    start(qtbot, tab)
    assert tab.cancel_button.isVisible()
    with qtbot.assertNotEmitted(tab.failed):
        tab.cancel_button.click()
        wait_for_end(qtbot, board)
    assert store.runs == ()
    assert not tab.cancel_button.isVisible()
    qtbot.waitUntil(tab.main_button.isEnabled)
    assert tab.main_button.text() == "Start training"


def test_stop_in_the_strip_cancels_too(
    qtbot: QtBot, tab: TrainTab, board: JobBoard, store: ProjectStore
) -> None:
    start(qtbot, tab)
    assert board.job is not None
    board.job.cancel()
    wait_for_end(qtbot, board)
    assert store.runs == ()


def test_a_training_that_fails_is_said(
    qtbot: QtBot, tab: TrainTab, training: FakeTraining, board: JobBoard
) -> None:
    start(qtbot, tab)
    with qtbot.waitSignal(tab.failed) as failed:
        training.fail(UserError("The loss is no number any more.", "Choose a smaller rate."))
    assert "no number" in failed.args[0].what
    wait_for_end(qtbot, board)
    qtbot.waitUntil(tab.main_button.isEnabled)
    assert [row.details for row in tab.runs.model.rows] == ["broken off, no model"]


def test_what_was_chosen_is_trained_with(
    qtbot: QtBot,
    make: Callable[..., TrainTab],
    demo_project: Project,  # noqa: ARG001
    training: FakeTraining,
    board: JobBoard,
) -> None:
    tab = make(controls=TrainControls(choose_file=lambda _: "weights.h5"))
    tab.settings_controls.fields["epochs"].setValue(7)
    tab.settings_controls.choose_button.click()
    start(qtbot, tab)
    training.end()
    wait_for_end(qtbot, board)
    assert training.settings is not None and training.settings.epochs == 7
    assert training.weights_file == Path("weights.h5")


def test_the_newest_run_is_shown_when_a_project_is_opened(
    qtbot: QtBot, make: Callable[..., TrainTab], demo_project: Project
) -> None:
    write_run(demo_project.runs_folder, name="2026-11-20_10-20-30", ap50=0.5)
    newest = write_run(demo_project.runs_folder, name="2026-11-21_10-20-30")
    tab = make()
    enter(qtbot, tab)
    assert tab.runs.chosen_runs == (newest,)
    assert tab.result.isVisible()
    assert tab.summary == "AP50 0.97"


def test_mistakes_are_looked_for_once_they_are_seen(
    qtbot: QtBot,
    make: Callable[..., TrainTab],
    demo_project: Project,
    store: ProjectStore,
) -> None:
    write_run(demo_project.runs_folder)
    looks: list[Any] = []

    def look(*what: Any) -> tuple[()]:
        looks.append(what)
        return ()

    tab = make(look_for_mistakes=look)
    assert not tab.result._work._thread.isRunning()
    enter(qtbot, tab)
    qtbot.waitUntil(lambda: len(looks) == 1)
    tab.leave()
    demo_project.set_label(demo_project.photos[0], ())
    store.tell(Changes(changed=(demo_project.photos[0].name,)))
    tab.enter()
    qtbot.waitUntil(lambda: len(looks) == 2)


def test_finish_has_to_wait_until_there_is_something_to_keep(
    qtbot: QtBot, tab: TrainTab, training: FakeTraining, board: JobBoard
) -> None:
    enter(qtbot, tab)
    tab.main_button.click()
    assert not tab.main_button.isEnabled()
    assert "nothing to keep" in tab.main_button.toolTip()
    training.report(Finishable())
    qtbot.waitUntil(tab.main_button.isEnabled)
    tab.main_button.click()
    wait_for_end(qtbot, board)


def test_correcting_a_label_leads_to_that_photo(
    qtbot: QtBot, make: Callable[..., TrainTab], demo_project: Project
) -> None:
    write_run(demo_project.runs_folder)
    tab = make()
    enter(qtbot, tab)
    wanted: list[str] = []
    tab.photo_wanted.connect(wanted.append)
    tab.step_wanted.connect(wanted.append)
    tab.result.photo_wanted.emit("demo-0001.jpg")
    assert wanted == ["demo-0001.jpg", "annotate"]


def test_the_run_that_is_shown_is_the_one_to_be_tried_live(
    qtbot: QtBot, make: Callable[..., TrainTab], demo_project: Project
) -> None:
    older = write_run(demo_project.runs_folder)
    write_run(demo_project.runs_folder)
    tab = make()
    enter(qtbot, tab)
    tab.runs.choose([older])
    with qtbot.waitSignal(tab.live_wanted) as wanted:
        tab.result.one.detect_button.click()
    assert wanted.args == [older]


def test_closing_while_it_trains_ends_it(
    qtbot: QtBot, tab: TrainTab, board: JobBoard, store: ProjectStore
) -> None:
    start(qtbot, tab)
    board.shut_down()
    tab.leave()
    tab.shut_down()
    assert store.runs == ()


@pytest.mark.slow
def test_a_real_training_goes_from_start_to_a_sentence(
    qtbot: QtBot, make: Callable[..., TrainTab], demo_project: Project, board: JobBoard
) -> None:
    weights = random_weights(0, channels=(4,) * 13)
    settings = replace(CLASSIC.settings, epochs=2, input_size=32)
    demo_project.save_settings(SETTINGS_KEY, settings.to_json())
    tab = make(train=functools.partial(train, weights=weights))
    start(qtbot, tab)
    qtbot.waitUntil(lambda: board.job is None, timeout=300_000)
    assert len(tab.running.chart.curves[0].validation) == 2
    assert any(cell.boxes for cell in tab.running.previews.cells)
    assert tab.result.one.sentence.text()
    assert tab.summary.startswith("AP50")
