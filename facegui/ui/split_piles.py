"""The three splits as small piles of photos."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Slot
from PySide6.QtGui import QColor, QImage, QPainter, QPaintEvent, QPalette, QPen
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QWidget

from facegui.core.images import Pixels
from facegui.core.photo_library import Photo
from facegui.core.splits import Split
from facegui.ui.pixel_images import image_of
from facegui.ui.style import GRID
from facegui.workers.thumbnails import LoadedPicture, PictureLoader

WORDS: Mapping[Split, tuple[str, str, str]] = {
    Split.TRAIN: ("training", "to learn from", "The network learns from copies of these photos."),
    Split.VALIDATION: (
        "validation",
        "to pick the best epoch",
        "After every epoch these photos tell how good the network is by now. It never learns"
        " from them, and no copies are made of them.",
    ),
    Split.TEST: (
        "test",
        "to judge it at the end",
        "These photos are kept aside until the end: a fair judge has never been seen.",
    ),
}

_TILTS = (-7.0, 5.0, -1.0)
_SHOWN = len(_TILTS)
_HEIGHT = 9 * GRID
_THUMBNAIL_SIDE = 160


class SplitPile(QWidget):
    """One pile: a few of its photos, how many there are, what they are for."""

    def __init__(self, split: Split, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._word, self._purpose, explanation = WORDS[split]
        self._pictures: dict[str, QImage] = {}
        self._names: tuple[str, ...] = ()
        self.count = 0
        self.setObjectName(f"augment.pile_{split.value}")
        self.setToolTip(explanation)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setFixedHeight(_HEIGHT)

    def show_photos(self, names: Sequence[str], count: int) -> None:
        """Names of the few that lie on top, and how many there are in all."""
        self._names, self.count = tuple(names), count
        self._pictures = {
            name: picture for name, picture in self._pictures.items() if name in names
        }
        self.setAccessibleName(f"{count} {self._word} photos, {self._purpose}")
        self.update()

    def show_picture(self, name: str, pixels: Pixels) -> None:
        if name in self._names:
            self._pictures[name] = image_of(pixels).copy()
            self.update()

    def sizeHint(self) -> QSize:
        return QSize(24 * GRID, _HEIGHT)

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: ARG002
        painter = QPainter(self)
        painter.setRenderHints(
            QPainter.RenderHint.Antialiasing | QPainter.RenderHint.SmoothPixmapTransform
        )
        pile = QRectF(4, 8, min(10.5 * GRID, 0.4 * self.width()), _HEIGHT - 16)
        self._paint_pile(painter, pile)
        left = round(pile.right()) + 2 * GRID
        self._paint_words(painter, left, self.width() - left)

    def _paint_pile(self, painter: QPainter, pile: QRectF) -> None:
        line = self.palette().color(QPalette.ColorRole.Mid)
        if not self.count:
            painter.setPen(QPen(line, 1.5, Qt.PenStyle.DashLine))
            painter.drawRoundedRect(pile, 4, 4)
        for name, tilt in zip(
            self._names, _TILTS[-len(self._names) :] if self._names else (), strict=False
        ):
            painter.save()
            painter.translate(pile.center())
            painter.rotate(tilt)
            place = pile.translated(-pile.center())
            painter.fillRect(place.adjusted(-2, -2, 2, 2), QColor("#ffffff"))
            picture = self._pictures.get(name)
            if picture is None:
                painter.fillRect(place, line)
            else:
                painter.drawImage(place, picture, _middle(picture, place))
            painter.setPen(QPen(QColor(0, 0, 0, 90), 1))
            painter.drawRect(place.adjusted(-2.5, -2.5, 2.5, 2.5))
            painter.restore()

    def _paint_words(self, painter: QPainter, left: int, width: int) -> None:
        font = self.font()
        font.setBold(True)
        painter.setFont(font)
        painter.setPen(self.palette().color(QPalette.ColorRole.WindowText))
        metrics = painter.fontMetrics()
        height = metrics.height()
        text = metrics.elidedText(
            f"{self.count:,} {self._word}", Qt.TextElideMode.ElideRight, width
        )
        painter.drawText(QPointF(left, _HEIGHT / 2 - height * 0.25), text)
        font.setBold(False)
        font.setPointSizeF(font.pointSizeF() * 0.9)
        painter.setFont(font)
        painter.setPen(self.palette().color(QPalette.ColorRole.PlaceholderText))
        flags = int(Qt.AlignmentFlag.AlignLeft) | int(Qt.TextFlag.TextWordWrap)
        painter.drawText(QRectF(left, _HEIGHT / 2, width, _HEIGHT / 2), flags, self._purpose)


class SplitPiles(QWidget):
    """The three piles side by side."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.piles = {split: SplitPile(split) for split in Split}
        self._loader = PictureLoader(
            _THUMBNAIL_SIDE, threads=1, longest=_SHOWN * len(Split), parent=self
        )
        self._loader.loaded.connect(self._on_loaded)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(2 * GRID)
        for pile in self.piles.values():
            layout.addWidget(pile, 1)

    def show_photos(self, photos: Mapping[Split, Sequence[Photo]]) -> None:
        self._loader.forget()
        for split, pile in self.piles.items():
            of_split = photos.get(split, ())
            top = of_split[:: max(1, len(of_split) // _SHOWN)][:_SHOWN]
            pile.show_photos([photo.name for photo in top], len(of_split))
            for photo in top:
                self._loader.want(photo)

    def shut_down(self) -> None:
        self._loader.shut_down()

    @Slot(object)
    def _on_loaded(self, loaded: LoadedPicture) -> None:
        if loaded.pixels is not None:
            for pile in self.piles.values():
                pile.show_picture(loaded.photo.name, loaded.pixels)


def _middle(picture: QImage, place: QRectF) -> QRectF:
    """The largest part in the middle of a picture that has the shape of `place`."""
    scale = min(picture.width() / place.width(), picture.height() / place.height())
    part = QRectF(0, 0, place.width() * scale, place.height() * scale)
    part.moveCenter(QPointF(picture.width() / 2, picture.height() / 2))
    return part
