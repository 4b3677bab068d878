"""The transforms themselves, mostly albumentations'. Importing this loads albumentations.

They are called one by one instead of through `Compose`: each has its own
random numbers that way (`Compose` with a seed gives all of them the same ones,
so that whatever is mirrored is also brightened), a face counts as cut away by
what is left of it at the end and not by what each step takes, and bookkeeping
that holds Python's lock is a third as long, which two threads feel.
"""

from __future__ import annotations

import random
import statistics
import threading
from collections.abc import Callable, Iterable
from typing import Any

import albumentations
import cv2
import numpy as np

from facegui.core.augmentation_partners import Partners
from facegui.core.augmentation_scenes import pasted, zoomed_out
from facegui.core.augmentation_settings import AugmentationSettings
from facegui.core.boxes import Box, FloatArray, boxes_to_array
from facegui.core.files import as_bytes
from facegui.core.images import Pixels, resized

Boxes = FloatArray
"""(n, 4) x0 y0 x1 y1 in pixels; may reach outside the picture until the end."""

Step = Callable[[Pixels, Boxes, random.Random], tuple[Pixels, Boxes]]

SMALLEST_FACE_PIXELS = 1.0
"""Less than this in width or height is no face any more."""

_STEPS_ON_WHOLE_PHOTO = ("rotation", "random_crop")
"""Turned first, so that the crop takes most of the smeared corners away."""
_SCENES: dict[str, Callable[..., tuple[Pixels, Boxes]]] = {"zoom_out": zoomed_out, "paste": pasted}
"""Steps that put two photos together."""
_STEPS_ON_COPY = (
    "horizontal_flip",
    "vertical_flip",
    "brightness_contrast",
    "gamma",
    "rgb_shift",
    "hue",
    "saturation",
    "grey",
    "blur",
    "noise",
    "jpeg_quality",
)


def run(
    pixels: Pixels,
    boxes: Iterable[Box],
    settings: AugmentationSettings,
    key: str,
    photo: str,
    partners: Partners,
) -> tuple[Pixels, tuple[Box, ...]]:
    """One copy; see `augmentation.augment`. `key` decides all random numbers."""
    copy, array = _reduced(pixels, boxes, settings)
    copy, array = _apply(_STEPS_ON_WHOLE_PHOTO, copy, array, settings, key)
    target = _size_within(copy.shape[1], copy.shape[0], settings.longest_side)
    copy, array = _resize(copy, array, target)
    array = boxes_to_array(_visible(array, copy, settings.min_visibility))
    copy, array = _put_together(copy, array, settings, key, photo, partners)
    copy, array = _apply(_STEPS_ON_COPY, copy, array, settings, key)
    if np.shares_memory(copy, pixels):
        copy = copy.copy()
    return copy, _visible(array, copy, settings.min_visibility)


def reduce(
    pixels: Pixels, boxes: Iterable[Box], settings: AugmentationSettings
) -> tuple[Pixels, tuple[Box, ...]]:
    """A photo no larger than its copies need; see `augmentation.reduce_photo`."""
    smaller, array = _reduced(pixels, boxes, settings)
    return smaller, tuple(Box(*corners) for corners in array.tolist())


def _reduced(
    pixels: Pixels, boxes: Iterable[Box], settings: AugmentationSettings
) -> tuple[Pixels, Boxes]:
    """What is left of the photo when the smallest crop still has to fill a copy."""
    height, width = pixels.shape[:2]
    inside = [part for box in boxes if (part := box.clipped(width, height))]
    crop = settings.random_crop
    kept = 1.0 - crop.strength / 100.0 if crop.enabled else 1.0
    size = _size_within(width, height, round(settings.longest_side / kept))
    return _resize(pixels, boxes_to_array(inside), size)


def _size_within(width: int, height: int, longest_side: int) -> tuple[int, int]:
    """Width and height reduced in proportion to a longest side, each at least 1 pixel.

    Of a size that fits already, and so of its own result, it changes nothing.
    """
    factor = longest_side / max(width, height)
    if factor >= 1.0:
        return width, height
    return max(1, round(width * factor)), max(1, round(height * factor))


