"""Kills import, augment and train at random moments and looks for what was lost.

Each kill (SIGKILL, as of a battery that dies) meets a project of its own. Then
the project is opened and everything that was there before has to be there bit
for bit; whatever the killed program added has to be whole.
"""

from __future__ import annotations

import contextlib
import json
import os
import random
import shutil
import signal
import sys
import tempfile
import time
import traceback
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

os.environ.setdefault("NO_ALBUMENTATIONS_UPDATE", "1")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

from photo_sets import REAL_PHOTOS, copy_set, generate_set, known_photos
from tables import Figure, argument_parser, show

from facegui.core import augmentation_steps  # noqa: F401  loaded here once, for all children
from facegui.core.augmentation_settings import AugmentationSettings
from facegui.core.augmented_set import read_set
from facegui.core.augmenter import augment_set
from facegui.core.errors import UserError
from facegui.core.files import TEMPORARY_PREFIX, sha256_of
from facegui.core.importing import Unlabelled, import_source
from facegui.core.labelme import read_label_file
from facegui.core.progress import StopToken, ignore_progress
from facegui.core.project import INDEX_NAME, Project
from facegui.core.project_index import load_index
from facegui.core.runs import CHECKPOINT_NAME, list_runs
from facegui.core.splits import Split

SHARES = {"import": 0.42, "augment": 0.46, "train": 0.12}
"""Of the kills; a training takes seconds to begin."""
COLD_SHARE = 0.25
"""Of the trainings: these have TensorFlow to load first, and are killed in that too."""
LONGEST_S = 300
STANDARD_ERROR = os.dup(2)
ATTEMPTS = 4
"""Times the kills asked for, until it is given up that they meet the work."""
OLD_SETTINGS = AugmentationSettings(copies=2, longest_side=160)
NEW_SETTINGS = replace(OLD_SETTINGS, seed=1)

LOST = "photos and labels lost or changed"
CLOSED = "projects that do not open"
HALF = "pictures, labels and splits that are not whole"
LEFTOVERS = "leftovers after opening"
UNFINISHED = "imports that a second one does not complete"
BROKEN_SET = "augmented sets that are not whole"
FALSE_RUN = "runs that only look complete"
FAULTS = (LOST, CLOSED, HALF, LEFTOVERS, UNFINISHED, BROKEN_SET, FALSE_RUN)


@dataclass(slots=True)
class Outcome:
    """What the kills of one work came to.

    Attributes:
        kills: that met the work.
        half_done: of these left something begun behind.
        seconds: all together.
        faults: what was found, by kind.
    """

    kills: int = 0
    half_done: int = 0
    seconds: float = 0.0
    faults: dict[str, list[str]] = field(default_factory=dict)

    def fault(self, kind: str, what: object) -> None:
        self.faults.setdefault(kind, []).append(str(what))

    def add(self, other: Outcome) -> None:
        self.kills += other.kills
        self.half_done += other.half_done
        self.seconds += other.seconds
        for kind, found in other.faults.items():
            self.faults.setdefault(kind, []).extend(found)


@dataclass(frozen=True, slots=True)
class Work:
    """Something to kill.

    Args:
        base: the project before; copied for each kill.
        run: does the work on a project folder.
        is_half_done: whether a kill left it begun and not ended.
        check: looks at an opened project for faults of this work.
    """

    base: Path
    run: Callable[[Path], None]
    is_half_done: Callable[[Path], bool]
    check: Callable[[Project, Outcome], None]


def main() -> int:
    parser = argument_parser(__doc__)
    parser.add_argument("--count", type=int, default=200, help="kills in all (200)")
    parser.add_argument("--works", default="import,augment,train", help="which, with commas")
    parser.add_argument("--photos", type=int, default=40, help="photos in the source (40)")
    parser.add_argument("--generated", action="store_true", help="small photos of noise")
    parser.add_argument("--seed", type=int, default=0, help="of the moments")
    arguments = parser.parse_args()
    works = arguments.works.split(",")
    if not hasattr(os, "fork"):
        parser.error("this needs a system with fork: Linux or macOS")
    if unknown := set(works) - set(SHARES):
        parser.error(f"unknown work {', '.join(unknown)}; there are {', '.join(SHARES)}")
    shares = sum(SHARES[work] for work in works)
    outcomes = {}
    with tempfile.TemporaryDirectory(prefix="kills-") as name:
        scene = Scene(Path(name), arguments.photos, generated=arguments.generated)
        for work in works:
            count = round(arguments.count * SHARES[work] / shares)
            outcomes[work] = (count, scene.kill(work, count, random.Random(arguments.seed)))
    return tell(outcomes, as_json=arguments.json)


