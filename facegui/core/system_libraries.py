"""The system libraries that Qt needs on Linux: which are missing, and how to get them.

Runs before anything is installed, so it knows the standard library only:
`python3 facegui/core/system_libraries.py --install`
"""

from __future__ import annotations

import ctypes
import importlib.util
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence

# By what `ldd` says of PySide6's and PyQt5's (LabelMe's) Core, Gui, Widgets, Network and
# OpenGL and of their platform plugins; the packages of Debian and Ubuntu.
PACKAGES = {
    "libEGL.so.1": "libegl1",
    "libGL.so.1": "libgl1",
    "libX11-xcb.so.1": "libx11-xcb1",
    "libX11.so.6": "libx11-6",
    "libXext.so.6": "libxext6",
    "libbrotlidec.so.1": "libbrotli1",
    "libdbus-1.so.3": "libdbus-1-3",
    "libdrm.so.2": "libdrm2",
    "libfontconfig.so.1": "libfontconfig1",
    "libfreetype.so.6": "libfreetype6",
    "libglib-2.0.so.0": "libglib2.0-0",
    "libgssapi_krb5.so.2": "libgssapi-krb5-2",
    "libgthread-2.0.so.0": "libglib2.0-0",
    "libwayland-client.so.0": "libwayland-client0",
    "libwayland-cursor.so.0": "libwayland-cursor0",
    "libwayland-egl.so.1": "libwayland-egl1",
    "libxcb-cursor.so.0": "libxcb-cursor0",
    "libxcb-glx.so.0": "libxcb-glx0",
    "libxcb-icccm.so.4": "libxcb-icccm4",
    "libxcb-image.so.0": "libxcb-image0",
    "libxcb-keysyms.so.1": "libxcb-keysyms1",
    "libxcb-randr.so.0": "libxcb-randr0",
    "libxcb-render-util.so.0": "libxcb-render-util0",
    "libxcb-render.so.0": "libxcb-render0",
    "libxcb-shape.so.0": "libxcb-shape0",
    "libxcb-shm.so.0": "libxcb-shm0",
    "libxcb-sync.so.1": "libxcb-sync1",
    "libxcb-util.so.1": "libxcb-util1",
    "libxcb-xfixes.so.0": "libxcb-xfixes0",
    "libxcb-xinerama.so.0": "libxcb-xinerama0",
    "libxcb-xkb.so.1": "libxcb-xkb1",
    "libxcb.so.1": "libxcb1",
    "libxkbcommon-x11.so.0": "libxkbcommon-x11-0",
    "libxkbcommon.so.0": "libxkbcommon0",
}


def can_load(library: str) -> bool:
    """Whether the system's loader finds a library by that name."""
    try:
        ctypes.CDLL(library)
    except OSError:
        return False
    return True


def missing_libraries(loads: Callable[[str], bool] = can_load) -> tuple[str, ...]:
    """The libraries that Qt would miss; empty on any system but Linux."""
    if sys.platform != "linux":
        return ()
    return tuple(library for library in PACKAGES if not loads(library))


def missing_packages(libraries: Sequence[str], *, has_venv: bool = True) -> tuple[str, ...]:
    """The Debian packages that hold those libraries, and Python's `venv` if that is missing."""
    packages = {PACKAGES[library] for library in libraries}
    if not has_venv:
        packages.add(f"python{sys.version_info[0]}.{sys.version_info[1]}-venv")
    return tuple(sorted(packages))


def install_command(packages: Sequence[str]) -> list[str]:
    """What installs packages on Debian and Ubuntu, for root."""
    return ["apt-get", "install", "--yes", "--no-install-recommends", *packages]


def remedy(packages: Sequence[str]) -> str:
    """What to type to get packages, in one line."""
    command = " ".join(install_command(packages))
    return f"sudo apt-get update && sudo {command}"


def install(packages: Sequence[str]) -> bool:
    """Installs packages; whether that worked."""
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for command in (["apt-get", "update", "--quiet"], install_command(packages)):
        if subprocess.run(command, env=environment, check=False).returncode:
            return False
    return True


def main(arguments: Sequence[str]) -> int:
    """Says what is missing; with `--install` gets it where it may.

    Returns:
        0: nothing is missing now; 1: something is, and what to do was said.
    """
    has_venv = all(importlib.util.find_spec(name) for name in ("venv", "ensurepip"))
    libraries = missing_libraries()
    packages = missing_packages(libraries, has_venv=has_venv)
    if not packages:
        return 0
    names = ", ".join(libraries if has_venv else (*libraries, "Python's venv"))
    if shutil.which("apt-get") is None:
        sys.stderr.write(f"Missing: {names}. Install them with your system's package manager.\n")
        return 1
    if "--install" in arguments and os.geteuid() == 0:
        sys.stderr.write(f"Installing what is missing ({names}).\n")
        if install(packages):
            return 0
        sys.stderr.write("That did not work; see the lines above.\n")
    sys.stderr.write(f"Missing: {names}. Please run:\n\n  {remedy(packages)}\n\n")
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
