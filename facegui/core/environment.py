"""What `facegui doctor` tells: whether everything that the program needs is there."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import logging
import os
import platform
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path

from facegui.core.cameras import list_cameras
from facegui.core.system_libraries import missing_libraries, missing_packages, remedy

log = logging.getLogger(__name__)

PACKAGES = (
    "numpy",
    "opencv-python-headless",
    "albumentations",
    "PySide6-Essentials",
    "tensorflow",
    "keras",
    "ai-edge-litert",
)
"""Those whose version explains most when something does not work."""

LABELME_TIMEOUT_S = 60.0
_RIGHT_OPENCV = "opencv-python-headless"
_LOW_SPACE_GB = 2.0


class State(StrEnum):
    """How a finding is to be taken."""

    GOOD = "good"
    NOTE = "note"
    PROBLEM = "problem"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at.

    Args:
        name: what.
        value: what was found, in a few words.
        state: whether that is as it should be; a note may matter to some.
        remedy: what to do about it; empty where nothing needs doing.
    """

    name: str
    value: str
    state: State = State.GOOD
    remedy: str = ""


def examine(weights: str | None, folders: Mapping[str, Path]) -> tuple[Finding, ...]:
    """Looks at everything that the program needs; takes some seconds.

    Args:
        weights: the network's first weights, in words; None: not fetched yet.
        folders: those that must be writable, by what they are for.
    """
    checks: list[tuple[str, Callable[[], Iterable[Finding]]]] = [
        ("Program", _program),
        ("Packages", _packages),
        ("OpenCV", lambda: [_opencv()]),
        ("Qt libraries", lambda: [_qt_libraries()]),
        ("LabelMe", lambda: [_labelme()]),
        ("Cameras", lambda: [_cameras()]),
        ("Weights", lambda: [_weights(weights)]),
        *((f"Folder for {use}", _folder_check(use, path)) for use, path in folders.items()),
    ]
    return tuple(finding for name, check in checks for finding in _guarded(name, check))


def is_healthy(findings: Iterable[Finding]) -> bool:
    """Whether none of them is a problem."""
    return all(finding.state is not State.PROBLEM for finding in findings)


def to_text(findings: Iterable[Finding]) -> str:
    """One line a finding, for people, with what to do below it."""
    marks = {State.GOOD: "ok", State.NOTE: "note", State.PROBLEM: "PROBLEM"}
    lines = []
    for finding in findings:
        lines.append(f"{marks[finding.state]:8}{finding.name}: {finding.value}")
        if finding.remedy:
            lines.append(f"{'':8}-> {finding.remedy}")
    return "\n".join(lines)


def to_json(findings: Iterable[Finding]) -> dict[str, object]:
    """The same as a JSON document."""
    listed = tuple(findings)
    return {"healthy": is_healthy(listed), "findings": [asdict(finding) for finding in listed]}


def opencv_wheels() -> tuple[str, ...]:
    """The installed packages that write a `cv2` folder, by name; there should be one."""
    names = {
        str(package.metadata["Name"]).lower().replace("_", "-")
        for package in importlib.metadata.distributions()
    }
    return tuple(sorted(name for name in names if name.startswith("opencv-")))


def opencv_qt_plugins() -> Path | None:
    """The Qt plugins that a full OpenCV brings, which stop LabelMe; None: there are none."""
    spec = importlib.util.find_spec("cv2")
    if spec is None or spec.origin is None:
        return None
    plugins = Path(spec.origin).parent / "qt"
    return plugins if plugins.exists() else None


def labelme_version(
    command: tuple[str, ...] = (sys.executable, "-m", "labelme"),
    timeout_s: float = LABELME_TIMEOUT_S,
) -> str:
    """What `labelme --version` says.

    Raises:
        OSError: when it cannot be started.
        subprocess.SubprocessError: when it fails or takes longer than `timeout_s`.
    """
    environment = {key: value for key, value in os.environ.items() if not key.startswith("QT_")}
    environment["QT_QPA_PLATFORM"] = "offscreen"
    done = subprocess.run(
        [*command, "--version"],
        env=environment,
        capture_output=True,
        text=True,
        timeout=timeout_s,
        check=True,
    )
    return done.stdout.strip()