def _apply(
    names: tuple[str, ...],
    pixels: Pixels,
    boxes: Boxes,
    settings: AugmentationSettings,
    key: str,
) -> tuple[Pixels, Boxes]:
    steps = _steps_of_this_thread(settings)
    for name in names:
        if name in steps:
            numbers = random.Random(as_bytes(f"{key}/{name}"))
            if numbers.random() < settings.transform(name).probability:
                pixels, boxes = steps[name](pixels, boxes, numbers)
    return pixels, boxes


def _put_together(
    pixels: Pixels,
    boxes: Boxes,
    settings: AugmentationSettings,
    key: str,
    photo: str,
    partners: Partners,
) -> tuple[Pixels, Boxes]:
    """One of the scenes at most, each with its probability."""
    for name, scene in _SCENES.items():
        transform = settings.transform(name)
        numbers = random.Random(as_bytes(f"{key}/{name}"))
        if transform.enabled and numbers.random() < transform.probability:
            return scene(
                pixels,
                boxes,
                transform.strength,
                numbers,
                lambda numbers, empty: partners.choose(numbers, photo, empty=empty),
            )
    return pixels, boxes


def _resize(pixels: Pixels, boxes: Boxes, size: tuple[int, int]) -> tuple[Pixels, Boxes]:
    height, width = pixels.shape[:2]
    if size == (width, height):
        return pixels, boxes
    x, y = size[0] / width, size[1] / height
    return resized(np.ascontiguousarray(pixels), *size), boxes * (x, y, x, y)


def _visible(boxes: Boxes, pixels: Pixels, min_visibility: float) -> tuple[Box, ...]:
    """What is left inside the picture of each face, of those of which enough is left."""
    height, width = pixels.shape[:2]
    faces = []
    for x0, y0, x1, y1 in boxes.tolist():
        whole = Box(x0, y0, x1, y1)
        part = whole.clipped(width, height)
        if (
            part is not None
            and min(part.width, part.height) >= SMALLEST_FACE_PIXELS
            and part.area >= min_visibility * whole.area
        ):
            faces.append(part)
    return tuple(faces)


# --- the steps ------------------------------------------------------------------------

_thread = threading.local()


def _steps_of_this_thread(settings: AugmentationSettings) -> dict[str, Step]:
    """Built once for each thread: albumentations' transforms keep what they last did."""
    if getattr(_thread, "settings", None) != settings:
        _thread.steps = _build(settings)
        _thread.settings = settings
    steps: dict[str, Step] = _thread.steps
    return steps


def _build(settings: AugmentationSettings) -> dict[str, Step]:
    steps: dict[str, Step] = {}
    for name, build in _BUILDERS.items():
        transform = settings.transform(name)
        if transform.enabled:
            steps[name] = build(transform.strength)
    return steps


def _moving(transform: Any) -> Step:
    """A step in which albumentations changes the picture and the boxes."""

    def step(pixels: Pixels, boxes: Boxes, numbers: random.Random) -> tuple[Pixels, Boxes]:
        transform.set_random_state(np.random.default_rng(numbers.getrandbits(64)), numbers)
        height, width = pixels.shape[:2]
        scale = np.array((width, height, width, height), dtype=np.float64)
        result = transform(image=pixels, bboxes=boxes / scale)
        return result["image"], result["bboxes"] * scale

    return step


def _colouring(transform: Any) -> Step:
    """A step in which albumentations changes the picture alone."""

    def step(pixels: Pixels, boxes: Boxes, numbers: random.Random) -> tuple[Pixels, Boxes]:
        transform.set_random_state(np.random.default_rng(numbers.getrandbits(64)), numbers)
        return transform(image=pixels)["image"], boxes

    return step


def _crop(percent: float) -> Step:
    def step(pixels: Pixels, boxes: Boxes, numbers: random.Random) -> tuple[Pixels, Boxes]:
        height, width = pixels.shape[:2]
        new_width = max(1, round(width * (1.0 - numbers.uniform(0.0, percent) / 100.0)))
        new_height = max(1, round(height * (1.0 - numbers.uniform(0.0, percent) / 100.0)))
        x = numbers.randint(0, width - new_width)
        y = numbers.randint(0, height - new_height)
        return pixels[y : y + new_height, x : x + new_width], boxes - (x, y, x, y)

    return step


