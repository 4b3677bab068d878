"""`project.json`: what a project knows beyond its photos and labels."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from facegui import __version__
from facegui.core.errors import UserError, disk_error
from facegui.core.files import flush_folder, write_atomically
from facegui.core.splits import Split

log = logging.getLogger(__name__)

SCHEMA = 2
"""Version of the layout of `project.json` and of the project folder."""


def _with_people(document: dict[str, Any]) -> dict[str, Any]:
    """Schema 2 notes for each session who is in its photos."""
    sessions = {
        key: {**session, "people": []} for key, session in document.get("sessions", {}).items()
    }
    return {**document, "sessions": sessions}


MIGRATIONS: Mapping[int, Callable[[dict[str, Any]], dict[str, Any]]] = {1: _with_people}
"""For each older schema the function that turns its document into the next one's."""


@dataclass(frozen=True, slots=True)
class PhotoRecord:
    """What is remembered of a photo, also while its file is away.

    Args:
        split: kept until the user has leaks mended; None until the photo has a label.
        session: key of the session it was taken or imported in.
        digest: SHA-256 of the file it came from, by which copies are found.
    """

    split: Split | None = None
    session: str | None = None
    digest: str | None = None


@dataclass(frozen=True, slots=True)
class Session:
    """Photos that were taken or imported together.

    Args:
        title: for people, such as "Imported from webcam-a".
        started: ISO 8601 time with zone.
        people: who is in the photos, where the user noted it.
    """

    title: str
    started: str
    people: tuple[str, ...] = ()


@dataclass(slots=True)
class ProjectIndex:
    """The content of `project.json`.

    Attributes:
        photos: by file name.
        sessions: by key.
        settings: one JSON object for each part of the program that has settings.
        unknown: keys of the document that this version does not know; kept.
    """

    photos: dict[str, PhotoRecord] = field(default_factory=dict)
    sessions: dict[str, Session] = field(default_factory=dict)
    settings: dict[str, dict[str, Any]] = field(default_factory=dict)
    unknown: dict[str, Any] = field(default_factory=dict)

    def save(self, path: Path) -> None:
        """Raises `OSError` when the file cannot be written; then the old one stands."""
        document = {
            "schema": SCHEMA,
            "written_by": f"facegui {__version__}",
            "settings": self.settings,
            "sessions": {key: asdict(session) for key, session in self.sessions.items()},
            **self.unknown,
        }
        try:
            write_atomically(path, self._text(document, ensure_ascii=False))
        except UnicodeEncodeError:  # half a character, from a file name that is not in UTF-8
            write_atomically(path, self._text(document, ensure_ascii=True))
        flush_folder(path.parent)

    def _text(self, document: dict[str, Any], *, ensure_ascii: bool) -> str:
        """Readable JSON with a line for each photo: of thousands that takes a tenth of the time."""

        def dump(value: object, indent: int | None = None) -> str:
            return json.dumps(value, indent=indent, ensure_ascii=ensure_ascii)

        head = dump(document, 2).removesuffix("\n}")
        photos = ",\n".join(
            f"    {dump(name)}: {dump(record_to_json(self.photos[name]))}"
            for name in sorted(self.photos)
        )
        return f'{head},\n  "photos": {{\n{photos}\n  }}\n}}\n'


def load_index(
    path: Path,
    migrations: Mapping[int, Callable[[dict[str, Any]], dict[str, Any]]] = MIGRATIONS,
    schema: int = SCHEMA,
) -> ProjectIndex:
    """Reads `project.json` and brings it up to the current schema, in memory.

    Raises:
        UserError: when the file is missing, damaged or of a newer program.
    """
    document = _read_document(path)
    version = document.get("schema")
    if not isinstance(version, int) or version < 1:
        raise _damaged(path, f"schema is {version!r}")
    if version > schema:
        raise UserError(
            f"The project {path.parent.name} was made by a newer version of FaceGUI.",
            "Install the newest version, then open it again.",
            f"schema {version}, this version knows up to {schema}",
        )
    try:
        for step in range(version, schema):
            document = migrations[step](document)
        return _index_from(document)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise _damaged(path, f"{type(error).__name__}: {error}") from error


def keep_old_version(path: Path, schema: int = SCHEMA) -> None:
    """Puts a copy beside a `project.json` of an older schema, before it is written anew."""
    version = _read_document(path).get("schema")
    if version != schema:
        write_atomically(path.with_name(f"project.schema-{version}.json"), path.read_bytes())
        log.info("migrating %s from schema %s to %s", path, version, schema)


def _read_document(path: Path) -> dict[str, Any]:
    try:
        document = json.loads(path.read_text("utf-8"))
    except (FileNotFoundError, NotADirectoryError) as error:
        raise UserError(
            f"{path.parent.name} is no FaceGUI project: it has no {path.name}.",
            "Choose the folder of a project, or make a new one.",
        ) from error
    except OSError as error:
        raise disk_error(error, f"opening the project {path.parent.name}") from error
    except (ValueError, RecursionError) as error:
        raise _damaged(path, str(error)) from error
    if not isinstance(document, dict):
        raise _damaged(path, f"expected an object, got {type(document).__name__}")
    return document


def _damaged(path: Path, details: str) -> UserError:
    return UserError(
        f"{path.name} of the project {path.parent.name} is damaged.",
        f"Photos and labels are safe: rename {path.name}, then make a project in the same folder;"
        " it takes them over and only the splits are made anew.",
        details,
    )


def record_to_json(record: PhotoRecord) -> dict[str, str]:
    """What is known of it."""
    fields = {"split": record.split, "session": record.session, "digest": record.digest}
    return {key: str(value) for key, value in fields.items() if value is not None}


def record_from_json(document: Mapping[str, Any]) -> PhotoRecord:
    """Raises `ValueError` for a split that there is not."""
    return PhotoRecord(
        Split(document["split"]) if "split" in document else None,
        document.get("session"),
        document.get("digest"),
    )


def _index_from(document: dict[str, Any]) -> ProjectIndex:
    known = {"schema", "written_by", "settings", "sessions", "photos"}
    return ProjectIndex(
        photos={
            name: record_from_json(record) for name, record in document.get("photos", {}).items()
        },
        sessions={
            key: Session(
                str(session["title"]),
                str(session["started"]),
                tuple(str(name) for name in session["people"]),
            )
            for key, session in document.get("sessions", {}).items()
        },
        settings={key: dict(value) for key, value in document.get("settings", {}).items()},
        unknown={key: value for key, value in document.items() if key not in known},
    )
