"""Which system packages are asked for, and how."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from facegui.core import system_libraries
from facegui.core.system_libraries import (
    PACKAGES,
    can_load,
    install_command,
    main,
    missing_libraries,
    missing_packages,
    remedy,
)


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """A Debian without libxcb-cursor; `commands` is what was run on it."""
    made = SimpleNamespace(commands=[], user=1000, returncode=0)

    def run(command: list[str], **_: object) -> SimpleNamespace:
        made.commands.append(command)
        return made

    monkeypatch.setattr(system_libraries, "missing_libraries", lambda: ("libxcb-cursor.so.0",))
    monkeypatch.setattr("shutil.which", lambda name: name)
    monkeypatch.setattr("os.geteuid", lambda: made.user, raising=False)
    monkeypatch.setattr("subprocess.run", run)
    return made


def test_loader_is_asked_and_not_the_package_manager() -> None:
    assert not can_load("libno-such-library.so.0")


@pytest.mark.skipif(sys.platform != "linux", reason="names of Linux libraries")
def test_missing_ones_are_told_by_name() -> None:
    assert can_load("libc.so.6")
    assert missing_libraries(lambda name: name != "libEGL.so.1") == ("libEGL.so.1",)
    assert missing_libraries(lambda _: False) == tuple(PACKAGES)


def test_other_systems_need_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    assert missing_libraries(lambda _: False) == ()


def test_packages_are_named_once_and_venv_by_version() -> None:
    glib = ["libglib-2.0.so.0", "libgthread-2.0.so.0"]
    assert missing_packages(glib) == ("libglib2.0-0",)
    (venv,) = missing_packages((), has_venv=False)
    assert venv == f"python3.{sys.version_info[1]}-venv"


def test_ordinary_user_gets_the_exact_command(
    machine: SimpleNamespace, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--install"]) == 1
    assert machine.commands == []
    said = capsys.readouterr().err
    assert remedy(["libxcb-cursor0"]) in said
    assert "sudo apt-get install --yes --no-install-recommends libxcb-cursor0" in said


def test_root_gets_them_installed(machine: SimpleNamespace) -> None:
    machine.user = 0
    assert main(["--install"]) == 0
    assert machine.commands == [
        ["apt-get", "update", "--quiet"],
        install_command(["libxcb-cursor0"]),
    ]


def test_nothing_is_installed_unasked(machine: SimpleNamespace) -> None:
    machine.user = 0
    assert main([]) == 1
    assert machine.commands == []


def test_failed_installation_says_what_to_do(
    machine: SimpleNamespace, capsys: pytest.CaptureFixture[str]
) -> None:
    machine.user, machine.returncode = 0, 100
    assert main(["--install"]) == 1
    assert len(machine.commands) == 1
    assert remedy(["libxcb-cursor0"]) in capsys.readouterr().err


@pytest.mark.usefixtures("machine")
def test_other_linux_is_told_the_names(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("shutil.which", lambda _: None)
    assert main(["--install"]) == 1
    assert "libxcb-cursor.so.0" in capsys.readouterr().err


def test_runs_before_anything_is_installed() -> None:
    """With the standard library alone: no site-packages, no package around it."""
    script = Path(system_libraries.__file__)
    done = subprocess.run([sys.executable, "-I", "-S", script], capture_output=True, check=False)
    assert b"Traceback" not in done.stderr
    assert done.returncode in (0, 1)
