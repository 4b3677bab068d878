"""Photos from files and folders into the project, with a report in words."""

from __future__ import annotations

import logging
import threading
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, Signal, Slot
from PySide6.QtWidgets import QWidget

from facegui.core.errors import Cancelled
from facegui.core.import_plan import ImportPlan, survey
from facegui.core.importing import ImportReport, import_plan
from facegui.core.packing import is_packed_project
from facegui.core.photo_library import Changes
from facegui.core.progress import Progress, Report, StopToken
from facegui.core.project import Project
from facegui.core.unpacking import is_zip
from facegui.ui.import_questions import ImportChoice, ask_about_import, has_questions
from facegui.workers.job import Job
from facegui.workers.job_board import JobBoard
from facegui.workers.project_store import ProjectStore

log = logging.getLogger(__name__)

_LOOK_EVERY_S = 0.1
_NAMED = 3
"""So many files that were left out are named, the others counted."""


AskImport = Callable[[ImportPlan, QWidget], ImportChoice | None]
"""Has the user say what an import has to know; None where they would rather not import."""


class _Inquiry:
    """A question that the work has for the window, and waits for."""

    def __init__(self, plan: ImportPlan, stop: StopToken) -> None:
        self.plan = plan
        self.stop = stop
        self._choice: ImportChoice | None = None
        self._answered = threading.Event()

    def answer(self, choice: ImportChoice | None) -> None:
        self._choice = choice
        self._answered.set()

    def wait(self) -> ImportChoice:
        """Raises `Cancelled` where the user would rather not import."""
        while not self._answered.wait(_LOOK_EVERY_S):
            self.stop.raise_if_cancelled()
        if self._choice is None:
            raise Cancelled
        return self._choice


@dataclass(frozen=True, slots=True)
class _Done:
    """What came in, and whether some of it was a packed project."""

    report: ImportReport
    packed: bool


class PhotoImport(QObject):
    """Runs imports on the board and tells the store what came of them.

    Signals:
        reported(str): what came in, what was left out and why.
        failed(Exception): nothing more came in.

    Args:
        store: with the project that photos come into.
        board: where it runs.
        window: above which questions are asked.
        ask: asks them.
    """

    reported = Signal(str)
    failed = Signal(object)
    _asked = Signal(object)

    def __init__(
        self,
        store: ProjectStore,
        board: JobBoard,
        window: QWidget,
        *,
        ask: AskImport = ask_about_import,
    ) -> None:
        super().__init__(window)
        self._store = store
        self._board = board
        self._window = window
        self._ask = ask
        self._project: Project | None = None
        self._before: frozenset[str] = frozenset()
        self._labels_taken: tuple[str, ...] = ()
        self._asked.connect(self._on_asked)

    def start(self, sources: Sequence[Path]) -> None:
        """Imports files and folders; the board must be free and a project open."""
        project = self._store.project
        if project is None or self._board.job is not None or not sources:
            return
        self._project = project
        self._before = _names(project)
        self._labels_taken = ()
        job = Job("Importing photos", partial(self._import, project, tuple(sources)))
        job.succeeded.connect(self._on_succeeded)
        job.failed.connect(self.failed)
        job.cancelled.connect(self._on_cancelled)
        job.finished.connect(self._on_finished)
        self._board.start(job)

    def _import(
        self, project: Project, sources: tuple[Path, ...], report: Report, stop: StopToken
    ) -> _Done:
        """In the job's thread."""
        with survey(sources, report, stop) as plan:
            log.info("%s", plan.in_words())
            report(Progress(0, len(plan.pictures), plan.in_words()))
            choice = self._inquire(plan, stop) if has_questions(plan) else ImportChoice()
            result = import_plan(
                project,
                plan,
                report,
                stop,
                take_all_labels=choice.take_all_labels,
                frames=choice.frames,
            )
        return _Done(result, any(is_zip(path) and is_packed_project(path) for path in sources))

    def _inquire(self, plan: ImportPlan, stop: StopToken) -> ImportChoice:
        inquiry = _Inquiry(plan, stop)
        self._asked.emit(inquiry)
        return inquiry.wait()

    @Slot(object)
    def _on_asked(self, inquiry: _Inquiry) -> None:
        if not inquiry.stop.cancelled:
            inquiry.answer(self._ask(inquiry.plan, self._window))

    @Slot(object)
    def _on_succeeded(self, done: _Done) -> None:
        self._labels_taken = done.report.labels_taken
        words = import_in_words(done.report)
        if done.packed:
            words += " Runs and settings of a packed project come along where it is opened as one."
        self.reported.emit(words)

    @Slot()
    def _on_cancelled(self) -> None:
        if self._project is not None:
            count = len(_names(self._project) - self._before)
            self.reported.emit(f"Stopped. {_counted(count, 'photo')} came in before.")

    @Slot()
    def _on_finished(self) -> None:
        """By comparing: what came in before a failure or a cancel stays, too."""
        project, self._project = self._project, None
        if project is not None and project is self._store.project:
            now = _names(project)
            self._store.tell(
                Changes(
                    added=tuple(sorted(now - self._before)),
                    removed=tuple(sorted(self._before - now)),
                    changed=tuple(sorted(set(self._labels_taken) & now)),
                )
            )


def import_in_words(report: ImportReport) -> str:
    """What an import did, in a few sentences."""
    count = len(report.photos)
    parts = [
        _counted(report.faces, "face") + " boxed" if report.faces else "",
        f"{report.no_face} without a face" if report.no_face else "",
        f"{report.unlabelled} not labelled yet" if report.unlabelled else "",
    ]
    about = ", ".join(filter(None, parts))
    came = _counted(count, "photo") if count else "No new photo"
    sentences = [f"{came} came in{f' ({about})' if about else ''}."]
    if report.labels_taken:
        photos = _counted(len(report.labels_taken), "photo")
        sentences.append(f"{photos} that were there already got their labels.")
    without_label = len(report.duplicates) - len(report.labels_taken)
    if without_label > 0:
        sentences.append(f"Left out: {without_label} that the project has already.")
    if report.skipped:
        findings = [(finding.path.name, finding.reason) for finding in report.skipped]
        sentences.append(f"Left out: {_list_in_words(findings)}.")
    if report.broken_labels:
        findings = [(finding.path.name, finding.reason) for finding in report.broken_labels]
        sentences.append(f"Labels that could not be read: {_list_in_words(findings)}.")
    if report.other_labels:
        names = ", ".join(
            f"“{name}” on {_counted(n, 'photo')}" for name, n in report.other_labels.items()
        )
        sentences.append(f"Boxes that are no faces were passed over: {names}.")
    if report.notes:
        reasons = Counter(finding.reason for finding in report.notes)
        mended = "; ".join(f"{reason} ({n})" for reason, n in reasons.most_common(_NAMED))
        sentences.append(f"Mended: {mended}.")
    return " ".join(sentences)


def _names(project: Project) -> frozenset[str]:
    return frozenset(photo.name for photo in project.photos)


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def _list_in_words(findings: Sequence[tuple[str, str]]) -> str:
    """ "a.txt (no picture), b.jpg (damaged) and 4 more"."""
    named = ", ".join(f"{name} ({reason.rstrip('.')})" for name, reason in findings[:_NAMED])
    rest = len(findings) - _NAMED
    return f"{named} and {rest} more" if rest > 0 else named
