"""What one run finds: each picture with the boxes that were found in it, or carried to it."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QSizePolicy, QVBoxLayout, QWidget

from facegui.core.boxes import Box, Detection
from facegui.core.camera import Frame
from facegui.core.drawing import MarkedBox, mark_detections, mark_tracks
from facegui.core.found import followed_faces
from facegui.core.images import Pixels
from facegui.core.privacy import blur_everything, blur_faces, places_to_hide
from facegui.core.tracking import Track, Tracker
from facegui.ui.picture_view import PictureView
from facegui.ui.style import GRID, set_role
from facegui.workers.detection_feed import DetectionResult

_MANY_DROPPED, _FEW_DROPPED = 0.3, 0.1
_DROPPED_SHARE = 0.1


@dataclass(frozen=True, slots=True, eq=False)
class ShownPicture:
    """What is seen at a moment.

    Args:
        frame: as the camera gave it.
        pixels: as it is shown: with faces blurred where that is wanted.
        boxes: on it.
        faces: what they stand for, within the frame.
    """

    frame: Frame
    pixels: Pixels
    boxes: tuple[MarkedBox, ...]
    faces: tuple[Detection, ...]


class DetectionView(QWidget):
    """Shows frames with the boxes of one run.

    A detector that keeps up with the camera is waited for: then every frame has the boxes
    that were found in it. For one that does not the newest frame is shown at once, and the
    boxes are carried forward to it, which is said. While faces are blurred only frames are
    shown that were searched: whoever walks in must not be seen until then.

    Args:
        name: object name of the picture.
    """

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._tracker = Tracker()
        self._threshold = 0.0
        self._blurred = False
        self._result: DetectionResult | None = None
        self._shown: ShownPicture | None = None
        self._tracks: tuple[Track, ...] = ()
        self._hidden: tuple[Box, ...] = ()
        self._also_hidden: tuple[Box, ...] = ()
        self._pulse = Pulse()
        self._counted_to: int | None = None
        self._dropped = 0
        self._dropped_share = 0.0
        self._is_behind = False
        self.title = QLabel()
        set_role(self.title, "title")
        # A long title is cut off rather than making the pictures wide.
        self.title.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.title.hide()
        self.view = PictureView()
        self.view.setObjectName(name)
        self.view.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(GRID)
        layout.addWidget(self.title)
        layout.addWidget(self.view, 1)

    @property
    def result(self) -> DetectionResult | None:
        """The newest result; None before the first and after `forget`."""
        return self._result

    @property
    def shown(self) -> ShownPicture | None:
        """What is seen now."""
        return self._shown

    @property
    def hidden(self) -> tuple[Box, ...]:
        """Where in the frame that is seen faces are or may be: blurred where that is wanted."""
        return self._hidden

    def set_title(self, text: str) -> None:
        """Which run it is, where there are two; "" takes it away."""
        self.title.setText(text)
        self.title.setVisible(bool(text))

    def set_threshold(self, threshold: float) -> None:
        """Acts on the picture that is there."""
        self._threshold = threshold
        self._show_again()

    def set_smooth(self, smooth: bool) -> None:
        """Whether boxes are held still where they only tremble."""
        self._tracker.smooth = smooth
        self._show_again()

    def set_blurred(self, blurred: bool) -> None:
        """Whether faces are made unrecognisable; acts on the picture that is there."""
        self._blurred = blurred
        self._show_again()

    def hide_also(self, places: Iterable[Box]) -> None:
        """Where in the frame that is seen there may be faces of which this run knows nothing."""
        self._also_hidden = tuple(places)
        if self._shown is not None:
            self._show(self._shown.frame, self._tracks)

    def hide_everything(self) -> None:
        """Of the frame that is seen: not all who are to look for faces have searched it."""
        if self._shown is not None:
            height, width = self._shown.frame.pixels.shape[:2]
            self.hide_also([Box(0, 0, width, height)])

    def show_result(self, result: DetectionResult) -> None:
        """Shows a frame with what was found in it, unless a newer frame is shown already."""
        frame = result.frame
        self._count_dropped(frame)
        if self._result is not None and self._result.frame.pixels.shape != frame.pixels.shape:
            self._tracker.clear()
        self._result = result
        tracks = self._follow(result)
        shown = self._shown.frame if self._shown is not None else None
        if self._runs_ahead and shown is not None and frame.number < shown.number:
            frame, tracks = shown, self._tracker.at(shown.time_s)
        else:
            self._pulse.beat()
        self._show(frame, tracks)

    def show_frame(self, frame: Frame) -> None:
        """Shows the camera's newest frame, if the detector is too slow to be waited for."""
        result = self._result
        if not self._runs_ahead or result is None or result.detections is None:
            return
        if result.frame.pixels.shape == frame.pixels.shape and frame.path is None:
            self._pulse.beat()
            self._show(frame, self._tracker.at(frame.time_s))

    def rest(self) -> None:
        """A pause is no slow video, and no slow detector."""
        self._pulse.clear()
        self._counted_to = None

    def forget(self) -> None:
        """The next result counts as the first; the picture may stay until then."""
        self._result = self._shown = None
        self._tracker.clear()
        self.rest()
        self._hidden = self._also_hidden = ()
        self._dropped, self._dropped_share, self._is_behind = 0, 0.0, False
        self.view.set_status("")

    def clear(self) -> None:
        """Another source, or none."""
        self.forget()
        self.view.clear()

    # How

    @property
    def _runs_ahead(self) -> bool:
        """Whether frames are shown before they are searched."""
        return self._is_behind and not self._blurred

    def _follow(self, result: DetectionResult) -> tuple[Track, ...]:
        """The faces in a frame of a video; a single picture has nobody to follow."""
        if result.detections is None or result.frame.path is not None:
            return ()
        return self._tracker.update(result.detections, result.frame.time_s, self._threshold)

    def _show_again(self) -> None:
        result, shown = self._result, self._shown
        if result is None or shown is None:
            return
        tracks = self._follow(result)
        if shown.frame is result.frame or self._blurred:
            self._show(result.frame, tracks)
        else:
            self._show(shown.frame, self._tracker.at(shown.frame.time_s))

    def _show(self, frame: Frame, tracks: tuple[Track, ...]) -> None:
        if self._shown is None or self._shown.frame is not frame:
            self._also_hidden = ()
        self._tracks = tracks
        self._hidden = places_to_hide(self._detections, tracks)
        pixels = self._private(frame) if self._blurred else frame.pixels
        if frame.path is None:
            height, width = pixels.shape[:2]
            faces = tuple(face.detection for face in followed_faces(tracks, width, height))
            boxes = mark_tracks(tracks)
        else:
            faces = tuple(one for one in self._detections if one.confidence >= self._threshold)
            boxes = mark_detections(faces)
        self._shown = ShownPicture(frame, pixels, boxes, faces)
        self.view.show_picture(pixels, boxes)
        self.view.set_status(self._status(frame))

    @property
    def _detections(self) -> tuple[Detection, ...]:
        found = self._result.detections if self._result is not None else None
        return found or ()

    def _private(self, frame: Frame) -> Pixels:
        if self._result is None or self._result.detections is None:
            return blur_everything(frame.pixels)
        return blur_faces(frame.pixels, (*self._hidden, *self._also_hidden))

    def _count_dropped(self, frame: Frame) -> None:
        """Learns from the numbers of the frames whether the detector keeps up."""
        before, self._counted_to = self._counted_to, frame.number
        passed = frame.number - before if before is not None else 0
        if passed <= 0:
            return
        self._dropped += passed - 1
        self._dropped_share += _DROPPED_SHARE * ((passed - 1) / passed - self._dropped_share)
        limit = _FEW_DROPPED if self._is_behind else _MANY_DROPPED
        self._is_behind = self._dropped_share > limit

    def _status(self, frame: Frame) -> str:
        result = self._result
        assert result is not None
        moving = frame.path is None
        pace = self._pulse.pace
        parts = [f"{pace:.0f} frames/s"] if pace and moving else []
        if result.detections is None:
            return "   ".join([*parts, "no boxes: no model is loaded"])
        parts.append(f"{result.detection_ms:.0f} ms a picture")
        if moving:
            parts.append(f"{self._dropped} dropped")
        if frame is not result.frame:
            late_ms = 1000 * (frame.time_s - result.frame.time_s)
            parts.append(f"boxes {late_ms:.0f} ms old, moved along")
        return "   ".join(parts)


class Pulse:
    """Pictures a second, over the last one.

    Args:
        clock: seconds, never running backwards.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._times: deque[float] = deque()

    @property
    def pace(self) -> float:
        """With the newest picture; 0 where nobody can know yet."""
        took = self._times[-1] - self._times[0] if self._times else 0.0
        return (len(self._times) - 1) / took if took > 0 else 0.0

    def beat(self) -> None:
        """Counts a picture."""
        now = self._clock()
        self._times.append(now)
        while now - self._times[0] > 1.0:
            self._times.popleft()

    def clear(self) -> None:
        self._times.clear()
