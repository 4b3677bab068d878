"""What an import understood of its sources, before anything is written."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from facegui.core.import_files import Finding, FoundPicture, find_pictures
from facegui.core.labelme_shapes import is_face_label

_NAMED = 6
"""So many labels are named, the others counted."""


@dataclass(frozen=True, slots=True)
class ImportPlan:
    """What there is to import.

    Args:
        sources: files and folders.
        pictures: what was found in them, labelled ones first.
        others: files that are neither picture nor label, and why they are left out.
    """

    sources: tuple[Path, ...]
    pictures: tuple[FoundPicture, ...]
    others: tuple[Finding, ...]

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
        found = f"Found {' and '.join(parts)}" if parts else "No photos were found"
        labels = [f"{label or 'no name'} ({n})" for label, n in self.labels.items()]
        more = f" and {len(labels) - _NAMED} more" if len(labels) > _NAMED else ""
        return found + (f": {', '.join(labels[:_NAMED])}{more}." if labels else ".")


def survey(sources: Sequence[Path]) -> ImportPlan:
    """Looks through files and folders for photos and labels; writes nothing."""
    found, others = find_pictures(sources)
    return ImportPlan(tuple(sources), tuple(found), tuple(others))


def _photos(count: int) -> str:
    return f"{count} photo" if count == 1 else f"{count} photos"
