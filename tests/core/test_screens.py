"""A screen is one that lets the program in, whatever the variables say."""

from __future__ import annotations

import socket
import sys

import pytest

from facegui.core import screens
from facegui.core.screens import reaches_screen

SCREENS = {"WAYLAND_DISPLAY": "wayland-7", "DISPLAY": ":4711"}
pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="other systems always have one")


@pytest.mark.parametrize(
    "environment",
    [
        {},
        {"DISPLAY": ""},
        {"DISPLAY": ":4711"},
        {"DISPLAY": "nonsense"},
        {"WAYLAND_DISPLAY": "wayland-nowhere", "XDG_RUNTIME_DIR": "/nowhere"},
    ],
)
def test_variables_alone_are_no_screen(environment):
    assert not reaches_screen(environment, "linux")
    assert reaches_screen(environment, "win32")
    assert reaches_screen(environment, "darwin")


def test_wayland_is_reached_by_its_socket(tmp_path, monkeypatch):
    if screens._load(screens._WAYLAND) is None:
        pytest.skip("needs the library of Wayland")
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(tmp_path / "wayland-7"))
        server.listen()
        assert reaches_screen({"XDG_RUNTIME_DIR": str(tmp_path), **SCREENS}, "linux")
        assert not reaches_screen(SCREENS, "linux")


def test_without_the_libraries_there_is_no_screen(monkeypatch):
    monkeypatch.setattr(screens, "_X11", "libnothing.so.0")
    monkeypatch.setattr(screens, "_WAYLAND", "libnothing.so.0")
    assert not reaches_screen({"DISPLAY": ":0", "WAYLAND_DISPLAY": "wayland-0"}, "linux")
