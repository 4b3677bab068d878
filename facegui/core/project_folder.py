"""The folder of a project: whether one can be made there, its parts, what a kill left."""

from __future__ import annotations

import shutil
from pathlib import Path

from facegui.core.errors import UserError
from facegui.core.files import TEMPORARY_PREFIX, put_back, remove_leftovers
from facegui.core.label_keeping import keep_displaced

INDEX_NAME = "project.json"
FOLDERS = ("photos", "labels", "drafts", "augmented", "cache", "runs", "trash")
_WRITTEN_TO = (
    *("photos", "labels", "drafts", "cache", "runs/*", "trash/*", "trash/*/labels"),
    *("recordings", "snapshots"),
)
"""Where a killed program may leave something half written."""


def refuse_unsuitable(folder: Path) -> None:
    """Raises `UserError` where no project can be made: one is there, or other things are.

    A folder with photos in `photos` is suitable: the project takes them over.
    """
    refuse_project(folder)
    if folder.exists() and not folder.is_dir():
        raise UserError(f"{folder.name} is a file.", "Choose a folder.")
    if folder.is_dir() and not (folder / "photos").is_dir() and _has_visible_files(folder):
        raise UserError(
            f"The folder {folder.name} is not empty.",
            "Choose a new or empty folder for the project.",
        )


def refuse_project(folder: Path) -> None:
    """Raises `UserError` where there is a project already."""
    if (folder / INDEX_NAME).exists():
        raise UserError(
            f"{folder.name} is a project already.", "Open it, or choose another folder."
        )


def make_folders(folder: Path) -> None:
    """Makes the parts that are missing, as in a copy that left empty folders out."""
    for name in FOLDERS:
        (folder / name).mkdir(exist_ok=True)


def tidy_up(folder: Path) -> None:
    """Removes what a killed program left half written."""
    remove_leftovers(folder)
    keep_displaced(put_back(folder / "labels"), folder / "trash")
    for pattern in _WRITTEN_TO:
        for place in folder.glob(pattern):
            remove_leftovers(place)
    for recording in folder.glob(f"found/{TEMPORARY_PREFIX}*"):
        shutil.rmtree(recording, ignore_errors=True)


def _has_visible_files(folder: Path) -> bool:
    return any(not path.name.startswith(".") for path in folder.iterdir())
