"""Cameras by name, files beside them, and the choice is remembered."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import QMimeData, QUrl
from pytestqt.qtbot import QtBot

from facegui.core.camera import CameraInfo, CameraKind
from facegui.core.cameras import DEMO
from facegui.core.images import write_picture
from facegui.ui.source_picker import FileKind, SourcePicker, local_paths, source_of

WEBCAM = CameraInfo("HD Webcam", CameraKind.WEBCAM, "HD Webcam", 0)
OTHER = CameraInfo("Logitech", CameraKind.WEBCAM, "Logitech", 1)


@pytest.fixture
def make_picker(qtbot: QtBot) -> Iterator[Callable[..., SourcePicker]]:
    pickers: list[SourcePicker] = []

    def make(*cameras: CameraInfo, **settings: Any) -> SourcePicker:
        settings.setdefault("name", "test.source")
        picker = SourcePicker(list_cameras=lambda: cameras, **settings)
        qtbot.addWidget(picker)
        pickers.append(picker)
        return picker

    yield make
    for picker in pickers:
        picker.shut_down()


def texts(picker: SourcePicker) -> list[str]:
    return [text for row in range(picker.box.count()) if (text := picker.box.itemText(row))]


def activate(picker: SourcePicker, text: str) -> None:
    row = picker.box.findText(text)
    picker.box.setCurrentIndex(row)
    picker.box.activated.emit(row)


def test_first_webcam_is_chosen_by_itself(qtbot: QtBot, make_picker: Any) -> None:
    picker = make_picker(WEBCAM, OTHER, DEMO)
    with qtbot.waitSignal(picker.chosen) as chosen:
        picker.look()
    assert chosen.args == [WEBCAM]
    assert picker.box.currentText() == "HD Webcam"
    assert texts(picker) == [
        "HD Webcam",
        "Logitech",
        "Demo camera",
        "Video file…",
        "Folder of pictures…",
    ]
    assert picker.hint.isHidden()


def test_without_a_webcam_the_demo_camera_stands_in_and_that_is_said(
    qtbot: QtBot, make_picker: Any
) -> None:
    picker = make_picker(DEMO)
    with qtbot.waitSignal(picker.chosen):
        picker.look()
    assert picker.source == DEMO
    assert not picker.hint.isHidden()


def test_choice_is_remembered(qtbot: QtBot, make_picker: Any) -> None:
    settings: dict[str, Any] = {}
    picker = make_picker(WEBCAM, OTHER, DEMO, settings=settings)
    with qtbot.waitSignal(picker.chosen):
        picker.look()
    activate(picker, "Logitech")
    again = make_picker(WEBCAM, OTHER, DEMO, settings=settings)
    with qtbot.waitSignal(again.chosen):
        again.look()
    assert again.source == OTHER


def test_camera_chosen_in_one_list_is_chosen_in_the_other(qtbot: QtBot, make_picker: Any) -> None:
    settings: dict[str, Any] = {"other.source": None}
    picker = make_picker(WEBCAM, OTHER, DEMO, settings=settings)
    with qtbot.waitSignal(picker.chosen):
        picker.look()
    assert settings == {"other.source": None}  # only what the user chooses is remembered
    activate(picker, "Logitech")
    other = make_picker(WEBCAM, OTHER, DEMO, settings=settings, name="other.source")
    with qtbot.waitSignal(other.chosen):
        other.look()
    assert other.source == OTHER


@pytest.mark.parametrize("junk", [None, 3, ["x"], {"name": "x"}, "\0", "x" * 5000, "/gone.mp4"])
def test_junk_in_the_settings_does_no_harm(qtbot: QtBot, make_picker: Any, junk: object) -> None:
    picker = make_picker(WEBCAM, DEMO, settings={"test.source": junk, "camera": junk})
    with qtbot.waitSignal(picker.chosen):
        picker.look()
    assert picker.source == WEBCAM


def test_camera_that_is_plugged_in_later_appears(qtbot: QtBot, make_picker: Any) -> None:
    picker = make_picker(DEMO)
    with qtbot.waitSignal(picker.chosen):
        picker.look()
    qtbot.waitUntil(lambda: picker._job is None)
    picker._list_cameras = lambda: (WEBCAM, DEMO)
    picker.look()
    qtbot.waitUntil(lambda: "HD Webcam" in texts(picker))
    assert picker.source == DEMO  # what is being looked at stays


def test_camera_that_was_unplugged_stays_chosen(qtbot: QtBot, make_picker: Any) -> None:
    picker = make_picker(WEBCAM, DEMO)
    with qtbot.waitSignal(picker.chosen):
        picker.look()
    qtbot.waitUntil(lambda: picker._job is None)
    picker._list_cameras = lambda: (DEMO,)
    picker.look()
    qtbot.waitUntil(lambda: picker.cameras == (DEMO,))
    assert picker.box.currentText() == "HD Webcam"


def test_list_that_cannot_be_made_leaves_the_demo_camera(qtbot: QtBot, make_picker: Any) -> None:
    picker = make_picker()

    def failing() -> tuple[CameraInfo, ...]:
        raise OSError("no such thing")

    picker._list_cameras = failing
    with qtbot.waitSignal(picker.chosen):
        picker.look()
    assert picker.source == DEMO


def test_video_is_asked_for_and_stays_in_the_list(
    qtbot: QtBot, make_picker: Any, tmp_path: Path
) -> None:
    film = tmp_path / "film.mp4"
    film.touch()
    asked: list[FileKind] = []

    def ask(parent: object, kind: FileKind) -> Path:  # noqa: ARG001
        asked.append(kind)
        return film

    settings: dict[str, Any] = {}
    picker = make_picker(WEBCAM, DEMO, ask_path=ask, settings=settings)
    with qtbot.waitSignal(picker.chosen):
        picker.look()
    activate(picker, "Video file…")
    assert asked == [FileKind.VIDEO]
    assert picker.source == CameraInfo("film.mp4", CameraKind.VIDEO, str(film))
    activate(picker, "HD Webcam")
    assert "film.mp4" in texts(picker)
    activate(picker, "film.mp4")
    again = make_picker(WEBCAM, DEMO, settings=settings)
    with qtbot.waitSignal(again.chosen):
        again.look()
    assert again.source == picker.source


def test_thinking_better_of_it_keeps_the_choice(qtbot: QtBot, make_picker: Any) -> None:
    picker = make_picker(WEBCAM, DEMO, ask_path=lambda *_: None)
    with qtbot.waitSignal(picker.chosen):
        picker.look()
    activate(picker, "Folder of pictures…")
    assert picker.source == WEBCAM
    assert picker.box.currentText() == "HD Webcam"


def test_pictures_are_offered_where_wanted(make_picker: Any) -> None:
    assert "Picture…" in texts(make_picker(with_pictures=True))
    assert "Picture…" not in texts(make_picker())


def test_source_of_a_path(tmp_path: Path) -> None:
    picture = tmp_path / "a.png"
    write_picture(picture, np.zeros((4, 4, 3), np.uint8))
    for path, kind in ((tmp_path, CameraKind.FOLDER), (picture, CameraKind.FOLDER)):
        source = source_of(path)
        assert source is not None
        assert (source.kind, source.source) == (kind, str(path))
    assert source_of(tmp_path / "notes.txt") is None


def test_only_files_of_this_computer_are_dropped(tmp_path: Path) -> None:
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(tmp_path)), QUrl("https://example.org/a.jpg")])
    assert local_paths(data) == (tmp_path,)
