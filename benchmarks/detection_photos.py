"""Photos, a film and a trained run for the detection benchmark."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from photo_sets import REAL_PHOTOS

from facegui.commands.main import main as facegui
from facegui.core.boxes import Box
from facegui.core.demo_camera import DemoCamera
from facegui.core.images import Pixels, is_picture_name, read_picture
from facegui.core.labelme import read_label_file
from facegui.core.runs import Run, find_run
from facegui.core.video_writing import VideoWriter

OTHER_PHOTOS = REAL_PHOTOS.with_name("webcam-b")
"""Of another person, in another room, at another camera."""

FRAMES_PER_SECOND = 30
_FRAMES_PER_PHOTO, _FRAMES_PER_TURN = 10, 300
_SIZE = (640, 480)
_DRIFT = 12


@dataclass(frozen=True, slots=True, eq=False)
class Photo:
    """A photo and its true boxes, in pixels."""

    name: str
    pixels: Pixels
    boxes: tuple[Box, ...]


def read_photos(folder: Path) -> list[Photo]:
    """All photos of a set; those without a label show no face."""
    photos = []
    for path in sorted(path for path in folder.rglob("*") if is_picture_name(path)):
        label = path.parent.parent / "labels" / f"{path.stem}.json"
        boxes = read_label_file(label).boxes if label.exists() else ()
        photos.append(Photo(path.name, read_picture(path), boxes))
    return photos


def train_run(folder: Path, copies: int, epochs: int) -> Run:
    """Trains Fast at its default size on the first set, by the program's own commands.

    Raises:
        RuntimeError: when a command fails; it has said why.
    """
    for words in (
        ("import", str(REAL_PHOTOS), str(folder), "--unlabelled", "no-face"),
        ("augment", str(folder), "--copies", str(copies)),
        ("train", str(folder), "--preset", "fast", "--epochs", str(epochs)),
    ):
        if facegui(words) != 0:
            raise RuntimeError(f"facegui {' '.join(words)} failed")
    return find_run(folder)


def write_film(path: Path, photos: list[Photo], seconds: int) -> None:
    """Now the photos, drifting about, now the demo camera, in turns; 640x480."""
    drifting = _drifting(photos)
    with VideoWriter(path, FRAMES_PER_SECOND) as video, DemoCamera(paced=False) as camera:
        for number in range(seconds * FRAMES_PER_SECOND):
            from_photos = number // _FRAMES_PER_TURN % 2 == 0
            video.write(next(drifting) if from_photos else camera.frame(number).pixels)


def _drifting(photos: list[Photo]) -> Iterator[Pixels]:
    for photo in itertools.cycle(photos):
        for step in range(_FRAMES_PER_PHOTO):
            yield shifted(photo.pixels, _DRIFT * step / _FRAMES_PER_PHOTO)


def shifted(pixels: Pixels, right: float) -> Pixels:
    """A picture of 640x480, moved to the right by so many pixels; its edge is drawn out."""
    fitted = cv2.resize(pixels, _SIZE, interpolation=cv2.INTER_AREA)
    move = np.array([[1.0, 0.0, right], [0.0, 1.0, 0.0]])
    moved: Pixels = cv2.warpAffine(fitted, move, _SIZE, borderMode=cv2.BORDER_REPLICATE)
    return moved
