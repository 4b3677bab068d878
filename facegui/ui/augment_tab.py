"""Augment: varied copies of the training photos, with examples that follow every change."""

from __future__ import annotations

import functools
import logging
import random
from collections.abc import Callable

from PySide6.QtCore import QTimer, Slot
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLabel, QPushButton, QWidget

from facegui.core.augmentation_settings import SETTINGS_KEY, AugmentationSettings
from facegui.core.augmented_set import AugmentedSet
from facegui.core.augmenter import augment_set
from facegui.core.boxes import Box
from facegui.core.drawing import MarkedBox, Meaning
from facegui.core.errors import UserError
from facegui.core.photo_library import Sample
from facegui.core.project import Project
from facegui.ui.augment_controls import AugmentControls
from facegui.ui.fold import guard_wheel
from facegui.ui.icons import icon
from facegui.ui.picture_grid import PictureGrid
from facegui.ui.split_piles import SplitPiles
from facegui.ui.style import set_role
from facegui.ui.tab import Tab
from facegui.workers.examples import Example, Examples, Wish
from facegui.workers.job import Job
from facegui.workers.job_board import JobBoard
from facegui.workers.newest import NewestWork
from facegui.workers.project_store import ProjectStore
from facegui.workers.set_look import SetLook, SetLooker

log = logging.getLogger(__name__)

EXAMPLES = 12
SAVE_AFTER_MS = 200
LOOK_AFTER_MS = 300
"""Photos and labels change in bursts."""

_SEVERAL, _ONE = range(2)


