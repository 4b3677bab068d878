"""Examples of varied photos, made in the background, new at every change."""

from __future__ import annotations

import functools
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from PySide6.QtCore import QObject, Signal, Slot

from facegui.core.augmentation import AugmentedSample, augment
from facegui.core.augmentation_partners import NO_PARTNERS, Partners, partners_among
from facegui.core.augmentation_settings import AugmentationSettings
from facegui.core.boxes import Box
from facegui.core.errors import UserError
from facegui.core.images import Pixels, read_small_picture, resized
from facegui.core.photo_library import Sample
from facegui.core.progress import StopToken
from facegui.workers.newest import NewestWork
from facegui.workers.thumbnails import changed_ns

SHOWN_SIDE = 640
"""Longest side in pixels of an example: larger ones are made smaller to be shown."""

_READ_SIDE = 1280
_KEPT_PHOTOS = 16


@dataclass(frozen=True, slots=True)
class Wish:
    """One example that is asked for.

    Args:
        sample: the photo and its faces.
        copy: which of its copies, from 1; None for the photo itself.
    """

    sample: Sample
    copy: int | None


@dataclass(frozen=True, slots=True, eq=False)
class Example:
    """A picture to be shown.

    Args:
        place: which of the wishes it fulfils, from 0.
        wish: that wish.
        pixels: (h, w, 3) RGB uint8, read-only; None where `error` says why.
        boxes: the faces, in pixels of it.
        error: what is wrong with the photo.
    """

    place: int
    wish: Wish
    pixels: Pixels | None
    boxes: tuple[Box, ...] = ()
    error: UserError | None = None


class ExampleMaker:
    """Makes examples and keeps the photos that it read last. For one thread."""

    def __init__(self) -> None:
        self._photos: OrderedDict[tuple[str, int, Sample], AugmentedSample] = OrderedDict()
        self._partners: tuple[object, Partners] = None, NO_PARTNERS

    def make(
        self,
        wishes: Sequence[Wish],
        settings: AugmentationSettings,
        training: Sequence[Sample],
        report: Callable[[Example], None],
        stop: StopToken,
    ) -> int:
        """Reports an example for each wish, in order; returns how many.

        Args:
            wishes: what is asked for.
            settings: how photos are varied.
            training: the photos that a set would be made of: some copies show two of them.
            report: told of each example.
            stop: cancels.

        Raises:
            Cancelled: when `stop` was cancelled.
        """
        partners = self._partners_among(training, settings.seed)
        for place, wish in enumerate(wishes):
            stop.raise_if_cancelled()
            report(self._example(place, wish, settings, partners))
        return len(wishes)

    def _partners_among(self, training: Sequence[Sample], seed: int) -> Partners:
        """The same as before, with the photos that they have read, while nothing changed."""
        key = seed, [(sample, changed_ns(sample.photo.path)) for sample in training]
        if self._partners[0] != key:
            self._partners = key, partners_among(training, seed)
        return self._partners[1]

    def _example(
        self, place: int, wish: Wish, settings: AugmentationSettings, partners: Partners
    ) -> Example:
        try:
            photo = self._photo(wish.sample)
        except UserError as error:
            return Example(place, wish, None, error=error)
        made = photo
        if wish.copy is not None:
            name = wish.sample.photo.name
            made = augment(
                photo.pixels,
                photo.boxes,
                settings,
                photo=name,
                copy=wish.copy,
                partners=partners,
            )
        made = _within(made, SHOWN_SIDE)
        made.pixels.flags.writeable = False
        return Example(place, wish, made.pixels, made.boxes)

    def _photo(self, sample: Sample) -> AugmentedSample:
        """A photo as large as examples need it, with its faces."""
        key = sample.photo.name, changed_ns(sample.photo.path), sample
        if key not in self._photos:
            pixels, (width, height) = read_small_picture(sample.photo.path, _READ_SIDE)
            across, down = pixels.shape[1] / width, pixels.shape[0] / height
            boxes = tuple(box.scaled(across, down) for box in sample.boxes)
            self._photos[key] = AugmentedSample(pixels, boxes)
            if len(self._photos) > _KEPT_PHOTOS:
                self._photos.popitem(last=False)
        self._photos.move_to_end(key)
        return self._photos[key]


class Examples(QObject):
    """Makes examples on a thread of its own; the newest wishes win.

    Signals:
        ready(Example): one of the newest wishes is fulfilled.
        failed(Exception): a fault of the program.
    """

    ready = Signal(object)
    failed = Signal(object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._maker = ExampleMaker()
        self._work = NewestWork(self)
        self._work.progressed.connect(self._on_progressed)
        self._work.failed.connect(self.failed)

    def ask(
        self,
        wishes: Sequence[Wish],
        settings: AugmentationSettings,
        training: Sequence[Sample] = (),
    ) -> None:
        """Wants these, instead of all that were asked for before; see `ExampleMaker.make`."""
        wanted = tuple(wishes), settings, tuple(training)
        self._work.ask(functools.partial(self._maker.make, *wanted))

    def forget(self) -> None:
        """Wants none any more."""
        self._work.forget()

    def shut_down(self) -> None:
        """Waits until the thread has ended."""
        self._work.shut_down()

    @Slot(object)
    def _on_progressed(self, example: Example) -> None:
        self.ready.emit(example)


def _within(made: AugmentedSample, side: int) -> AugmentedSample:
    height, width = made.pixels.shape[:2]
    factor = side / max(width, height)
    if factor >= 1:
        return AugmentedSample(made.pixels.copy(), made.boxes)
    size = max(1, round(width * factor)), max(1, round(height * factor))
    across, down = size[0] / width, size[1] / height
    boxes = tuple(box.scaled(across, down) for box in made.boxes)
    return AugmentedSample(resized(made.pixels, *size), boxes)
