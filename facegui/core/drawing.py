"""Boxes drawn on pictures: one colour and one line for each meaning, everywhere."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from facegui.core.boxes import Box, Detection
from facegui.core.images import Pixels, resized
from facegui.core.metrics import PhotoResult
from facegui.core.mistakes import MistakeKind, mistakes_on
from facegui.core.tracking import Track

Colour = tuple[int, int, int]
"""Red, green, blue, 0 to 255."""
Line = tuple[float, float, float, float]
"""From x0, y0 to x1, y1 in pixels."""


class Meaning(StrEnum):
    """What a box stands for; it decides colour and line."""

    LABEL = "label"
    DRAFT = "draft"
    DETECTION = "detection"
    MISTAKE = "mistake"


COLOURS: dict[Meaning, Colour] = {
    Meaning.LABEL: (86, 180, 233),
    Meaning.DRAFT: (204, 121, 167),
    Meaning.DETECTION: (240, 228, 66),
    Meaning.MISTAKE: (213, 94, 0),
}
"""Sky blue, reddish purple, yellow, vermilion.

Source: Okabe & Ito, "Color Universal Design", 2008."""

_CASING: Colour = (0, 0, 0)
_CORNER_SHARE = 0.22
_DASHES = {Meaning.DRAFT: 2.5, Meaning.MISTAKE: 5.0}
"""Their length, in thicknesses of a line."""


@dataclass(frozen=True, slots=True)
class MarkedBox:
    """A box to be drawn.

    Args:
        box: in pixels of the picture; what lies outside is left out.
        meaning: a label has a plain line, a draft and a mistake dashes (those of a
            draft are short), a detection heavy corners.
        text: a few words at the box; may be empty.
        carried: whether it was found in an earlier picture and stands where it should be
            by now; such a detection has no corners.
    """

    box: Box
    meaning: Meaning
    text: str = ""
    carried: bool = False


def draw_boxes(pixels: Pixels, boxes: Iterable[MarkedBox]) -> Pixels:
    """A copy of a picture with boxes on it, the later ones on top.

    Args:
        pixels: (h, w, 3) RGB uint8; stays as it is.
        boxes: lines and text are as thick and large as the picture asks for.
    """
    picture = Image.fromarray(pixels)
    canvas = ImageDraw.Draw(picture)
    shown = [
        replace(marked, box=inside)
        for marked in boxes
        if (inside := marked.box.clipped(picture.width - 1, picture.height - 1))
    ]
    thickness = max(1, round(min(picture.size) / 240))
    for marked in shown:
        _draw_frame(canvas, marked, thickness)
    for marked in shown:
        if marked.text:
            _draw_text(canvas, marked, picture.size, thickness)
    return np.array(picture)


def side_by_side(pictures: Sequence[Pixels]) -> Pixels:
    """Pictures from left to right, each as high as the first; one alone stays as it is.

    Args:
        pictures: at least one, (h, w, 3) RGB uint8.
    """
    if len(pictures) == 1:
        return pictures[0]
    height = pictures[0].shape[0]
    widths = [max(1, round(one.shape[1] * height / one.shape[0])) for one in pictures]
    return np.hstack([resized(one, w, height) for one, w in zip(pictures, widths, strict=True)])


def mirror(pixels: Pixels, boxes: Iterable[MarkedBox]) -> tuple[Pixels, tuple[MarkedBox, ...]]:
    """A picture with left and right changed over, and the boxes on it; words stay readable."""
    width = pixels.shape[1]
    flipped: Pixels = np.ascontiguousarray(pixels[:, ::-1])
    return flipped, tuple(
        replace(one, box=Box(width - one.box.x1, one.box.y0, width - one.box.x0, one.box.y1))
        for one in boxes
    )


def mark_detections(detections: Iterable[Detection]) -> tuple[MarkedBox, ...]:
    """The boxes of what was detected in a single picture, each with its confidence."""
    return tuple(_marked(detection) for detection in detections)


def mark_tracks(tracks: Iterable[Track]) -> tuple[MarkedBox, ...]:
    """The boxes of faces that are followed, with number and confidence."""
    return tuple(
        MarkedBox(
            track.box,
            Meaning.DETECTION,
            f"#{track.number}  {track.confidence:.2f}",
            carried=track.carried,
        )
        for track in tracks
    )


def draw_result(pixels: Pixels, result: PhotoResult, threshold: float) -> Pixels:
    """A copy of a photo with its labels, what was detected, and what of that is wrong.

    Args:
        pixels: (h, w, 3) RGB uint8.
        result: of that photo.
        threshold: confidence from which on a detection counts.
    """
    return draw_boxes(pixels, mark_result(result, threshold))


def mark_result(result: PhotoResult, threshold: float) -> list[MarkedBox]:
    """The boxes that `draw_result` draws: labels, detections, mistakes on top."""
    mistakes = mistakes_on(result, threshold)
    alarms = {(m.box, m.badness) for m in mistakes if m.kind is MistakeKind.FALSE_ALARM}
    marked = [MarkedBox(box, Meaning.LABEL) for box in result.truth]
    marked += [
        _marked(detection)
        for detection in result.detections
        if detection.confidence >= threshold and (detection.box, detection.confidence) not in alarms
    ]
    for mistake in mistakes:
        if mistake.kind is MistakeKind.MISSED:
            marked.append(MarkedBox(mistake.box, Meaning.MISTAKE, "missed"))
        elif mistake.kind is MistakeKind.FALSE_ALARM:
            text = f"no face {mistake.badness:.2f}"
            marked.append(MarkedBox(mistake.box, Meaning.MISTAKE, text))
    return marked


def _marked(detection: Detection) -> MarkedBox:
    return MarkedBox(detection.box, Meaning.DETECTION, f"{detection.confidence:.2f}")


def _draw_frame(canvas: ImageDraw.ImageDraw, marked: MarkedBox, thickness: int) -> None:
    """Two passes: a dark casing keeps the colour visible on a background like it."""
    colour = COLOURS[marked.meaning]
    for fill, extra in ((_CASING, 2), (colour, 0)):
        if marked.meaning is Meaning.DETECTION:
            for line in _sides(marked.box):
                canvas.line(line, fill, thickness + extra)
            for line in () if marked.carried else _corners(marked.box):
                canvas.line(line, fill, 3 * thickness + extra)
        elif marked.meaning in _DASHES:
            for side in _sides(marked.box):
                for line in _dashes(side, _DASHES[marked.meaning] * thickness):
                    canvas.line(line, fill, 2 * thickness + extra)
        else:
            for line in _sides(marked.box):
                canvas.line(line, fill, 2 * thickness + extra)


def _sides(box: Box) -> Iterator[Line]:
    yield box.x0, box.y0, box.x1, box.y0
    yield box.x1, box.y0, box.x1, box.y1
    yield box.x1, box.y1, box.x0, box.y1
    yield box.x0, box.y1, box.x0, box.y0


def _corners(box: Box) -> Iterator[Line]:
    """Both ends of every side."""
    for x0, y0, x1, y1 in _sides(box):
        across, down = (x1 - x0) * _CORNER_SHARE, (y1 - y0) * _CORNER_SHARE
        yield x0, y0, x0 + across, y0 + down
        yield x1 - across, y1 - down, x1, y1


def _dashes(line: Line, length: float) -> Iterator[Line]:
    """An odd number of equal steps, every second drawn, so that corners are closed."""
    x0, y0, x1, y1 = line
    steps = 2 * round((abs(x1 - x0) + abs(y1 - y0)) / (2 * length)) + 1
    across, down = (x1 - x0) / steps, (y1 - y0) / steps
    for step in range(0, steps, 2):
        start_x, start_y = x0 + step * across, y0 + step * down
        yield start_x, start_y, start_x + across, start_y + down


def _draw_text(
    canvas: ImageDraw.ImageDraw, marked: MarkedBox, size: tuple[int, int], thickness: int
) -> None:
    """Text on a plate of the box's colour: above the box, or in it where there is no room."""
    font = _font(max(11, min(size) // 28))
    left, top, right, bottom = canvas.textbbox((0, 0), marked.text, font=font)
    pad = 1 + thickness
    width, height = right - left + 2 * pad, bottom - top + 2 * pad
    x = max(0.0, min(marked.box.x0 - thickness, size[0] - width))
    y = marked.box.y0 - thickness - height
    if y < 0:
        y = max(0.0, min(marked.box.y0 + thickness, size[1] - height))
    colour = COLOURS[marked.meaning]
    canvas.rectangle((x, y, x + width - 1, y + height - 1), fill=colour)
    canvas.text((x + pad - left, y + pad - top), marked.text, fill=_ink(colour), font=font)


def _ink(colour: Colour) -> Colour:
    """Black or white, whichever reads better on `colour`."""
    luma = 0.299 * colour[0] + 0.587 * colour[1] + 0.114 * colour[2]
    return (0, 0, 0) if luma > 128 else (255, 255, 255)


@functools.cache
def _font(size_px: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    # Comes with Pillow, so it is there on every system.
    return ImageFont.load_default(size_px)