class AugmentTab(Tab):
    """See the module.

    Args:
        store: the open project.
        board: where the copies are made.
        augment: makes them; see `augmenter.augment_set`.
    """

    NAME = "augment"
    TITLE = "Augment"
    ICON = "mdi6.image-multiple-outline"

    def __init__(
        self,
        store: ProjectStore,
        board: JobBoard,
        parent: QWidget | None = None,
        *,
        augment: Callable[..., AugmentedSet] = augment_set,
    ) -> None:
        super().__init__(parent)
        self._store, self._board, self._augment = store, board, augment
        self._job: Job | None = None
        self._project: Project | None = None
        self._seen: SetLook | None = None
        self._left_out = ""
        self._unsaved = False
        self._entered = False
        self._page = 0
        self._chosen: str | None = None
        self._wishes: tuple[Wish, ...] = ()
        self._build()
        self._connect()
        self._on_opened()

    # build

    def _build(self) -> None:
        self.piles = SplitPiles()
        explanation = QLabel(
            "Only training photos are copied: validation and test photos judge the network as"
            " they are."
        )
        explanation.setWordWrap(True)
        set_role(explanation, "faint")
        self.grid = PictureGrid(EXAMPLES)
        self.grid.setObjectName("augment.examples")
        self.message = PictureGrid(1)
        self.choice = QComboBox()
        self.choice.setObjectName("augment.choice")
        self.choice.setAccessibleName("Photos of the examples")
        self.choice.addItems(["of several photos", "of one photo"])
        guard_wheel(self.choice)
        self.others_button = QPushButton(icon("mdi6.refresh"), "Show others")
        self.others_button.setObjectName("augment.others")
        title = QLabel("Examples")
        set_role(title, "title")
        line = QHBoxLayout()
        line.addWidget(title)
        line.addWidget(self.choice)
        line.addStretch(1)
        line.addWidget(self.others_button)
        self._with_photos = (self.piles, explanation, title, self.choice, self.others_button)
        self.stage.addWidget(self.piles)
        self.stage.addWidget(explanation)
        self.stage.addLayout(line)
        self.stage.addWidget(self.grid, 1)
        self.stage.addWidget(self.message, 1)
        self.settings_controls = AugmentControls()
        self.controls.addWidget(self.settings_controls)

    def _connect(self) -> None:
        self._looker = SetLooker()
        self._look_work = NewestWork(self)
        self._look_work.succeeded.connect(self._on_looked)
        self._look_work.failed.connect(self.failed)
        self._examples = Examples(self)
        self._examples.ready.connect(self._on_example)
        self._examples.failed.connect(self.failed)
        self._save_timer = QTimer(self, singleShot=True, interval=SAVE_AFTER_MS)
        self._save_timer.timeout.connect(self._save)
        self._look_timer = QTimer(self, singleShot=True, interval=LOOK_AFTER_MS)
        self._look_timer.timeout.connect(self._look)
        self._store.opened.connect(self._on_opened)
        self._store.photos_changed.connect(self._look_soon)
        self._store.splits_changed.connect(self._look_soon)
        self._board.started.connect(self._show_state)
        self._board.ended.connect(self._show_state)
        self.settings_controls.changed.connect(self._on_settings)
        self.choice.activated.connect(self._on_choice)
        self.others_button.clicked.connect(self._show_others)
        self.grid.clicked.connect(self._on_clicked)
        self.main_button.clicked.connect(self._on_main)

    # slots

    def enter(self) -> None:
        self._entered = True
        self._look()
        self._ask_for_examples()

    def leave(self) -> None:
        self._entered = False
        self._examples.forget()
        self._save()

    def shut_down(self) -> None:
        self._save()
        self._look_timer.stop()
        self._look_work.shut_down()
        self._examples.shut_down()
        self.piles.shut_down()

    @Slot()
    def _on_opened(self) -> None:
        self._save_timer.stop()
        self._unsaved = False
        self._project = self._store.project
        self._seen, self._left_out, self._chosen, self._page = None, "", None, 0
        self._examples.forget()
        self._look_work.forget()
        self.grid.clear()
        self.piles.show_photos({})
        self.settings_controls.show_settings(_settings_of(self._project))
        self._look_timer.start()  # the window is painted first
        self._show_state()

    @Slot()
    def _look_soon(self) -> None:
        self._look_timer.start()

    @Slot()
    def _look(self) -> None:
        self._look_timer.stop()
        if self._project is not None:
            look = functools.partial(self._looker.look, self._project, self._entered)
            self._look_work.ask(look)

    @Slot(object)
    def _on_looked(self, seen: SetLook) -> None:
        before, self._seen = self._seen, seen
        photos = {split: [s.photo for s in samples] for split, samples in seen.samples.items()}
        if before is None or before.samples != seen.samples:
            self.piles.show_photos(photos)
            self._ask_for_examples()
        self.settings_controls.show_photos(len(seen.training))
        self._show_state()

    @Slot(object)
    def _on_settings(self, settings: AugmentationSettings) -> None:  # noqa: ARG002
        self._unsaved = True
        self._save_timer.start()
        self._ask_for_examples()
        self._show_state()

    @Slot()
    def _save(self) -> None:
        self._save_timer.stop()
        if self._unsaved and self._project is not None:
            self._unsaved = False
            try:
                self._project.save_settings(SETTINGS_KEY, self.settings_controls.settings.to_json())
            except UserError as error:
                self.failed.emit(error)

    @Slot()
    def _on_choice(self) -> None:
        self._page = 0
        self._ask_for_examples()

    @Slot()
    def _show_others(self) -> None:
        self._page += 1
        self._ask_for_examples()

    @Slot(int)
    def _on_clicked(self, place: int) -> None:
        if place < len(self._wishes):
            self._chosen = self._wishes[place].sample.photo.name
            self._page = 0
            several = self.choice.currentIndex() == _SEVERAL
            self.choice.setCurrentIndex(_ONE if several else _SEVERAL)
            self._ask_for_examples()

    @Slot(object)
    def _on_example(self, example: Example) -> None:
        cell = self.grid.cells[example.place]
        if example.pixels is None:
            cell.clear()
            cell.set_message(example.error.what if example.error else "")
        else:
            cell.set_message("")
            cell.show_picture(example.pixels, _labels(example.boxes))
        cell.set_status("the photo itself" if example.wish.copy is None else "")

    @Slot()
    def _on_main(self) -> None:
        if self._seen is None:
            return
        if not self._seen.training:
            self.step_wanted.emit("annotate" if self._seen.photos else "capture")
        elif self._is_current():
            self.step_wanted.emit("train")
        else:
            self._generate()

    def _generate(self) -> None:
        self._save()
        assert self._project is not None
        assert self._seen is not None
        settings, folder = self.settings_controls.settings, self._project.augmented_folder
        work = functools.partial(self._augment, self._seen.training, folder, settings)
        job = Job("Making copies", work)
        job.succeeded.connect(self._on_made)
        job.failed.connect(self.failed)
        job.finished.connect(self._on_finished)
        self._job = job
        self._left_out = ""
        self._board.start(job)

    @Slot(object)
    def _on_made(self, made: AugmentedSet) -> None:
        if made.skipped:
            photos = "photo was" if len(made.skipped) == 1 else "photos were"
            names = ", ".join(photo.name for photo in made.skipped[:3])
            self._left_out = f" {len(made.skipped)} {photos} left out: {names}."

    @Slot()
    def _on_finished(self) -> None:
        self._job = None
        self._look()
        self._show_state()

    # examples

    def _ask_for_examples(self) -> None:
        if not self._entered or self._seen is None or not self._seen.training:
            return
        samples = _mixed(self._seen.training)
        self._wishes = self._wishes_for(samples)
        self.grid.show_count(len(self._wishes))
        one = self.choice.currentIndex() == _ONE
        hint = "Back to several photos" if one else "More copies of this photo"
        self.grid.set_clickable(hint)
        self._examples.ask(self._wishes, self.settings_controls.settings, self._seen.training)

    def _wishes_for(self, samples: tuple[Sample, ...]) -> tuple[Wish, ...]:
        if self.choice.currentIndex() == _ONE:
            named = (sample for sample in samples if sample.photo.name == self._chosen)
            sample = next(named, samples[0])
            first = 1 + self._page * (EXAMPLES - 1)
            copies = range(first, first + EXAMPLES - 1)
            return (Wish(sample, None), *(Wish(sample, copy) for copy in copies))
        numbers = range(self._page * EXAMPLES, (self._page + 1) * EXAMPLES)
        return tuple(
            Wish(samples[number % len(samples)], 1 + number // len(samples)) for number in numbers
        )

    # show state

    def _is_current(self) -> bool:
        seen = self._seen
        return (
            seen is not None
            and seen.made is not None
            and seen.of_these_photos
            and seen.made.settings == self.settings_controls.settings
        )

    @Slot()
    def _show_state(self) -> None:
        seen = self._seen
        has_photos = seen is not None and bool(seen.training)
        for widget in self._with_photos:
            widget.setVisible(has_photos)
        self.grid.setVisible(has_photos)
        self.message.setVisible(not has_photos)
        self.settings_controls.setVisible(has_photos)
        self.settings_controls.setEnabled(self._job is None)
        if seen is None:
            text = "Looking at the photos" if self._project else "No project is open"
            self.message.cells[0].set_message(text)
            self.set_main_action("Make copies", f"{text}.")
            self.say_next("")
        elif not has_photos:
            self._show_empty(seen)
        else:
            self._show_ready(seen)
        self.summary_changed.emit(self._summary_of(seen))

    def _show_empty(self, seen: SetLook) -> None:
        self.say_next("")
        if not seen.photos:
            text, action = "There are no photos yet.", "Take photos"
        elif not seen.labelled:
            text, action = "No photo is labelled yet.", "Label photos"
        else:
            text, action = "There are no training photos yet.", "Label photos"
        self.message.cells[0].set_message(
            text, "Labelled photos are copied here with changes, so that the network learns more."
        )
        self.set_main_action(action)

    def _show_ready(self, seen: SetLook) -> None:
        total = len(seen.training) * self.settings_controls.settings.copies
        job = self._board.job
        if self._is_current():
            assert seen.made is not None
            there = len(seen.made.samples)
            self.say_next(f"{_copies(there)} are there, made with these settings.{self._left_out}")
            self.set_main_action("Go on to Train")
            return
        if seen.made is None:
            self.say_next("No copies yet. The network learns much more from varied copies.")
        else:
            cause = "the settings" if seen.of_these_photos else "photos or labels"
            there = len(seen.made.samples)
            self.say_next(f"{_copies(there)} are outdated: {cause} have changed since.")
        if self._job is not None:
            self.say_next("Copies are being made. Stop is in the strip at the bottom.")
            self.set_main_action("Making copies", "Wait until they are made, or press Stop below.")
        elif job is not None:
            self.set_main_action(f"Make {_copies(total)}", f"Wait: {job.title} is still running.")
        else:
            self.set_main_action(f"Make {_copies(total)}")

    def _summary_of(self, seen: SetLook | None) -> str:
        if seen is None or not seen.training:
            return ""
        if seen.made is None:
            return "no copies yet"
        if self._is_current():
            return _copies(len(seen.made.samples))
        return "copies outdated"


def _settings_of(project: Project | None) -> AugmentationSettings:
    try:
        return AugmentationSettings.from_json(project.settings(SETTINGS_KEY) if project else {})
    except ValueError as error:
        log.warning("ignoring unreadable augmentation settings: %s", error)
        return AugmentationSettings()


def _mixed(samples: tuple[Sample, ...]) -> tuple[Sample, ...]:
    """In an order that stays, but in which neighbours are not alike; faces first."""
    mixed = random.Random(0).sample(samples, len(samples))
    return tuple(sorted(mixed, key=lambda sample: not sample.boxes))


def _labels(boxes: tuple[Box, ...]) -> list[MarkedBox]:
    return [MarkedBox(box, Meaning.LABEL) for box in boxes]


def _copies(count: int) -> str:
    return f"{count:,} {'copy' if count == 1 else 'copies'}"
