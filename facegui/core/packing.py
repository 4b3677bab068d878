"""A project in one zip file, to take it to another computer, and back into a folder."""

from __future__ import annotations

import logging
import shutil
import tempfile
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from facegui.core.errors import UserError, disk_error
from facegui.core.files import TEMPORARY_PREFIX, sha256_of, written_atomically
from facegui.core.images import has_picture_ending
from facegui.core.labelme import LabelFileError, without_picture
from facegui.core.progress import Progress, Report, StopToken, throttled
from facegui.core.project import Project
from facegui.core.project_folder import INDEX_NAME, refuse_unsuitable
from facegui.core.project_index import PhotoRecord, load_index
from facegui.core.unpacking import unpack_zip

log = logging.getLogger(__name__)

_PARTS = ("labels", "runs")
"""What goes along beside the photos. Copies and caches are made again, the trash stays."""


@dataclass(frozen=True, slots=True)
class Packed:
    """A project in a zip file.

    Args:
        path: the zip file.
        photos: how many photos are in it.
        labels: how many labels.
        size: of the zip file, in bytes.
    """

    path: Path
    photos: int
    labels: int
    size: int


def pack_project(
    project: Project, target: Path, report: Report, stop: StopToken, *, with_photos: bool = True
) -> Packed:
    """Writes a project into one zip file: labels, splits, sessions, settings, runs, photos.

    Without the photos it is small, and shows no one: pictures of mistakes and those inside
    of labels stay behind too, and so do labels that are damaged. Where the same photos are
    there, or come in later, each finds its label again by what is in its file.

    Args:
        project: may be open for reading only.
        target: the zip file; replaced where it exists.
        report: told of each file.
        stop: after a cancel `target` is as it was.
        with_photos: whether the photos go along.

    Raises:
        UserError: when the disk is full, or `target` is inside the project.
        Cancelled: when `stop` was cancelled.
    """
    if target.resolve().is_relative_to(project.folder):
        raise UserError("A project cannot be packed into itself.", "Choose another folder.")
    files = list(_files(project, with_photos))
    labels = 0
    report = throttled(report)
    try:
        with (
            tempfile.TemporaryDirectory(prefix="facegui-") as scratch,
            written_atomically(target) as stream,
            zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as archive,
        ):
            index = _index_with_digests(project, Path(scratch), stop)
            archive.write(index, f"{project.name}/{INDEX_NAME}")
            for done, path in enumerate(files, 1):
                stop.raise_if_cancelled()
                name = f"{project.name}/{path.relative_to(project.folder).as_posix()}"
                is_label = path.parent == project.labels_folder
                if is_label and not with_photos:
                    labels += _pack_blind(path, name, archive)
                else:
                    # Photos are compressed already.
                    is_photo = path.parent == project.photos_folder
                    kind = zipfile.ZIP_STORED if is_photo else zipfile.ZIP_DEFLATED
                    archive.write(path, name, compress_type=kind)
                    labels += is_label
                report(Progress(done, len(files), path.name))
    except OSError as error:
        raise disk_error(error, f"packing {project.name}") from error
    photos = len(project.photos) if with_photos else 0
    return Packed(target, photos, labels, target.stat().st_size)


def is_packed_project(path: Path) -> bool:
    """Whether a zip file holds a whole project."""
    return _project_in(path) is not None


def unpack_project(source: Path, folder: Path, report: Report, stop: StopToken) -> None:
    """Makes a project folder of a packed project, whole or not at all.

    Args:
        source: what `pack_project` wrote.
        folder: new or empty.
        report: told of each file.
        stop: after a cancel nothing is left behind.

    Raises:
        UserError: when there is no project in it, it is damaged, or the folder cannot be used.
        Cancelled: when `stop` was cancelled.
    """
    inner = _project_in(source)
    if inner is None:
        raise UserError(f"{source.name} holds no FaceGUI project.", "Choose another file.")
    refuse_unsuitable(folder)
    unfinished = folder.with_name(f"{TEMPORARY_PREFIX}{folder.name}")
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        shutil.rmtree(unfinished, ignore_errors=True)
        unpack_zip(source, unfinished, report, stop)
        load_index(unfinished / inner / INDEX_NAME)
        if folder.is_dir():
            folder.rmdir()
        (unfinished / inner).replace(folder)
    except OSError as error:
        raise disk_error(error, f"unpacking {source.name}") from error
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)


def _project_in(path: Path) -> PurePosixPath | None:
    """Where in a zip file the project is: at the top, or in its one folder."""
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
    except (zipfile.BadZipFile, OSError, ValueError):
        return None
    places = [PurePosixPath(name) for name in names]
    found = [place.parent for place in places if place.name == INDEX_NAME]
    return next((place for place in found if len(place.parts) <= 1), None)


def _files(project: Project, with_photos: bool) -> Iterator[Path]:
    if with_photos:
        yield from (photo.path for photo in project.photos)
    for part in _PARTS:
        for path in sorted((project.folder / part).rglob("*")):
            hidden = any(name.startswith(".") for name in path.relative_to(project.folder).parts)
            shows_somebody = part == "runs" and has_picture_ending(path.name)
            if path.is_file() and not hidden and (with_photos or not shows_somebody):
                yield path


def _pack_blind(label: Path, name: str, archive: zipfile.ZipFile) -> bool:
    """Packs a label without the picture inside; says whether that could be done."""
    try:
        archive.writestr(name, without_picture(label))
    except LabelFileError as error:
        log.warning("%s is not packed, it may show somebody: %s", label.name, error)
        return False
    return True


def _index_with_digests(project: Project, folder: Path, stop: StopToken) -> Path:
    """A copy of `project.json` in which every photo can be found again by its content."""
    index = load_index(project.folder / INDEX_NAME)
    for photo in project.photos:
        stop.raise_if_cancelled()
        record = index.photos.get(photo.name, PhotoRecord())
        if record.digest is None:
            index.photos[photo.name] = replace(record, digest=sha256_of(photo.path))
    index.save(folder / INDEX_NAME)
    return folder / INDEX_NAME
