"""What is installed and packed is what the program stands on."""

from __future__ import annotations

import importlib.metadata
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from packaging.specifiers import SpecifierSet

from facegui.core.environment import opencv_qt_plugins, opencv_wheels
from facegui.core.resources import resource
from facegui.core.system_libraries import PACKAGES

ROOT = Path(__file__).resolve().parents[1]


def test_one_opencv_is_installed_and_it_is_headless() -> None:
    assert opencv_wheels() == ("opencv-python-headless",)


def test_opencv_brought_no_qt_plugins() -> None:
    assert opencv_qt_plugins() is None


def test_opencv_draws_no_windows() -> None:
    import cv2

    gui = re.search(r"GUI:\s*(\S+)", cv2.getBuildInformation())
    assert gui is not None
    assert gui.group(1) == "NONE"


@pytest.mark.parametrize("package", ["facegui.core", "facegui.ml", "facegui.commands"])
def test_importing_everything_loads_nothing_heavy(package: str) -> None:
    program = f"""
import importlib, pkgutil, sys
package = importlib.import_module({package!r})
for module in pkgutil.walk_packages(package.__path__, {package!r} + "."):
    # Itself imported late, by the first copy that is made.
    if module.name != "facegui.core.augmentation_steps":
        importlib.import_module(module.name)
heavy = {{"tensorflow", "keras", "PySide6", "PyQt5", "albumentations", "labelme"}}
print(sorted(heavy & sys.modules.keys()))
"""
    done = subprocess.run(
        [sys.executable, "-c", program], stdout=subprocess.PIPE, text=True, check=True
    )
    assert done.stdout.strip() == "[]"


def test_import_rules_hold() -> None:
    done = subprocess.run(
        [Path(sys.executable).parent / "lint-imports", "--no-logo", "--no-cache"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout


def test_workers_know_qtcore_alone() -> None:
    for path in (ROOT / "facegui" / "workers").glob("*.py"):
        parts = re.findall(r"^\s*(?:from|import) PySide6\S*.*", path.read_text("utf-8"), re.M)
        assert all(line.split()[1] == "PySide6.QtCore" for line in parts), path.name


def test_resources_are_found_in_a_checkout() -> None:
    assert resource("README.md").is_file()
    with pytest.raises(FileNotFoundError, match=r"no-such\.png"):
        resource("no-such.png")


@pytest.mark.slow
def test_wheel_carries_resources_and_command_and_works_elsewhere(tmp_path: Path) -> None:
    build = ["-m", "pip", "wheel", "--no-deps", "--no-build-isolation", "--no-index", "--quiet"]
    source = tmp_path / "source"
    rubbish = shutil.ignore_patterns(".*", "__pycache__", "build", "dist")
    shutil.copytree(ROOT, source, ignore=rubbish)
    subprocess.run([sys.executable, *build, "--wheel-dir", tmp_path, source], check=True)
    (wheel,) = tmp_path.glob("facegui-*.whl")
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
        archive.extractall(tmp_path / "installed")
    resources = {p.relative_to(ROOT).as_posix() for p in (ROOT / "resources").rglob("*.*")}
    assert {f"facegui/{name}" for name in resources} <= set(names)
    assert {name.split("/")[0] for name in names} == {"facegui", "facegui-0.1.0.dist-info"}
    program = "from facegui.core.resources import resource as r; print(r('README.md'))"
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=tmp_path / "installed",
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.startswith(str(tmp_path / "installed" / "facegui" / "resources"))


@pytest.mark.skipif(sys.platform != "linux", reason="Qt needs system libraries on Linux only")
def test_no_library_that_qt_loads_is_missing_or_unknown() -> None:
    needed: set[str] = set()
    for library in _qt_files():
        done = subprocess.run(["ldd", library], capture_output=True, text=True, check=True)
        assert "not found" not in done.stdout, f"{library.name}: {done.stdout}"
        needed |= set(re.findall(r"(lib(?:xcb|xkb|wayland|EGL|GL\.)\S*) => /", done.stdout))
    assert needed <= PACKAGES.keys()


def _qt_files() -> list[Path]:
    """The parts of Qt that the program and LabelMe load, with the platform plugins."""
    packages = [p for p in map(Path, sys.path) if (p / "PySide6").is_dir()]
    files: list[Path] = []
    for qt in (packages[0] / "PySide6/Qt", packages[0] / "PyQt5/Qt5"):
        for part in ("Core", "Gui", "Widgets", "Network", "Svg", "OpenGL", "DBus", "XcbQpa"):
            files += qt.glob(f"lib/libQt?{part}.so.?")
        files += qt.glob("plugins/platforms/libqxcb.so")
        files += qt.glob("plugins/platforms/libqoffscreen.so")
    assert any("platforms" in file.parts for file in files)
    return files


def test_tracked_files_name_no_machine_and_no_registry() -> None:
    if not (ROOT / ".git").exists():
        return  # unpacked from an archive: nothing is tracked
    # In pieces, so that this file does not name them either.
    hosts = ("py" + "pi.org", "python" + "hosted", "deb." + "debian")
    places = ("/ro" + "ot/", "/wo" + "rk/", "/ho" + "me/")
    found = subprocess.run(
        ["git", "grep", "-nIE", "|".join((*hosts, *places))],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert found.stdout == ""


def test_constraints_pin_every_dependency() -> None:
    import tomllib

    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    wanted = [*project["dependencies"], *project["optional-dependencies"]["dev"]]
    lines = (ROOT / "constraints.txt").read_text("utf-8").splitlines()
    pinned = {_plain(line.split("==")[0]) for line in lines if "==" in line}
    assert {_plain(re.split(r"[<>=!~;\[ ]", name)[0]) for name in wanted} <= pinned
    assert all(line.startswith("#") or "==" in line for line in lines)


def test_what_is_installed_takes_an_old_python() -> None:
    """Debian 12 has 3.11.2: a pin that wants 3.11.5 stops the set-up there."""
    for package in importlib.metadata.distributions():
        wanted = package.metadata["Requires-Python"]
        name = f"{package.metadata['Name']} {package.version} wants {wanted}"
        assert wanted is None or SpecifierSet(wanted).contains("3.11.2"), name


def _plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()
