"""The steps along the top."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QAbstractButton
from pytestqt.qtbot import QtBot

from facegui.ui.step_bar import StepBar


def make_bar(qtbot: QtBot) -> StepBar:
    bar = StepBar()
    qtbot.addWidget(bar)
    bar.add_step("capture", "Capture", "mdi6.camera")
    bar.add_step("annotate", "Annotate", "mdi6.vector-rectangle")
    return bar


def step(bar: StepBar, name: str) -> QAbstractButton:
    found = bar.findChild(QAbstractButton, f"step.{name}")
    assert isinstance(found, QAbstractButton)
    return found


def test_click_and_space_choose_a_step(qtbot: QtBot) -> None:
    bar = make_bar(qtbot)
    with qtbot.waitSignal(bar.chosen) as chosen:
        qtbot.mouseClick(step(bar, "annotate"), Qt.MouseButton.LeftButton)
    assert chosen.args == [1]
    with qtbot.waitSignal(bar.chosen) as chosen:
        qtbot.keyClick(step(bar, "capture"), Qt.Key.Key_Space)
    assert chosen.args == [0]


def test_one_step_is_marked(qtbot: QtBot) -> None:
    bar = make_bar(qtbot)
    bar.show_chosen(0)
    bar.show_chosen(1)
    assert not step(bar, "capture").isChecked()
    assert step(bar, "annotate").isChecked()


def test_summary_is_shown_and_told_to_screen_readers(qtbot: QtBot) -> None:
    bar = make_bar(qtbot)
    bar.resize(400, 64)
    before = bar.grab().toImage()
    bar.set_summary(0, "90 photos")
    assert bar.summary(0) == "90 photos"
    assert step(bar, "capture").accessibleDescription() == "90 photos"
    assert bar.grab().toImage() != before
