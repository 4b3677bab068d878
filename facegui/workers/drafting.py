"""When the network drafts: while the user labels, and never while something else is wanted."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

from PySide6.QtCore import QObject, QTimer, Signal, Slot

from facegui.core.boxes import Box
from facegui.core.errors import UserError
from facegui.core.mistakes import PhotoMistakes
from facegui.core.photo_library import PhotoState, Sample
from facegui.core.progress import Progress
from facegui.ml.draft_messages import (
    LEAST_LABELLED,
    SOURCE,
    DraftRequest,
    OpinionRequest,
    PhotoDraft,
)
from facegui.workers.draft_process import DraftProcess
from facegui.workers.job import Job
from facegui.workers.job_board import JobBoard
from facegui.workers.label_reader import PhotoEntry
from facegui.workers.project_store import ProjectStore

log = logging.getLogger(__name__)

SETTINGS_KEY = "drafts"
"""Under which a project keeps whether drafting is on, and which doubts were answered."""
PAUSE_MS = 700
"""Labels come in bursts: so long after the last one it begins."""
LEAST_NEW_LABELS = 2
"""It learns anew from so many new labels on, or an eighth of all if that is more."""
IDLE_MS = 120_000
"""After so long without work the process is ended: TensorFlow keeps a gigabyte of memory."""
STRONG_DOUBT = 0.4
"""Of a disagreement that is worth a look: a confidence, or 1 - IoU of a box."""

# Looked up once: in Python 3.11 that takes a call, and 10,000 photos are looked at at once.
_LABELLED = (PhotoState.FACES, PhotoState.NO_FACE)
_UNLABELLED = PhotoState.UNLABELLED
_Label = tuple[Box, ...]


class DraftingState(Enum):
    """What drafting does now."""

    OFF = "off"
    FEW_LABELS = "few labels"
    RESTING = "resting"
    WAITING = "waiting"
    WORKING = "working"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class DraftingNews:
    """What drafting does now, and why.

    Args:
        state: in a word.
        labelled: how many photos are.
        progress: of the work, while it works.
        waits_for: title of the job that comes first.
        error: why it failed.
    """

    state: DraftingState = DraftingState.OFF
    labelled: int = 0
    progress: Progress | None = None
    waits_for: str = ""
    error: UserError | None = None


class Drafting(QObject):
    """Has photos drafted in a process of its own, from the eighth label on.

    It works only between `enter` and `leave`, while no job runs: video and jobs come
    first, and what it was at then is dropped.

    Signals:
        changed(): `news` are others now.
        doubts_changed(): `doubts` are others now.

    Args:
        store: whose project gets the drafts.
        board: whose jobs come first.
        process: another one in tests.
    """

    changed = Signal()
    doubts_changed = Signal()

    def __init__(
        self,
        store: ProjectStore,
        board: JobBoard,
        process: DraftProcess | None = None,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._store, self._board = store, board
        self._process = process or DraftProcess()
        self._process.setParent(self)
        self._entries: Mapping[str, PhotoEntry] = {}
        self._spared: str | None = None
        self._rejected: set[str] = set()
        self._asked: dict[str, _Label] = {}
        self._asked_photos: set[str] = set()
        self._offered: set[str] = set()
        self._failed_on: dict[str, _Label] | None = None
        self._learned: dict[str, _Label] = {}
        self._judged: dict[str, _Label] = {}
        self._doubts: tuple[PhotoMistakes, ...] = ()
        self._asked_opinion = self._is_judging = False
        self._entered = False
        self.news = DraftingNews()
        self._timer = QTimer(self, singleShot=True, interval=PAUSE_MS)
        self._timer.timeout.connect(self._consider)
        self._idle = QTimer(self, singleShot=True, interval=IDLE_MS)
        self._idle.timeout.connect(self._process.end)
        self._process.progressed.connect(self._on_progressed)
        self._process.drafted.connect(self._on_drafted)
        self._process.judged.connect(self._on_judged)
        self._process.done.connect(self._on_done)
        self._process.failed.connect(self._on_failed)
        store.opened.connect(self._on_opened)
        board.started.connect(self._on_job)
        board.ended.connect(self._on_job)

    # What the user decides

    @property
    def is_on(self) -> bool:
        """Whether this project wants drafts."""
        project = self._store.project
        return project is not None and project.settings(SETTINGS_KEY).get("on", True) is True

    def set_on(self, on: bool) -> None:
        """Off ends also a second opinion that was asked for.

        Raises:
            UserError: when the project cannot be written.
        """
        self._save(on=on)
        if not on:
            self._asked_opinion = False
            self._process.end()
        self._consider()

    def spare(self, name: str | None) -> None:
        """The photo of this name is being looked at: its draft stays as it is."""
        self._spared = name

    def reject(self, name: str) -> None:
        """The draft of this photo was no good: it gets no other, unless that is taken back."""
        self._rejected.add(name)

    # What happens around it

    def enter(self) -> None:
        """The user labels now."""
        self._entered = True
        self._timer.start()

    def leave(self) -> None:
        """The user does something else: the machine is free at once."""
        self._entered = False
        self._timer.stop()
        self._process.end()

    def shut_down(self) -> None:
        self._timer.stop()
        self._idle.stop()
        self._process.shut_down()

    def look(self, entries: Mapping[str, PhotoEntry]) -> None:
        """Tells what is labelled now; looked at after a pause."""
        self._entries = entries
        self._timer.start()

    @Slot()
    def _on_opened(self) -> None:
        self._process.end()
        self._entries, self._spared = {}, None
        self._offered, self._failed_on = set(), None
        self._learned, self._judged, self._doubts = {}, {}, ()
        self._rejected.clear()
        self._asked_opinion = False
        self.news = DraftingNews()
        self._timer.start()
        self.doubts_changed.emit()

    @Slot(object)
    def _on_job(self, job: Job) -> None:  # noqa: ARG002
        if self._board.job is not None:
            self._process.end()
            self._consider()
        else:
            self._timer.start()

    # Second opinion

    @property
    def doubts(self) -> tuple[PhotoMistakes, ...]:
        """Labels that the network strongly disagrees with, the worst first.

        Not those that were changed since, nor those that the user stands by.
        """
        confirmed = self._confirmed()
        return tuple(
            photo
            for photo in self._doubts
            if photo.badness >= STRONG_DOUBT
            and photo.name in self._entries
            and self._entries[photo.name].boxes == self._judged.get(photo.name)
            and confirmed.get(photo.name) != _as_json(self._judged[photo.name])
        )

    @property
    def has_judged(self) -> bool:
        """Whether there is an opinion on the labels as they are now."""
        return bool(self._judged) and self._labels() == self._judged

    def ask_opinion(self) -> None:
        """Has all labels looked at again; see `doubts` once that is done."""
        self._asked_opinion = True
        self._consider()

    def confirm(self, name: str) -> None:
        """The label is right, whatever the network thinks of it.

        Raises:
            UserError: when the project cannot be written.
        """
        if name in self._judged:
            confirmed = {**self._confirmed(), name: _as_json(self._judged[name])}
            self._save(confirmed=confirmed)
            self.doubts_changed.emit()

    def _confirmed(self) -> dict[str, object]:
        project = self._store.project
        kept = project.settings(SETTINGS_KEY).get("confirmed") if project else None
        return kept if isinstance(kept, dict) else {}

    # When it works

    @Slot()
    def _consider(self) -> None:
        """Begins, or says why not."""
        labels = self._labels()
        if self._process.busy:
            return
        # A second opinion that was asked for is given also while drafting is switched off.
        if self._store.project is None or not (self.is_on or self._asked_opinion):
            self._tell(DraftingState.OFF, labels)
        elif len(labels) < LEAST_LABELLED:
            self._tell(DraftingState.FEW_LABELS, labels)
        elif self._board.job is not None:
            self._tell(DraftingState.WAITING, labels, waits_for=self._board.job.title)
        elif not self._entered:
            self._tell(DraftingState.RESTING, labels)
        elif self._asked_opinion:
            self._ask(labels, judging=True)
        elif self._wants_drafts(labels):
            self._ask(labels, judging=False)
        elif self._wants_opinion(labels):
            self._ask(labels, judging=True)
        elif self.news.state is not DraftingState.FAILED:
            self._tell(DraftingState.RESTING, labels)

    def _labels(self) -> dict[str, _Label]:
        return {
            entry.name: entry.boxes for entry in self._entries.values() if entry.state in _LABELLED
        }

    def _to_draft(self) -> list[PhotoEntry]:
        return [
            entry
            for entry in self._entries.values()
            if entry.state is _UNLABELLED and not self._is_rejected(entry)
        ]

    def _is_rejected(self, entry: PhotoEntry) -> bool:
        """With a draft the rejection was taken back."""
        return entry.name in self._rejected and entry.draft is None

    def _wants_drafts(self, labels: dict[str, _Label]) -> bool:
        if any(entry.state is None for entry in self._entries.values()):
            return False  # labels are still being read
        to_draft = self._to_draft()
        new = sum(self._learned.get(name) != boxes for name, boxes in labels.items())
        enough = new >= max(LEAST_NEW_LABELS, len(labels) // 8)
        never = any(e.draft is None and e.name not in self._offered for e in to_draft)
        return bool(to_draft) and (enough or never)

    def _wants_opinion(self, labels: dict[str, _Label]) -> bool:
        """Once, when all is labelled, and again when labels have changed much."""
        all_done = all(entry.state in _LABELLED for entry in self._entries.values())
        new = sum(self._judged.get(name) != boxes for name, boxes in labels.items())
        return all_done and new > len(labels) // 4 and labels != self._failed_on

    def _ask(self, labels: dict[str, _Label], *, judging: bool) -> None:
        """Asks for drafts, or for a second opinion."""
        project = self._store.project
        assert project is not None
        try:
            samples = tuple(Sample(project.photo(name), boxes) for name, boxes in labels.items())
            photos = tuple(project.photo(entry.name) for entry in self._to_draft())
        except KeyError:
            return  # a photo went just now; the news of it is on the way
        self._asked, self._is_judging = labels, judging
        self._asked_photos = {photo.name for photo in photos}
        self._idle.stop()
        request = OpinionRequest(samples) if judging else DraftRequest(samples, photos)
        self._process.ask(request, project.cache_folder)
        self._tell(DraftingState.WORKING, labels)

    # What the process says

    @Slot(object)
    def _on_progressed(self, progress: Progress) -> None:
        self._tell(DraftingState.WORKING, self._labels(), progress)

    @Slot(object)
    def _on_drafted(self, drafts: tuple[PhotoDraft, ...]) -> None:
        project = self._store.project
        if project is None:
            return
        changed = []
        for draft in drafts:
            name = draft.photo.name
            entry = self._entries.get(name)
            if entry is None or entry.state in _LABELLED or self._is_rejected(entry):
                continue
            if name == self._spared and entry.draft is not None:
                continue  # it is being looked at
            try:
                project.drafts.set_draft(draft.photo, draft.detections, SOURCE, draft.certainty)
            except UserError as error:
                self._process.end()
                self._on_failed(error)
                return
            changed.append(name)
        self._store.drafts_changed.emit(tuple(changed))

    @Slot(object)
    def _on_judged(self, photos: tuple[PhotoMistakes, ...]) -> None:
        self._judged, self._doubts, self._asked_opinion = self._asked, photos, False
        self.doubts_changed.emit()

    @Slot()
    def _on_done(self) -> None:
        if not self._is_judging:
            self._learned, self._offered = self._asked, self._asked_photos
        self._tell(DraftingState.RESTING, self._labels())
        self._timer.start()
        self._idle.start()

    @Slot(object)
    def _on_failed(self, error: UserError) -> None:
        log.warning("drafting failed: %s %s", error, error.details)
        # Else it would fail again at once; new labels have it try again.
        if self._is_judging:
            self._judged, self._doubts, self._asked_opinion = {}, (), False
            self._failed_on = self._asked
            self.doubts_changed.emit()
        else:
            self._learned, self._offered = self._asked, self._asked_photos
        self._tell(DraftingState.FAILED, self._labels(), error=error)

    def _tell(
        self,
        state: DraftingState,
        labels: Mapping[str, _Label],
        progress: Progress | None = None,
        waits_for: str = "",
        error: UserError | None = None,
    ) -> None:
        news = DraftingNews(state, len(labels), progress, waits_for, error)
        if news != self.news:
            self.news = news
            self.changed.emit()

    def _save(self, **values: object) -> None:
        project = self._store.project
        if project is not None:
            project.save_settings(SETTINGS_KEY, {**project.settings(SETTINGS_KEY), **values})


def _as_json(boxes: _Label) -> list[list[float]]:
    return [list(box.corners) for box in boxes]
