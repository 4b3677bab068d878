"""What the Augment tab has to know of a project, found out in the background."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from facegui.core.augmented_set import MANIFEST_NAME, AugmentedSet, read_set
from facegui.core.errors import UserError
from facegui.core.photo_library import Sample
from facegui.core.progress import StopToken
from facegui.core.project import Project
from facegui.core.splits import Split
from facegui.workers.thumbnails import changed_ns

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, eq=False)
class SetLook:
    """The photos that copies can be made of, and the copies that there are.

    Args:
        photos: how many the project has, labelled or not.
        samples: the labelled photos of each split.
        made: the set on disk, if there is one.
        of_these_photos: whether it was made of the training photos as they are now.
    """

    photos: int
    samples: Mapping[Split, tuple[Sample, ...]]
    made: AugmentedSet | None
    of_these_photos: bool

    @property
    def training(self) -> tuple[Sample, ...]:
        return self.samples[Split.TRAIN]

    @property
    def labelled(self) -> int:
        return sum(map(len, self.samples.values()))


class SetLooker:
    """Looks at projects, and reads a set again only when another was made. For one thread."""

    def __init__(self) -> None:
        self._read: tuple[Any, AugmentedSet | None] = (None, None)

    def look(self, project: Project, assign: bool, _report: object, stop: StopToken) -> SetLook:
        """Looks at the project.

        Args:
            assign: whether labelled photos without a split are given one first.
            stop: cancels.
        """
        if assign:
            try:
                project.assign_missing_splits(stop=stop)
            except UserError as error:
                # Said when copies are to be made: that cannot be written either.
                log.warning("cannot give photos their splits: %s", error)
        samples = {split: project.samples(split) for split in Split}
        stop.raise_if_cancelled()
        made = self._set_of(project)
        stop.raise_if_cancelled()
        same = made is not None and made.is_current(samples[Split.TRAIN], made.settings)
        return SetLook(len(project.photos), samples, made, same)

    def _set_of(self, project: Project) -> AugmentedSet | None:
        folder = project.augmented_folder
        key = folder, changed_ns(folder / MANIFEST_NAME)
        if self._read[0] != key:
            self._read = key, read_set(folder)
        return self._read[1]
