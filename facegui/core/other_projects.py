"""What other projects remember of photos that come from them: session, split, origin."""

from __future__ import annotations

import logging
from pathlib import Path

from facegui.core.errors import UserError
from facegui.core.project_folder import INDEX_NAME
from facegui.core.project_index import PhotoRecord, ProjectIndex, Session, load_index

log = logging.getLogger(__name__)


class OtherProjects:
    """Looks each project up once; photos that lie elsewhere belong to none."""

    def __init__(self) -> None:
        self._indexes: dict[Path, ProjectIndex | None] = {}

    def record(self, photo: Path) -> PhotoRecord | None:
        """What a project remembers of a photo of its own; None for other photos."""
        index = self._index(photo)
        return index.photos.get(photo.name, PhotoRecord()) if index else None

    def origin_of_label(self, label: Path) -> str | None:
        """By which the photo is known that a label of a project is for, though it is away."""
        index = self._index(label.parent.parent / "photos" / label.name)
        if index is None or label.parent.name != "labels":
            return None
        records = (record for name, record in index.photos.items() if Path(name).stem == label.stem)
        return next((record.digest for record in records), None)

    def session(self, photo: Path) -> tuple[str, Session] | None:
        """Key and content of the session that a project has a photo in."""
        index, record = self._index(photo), self.record(photo)
        if index is None or record is None or record.session not in index.sessions:
            return None
        return record.session, index.sessions[record.session]

    def _index(self, photo: Path) -> ProjectIndex | None:
        if photo.parent.name != "photos":
            return None
        folder = photo.parent.parent
        if folder not in self._indexes:
            self._indexes[folder] = _load(folder)
        return self._indexes[folder]


def is_in_project(photo: Path) -> bool:
    """Whether a file is one of the photos of a project."""
    return photo.parent.name == "photos" and (photo.parent.parent / INDEX_NAME).is_file()


def _load(folder: Path) -> ProjectIndex | None:
    if not (folder / INDEX_NAME).is_file():
        return None
    try:
        return load_index(folder / INDEX_NAME)
    except UserError as error:
        log.warning("photos of %s come without their sessions: %s", folder, error)
        return None
