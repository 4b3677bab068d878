"""Small pictures are kept, and made again where the photo is another or the kept one is bad."""

from __future__ import annotations

import errno
import os

import numpy as np
import pytest

from facegui.core import thumbnail_cache
from facegui.core.errors import UserError
from facegui.core.thumbnail_cache import prune_thumbnails, read_thumbnail


@pytest.fixture
def photo(make_photo, tmp_path):
    return make_photo(tmp_path / "photos" / "a.png")


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "cache" / "thumbnails"


def test_kept_picture_is_read_the_second_time(photo, folder, monkeypatch):
    pixels, size = read_thumbnail(photo, folder, 32)
    assert pixels.shape == (24, 32, 3)
    assert size == (64, 48)
    read = []
    original = thumbnail_cache.read_small_picture

    def read_small(path, side):
        read.append(path)
        return original(path, side)

    monkeypatch.setattr(thumbnail_cache, "read_small_picture", read_small)
    again, size = read_thumbnail(photo, folder, 32)
    assert read == [folder / "a.png.jpg"]
    assert size == (64, 48)
    assert np.abs(again.astype(int) - pixels).mean() < 25


def test_another_photo_of_that_name_gets_another_picture(photo, folder, make_photo):
    before, _ = read_thumbnail(photo, folder, 32)
    make_photo(photo)
    after, _ = read_thumbnail(photo, folder, 32)
    assert not np.array_equal(before, after)


def test_damaged_kept_picture_is_made_again(photo, folder):
    read_thumbnail(photo, folder, 32)
    kept = folder / "a.png.jpg"
    stamp = kept.stat().st_mtime_ns
    kept.write_bytes(b"half")
    os.utime(kept, ns=(stamp, stamp))
    pixels, _ = read_thumbnail(photo, folder, 32)
    assert pixels.shape == (24, 32, 3)
    assert kept.stat().st_size > 100


def test_full_disk_keeps_nothing_and_shows_the_picture(photo, folder, monkeypatch, failing):
    monkeypatch.setattr(type(photo), "write_bytes", failing(errno.ENOSPC))
    assert read_thumbnail(photo, folder, 32)[1] == (64, 48)
    monkeypatch.undo()
    assert not (folder / "a.png.jpg").exists()


def test_damaged_photo_is_told(tmp_path, folder):
    bad = tmp_path / "bad.jpg"
    bad.write_bytes(b"no picture")
    with pytest.raises(UserError, match="damaged"):
        read_thumbnail(bad, folder, 32)


def test_of_photos_that_are_gone_nothing_is_kept(make_photo, tmp_path, folder):
    for name in ("a.png", "b.jpg"):
        read_thumbnail(make_photo(tmp_path / "photos" / name), folder / "32", 32)
    prune_thumbnails(folder, {"b.jpg"})
    assert [path.name for path in folder.rglob("*.jpg")] == ["b.jpg.jpg"]
    prune_thumbnails(tmp_path / "nowhere", set())
