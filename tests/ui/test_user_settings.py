"""The user's own settings never prevent starting."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pytestqt.qtbot import QtBot

from facegui.core.files import write_json
from facegui.ui import user_settings
from facegui.ui.user_settings import (
    MOST_RECENT,
    Colours,
    UserSettings,
    UserSettingsFile,
    load_settings,
)


def test_what_is_changed_is_there_at_the_next_start(tmp_path: Path) -> None:
    path = tmp_path / "new" / "settings.json"
    settings = UserSettings(Colours.DARK).with_project(tmp_path / "Gesichter ä")
    UserSettingsFile(path).change(settings)
    assert UserSettingsFile(path).settings == settings


@pytest.mark.usefixtures("qapp")
def test_what_tabs_remember_is_there_at_the_next_start(tmp_path: Path) -> None:
    path = tmp_path / "settings.json"
    file = UserSettingsFile(path)
    file.change(UserSettings(Colours.DARK))
    file.controls["camera"] = "Kamera ä"
    file.controls["count"] = 3
    del file.controls["count"]
    file.flush()
    again = UserSettingsFile(path)
    assert dict(again.controls) == {"camera": "Kamera ä"}
    assert again.settings.colours is Colours.DARK


def test_controls_are_written_once_they_rest(
    qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "settings.json"
    written: list[int] = []

    def write(path: Path, document: dict[str, Any]) -> None:
        written.append(document["controls"]["count"])
        write_json(path, document)

    monkeypatch.setattr(user_settings, "write_json", write)
    monkeypatch.setattr(user_settings, "WRITE_AFTER_MS", 0)
    file = UserSettingsFile(path)
    for count in range(5):
        file.controls["count"] = count
    assert not path.exists()
    qtbot.waitUntil(lambda: bool(written))
    file.flush()
    assert written == [4]
    file.controls["count"] = 5
    file.change(UserSettings(Colours.DARK, controls=file.settings.controls))
    file.flush()
    assert written == [4, 5]


def test_first_start_is_silent(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    assert load_settings(tmp_path / "none.json") == UserSettings()
    assert caplog.text == ""


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"[]",
        b"\xff\xfe",
        b'{"colours": "pink"}',
        b'{"colours": []}',
        b'{"recent_projects": "x"}',
        b'{"recent_projects": [1]}',
        b'{"reopen": "yes"}',
        b'{"controls": [1]}',
    ],
)
def test_broken_file_is_ignored_with_a_line_in_the_log(
    content: bytes, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "settings.json"
    path.write_bytes(content)
    assert load_settings(path) == UserSettings()
    assert str(path) in caplog.text


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    )
)
def test_any_json_is_understood_or_refused(document: object) -> None:
    try:
        settings = UserSettings.from_json(document)
    except (ValueError, TypeError):
        return
    assert UserSettings.from_json(settings.to_json()) == settings


def test_folder_that_cannot_be_written_is_no_error(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    in_the_way = tmp_path / "file"
    in_the_way.write_text("", "utf-8")
    file = UserSettingsFile(in_the_way / "settings.json")
    with caplog.at_level(logging.WARNING):
        file.change(UserSettings(Colours.LIGHT))
    assert file.settings.colours is Colours.LIGHT
    assert "not kept" in caplog.text


def test_recent_projects_are_each_there_once_and_not_too_many() -> None:
    settings = UserSettings()
    for number in (*range(MOST_RECENT + 2), 5):
        settings = settings.with_project(Path(f"p{number}"))
    recent = [folder.name for folder in settings.recent_projects]
    assert recent[:2] == ["p5", f"p{MOST_RECENT + 1}"]
    assert len(recent) == len(set(recent)) == MOST_RECENT
    assert settings.reopen
