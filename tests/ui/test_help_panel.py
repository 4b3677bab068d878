"""A help text for every tab, with its keys."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from PySide6.QtGui import QAction, QKeySequence, QShortcut
from PySide6.QtWidgets import QPushButton, QWidget
from pytestqt.qtbot import QtBot

from facegui.core.resources import resource
from facegui.ui.help_panel import HelpPanel
from facegui.ui.shortcuts import Key, keys_of
from facegui.ui.train_tab import TrainTab

PAGES = ["welcome", "capture", "annotate", "augment", "train", "detect"]


@pytest.mark.parametrize("name", PAGES)
def test_there_is_a_short_text_for_every_page(qtbot: QtBot, name: str) -> None:
    panel = HelpPanel()
    qtbot.addWidget(panel)
    panel.show_page(name, [Key("Space", "Takes <one> photo")], [Key("F1", "Help")])
    text = panel.text.toPlainText()
    assert "Takes <one> photo" in text
    assert text.index("Keys here") < text.index("Keys everywhere")
    assert 40 < len(re.findall(r"\w+", resource(f"help/{name}.md").read_text("utf-8"))) < 250


def test_without_keys_there_is_no_heading(qtbot: QtBot) -> None:
    panel = HelpPanel()
    qtbot.addWidget(panel)
    panel.show_page("train", [], [])
    assert "Keys" not in panel.text.toPlainText()


def test_keys_that_the_list_of_runs_itself_knows_are_listed(
    make_tab: Callable[..., TrainTab],
) -> None:
    assert {"F2", "Del"} <= {key.keys for key in keys_of(make_tab(TrainTab))}


def test_keys_are_asked_of_those_who_listen(qtbot: QtBot) -> None:
    widget = QWidget()
    qtbot.addWidget(widget)
    inner = QWidget(widget)
    QShortcut(QKeySequence("Space"), inner).setWhatsThis("Takes a photo")
    QShortcut(QKeySequence("X"), inner)  # says nothing of itself
    action = QAction("&Undo…", inner)
    action.setShortcuts([QKeySequence("Ctrl+Z"), QKeySequence("Backspace")])
    button = QPushButton("&Train", inner)  # Alt+T stands on the button itself
    button.setAccessibleName("Train")
    assert keys_of(widget) == (
        Key("Space", "Takes a photo"),
        Key("Ctrl+Z", "Undo"),
    )
