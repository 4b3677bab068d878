"""The left side of the Detect tab: the picture, what was found in it, and its neighbours."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Sequence
from pathlib import Path

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from facegui.core.drawing import MarkedBox, Meaning
from facegui.ui.icons import icon
from facegui.ui.picture_view import PictureView
from facegui.ui.style import GRID
from facegui.workers.detection_feed import DetectionResult


class DetectStage(QWidget):
    """Shows results: each frame with the boxes that were found in that frame."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._result: DetectionResult | None = None
        self._threshold = 0.0
        self._pulse = Pulse()
        self.view = PictureView()
        self.view.setObjectName("detect.view")
        self.view.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.steps = PictureSteps()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(GRID)
        layout.addWidget(self.view, 1)
        layout.addWidget(self.steps)

    @property
    def result(self) -> DetectionResult | None:
        """What is shown."""
        return self._result

    @property
    def boxes(self) -> tuple[MarkedBox, ...]:
        """What is sure enough to be shown."""
        found = self._result.detections if self._result is not None else None
        return tuple(
            MarkedBox(face.box, Meaning.DETECTION, f"{face.confidence:.2f}")
            for face in found or ()
            if face.confidence >= self._threshold
        )

    def set_threshold(self, threshold: float) -> None:
        """Acts on the picture that is there."""
        self._threshold = threshold
        self.view.show_boxes(self.boxes)

    def show_result(self, result: DetectionResult) -> bool:
        """False when it is of a picture that the user has gone on from."""
        if self.steps.path is not None and result.frame.path != self.steps.path:
            return False
        self._result = result
        self.view.show_picture(result.frame.pixels, self.boxes)
        pace = self._pulse.beat()
        parts = [f"{pace:.0f} frames/s"] if pace and self.steps.path is None else []
        if result.detections is None:
            parts.append("loading the model…")
        else:
            parts.append(f"{result.detection_ms:.0f} ms a picture")
        self.view.set_status("   ".join(parts))
        return True

    def rest(self) -> None:
        """A pause is no slow video."""
        self._pulse.clear()

    def forget(self) -> None:
        """The next result counts as the first; the picture may stay until then."""
        self._result = None
        self._pulse.clear()
        self.view.set_status("")

    def clear(self) -> None:
        """Another source, or none."""
        self.forget()
        self.steps.set_pictures(())
        self.view.clear()


class PictureSteps(QWidget):
    """Goes through the pictures of a folder.

    Signals:
        moved(int): the picture of that number, from 0, is wanted.
    """

    moved = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._paths: tuple[Path, ...] = ()
        self._number = 0
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

    def set_pictures(self, paths: Sequence[Path]) -> None:
        self._paths = tuple(paths)
        self._number = 0
        self._show_state()

    @Slot()
    def go_back(self) -> None:
        self._go(self._number - 1)

    @Slot()
    def go_on(self) -> None:
        self._go(self._number + 1)

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


class Pulse:
    """Frames a second, over the last one.

    Args:
        clock: seconds, never running backwards.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._times: deque[float] = deque()

    def beat(self) -> float:
        """Counts a frame; the pace that is reached with it, 0 where nobody can know yet."""
        now = self._clock()
        self._times.append(now)
        while now - self._times[0] > 1.0:
            self._times.popleft()
        took = now - self._times[0]
        return (len(self._times) - 1) / took if took > 0 else 0.0

    def clear(self) -> None:
        self._times.clear()
