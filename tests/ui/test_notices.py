"""The banner says what happened and what to do."""

from __future__ import annotations

from PySide6.QtGui import QGuiApplication
from pytestqt.qtbot import QtBot

from facegui.core.errors import UserError
from facegui.ui.notices import Notices


def test_error_of_the_user_says_what_to_do(qtbot: QtBot) -> None:
    notices = Notices()
    qtbot.addWidget(notices)
    assert notices.isHidden()
    notices.show_error(UserError("<b> is no photo.", "Choose another.", "errno 5"))
    assert not notices.isHidden()
    assert "&lt;b&gt; is no photo." in notices.text.text()
    assert "Choose another." in notices.text.text()
    notices.copy_button.click()
    assert "errno 5" in QGuiApplication.clipboard().text()
    notices.close_button.click()
    assert notices.isHidden()


def test_without_details_there_is_nothing_to_copy(qtbot: QtBot) -> None:
    notices = Notices()
    qtbot.addWidget(notices)
    notices.show_error(UserError("The camera is gone.", "Check the cable."))
    assert notices.copy_button.isHidden()


def test_fault_of_the_program_can_be_copied_with_its_trace(qtbot: QtBot) -> None:
    notices = Notices()
    qtbot.addWidget(notices)
    try:
        raise ValueError("a fault")
    except ValueError as error:
        notices.show_error(error)
    assert "went wrong in the program" in notices.text.text()
    notices.copy_button.click()
    text = QGuiApplication.clipboard().text()
    assert "ValueError: a fault" in text
    assert "test_notices.py" in text


def test_notice_takes_the_place_of_an_error(qtbot: QtBot) -> None:
    notices = Notices()
    qtbot.addWidget(notices)
    notices.show_error(ValueError("a fault"))
    notices.show_notice("Saved 5 < 6 photos.")
    assert notices.text.text() == "Saved 5 &lt; 6 photos."
    assert notices.property("role") == "notice"
    assert notices.copy_button.isHidden()
