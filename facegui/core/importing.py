"""Photos and their labels from elsewhere into a project."""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path

from facegui.core.alike import show_the_same
from facegui.core.camera_errors import CameraError
from facegui.core.capturing import new_photo
from facegui.core.errors import UserError, disk_error
from facegui.core.files import sha256_of
from facegui.core.images import EncodedPicture, decode_picture, encode_for_project
from facegui.core.import_files import Finding as Finding
from facegui.core.import_files import FoundPicture
from facegui.core.import_plan import ImportPlan, survey
from facegui.core.import_report import ImportReport as ImportReport
from facegui.core.import_report import Tally
from facegui.core.labelme import (
    LabelDocument,
    LabelFile,
    LabelFileError,
    embedded_picture,
    faces_of,
)
from facegui.core.other_projects import OtherProjects
from facegui.core.photo_library import Photo, PhotoState
from facegui.core.progress import Progress, Report, StopToken, throttled
from facegui.core.project import NewPhoto, Project
from facegui.core.project_index import PhotoRecord
from facegui.core.video_photos import FrameChoice, chosen_frames

_CHUNK = 16
"""Photos in memory at a time; the project is written once for each chunk."""


class Unlabelled(StrEnum):
    """What becomes of photos that come without a label."""

    KEEP = "keep"
    SKIP = "skip"
    NO_FACE = "no-face"


def import_source(
    project: Project,
    sources: Sequence[Path],
    report: Report,
    stop: StopToken,
    *,
    unlabelled: Unlabelled = Unlabelled.KEEP,
    take_all_labels: bool = False,
) -> ImportReport:
    """Imports picture files and folders, with their labels in any format that is known.

    A label lies beside its photo, or in `labels` beside `images`, under the
    same name, or names the photo itself. Folders called train,
    val, test and the like give the photos below them their split.

    Args:
        project: open for writing.
        sources: files and folders.
        report: told of each picture.
        stop: after a cancel the photos taken until then stay.
        unlabelled: what to do with photos that come without a label file.
        take_all_labels: whether boxes with any label are faces.

    Raises:
        UserError: when a source is missing, is the project itself, or the
            project cannot be written.
        Cancelled: when `stop` was cancelled.
    """
    for source in sources:
        check_source(source, project.folder)
    with survey(sources, report, stop) as plan:
        return import_plan(
            project,
            plan,
            report,
            stop,
            unlabelled=unlabelled,
            take_all_labels=take_all_labels,
        )


def import_plan(
    project: Project,
    plan: ImportPlan,
    report: Report,
    stop: StopToken,
    *,
    unlabelled: Unlabelled = Unlabelled.KEEP,
    take_all_labels: bool = False,
    frames: FrameChoice = FrameChoice(),  # noqa: B008 (frozen)
) -> ImportReport:
    """As `import_source`, of what `survey` found; `frames` of its videos become photos."""
    for source in plan.sources:
        check_source(source, project.folder)
    project.refresh()
    report = throttled(report)
    importer = _Importer(project, plan.sources, unlabelled, take_all_labels, report, stop)
    importer.tally.skipped += plan.others
    for done, item in enumerate(plan.pictures, 1):
        stop.raise_if_cancelled()
        importer.take(item)
        report(Progress(done, len(plan.pictures), item.path.name))
    for video in plan.videos:
        importer.take_video(video, frames)
    importer.store()
    return importer.tally.report()


def check_source(source: Path, project_folder: Path) -> None:
    """Raises `UserError` where a source is missing, or is the project itself."""
    try:
        is_there = source.exists()
    except OSError as error:
        raise disk_error(error, f"reading {source}") from error
    if not is_there:
        raise UserError(f"{source} does not exist.", "Check the path.")
    source, folder = source.resolve(), project_folder.resolve()
    if source.is_relative_to(folder) or folder.is_relative_to(source):
        raise UserError(
            f"{source} belongs to the project itself.",
            "Choose photos outside the project's folder.",
        )


@dataclass(frozen=True, slots=True)
class _Label:
    """What a label says, and which faces that are."""

    document: LabelDocument
    faces: LabelFile


