"""What a project remembers beyond its files: splits, sessions, settings, facts of photos."""

from __future__ import annotations

import contextlib
import logging
import threading
import time
from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import asdict, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from facegui.core.courtesy import politely
from facegui.core.errors import UserError, disk_error
from facegui.core.photo_facts import FactsCache
from facegui.core.photo_library import Photo, PhotoLibrary, PhotoState, Sample
from facegui.core.progress import Report, StopToken, ignore_progress
from facegui.core.project_folder import INDEX_NAME
from facegui.core.project_index import PhotoRecord, ProjectIndex, Session
from facegui.core.splits import Relations, Split, SplitSettings, assign_splits

log = logging.getLogger(__name__)


SESSION_GAP_S = 30 * 60.0
"""After so long without a photo the next one begins another session."""


class RememberingLibrary(PhotoLibrary):
    """Photos and labels, and what `project.json` and the cache hold of them.

    Args:
        folder: of the project.
        index: what its `project.json` says.
        writable: whether anything there may be changed.
    """

    def __init__(self, folder: Path, index: ProjectIndex, *, writable: bool) -> None:
        super().__init__(folder, writable=writable, known=index.photos)
        self._index = index
        self._saving = threading.Lock()
        self._saves = self._saved = 0
        self._sittings: dict[str, tuple[str, float]] | None = None
        self.facts = FactsCache(self.cache_folder, self.photos_folder, writable=writable)

    @property
    def cache_folder(self) -> Path:
        return self.folder / "cache"

    def record(self, name: str) -> PhotoRecord:
        return self._index.photos.get(name, PhotoRecord())

    @property
    def records(self) -> dict[str, PhotoRecord]:
        """What is remembered of each photo by name, also of those that are away."""
        with self._mutex:
            return dict(self._index.photos)

    def split(self, photo: Photo) -> Split | None:
        return self.record(photo.name).split

    def assign_missing_splits(
        self, report: Report = ignore_progress, stop: StopToken | None = None
    ) -> None:
        """Gives labelled photos that have no split one; see `missing_splits`.

        Raises:
            UserError: when the project cannot be written.
            Cancelled: when `stop` was cancelled.
        """
        splits = self.missing_splits(report, stop)
        if splits:
            self._check_writable()
            self.give_splits(splits)

    def missing_splits(
        self, report: Report = ignore_progress, stop: StopToken | None = None
    ) -> dict[str, Split]:
        """What labelled photos that have no split would get as one; see `assign_splits`.

        The first time it looks at every photo, at some 10 ms each.

        Raises:
            Cancelled: when `stop` was cancelled.
        """
        kinds = self.kinds()
        given = {name: split for name in kinds if (split := self.record(name).split)}
        if kinds.keys() == given.keys():
            return {}
        relations = self.relations(kinds, report, stop)
        splits = assign_splits(kinds, given, self.split_settings, relations)
        return {name: splits[name] for name in splits.keys() - given.keys()}

    def kinds(self) -> dict[str, str]:
        """What splits are balanced by, for each labelled photo: whether it shows a face."""
        labelled = (PhotoState.FACES, PhotoState.NO_FACE)
        states = {photo.name: self.state(photo) for photo in self.photos}
        return {name: state.value for name, state in states.items() if state in labelled}

    def relations(
        self, names: Container[str], report: Report = ignore_progress, stop: StopToken | None = None
    ) -> Relations:
        """Which of these photos are near-copies, or of one session.

        Raises:
            Cancelled: when `stop` was cancelled.
        """
        photos = [photo for photo in self.photos if photo.name in names]
        sessions = {photo.name: self.record(photo.name).session for photo in photos}
        return Relations(sessions, self.facts.pairs(photos, report, stop))

    def give_splits(self, splits: Mapping[str, Split]) -> None:
        """Remembers splits of photos, in place of those that they had.

        Raises:
            UserError: when the project cannot be written.
        """
        with self._mutex:
            for name, split in splits.items():
                self._index.photos[name] = replace(self.record(name), split=split)
            if splits:
                self._save_or_explain("saving the splits")

    def samples(self, split: Split | None = None) -> tuple[Sample, ...]:
        """The labelled photos of a split, or of all; broken ones left out.

        `broken_labels` tells which those are.
        """
        samples = []
        for photo in politely(self.photos):
            if split is not None and self.split(photo) is not split:
                continue
            if self.state(photo) in (PhotoState.FACES, PhotoState.NO_FACE):
                samples.append(Sample(photo, self.label(photo) or ()))
        return tuple(samples)

    @property
    def sessions(self) -> dict[str, Session]:
        return dict(self._index.sessions)

    def people_in(self, sessions: Iterable[str | None]) -> tuple[tuple[str, ...], int]:
        """Who is noted in these sessions, and in how many of them nobody is."""
        known = self.sessions
        noted = [known[key].people if key in known else () for key in sessions]
        return tuple(sorted({name for people in noted for name in people})), noted.count(())

    def new_session(self, title: str) -> str:
        """The key of a new session; written to disk with the first photo in it."""
        with self._mutex:
            now = datetime.now().astimezone()
            key, number = now.strftime("%Y%m%d-%H%M%S"), 2
            while key in self._index.sessions:
                key, number = f"{now:%Y%m%d-%H%M%S}-{number}", number + 1
            self._index.sessions[key] = Session(title, now.isoformat(timespec="seconds"))
            return key

    def sitting(self, title: str, people: Sequence[str] = (), *, anew: bool = False) -> str:
        """The key of the session that a photo belongs to which is taken now.

        Photos of one title, that is, of one camera, belong together until there is a long
        break, until somebody else is in them, or until it is said that they do not; also
        where the program was started again in between.

        Args:
            title: of the session.
            people: who is in the photos; nobody where it was not said.
            anew: begins another session, however soon this photo came.
        """
        with self._mutex:
            if anew:
                self._sittings = {}
            elif self._sittings is None:
                self._sittings = self._broken_off()
            now_s = time.time()
            key, until_s = self._sittings.get(title, ("", now_s))
            session = self._index.sessions.get(key)  # None: it was forgotten meanwhile
            is_other = session and people and session.people and set(people) != set(session.people)
            if session is None or is_other or now_s > until_s:
                key = self.new_session(title)
                session = self._index.sessions[key]
            if people and not session.people:
                self._index.sessions[key] = replace(session, people=tuple(people))
            self._sittings[title] = key, now_s + SESSION_GAP_S
            return key

    def _broken_off(self) -> dict[str, tuple[str, float]]:
        """The newest session of each title, and how long it would have gone on."""
        found: dict[str, tuple[str, float]] = {}
        for photo in self.photos:
            key = self.record(photo.name).session
            session = self._index.sessions.get(key or "")
            if key is None or session is None:
                continue
            with contextlib.suppress(OSError):
                until_s = photo.path.stat().st_mtime + SESSION_GAP_S
                if until_s > found.get(session.title, ("", 0.0))[1]:
                    found[session.title] = key, until_s
        return found

    def adopt_session(self, key: str, session: Session) -> str:
        """The key here of a session of another project; written with the first photo in it.

        A session that was taken over before is found again, whoever was noted in it since.
        """
        with self._mutex:
            candidate, number = key, 2
            while candidate in self._index.sessions:
                there = self._index.sessions[candidate]
                if (there.title, there.started) == (session.title, session.started):
                    people = tuple(dict.fromkeys((*there.people, *session.people)))
                    self._index.sessions[candidate] = replace(there, people=people)
                    return candidate
                candidate, number = f"{key}-{number}", number + 1
            self._index.sessions[candidate] = session
            return candidate

    def note_people(self, session: str, people: Iterable[str]) -> None:
        """Notes who is in the photos of a session.

        Raises:
            KeyError: where there is no such session.
            UserError: when the project cannot be written.
        """
        with self._mutex:
            self._index.sessions[session] = replace(
                self._index.sessions[session], people=tuple(dict.fromkeys(people))
            )
            self._save_or_explain("saving who is in the photos")

    def forget_origin(self, name: str) -> None:
        """Forgets which file a photo came from: another one lies in its place now.

        Raises:
            UserError: when the project cannot be written.
        """
        with self._mutex:
            self._remember({name: replace(self.record(name), digest=None)})

    def forget_sessions(self, sessions: Iterable[str]) -> None:
        """Forgets what is remembered of photos of these sessions that are not there.

        The sessions themselves, too, unless a photo of theirs came in meanwhile.

        Raises:
            UserError: when the project cannot be written.
        """
        with self._mutex:
            gone = set(sessions)
            here = {photo.name for photo in self.photos}
            kept = {self.record(name).session for name in here}
            for name, record in list(self._index.photos.items()):
                if record.session in gone and name not in here:
                    del self._index.photos[name]
            for key in gone - kept:
                self._index.sessions.pop(key, None)
            self._save_or_explain("forgetting sessions")

    @property
    def split_settings(self) -> SplitSettings:
        try:
            return SplitSettings(**self.settings("splits"))
        except (TypeError, ValueError) as error:
            log.warning("ignoring the split settings of %s: %s", self.folder, error)
            return SplitSettings()

    @split_settings.setter
    def split_settings(self, settings: SplitSettings) -> None:
        self.save_settings("splits", asdict(settings))

    def settings(self, part: str) -> dict[str, Any]:
        """The settings that one part of the program keeps in the project, as JSON values."""
        return dict(self._index.settings.get(part, {}))

    def save_settings(self, part: str, values: dict[str, Any]) -> None:
        """Raises `UserError` when the project cannot be written; then the old ones stand."""
        with self._mutex:
            before = dict(self._index.settings)
            self._index.settings[part] = values
            try:
                self._save_or_explain("saving the settings")
            except UserError:
                self._index.settings = before
                raise

    def _remember(self, records: Mapping[str, PhotoRecord]) -> None:
        self._index.photos.update(records)
        self._save()

    def _save(self) -> None:
        self._write_index(self._prepare_save())

    def _prepare_save(self) -> tuple[int, ProjectIndex]:
        """What is to be written, as it is now, and which save it is."""
        self._check_writable()
        with self._mutex:
            self._saves += 1
            index = self._index
            copied = replace(
                index,
                photos=dict(index.photos),
                sessions=dict(index.sessions),
                settings=dict(index.settings),
            )
            return self._saves, copied

    def _write_index(self, ready: tuple[int, ProjectIndex]) -> None:
        """Writes `project.json`, unless what was prepared later is there already."""
        number, index = ready
        with self._saving:
            if number > self._saved:
                index.save(self.folder / INDEX_NAME)
                self._saved = number

    def _save_or_explain(self, doing: str) -> None:
        try:
            self._save()
        except OSError as error:
            raise disk_error(error, doing) from error
