"""Which pictures there are to import, and which label belongs to which."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from facegui.core.images import is_picture_name
from facegui.core.label_formats.entries import LabelEntry
from facegui.core.label_formats.formats import LABEL_SUFFIXES, begin_reading, label_entries
from facegui.core.progress import Progress, Report, StopToken, throttled
from facegui.core.project_folder import INDEX_NAME
from facegui.core.splits import Split

SPLIT_NAMES = {
    "train": Split.TRAIN,
    "training": Split.TRAIN,
    "val": Split.VALIDATION,
    "valid": Split.VALIDATION,
    "validation": Split.VALIDATION,
    "test": Split.TEST,
    "testing": Split.TEST,
}
"""Folder names that say which split the photos below belong to."""

LABEL_FOLDERS = ("labels", "annotations", "xmls")
"""Where labels lie when they do not lie beside the photos."""

PHOTO_FOLDERS = ("images", "photos", "jpegimages", "imgs")


@dataclass(frozen=True, slots=True)
class Finding:
    """A file that was not taken as it is, and why."""

    path: Path
    reason: str


@dataclass(frozen=True, slots=True)
class FoundPicture:
    """A picture file, or a label file with the picture embedded, and what belongs to it.

    Args:
        path: the picture; the label file itself where that embeds it.
        label: what says where its faces are, if there is something.
        split: what the folders' names say.
    """

    path: Path
    label: LabelEntry | None
    split: Split | None


def find_pictures(
    sources: Sequence[Path], report: Report, stop: StopToken
) -> tuple[list[FoundPicture], list[Finding]]:
    """All pictures of files and folders, those with a label first, and what else lay there.

    So that of two copies of a picture the labelled one counts.

    Args:
        sources: files and folders.
        report: told of each file.
        stop: cancels.

    Raises:
        Cancelled: when `stop` was cancelled.
    """
    begin_reading()
    report = throttled(report)
    found: list[FoundPicture] = []
    others: list[Finding] = []
    given = [source for source in sources if not source.is_dir()]
    near = [label for source in given for label in _labels_near(source)]
    found += _sort_out(given, None, others, near, report, stop)
    for source in sources:
        if source.is_dir():
            files = sorted(_walk(source, others, report, stop))
            found += _sort_out(files, source, others, [], report, stop)
    return sorted(found, key=lambda item: item.label is None), others


def _sort_out(
    files: Sequence[Path],
    folder: Path | None,
    others: list[Finding],
    near: Sequence[Path],
    report: Report,
    stop: StopToken,
) -> Iterator[FoundPicture]:
    """The pictures among `files`; labels may also be `near`. The rest is added to `others`."""
    pictures = [path for path in files if is_picture_name(path)]
    labels: list[LabelEntry] = []
    for done, path in enumerate(files, 1):
        stop.raise_if_cancelled()
        report(Progress(done, len(files), f"Looking at {path.name}"))
        if not is_picture_name(path):
            entries = label_entries(path)
            labels += entries or ()
            if entries is None:
                others.append(Finding(path, "no picture"))
    given = {entry.path for entry in labels}
    more = [entry for path in near if path not in given for entry in label_entries(path) or ()]
    pairs = _pair(pictures, [*labels, *more])
    for picture in pictures:
        yield FoundPicture(picture, pairs.get(picture), _split_of(picture, folder))
    used = {id(label) for label in pairs.values()}
    for label in labels:
        if id(label) in used:
            continue
        if label.may_embed:
            yield FoundPicture(label.path, label, _split_of(label.path, folder))
        else:
            others.append(Finding(label.path, label.why_unused))


def _walk(folder: Path, others: list[Finding], report: Report, stop: StopToken) -> Iterator[Path]:
    """All visible files; of a FaceGUI project its photos and labels alone."""

    def unreadable(error: OSError) -> None:
        others.append(Finding(Path(error.filename), str(error.strerror)))

    seen = 0
    for parent, folders, names in os.walk(folder, onerror=unreadable):
        stop.raise_if_cancelled()
        seen += len(names)
        report(Progress(seen, None, f"Looking through {Path(parent).name}"))
        folders[:] = [name for name in folders if not name.startswith(".")]
        if INDEX_NAME in names:
            folders[:] = [name for name in folders if name in ("photos", "labels")]
            continue
        yield from (Path(parent, name) for name in names if not name.startswith("."))


def _labels_near(picture: Path) -> list[Path]:
    folders = (picture.parent, *(picture.parent.parent / name for name in LABEL_FOLDERS))
    candidates = (
        folder / f"{picture.stem}{suffix}" for folder in folders for suffix in LABEL_SUFFIXES
    )
    return [path for path in candidates if path.is_file() and path != picture]


def _pair(pictures: Sequence[Path], labels: Sequence[LabelEntry]) -> dict[Path, LabelEntry]:
    """The label of each picture that has one: by place and name, else by what the label says."""
    pairs = _pair_by_place(pictures, [label for label in labels if label.by_place])
    used = {id(label) for label in pairs.values()}
    by_name: dict[str, list[Path]] = {}
    for picture in pictures:
        if picture not in pairs:
            by_name.setdefault(picture.name.casefold(), []).append(picture)
            by_name.setdefault(picture.stem.casefold(), []).append(picture)
    for label in labels:
        if id(label) in used or not label.picture:
            continue
        name = PurePosixPath(label.picture.casefold())
        candidates = by_name.get(name.name) or by_name.get(name.stem) or []
        meant = _nearest(label, [path for path in candidates if path not in pairs])
        if meant is not None:
            pairs[meant] = label
    return pairs


def _nearest(label: LabelEntry, candidates: Sequence[Path]) -> Path | None:
    """The picture that a label means; None where it could be several."""
    for is_meant in (
        lambda path: True,  # noqa: ARG005
        lambda path: path.as_posix().casefold().endswith(f"/{label.picture.casefold()}"),
        lambda path: path.is_relative_to(label.path.parent),
    ):
        candidates = [path for path in candidates if is_meant(path)] or candidates
        if len(candidates) == 1:
            return candidates[0]
    return None


def _pair_by_place(
    pictures: Iterable[Path], labels: Iterable[LabelEntry]
) -> dict[Path, LabelEntry]:
    beside: dict[tuple[Path, str], LabelEntry] = {}
    across: dict[tuple[str, ...], LabelEntry] = {}
    for label in labels:
        beside.setdefault((label.path.parent, label.path.stem), label)
        across.setdefault(_place(label.path, LABEL_FOLDERS), label)
    across.pop((), None)
    wanted: dict[Path, tuple[LabelEntry, list[Path]]] = {}
    for picture in pictures:
        found = beside.get((picture.parent, picture.stem))
        found = found or across.get(_place(picture, PHOTO_FOLDERS))
        if found is not None:
            wanted.setdefault(found.path, (found, []))[1].append(picture)
    return {_owner(label, candidates): label for label, candidates in wanted.values()}


def _owner(label: LabelEntry, candidates: Sequence[Path]) -> Path:
    """`a.jpg` and `a.png` do not share `a.json`: it is for the one that it names."""
    for candidate in candidates:
        if candidate.name.casefold() == label.picture.casefold():
            return candidate
    return candidates[0]


def _place(path: Path, names: Sequence[str]) -> tuple[str, ...]:
    """Where a file lies, the same for `train/images/a.jpg` and `train/labels/a.json`.

    Empty where none of the folders has one of the `names`.
    """
    parts = path.parent.parts
    for index in reversed(range(len(parts))):
        if parts[index].casefold() in names:
            return (*parts[:index], "", *parts[index + 1 :], path.stem)
    return ()


def _split_of(path: Path, folder: Path | None) -> Split | None:
    """From the names of the folders below `folder`, the innermost that says it.

    The name of `folder` itself counts where the layout is the tutorial's, with
    `images` in it: a folder with photos may be called "test" for other reasons.
    """
    if folder is None:
        return None
    parts = [part.casefold() for part in path.relative_to(folder).parent.parts]
    if parts and parts[0] in PHOTO_FOLDERS + LABEL_FOLDERS:
        parts.insert(0, folder.resolve().name.casefold())
    return next((SPLIT_NAMES[part] for part in reversed(parts) if part in SPLIT_NAMES), None)
