"""A training that was broken off goes on as if it had not been; a finished one can be continued."""

from __future__ import annotations

import errno
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from facegui.core.boxes import Box
from facegui.core.errors import Cancelled, UserError
from facegui.core.files import TEMPORARY_PREFIX
from facegui.core.images import read_picture, write_picture
from facegui.core.progress import StopToken
from facegui.core.project import Project
from facegui.core.runs import CHECKPOINT_NAME, BatchMetrics, EpochMetrics, Run, list_runs
from facegui.core.splits import Split
from facegui.ml import backbone, checkpoints, training
from facegui.ml.checkpoints import read_checkpoint
from facegui.ml.export import load_network
from facegui.ml.presets import FAST, TrainSettings
from facegui.ml.training import keep_learned, resume, train
from facegui.ml.weights import VggWeights, random_weights
from tests.ml.conftest import SETTINGS, eagerly

pytestmark = pytest.mark.slow

CLASSIC = replace(SETTINGS, epochs=4, learning_rate=1e-2)
DENSE = replace(FAST.settings, input_size=32, epochs=4, batch_size=8, seed=3)


class Broken(Exception):
    """In place of a power cut."""


def break_in(epoch: int) -> Callable[[Any], None]:
    def report(event: Any) -> None:
        if isinstance(event, EpochMetrics) and event.epoch == epoch:
            raise Broken

    return report


def ignore(_: Any) -> None:
    """A report for those who want none."""


def losses(run: Run) -> list[tuple[object, object]]:
    return [(epoch.training, epoch.validation) for epoch in run.metrics()]


def weights_of(run: Run) -> list[np.ndarray]:
    weights: list[np.ndarray] = load_network(run.folder / "model.keras").get_weights()
    return weights


@pytest.fixture(autouse=True)
def every_epoch(monkeypatch: pytest.MonkeyPatch) -> None:
    """Epochs here are so short that most would not be saved."""
    monkeypatch.setattr(checkpoints, "SAVING_SHARE", 1e9)
    monkeypatch.setattr(training, "_also_int8", lambda *_: None)  # takes longer than the rest


