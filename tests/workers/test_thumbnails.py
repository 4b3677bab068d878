"""Pictures read in the background: the newest wish first, and nothing that was forgotten."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import QObject, QThread, Slot
from pytestqt.qtbot import QtBot

from facegui.core.errors import UserError
from facegui.core.images import read_picture, read_small_picture, write_picture
from facegui.core.photo_library import Photo
from facegui.workers import thumbnails
from facegui.workers.thumbnails import LoadedPicture, PictureLoader


class Listener(QObject):
    """Keeps what comes, and in which thread."""

    def __init__(self, loader: PictureLoader) -> None:
        super().__init__()
        self.loaded: list[LoadedPicture] = []
        self.dropped: list[str] = []
        self.threads: set[QThread] = set()
        loader.loaded.connect(self.on_loaded)
        loader.dropped.connect(self.dropped.append)

    @Slot(object)
    def on_loaded(self, loaded: LoadedPicture) -> None:
        self.loaded.append(loaded)
        self.threads.add(QThread.currentThread())

    @property
    def names(self) -> list[str]:
        return [loaded.photo.name for loaded in self.loaded]


@pytest.fixture
def make_loader() -> Iterator[Callable[..., tuple[PictureLoader, Listener]]]:
    loaders: list[PictureLoader] = []

    def make(side: int = 64, threads: int = 1, longest: int = 9) -> Any:
        loader = PictureLoader(side, threads=threads, longest=longest)
        loaders.append(loader)
        return loader, Listener(loader)

    yield make
    for loader in loaders:
        loader.shut_down()


@pytest.fixture
def photos(tmp_path: Path) -> list[Photo]:
    made = []
    for number in range(6):
        photo = Photo(f"{number}.jpg", tmp_path / f"{number}.jpg")
        write_picture(photo.path, np.full((90, 120, 3), 40 * number, np.uint8))
        made.append(photo)
    return made


def test_a_photo_is_made_small_and_keeps_its_own_size(
    make_loader: Any, photos: list[Photo], qtbot: QtBot
) -> None:
    loader, listener = make_loader()
    loader.want(photos[3])
    qtbot.waitUntil(lambda: bool(listener.loaded))
    (loaded,) = listener.loaded
    assert loaded.pixels is not None
    assert loaded.pixels.shape == (48, 64, 3)
    assert abs(int(loaded.pixels.mean()) - 120) < 3
    assert not loaded.pixels.flags.writeable
    assert loaded.size == (120, 90)
    assert loaded.time_ns == photos[3].path.stat().st_mtime_ns
    assert listener.threads == {QThread.currentThread()}


def test_what_cannot_be_read_is_told(make_loader: Any, photos: list[Photo], qtbot: QtBot) -> None:
    photos[0].path.write_bytes(b"no picture")
    photos[1].path.unlink()
    loader, listener = make_loader()
    loader.want(photos[0])
    loader.want(photos[1])
    qtbot.waitUntil(lambda: len(listener.loaded) == 2)
    for loaded in listener.loaded:
        assert loaded.pixels is None
        assert isinstance(loaded.error, UserError)


def test_the_newest_wish_is_served_first_and_the_oldest_dropped(
    make_loader: Any, photos: list[Photo], qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    go_on, reading = threading.Event(), threading.Event()

    def read(path: Path, side: int) -> Any:
        reading.set()
        assert go_on.wait(20)
        return read_small_picture(path, side)

    monkeypatch.setattr(thumbnails, "read_small_picture", read)
    loader, listener = make_loader(longest=3)
    loader.want(photos[0])
    assert reading.wait(20)
    for photo in photos[1:6]:
        loader.want(photo)
    loader.want(photos[4])  # once more: now it is the newest
    assert listener.dropped == ["1.jpg", "2.jpg"]
    go_on.set()
    qtbot.waitUntil(lambda: len(listener.loaded) == 4)
    assert listener.names == ["0.jpg", "4.jpg", "5.jpg", "3.jpg"]


def test_after_shutting_down_nothing_is_read(
    make_loader: Any, photos: list[Photo], monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[Path] = []
    monkeypatch.setattr(thumbnails, "read_small_picture", lambda path, _: read.append(path))
    loader, _ = make_loader()
    loader.shut_down()
    for photo in photos:
        loader.want(photo)
    loader.shut_down()
    assert read == []


@pytest.mark.parametrize("orientation", [1, 3, 6])
def test_a_small_picture_is_the_large_one_made_small(tmp_path: Path, orientation: int) -> None:
    path = tmp_path / "large.jpg"
    across = np.linspace(0, 255, 1600, dtype=np.uint8)
    picture = Image.fromarray(np.repeat(np.tile(across, (900, 1))[:, :, None], 3, axis=2))
    exif = Image.Exif()
    exif[0x0112] = orientation
    picture.save(path, exif=exif)
    whole = read_picture(path)
    small, size = read_small_picture(path, 160)
    assert size == (whole.shape[1], whole.shape[0])
    assert max(small.shape) == 160
    rows = np.linspace(5, whole.shape[0] - 6, 7).astype(int)
    columns = np.linspace(5, whole.shape[1] - 6, 7).astype(int)
    scale = 160 / 1600
    for row in rows:
        for column in columns:
            there = small[int(row * scale), int(column * scale)].astype(int)
            assert abs(there - whole[row, column].astype(int)).max() <= 6


def test_a_picture_that_is_small_already_is_not_enlarged(tmp_path: Path) -> None:
    path = tmp_path / "tiny.png"
    write_picture(path, np.zeros((3, 500, 3), np.uint8))
    assert read_small_picture(path, 1000)[0].shape == (3, 500, 3)
    assert read_small_picture(path, 50)[0].shape == (1, 50, 3)
