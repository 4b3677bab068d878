"""Examples are what the set will hold, and the newest wishes win."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from pytestqt.qtbot import QtBot

from facegui.core.augmentation import augment
from facegui.core.augmentation_settings import AugmentationSettings, TransformSettings
from facegui.core.boxes import Box
from facegui.core.errors import Cancelled
from facegui.core.images import read_picture, write_picture
from facegui.core.photo_library import Photo, Sample
from facegui.core.progress import StopToken
from facegui.workers.examples import SHOWN_SIDE, Example, ExampleMaker, Examples, Wish

SETTINGS = AugmentationSettings()


@pytest.fixture
def sample(tmp_path: Path) -> Sample:
    return make_sample(tmp_path, 64, 48)


def make_sample(folder: Path, width: int, height: int) -> Sample:
    path = folder / "photo.png"
    pixels = np.random.default_rng(0).integers(0, 255, (height, width, 3), np.uint8)
    write_picture(path, pixels)
    box = Box(width / 4, height / 4, width / 2, height / 2)
    return Sample(Photo(path.name, path), (box,))


@pytest.fixture
def examples(qtbot: QtBot) -> Iterator[Examples]:  # noqa: ARG001
    made = Examples()
    yield made
    made.shut_down()


def test_an_example_is_the_copy_that_the_set_will_hold(sample: Sample) -> None:
    made: list[Example] = []
    ExampleMaker().make([Wish(sample, 3)], SETTINGS, (), made.append, StopToken())
    pixels = read_picture(sample.photo.path)
    copy = augment(pixels, sample.boxes, SETTINGS, photo=sample.photo.name, copy=3)
    assert made[0].pixels is not None
    assert np.array_equal(made[0].pixels, copy.pixels)
    assert made[0].boxes == copy.boxes
    assert not made[0].pixels.flags.writeable


def test_large_photos_are_shown_small_with_boxes_that_fit(tmp_path: Path) -> None:
    sample = make_sample(tmp_path, 2000, 1000)
    made: list[Example] = []
    ExampleMaker().make([Wish(sample, None)], SETTINGS, (), made.append, StopToken())
    assert made[0].pixels is not None
    assert made[0].pixels.shape == (SHOWN_SIDE // 2, SHOWN_SIDE, 3)
    expected = (SHOWN_SIDE / 4, SHOWN_SIDE / 8, SHOWN_SIDE / 2, SHOWN_SIDE / 4)
    assert made[0].boxes[0].corners == pytest.approx(expected, abs=1)


def test_a_photo_that_changed_is_read_again(sample: Sample) -> None:
    maker, made = ExampleMaker(), list[Example]()
    maker.make([Wish(sample, None)], SETTINGS, (), made.append, StopToken())
    write_picture(sample.photo.path, np.zeros((48, 64, 3), np.uint8))
    maker.make([Wish(sample, None)], SETTINGS, (), made.append, StopToken())
    assert made[0].pixels is not None and made[0].pixels.any()
    assert made[1].pixels is not None and not made[1].pixels.any()


def test_a_photo_that_is_gone_is_said_and_the_others_are_made(
    sample: Sample, tmp_path: Path
) -> None:
    gone = Sample(Photo("gone.png", tmp_path / "gone.png"), ())
    made: list[Example] = []
    ExampleMaker().make([Wish(gone, 1), Wish(sample, 1)], SETTINGS, (), made.append, StopToken())
    assert made[0].pixels is None
    assert made[0].error is not None and "gone.png" in made[0].error.what
    assert made[1].pixels is not None


def test_nothing_is_made_once_it_is_cancelled(sample: Sample) -> None:
    stop = StopToken()
    stop.cancel()
    with pytest.raises(Cancelled):
        ExampleMaker().make([Wish(sample, 1)], SETTINGS, (), lambda _: None, stop)


def test_examples_come_for_the_newest_wishes(
    qtbot: QtBot, examples: Examples, sample: Sample
) -> None:
    ready: list[Example] = []
    examples.ready.connect(ready.append)
    old, new = [Wish(sample, number) for number in range(1, 60)], [Wish(sample, 99)]
    turned = replace(SETTINGS, rotation=TransformSettings(True, 45.0, 1.0))
    examples.ask(old, SETTINGS)
    examples.ask(new, turned)
    qtbot.waitUntil(lambda: any(example.wish == new[0] for example in ready), timeout=30_000)
    assert [example.wish for example in ready] == new
