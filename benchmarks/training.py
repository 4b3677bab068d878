"""What Fast takes from pressing Start, against Classic; the second time; the first live model.

Real webcam photos. Each part is a process of its own, so that loading TensorFlow counts
and memory is the part's alone.
"""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from argparse import Namespace
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

from memory import MemoryWatch
from photo_sets import LabelledPhoto, labelled_photos
from tables import Figure, argument_parser, show

from facegui.core.augmentation_settings import AugmentationSettings
from facegui.core.augmenter import augment_set
from facegui.core.errors import Cancelled
from facegui.core.images import encode_for_project
from facegui.core.own_process import module_command, module_environment
from facegui.core.progress import StopToken, ignore_progress
from facegui.core.project import NewPhoto, Project
from facegui.core.project_index import PhotoRecord
from facegui.core.runs import BatchMetrics, FirstModel
from facegui.core.splits import Split
from facegui.ml.estimating import Pace, read_pace
from facegui.ml.presets import CLASSIC, FAST, TrainSettings
from facegui.ml.training import train
from facegui.ml.weights import WEIGHTS_NAME, default_weights_folder, vgg16_weights

REAL_SETS = Path(__file__).resolve().parents[2] / "shared" / "data"
CLASSIC_EPOCHS = 40


def make_project(folder: Path, photos: list[LabelledPhoto], training: int, copies: int) -> int:
    """A project whose first photos are for training, the others for validation, then the test.

    Returns:
        How many copies there are.
    """
    new = []
    for number, photo in enumerate(photos):
        rest = Split.VALIDATION if number % 2 else Split.TEST
        record = PhotoRecord(split=Split.TRAIN if number < training else rest)
        picture = encode_for_project(photo.path.read_bytes(), photo.path.name)
        name = f"{photo.path.parents[2].name}-{photo.path.name}"
        new.append(NewPhoto(picture, name, record, photo.boxes))
    with Project.create(folder) as project:
        project.add_photos(new)
        samples = project.samples(Split.TRAIN)
        settings = AugmentationSettings(copies=copies)
        made = augment_set(
            samples, project.augmented_folder, settings, ignore_progress, StopToken()
        )
    return len(made.samples)


def train_fast(folder: Path) -> dict[str, Any]:
    """From pressing Start to the tested model, TensorFlow not loaded yet."""
    first_s: list[float] = []

    def report(event: object) -> None:
        if isinstance(event, FirstModel):
            first_s.append(time.perf_counter() - started_s)

    with Project.open(folder) as project:
        started_s = time.perf_counter()
        run = train(project, FAST.settings, report, StopToken())
        seconds = time.perf_counter() - started_s
    card, int8 = run.card(), run.int8_card()
    return {
        "seconds": seconds,
        "first_s": first_s[0] if first_s else None,
        "epochs": card["epochs"],
        "best_epoch": card["best_epoch"],
        "ap50": card["val"]["ap50"],
        "int8_off": abs(int8["ap50"] - int8["trained_ap50"]),
        "int8_mb": run.int8_path.stat().st_size / 1e6,
    }


def train_until_first(folder: Path) -> dict[str, Any]:
    """From pressing Start to the first model that can be tried live; then cancelled."""
    stop, first_s = StopToken(), list[float]()

    def report(event: object) -> None:
        if isinstance(event, FirstModel):
            first_s.append(time.perf_counter() - started_s)
            stop.cancel()

    with Project.open(folder) as project, contextlib.suppress(Cancelled):
        started_s = time.perf_counter()
        train(project, FAST.settings, report, stop)
    return {"first_s": first_s[0] if first_s else time.perf_counter() - started_s}


def classic_step(folder: Path, steps: int) -> dict[str, Any]:
    """The median of some steps, as the program does them."""
    stop, moments = StopToken(), list[tuple[int, float]]()

    def report(event: object) -> None:
        if isinstance(event, BatchMetrics):
            moments.append((event.batch, time.perf_counter()))
            if event.batch > steps:
                stop.cancel()

    settings: TrainSettings = replace(CLASSIC.settings, epochs=1)
    with Project.open(folder) as project, contextlib.suppress(Cancelled):
        train(project, settings, report, stop)
    # The first step compiles.
    pairs = itertools.pairwise(moments[1:])
    taken = [(late - early) / (after - before) for (before, early), (after, late) in pairs]
    return {"step_s": statistics.median(taken)}


def tried_pace(folder: Path) -> tuple[Pace, float]:
    """How fast a computer is of which nothing is known, and the seconds to find that out."""
    started_s = time.perf_counter()
    environment = module_environment() | {"FACEGUI_WEIGHTS": str(folder)}
    command = module_command("facegui.ml.trial")
    subprocess.run(command, env=environment, stdout=subprocess.DEVNULL, check=True)
    return read_pace(folder), time.perf_counter() - started_s


