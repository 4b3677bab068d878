"""Fixtures for projects: photos and label files as people have them."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from facegui.core.boxes import Box
from facegui.core.images import EncodedPicture, encode_picture
from facegui.core.photo_library import Photo
from facegui.core.project import NewPhoto, Project
from facegui.core.project_index import PhotoRecord

PHOTO_SIZE = (64, 48)
"""Width and height of the photos that `make_photo` and `add_photo` make."""

MakePhoto = Callable[..., Path]
MakeLabel = Callable[..., Path]
AddPhoto = Callable[..., Photo]


def photo_pixels(seed: int, size: tuple[int, int] = PHOTO_SIZE) -> np.ndarray:
    """(h, w, 3) uint8 that no other seed gives."""
    width, height = size
    noise = np.random.default_rng(seed).integers(0, 255, (6, 8, 3), np.uint8)
    return np.array(Image.fromarray(noise).resize((width, height), Image.Resampling.NEAREST))


@pytest.fixture
def failing() -> Callable[[int], Callable[..., Any]]:
    """Gives a function that fails like the operating system, with the `errno` given."""

    def make(number: int) -> Callable[..., Any]:
        def fail(*_: Any, **__: Any) -> Any:
            raise OSError(number, os.strerror(number))

        return fail

    return make


@pytest.fixture
def make_photo() -> MakePhoto:
    """Writes a picture that no other call makes (but for `seed`); the ending says the format."""
    made = 0

    def make(path: Path, *, seed: int | None = None, **options: Any) -> Path:
        nonlocal made
        made += 1
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(photo_pixels(1000 + made if seed is None else seed)).save(path, **options)
        return path

    return make


@pytest.fixture
def make_label() -> MakeLabel:
    """Writes a label file like LabelMe 5 on Windows.

    `boxes` are lists of four corners, as they were drawn; `image` is its `imagePath`.
    """

    def make(
        path: Path,
        boxes: Sequence[Sequence[float]] = ((10, 5, 30, 25),),
        *,
        image: str = "",
        label: str = "face",
        **keys: Any,
    ) -> Path:
        path.parent.mkdir(parents=True, exist_ok=True)
        shapes = [
            {"label": label, "points": [[x0, y0], [x1, y1]], "shape_type": "rectangle"}
            for x0, y0, x1, y1 in boxes
        ]
        document = {
            "version": "5.0.1",
            "flags": {},
            "shapes": shapes,
            "imagePath": image or f"..\\images\\{path.stem}.jpg",
            "imageData": None,
            "imageWidth": PHOTO_SIZE[0],
            "imageHeight": PHOTO_SIZE[1],
        }
        path.write_text(json.dumps({**document, **keys}), "utf-8")
        return path

    return make


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    """An empty project, open for writing."""
    with Project.create(tmp_path / "project") as opened:
        yield opened


@pytest.fixture
def add_photo(project: Project) -> AddPhoto:
    """Adds a photo that no other call makes to `project`."""
    added = 0

    def add(
        name: str,
        boxes: tuple[Box, ...] | None = None,
        record: PhotoRecord | None = None,
    ) -> Photo:
        nonlocal added
        added += 1
        suffix = ".png" if name.endswith(".png") else ".jpg"
        picture = EncodedPicture(encode_picture(photo_pixels(added), suffix), suffix, *PHOTO_SIZE)
        (photo,) = project.add_photos([NewPhoto(picture, name, record or PhotoRecord(), boxes)])
        return photo

    return add
