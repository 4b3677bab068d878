"""A camera for machines that have none: a moving view over photographs, with true boxes.

The photographs are in scikit-image's wheel and free of rights: an astronaut's portrait
(NASA, public domain) and, for the empty room, pictures without a person. They are read
as files, because importing `skimage.data` costs a second.
"""

from __future__ import annotations

import functools
import importlib.resources
import math
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

import cv2
import numpy as np
import numpy.typing as npt

from facegui.core.boxes import Box, bounding_box
from facegui.core.camera import CameraKind, ClosesAfterwards, Frame
from facegui.core.camera_errors import CameraError
from facegui.core.images import Pixels, decode_picture

NAME = "Demo camera"
WIDTH, HEIGHT = 640, 480
FRAMES_PER_SECOND = 30.0
SCENE_FRAMES = 90
"""Frames until the view cuts to another scene."""
LEAST_VISIBLE = 0.5
"""A head of which less than this share is in view counts as no face."""

_PORTRAIT = "astronaut.png"
_WITHOUT_FACE = ("coffee.png", "chelsea.png", "rocket.jpg")
# The head with its hair, as people box it: along the hair, the ears and the chin, in
# pixels of the portrait. An outline and no box, so that it stays tight when turned.
_HEAD = np.array(
    """
    233,15 213,20 195,28 176,40 160,52 153,67 154,88 158,104 170,120 180,131 185,152 200,170
    217,178 227,179 240,176 257,161 268,137 280,127 296,107 302,87 297,62 287,40 270,27 250,18
    """.replace(",", " ").split(),
    dtype=np.float64,
).reshape(-1, 2)
_HEAD_CENTRE = (227.5, 97.0)
_HEAD_HALF = (74.5, 82.0)
_MARGIN = 256
"""How far, in pixels, a photograph is continued beyond its edges."""

FloatArray = npt.NDArray[np.float64]


class _SceneKind(Enum):
    FACE = "a face moves about"
    PASSING = "a face leaves the view or comes into it"
    EMPTY = "nobody is there"


# Six photos half a second apart fall into each scene: with this mixture 70 to 80 % of
# them show a face.
_BLOCK = (
    _SceneKind.FACE,
    _SceneKind.FACE,
    _SceneKind.FACE,
    _SceneKind.PASSING,
    _SceneKind.EMPTY,
)


@dataclass(frozen=True, slots=True)
class _Picture:
    """A photograph, continued by `_MARGIN` on each side, and what is looked at in it."""

    pixels: Pixels
    centre: tuple[float, float]
    outline: FloatArray | None


@dataclass(frozen=True, slots=True)
class _Look:
    """Where the picture's centre lies in the view, how large, how turned, in which light."""

    x: float
    y: float
    scale: float
    angle: float
    gain: float
    gamma: float
    warmth: float

    def towards(self, other: _Look, share: float) -> _Look:
        """The look on the way to another, `share` of the way in 0 to 1."""
        return _Look(
            *(
                (1.0 - share) * getattr(self, name) + share * getattr(other, name)
                for name in self.__slots__
            )
        )


@dataclass(frozen=True, slots=True)
class _Scene:
    picture: _Picture
    first: _Look
    last: _Look


