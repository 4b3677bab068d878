"""`project.json`: damaged, of a newer program, of an older one."""

from __future__ import annotations

import errno
import json

import pytest

from facegui.core import project as project_module
from facegui.core import project_index
from facegui.core.errors import UserError
from facegui.core.project import Project
from facegui.core.project_index import (
    MIGRATIONS,
    SCHEMA,
    PhotoRecord,
    ProjectIndex,
    Session,
    keep_old_version,
    load_index,
)
from facegui.core.splits import Split


@pytest.fixture
def path(tmp_path):
    return tmp_path / "project.json"


def write(path, document):
    path.write_text(json.dumps(document), "utf-8")


def test_everything_comes_back(path):
    index = ProjectIndex(
        photos={
            "a.jpg": PhotoRecord(Split.TEST, "20260101-120000", "ab" * 32),
            "ü.png": PhotoRecord(),
        },
        sessions={
            "20260101-120000": Session(
                "Imported from photos", "2026-01-01T12:00:00+01:00", ("Ada", "Bob")
            )
        },
        settings={"splits": {"seed": 3}},
    )
    index.save(path)
    assert load_index(path) == index


def test_keys_of_other_programs_are_kept(path):
    write(path, {"schema": SCHEMA, "photos": {}, "colour": ["blue"]})
    load_index(path).save(path)
    assert json.loads(path.read_text("utf-8"))["colour"] == ["blue"]


def test_name_that_is_not_in_utf8_comes_back(path):
    index = ProjectIndex(photos={"caf\udce9.jpg": PhotoRecord(Split.TRAIN)})
    index.save(path)
    assert load_index(path) == index


def test_file_cut_in_half_is_said_to_be_damaged_and_stays(path):
    ProjectIndex(photos={f"{number}.jpg": PhotoRecord() for number in range(9)}).save(path)
    half = path.read_bytes()[: path.stat().st_size // 2]
    path.write_bytes(half)
    with pytest.raises(UserError, match="damaged") as refused:
        load_index(path)
    assert "Photos and labels are safe" in refused.value.remedy
    assert path.read_bytes() == half


@pytest.mark.parametrize(
    "document",
    [
        [],
        {},
        {"schema": "1"},
        {"schema": 0},
        {"schema": 1, "photos": []},
        {"schema": 1, "photos": {"a.jpg": None}},
        {"schema": 1, "photos": {"a.jpg": {"split": "nonsense"}}},
        {"schema": 1, "sessions": {"1": {}}},
        {"schema": 1, "settings": {"splits": 5}},
    ],
)
def test_what_is_no_index_is_said_to_be_damaged(path, document):
    write(path, document)
    with pytest.raises(UserError, match="damaged"):
        load_index(path)


@pytest.mark.parametrize("content", [b"", b"\xff\xfe\x00", b"[" * 100_000])
def test_what_is_no_json_is_said_to_be_damaged(path, content):
    path.write_bytes(content)
    with pytest.raises(UserError, match="damaged"):
        load_index(path)


def test_newer_schema_asks_for_a_newer_program(path):
    write(path, {"schema": SCHEMA + 1})
    with pytest.raises(UserError, match="newer version of FaceGUI") as refused:
        load_index(path)
    assert "Install the newest version" in refused.value.remedy


def test_missing_file_is_no_project(path, tmp_path):
    with pytest.raises(UserError, match="no FaceGUI project"):
        load_index(path)
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(UserError, match="no FaceGUI project"):
        load_index(tmp_path / "file" / "project.json")


def test_file_that_may_not_be_read_is_not_said_to_be_damaged(path, monkeypatch, failing):
    monkeypatch.setattr(type(path), "read_text", failing(errno.EACCES))
    with pytest.raises(UserError, match="No permission"):
        load_index(path)


def test_every_older_schema_has_a_migration():
    assert set(MIGRATIONS) == set(range(1, SCHEMA))


def test_sessions_of_the_first_schema_have_nobody_noted(path):
    session = {"title": "Imported from photos", "started": "2026-01-01T12:00:00+01:00"}
    write(path, {"schema": 1, "sessions": {"1": session}})
    assert load_index(path).sessions == {"1": Session(*session.values())}


def rename_pictures(document):
    photos = document.pop("pictures")
    return {**document, "photos": photos}


def split_by_name(document):
    photos = {name: {"split": split} for name, split in document["photos"].items()}
    return {**document, "photos": photos}


OLD = {"schema": 1, "pictures": {"a.jpg": "val"}, "theirs": 1}
STEPS = {1: rename_pictures, 2: split_by_name}


def test_older_schemas_are_migrated_step_by_step(path):
    write(path, OLD)
    index = load_index(path, STEPS, 3)
    assert index.photos == {"a.jpg": PhotoRecord(Split.VALIDATION)}
    assert index.unknown == {"theirs": 1}
    write(path, {"schema": 2, "photos": {"a.jpg": "val"}})
    assert load_index(path, STEPS, 3).photos == index.photos
    assert json.loads(path.read_text("utf-8"))["schema"] == 2, "reading writes nothing"


def test_damaged_file_of_an_older_schema_is_said_to_be_damaged(path):
    write(path, {"schema": 1})
    with pytest.raises(UserError, match="damaged"):
        load_index(path, STEPS, 3)


def test_old_file_is_kept_beside_before_the_new_one_is_written(path):
    write(path, OLD)
    old = path.read_bytes()
    keep_old_version(path, 3)
    kept = path.with_name("project.schema-1.json")
    assert kept.read_bytes() == old
    keep_old_version(path, 1)
    assert sorted(path.parent.iterdir()) == [path, kept]


def test_project_of_an_older_schema_opens_migrated_and_keeps_the_old_file(
    project, add_photo, monkeypatch
):
    photo = add_photo("a.jpg", ())
    project.close()
    path = project.folder / "project.json"
    write(path, OLD)
    old = path.read_bytes()
    monkeypatch.setattr(project_index, "SCHEMA", 3)
    monkeypatch.setattr(project_module, "load_index", lambda path: load_index(path, STEPS, 3))
    monkeypatch.setattr(project_module, "keep_old_version", lambda path: keep_old_version(path, 3))
    with Project.open(project.folder) as opened:
        assert opened.split(photo) is Split.VALIDATION
        assert (project.folder / "project.schema-1.json").read_bytes() == old
        opened.save_settings("any", {})
    assert json.loads(path.read_text("utf-8"))["schema"] == 3
    assert (project.folder / "project.schema-1.json").read_bytes() == old
