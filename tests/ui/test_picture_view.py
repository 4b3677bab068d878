"""Pictures are scaled to fit, mirrored by choice, and boxes lie where they belong."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtGui import QColor, QImage
from pytestqt.qtbot import QtBot

from facegui.core.boxes import Box
from facegui.core.drawing import COLOURS, MarkedBox, Meaning
from facegui.core.images import Pixels
from facegui.ui.picture_view import PictureView
from facegui.ui.style import STAGE_COLOUR

RED, BLUE = (220, 20, 20), (20, 20, 220)


@pytest.fixture
def view(qtbot: QtBot) -> PictureView:
    view = PictureView()
    qtbot.addWidget(view)
    view.resize(400, 200)
    return view


def half_and_half(width: int = 80, height: int = 80) -> Pixels:
    """Red at the left, blue at the right."""
    pixels = np.zeros((height, width, 3), np.uint8)
    pixels[:, : width // 2] = RED
    pixels[:, width // 2 :] = BLUE
    return pixels


def shown(view: PictureView) -> QImage:
    return view.grab().toImage()


def colour_at(image: QImage, x: int, y: int) -> tuple[int, int, int]:
    colour = QColor(image.pixel(x, y))
    return colour.red(), colour.green(), colour.blue()


def test_picture_is_fitted_and_centred(view: PictureView) -> None:
    view.show_picture(half_and_half())
    image = shown(view)
    # 200 x 200 in the middle of 400 x 200.
    assert colour_at(image, 110, 100) == RED
    assert colour_at(image, 290, 100) == BLUE
    assert image.pixelColor(50, 100) == STAGE_COLOUR


@pytest.mark.parametrize("size", [(3, 3), (640, 480), (1281, 721), (4001, 31)])
def test_any_size_can_be_shown(view: PictureView, size: tuple[int, int]) -> None:
    view.show_picture(half_and_half(*size))
    middle = view.picture_area().center()
    colour = colour_at(shown(view), int(view.picture_area().left()) + 1, int(middle.y()))
    assert colour[0] > 150


def test_part_of_a_larger_array_can_be_shown(view: PictureView) -> None:
    view.resize(160, 160)
    pixels = half_and_half(200, 80)[:, 60:140]
    assert not pixels.flags.c_contiguous
    view.show_picture(pixels)
    assert colour_at(shown(view), 5, 80) == RED
    assert colour_at(shown(view), 155, 80) == BLUE


def test_mirrored_changes_sides_of_picture_and_boxes(view: PictureView) -> None:
    view.set_mirrored(True)
    view.show_picture(half_and_half(), [MarkedBox(Box(0, 20, 20, 60), Meaning.LABEL)])
    image = shown(view)
    assert colour_at(image, 110, 190) == BLUE
    # The box at the left of the picture is at the right of the view, 250 to 300.
    assert colour_at(image, 250, 100) == COLOURS[Meaning.LABEL]
    view.set_mirrored(False)
    assert colour_at(shown(view), 150, 100) == COLOURS[Meaning.LABEL]


@pytest.mark.parametrize("meaning", list(Meaning))
def test_boxes_have_the_colour_of_their_meaning(view: PictureView, meaning: Meaning) -> None:
    view.show_picture(half_and_half(), [MarkedBox(Box(20, 20, 60, 60), meaning, "0.98")])
    image = shown(view)
    colours = {colour_at(image, 150, y) for y in range(40, 160)}
    assert COLOURS[meaning] in colours
    view.show_boxes(())
    assert {colour_at(shown(view), 150, y) for y in range(40, 160)} == {RED}


def test_boxes_outside_the_picture_do_no_harm(view: PictureView) -> None:
    boxes = [
        MarkedBox(Box(-50, -50, -10, -10), Meaning.DETECTION, "0.5"),
        MarkedBox(Box(70, -10, 500, 500), Meaning.DETECTION, "0.9"),
    ]
    view.show_picture(half_and_half(), boxes)
    assert shown(view).pixelColor(390, 100) == STAGE_COLOUR


def test_picture_is_not_scaled_again_when_only_boxes_change(view: PictureView) -> None:
    view.show_picture(half_and_half())
    shown(view)
    scaled = view._scaled
    view.show_boxes([MarkedBox(Box(20, 20, 60, 60), Meaning.DETECTION)])
    shown(view)
    assert view._scaled is scaled


def test_message_is_seen_and_told_to_screen_readers(view: PictureView) -> None:
    view.show_picture(half_and_half())
    view.set_message("The camera is gone.", "Plug it in again.", "mdi6.camera-off-outline")
    assert view.accessibleDescription() == "The camera is gone. Plug it in again."
    dimmed = colour_at(shown(view), 110, 190)
    assert max(dimmed) < 80
    view.set_message("")
    assert colour_at(shown(view), 110, 190) == RED
    assert view.message == ""


def test_words_fit_into_a_tiny_view(view: PictureView) -> None:
    view.resize(view.minimumSize())
    view.set_message("A message that is much too long for so small a view. " * 3, "And so on.")
    view.set_status("28 frames a second")
    view.show_picture(half_and_half())
    shown(view)  # no warning of Qt's


def test_flash_ends_by_itself(view: PictureView, qtbot: QtBot) -> None:
    view.show_picture(half_and_half())
    view.flash()
    assert colour_at(shown(view), 110, 100) != RED
    qtbot.waitUntil(lambda: colour_at(shown(view), 110, 100) == RED)