class DemoCamera(ClosesAfterwards):
    """The demo camera; see `Camera`. Every frame follows from the seed and its number.

    Args:
        seed: another seed, another film.
        paced: live, at 30 frames a second, dropping what is not read in time; else
            each frame in turn, at once.
        clock: seconds, never running backwards.
    """

    name = NAME
    kind = CameraKind.DEMO
    frame_count: int | None = None
    frames_per_second: float | None = FRAMES_PER_SECOND
    notes: tuple[str, ...] = ()

    def __init__(
        self,
        seed: int = 0,
        *,
        paced: bool = True,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.live = paced
        self._seed = seed
        self._clock = clock
        self._closing = threading.Event()
        self._next_number = 0
        for name in (_PORTRAIT, *_WITHOUT_FACE):  # here, so that no frame comes late
            _picture(name)
        self._started_s = clock()

    def read(self) -> Frame | None:
        number = self._next_number
        if self.live:
            number = max(number, math.floor(self._elapsed_s() * FRAMES_PER_SECOND))
            self._closing.wait(max(0.0, number / FRAMES_PER_SECOND - self._elapsed_s()))
        if self._closing.is_set():
            return None
        self._next_number = number + 1
        return self.frame(number)

    def frame(self, number: int) -> Frame:
        """Frame `number`, counted from 0, without waiting."""
        scene = _scene(self._seed, number // SCENE_FRAMES)
        way = (number % SCENE_FRAMES) / SCENE_FRAMES
        look = scene.first.towards(scene.last, way * way * (3.0 - 2.0 * way))
        return Frame(
            _render(scene.picture, look),
            number / FRAMES_PER_SECOND,
            number,
            boxes=_true_boxes(scene.picture, look),
        )

    def close(self) -> None:
        self._closing.set()

    def _elapsed_s(self) -> float:
        return self._clock() - self._started_s


def _render(picture: _Picture, look: _Look) -> Pixels:
    shift = np.array([[1.0, 0.0, -_MARGIN], [0.0, 1.0, -_MARGIN], [0.0, 0.0, 1.0]])
    view = cv2.warpAffine(
        picture.pixels,
        _transform(picture, look) @ shift,
        (WIDTH, HEIGHT),
        flags=cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_REPLICATE,
    )
    lit: Pixels = cv2.LUT(view, _light(look))
    return lit


def _true_boxes(picture: _Picture, look: _Look) -> tuple[Box, ...]:
    if picture.outline is None:
        return ()
    matrix = _transform(picture, look)
    whole = bounding_box(picture.outline @ matrix[:, :2].T + matrix[:, 2])
    seen = whole.clipped(WIDTH, HEIGHT) if whole is not None else None
    if whole is None or seen is None or seen.area < LEAST_VISIBLE * whole.area:
        return ()
    return (seen,)


def _transform(picture: _Picture, look: _Look) -> FloatArray:
    """(2, 3) matrix from pixels of the photograph to pixels of the view."""
    cos = look.scale * math.cos(math.radians(look.angle))
    sin = look.scale * math.sin(math.radians(look.angle))
    x, y = picture.centre
    return np.array(
        [[cos, -sin, look.x - cos * x + sin * y], [sin, cos, look.y - sin * x - cos * y]]
    )


def _light(look: _Look) -> Pixels:
    """(1, 256, 3) table: the brightness of each channel in this light."""
    curve = 255.0 * look.gain * np.linspace(0.0, 1.0, 256) ** look.gamma
    tint = np.array([1.0 + look.warmth, 1.0, 1.0 - look.warmth])
    table: Pixels = np.clip(curve[None, :, None] * tint, 0, 255).astype(np.uint8)
    return table


@functools.lru_cache(maxsize=8)
def _scene(seed: int, index: int) -> _Scene:
    kind = _kinds(seed, index // len(_BLOCK))[index % len(_BLOCK)]
    random = np.random.default_rng([abs(seed), index, 1])
    if kind is _SceneKind.EMPTY:
        name = _WITHOUT_FACE[int(random.integers(len(_WITHOUT_FACE)))]
        return _empty_scene(_picture(name), random)
    scale = float(np.exp(random.uniform(math.log(0.9), math.log(2.1))))
    first = _face_look(random, scale)
    if kind is _SceneKind.FACE:
        nearer = scale * float(np.exp(random.uniform(-0.35, 0.35)))
        return _Scene(_picture(_PORTRAIT), first, _face_look(random, min(max(nearer, 0.8), 2.2)))
    beyond = 1.2 * _HEAD_HALF[0] * scale
    x = -beyond if random.random() < 0.5 else WIDTH + beyond
    outside = _Look(x, first.y, scale, *_turn_and_light(random))
    inside = _Look(WIDTH / 2, first.y, scale, first.angle, first.gain, first.gamma, first.warmth)
    looks = (inside, outside) if random.random() < 0.5 else (outside, inside)
    return _Scene(_picture(_PORTRAIT), *looks)


def _kinds(seed: int, block: int) -> tuple[_SceneKind, ...]:
    """What happens in a block of scenes; the very first shows a face."""
    random = np.random.default_rng([abs(seed), block, 0])
    fixed = 1 if block == 0 else 0
    order = [*range(fixed), *(fixed + random.permutation(len(_BLOCK) - fixed))]
    return tuple(_BLOCK[int(place)] for place in order)


def _face_look(random: np.random.Generator, scale: float) -> _Look:
    """A look at the whole head, or all but a tenth of its width and height."""
    across, down = 0.8 * _HEAD_HALF[0] * scale, 0.8 * _HEAD_HALF[1] * scale
    x = float(random.uniform(across, WIDTH - across))
    y = float(random.uniform(down, HEIGHT - down))
    return _Look(x, y, scale, *_turn_and_light(random))


def _empty_scene(picture: _Picture, random: np.random.Generator) -> _Scene:
    looks = []
    width, height = (2 * centre for centre in picture.centre)
    for _ in range(2):
        scale = max(WIDTH / width, HEIGHT / height) * float(random.uniform(1.15, 1.8))
        across, down = (width * scale - WIDTH) / 2, (height * scale - HEIGHT) / 2
        x = WIDTH / 2 + float(random.uniform(-across, across))
        y = HEIGHT / 2 + float(random.uniform(-down, down))
        looks.append(_Look(x, y, scale, *_turn_and_light(random)))
    return _Scene(picture, *looks)


def _turn_and_light(random: np.random.Generator) -> tuple[float, float, float, float]:
    """Angle in degrees, gain, gamma and warmth of a look."""
    low, high = (-8.0, 0.6, 0.8, -0.1), (8.0, 1.2, 1.35, 0.1)
    angle, gain, gamma, warmth = random.uniform(low, high).tolist()
    return angle, gain, gamma, warmth


@functools.cache
def _picture(name: str) -> _Picture:
    try:
        data = importlib.resources.files("skimage").joinpath("data", name).read_bytes()
    except (ImportError, OSError) as error:
        raise CameraError(
            "The pictures of the demo camera are missing.",
            "Install them again: pip install --force-reinstall scikit-image",
            str(error),
        ) from error
    pixels = decode_picture(data, name)
    height, width = pixels.shape[:2]
    if name == _PORTRAIT:
        return _Picture(_continued(pixels), _HEAD_CENTRE, _HEAD)
    return _Picture(_continued(pixels), (width / 2, height / 2), None)


def _continued(photo: Pixels) -> Pixels:
    """The photo in a blurred continuation of itself, as if its surroundings were out of focus."""
    wide = cv2.copyMakeBorder(photo, *(_MARGIN,) * 4, cv2.BORDER_REPLICATE)
    height, width = wide.shape[:2]
    # Blurred at an eighth of the size: the same picture in a tenth of the time.
    small = cv2.resize(wide, (width // 8, height // 8), interpolation=cv2.INTER_AREA)
    blurred = cv2.resize(cv2.GaussianBlur(small, (0, 0), 3), (width, height))
    share = np.minimum.outer(_fade(height), _fade(width))[:, :, None]
    mixed: Pixels = (wide * share + blurred * (1 - share) + 0.5).astype(np.uint8)
    return mixed


def _fade(length: int) -> npt.NDArray[np.float32]:
    """(length,) share of the sharp photo along one side: 0 in the margin, 1 inside."""
    along = np.arange(length, dtype=np.float32)
    edge = np.minimum(along, along[::-1]) - _MARGIN
    return np.clip(edge / 12.0, 0.0, 1.0).astype(np.float32)
