"""Photos from files and folders into the project, with a report in words."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, Signal, Slot

from facegui.core.import_plan import survey
from facegui.core.importing import ImportReport, import_plan
from facegui.core.photo_library import Changes
from facegui.core.progress import Progress, Report, StopToken
from facegui.core.project import Project
from facegui.workers.job import Job
from facegui.workers.job_board import JobBoard
from facegui.workers.project_store import ProjectStore

log = logging.getLogger(__name__)

_NAMED = 3
"""So many files that were left out are named, the others counted."""


class PhotoImport(QObject):
    """Runs imports on the board and tells the store what came of them.

    Signals:
        reported(str): what came in, what was left out and why.
        failed(Exception): nothing more came in.
    """

    reported = Signal(str)
    failed = Signal(object)

    def __init__(self, store: ProjectStore, board: JobBoard, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._store = store
        self._board = board
        self._project: Project | None = None
        self._before: frozenset[str] = frozenset()
        self._labels_taken: tuple[str, ...] = ()

    def start(self, sources: Sequence[Path]) -> None:
        """Imports files and folders; the board must be free and a project open."""
        project = self._store.project
        if project is None or self._board.job is not None or not sources:
            return
        self._project = project
        self._before = _names(project)
        self._labels_taken = ()
        job = Job("Importing photos", partial(_import, project, tuple(sources)))
        job.succeeded.connect(self._on_succeeded)
        job.failed.connect(self.failed)
        job.cancelled.connect(self._on_cancelled)
        job.finished.connect(self._on_finished)
        self._board.start(job)

    @Slot(object)
    def _on_succeeded(self, report: ImportReport) -> None:
        self._labels_taken = report.labels_taken
        self.reported.emit(import_in_words(report))

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


def _import(
    project: Project, sources: tuple[Path, ...], report: Report, stop: StopToken
) -> ImportReport:
    with survey(sources, report, stop) as plan:
        log.info("%s", plan.in_words())
        report(Progress(0, len(plan.pictures), plan.in_words()))
        # Boxes in a face detector's photos, none of them called a face: they are the faces.
        return import_plan(project, plan, report, stop, take_all_labels=plan.names_no_face)


def _names(project: Project) -> frozenset[str]:
    return frozenset(photo.name for photo in project.photos)


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def _list_in_words(findings: Sequence[tuple[str, str]]) -> str:
    """ "a.txt (no picture), b.jpg (damaged) and 4 more"."""
    named = ", ".join(f"{name} ({reason.rstrip('.')})" for name, reason in findings[:_NAMED])
    rest = len(findings) - _NAMED
    return f"{named} and {rest} more" if rest > 0 else named
