"""Icons by name, drawn from the Material Design font that qtawesome brings.

The font is read without importing qtawesome, whose import alone costs a third of
the time in which the window has to be there. The colour is looked up when an icon
is drawn: it follows a change between light and dark.
"""

from __future__ import annotations

import functools
import importlib.util
import json
import logging
from pathlib import Path

from PySide6.QtCore import QPoint, QRect, QSize, Qt
from PySide6.QtGui import (
    QColor,
    QFont,
    QFontDatabase,
    QGuiApplication,
    QIcon,
    QIconEngine,
    QPainter,
    QPalette,
    QPixmap,
)

log = logging.getLogger(__name__)

_PREFIX = "mdi6."
_GLYPH_SHARE = 0.88
"""Of the height of an icon: glyphs fill their square, and would touch the text beside them."""


def icon(
    name: str, color: QColor | str | QPalette.ColorRole = QPalette.ColorRole.ButtonText
) -> QIcon:
    """An icon that is sharp at every size.

    Args:
        name: such as "mdi6.camera"; https://pictogrammers.com/library/mdi lists them.
        color: a colour, or the role in the palette that gives it.

    Raises:
        KeyError: when there is none of that name.
    """
    code = _codes()[name.removeprefix(_PREFIX)]
    return QIcon(_GlyphEngine(chr(int(code, 16)), color))


class _GlyphEngine(QIconEngine):
    """Draws one character of the font."""

    def __init__(self, glyph: str, color: QColor | str | QPalette.ColorRole) -> None:
        super().__init__()
        self._glyph = glyph
        self._color = color

    def paint(self, painter: QPainter, rect: QRect, mode: QIcon.Mode, state: QIcon.State) -> None:  # noqa: ARG002
        painter.save()
        font = QFont(_family())
        font.setPixelSize(max(1, round(_GLYPH_SHARE * rect.height())))
        painter.setFont(font)
        painter.setPen(self._pen(mode))
        painter.drawText(rect, Qt.AlignmentFlag.AlignCenter, self._glyph)
        painter.restore()

    def pixmap(self, size: QSize, mode: QIcon.Mode, state: QIcon.State) -> QPixmap:
        pixmap = QPixmap(size)
        pixmap.fill(Qt.GlobalColor.transparent)
        painter = QPainter(pixmap)
        self.paint(painter, QRect(QPoint(0, 0), size), mode, state)
        painter.end()
        return pixmap

    def clone(self) -> QIconEngine:
        return _GlyphEngine(self._glyph, self._color)

    def _pen(self, mode: QIcon.Mode) -> QColor:
        palette = QGuiApplication.palette()
        if mode == QIcon.Mode.Disabled:
            return palette.color(QPalette.ColorGroup.Disabled, QPalette.ColorRole.ButtonText)
        if not isinstance(self._color, QPalette.ColorRole):
            return QColor(self._color)
        selected = mode == QIcon.Mode.Selected
        return palette.color(QPalette.ColorRole.HighlightedText if selected else self._color)


@functools.cache
def _fonts_folder() -> Path:
    spec = importlib.util.find_spec("qtawesome")
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError("qtawesome is not installed")
    return Path(spec.origin).parent / "fonts"


@functools.cache
def _codes() -> dict[str, str]:
    """Hexadecimal code points by name."""
    (path,) = _fonts_folder().glob("materialdesignicons6-webfont-charmap-*.json")
    codes: dict[str, str] = json.loads(path.read_text("utf-8"))
    return codes


@functools.cache
def _family() -> str:
    """The name of the font, once it has been loaded."""
    (path,) = _fonts_folder().glob("materialdesignicons6-webfont-*.ttf")
    number = QFontDatabase.addApplicationFont(str(path))
    families = QFontDatabase.applicationFontFamilies(number)
    if not families:
        log.error("the font of the icons cannot be loaded: %s", path)
        return ""
    return families[0]