def _guarded(name: str, check: Callable[[], Iterable[Finding]]) -> tuple[Finding, ...]:
    try:
        return tuple(check())
    # Whatever is broken here, the rest of the report is what helps to mend it.
    except Exception as error:
        log.warning("looking at %s failed", name, exc_info=True)
        return (Finding(name, f"could not be looked at: {error}", State.PROBLEM),)


def _program() -> Iterable[Finding]:
    yield Finding("FaceGUI", importlib.metadata.version("facegui"))
    yield Finding("Python", f"{platform.python_version()} ({sys.executable})")
    cores = os.cpu_count() or 1
    yield Finding("Computer", f"{platform.platform()}, {platform.machine()}, {cores} cores")


def _packages() -> Iterable[Finding]:
    for name in PACKAGES:
        try:
            yield Finding(name, importlib.metadata.version(name))
        except importlib.metadata.PackageNotFoundError:
            yield Finding(name, "not installed", State.PROBLEM, f"pip install {name}")


def _opencv() -> Finding:
    wheels, plugins = opencv_wheels(), opencv_qt_plugins()
    if wheels == (_RIGHT_OPENCV,) and plugins is None:
        return Finding("OpenCV", f"{_RIGHT_OPENCV} alone")
    found = " and ".join(wheels) or "none"
    if plugins:
        found += f", with Qt plugins in {plugins}"
    return Finding(
        "OpenCV",
        found,
        State.PROBLEM,
        f"pip uninstall --yes {' '.join(wheels)}; pip install --force-reinstall {_RIGHT_OPENCV}",
    )


def _qt_libraries() -> Finding:
    missing = missing_libraries()
    if not missing:
        return Finding("Qt libraries", "all there")
    advice = remedy(missing_packages(missing)) if shutil.which("apt-get") else ""
    return Finding("Qt libraries", f"missing: {', '.join(missing)}", State.PROBLEM, advice)


def _labelme() -> Finding:
    try:
        return Finding("LabelMe", labelme_version())
    except subprocess.TimeoutExpired:
        value = f"did not answer within {LABELME_TIMEOUT_S:.0f} seconds"
    except subprocess.CalledProcessError as error:
        last_words = (error.stderr or error.stdout or "no words").strip().splitlines()[-1:]
        value = f"does not start: {' '.join(last_words)}"
    except OSError as error:
        value = f"does not start: {error}"
    return Finding("LabelMe", value, State.PROBLEM, "pip install --force-reinstall labelme")


def _cameras() -> Finding:
    names = [camera.name for camera in list_cameras()]
    if len(names) > 1:
        return Finding("Cameras", ", ".join(names))
    return Finding(
        "Cameras",
        f"no webcam, only the {names[0].lower()}" if names else "none",
        State.NOTE,
        "Connect a webcam, and allow the program to use it.",
    )


def _weights(weights: str | None) -> Finding:
    if weights is not None:
        return Finding("Weights", weights)
    return Finding("Weights", "not fetched yet; the first training fetches them", State.NOTE)


def _folder_check(use: str, path: Path) -> Callable[[], Iterable[Finding]]:
    return lambda: [_folder(f"Folder for {use}", path)]


def _folder(name: str, path: Path) -> Finding:
    existing = next(parent for parent in (path, *path.parents) if parent.exists())
    try:
        with tempfile.TemporaryFile(dir=existing):
            free_gb = shutil.disk_usage(existing).free / 1e9
    except OSError as error:
        value = f"{path} cannot be written: {error.strerror}"
        return Finding(name, value, State.PROBLEM, "Change its permissions, or choose another.")
    value = f"{path}, {free_gb:.0f} GB free"
    if free_gb < _LOW_SPACE_GB:
        return Finding(name, value, State.NOTE, "Free some space before training.")
    return Finding(name, value)