def _rotation(degrees: float) -> Step:
    # Mirrored or black corners would show faces without a box, or corners that
    # no photo has. An ellipse in the box fits a head better than its corners do.
    return _moving(
        albumentations.Rotate(
            limit=(-degrees, degrees),
            border_mode=cv2.BORDER_REPLICATE,
            rotate_method="ellipse",
            p=1.0,
        )
    )


def _horizontal_flip(_: float) -> Step:
    return _moving(albumentations.HorizontalFlip(p=1.0))


def _vertical_flip(_: float) -> Step:
    return _moving(albumentations.VerticalFlip(p=1.0))


def _brightness_contrast(percent: float) -> Step:
    limit = (-percent / 100.0, percent / 100.0)
    return _colouring(albumentations.RandomBrightnessContrast(limit, limit, p=1.0))


def _gamma(percent: float) -> Step:
    return _colouring(albumentations.RandomGamma((100.0 - percent, 100.0 + percent), p=1.0))


def _rgb_shift(levels: float) -> Step:
    # In shares of 255: it takes a limit of 1 or less for a share anyway.
    limit = (-levels / 255.0, levels / 255.0)
    return _colouring(albumentations.RGBShift(limit, limit, limit, p=1.0))


def _hue(degrees: float) -> Step:
    def step(pixels: Pixels, boxes: Boxes, numbers: random.Random) -> tuple[Pixels, Boxes]:
        shift = round(numbers.uniform(-degrees, degrees) / 2)  # OpenCV's circle has 180 steps
        circle = cv2.cvtColor(np.ascontiguousarray(pixels), cv2.COLOR_RGB2HSV)
        turned = ((np.arange(256) + shift) % 180).astype(np.uint8)
        circle[..., 0] = cv2.LUT(circle[..., 0], turned)
        return cv2.cvtColor(circle, cv2.COLOR_HSV2RGB), boxes

    return step


def _saturation(percent: float) -> Step:
    def step(pixels: Pixels, boxes: Boxes, numbers: random.Random) -> tuple[Pixels, Boxes]:
        factor = 1.0 + numbers.uniform(-percent, percent) / 100.0
        return cv2.addWeighted(pixels, factor, _greyed(pixels), 1.0 - factor, 0.0), boxes

    return step


def _grey(_: float) -> Step:
    return lambda pixels, boxes, _numbers: (_greyed(pixels), boxes)


def _greyed(pixels: Pixels) -> Pixels:
    grey = cv2.cvtColor(np.ascontiguousarray(pixels), cv2.COLOR_RGB2GRAY)
    back: Pixels = cv2.cvtColor(grey, cv2.COLOR_GRAY2RGB)
    return back


def _blur(pixels_radius: float) -> Step:
    return _colouring(albumentations.GaussianBlur(0, (0.0, pixels_radius), p=1.0))


def _jpeg_quality(percent_lost: float) -> Step:
    lowest = max(1, round(100.0 - percent_lost))
    return _colouring(albumentations.ImageCompression("jpeg", (lowest, 100), p=1.0))


_NORMAL = np.array([statistics.NormalDist().inv_cdf((level + 0.5) / 256) for level in range(256)])


def _noise(levels: float) -> Step:
    """Grain with a normal distribution; albumentations' own takes ten times as long."""

    def step(pixels: Pixels, boxes: Boxes, numbers: random.Random) -> tuple[Pixels, Boxes]:
        deviation = numbers.uniform(0.0, levels)
        generator = np.random.default_rng(numbers.getrandbits(64))
        even = generator.integers(0, 256, pixels.shape, dtype=np.uint8)
        grain = cv2.LUT(even, np.rint(_NORMAL * deviation).astype(np.int16))
        return cv2.add(pixels, grain, dtype=cv2.CV_8U), boxes

    return step


_BUILDERS: dict[str, Callable[[float], Step]] = {
    "rotation": _rotation,
    "random_crop": _crop,
    "horizontal_flip": _horizontal_flip,
    "vertical_flip": _vertical_flip,
    "brightness_contrast": _brightness_contrast,
    "gamma": _gamma,
    "rgb_shift": _rgb_shift,
    "hue": _hue,
    "saturation": _saturation,
    "grey": _grey,
    "blur": _blur,
    "noise": _noise,
    "jpeg_quality": _jpeg_quality,
}
