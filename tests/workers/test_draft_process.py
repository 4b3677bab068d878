"""The process that drafts, played by a few lines of Python."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import QProcess
from pytestqt.qtbot import QtBot

from facegui.core.errors import UserError
from facegui.core.photo_library import Photo
from facegui.core.progress import Progress
from facegui.ml.draft_messages import DraftRequest, PhotoDraft, Request, encode_request
from facegui.workers import draft_process
from facegui.workers.draft_process import DraftProcess

# Answers each line; "slow" in it waits for ever, "die" ends with a complaint.
PLAYED = """
import json, os, sys
print("a library says something", file=sys.stderr, flush=True)
for line in sys.stdin:
    name = json.loads(line)["unlabelled"][0]["name"]
    if name == "slow":
        sys.stdin.read()
    if name == "die":
        sys.exit("no more memory")
    if name == "lost":
        print(json.dumps({"error": ["It is gone.", "Put it back.", ""]}), flush=True)
        continue
    print(json.dumps({"progress": [1, 2, os.path.basename(sys.argv[1])]}), flush=True)
    draft = {"draft": {"name": name, "path": name}, "found": [], "certainty": 0.5}
    print(json.dumps(draft) + "\\n" + json.dumps({"done": True}), flush=True)
"""


@pytest.fixture
def make_process(qtbot: QtBot) -> Callable[[], DraftProcess]:  # noqa: ARG001
    made: list[DraftProcess] = []

    def make() -> DraftProcess:
        made.append(DraftProcess((sys.executable, "-c", PLAYED)))
        return made[-1]

    yield make  # type: ignore[misc]
    for process in made:
        process.shut_down()
        assert not any(
            child.state() != QProcess.ProcessState.NotRunning
            for child in process.findChildren(QProcess)
        )


def request(name: str) -> DraftRequest:
    return DraftRequest((), (Photo(name, Path(name)),))


def test_one_process_answers_again_and_again(
    make_process: Callable[[], DraftProcess], qtbot: QtBot, tmp_path: Path
) -> None:
    process = make_process()
    progress: list[Progress] = []
    process.progressed.connect(progress.append)
    for name in ("a.jpg", "b.jpg"):
        with (
            qtbot.waitSignal(process.drafted) as drafted,
            qtbot.waitSignal(process.done),
        ):
            process.ask(request(name), tmp_path)
            assert process.busy
        assert drafted.args == [(PhotoDraft(Photo(name, Path(name)), (), 0.5),)]
        assert not process.busy
    assert progress == [Progress(1, 2, tmp_path.name)] * 2
    assert len(process.findChildren(QProcess)) == 1


def test_photos_are_written_down_beside_the_window(
    make_process: Callable[[], DraftProcess],
    qtbot: QtBot,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    threads: list[int] = []

    def encode(wanted: Request) -> bytes:
        threads.append(threading.get_ident())
        return encode_request(wanted)

    monkeypatch.setattr(draft_process, "encode_request", encode)
    process = make_process()
    with qtbot.waitSignal(process.done):
        process.ask(request("a.jpg"), tmp_path)
    assert len(threads) == 1
    assert threads != [threading.get_ident()]


def test_it_ends_at_once_and_starts_again(
    make_process: Callable[[], DraftProcess], qtbot: QtBot, tmp_path: Path
) -> None:
    process = make_process()
    failed: list[UserError] = []
    process.failed.connect(failed.append)
    process.ask(request("slow"), tmp_path)
    process.end()
    assert not process.busy
    with qtbot.waitSignal(process.done):
        process.ask(request("a.jpg"), tmp_path)
    assert failed == []


def test_another_project_has_another_process(
    make_process: Callable[[], DraftProcess], qtbot: QtBot, tmp_path: Path
) -> None:
    process = make_process()
    progress: list[Progress] = []
    process.progressed.connect(progress.append)
    for folder in ("one", "two"):
        with qtbot.waitSignal(process.done):
            process.ask(request("a.jpg"), tmp_path / folder)
    assert [event.text for event in progress] == ["one", "two"]


def test_its_errors_are_told(
    make_process: Callable[[], DraftProcess], qtbot: QtBot, tmp_path: Path
) -> None:
    process = make_process()
    with qtbot.waitSignal(process.failed) as failed:
        process.ask(request("lost"), tmp_path)
    assert failed.args[0].what == "It is gone."
    assert process.running
    with qtbot.waitSignal(process.failed) as failed:
        process.ask(request("die"), tmp_path)
    assert "no more memory" in failed.args[0].details
    assert not process.running


def test_a_program_that_is_not_there_is_told(qtbot: QtBot, tmp_path: Path) -> None:
    process = DraftProcess((str(tmp_path / "none"),))
    with qtbot.waitSignal(process.failed) as failed:
        process.ask(request("a.jpg"), tmp_path)
    assert failed.args[0].what == "Drafting broke off."
    process.shut_down()
