"""When the network drafts: jobs come first, and nothing is begun that nobody needs."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from facegui.core.boxes import Box, Detection
from facegui.core.drafts import Drafts
from facegui.core.errors import UserError
from facegui.core.project import Project
from facegui.ml.draft_messages import DraftRequest, OpinionRequest, PhotoDraft, Request
from facegui.workers import drafting
from facegui.workers.draft_process import DraftProcess
from facegui.workers.drafting import Drafting, DraftingState
from facegui.workers.job import Job
from facegui.workers.job_board import JobBoard
from facegui.workers.label_reader import PhotoEntry, read_entry
from facegui.workers.project_store import ProjectStore

FACE = Box(20.0, 30.0, 100.0, 140.0)


class FakeProcess(DraftProcess):
    """Notes what it is asked for; the test answers."""

    def __init__(self) -> None:
        super().__init__()
        self.requests: list[Request] = []
        self.ended = 0

    def ask(self, request: Request, cache_folder: Path) -> None:  # noqa: ARG002
        assert not self._busy
        self._busy = True
        self.requests.append(request)

    def end(self) -> None:
        self.ended += 1
        self._busy = False

    def answer(self, project: Project) -> None:
        """Drafts all that it was asked for, or doubts nothing."""
        request = self.requests[-1]
        if isinstance(request, DraftRequest):
            drafts = [
                PhotoDraft(photo, (Detection(FACE, 0.9),), 0.9) for photo in request.unlabelled
            ]
            self.drafted.emit(tuple(drafts))
            assert set(project.drafts.names) >= {draft.photo.name for draft in drafts}
        else:
            self.judged.emit(())
        self._busy = False
        self.done.emit()


@pytest.fixture
def process() -> FakeProcess:
    return FakeProcess()


@pytest.fixture
def subject(
    demo_project: Project,
    store: ProjectStore,
    board: JobBoard,
    process: FakeProcess,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Drafting]:
    """Of twelve photos eight are labelled, and the user labels on."""
    monkeypatch.setattr(drafting, "PAUSE_MS", 0)
    for photo in demo_project.photos[:4]:
        demo_project.clear_label(photo)
    made = Drafting(store, board, process)
    made.look(entries(demo_project))
    yield made
    made.shut_down()
    board.shut_down()


def entries(project: Project) -> dict[str, PhotoEntry]:
    read = [read_entry(project, photo.name) for photo in project.photos]
    return {entry.name: entry for entry in read if entry is not None}


def label(project: Project, subject: Drafting, *numbers: int) -> None:
    for number in numbers:
        project.set_label(project.photos[number], [FACE])
    subject.look(entries(project))


def test_it_begins_when_the_user_labels(
    subject: Drafting, process: FakeProcess, qtbot: QtBot
) -> None:
    qtbot.waitUntil(lambda: subject.news.state is DraftingState.RESTING)
    assert process.requests == []
    subject.enter()
    qtbot.waitUntil(lambda: subject.news.state is DraftingState.WORKING)
    assert len(process.requests) == 1


def test_a_job_comes_first_and_drafting_goes_on_after_it(
    subject: Drafting, process: FakeProcess, board: JobBoard, qtbot: QtBot
) -> None:
    subject.enter()
    qtbot.waitUntil(lambda: process.busy)
    may_end = threading.Event()
    board.start(Job("Training", lambda _report, _stop: may_end.wait(10)))
    assert not process.busy
    assert subject.news.state is DraftingState.WAITING
    assert subject.news.waits_for == "Training"
    with qtbot.waitSignal(board.ended):
        may_end.set()
    qtbot.waitUntil(lambda: process.busy)
    assert len(process.requests) == 2


def test_what_broke_off_is_done_again(
    subject: Drafting, process: FakeProcess, qtbot: QtBot
) -> None:
    subject.enter()
    qtbot.waitUntil(lambda: process.busy)
    subject.leave()
    subject.enter()
    qtbot.waitUntil(lambda: len(process.requests) == 2)
    assert process.requests[0] == process.requests[1]


def test_it_learns_again_after_two_labels_not_after_one(
    subject: Drafting, process: FakeProcess, demo_project: Project, qtbot: QtBot
) -> None:
    subject.enter()
    qtbot.waitUntil(lambda: process.busy)
    process.answer(demo_project)
    label(demo_project, subject, 0)
    qtbot.waitUntil(lambda: subject.news.labelled == 9)
    assert len(process.requests) == 1
    label(demo_project, subject, 1)
    qtbot.waitUntil(lambda: len(process.requests) == 2)
    request = process.requests[1]
    assert isinstance(request, DraftRequest)
    assert len(request.labelled) == 10
    assert len(request.unlabelled) == 2


def test_the_process_is_ended_when_nothing_is_to_do_for_long(
    subject: Drafting, process: FakeProcess, demo_project: Project, qtbot: QtBot
) -> None:
    subject._idle.setInterval(0)
    subject.enter()
    qtbot.waitUntil(lambda: process.busy)
    assert process.ended == 0
    process.answer(demo_project)
    qtbot.waitUntil(lambda: process.ended == 1)


def test_when_all_is_labelled_there_is_a_second_opinion_once(
    subject: Drafting, process: FakeProcess, demo_project: Project, qtbot: QtBot
) -> None:
    label(demo_project, subject, 0, 1, 2, 3)
    subject.enter()
    qtbot.waitUntil(lambda: process.busy)
    assert isinstance(process.requests[0], OpinionRequest)
    process.answer(demo_project)
    subject.look(entries(demo_project))
    with qtbot.waitSignal(subject.changed, raising=False, timeout=50):
        pass
    assert len(process.requests) == 1
    subject.ask_opinion()
    assert len(process.requests) == 2


def test_a_failure_is_told_and_new_labels_try_again(
    subject: Drafting, process: FakeProcess, demo_project: Project, qtbot: QtBot
) -> None:
    subject.enter()
    qtbot.waitUntil(lambda: process.busy)
    process._busy = False
    process.failed.emit(UserError("The weights are not there.", "Fetch them."))
    assert subject.news.state is DraftingState.FAILED
    assert subject.news.error is not None
    label(demo_project, subject, 0, 1)
    qtbot.waitUntil(lambda: len(process.requests) == 2)


def test_a_full_disk_ends_it(
    subject: Drafting,
    process: FakeProcess,
    demo_project: Project,
    qtbot: QtBot,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise UserError("The disk is full.", "Free some space.")

    subject.enter()
    qtbot.waitUntil(lambda: process.busy)
    monkeypatch.setattr(Drafts, "set_draft", refuse)
    request = process.requests[0]
    assert isinstance(request, DraftRequest)
    process.drafted.emit((PhotoDraft(request.unlabelled[0], (), 0.5),))
    assert subject.news.state is DraftingState.FAILED
    assert not process.busy
    assert demo_project.drafts.names == ()


def test_photos_that_came_after_a_round_are_drafted_without_another_label(
    subject: Drafting, process: FakeProcess, demo_project: Project, qtbot: QtBot
) -> None:
    before = entries(demo_project)
    newcomer = demo_project.photos[0].name
    del before[newcomer]
    subject.look(before)
    subject.enter()
    qtbot.waitUntil(lambda: process.busy)
    process.answer(demo_project)
    subject.look(entries(demo_project))
    qtbot.waitUntil(lambda: len(process.requests) == 2)
    request = process.requests[1]
    assert isinstance(request, DraftRequest)
    assert newcomer in [photo.name for photo in request.unlabelled]


def test_a_photo_that_gets_no_draft_is_not_asked_for_again_and_again(
    subject: Drafting, process: FakeProcess, demo_project: Project, qtbot: QtBot
) -> None:
    subject.enter()
    qtbot.waitUntil(lambda: process.busy)
    process._busy = False
    process.done.emit()  # all photos are damaged
    subject.look(entries(demo_project))
    with qtbot.waitSignal(subject._timer.timeout):
        pass
    assert len(process.requests) == 1


def test_what_was_labelled_meanwhile_gets_no_draft(
    subject: Drafting, process: FakeProcess, demo_project: Project, qtbot: QtBot
) -> None:
    subject.enter()
    qtbot.waitUntil(lambda: process.busy)
    request = process.requests[0]
    assert isinstance(request, DraftRequest)
    label(demo_project, subject, 0)
    process.drafted.emit(tuple(PhotoDraft(photo, (), 0.9) for photo in request.unlabelled))
    demo_project.clear_label(demo_project.photos[0])
    assert demo_project.drafts.draft(demo_project.photos[0]) is None


def test_a_second_opinion_that_was_asked_for_comes_while_drafting_is_off(
    subject: Drafting, process: FakeProcess, demo_project: Project, qtbot: QtBot
) -> None:
    subject.set_on(False)
    subject.enter()
    subject.ask_opinion()
    assert isinstance(process.requests[0], OpinionRequest)
    process.answer(demo_project)
    assert subject.has_judged
    qtbot.waitUntil(lambda: subject.news.state is DraftingState.OFF)
    assert len(process.requests) == 1


def test_a_second_opinion_that_broke_off_is_given_afterwards(
    subject: Drafting, process: FakeProcess, qtbot: QtBot
) -> None:
    subject.enter()
    subject.ask_opinion()
    assert isinstance(process.requests[-1], OpinionRequest)
    subject.leave()
    subject.enter()
    qtbot.waitUntil(lambda: process.busy)
    assert isinstance(process.requests[-1], OpinionRequest)


def test_switching_off_ends_a_second_opinion_for_good(
    subject: Drafting, process: FakeProcess
) -> None:
    subject.enter()
    subject.ask_opinion()
    subject.set_on(False)
    assert not process.busy
    assert subject.news.state is DraftingState.OFF
    assert len(process.requests) == 1


def test_a_second_opinion_that_failed_says_nothing_of_the_labels(
    subject: Drafting, process: FakeProcess, demo_project: Project, qtbot: QtBot
) -> None:
    label(demo_project, subject, 0, 1, 2, 3)
    subject.enter()
    qtbot.waitUntil(lambda: process.busy)
    process._busy = False
    process.failed.emit(UserError("The weights are not there.", "Fetch them."))
    assert not subject.has_judged
    subject.look(entries(demo_project))
    with qtbot.waitSignal(subject._timer.timeout):
        pass
    assert len(process.requests) == 1, "the same labels would fail again"
    subject.ask_opinion()
    assert len(process.requests) == 2
