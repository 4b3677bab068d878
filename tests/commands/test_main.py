from __future__ import annotations

import json
from pathlib import Path

import pytest

from facegui.commands.main import COMMANDS, main


def test_wrong_usage_exits_with_2(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(["train"])
    assert stopped.value.code == 2
    assert "project" in capsys.readouterr().err


@pytest.mark.parametrize("command", [command.NAME for command in COMMANDS])
def test_every_command_explains_itself(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        main([command, "--help"])
    assert stopped.value.code == 0
    assert "--json" in capsys.readouterr().out


def test_a_failure_says_what_to_do_and_exits_with_1(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["augment", str(tmp_path / "nowhere")]) == 1
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "no FaceGUI project" in captured.err
    assert "make a new one" in captured.err


def test_a_failure_with_json_is_one_document(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["augment", str(tmp_path / "nowhere"), "--json"]) == 1
    error = json.loads(capsys.readouterr().out)["error"]
    assert "no FaceGUI project" in error["what"]
    assert error["remedy"]


def test_a_project_open_elsewhere_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from facegui.core.project import Project

    with Project.create(tmp_path / "taken"):
        assert main(["demo", str(tmp_path / "taken")]) == 1
        assert main(["augment", str(tmp_path / "taken")]) == 1
    assert "already open" in capsys.readouterr().err
