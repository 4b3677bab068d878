"""The controls of the Detect tab, but for those of the model."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtWidgets import QCheckBox, QGridLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from facegui.ui.icons import icon
from facegui.ui.style import GRID, set_role


@dataclass(frozen=True, slots=True)
class Reasons:
    """Why something cannot be done now; "" where it can.

    Args:
        pause: the video cannot be paused.
        wrong: the picture cannot be kept as a mistake.
        snapshot: it cannot be saved.
        record: it cannot be recorded.
        whole: the source cannot be gone through as a whole.
    """

    pause: str
    wrong: str
    snapshot: str
    record: str
    whole: str


class ViewControls(QWidget):
    """How the picture is shown: pause, mirror, blurred faces, steady boxes."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        title = QLabel("Picture")
        set_role(title, "title")
        self.pause = _button("detect.pause", "Pause", "mdi6.pause")
        self.pause.setCheckable(True)
        self.wrong = _button("detect.wrong", "That's wrong", "mdi6.thumb-down-outline")
        self.mirror = QCheckBox("Mirror")
        self.mirror.setObjectName("detect.mirror")
        self.mirror.setToolTip("Left and right as in a mirror (M).")
        self.blur = QCheckBox("Blur faces")
        self.blur.setObjectName("detect.blur")
        self.blur.setToolTip(
            "Nobody is recognised in the picture, in snapshots and in recordings (B). A face that "
            "is not found is not blurred."
        )
        self.smooth = QCheckBox("Steady boxes")
        self.smooth.setObjectName("detect.smooth")
        self.smooth.setChecked(True)
        self.smooth.setToolTip("Boxes do not tremble; off: each is shown just as it was found.")
        layout = QGridLayout(self)
        layout.setContentsMargins(0, 2 * GRID, 0, 0)
        layout.setSpacing(GRID)
        layout.addWidget(title, 0, 0, 1, 2)
        layout.addWidget(self.pause, 1, 0)
        layout.addWidget(self.wrong, 1, 1)
        layout.addWidget(self.mirror, 2, 0)
        layout.addWidget(self.blur, 2, 1)
        layout.addWidget(self.smooth, 3, 0)

    def show_state(self, reasons: Reasons, *, paused: bool) -> None:
        self.pause.setEnabled(not reasons.pause)
        self.pause.setChecked(paused)
        self.pause.setText("Go on" if paused else "Pause")
        self.pause.setIcon(icon("mdi6.play" if paused else "mdi6.pause"))
        self.pause.setToolTip(reasons.pause or "Stands still, and goes on (P).")
        self.wrong.setEnabled(not reasons.wrong)
        self.wrong.setToolTip(
            reasons.wrong
            or "Keeps this picture in the project, with these boxes as a draft to correct in "
            "the Annotate tab (W). It is kept unblurred."
        )


class KeepControls(QWidget):
    """What is kept of the pictures: snapshots, recordings, whole videos."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        title = QLabel("Keep")
        set_role(title, "title")
        self.snapshot = _button("detect.snapshot", "Snapshot", "mdi6.camera-iris")
        self.plain = _button("detect.plain", "Without boxes", "mdi6.image-outline")
        self.record = _button("detect.record", "Record", "mdi6.record-circle-outline")
        self.record.setCheckable(True)
        self.whole = _button("detect.whole", "Whole source", "mdi6.fast-forward-outline")
        layout = QGridLayout(self)
        layout.setContentsMargins(0, 2 * GRID, 0, 0)
        layout.setSpacing(GRID)
        layout.addWidget(title, 0, 0, 1, 2)
        layout.addWidget(self.snapshot, 1, 0)
        layout.addWidget(self.plain, 1, 1)
        layout.addWidget(self.record, 2, 0)
        layout.addWidget(self.whole, 2, 1)

    def show_state(self, reasons: Reasons, *, recording: bool) -> None:
        for button, boxes, keys in (
            (self.snapshot, "with", "S"),
            (self.plain, "without", "Shift+S"),
        ):
            button.setEnabled(not reasons.snapshot)
            words = f"Saves the picture {boxes} its boxes in the project's folder ({keys})."
            button.setToolTip(reasons.snapshot or words)
        self.record.setEnabled(recording or not reasons.record)
        self.record.setChecked(recording)
        self.record.setText("Stop recording" if recording else "Record")
        self.record.setIcon(icon("mdi6.stop" if recording else "mdi6.record-circle-outline"))
        self.record.setToolTip(
            reasons.record or "Records what is seen, with its boxes, as a video (R)."
        )
        self.whole.setEnabled(not reasons.whole)
        self.whole.setToolTip(
            reasons.whole
            or "Goes through all of it as fast as it goes: pictures with boxes, and the boxes "
            "as CSV and JSON, in the project's folder."
        )


def _button(name: str, text: str, picture: str) -> QPushButton:
    button = QPushButton(icon(picture), text)
    button.setObjectName(name)
    return button


class Column(QWidget):
    """Widgets one below the other."""

    def __init__(self, *widgets: QWidget) -> None:
        super().__init__()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(2 * GRID)
        for widget in widgets:
            layout.addWidget(widget)
