"""Files that travel with the program: icons, style, help texts."""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent.parent
# In the wheel they lie in the package, in a checkout beside it.
_FOLDERS = (_PACKAGE / "resources", _PACKAGE.parent / "resources")


def resource(name: str) -> Path:
    """The file `name`, a path below `resources` with forward slashes.

    Raises:
        FileNotFoundError: when the program does not have it; names it.
    """
    for folder in _FOLDERS:
        path = folder / name
        if path.exists():
            return path
    raise FileNotFoundError(f"no resource {name!r} in {' or '.join(map(str, _FOLDERS))}")
