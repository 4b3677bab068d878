"""Errors that are told to the person at the computer."""

from __future__ import annotations

import errno


class UserError(Exception):
    """Something went wrong that the user can do something about.

    Args:
        what: one sentence, what happened.
        remedy: what to do about it.
        details: for those who want to know more; folded away in the window.
    """

    def __init__(self, what: str, remedy: str, details: str = "") -> None:
        super().__init__(what, remedy, details)
        self.what = what
        self.remedy = remedy
        self.details = details

    def __str__(self) -> str:
        return f"{self.what} {self.remedy}".strip()


class Cancelled(Exception):
    """The user asked for the work to be dropped. Not an error."""


def disk_error(error: OSError, doing: str) -> UserError:
    """The `UserError` for a failed read or write.

    Args:
        error: what the operating system said.
        doing: what was being done, such as "saving the photo".
    """
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return UserError(
            f"The disk is full: {doing} did not work.",
            "Free some space, then try again. What was saved before is untouched.",
            str(error),
        )
    if error.errno == errno.ENAMETOOLONG:
        return UserError(
            f"A name is too long: {doing} did not work.", "Choose a shorter one.", str(error)
        )
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return UserError(
            f"No permission for {doing}.",
            "Choose a folder that you may write to, or change its permissions.",
            str(error),
        )
    return UserError(
        f"{doing[:1].upper()}{doing[1:]} did not work: {error.strerror or error}.",
        "Check that the disk is connected, then try again.",
        str(error),
    )
