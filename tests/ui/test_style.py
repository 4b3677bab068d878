"""Light and dark, readable in both."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QColor, QPalette
from PySide6.QtWidgets import QApplication, QPushButton
from pytestqt.qtbot import QtBot

from facegui.ui.icons import icon
from facegui.ui.style import apply_style, set_role

SCHEMES = [Qt.ColorScheme.Light, Qt.ColorScheme.Dark]


@pytest.fixture(autouse=True)
def _back(qapp: QApplication) -> Iterator[None]:
    yield
    apply_style(qapp)


def luminance(colour: QColor) -> float:
    """Relative luminance. Source: WCAG 2.1."""

    def linear(value: float) -> float:
        return value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4

    red, green, blue = map(linear, (colour.redF(), colour.greenF(), colour.blueF()))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: QColor, other: QColor) -> float:
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize(
    ("text", "ground"),
    [
        (QPalette.ColorRole.WindowText, QPalette.ColorRole.Window),
        (QPalette.ColorRole.Text, QPalette.ColorRole.Base),
        (QPalette.ColorRole.ButtonText, QPalette.ColorRole.Button),
        (QPalette.ColorRole.PlaceholderText, QPalette.ColorRole.Window),
        (QPalette.ColorRole.PlaceholderText, QPalette.ColorRole.AlternateBase),
        (QPalette.ColorRole.HighlightedText, QPalette.ColorRole.Highlight),
        (QPalette.ColorRole.ToolTipText, QPalette.ColorRole.ToolTipBase),
        (QPalette.ColorRole.Accent, QPalette.ColorRole.Window),
    ],
)
def test_text_stands_out(
    qapp: QApplication,
    scheme: Qt.ColorScheme,
    text: QPalette.ColorRole,
    ground: QPalette.ColorRole,
) -> None:
    apply_style(qapp, scheme)
    palette = qapp.palette()
    assert contrast(palette.color(text), palette.color(ground)) >= 4.5


def test_dark_is_darker_than_light(qapp: QApplication) -> None:
    grounds = []
    for scheme in SCHEMES:
        apply_style(qapp, scheme)
        grounds.append(luminance(qapp.palette().color(QPalette.ColorRole.Window)))
    assert grounds[0] > 0.8
    assert grounds[1] < 0.1


def test_style_sheet_names_no_colour_that_was_not_put_in(qapp: QApplication) -> None:
    apply_style(qapp)
    assert "@" not in qapp.styleSheet()


def test_role_changes_the_look_at_once(qtbot: QtBot) -> None:
    button = QPushButton("Train")
    qtbot.addWidget(button)
    before = button.sizeHint().height()
    set_role(button, "primary")
    assert button.sizeHint().height() > before


def test_icons_follow_light_and_dark(qapp: QApplication) -> None:
    camera = icon("mdi6.camera")
    pictures = []
    for scheme in SCHEMES:
        apply_style(qapp, scheme)
        pictures.append(camera.pixmap(QSize(24, 24)).toImage())
    light, dark = (picture.pixelColor(5, 15) for picture in pictures)
    assert light.alpha() > 0
    assert luminance(light) < 0.1
    assert luminance(dark) > 0.5


def test_icon_of_a_chosen_colour_and_disabled(qapp: QApplication) -> None:  # noqa: ARG001
    square = icon("mdi6.square", color="#ff0000")
    assert square.pixmap(24, 24).toImage().pixelColor(12, 12) == QColor("#ff0000")
    from PySide6.QtGui import QIcon

    grey = square.pixmap(QSize(24, 24), QIcon.Mode.Disabled).toImage().pixelColor(12, 12)
    assert grey.saturation() < 80


def test_unknown_icon_is_refused(qapp: QApplication) -> None:  # noqa: ARG001
    with pytest.raises(KeyError):
        icon("mdi6.no-such-icon")
