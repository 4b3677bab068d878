"""Photos in small, kept in the project's cache: a large one takes long to read."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Container
from pathlib import Path

from facegui.core.errors import UserError
from facegui.core.files import TEMPORARY_PREFIX
from facegui.core.images import Pixels, encode_jpeg, picture_size, read_small_picture

FOLDER_NAME = "thumbnails"


def read_thumbnail(photo: Path, folder: Path, side: int) -> tuple[Pixels, tuple[int, int]]:
    """As `images.read_small_picture`; from `folder`, where it is put the first time.

    A kept picture carries the photo's own time of change: another time, another picture.

    Args:
        photo: the picture file.
        folder: where small pictures of this side are kept; made where it is missing.
        side: longest side in pixels.

    Raises:
        UserError: when the photo is missing, damaged or no picture.
    """
    kept = folder / f"{photo.name}.jpg"
    # What cannot be kept, or is damaged, is made again.
    with contextlib.suppress(OSError, UserError):
        time_ns = photo.stat().st_mtime_ns
        if kept.stat().st_mtime_ns == time_ns:
            return read_small_picture(kept, side)[0], picture_size(photo)
    pixels, size = read_small_picture(photo, side)
    with contextlib.suppress(OSError):
        time_ns = photo.stat().st_mtime_ns
        folder.mkdir(parents=True, exist_ok=True)
        temporary = folder / f"{TEMPORARY_PREFIX}{photo.name}"
        temporary.write_bytes(encode_jpeg(pixels))
        os.utime(temporary, ns=(time_ns, time_ns))
        temporary.replace(kept)
    return pixels, size


def prune_thumbnails(folder: Path, names: Container[str]) -> None:
    """Removes what is kept of photos that are gone.

    Args:
        folder: with a folder for each side.
        names: of the photos that there are.

    Raises:
        OSError: when a file cannot be removed.
    """
    for kept in folder.glob("*/*.jpg"):
        if not kept.name.startswith(TEMPORARY_PREFIX) and kept.stem not in names:
            kept.unlink(missing_ok=True)
