"""The formats that labels are recognised in, the more particular first."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from facegui.core.label_formats import labelme_json, pascal_voc
from facegui.core.label_formats.entries import LabelEntry, LabelText

LABEL_SUFFIXES = (".json", ".xml")
_READERS = (pascal_voc.entries, labelme_json.entries)


def label_entries(path: Path) -> Sequence[LabelEntry] | None:
    """The labels in a file, one entry for each picture; None where it holds no labels."""
    text = LabelText(path)
    for read in _READERS:
        found = read(text)
        if found is not None:
            return found
    return None
