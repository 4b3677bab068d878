"""What the user chose for the program itself, whatever the project."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator, Mapping, MutableMapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from pathlib import Path
from typing import Any, Self

from PySide6.QtCore import QObject, QTimer, Slot

from facegui.core.files import write_json

log = logging.getLogger(__name__)

MOST_RECENT = 8
"""Projects that are remembered."""
WRITE_AFTER_MS = 500
"""A number that is turned changes at every tick, and writing waits for the disk."""


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
        controls: what the tabs remember of theirs, such as the camera; any JSON values, which
            whoever reads them has to check.
    """

    colours: Colours = Colours.SYSTEM
    recent_projects: tuple[Path, ...] = ()
    reopen: bool = False
    controls: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def from_json(cls, document: Any) -> Self:
        """Raises `ValueError` or `TypeError` where it is none of ours."""
        if not isinstance(document, dict):
            raise TypeError(f"an object was expected, not {document!r}")
        recent = document.get("recent_projects", [])
        reopen = document.get("reopen", False)
        controls = document.get("controls", {})
        if not isinstance(recent, list) or not isinstance(reopen, bool):
            raise TypeError("recent_projects is a list, reopen is true or false")
        if not isinstance(controls, dict):
            raise TypeError("controls is an object")
        return cls(
            colours=Colours(document.get("colours", Colours.SYSTEM)),
            recent_projects=tuple(Path(folder) for folder in recent[:MOST_RECENT]),
            reopen=reopen,
            controls=controls,
        )

    def to_json(self) -> dict[str, Any]:
        return {
            "colours": self.colours.value,
            "recent_projects": [str(folder) for folder in self.recent_projects],
            "reopen": self.reopen,
            "controls": dict(self.controls),
        }

    def with_project(self, folder: Path) -> UserSettings:
        """These, with `folder` as the project that is open."""
        others = [other for other in self.recent_projects if other != folder]
        return replace(self, recent_projects=(folder, *others)[:MOST_RECENT], reopen=True)


class UserSettingsFile(QObject):
    """The settings and the file that keeps them.

    Neither a broken file nor a full disk is worth more than a line in the log.

    Args:
        path: read now; written with each change of the settings, and for the controls once
            they rest.
    """

    def __init__(self, path: Path, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._timer = QTimer(self, singleShot=True, interval=WRITE_AFTER_MS)
        self._timer.timeout.connect(self._write)
        self._path = path
        self._settings = load_settings(path)
        self.controls = RememberedControls(self)

    @property
    def settings(self) -> UserSettings:
        return self._settings

    def change(self, settings: UserSettings) -> None:
        if settings != self._settings:
            self._settings = settings
            self._write()

    def change_controls(self, controls: Mapping[str, Any]) -> None:
        """Changes them now, and writes them soon."""
        if controls != self._settings.controls:
            self._settings = replace(self._settings, controls=controls)
            self._timer.start()

    def flush(self) -> None:
        """Writes what waits to be written."""
        if self._timer.isActive():
            self._write()

    @Slot()
    def _write(self) -> None:
        self._timer.stop()
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            write_json(self._path, self._settings.to_json())
        except OSError as error:
            log.warning("the settings are not kept in %s: %s", self._path, error)


class RememberedControls(MutableMapping[str, Any]):
    """What the tabs remember of their controls.

    Args:
        file: that keeps it.
    """

    def __init__(self, file: UserSettingsFile) -> None:
        self._file = file

    def __getitem__(self, key: str) -> Any:
        return self._file.settings.controls[key]

    def __setitem__(self, key: str, value: Any) -> None:
        self._file.change_controls({**self._file.settings.controls, key: value})

    def __delitem__(self, key: str) -> None:
        self._file.change_controls({name: held for name, held in self.items() if name != key})

    def __iter__(self) -> Iterator[str]:
        return iter(self._file.settings.controls)

    def __len__(self) -> int:
        return len(self._file.settings.controls)


def load_settings(path: Path) -> UserSettings:
    """The settings in a file; those of a first start where there are none to be read."""
    try:
        return UserSettings.from_json(json.loads(path.read_text("utf-8")))
    except FileNotFoundError:
        return UserSettings()
    except (OSError, ValueError, TypeError) as error:
        log.warning("ignoring unreadable settings %s: %s", path, error)
        return UserSettings()
