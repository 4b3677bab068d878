"""What people are told when something goes wrong."""

from __future__ import annotations

import errno

import pytest

from facegui.core.errors import UserError, disk_error


def test_error_says_what_happened_and_what_to_do() -> None:
    error = UserError("The photo is gone.", "Take another.", "ENOENT")
    assert str(error) == "The photo is gone. Take another."
    assert (error.what, error.remedy, error.details) == error.args
    assert str(UserError("The photo is gone.", "")) == "The photo is gone."


@pytest.mark.parametrize(
    ("number", "what", "remedy"),
    [
        (errno.ENOSPC, "The disk is full: saving the photo did not work.", "Free some space"),
        (errno.EDQUOT, "The disk is full: saving the photo did not work.", "Free some space"),
        (errno.EACCES, "No permission for saving the photo.", "Choose a folder"),
        (errno.EROFS, "No permission for saving the photo.", "Choose a folder"),
        (errno.EIO, "Saving the photo did not work: broken.", "Check that the disk"),
    ],
)
def test_failed_write_is_told_by_its_cause(number: int, what: str, remedy: str) -> None:
    error = disk_error(OSError(number, "broken", "a.jpg"), "saving the photo")
    assert error.what == what
    assert error.remedy.startswith(remedy)
    assert "broken" in error.details


def test_failed_write_without_a_number_still_says_something() -> None:
    assert disk_error(OSError("odd"), "saving").what == "Saving did not work: odd."
