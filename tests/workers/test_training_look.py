"""What the Train tab knows before a training, and what a training tells of itself."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from pytestqt.qtbot import QtBot

from facegui.core.augmentation_settings import AugmentationSettings
from facegui.core.augmented_set import read_set
from facegui.core.augmenter import augment_set
from facegui.core.progress import StopToken, ignore_progress
from facegui.core.project import Project
from facegui.core.readiness import Problem
from facegui.core.runs import BatchMetrics, Losses, Run
from facegui.core.splits import Split
from facegui.ml.backbone import features_bytes
from facegui.ml.dense_training import fitting_pictures
from facegui.ml.estimating import CONVERSION, FEATURES, PARTS, Pace, ToldBy, remember_pace
from facegui.ml.features import FEATURES_FOLDER, FITTING_SHARE
from facegui.ml.presets import ACCURATE, CLASSIC, FAST, TrainSettings
from facegui.ml.training_data import LabelledPicture
from facegui.ui.train_words import notes_in_words
from facegui.workers import training_look
from facegui.workers.training_job import TrainingProgress, training_job
from facegui.workers.training_look import Estimate, TrainingLook, TrainingLooker


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


def test_large_pictures_may_be_too_many_to_learn_from(
    demo_project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = look(demo_project)
    room = features_bytes(384) * 4
    monkeypatch.setattr("facegui.ml.features.CACHE_LIMIT_BYTES", room / FITTING_SHARE + 1)
    assert seen.learned_from(ACCURATE.settings) == 4 < seen.pictures
    assert seen.learned_from(CLASSIC.settings) == seen.pictures
    pictures = [LabelledPicture(Path(str(number)), ()) for number in range(seen.pictures)]
    assert len(fitting_pictures(pictures, 384)) == 4
    words = notes_in_words(seen, ACCURATE.settings, False)
    assert f"Of the {seen.pictures} pictures, 4 are learned from" in words
    assert "learned from" not in notes_in_words(seen, CLASSIC.settings, False)
    few = replace(seen, pictures=4)
    assert seen.estimate(ACCURATE.settings) == few.estimate(ACCURATE.settings)


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


def test_time_is_guessed_at_first_and_then_told_by_trainings(
    demo_project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FACEGUI_WEIGHTS", str(tmp_path / "weights"))
    looker = TrainingLooker()

    def estimate() -> Estimate:
        seen = looker.look(demo_project, True, lambda _: None, StopToken())
        found = seen.estimate(FAST.settings)
        assert found is not None
        return found

    before = estimate()
    assert before.seconds > 0 and before.told_by is ToldBy.GUESS
    seconds = {FEATURES: 100.0, CONVERSION: 1.0, "dense-144": 0.001}
    remember_pace(tmp_path / "weights", ToldBy.TRAINING, seconds, (144, "key"))
    after = estimate()
    assert after.told_by is ToldBy.TRAINING
    make_copies(demo_project)
    made = read_set(demo_project.augmented_folder)
    assert made is not None
    features = demo_project.cache_folder / FEATURES_FOLDER
    features.mkdir(parents=True)
    without = estimate()
    for copy in made.samples:
        (features / f"key-{copy.digest}.npy").write_bytes(b"")
    kept = estimate()
    expected = len(made.samples) * 0.144**2 * 100.0
    assert without.seconds - kept.seconds == pytest.approx(expected)


def test_what_takes_its_time_is_left_out_where_nobody_waits(
    demo_project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    called: list[str] = []

    def leaks(_project: Project, *, stop: StopToken) -> tuple[Problem, ...]:  # noqa: ARG001
        called.append("leaks")
        return (Problem("They are alike.", "Mend it.", False),)

    def pace(folder: Path) -> Pace:  # noqa: ARG001
        called.append("pace")
        return Pace(dict.fromkeys(PARTS, 1.0), dict.fromkeys(PARTS, ToldBy.TRIAL))

    monkeypatch.setattr(training_look, "leak_problems", leaks)
    monkeypatch.setattr(training_look, "read_pace", pace)
    looker, told = TrainingLooker(), []
    hidden = looker.look(demo_project, False, told.append, StopToken())
    assert (called, told, hidden.estimate(FAST.settings)) == ([], [], None)
    seen = looker.look(demo_project, True, told.append, StopToken())
    assert called == ["pace", "leaks"]
    assert [look.problems for look in told] == [hidden.problems]
    estimate = seen.estimate(FAST.settings)
    assert estimate is not None
    assert told[0].estimate(FAST.settings) == estimate
    assert [problem.what for problem in seen.problems[len(hidden.problems) :]] == [
        "They are alike."
    ]


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
    assert told == [event, TrainingProgress(8, 20, "Training, epoch 2 of 4")]
