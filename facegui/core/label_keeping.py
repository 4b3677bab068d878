"""Two programs write one label file: the newest version stands, and no box is lost.

The tab's editor and LabelMe may both have a photo open, and neither asks the other.
What one of them replaces without having seen it goes to the trash.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from facegui.core.boxes import Box
from facegui.core.files import put_in_place, write_atomically
from facegui.core.folder_scan import Stamp, stamp_of
from facegui.core.labelme import (
    LabelDocument,
    LabelFileError,
    Size,
    faces_of,
    parse_label_file,
    write_label_file,
)
from facegui.core.labelme_shapes import is_same_box
from facegui.core.trash_entry import new_entry

log = logging.getLogger(__name__)

_SURELY_SEEN_S = 2.0
"""A program that tells which photo it has loaded had read the label so long before at most."""
_TRIES, _PAUSE_S = 10, 0.03


@dataclass(frozen=True, slots=True)
class _Ours:
    """What we wrote last, and when; the other program may not have seen it."""

    data: bytes
    time_s: float


class LabelKeeper:
    """Writes labels, and keeps the versions that would be lost.

    Args:
        trash_folder: of the project.
    """

    def __init__(self, trash_folder: Path) -> None:
        self._trash_folder = trash_folder
        self._ours: dict[str, _Ours] = {}
        self._known: dict[str, bytes | None] = {}
        self._kept: list[str] = []

    def write(
        self,
        label: Path,
        boxes: Iterable[Box],
        picture: Path,
        size: Size,
        is_known: Callable[[], bool],
    ) -> Stamp:
        """As `write_label_file`; what another program wrote meanwhile is kept.

        Args:
            label: the label file.
            boxes: all faces of the photo.
            picture: the photo.
            size: width and height of the photo.
            is_known: whether the file is, at this moment, still the one that was looked at.

        Returns:
            The stamp of the file that was written, whatever has happened to it since.

        Raises:
            LabelFileError: when the file that is there is damaged, and stays so.
            UserError: when the disk does not take it.
        """
        content_before = _content(label)
        # Not by its time alone: two writes within one tick of the clock have the same.
        expected = self._known.get(label.name, content_before) if is_known() else None
        displaced: list[Path] = []
        written, stamp = b"", (0, 0)

        def place(path: Path, data: bytes) -> None:
            nonlocal written, stamp
            written = data
            status, aside = put_in_place(path, data)
            stamp = stamp_of(status)
            displaced.extend(aside)

        boxes = tuple(boxes)
        for tries in range(_TRIES):
            try:
                write_label_file(label, boxes, picture, size, place=place)
                break
            except LabelFileError:
                # Another program may be in the middle of writing it.
                if tries == _TRIES - 1:
                    raise
                time.sleep(_PAUSE_S)
        before, known = self._ours.get(label.name), self._known.get(label.name)
        self._ours[label.name] = _Ours(written, time.monotonic())
        self._known[label.name] = written
        try:
            for path in displaced:
                self._judge(label.name, path, expected, before, written)
        except OSError:
            # The trash does not take it, so its place is where it was: ours is not saved.
            self.forget(label)
            if before is not None:
                self._ours[label.name], self._known[label.name] = before, known
            if _content(label) == written:
                displaced[-1].replace(label)
            raise
        return stamp

    def look(self, label: Path) -> None:
        """Another program wrote a label, or removed it: keeps ours where a box of it is gone.

        Raises:
            OSError: when the disk does not take it; to be asked again.
        """
        ours, content = self._ours.get(label.name), _content(label)
        if ours is not None and _loses(ours.data, content):
            self._keep(label.name, ours.data)
        self._ours.pop(label.name, None)
        self._known[label.name] = content

    def _judge(
        self, name: str, path: Path, expected: bytes | None, before: _Ours | None, written: bytes
    ) -> None:
        """Removes a version that we replaced where nobody will miss it, or keeps it.

        Args:
            name: of the label file.
            path: where the version is now.
            expected: what we saw before we wrote.
            before: what we had written before that.
            written: what is there now.
        """
        content = _content(path)
        is_expected = content == expected
        if before is not None and not is_expected and _loses(before.data, content):
            self._keep(name, before.data)
        if _boxes(content) is not None and (is_expected or not _loses(content, written)):
            path.unlink()
        else:
            # The file itself: one that is empty or half is being written at this moment.
            self._tell(name, _to_trash(self._trash_folder, path, name))

    def seen(self, label: Path) -> None:
        """Another program has loaded the label: what it replaces now it has seen."""
        ours = self._ours.get(label.name)
        if ours is not None and time.monotonic() - ours.time_s > _SURELY_SEEN_S:
            del self._ours[label.name]

    def forget(self, label: Path) -> None:
        """The label was taken away, or replaced on purpose."""
        self._ours.pop(label.name, None)
        self._known.pop(label.name, None)

    def take_kept(self) -> tuple[str, ...]:
        """Names of the label files of which a version was kept since this was last asked."""
        kept, self._kept = tuple(dict.fromkeys(self._kept)), []
        return kept

    def _keep(self, name: str, data: bytes) -> None:
        target = new_entry(self._trash_folder, {}).folder / "labels" / name
        write_atomically(target, data)
        self._tell(name, target)

    def _tell(self, name: str, target: Path) -> None:
        log.warning("two programs wrote %s: one version is kept as %s", name, target)
        self._kept.append(name)


def keep_displaced(displaced: Iterable[tuple[Path, Path]], trash_folder: Path) -> None:
    """Sees to versions that a program which was killed had replaced and not judged yet.

    Args:
        displaced: as `put_back` gives them.
        trash_folder: of the project.
    """
    for path, label in displaced:
        content = _content(path)
        try:
            if _boxes(content) is not None and not _loses(content, _content(label)):
                path.unlink()
            else:
                _to_trash(trash_folder, path, label.name)
        except OSError as error:
            log.warning("%s stays where it is: %s", path, error)


def _to_trash(trash_folder: Path, path: Path, name: str) -> Path:
    target = new_entry(trash_folder, {}).folder / "labels" / name
    path.replace(target)
    return target


def _loses(before: bytes | None, after: bytes | None) -> bool:
    """Whether a box of `before` is not in `after`; what cannot be read may hold any."""
    if before is None:
        return False
    old, new = _boxes(before), _boxes(after)
    return old is None or not _are_among(old, new or ())


def _are_among(boxes: tuple[Box, ...], others: tuple[Box, ...]) -> bool:
    return all(any(is_same_box(box, other) for other in others) for box in boxes)


def _boxes(data: bytes | None) -> tuple[Box, ...] | None:
    """The faces of a label file; None where it cannot be read."""
    if data is None:
        return ()
    try:
        document: LabelDocument = parse_label_file(data, "label")
        return faces_of(document).boxes
    except LabelFileError:
        return None


def _content(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except OSError:
        return None