@pytest.fixture(scope="module")
def quick_backbone(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FACEGUI_WEIGHTS", str(tmp_path_factory.mktemp("weights")))
        patch.setattr(backbone, "_EXAMPLES", 2)
        patch.setattr(backbone, "_EXAMPLE_SIDE", 32)
        yield


@pytest.fixture
def classic(small_network: None) -> TrainSettings:  # noqa: ARG001
    return CLASSIC


@pytest.fixture
def fast(quick_backbone: None) -> Iterator[TrainSettings]:  # noqa: ARG001
    with eagerly():
        yield DENSE


@pytest.mark.parametrize("network", ["classic", "fast"])
def test_it_goes_on_as_if_it_had_not_been_broken_off(
    project: Project, tiny_weights: VggWeights, request: pytest.FixtureRequest, network: str
) -> None:
    settings = request.getfixturevalue(network)
    whole = train(project, settings, ignore, StopToken(), weights=tiny_weights)
    with pytest.raises(Broken):
        train(project, settings, break_in(4), StopToken(), weights=tiny_weights)
    broken = list_runs(project.runs_folder)[-1]
    assert broken.resumable and not broken.complete
    half_written = broken.folder / f"{TEMPORARY_PREFIX}x"
    half_written.write_bytes(b"x")
    told: list[Any] = []
    gone_on = resume(project, broken, told.append, StopToken(), weights=tiny_weights)
    assert gone_on.folder == broken.folder
    assert gone_on.complete and not gone_on.resumable
    assert losses(gone_on) == losses(whole)
    for one, other in zip(weights_of(gone_on), weights_of(whole), strict=True):
        np.testing.assert_allclose(one, other, atol=1e-6)
    epochs = [event.epoch for event in told if isinstance(event, EpochMetrics)]
    assert epochs == [1, 2, 3, 4]
    assert gone_on.card()["went_on_after_epoch"] == 3
    assert not (gone_on.folder / CHECKPOINT_NAME).exists()
    assert not half_written.exists()


@pytest.fixture
def broken(project: Project, tiny_weights: VggWeights, classic: TrainSettings) -> Run:
    with pytest.raises(Broken):
        train(project, classic, break_in(3), StopToken(), weights=tiny_weights)
    return list_runs(project.runs_folder)[-1]


def without_copies(project: Project) -> None:
    shutil.rmtree(project.augmented_folder)


def relabelled(project: Project) -> None:
    project.set_label(project.samples(Split.VALIDATION)[0].photo, [Box(1.0, 2.0, 30.0, 40.0)])


def repainted(project: Project) -> None:
    photo = project.samples(Split.VALIDATION)[0].photo
    write_picture(photo.path, 255 - read_picture(photo.path))


@pytest.mark.parametrize("change", [without_copies, relabelled, repainted])
def test_changed_photos_are_told(
    project: Project, broken: Run, tiny_weights: VggWeights, change: Callable[[Project], None]
) -> None:
    change(project)
    with pytest.raises(UserError, match="have changed since"):
        resume(project, broken, ignore, StopToken(), weights=tiny_weights)
    assert broken.resumable


@pytest.mark.parametrize("damage", ["cut", "noise", "gone"])
def test_damaged_checkpoint_is_told(
    project: Project, broken: Run, tiny_weights: VggWeights, damage: str
) -> None:
    path = broken.folder / CHECKPOINT_NAME
    data = path.read_bytes()
    if damage == "gone":
        path.unlink()
    else:
        path.write_bytes(data[: len(data) // 2] if damage == "cut" else b"x" * len(data))
    with pytest.raises(UserError, match="cannot go on"):
        resume(project, broken, ignore, StopToken(), weights=tiny_weights)


def test_other_weights_are_told(project: Project, broken: Run) -> None:
    with pytest.raises(UserError, match="have changed since"):
        others = random_weights(9, channels=(4,) * 13)
        resume(project, broken, ignore, StopToken(), weights=others)


def test_cancel_throws_the_resumed_training_away(
    project: Project, broken: Run, tiny_weights: VggWeights
) -> None:
    stop = StopToken()

    def cancel(event: Any) -> None:
        if isinstance(event, EpochMetrics):
            stop.cancel()

    with pytest.raises(Cancelled):
        resume(project, broken, cancel, stop, weights=tiny_weights)
    assert not broken.folder.exists()


def test_broken_off_by_the_program_it_can_go_on(
    project: Project, tiny_weights: VggWeights, classic: TrainSettings
) -> None:
    """As when the window is closed."""
    stop = StopToken()

    def break_off(event: Any) -> None:
        if isinstance(event, EpochMetrics) and event.epoch == 2:
            stop.break_off()

    with pytest.raises(Cancelled):
        train(project, classic, break_off, stop, weights=tiny_weights)
    (run,) = list_runs(project.runs_folder)
    assert run.resumable
    gone_on = resume(project, run, ignore, StopToken(), weights=tiny_weights)
    assert gone_on.card()["went_on_after_epoch"] == 1


def test_broken_off_before_anything_was_saved_it_leaves_nothing(
    project: Project, tiny_weights: VggWeights, classic: TrainSettings
) -> None:
    stop = StopToken()
    stop.break_off()
    with pytest.raises(Cancelled):
        train(project, classic, ignore, stop, weights=tiny_weights)
    assert list(project.runs_folder.iterdir()) == []


@pytest.mark.parametrize("network", ["classic", "fast"])
def test_what_was_learned_can_be_kept_when_photos_have_changed(
    project: Project, tiny_weights: VggWeights, request: pytest.FixtureRequest, network: str
) -> None:
    settings = request.getfixturevalue(network)
    with pytest.raises(Broken):
        train(project, settings, break_in(3), StopToken(), weights=tiny_weights)
    broken = list_runs(project.runs_folder)[-1]
    shutil.rmtree(project.cache_folder, ignore_errors=True)
    best = read_checkpoint(broken.folder).best_network().get_weights()
    project.clear_label(project.samples(Split.VALIDATION)[0].photo)
    with pytest.raises(UserError, match="have changed since"):
        resume(project, broken, ignore, StopToken(), weights=tiny_weights)
    told: list[Any] = []
    ended = keep_learned(project, broken, told.append, StopToken(), weights=tiny_weights)
    assert not any(isinstance(event, BatchMetrics) for event in told)
    assert ended.complete and ended.card()["epochs"] == 2
    layers = load_network(ended.folder / "model.keras")
    kept = layers.get_layer("heads").get_weights() if network == "fast" else layers.get_weights()
    for one, other in zip(kept, best, strict=True):
        np.testing.assert_array_equal(one, other)


def test_complete_run_is_not_resumed(
    project: Project, tiny_weights: VggWeights, classic: TrainSettings
) -> None:
    run = train(project, replace(classic, epochs=1), ignore, StopToken(), weights=tiny_weights)
    with pytest.raises(UserError, match="it has ended"):
        resume(project, run, ignore, StopToken(), weights=tiny_weights)


def test_saving_takes_a_small_share_of_the_time(
    project: Project,
    tiny_weights: VggWeights,
    classic: TrainSettings,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(checkpoints, "SAVING_SHARE", 1e-9)  # one saving, and then for years none
    with pytest.raises(Broken):
        train(project, classic, break_in(4), StopToken(), weights=tiny_weights)
    broken = list_runs(project.runs_folder)[-1]
    with np.load(broken.folder / CHECKPOINT_NAME) as kept:
        assert '"epoch": 1' in str(kept["about"]) and '"epoch": 2' not in str(kept["about"])


def test_full_disk_costs_the_checkpoint_and_not_the_training(
    project: Project,
    tiny_weights: VggWeights,
    classic: TrainSettings,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def full(*_: Any) -> Any:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(checkpoints, "written_atomically", full)
    run = train(project, replace(classic, epochs=2), ignore, StopToken(), weights=tiny_weights)
    assert run.complete


# --- killed ---------------------------------------------------------------------------------

_TRAINS = """
import sys
from dataclasses import replace
from pathlib import Path
from facegui.core.project import Project
from facegui.core.progress import StopToken
from facegui.core.runs import EpochMetrics
from facegui.ml import checkpoints, classic
from facegui.ml.training import train
from facegui.ml.weights import random_weights
from tests.ml.conftest import build_small_network, eagerly
from tests.ml.test_resume import CLASSIC
checkpoints.SAVING_SHARE = 1e9
classic.build_network = build_small_network

def report(event):
    if isinstance(event, EpochMetrics):
        print(event.epoch, flush=True)

with Project.open(Path(sys.argv[1])) as project, eagerly():
    weights = random_weights(0, channels=(4,) * 13)
    train(project, replace(CLASSIC, epochs=1000), report, StopToken(), weights=weights)
"""


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="needs a system with SIGKILL")
@pytest.mark.usefixtures("classic")
def test_killed_training_can_go_on(
    demo_template: Path, tmp_path: Path, tiny_weights: VggWeights
) -> None:
    folder = Path(shutil.copytree(demo_template, tmp_path / "demo"))
    command = [sys.executable, "-c", _TRAINS, str(folder)]
    root = str(Path(__file__).resolve().parents[2])
    child = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, cwd=root,
        env=os.environ | {"PYTHONPATH": root},
    )  # fmt: skip
    assert child.stdout is not None
    while child.stdout.readline().strip() != "5":
        assert child.poll() is None
    child.kill()
    child.communicate()
    with Project.open(folder) as project:
        (run,) = list_runs(project.runs_folder)
        assert run.resumable
        stop, told = StopToken(), []

        def report(event: Any) -> None:
            told.append(event)
            if isinstance(event, EpochMetrics) and event.epoch >= 5:
                stop.finish()

        gone_on = resume(project, run, report, stop, weights=tiny_weights)
        assert gone_on.complete
        assert gone_on.card()["went_on_after_epoch"] >= 4


# --- a finished run, continued --------------------------------------------------------------


@pytest.mark.parametrize(
    ("network", "magnification"), [("classic", 1.0), ("fast", 1.0), ("fast", 1.5)]
)
def test_continued_run_begins_with_what_the_earlier_one_learned(
    project: Project,
    tiny_weights: VggWeights,
    request: pytest.FixtureRequest,
    network: str,
    magnification: float,
) -> None:
    settings = replace(request.getfixturevalue(network), magnification=magnification)
    first = train(project, settings, ignore, StopToken(), weights=tiny_weights)
    slow = replace(settings, epochs=1, learning_rate=1e-9)
    second = train(project, slow, ignore, StopToken(), weights=tiny_weights, continued=first)
    assert second.folder != first.folder
    assert second.card()["continued_from"] == first.name
    best = min(epoch.validation.total for epoch in first.metrics())
    assert second.metrics()[0].validation.total == pytest.approx(best, rel=1e-3)
    assert {path.suffix for path in second.folder.iterdir()} == {
        path.suffix for path in first.folder.iterdir()
    }


def test_continued_run_that_was_broken_off_goes_on_without_the_earlier_one(
    project: Project, tiny_weights: VggWeights, classic: TrainSettings
) -> None:
    first = train(project, classic, ignore, StopToken(), weights=tiny_weights)
    with pytest.raises(Broken):
        train(project, classic, break_in(3), StopToken(), weights=tiny_weights, continued=first)
    broken = list_runs(project.runs_folder)[-1]
    shutil.rmtree(first.folder)
    gone_on = resume(project, broken, ignore, StopToken(), weights=tiny_weights)
    assert gone_on.card()["continued_from"] == first.name
    assert not (gone_on.folder / "start.keras").exists()


def test_other_network_or_size_is_refused(
    project: Project, tiny_weights: VggWeights, classic: TrainSettings
) -> None:
    first = train(project, classic, ignore, StopToken(), weights=tiny_weights)
    for settings in (DENSE, replace(classic, input_size=48)):
        with pytest.raises(UserError, match="cannot be continued"):
            train(project, settings, ignore, StopToken(), weights=tiny_weights, continued=first)
    assert len(list_runs(project.runs_folder)) == 1
