"""Looks at photos in the background, to tell which are unlike those that are labelled."""

from __future__ import annotations

from collections.abc import Collection
from functools import partial

from PySide6.QtCore import QObject, Signal

from facegui.core.novelty import Novelty
from facegui.core.progress import StopToken
from facegui.core.project import Project
from facegui.workers.newest import NewestWork


class NoveltyLook(QObject):
    """Finds the novelty of a project's photos; what was seen of them is in its cache.

    Signals:
        found(Novelty): of the photos as they were when it was asked.
    """

    found = Signal(object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._work = NewestWork(self, patient=True)
        self._work.succeeded.connect(self.found)

    def look(self, project: Project, labelled: Collection[str]) -> None:
        """Looks at all photos, at some 10 ms each the first time."""
        self._work.ask(partial(_look, project, frozenset(labelled)))

    def forget(self) -> None:
        """Another project: nothing is wanted any more."""
        self._work.forget()

    def shut_down(self) -> None:
        self._work.shut_down()


def _look(project: Project, labelled: frozenset[str], _report: object, stop: StopToken) -> Novelty:
    facts = project.facts.facts(project.photos, stop=stop)
    novelty = Novelty({name: seen.pattern for name, seen in facts.items()})
    novelty.count(labelled)
    return novelty