PARTS: dict[str, Callable[[Namespace], dict[str, Any]]] = {
    "fast": lambda arguments: train_fast(arguments.project),
    "first": lambda arguments: train_until_first(arguments.project),
    "classic": lambda arguments: classic_step(arguments.project, arguments.steps),
}


def in_own_process(
    part: str, project: Path, steps: int, weights_folder: Path | None = None
) -> dict[str, Any]:
    command = [sys.executable, __file__, "--part", part, "--project", str(project)]
    command += ["--steps", str(steps)]
    folder = str(weights_folder or default_weights_folder())
    done = subprocess.run(
        command,
        stdout=subprocess.PIPE,
        check=True,
        text=True,
        env=os.environ | {"FACEGUI_WEIGHTS": folder},
    )
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def measure(arguments: Namespace) -> list[Figure]:
    photos = [
        photo
        for pair in zip(
            *(labelled_photos(arguments.sets / name) for name in ("webcam-a", "webcam-b")),
            strict=True,
        )
        for photo in pair
    ]
    with tempfile.TemporaryDirectory() as name:
        large, small = Path(name) / "large", Path(name) / "small"
        training = arguments.pictures // arguments.copies
        pictures = make_project(large, photos, training, arguments.copies)
        make_project(small, photos[: arguments.photos], round(0.7 * arguments.photos), 30)
        # As after the first start: the weights are there, and nothing is made of them yet.
        fresh = Path(name) / "weights"
        fresh.mkdir()
        vgg16_weights(ignore_progress, StopToken(), folder=default_weights_folder())
        shutil.copy(default_weights_folder() / WEIGHTS_NAME, fresh)
        live = in_own_process("first", small, 0, fresh)
        pace, tried_s = tried_pace(Path(name) / "tried")
        fast_s, slow_s = (
            pace.estimate_seconds(preset.settings, pictures, 0) for preset in (FAST, CLASSIC)
        )
        first = in_own_process("fast", large, 0)
        again = in_own_process("fast", large, 0)
        classic = in_own_process("classic", large, arguments.steps)
    batches = -(-pictures // CLASSIC.settings.batch_size)
    classic_s = CLASSIC_EPOCHS * batches * classic["step_s"]
    most_gb = max(part["peak_gb"] for part in (live, first, again))
    return [
        Figure(f"Fast, {pictures:,} copies, {first['epochs']} epochs", first["seconds"], "s"),
        Figure("    said before Start, from a few batches", fast_s, "s"),
        Figure("    said / taken", fast_s / first["seconds"], "times"),
        Figure(f"a step of Classic, median of {arguments.steps}", classic["step_s"], "s"),
        Figure("Classic, 40 epochs, extrapolated", classic_s, "s"),
        Figure("    said before Start, from a few batches", slow_s, "s"),
        Figure("    said / extrapolated", slow_s / classic_s, "times"),
        Figure("trying those batches, all presets", tried_s, "s"),
        Figure("Classic / Fast", classic_s / first["seconds"], "times", 60.0),
        Figure("Fast again, features kept", again["seconds"], "s"),
        Figure("again / first", again["seconds"] / first["seconds"], "times", 0.5, at_most=True),
        Figure(f"first live model, {arguments.photos} photos", live["first_s"], "s", 60, True),
        Figure("int8: AP50 off on validation photos", first["int8_off"], "", 0.01, at_most=True),
        Figure("int8: size", first["int8_mb"], "MB", 17.0, at_most=True),
        Figure("peak memory, with the converter's process", most_gb, "GB", 2.5, at_most=True),
        Figure("AP50 on validation photos", first["ap50"]),
    ]


def main() -> int:
    parser = argument_parser(__doc__)
    parser.add_argument("--sets", type=Path, default=REAL_SETS, help="the folder of the sets")
    parser.add_argument("--pictures", type=int, default=5040, help="augmented, of Fast")
    parser.add_argument("--copies", type=int, default=30, help="of each photo")
    parser.add_argument("--photos", type=int, default=150, help="for the first live model")
    parser.add_argument("--steps", type=int, default=20, help="of Classic")
    parser.add_argument("--part", choices=PARTS)
    parser.add_argument("--project", type=Path)
    arguments = parser.parse_args()
    if arguments.part:
        with MemoryWatch() as memory:
            found = PARTS[arguments.part](arguments)
        found["peak_gb"] = memory.peak_gb
        print(json.dumps(found))
        return 0
    load = os.getloadavg()[0]
    figures = measure(arguments)
    title = f"Training, real webcam photos, load {load:.1f} before"
    return show(title, figures, as_json=arguments.json)


if __name__ == "__main__":
    sys.exit(main())
