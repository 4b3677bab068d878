"""The Augment tab: examples follow every change, copies are made, settings are kept."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from facegui.core.augmentation_settings import (
    PRESETS,
    SETTINGS_KEY,
    TRANSFORMS,
    AugmentationSettings,
)
from facegui.core.augmented_set import read_set
from facegui.core.errors import UserError
from facegui.core.project import Project
from facegui.core.splits import Split
from facegui.ui.augment_controls import OWN_SETTINGS, AugmentControls
from facegui.ui.augment_tab import AugmentTab
from facegui.workers.job import Job
from facegui.workers.job_board import JobBoard
from facegui.workers.project_store import ProjectStore

PATIENCE_MS = 30_000
"""Albumentations takes seconds to load where the machine is busy."""


@pytest.fixture
def tab(make_tab: Callable[..., AugmentTab], demo_project: Project) -> AugmentTab:  # noqa: ARG001
    made = make_tab(AugmentTab)
    made.resize(1280, 700)
    made.show()
    return made


def enter(qtbot: QtBot, tab: AugmentTab) -> None:
    tab.enter()
    qtbot.waitUntil(tab.main_button.isEnabled, timeout=PATIENCE_MS)


def shown(tab: AugmentTab) -> list[Any]:
    return [cell.pixels for cell in tab.grid.cells if cell.isVisibleTo(tab.grid)]


def wait_for_examples(qtbot: QtBot, tab: AugmentTab) -> list[Any]:
    qtbot.waitUntil(lambda: all(pixels is not None for pixels in shown(tab)), timeout=PATIENCE_MS)
    return shown(tab)


def finish_job(qtbot: QtBot, board: JobBoard) -> None:
    with qtbot.waitSignal(board.ended, timeout=PATIENCE_MS):
        pass


def kept_settings(project: Project) -> AugmentationSettings:
    return AugmentationSettings.from_json(project.settings(SETTINGS_KEY))


# the controls


def test_every_transform_has_its_control(qtbot: QtBot) -> None:
    controls = AugmentControls()
    qtbot.addWidget(controls)
    assert list(controls.transforms) == [info.name for info in TRANSFORMS]
    for info in TRANSFORMS:
        control = controls.transforms[info.name]
        assert control.enabled.text() == info.title
        assert control.enabled.toolTip() == info.sentence
        assert control.strength.isVisibleTo(control) == (
            info.has_strength and controls.settings.transform(info.name).enabled
        )


def test_a_moved_slider_gives_its_strength_and_settings_of_ones_own(qtbot: QtBot) -> None:
    controls = AugmentControls()
    qtbot.addWidget(controls)
    with qtbot.waitSignal(controls.changed) as changed:
        controls.transforms["blur"].strength.setValue(35)
    assert changed.args[0].blur.strength == 3.5
    assert controls.transforms["blur"].strength.words.text() == "up to 3.5 pixels"
    assert controls.preset.currentText() == OWN_SETTINGS


def test_a_preset_sets_transforms_and_copies_and_keeps_the_rest(qtbot: QtBot) -> None:
    controls = AugmentControls()
    qtbot.addWidget(controls)
    controls.show_settings(AugmentationSettings(seed=7, longest_side=320))
    names = [preset.name for preset in PRESETS]
    controls.preset.setCurrentIndex(names.index("strong"))
    with qtbot.waitSignal(controls.changed) as changed:
        controls.preset.activated.emit(names.index("strong"))
    strong = PRESETS[names.index("strong")].settings
    assert changed.args[0].random_crop == strong.random_crop
    assert (changed.args[0].seed, changed.args[0].longest_side) == (7, 320)
    assert controls.preset.currentText() == "Strong"


def test_values_between_the_steps_of_a_slider_stay_exact(qtbot: QtBot) -> None:
    controls = AugmentControls()
    qtbot.addWidget(controls)
    odd = AugmentationSettings.from_json(
        {"rotation": {"strength": 12.34, "probability": 0.333}, "min_visibility": 0.255}
    )
    controls.show_settings(odd)
    assert controls.settings == odd
    controls.copies.setValue(5)
    assert controls.settings.rotation == odd.rotation
    assert controls.settings.min_visibility == 0.255


def test_nothing_is_signalled_for_settings_that_are_only_shown(qtbot: QtBot) -> None:
    controls = AugmentControls()
    qtbot.addWidget(controls)
    with qtbot.assertNotEmitted(controls.changed):
        controls.show_settings(PRESETS[2].settings)


def test_the_wheel_scrolls_past_a_slider(qtbot: QtBot) -> None:
    controls = AugmentControls()
    qtbot.addWidget(controls)
    slider = controls.transforms["rotation"].strength
    before = slider.value()
    none, modifiers = QPointF(5, 5), Qt.KeyboardModifier.NoModifier
    event = QWheelEvent(
        none,
        none,
        QPoint(0, 0),
        QPoint(0, 120),
        Qt.MouseButton.NoButton,
        modifiers,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QApplication.sendEvent(slider, event)
    assert slider.value() == before


def test_the_total_is_said(qtbot: QtBot) -> None:
    controls = AugmentControls()
    qtbot.addWidget(controls)
    controls.show_photos(62)
    assert "62 training photos" in controls.total.text()
    assert "1,860 pictures" in controls.total.text()


# the tab


def test_without_a_project_nothing_can_be_pressed(make_tab: Callable[..., AugmentTab]) -> None:
    tab = make_tab(AugmentTab)
    tab.enter()
    assert not tab.main_button.isEnabled()
    assert "project" in tab.main_button.toolTip()


def test_an_empty_project_leads_to_the_camera(
    qtbot: QtBot, make_tab: Callable[..., AugmentTab], store: ProjectStore, tmp_path: Path
) -> None:
    tab = make_tab(AugmentTab)
    store.create(tmp_path / "empty")
    enter(qtbot, tab)
    assert "no photos" in tab.message.cells[0].message
    with qtbot.waitSignal(tab.step_wanted) as wanted:
        tab.main_button.click()
    assert wanted.args == ["capture"]


def test_photos_without_labels_lead_to_labelling(
    qtbot: QtBot, tab: AugmentTab, demo_project: Project
) -> None:
    for photo in demo_project.photos:
        demo_project.clear_label(photo)
    tab.enter()
    qtbot.waitUntil(lambda: tab.main_button.text() == "Label photos", timeout=PATIENCE_MS)
    with qtbot.waitSignal(tab.step_wanted) as wanted:
        tab.main_button.click()
    assert wanted.args == ["annotate"]


def test_photos_are_counted_in_piles(qtbot: QtBot, tab: AugmentTab, demo_project: Project) -> None:
    enter(qtbot, tab)
    counts = {split: pile.count for split, pile in tab.piles.piles.items()}
    assert counts == {split: len(demo_project.samples(split)) for split in Split}
    assert sum(counts.values()) == 12


def test_examples_show_copies_with_their_boxes(qtbot: QtBot, tab: AugmentTab) -> None:
    enter(qtbot, tab)
    pictures = wait_for_examples(qtbot, tab)
    assert len(pictures) == 12
    assert any(cell.boxes for cell in tab.grid.cells)


def test_examples_are_new_after_a_change(qtbot: QtBot, tab: AugmentTab) -> None:
    enter(qtbot, tab)
    before = wait_for_examples(qtbot, tab)
    tab.settings_controls.transforms["vertical_flip"].enabled.setChecked(True)
    tab.settings_controls.transforms["vertical_flip"].probability.setValue(100)

    def all_are_new() -> bool:
        return all(
            new is not old and not np.array_equal(new, old)
            for new, old in zip(shown(tab), before, strict=True)
        )

    qtbot.waitUntil(all_are_new, timeout=PATIENCE_MS)


def test_other_examples_can_be_asked_for(qtbot: QtBot, tab: AugmentTab) -> None:
    enter(qtbot, tab)
    before = wait_for_examples(qtbot, tab)
    tab.others_button.click()
    qtbot.waitUntil(
        lambda: all(new is not old for new, old in zip(shown(tab), before, strict=True)),
        timeout=PATIENCE_MS,
    )


def test_a_click_shows_more_copies_of_that_photo(qtbot: QtBot, tab: AugmentTab) -> None:
    enter(qtbot, tab)
    wait_for_examples(qtbot, tab)
    qtbot.mouseClick(tab.grid.cells[2], Qt.MouseButton.LeftButton)
    assert tab.choice.currentText() == "of one photo"
    qtbot.waitUntil(lambda: tab.grid.cells[0].status == "the photo itself", timeout=PATIENCE_MS)


def test_settings_are_kept_in_the_project(
    qtbot: QtBot, tab: AugmentTab, demo_project: Project
) -> None:
    enter(qtbot, tab)
    tab.settings_controls.copies.setValue(7)
    qtbot.waitUntil(lambda: kept_settings(demo_project).copies == 7)
    tab.settings_controls.copies.setValue(8)
    tab.leave()
    assert kept_settings(demo_project).copies == 8


def test_settings_of_the_project_are_shown(
    qtbot: QtBot, make_tab: Callable[..., AugmentTab], demo_project: Project
) -> None:
    demo_project.save_settings(SETTINGS_KEY, AugmentationSettings(copies=3).to_json())
    tab = make_tab(AugmentTab)
    enter(qtbot, tab)
    assert tab.settings_controls.copies.value() == 3


def test_unreadable_settings_are_passed_over(
    qtbot: QtBot, make_tab: Callable[..., AugmentTab], demo_project: Project
) -> None:
    demo_project.save_settings(SETTINGS_KEY, {"copies": "many"})
    tab = make_tab(AugmentTab)
    enter(qtbot, tab)
    assert tab.settings_controls.settings == AugmentationSettings()


def test_copies_are_made_and_found_outdated(
    qtbot: QtBot, tab: AugmentTab, board: JobBoard, demo_project: Project
) -> None:
    enter(qtbot, tab)
    assert tab.summary == "no copies yet"
    tab.settings_controls.copies.setValue(2)
    total = 2 * len(demo_project.samples(Split.TRAIN))
    assert tab.main_button.text() == f"Make {total} copies"
    tab.main_button.click()
    assert not tab.main_button.isEnabled()
    finish_job(qtbot, board)
    qtbot.waitUntil(lambda: tab.summary == f"{total} copies", timeout=PATIENCE_MS)
    made = read_set(demo_project.augmented_folder)
    assert made is not None and len(made.samples) == total
    with qtbot.waitSignal(tab.step_wanted) as wanted:
        tab.main_button.click()
    assert wanted.args == ["train"]
    tab.settings_controls.copies.setValue(3)
    assert tab.summary == "copies outdated"
    assert tab.main_button.text().startswith("Make")
    tab.settings_controls.copies.setValue(2)
    assert tab.summary == f"{total} copies"


def test_a_changed_label_makes_copies_outdated(
    qtbot: QtBot, tab: AugmentTab, board: JobBoard, store: ProjectStore, demo_project: Project
) -> None:
    tab.settings_controls.copies.setValue(1)
    enter(qtbot, tab)
    tab.main_button.click()
    finish_job(qtbot, board)
    qtbot.waitUntil(lambda: tab.summary.endswith("copies"), timeout=PATIENCE_MS)
    sample = demo_project.samples(Split.TRAIN)[0]
    demo_project.label_path(sample.photo).unlink()
    store.look()
    qtbot.waitUntil(lambda: tab.summary == "copies outdated", timeout=PATIENCE_MS)


def test_stopping_leaves_no_copies(
    qtbot: QtBot, make_tab: Callable[..., AugmentTab], board: JobBoard, demo_project: Project
) -> None:
    begun = threading.Event()

    def augment(_samples: Any, _folder: Any, _settings: Any, _report: Any, stop: Any) -> Any:
        begun.set()
        while True:
            stop.raise_if_cancelled()

    tab = make_tab(AugmentTab, augment=augment)
    enter(qtbot, tab)
    tab.main_button.click()
    assert begun.wait(20)
    assert board.job is not None
    with qtbot.assertNotEmitted(tab.failed), qtbot.waitSignal(board.ended):
        board.job.cancel()
    qtbot.waitUntil(tab.main_button.isEnabled)
    assert read_set(demo_project.augmented_folder) is None


def test_a_full_disk_is_said(
    qtbot: QtBot,
    make_tab: Callable[..., AugmentTab],
    demo_project: Project,  # noqa: ARG001
) -> None:
    def augment(*_: Any) -> Any:
        raise UserError("The disk is full.", "Free some space.")

    tab = make_tab(AugmentTab, augment=augment)
    enter(qtbot, tab)
    with qtbot.waitSignal(tab.failed) as failed:
        tab.main_button.click()
    assert failed.args[0].what == "The disk is full."
    qtbot.waitUntil(tab.main_button.isEnabled)


def test_while_something_else_runs_the_button_says_so(
    qtbot: QtBot, tab: AugmentTab, board: JobBoard
) -> None:
    enter(qtbot, tab)
    done = threading.Event()
    board.start(Job("Training", lambda _report, _stop: done.wait(20)))
    assert not tab.main_button.isEnabled()
    assert "Training" in tab.main_button.toolTip()
    done.set()
    qtbot.waitUntil(tab.main_button.isEnabled)
