"""What an import did: counted while it runs, told when it is over."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from facegui.core.import_files import Finding
from facegui.core.splits import Split


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What an import did.

    Args:
        photos: names in the project of the photos that are new.
        faces: boxes in their labels.
        no_face: how many of them are labelled "no face".
        unlabelled: how many of them have no label.
        labels_taken: photos that were in the project, unlabelled, and got a label now.
        duplicates: pictures that the project had already.
        splits: how many of the new photos came with which split.
        other_labels: labels other than face that were ignored, and on how many photos.
        skipped: files that are no picture, or without a label when those were not wanted.
        broken_labels: label files that could not be read; their photos came
            without a label.
        notes: what was mended in labels, such as a box outside the picture.
    """

    photos: tuple[str, ...]
    faces: int
    no_face: int
    unlabelled: int
    labels_taken: tuple[str, ...]
    duplicates: tuple[Path, ...]
    splits: dict[Split, int]
    other_labels: dict[str, int]
    skipped: tuple[Finding, ...]
    broken_labels: tuple[Finding, ...]
    notes: tuple[Finding, ...]


@dataclass(slots=True)
class Tally:
    """Counts for the report while the import runs."""

    photos: list[str] = field(default_factory=list)
    faces: int = 0
    no_face: int = 0
    unlabelled: int = 0
    labels_taken: list[str] = field(default_factory=list)
    duplicates: list[Path] = field(default_factory=list)
    splits: Counter[Split] = field(default_factory=Counter)
    other_labels: Counter[str] = field(default_factory=Counter)
    skipped: list[Finding] = field(default_factory=list)
    broken_labels: list[Finding] = field(default_factory=list)
    notes: list[Finding] = field(default_factory=list)

    def report(self) -> ImportReport:
        return ImportReport(
            tuple(self.photos),
            self.faces,
            self.no_face,
            self.unlabelled,
            tuple(self.labels_taken),
            tuple(self.duplicates),
            dict(self.splits),
            dict(self.other_labels),
            tuple(self.skipped),
            tuple(self.broken_labels),
            tuple(self.notes),
        )
