from __future__ import annotations

import io
import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from facegui.commands import new
from facegui.commands.main import COMMANDS, main
from facegui.core.project import Project


def test_wrong_usage_exits_with_2(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(["train"])
    assert stopped.value.code == 2
    assert "project" in capsys.readouterr().err


@pytest.mark.parametrize(
    "words",
    [
        "demo P --count -5",
        "capture P --count 0",
        "capture P --interval -1",
        "capture P --interval nan",
        "detect 0 --run P --threshold nan",
        "detect 0 --run P --threshold 7",
        "detect 0 --run P --frames 0",
        "detect 0 --run P --every -1",
        "evaluate P --threshold -0.1",
        "draft P --accept-from 2",
    ],
)
def test_numbers_that_make_no_sense_are_wrong_usage(
    words: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(words.replace("P", str(tmp_path / "project")).split())
    assert stopped.value.code == 2
    assert "must be" in capsys.readouterr().err
    assert not (tmp_path / "project").exists()


@pytest.mark.parametrize(
    "words",
    [
        "train P --epochs 0",
        "train P --resume --epochs 3 --preset fast",
        "train P --resume --continue-from other",
        "train P --resume --weights random",
    ],
)
def test_settings_that_make_no_sense_are_wrong_usage(
    words: str, demo: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(words.replace("P", str(demo)).split()) == 2
    said = capsys.readouterr().err
    if "--resume" in words:
        assert "Leave out --" in said
    else:
        assert "0" in said


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
    with Project.create(tmp_path / "taken"):
        assert main(["demo", str(tmp_path / "taken")]) == 1
        assert main(["augment", str(tmp_path / "taken")]) == 1
    assert "already open" in capsys.readouterr().err


@pytest.mark.parametrize(
    "words",
    [
        ("new", "NAME"),
        ("import", "NAME", "project"),
        ("detect", "demo", "--run", "NAME"),
        ("augment", "NAME"),
    ],
)
def test_a_name_that_is_too_long_is_told(
    words: tuple[str, ...], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    given = [str(tmp_path / ("x" * 300)) if word == "NAME" else word for word in words]
    assert main([*given, "--json"]) == 1
    assert json.loads(capsys.readouterr().out)["error"]["what"]


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (KeyboardInterrupt(), "Cancelled."),
        (PermissionError(13, "Permission denied"), "No permission"),
        (ZeroDivisionError("by zero"), "Something went wrong"),
    ],
)
def test_whatever_ends_a_command_is_one_document(
    error: BaseException,
    said: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def fail(*_: object) -> None:
        raise error

    monkeypatch.setattr(new, "run", fail)
    assert main(["new", "nowhere", "--json"]) == 1
    assert said in json.loads(capsys.readouterr().out)["error"]["what"]


@pytest.mark.parametrize(
    "name",
    [
        "中",
        pytest.param(
            "caf\udce9",
            marks=pytest.mark.skipif(
                sys.platform != "linux", reason="elsewhere every name is in Unicode"
            ),
        ),
    ],
)
@pytest.mark.parametrize("words", [(), ("--json",)])
def test_output_takes_every_name_in_whatever_encoding(
    name: str, words: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = io.TextIOWrapper(io.BytesIO(), encoding="cp1252")
    monkeypatch.setattr(sys, "stdout", out)
    assert main(["new", str(tmp_path / name), *words]) == 0
    written = out.buffer.getvalue()  # type: ignore[attr-defined]
    if words:
        assert json.loads(written.decode("utf-8"))["project"] == str(tmp_path / name)
    else:
        assert b"Made the project" in written


def test_ctrl_c_cancels_and_leaves_what_was_there(
    demo: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    before = signal.getsignal(signal.SIGINT)
    press_ctrl_c_in(Project, "samples", monkeypatch)
    assert main(["augment", str(demo), "--json"]) == 1
    assert "Cancelled" in json.loads(capsys.readouterr().out)["error"]["what"]
    assert list((demo / "augmented").iterdir()) == []
    assert signal.getsignal(signal.SIGINT) is before


def test_ctrl_c_ends_taking_photos_and_keeps_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    Project.create(tmp_path / "mine").close()
    press_ctrl_c_in(Project, "add_photos", monkeypatch)
    assert main(["capture", str(tmp_path / "mine"), "--camera", "demo", "--json"]) == 0
    captured = capsys.readouterr()
    assert len(json.loads(captured.out)["photos"]) == 1
    assert "Ending with the photos taken so far" in captured.err


def press_ctrl_c_in(cls: type, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Has Ctrl+C pressed whenever that method is called."""
    method = getattr(cls, name)

    def pressed(*words: Any, **more: Any) -> Any:
        signal.raise_signal(signal.SIGINT)
        return method(*words, **more)

    monkeypatch.setattr(cls, name, pressed)


@pytest.mark.slow
@pytest.mark.skipif(os.name != "posix", reason="elsewhere nobody closes a pipe early")
def test_reader_that_is_gone_ends_a_command_quietly(tmp_path: Path) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    command = [sys.executable, "-m", "facegui.commands.main", "new", str(tmp_path / "mine")]
    ended = subprocess.run(command, stdout=writing, stderr=subprocess.PIPE, check=False)
    os.close(writing)
    assert (ended.returncode, ended.stderr) == (1, b"")
