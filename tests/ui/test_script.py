"""The script that drives the window for pictures and for the tour."""

from __future__ import annotations

import pytest
from pytestqt.qtbot import QtBot

from facegui.core.errors import UserError
from facegui.ui.script import Script, Steps, Wait, pause


def test_it_goes_on_once_the_fact_is_there(qtbot: QtBot) -> None:  # noqa: ARG001
    asked: list[int] = []

    def fact() -> bool:
        asked.append(1)
        return len(asked) == 3

    def steps() -> Steps:
        yield Wait(fact, "it was asked three times")
        assert len(asked) == 3
        yield pause(0.0)
        asked.append(4)

    Script(steps()).run()
    assert asked[-1] == 4


def test_what_never_comes_ends_it_and_is_named(qtbot: QtBot) -> None:  # noqa: ARG001
    tidied = False

    def steps() -> Steps:
        nonlocal tidied
        try:
            yield Wait(lambda: False, "pigs fly", seconds=0.0)
        finally:
            tidied = True

    with pytest.raises(UserError) as failed:
        Script(steps()).run()
    assert "pigs fly" in failed.value.details
    assert tidied


def test_a_fault_of_the_script_comes_out_of_it(qtbot: QtBot) -> None:  # noqa: ARG001
    def steps() -> Steps:
        yield pause(0.0)
        raise ValueError("oh")

    with pytest.raises(ValueError, match="oh"):
        Script(steps()).run()
