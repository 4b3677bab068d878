"""The first page."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from facegui.ui.new_project import NewProjectDialog, free_folder
from facegui.ui.welcome import Welcome


def test_enter_opens_the_chosen_project(qtbot: QtBot) -> None:
    welcome = Welcome()
    qtbot.addWidget(welcome)
    welcome.show_recent([Path("a/One"), Path("a/Two")])
    assert not welcome.recent_list.isHidden()
    welcome.recent_list.setCurrentRow(1)
    with qtbot.waitSignal(welcome.project_chosen) as chosen:
        qtbot.keyClick(welcome.recent_list, Qt.Key.Key_Return)
    assert chosen.args == [Path("a/Two")]


def test_what_cannot_be_pressed_says_why(qtbot: QtBot) -> None:
    welcome = Welcome()
    qtbot.addWidget(welcome)
    welcome.set_reason("Training is still running.")
    for button in (welcome.new_button, welcome.demo_button, welcome.import_button):
        assert not button.isEnabled()
        assert button.toolTip() == "Training is still running."
    welcome.set_reason("")
    assert welcome.open_button.isEnabled()
    assert welcome.open_button.toolTip() == ""


def test_dialog_refuses_where_no_project_can_be_made(qtbot: QtBot, tmp_path: Path) -> None:
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "letter.txt").write_text("", "utf-8")
    dialog = NewProjectDialog("New project", "An empty one.", tmp_path / "Faces")
    qtbot.addWidget(dialog)
    assert dialog.create_button.isEnabled()
    assert dialog.folder == tmp_path / "Faces"
    for name, reason in (
        ("", "Give the project a name"),
        ("full", "not empty"),
        ("a/b", "cannot be the name"),
        ("con", "cannot be the name"),
    ):
        dialog.name_field.setText(name)
        assert not dialog.create_button.isEnabled()
        assert reason in dialog.create_button.toolTip()
        assert reason in dialog.problem_label.text()
    dialog.name_field.setText(" Büro v1.2 ")
    assert dialog.create_button.isEnabled()
    assert dialog.folder == tmp_path / "Büro v1.2"


def test_dialog_is_done_with_enter(qtbot: QtBot, tmp_path: Path) -> None:
    dialog = NewProjectDialog("New project", "An empty one.", tmp_path / "Faces")
    qtbot.addWidget(dialog)
    dialog.show()
    with qtbot.waitSignal(dialog.accepted):
        qtbot.keyClick(dialog.name_field, Qt.Key.Key_Return)


@pytest.mark.parametrize("taken", [0, 1, 3])
def test_taken_names_are_numbered(taken: int, tmp_path: Path) -> None:
    for number in range(taken):
        name = "Demo" if number == 0 else f"Demo {number + 1}"
        (tmp_path / name).mkdir()
        (tmp_path / name / "project.json").write_text("{}", "utf-8")
    expected = "Demo" if taken == 0 else f"Demo {taken + 1}"
    assert free_folder(tmp_path / "Demo").name == expected