class Scene:
    """The folders in which the killing takes place."""

    def __init__(self, folder: Path, photos: int, *, generated: bool) -> None:
        self._folder = folder
        self._source = folder / "source"
        if generated or not REAL_PHOTOS.is_dir():
            generate_set(self._source, photos)
        else:
            copy_set(REAL_PHOTOS, self._source, photos)
        self._expected = known_photos(self._source)

    def kill(self, name: str, count: int, moments: random.Random) -> Outcome:
        if name == "import":
            return kill_often(self._importing(), count, moments)
        if name == "augment":
            outcome = kill_often(self._augmenting(first=True), count // 4, moments)
            outcome.add(kill_often(self._augmenting(first=False), count - count // 4, moments))
            return outcome
        cold = round(count * COLD_SHARE)
        outcome = in_child(lambda: kill_with_tensorflow(self._training(), count - cold, moments))
        outcome.add(kill_often(self._training(), cold, moments))
        return outcome

    def _project(self, name: str, sources: Sequence[Path]) -> Path:
        folder = self._folder / name
        if not folder.exists():
            with Project.create(folder) as project:
                take(project, sources)
        return folder

    def _importing(self) -> Work:
        return Work(
            self._project("some", [self._source / "val", self._source / "test"]),
            lambda folder: run_import(folder, self._source),
            lambda folder: len(list((folder / "labels").iterdir())) < len(self._expected),
            self._check_import,
        )

    def _check_import(self, project: Project, outcome: Outcome) -> None:
        for photo in project.photos:
            expected = self._expected.get(photo.name)
            given = project.split(photo), project.label(photo)
            if expected is None or sha256_of(photo.path) != expected.digest:
                outcome.fault(HALF, photo.name)
            elif given[0] not in (None, expected.split) or given[1] not in (None, expected.boxes):
                outcome.fault(HALF, f"{photo.name}: {given}")
        take(project, [self._source])
        found = {photo.name: project.label(photo) for photo in project.photos}
        if found != {name: expected.boxes for name, expected in self._expected.items()}:
            outcome.fault(UNFINISHED, sorted(found))

    def _augmenting(self, *, first: bool) -> Work:
        base = self._project("all" if first else "augmented", [self._source])
        if not first and read_set(base / "augmented") is None:
            augment(base, OLD_SETTINGS)
        return Work(
            base,
            lambda folder: augment(folder, NEW_SETTINGS),
            lambda folder: (folder / f"{TEMPORARY_PREFIX}augmented").exists(),
            lambda project, outcome: check_set(project, outcome, none_is_right=first),
        )

    def _training(self) -> Work:
        base = self._project("trained", [self._source])
        if not list_runs(base / "runs"):
            in_child(lambda: train_tiny(base) or Outcome())
        old = snapshot(base / "runs")
        return Work(
            base,
            train_tiny,
            lambda folder: not all(run.complete for run in list_runs(folder / "runs")),
            lambda project, outcome: check_runs(project, outcome, old),
        )


# --- the works, as the program does them ------------------------------------------------


def take(project: Project, sources: Sequence[Path]) -> None:
    import_source(project, sources, ignore_progress, StopToken(), unlabelled=Unlabelled.NO_FACE)
    project.assign_missing_splits()


def run_import(folder: Path, source: Path) -> None:
    with Project.open(folder) as project:
        take(project, [source])


def augment(folder: Path, settings: AugmentationSettings) -> None:
    with Project.open(folder) as project:
        samples = project.samples(Split.TRAIN)
        augment_set(samples, project.augmented_folder, settings, ignore_progress, StopToken())


def train_tiny(folder: Path) -> None:
    """The Classic network with four channels throughout: it writes what the large one does."""
    import tensorflow

    from facegui.ml.presets import TrainSettings
    from facegui.ml.training import train
    from facegui.ml.weights import random_weights

    tensorflow.config.run_functions_eagerly(True)  # compiling would take longer than all else
    settings = TrainSettings(weights="random", epochs=2, input_size=32)
    with Project.open(folder) as project:
        weights = random_weights(0, channels=(4,) * 13)
        train(project, settings, lambda _: None, StopToken(), weights=weights)


# --- killing ----------------------------------------------------------------------------


def kill_often(work: Work, count: int, moments: random.Random) -> Outcome:
    """Kills the work `count` times; those that ended before do not count."""
    outcome = Outcome()
    started_s = time.monotonic()
    folder = work.base.with_name("victim")
    duration_s = 0.0
    for attempt in range(count * ATTEMPTS + 1):
        if outcome.kills == count:
            break
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(work.base, folder)
        before = snapshot(folder / "photos") | snapshot(folder / "labels")
        delay_s = moments.uniform(0, duration_s) if attempt else LONGEST_S
        killed, lasted_s = run_and_kill(lambda: work.run(folder), delay_s)
        if not killed:
            duration_s = lasted_s
            continue
        outcome.kills += 1
        outcome.half_done += work.is_half_done(folder)
        look(work, folder, before, outcome)
    outcome.seconds = time.monotonic() - started_s
    return outcome


def run_and_kill(run: Callable[[], None], delay_s: float) -> tuple[bool, float]:
    """Runs something in a child; whether it was killed, and how long it lasted."""
    started_s = time.monotonic()
    child = os.fork()
    if child == 0:
        live_alone(run)
    ended = 0
    while not ended and (left_s := started_s + delay_s - time.monotonic()) > 0:
        time.sleep(min(left_s, 0.01))
        ended, status = os.waitpid(child, os.WNOHANG)
    if not ended:
        os.kill(child, signal.SIGKILL)
        _, status = os.waitpid(child, 0)
    killed = os.WIFSIGNALED(status)
    if not killed and os.WEXITSTATUS(status):
        raise SystemExit("the work failed without being killed")
    return killed, time.monotonic() - started_s


def live_alone(run: Callable[[], None]) -> None:
    """The rest of a child's life; what TensorFlow tells is nobody's concern."""
    for stream in (sys.stdout, sys.stderr):
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
    try:
        run()
    except BaseException:
        os.write(STANDARD_ERROR, traceback.format_exc().encode())
        os._exit(1)
    os._exit(0)


def in_child(run: Callable[[], Outcome]) -> Outcome:
    """Runs something in a child and lets it end: what it loads, it takes with it."""
    reading, writing = os.pipe()

    def send() -> None:
        with os.fdopen(writing, "w") as stream:
            json.dump(asdict(run()), stream)

    child = os.fork()
    if child == 0:
        os.close(reading)
        live_alone(send)
    os.close(writing)
    with os.fdopen(reading) as stream:
        text = stream.read()
    _, status = os.waitpid(child, 0)
    if status:
        raise SystemExit("a child failed")
    return Outcome(**json.loads(text))


def kill_with_tensorflow(work: Work, count: int, moments: random.Random) -> Outcome:
    """TensorFlow is loaded once and every child has it."""
    import keras  # noqa: F401
    import tensorflow  # noqa: F401

    return kill_often(work, count, moments)


# --- looking ----------------------------------------------------------------------------


def snapshot(folder: Path) -> dict[str, str]:
    files = [path for path in folder.rglob("*") if path.is_file()]
    return {str(path.relative_to(folder.parent)): sha256_of(path) for path in files}


def look(work: Work, folder: Path, before: dict[str, str], outcome: Outcome) -> None:
    try:
        project = Project.open(folder)
    except UserError as error:
        outcome.fault(CLOSED, f"{error} {error.details}")
        return
    with project:
        after = snapshot(folder / "photos") | snapshot(folder / "labels")
        for name, digest in before.items():
            if after.get(name) != digest:
                outcome.fault(LOST, name)
        for name, record in load_index(work.base / INDEX_NAME).photos.items():
            if project.record(name) != record:
                outcome.fault(LOST, f"split or session of {name}")
        for leftover in (*folder.rglob(f"{TEMPORARY_PREFIX}*"), *folder.glob(".replaced-*")):
            outcome.fault(LEFTOVERS, leftover.relative_to(folder))
        try:
            work.check(project, outcome)
        except (UserError, OSError) as error:
            outcome.fault(HALF, error)


def check_set(project: Project, outcome: Outcome, *, none_is_right: bool) -> None:
    found = read_set(project.augmented_folder)
    if found is None:
        if not none_is_right:
            outcome.fault(BROKEN_SET, "no set is left")
        return
    samples = project.samples(Split.TRAIN)
    if not any(found.is_current(samples, settings) for settings in (OLD_SETTINGS, NEW_SETTINGS)):
        outcome.fault(BROKEN_SET, "it is neither the old nor the new one")
    for copy in found.samples:
        label = copy.path.parent.parent / "labels" / f"{copy.path.stem}.json"
        if sha256_of(copy.path) != copy.digest or read_label_file(label).boxes != copy.boxes:
            outcome.fault(BROKEN_SET, copy.path.name)


def whole(archive: Path) -> bool:
    """Whether every part of an archive can be read."""
    with zipfile.ZipFile(archive) as opened:
        return opened.testzip() is None


def check_runs(project: Project, outcome: Outcome, old: dict[str, str]) -> None:
    from facegui.ml.model_file import read_model_file

    for run in list_runs(project.runs_folder):
        with contextlib.suppress(UserError):
            run.metrics()
            if run.complete:
                run.card()
                read_model_file(run.model_path)
            if run.has_int8:
                read_model_file(run.int8_path)
            if run.resumable and not whole(run.folder / CHECKPOINT_NAME):
                outcome.fault(FALSE_RUN, f"{run.name}: {CHECKPOINT_NAME}")
            continue
        outcome.fault(FALSE_RUN, run.name)
    now = snapshot(project.runs_folder)
    for name, digest in old.items():
        if now.get(name) != digest:
            outcome.fault(LOST, name)


# --- telling ----------------------------------------------------------------------------


def tell(outcomes: dict[str, tuple[int, Outcome]], *, as_json: bool) -> int:
    total = Outcome()
    figures = []
    for work, (count, outcome) in outcomes.items():
        total.add(outcome)
        figures.append(Figure(f"kills in {work}", outcome.kills, bar=count))
        figures.append(Figure("  of them left it half done", outcome.half_done))
        figures.append(Figure("  time", outcome.seconds, "s"))
    for kind in FAULTS:
        found = total.faults.get(kind, [])
        figures.append(Figure(kind, len(found), bar=0, at_most=True))
        for what in found[:10]:
            print(f"{kind}: {what}", file=sys.stderr)
    figures.append(Figure("kills", total.kills))
    return show("Kills at random moments", figures, as_json=as_json)


if __name__ == "__main__":
    sys.exit(main())
