"""Where pictures come from: a camera by its name, a video, pictures, the demo camera."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Callable, MutableMapping, Sequence
from enum import StrEnum
from pathlib import Path
from typing import Any

from PySide6.QtCore import QMimeData, QStandardPaths, QTimer, Signal, Slot
from PySide6.QtWidgets import QComboBox, QFileDialog, QLabel, QVBoxLayout, QWidget

from facegui.core.camera import CameraInfo, CameraKind
from facegui.core.cameras import DEMO, VIDEO_SUFFIXES
from facegui.core.cameras import list_cameras as list_all_cameras
from facegui.core.images import PICTURE_SUFFIXES, is_picture_name
from facegui.core.progress import StopToken
from facegui.ui.icons import icon
from facegui.ui.style import GRID, set_role
from facegui.workers.job import Job

log = logging.getLogger(__name__)

LOOK_INTERVAL_MS = 3000
"""How often it is looked whether a camera was plugged in, while the tab is shown."""

_CAMERA = "camera"
"""Under which the camera that was chosen last is remembered, whichever picker it was."""
_ICONS = {
    CameraKind.WEBCAM: "mdi6.webcam",
    CameraKind.DEMO: "mdi6.robot-happy-outline",
    CameraKind.VIDEO: "mdi6.movie-open-outline",
    CameraKind.FOLDER: "mdi6.image-multiple-outline",
}


class FileKind(StrEnum):
    """What the user may choose instead of a camera."""

    VIDEO = "Video file…"
    FOLDER = "Folder of pictures…"
    PICTURE = "Picture…"


_Listed = tuple[tuple[CameraInfo, ...], CameraInfo | None]
"""The cameras that are connected, and the file that is remembered, if it is still there."""

AskPath = Callable[[QWidget, FileKind], Path | None]
"""Has the user choose a file or folder; None when they would rather not."""


class SourcePicker(QWidget):
    """A list of sources, of which one is chosen.

    The cameras are listed in the background. What the user chose last is chosen
    again, a file of this picker or a camera of any, else the first webcam, else the demo
    camera.

    Signals:
        chosen(CameraInfo): another source is wanted.

    Args:
        name: object name of the list, such as "capture.source".
        settings: remembers the choice; any JSON values under string keys. It may be shared.
        with_pictures: whether a single picture can be chosen too.
        list_cameras: tests give their own.
        ask_path: likewise.
    """

    chosen = Signal(object)

    def __init__(
        self,
        name: str,
        parent: QWidget | None = None,
        *,
        settings: MutableMapping[str, Any] | None = None,
        with_pictures: bool = False,
        list_cameras: Callable[[], Sequence[CameraInfo]] = list_all_cameras,
        ask_path: AskPath | None = None,
    ) -> None:
        super().__init__(parent)
        self._settings: MutableMapping[str, Any] = {} if settings is None else settings
        self._name = name
        self._list_cameras = list_cameras
        self._ask_path = ask_path or ask_for_path
        self._kinds = [kind for kind in FileKind if with_pictures or kind is not FileKind.PICTURE]
        self._cameras: tuple[CameraInfo, ...] = ()
        self._file: CameraInfo | None = None
        self._source: CameraInfo | None = None
        self._job: Job | None = None
        self.box = QComboBox()
        self.box.setObjectName(name)
        self.box.setAccessibleName("Camera, video or pictures")
        self.box.setSizeAdjustPolicy(
            QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon
        )
        self.hint = QLabel("No webcam found. Plug one in and it appears here.")
        self.hint.setWordWrap(True)
        set_role(self.hint, "faint")
        self.hint.hide()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(GRID)
        layout.addWidget(self.box)
        layout.addWidget(self.hint)
        self._timer = QTimer(self)
        self._timer.setInterval(LOOK_INTERVAL_MS)
        self._timer.timeout.connect(self.look)
        self.box.activated.connect(self._on_activated)
        self._fill()

    @property
    def source(self) -> CameraInfo | None:
        """What is chosen; None until the cameras have been listed."""
        return self._source

    @property
    def cameras(self) -> tuple[CameraInfo, ...]:
        """The cameras that are connected, the demo camera last."""
        return self._cameras

    def set_watching(self, watching: bool) -> None:
        """Looks for cameras now and then; not while the tab is hidden."""
        if watching:
            self.look()
            self._timer.start()
        else:
            self._timer.stop()

    @Slot()
    def look(self) -> None:
        """Lists the cameras anew, in the background."""
        if self._job is not None or self.box.view().isVisible():
            return
        list_cameras = self._list_cameras
        remembered = self._settings.get(self._name) if self._source is None else None

        def work(report: Callable[[Any], None], stop: StopToken) -> _Listed:  # noqa: ARG001
            # Here, because the disk that it was on may be far away, or gone.
            return tuple(list_cameras()), _file_at(remembered)

        self._job = Job("Looking for cameras", work, self)
        self._job.succeeded.connect(self._on_listed)
        self._job.failed.connect(self._on_list_failed)
        self._job.finished.connect(self._on_job_finished)
        self._job.start()

    def choose(self, source: CameraInfo) -> None:
        """Chooses a source for the user, also one that the list has not; it is remembered."""
        if source.kind.live:
            self._settings[_CAMERA] = source.name
            self._settings[self._name] = None
        else:
            self._file = source
            self._settings[self._name] = source.source
        self._show(source)

    def choose_path(self, path: Path) -> bool:
        """Chooses a file or folder that was dropped; False when it is neither video nor picture."""
        source = source_of(path)
        if source is not None:
            self.choose(source)
        return source is not None

    def shut_down(self) -> None:
        self._timer.stop()
        if self._job is not None:
            self._job.shut_down()

    def _show(self, source: CameraInfo) -> None:
        self._source = source
        self._fill()
        self.chosen.emit(source)

    @Slot(object)
    def _on_listed(self, listed: _Listed) -> None:
        cameras, file = listed
        self.hint.setVisible(not any(c.kind is CameraKind.WEBCAM for c in cameras))
        if cameras == self._cameras and self._source is not None:
            return
        self._cameras = cameras
        if self._source is None:
            self._file = file
            self._show(file or self._first_camera())
        else:
            self._fill()

    @Slot(object)
    def _on_list_failed(self, error: Exception) -> None:
        log.warning("no cameras could be listed: %s", error)
        self._on_listed(((DEMO,), None))

    @Slot()
    def _on_job_finished(self) -> None:
        if self._job is not None:
            self._job.deleteLater()
            self._job = None

    @Slot(int)
    def _on_activated(self, row: int) -> None:
        item = self.box.itemData(row)
        if isinstance(item, CameraInfo):
            self.choose(item)
        else:  # Qt gives an enumeration of words back as a word
            path = self._ask_path(self, FileKind(item))
            if path is None or not self.choose_path(path):
                self._fill()

    def _first_camera(self) -> CameraInfo:
        for camera in self._cameras:
            if camera.name == self._settings.get(_CAMERA):
                return camera
        return self._cameras[0] if self._cameras else DEMO

    def _fill(self) -> None:
        """Shows the sources with the chosen one marked, connected or not."""
        sources = [*self._cameras]
        for extra in (self._file, self._source):
            if extra is not None and not any(_same(extra, source) for source in sources):
                sources.append(extra)
        self.box.clear()
        for source in sources:
            self.box.addItem(icon(_ICONS[source.kind]), source.name, source)
        if sources:
            self.box.insertSeparator(self.box.count())
        for kind in self._kinds:
            self.box.addItem(icon("mdi6.folder-open-outline"), kind.value, kind)
        chosen = [
            row
            for row, source in enumerate(sources)
            if self._source is not None and _same(source, self._source)
        ]
        self.box.setCurrentIndex(chosen[0] if chosen else -1)


def source_of(path: Path) -> CameraInfo | None:
    """A video, a picture or a folder as a source; None for anything else."""
    if path.is_dir() or is_picture_name(path):
        return CameraInfo(path.name or str(path), CameraKind.FOLDER, str(path))
    if path.suffix.casefold() in VIDEO_SUFFIXES:
        return CameraInfo(path.name, CameraKind.VIDEO, str(path))
    return None


def _file_at(remembered: object) -> CameraInfo | None:
    """The file or folder that is remembered, if that is what it is and it is there."""
    if isinstance(remembered, str):
        with contextlib.suppress(OSError, ValueError):
            return source_of(Path(remembered)) if Path(remembered).exists() else None
    return None


def local_paths(data: QMimeData) -> tuple[Path, ...]:
    """The files and folders of this computer that are being dragged."""
    return tuple(Path(url.toLocalFile()) for url in data.urls() if url.isLocalFile())


def ask_for_path(parent: QWidget, kind: FileKind) -> Path | None:
    """Has the user choose in the system's own dialog."""
    places = QStandardPaths.StandardLocation
    place = places.MoviesLocation if kind is FileKind.VIDEO else places.PicturesLocation
    start = QStandardPaths.writableLocation(place)
    if kind is FileKind.FOLDER:
        name = QFileDialog.getExistingDirectory(parent, "Folder of pictures", start)
    else:
        suffixes = VIDEO_SUFFIXES if kind is FileKind.VIDEO else PICTURE_SUFFIXES
        words = "Videos" if kind is FileKind.VIDEO else "Pictures"
        title = "Video" if kind is FileKind.VIDEO else "Picture"
        name, _ = QFileDialog.getOpenFileName(parent, title, start, name_filter(words, suffixes))
    return Path(name) if name else None


def name_filter(words: str, suffixes: frozenset[str]) -> str:
    """What a file dialog takes: "Pictures (*.jpg *.png)"."""
    return f"{words} ({' '.join(f'*{suffix}' for suffix in sorted(suffixes))})"


def _same(a: CameraInfo, b: CameraInfo) -> bool:
    """A webcam that was plugged in again has another number, but its name."""
    return (a.kind, a.name, a.source) == (b.kind, b.name, b.source)
