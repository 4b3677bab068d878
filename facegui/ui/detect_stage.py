"""The left side of the Detect tab: one run's pictures or two side by side, and their neighbours."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from facegui.core.camera import Frame
from facegui.core.errors import UserError, disk_error
from facegui.core.progress import Report, StopToken
from facegui.core.recordings import pictures_in
from facegui.ui.detection_view import DetectionView, ShownPicture
from facegui.ui.icons import icon
from facegui.ui.pairs import Pairs
from facegui.ui.style import GRID
from facegui.workers.detection_feed import DetectionResult
from facegui.workers.newest import NewestWork


class DetectStage(QWidget):
    """Shows what a run finds, and beside it what another one does.

    With faces blurred two runs show only frames that both have searched, and each side hides
    what either found: a face that one of them misses would stand clear beside its blurred copy.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._blurred = False
        self._pairs = Pairs()
        self.main = DetectionView("detect.view")
        self.other = DetectionView("detect.other")
        self.other.hide()
        self.steps = PictureSteps()
        beside = QHBoxLayout()
        beside.setSpacing(GRID)
        beside.addWidget(self.main, 1)
        beside.addWidget(self.other, 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(GRID)
        layout.addLayout(beside, 1)
        layout.addWidget(self.steps)

    @property
    def views(self) -> tuple[DetectionView, ...]:
        """Those that are shown."""
        return (self.main,) if self.other.isHidden() else (self.main, self.other)

    @property
    def result(self) -> DetectionResult | None:
        """The newest one of the run at the left, unless the user has gone on from its picture."""
        result = self.main.result
        return None if result is None or self.is_past(result) else result

    @property
    def shown(self) -> tuple[ShownPicture, ...]:
        """What is seen now, from left to right."""
        return tuple(view.shown for view in self.views if view.shown is not None)

    def set_compared(self, titles: tuple[str, str] | None) -> None:
        """Shows a second run beside the first, each under its title, or one alone."""
        if titles is not None and self.other.isHidden() and self.main.result is not None:
            self._pairs.add(0, self.main.result)  # of a still picture there is no other
        self.other.setVisible(titles is not None)
        self.main.set_title(titles[0] if titles else "")
        self.other.set_title(titles[1] if titles else "")
        if titles is None:
            self.other.clear()
            self._pairs.clear()

    def set_mirrored(self, mirrored: bool) -> None:
        for view in (self.main, self.other):
            view.view.set_mirrored(mirrored)

    def set_smooth(self, smooth: bool) -> None:
        for view in (self.main, self.other):
            view.set_smooth(smooth)

    def set_blurred(self, blurred: bool) -> None:
        self._blurred = blurred
        for view in (self.main, self.other):
            view.set_blurred(blurred)
        if blurred and len(self.views) == 2:
            self._hide_until_paired()

    def is_past(self, result: DetectionResult) -> bool:
        """Whether it is of a picture that the user has gone on from."""
        return self.steps.path is not None and result.frame.path != self.steps.path

    def show_result(self, view: DetectionView, result: DetectionResult) -> None:
        """Shows a frame with what was found in it: at once, or once the other run is as far.

        Args:
            view: of the run, one of `views`.
            result: its newest.
        """
        if len(self.views) == 2:
            self._pairs.add(self.views.index(view), result)
        if len(self.views) == 2 and self._blurred:
            self._show_pair(result.frame)
        else:
            view.show_result(result)

    def show_frame(self, frame: Frame) -> None:
        """The camera's newest frame, for runs too slow to be waited for."""
        for view in self.views:
            view.show_frame(frame)

    def rest(self) -> None:
        """A pause is no slow video."""
        for view in self.views:
            view.rest()

    def forget(self) -> None:
        """The next results count as the first; the pictures may stay until then."""
        self._pairs.clear()
        for view in (self.main, self.other):
            view.forget()

    def clear(self) -> None:
        """Another source, or none."""
        self.steps.close_folder()
        self._pairs.clear()
        for view in (self.main, self.other):
            view.clear()

    def shut_down(self) -> None:
        self.steps.shut_down()

    def _show_pair(self, frame: Frame) -> bool:
        """Whether both runs have searched a frame, so that it can be shown."""
        pair = self._pairs.of(frame)
        if pair is None:
            return False
        for view, result in zip(self.views, pair, strict=True):
            view.show_result(result)
        self.main.hide_also(self.other.hidden)
        self.other.hide_also(self.main.hidden)
        return True

    def _hide_until_paired(self) -> None:
        results = [view.result for view in self.views if view.result is not None]
        if not any(self._show_pair(result.frame) for result in results):
            for view in self.views:
                view.hide_everything()


class PictureSteps(QWidget):
    """Goes through the pictures of a folder.

    Signals:
        moved(int): the picture of that number, from 0, is wanted.
        failed(UserError): there is none.
    """

    moved = Signal(int)
    failed = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._paths: tuple[Path, ...] = ()
        self._number = 0
        self._listing = NewestWork(self)
        self._listing.succeeded.connect(self._on_listed)
        self._listing.failed.connect(self.failed)
        self.back_button = QPushButton(icon("mdi6.chevron-left"), "")
        self.back_button.setObjectName("detect.back")
        self.back_button.setAccessibleName("Picture before")
        self.on_button = QPushButton(icon("mdi6.chevron-right"), "")
        self.on_button.setObjectName("detect.on")
        self.on_button.setAccessibleName("Next picture")
        self.label = QLabel()
        self.label.setAlignment(Qt.AlignmentFlag.AlignCenter)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.back_button)
        layout.addWidget(self.label, 1)
        layout.addWidget(self.on_button)
        self.back_button.clicked.connect(self.go_back)
        self.on_button.clicked.connect(self.go_on)
        self._show_state()

    @property
    def path(self) -> Path | None:
        """The picture that is shown."""
        return self._paths[self._number] if self._paths else None

    def open_folder(self, path: Path) -> None:
        """Goes through the pictures of a folder, or one alone, from the first on; `moved` follows.

        They are listed in the background: a folder may be large, and its disk far away.
        """
        self.close_folder()
        self._listing.ask(partial(_list_pictures, path))

    def close_folder(self) -> None:
        """Has no pictures any more."""
        self._listing.forget()
        self._paths = ()
        self._show_state()

    def shut_down(self) -> None:
        self._listing.shut_down()

    @Slot()
    def go_back(self) -> None:
        self._go(self._number - 1)

    @Slot()
    def go_on(self) -> None:
        self._go(self._number + 1)

    @Slot(object)
    def _on_listed(self, paths: tuple[Path, ...]) -> None:
        self._paths = paths
        self._go(0)

    def _go(self, number: int) -> None:
        if 0 <= number < len(self._paths):
            self._number = number
            self._show_state()
            self.moved.emit(number)

    def _show_state(self) -> None:
        count = len(self._paths)
        self.setVisible(count > 0)
        if self.path is not None:
            self.label.setText(f"{self._number + 1} of {count}: {self.path.name}")
        self.back_button.setEnabled(self._number > 0)
        self.back_button.setToolTip(
            "The picture before (left arrow)." if self._number else "This is the first picture."
        )
        last = self._number + 1 >= count
        self.on_button.setEnabled(not last)
        self.on_button.setToolTip(
            "This is the last picture." if last else "The next picture (right arrow)."
        )


def _list_pictures(path: Path, report: Report, stop: StopToken) -> tuple[Path, ...]:  # noqa: ARG001
    try:
        paths = tuple(pictures_in(path)) if path.is_dir() else (path,)
    except OSError as error:
        raise disk_error(error, f"reading {path.name}") from error
    if not paths:
        raise UserError(f"{path.name} holds no picture.", "Choose another folder.")
    return paths
