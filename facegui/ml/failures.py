"""What TensorFlow and the system say, turned into what a person can act on."""

from __future__ import annotations

import contextlib
import errno
from collections.abc import Iterator

from facegui.core.errors import Cancelled, UserError, disk_error


@contextlib.contextmanager
def explained(doing: str) -> Iterator[None]:
    """Raises `UserError` in place of errors that a full disk or memory brings about.

    Args:
        doing: what is being done, such as "saving the training".
    """
    try:
        yield
    except (UserError, Cancelled):
        raise
    except Exception as error:
        # TensorFlow's own errors derive from Exception alone, and HDF5 hides the
        # errno in its text; importing TensorFlow to compare types could fail too.
        text = str(error)
        if (isinstance(error, OSError) and error.errno) or "No space left" in text:
            cause = error if isinstance(error, OSError) and error.errno else _no_space(text)
            raise disk_error(cause, doing) from error
        if isinstance(error, MemoryError) or type(error).__name__ == "ResourceExhaustedError":
            raise UserError(
                "The computer has not enough memory for this.",
                "Close other programs, or choose a smaller batch or input size.",
                text,
            ) from error
        raise


def _no_space(text: str) -> OSError:
    return OSError(errno.ENOSPC, text)
