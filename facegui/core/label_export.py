"""The labelled photos of a project, written out in the format of another program."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

from facegui.core.errors import UserError, disk_error
from facegui.core.files import TEMPORARY_PREFIX
from facegui.core.label_formats.entries import ExportPhoto
from facegui.core.label_formats.formats import LabelFormat
from facegui.core.photo_library import PhotoState
from facegui.core.progress import Progress, Report, StopToken, throttled
from facegui.core.project import Project
from facegui.core.splits import Split


@dataclass(frozen=True, slots=True)
class LabelExport:
    """What an export of labels wrote.

    Args:
        folder: where everything is.
        photos: how many labelled photos.
        faces: boxes in them.
        unlabelled: photos left out because nobody labelled them.
        broken: photos left out because their label file cannot be read.
    """

    folder: Path
    photos: int
    faces: int
    unlabelled: int
    broken: int


def export_labels(
    project: Project,
    label_format: LabelFormat,
    folder: Path,
    report: Report,
    stop: StopToken,
    *,
    with_photos: bool = True,
) -> LabelExport:
    """Writes photos and labels into a new or empty folder, whole or not at all.

    Args:
        project: with labelled photos; photos without a split get one, which a project that
            is open for reading only does not remember.
        label_format: one of `FORMATS`.
        folder: new or empty.
        report: told of each photo.
        stop: after a cancel nothing is left behind.
        with_photos: whether the photos are copied too.

    Raises:
        UserError: when nothing is labelled or the folder cannot be used.
        Cancelled: when `stop` was cancelled.
    """
    folder = folder.resolve()
    if not project.kinds():
        raise UserError(
            "There are no labels to export yet.", "Label some photos first, in the Annotate tab."
        )
    if folder.is_relative_to(project.folder.resolve()):
        raise UserError(
            f"{folder.name} is inside the project.", "Choose a folder that is not part of it."
        )
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise UserError(f"{folder.name} is not empty.", "Choose a new or empty folder.")
    photos = _labelled(project, report, stop)
    unfinished = folder.with_name(f"{TEMPORARY_PREFIX}{folder.name}")
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        shutil.rmtree(unfinished, ignore_errors=True)
        _write(photos, label_format, unfinished, report, stop, with_photos)
        if folder.exists():
            folder.rmdir()
        unfinished.replace(folder)
    except OSError as error:
        raise disk_error(error, "exporting the labels") from error
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)
    states = [project.state(photo) for photo in project.photos]
    return LabelExport(
        folder,
        len(photos),
        sum(len(photo.boxes) for photo in photos),
        states.count(PhotoState.UNLABELLED),
        states.count(PhotoState.BROKEN),
    )


def _labelled(project: Project, report: Report, stop: StopToken) -> list[ExportPhoto]:
    splits = project.missing_splits(report, stop)
    if project.writable:
        project.give_splits(splits)
    return [
        ExportPhoto(
            sample.photo.path,
            project.label_path(sample.photo),
            project.size(sample.photo),
            sample.boxes,
            # One that may go into no split copies others of several: it adds nothing to a score.
            (project.split(sample.photo) or splits.get(sample.photo.name, Split.TRAIN)).value,
        )
        for sample in project.samples()
    ]


def _write(
    photos: list[ExportPhoto],
    label_format: LabelFormat,
    folder: Path,
    report: Report,
    stop: StopToken,
    with_photos: bool,
) -> None:
    report = throttled(report)
    for path, data in label_format.files(photos):
        stop.raise_if_cancelled()
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(data)
    for done, photo in enumerate(photos, 1):
        stop.raise_if_cancelled()
        if with_photos:
            target = folder / label_format.picture_path(photo)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(photo.path, target)
        report(Progress(done, len(photos), photo.name))
