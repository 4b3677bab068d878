"""An entry of the trash: a folder with photos, labels, and a list of what belongs together."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from facegui.core.files import write_json
from facegui.core.project_index import PhotoRecord, record_to_json

ENTRY_NAME = "entry.json"
PARTS = ("photos", "labels")


@dataclass(frozen=True, slots=True)
class TrashEntry:
    """What was deleted in one go; a folder of the trash."""

    folder: Path

    def holds_label(self, name: str) -> bool:
        """Whether the label file of this name is in it."""
        return (self.folder / "labels" / name).exists()


def new_entry(trash_folder: Path, records: Mapping[str, PhotoRecord]) -> TrashEntry:
    """An entry with its list and nothing in it yet.

    Args:
        trash_folder: of the project.
        records: what the project remembers of each photo that will be in it, by name.

    Raises:
        OSError: when it cannot be written.
    """
    folder = free_place(trash_folder)
    for part in PARTS:
        (folder / part).mkdir(parents=True)
    write_entry(folder, records, {})
    return TrashEntry(folder)


def free_place(trash_folder: Path) -> Path:
    """Where the next thing that is deleted can go; not made yet."""
    key, number = f"{datetime.now():%Y%m%d-%H%M%S}", 2
    folder = trash_folder / key
    while folder.exists():
        folder, number = trash_folder / f"{key}-{number}", number + 1
    return folder


def write_entry(
    folder: Path, records: Mapping[str, PhotoRecord], new_names: Mapping[str, str]
) -> None:
    """Writes the list of an entry; `new_names` is where a restore that began puts photos."""
    document = {name: record_to_json(record) for name, record in records.items()}
    write_json(folder / ENTRY_NAME, {"photos": document, "restored_as": dict(new_names)})
