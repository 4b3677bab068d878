"""What the user chose for the program itself, whatever the project."""

from __future__ import annotations

import json
import logging
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import Any, Self

from facegui.core.files import write_json

log = logging.getLogger(__name__)

MOST_RECENT = 8
"""Projects that are remembered."""


class Colours(StrEnum):
    """Light or dark."""

    SYSTEM = "system"
    LIGHT = "light"
    DARK = "dark"


@dataclass(frozen=True, slots=True)
class UserSettings:
    """The settings of the program.

    Args:
        colours: of the window.
        recent_projects: folders, the newest first.
        reopen: whether the newest was open when the window was closed.
    """

    colours: Colours = Colours.SYSTEM
    recent_projects: tuple[Path, ...] = ()
    reopen: bool = False

    @classmethod
    def from_json(cls, document: Any) -> Self:
        """Raises `ValueError` or `TypeError` where it is none of ours."""
        if not isinstance(document, dict):
            raise TypeError(f"an object was expected, not {document!r}")
        recent = document.get("recent_projects", [])
        reopen = document.get("reopen", False)
        if not isinstance(recent, list) or not isinstance(reopen, bool):
            raise TypeError("recent_projects is a list, reopen is true or false")
        return cls(
            colours=Colours(document.get("colours", Colours.SYSTEM)),
            recent_projects=tuple(Path(folder) for folder in recent[:MOST_RECENT]),
            reopen=reopen,
        )

    def to_json(self) -> dict[str, Any]:
        return {
            "colours": self.colours.value,
            "recent_projects": [str(folder) for folder in self.recent_projects],
            "reopen": self.reopen,
        }

    def with_project(self, folder: Path) -> UserSettings:
        """These, with `folder` as the project that is open."""
        others = [other for other in self.recent_projects if other != folder]
        return replace(self, recent_projects=(folder, *others)[:MOST_RECENT], reopen=True)


class UserSettingsFile:
    """The settings and the file that keeps them.

    Neither a broken file nor a full disk is worth more than a line in the log.

    Args:
        path: read now; written with each change.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._settings = load_settings(path)

    @property
    def settings(self) -> UserSettings:
        return self._settings

    def change(self, settings: UserSettings) -> None:
        if settings == self._settings:
            return
        self._settings = settings
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            write_json(self._path, settings.to_json())
        except OSError as error:
            log.warning("the settings are not kept in %s: %s", self._path, error)


def load_settings(path: Path) -> UserSettings:
    """The settings in a file; those of a first start where there are none to be read."""
    try:
        return UserSettings.from_json(json.loads(path.read_text("utf-8")))
    except FileNotFoundError:
        return UserSettings()
    except (OSError, ValueError, TypeError) as error:
        log.warning("ignoring unreadable settings %s: %s", path, error)
        return UserSettings()
