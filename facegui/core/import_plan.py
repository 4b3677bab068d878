"""What an import understood of its sources, before anything is written."""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from facegui.core.import_files import Finding, FoundPicture, find_pictures
from facegui.core.labelme_shapes import is_face_label
from facegui.core.other_projects import is_in_project
from facegui.core.progress import Report, StopToken, ignore_progress
from facegui.core.recordings import is_video_name
from facegui.core.unpacking import is_zip, unpack_zip

_NAMED = 6
"""So many labels are named, the others counted."""


@dataclass(frozen=True, slots=True)
class ImportPlan:
    """What there is to import.

    Args:
        sources: files and folders.
        pictures: what was found in them, labelled ones first.
        others: files that are neither picture nor label, and why they are left out.
        videos: files of which frames become photos.
        unpacked: where zip files were unpacked to, until `close`.
    """

    sources: tuple[Path, ...]
    pictures: tuple[FoundPicture, ...]
    others: tuple[Finding, ...]
    videos: tuple[Path, ...] = ()
    unpacked: tempfile.TemporaryDirectory[str] | None = None

    def close(self) -> None:
        """Removes what was unpacked; may be called twice."""
        if self.unpacked is not None:
            self.unpacked.cleanup()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    @property
    def projects(self) -> int:
        """How many other projects are taken in."""
        return len({item.path.parent for item in self.pictures if is_in_project(item.path)})

    @property
    def formats(self) -> dict[str, int]:
        """How many photos have labels of which format."""
        return dict(Counter(item.label.format for item in self.pictures if item.label))

    @property
    def labels(self) -> dict[str, int]:
        """How many boxes have which label, the most frequent first."""
        counts: Counter[str] = Counter()
        for item in self.pictures:
            if item.label is not None:
                counts.update(item.label.names)
        return dict(counts.most_common())

    @property
    def other_labels(self) -> dict[str, int]:
        """As `labels`, those alone that are not "face"."""
        return {label: n for label, n in self.labels.items() if not is_face_label(label)}

    @property
    def names_no_face(self) -> bool:
        """Whether there are boxes, and none is called "face": somebody has to say what they are."""
        labels = self.labels
        return bool(labels) and len(self.other_labels) == len(labels)

    def in_words(self) -> str:
        """What was understood, in one or two sentences."""
        unlabelled = sum(item.label is None for item in self.pictures)
        parts = [
            f"{_photos(count)} with {name} labels" for name, count in sorted(self.formats.items())
        ]
        if unlabelled:
            parts.append(f"{_photos(unlabelled)} without labels")
        if self.videos:
            parts.append(f"{len(self.videos)} video{'s' if len(self.videos) > 1 else ''}")
        found = f"Found {' and '.join(parts)}" if parts else "No photos were found"
        if self.projects:
            found += f" of {self.projects} other project{'s' if self.projects > 1 else ''}"
        labels = [f"{label or 'no name'} ({n})" for label, n in self.labels.items()]
        more = f" and {len(labels) - _NAMED} more" if len(labels) > _NAMED else ""
        return found + (f": {', '.join(labels[:_NAMED])}{more}." if labels else ".")


def survey(
    sources: Sequence[Path], report: Report = ignore_progress, stop: StopToken | None = None
) -> ImportPlan:
    """Looks through files, folders and zip files for photos, labels and videos.

    Zip files are unpacked into a temporary folder: the plan has to be closed.

    Args:
        sources: files and folders.
        report: told of what is unpacked and looked at.
        stop: when it is cancelled nothing is left behind.

    Raises:
        UserError: when a zip file is damaged or the disk is full.
        Cancelled: when `stop` was cancelled.
    """
    stop = stop or StopToken()
    zips = [source for source in sources if source.is_file() and is_zip(source)]
    unpacked = tempfile.TemporaryDirectory(prefix="facegui-") if zips else None
    try:
        places, others = list[Path](), list[Finding]()
        for number, source in enumerate(sources):
            if source in zips and unpacked is not None:
                place = Path(unpacked.name, str(number), source.stem)
                others += unpack_zip(source, place, report, stop)
                places.append(place)
            else:
                places.append(source)
        found, more = find_pictures(places, report, stop)
    except BaseException:
        if unpacked is not None:
            unpacked.cleanup()
        raise
    others += more
    videos = tuple(finding.path for finding in others if is_video_name(finding.path))
    rest = tuple(finding for finding in others if not is_video_name(finding.path))
    return ImportPlan(tuple(sources), tuple(found), rest, videos, unpacked)


def _photos(count: int) -> str:
    return f"{count} photo" if count == 1 else f"{count} photos"
