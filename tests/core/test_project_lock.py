"""One program at a time edits a project, and a killed one leaves nothing in the way."""

from __future__ import annotations

import errno
import os
import shutil
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import filelock
import pytest

from facegui.core import project_lock
from facegui.core.errors import UserError
from facegui.core.project import Project
from facegui.core.project_lock import HOLDER_NAME, ProjectLock

HOLD = """
import sys
import threading
from pathlib import Path
from facegui.core.project_lock import ProjectLock
lock = ProjectLock(Path(sys.argv[1]))
print("held", flush=True)
sys.stdin.read()
"""


@contextmanager
def held_by_another_program(folder: Path) -> Iterator[subprocess.Popen[str]]:
    child = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(folder)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert child.stdout is not None
        assert child.stdout.readline() == "held\n"
        yield child
    finally:
        child.kill()
        child.communicate()


def test_second_opening_in_this_program_names_the_holder(project):
    with pytest.raises(UserError, match="already open in this program") as refused:
        Project.open(project.folder)
    assert f"process {os.getpid()}" in refused.value.what
    assert "Close it there first" in refused.value.remedy


def test_opening_elsewhere_names_the_program_that_holds_the_project(project):
    project.close()
    with held_by_another_program(project.folder) as child:
        with pytest.raises(UserError, match="already open in another program") as refused:
            Project.open(project.folder)
        assert f"process {child.pid} on {socket.gethostname()}, since 20" in refused.value.what


def test_project_of_a_killed_program_can_be_opened(project):
    project.close()
    with held_by_another_program(project.folder) as child:
        child.kill()
        child.wait()
        assert (project.folder / HOLDER_NAME).exists()
        with Project.open(project.folder) as again:
            assert again.photos == ()


def test_project_can_be_opened_again_once_it_is_closed(project):
    project.close()
    project.close()
    assert not (project.folder / HOLDER_NAME).exists()
    with Project.open(project.folder):
        pass


def test_copy_of_a_held_project_is_free(project, tmp_path):

    copy = Path(shutil.copytree(project.folder, tmp_path / "copy"))
    with Project.open(copy):
        pass


def test_unreadable_name_of_the_holder_does_not_hide_that_it_is_held(project):
    (project.folder / HOLDER_NAME).write_text("{", "utf-8")
    with pytest.raises(UserError, match="already open in another program"):
        ProjectLock(project.folder)


def test_folder_that_may_not_be_written_to_is_told_apart_from_a_held_one(
    tmp_path, monkeypatch, failing
):
    monkeypatch.setattr(filelock.FileLock, "acquire", failing(errno.EACCES))
    with pytest.raises(UserError, match="No permission for opening the project"):
        ProjectLock(tmp_path)


def test_lock_holds_where_the_name_of_the_holder_cannot_be_written(tmp_path, monkeypatch, failing):
    monkeypatch.setattr(project_lock, "write_json", failing(errno.ENOSPC))
    lock = ProjectLock(tmp_path)
    with pytest.raises(UserError, match="already open"):
        ProjectLock(tmp_path)
    lock.release()
    ProjectLock(tmp_path).release()


def test_lock_may_be_given_back_by_another_thread(tmp_path):

    lock = ProjectLock(tmp_path)
    thread = threading.Thread(target=lock.release)
    thread.start()
    thread.join()
    ProjectLock(tmp_path).release()
