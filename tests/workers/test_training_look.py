"""What the Train tab knows before a training, and what a training tells of itself."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pytestqt.qtbot import QtBot

from facegui.core.augmentation_settings import AugmentationSettings
from facegui.core.augmenter import augment_set
from facegui.core.progress import Progress, StopToken, ignore_progress
from facegui.core.project import Project
from facegui.core.runs import BatchMetrics, Losses, Run
from facegui.core.splits import Split
from facegui.ml.presets import CLASSIC, TrainSettings
from facegui.workers.training_job import training_job
from facegui.workers.training_look import TrainingLook, TrainingLooker
from fake_training import write_run


def look(project: Project, assign: bool = True) -> TrainingLook:
    return TrainingLooker().look(project, assign, lambda _: None, StopToken())


def make_copies(project: Project) -> None:
    samples = project.samples(Split.TRAIN)
    settings = AugmentationSettings(copies=2)
    augment_set(samples, project.augmented_folder, settings, ignore_progress, StopToken())


def test_pictures_are_the_copies_where_there_are_some(demo_project: Project) -> None:
    photos = len(demo_project.samples(Split.TRAIN))
    assert (look(demo_project).pictures, look(demo_project).copies) == (photos, False)
    make_copies(demo_project)
    seen = look(demo_project)
    assert (seen.pictures, seen.copies, seen.outdated) == (2 * photos, True, False)


def test_outdated_copies_are_told_and_not_counted(demo_project: Project) -> None:
    make_copies(demo_project)
    samples = demo_project.samples(Split.TRAIN)
    demo_project.set_label(samples[0].photo, ())
    changed = samples[0].boxes != ()
    seen = look(demo_project)
    assert seen.outdated == changed
    demo_project.delete([samples[1].photo])
    seen = look(demo_project)
    assert seen.outdated
    assert seen.pictures < 2 * len(samples)


def test_splits_are_given_only_where_that_is_asked_for(
    demo_project: Project, store: Any, tmp_path: Path
) -> None:
    photo = demo_project.photos[0]
    data = photo.path.read_bytes()
    store.create(tmp_path / "new")
    new = store.project
    for number in range(9):
        (new.photos_folder / f"{number}.jpg").write_bytes(data)
    new.refresh()
    for item in new.photos:
        new.set_label(item, ())
    assert look(new, assign=False).pictures == 0
    assert look(new).pictures > 0


def test_time_is_told_by_the_newest_run_of_that_preset(demo_project: Project) -> None:
    before = look(demo_project).estimate(CLASSIC.settings)
    assert before is not None and not before.measured
    write_run(demo_project.runs_folder, settings=CLASSIC.settings)
    after = look(demo_project).estimate(CLASSIC.settings)
    assert after is not None and after.measured
    # 20 s for 8 steps in the run.
    pictures = look(demo_project).pictures
    steps = 40 * -(-pictures // CLASSIC.settings.batch_size)
    assert after.seconds == pytest.approx(steps * 20 / 8)


def test_a_training_job_tells_how_far_it_is_in_all(qtbot: QtBot, demo_project: Project) -> None:
    event = BatchMetrics(2, 4, 3, 5, Losses(1.0, 1.0, 1.0))
    run = Run(Path("run"))

    def train(
        _project: Any, settings: Any, report: Callable[[Any], None], _stop: Any, **more: Any
    ) -> Run:
        assert (settings.epochs, more["weights_file"]) == (40, Path("weights.h5"))
        report(event)
        return run

    told: list[object] = []
    job = training_job(train, demo_project, TrainSettings(), Path("weights.h5"))
    job.progressed.connect(told.append)
    with qtbot.waitSignals([job.succeeded, job.finished]):
        job.start()
    assert told == [event, Progress(8, 20, "Training, epoch 2 of 4")]
