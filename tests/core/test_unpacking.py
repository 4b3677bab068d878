"""Zip files: what is in them comes in, nothing leaves the target, bombs are refused."""

from __future__ import annotations

import stat
import zipfile
from pathlib import Path

import pytest

from facegui.core import unpacking
from facegui.core.boxes import Box
from facegui.core.errors import Cancelled, UserError
from facegui.core.import_plan import survey
from facegui.core.importing import import_source
from facegui.core.progress import StopToken, ignore_progress
from facegui.core.splits import Split
from facegui.core.unpacking import unpack_zip


def zipped(path, files, compression=zipfile.ZIP_DEFLATED):
    with zipfile.ZipFile(path, "w", compression) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return path


def unpack(source, folder):
    return unpack_zip(source, folder, ignore_progress, StopToken())


def test_photos_labels_and_splits_come_out_of_a_zip(project, tmp_path, make_photo, make_label):
    photo = make_photo(tmp_path / "a.jpg")
    label = make_label(tmp_path / "a.json", [(10, 5, 30, 25)])
    source = zipped(
        tmp_path / "mine.zip",
        {
            "test/images/a.jpg": photo.read_bytes(),
            "test/labels/a.json": label.read_bytes(),
            "__MACOSX/test/images/._a.jpg": b"x",
            ".DS_Store": b"x",
        },
    )
    report = import_source(project, [source], ignore_progress, StopToken())
    assert project.label(project.photo("a.jpg")) == (Box(10, 5, 30, 25),)
    assert project.split(project.photo("a.jpg")) is Split.TEST
    assert report.skipped == ()
    assert [session.title for session in project.sessions.values()] == ["Imported from mine.zip"]
    assert len(import_source(project, [source], ignore_progress, StopToken()).duplicates) == 1


@pytest.mark.parametrize(
    "name", ["../evil.jpg", "/etc/evil.jpg", "a/../../evil.jpg", "..\\evil.jpg", "C:\\evil.jpg"]
)
def test_nothing_is_written_outside(tmp_path, name):
    source = zipped(tmp_path / "a.zip", {name: b"x", "good.jpg": b"y"})
    (left_out,) = unpack(source, tmp_path / "in" / "target")
    assert "outside" in left_out.reason
    there = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert sorted(there) == [source, tmp_path / "in" / "target" / "good.jpg"]


def test_links_and_doubles_are_left_out(tmp_path):
    link = zipfile.ZipInfo("link.jpg")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    source = tmp_path / "a.zip"
    with zipfile.ZipFile(source, "w") as archive:
        archive.writestr(link, "/etc/passwd")
        archive.writestr("A.jpg", b"1")
        archive.writestr("a.JPG", b"2")
    reasons = [finding.reason for finding in unpack(source, tmp_path / "target")]
    assert reasons == ["it is a link", "another file in the zip file has the same name"]
    assert [path.name for path in (tmp_path / "target").iterdir()] == ["A.jpg"]


def test_a_bomb_is_refused_and_leaves_nothing_behind(tmp_path, monkeypatch):
    monkeypatch.setattr(unpacking, "FREE_BYTES", 1000)
    source = zipped(tmp_path / "bomb.zip", {"a.json": bytes(5_000_000)})
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "temporary"))
    (tmp_path / "temporary").mkdir()
    with pytest.raises(UserError, match=r"bomb.zip unpacks to far more"):
        survey([source])
    assert list((tmp_path / "temporary").iterdir()) == []


def test_the_whole_has_a_bound_too(tmp_path, monkeypatch):
    monkeypatch.setattr(unpacking, "LARGEST_BYTES", 150)
    source = zipped(tmp_path / "a.zip", {"1.jpg": bytes(100), "2.jpg": bytes(100)}, 0)
    with pytest.raises(UserError, match="far more"):
        unpack(source, tmp_path / "target")
    monkeypatch.setattr(unpacking, "MOST_FILES", 1)
    with pytest.raises(UserError, match="more than 1 files"):
        unpack(source, tmp_path / "target 2")


def test_damaged_and_locked_zips_are_told(tmp_path):
    damaged = tmp_path / "damaged.zip"
    damaged.write_bytes(b"PK\x03\x04 and no more")
    with pytest.raises(UserError, match="damaged"):
        unpack(damaged, tmp_path / "1")
    whole = zipped(tmp_path / "flipped.zip", {"a.jpg": b"x" * 1000}, 0)
    data = bytearray(whole.read_bytes())
    data[500] ^= 1
    whole.write_bytes(data)
    with pytest.raises(UserError, match="damaged"):
        unpack(whole, tmp_path / "2")
    locked = zipped(tmp_path / "locked.zip", {"a.jpg": b"x"}, 0)
    data = bytearray(locked.read_bytes())
    data[data.index(b"PK\x01\x02") + 8] |= 1  # the flag that says "encrypted"
    data[6] |= 1
    locked.write_bytes(data)
    with pytest.raises(UserError, match="password"):
        unpack(locked, tmp_path / "3")


def test_unpacking_can_be_cancelled(tmp_path):
    source = zipped(tmp_path / "a.zip", {"a.jpg": b"x"})
    stop = StopToken()
    stop.cancel()
    with pytest.raises(Cancelled):
        unpack_zip(source, tmp_path / "target", ignore_progress, stop)


def test_a_plan_removes_what_was_unpacked(tmp_path, make_photo):
    source = zipped(tmp_path / "a.zip", {"a.jpg": make_photo(tmp_path / "a.jpg").read_bytes()})
    with survey([source]) as plan:
        place = plan.pictures[0].path
        assert place.exists()
    assert not Path(place).exists()