class _Importer:
    """Takes one picture after the other and stores some at a time."""

    def __init__(
        self,
        project: Project,
        sources: Sequence[Path],
        unlabelled: Unlabelled,
        take_all_labels: bool,
        report: Report,
        stop: StopToken,
    ) -> None:
        self.tally = Tally()
        self._project = project
        self._title = f"Imported from {sources[0].resolve().name}" if sources else ""
        self._session: str | None = None
        self._unlabelled = unlabelled
        self._take_all_labels = take_all_labels
        self._report = report
        self._stop = stop
        self._names = project.known_digests(report, stop)
        self._others = OtherProjects()
        self._knows_files = False
        self._waiting: dict[str, NewPhoto] = {}
        self._broken: set[str] = set()

    def take(self, item: FoundPicture) -> None:
        if item.label is not None and item.path == item.label.path:
            origin = self._others.origin_of_label(item.path)
            photo = self._photo_here(origin)
            if origin is not None and photo is not None:
                self._take_label_alone(item, photo, origin)
                return
        try:
            data = _picture_data(item)
            picture = encode_for_project(data, item.path.name)
        except (UserError, OSError) as error:
            self.tally.skipped.append(Finding(item.path, getattr(error, "what", str(error))))
            return
        digest = self._digest(item.path, hashlib.sha256(data).hexdigest())
        label = self._read_label(item, (picture.width, picture.height), digest)
        if digest in self._waiting:
            self.store()
        photo = self._photo_here(digest)
        if photo is not None and _was_replaced(photo, picture):
            self._project.forget_origin(self._names.pop(digest))
            photo = None
        if photo is not None:
            self._complete(item, photo, label, digest)
        elif item.label is None and self._unlabelled is Unlabelled.SKIP:
            self.tally.skipped.append(Finding(item.path, "no label file"))
        else:
            self._waiting[digest] = self._new_photo(item, picture, label, digest)
        if len(self._waiting) == _CHUNK:
            self.store()

    def take_video(self, path: Path, frames: FrameChoice) -> None:
        """Takes frames of a video; the same frame of the same file is a duplicate."""
        session: str | None = None
        try:
            source = sha256_of(path)
            for frame in chosen_frames(path, frames, self._report, self._stop):
                digest = hashlib.sha256(f"{source} {frame.number}".encode()).hexdigest()
                if digest in self._waiting or self._photo_here(digest) is not None:
                    self.tally.duplicates.append(path)
                    continue
                session = session or self._project.new_session(f"Video {path.name}")
                name = f"{path.stem}-{frame.number:06}"
                new = new_photo(frame, session, name)
                self._waiting[digest] = replace(new, record=replace(new.record, digest=digest))
                self.tally.unlabelled += 1
                if len(self._waiting) == _CHUNK:
                    self.store()
        except CameraError as error:
            self.tally.skipped.append(Finding(path, error.what))
        except OSError as error:
            self.tally.skipped.append(Finding(path, str(error)))

    def _photo_here(self, digest: str | None) -> Photo | None:
        """The photo of the project that is the same; None also once it was deleted meanwhile."""
        name = self._names.get(digest or "")
        if name is None:
            return None
        with contextlib.suppress(KeyError):
            photo = self._project.photo(name)
            if photo.path.exists():
                return photo
        return None

    def _digest(self, path: Path, own: str) -> str:
        """By which a picture is known: of one from another project, what that one came from."""
        record = self._others.record(path)
        if record is None:
            return own
        if not self._knows_files:
            # A photo here may be a copy of one there, and still remember an older origin.
            self._knows_files = True
            for digest, name in self._project.file_digests(self._report, self._stop).items():
                self._names.setdefault(digest, name)
        origin = record.digest or own
        return own if own in self._names and origin not in self._names else origin

    def store(self) -> None:
        """Puts what was taken into the project.

        Raises:
            UserError: when the project cannot be written.
        """
        new = list(self._waiting.values())
        photos = self._project.add_photos(new)
        for digest, photo in zip(self._waiting, photos, strict=True):
            self._names[digest] = photo.name
            self.tally.photos.append(photo.name)
            self._count_old_label(photo, self._waiting[digest])
        self._waiting.clear()

    def _count_old_label(self, photo: Photo, new: NewPhoto) -> None:
        """A photo that came without a label may have found one that waited for it."""
        if new.boxes is None and new.document is None:
            state = self._project.state(photo)
            if state in (PhotoState.FACES, PhotoState.NO_FACE):
                self.tally.unlabelled -= 1
                self.tally.no_face += state is PhotoState.NO_FACE
                self.tally.faces += len(self._project.label(photo) or ())

    def _new_photo(
        self, item: FoundPicture, picture: EncodedPicture, label: _Label | None, digest: str
    ) -> NewPhoto:
        boxes = label.faces.boxes if label else () if self._means_no_face(item) else None
        self.tally.faces += len(boxes or ())
        self.tally.no_face += boxes == ()
        self.tally.unlabelled += boxes is None
        origin = self._others.record(item.path) or PhotoRecord()
        split = item.split or origin.split
        if split is not None:
            self.tally.splits[split] += 1
        if label is not None:
            self._tell(item, label.faces)
        return NewPhoto(
            picture,
            item.path.name,
            PhotoRecord(split, self._session_of(item.path), digest),
            boxes,
            label.document if label else None,
            self._take_all_labels,
        )

    def _session_of(self, path: Path) -> str:
        """The session that a photo has in another project, or else that of this import."""
        theirs = self._others.session(path)
        if theirs is not None:
            return self._project.adopt_session(*theirs)
        self._session = self._session or self._project.new_session(self._title)
        return self._session

    def _complete(
        self, item: FoundPicture, photo: Photo, label: _Label | None, digest: str
    ) -> None:
        """A picture that is there already brings its label where the project has none.

        So an import that was broken off is completed by doing it again.
        """
        self.tally.duplicates.append(item.path)
        if self._project.state(photo) is not PhotoState.UNLABELLED:
            return
        if label is None and (digest in self._broken or not self._means_no_face(item)):
            return
        if self._give_label(item, photo, label):
            if label is not None:
                self._tell(item, label.faces)
            self.tally.labels_taken.append(photo.name)

    def _give_label(self, item: FoundPicture, photo: Photo, label: _Label | None) -> bool:
        """Labels a photo of the project; without a label it shows no face.

        Returns:
            Whether that worked. What is wrong with one photo is listed, and the import goes on.

        Raises:
            UserError: when nothing can be written.
        """
        try:
            if label is None:
                self._project.set_label(photo, ())
            else:
                self._project.take_label(
                    photo, label.document, take_all_labels=self._take_all_labels
                )
        except LabelFileError as error:
            self._list_broken(item, error)
            return False
        except UserError as error:
            if self._is_whole(photo):
                raise
            self.tally.skipped.append(Finding(item.path, error.what))
            return False
        return True

    def _is_whole(self, photo: Photo) -> bool:
        """Whether a photo of the project is still there, and can be read."""
        with contextlib.suppress(UserError):
            self._project.size(photo)
            return photo.path.exists()
        return False

    def _take_label_alone(self, item: FoundPicture, photo: Photo, digest: str) -> None:
        """The label of a photo that is here and not in the project that it comes from."""
        try:
            size = self._project.size(photo)
        except UserError as error:
            self.tally.skipped.append(Finding(item.path, error.what))
        else:
            self._complete(item, photo, self._read_label(item, size, digest), digest)

    def _means_no_face(self, item: FoundPicture) -> bool:
        """Only where there is no label file: one that is broken may have told of faces."""
        return item.label is None and self._unlabelled is Unlabelled.NO_FACE

    def _read_label(self, item: FoundPicture, size: tuple[int, int], digest: str) -> _Label | None:
        if item.label is None:
            return None
        try:
            document = item.label.read(size)
            faces = faces_of(document, size=size, take_all_labels=self._take_all_labels)
            return _Label(document, faces)
        except LabelFileError as error:
            self._list_broken(item, error)
            self._broken.add(digest)
            return None

    def _list_broken(self, item: FoundPicture, error: LabelFileError) -> None:
        path = item.label.path if item.label else item.path
        self.tally.broken_labels.append(Finding(path, f"{error.what} {error.details}".strip()))

    def _tell(self, item: FoundPicture, label: LabelFile) -> None:
        self.tally.other_labels.update(label.other_labels)
        self.tally.notes.extend(
            Finding(item.label.path if item.label else item.path, note) for note in label.notes
        )


def _was_replaced(photo: Photo, picture: EncodedPicture) -> bool:
    """Whether another program has put another picture where this one was stored."""
    try:
        data = photo.path.read_bytes()
        if data == picture.data:
            return False
        return not show_the_same(decode_picture(data), decode_picture(picture.data))
    except (UserError, OSError):
        return False  # a damaged photo is told as such, and may still be mended


def _picture_data(item: FoundPicture) -> bytes:
    if item.label is None or item.path != item.label.path:
        return item.path.read_bytes()
    data = embedded_picture(item.path)
    if data is None:
        raise UserError("Its photo is missing.", "Put the photo beside the label file.")
    return data
