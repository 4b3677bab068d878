"""Making the augmented set: of the given photos alone, repeatable, whole or not at all."""

from __future__ import annotations

import errno
import os
import shutil
import signal
import subprocess
import sys
import threading
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from facegui.core import augmenter
from facegui.core.augmentation_settings import AugmentationSettings
from facegui.core.augmented_set import AugmentedSet, read_set, recover_set
from facegui.core.augmenter import augment_set
from facegui.core.boxes import Box
from facegui.core.errors import Cancelled, UserError
from facegui.core.files import sha256_of
from facegui.core.images import picture_size, read_picture, write_picture
from facegui.core.labelme import read_label_file
from facegui.core.photo_library import Photo, Sample
from facegui.core.progress import Progress, StopToken, ignore_progress

SETTINGS = AugmentationSettings(copies=3)
FACE = Box(20.0, 10.0, 60.0, 50.0)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "augmented"


def add_photo(tmp_path: Path, name: str, boxes: tuple[Box, ...] = (FACE,)) -> Sample:
    photos = tmp_path / "photos"
    photos.mkdir(exist_ok=True)
    small = np.random.default_rng(len(name)).integers(0, 256, (6, 8, 3), dtype=np.uint8)
    write_picture(photos / name, cv2.resize(small, (100, 75)))
    return Sample(Photo(name, photos / name), boxes)


@pytest.fixture
def samples(tmp_path: Path) -> list[Sample]:
    return [
        add_photo(tmp_path, "a.jpg"),
        add_photo(tmp_path, "bb.png", ()),
        add_photo(tmp_path, "Jörg 笑.jpg"),
    ]


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere every name is in Unicode")
def test_names_that_are_not_in_utf8_are_augmented_too(tmp_path: Path, folder: Path) -> None:
    made = make([add_photo(tmp_path, "caf\udce9.jpg"), add_photo(tmp_path, "b.jpg")], folder)
    assert made.skipped == ()
    assert read_set(folder) == made


def make(
    samples: list[Sample], folder: Path, settings: AugmentationSettings = SETTINGS
) -> AugmentedSet:
    return augment_set(samples, folder, settings, ignore_progress, StopToken())


def digests(made: AugmentedSet) -> dict[str, str]:
    return {copy.path.name: copy.digest for copy in made.samples}


def test_copies_and_labels_are_on_disk(samples: list[Sample], folder: Path) -> None:
    made = make(samples, folder)
    assert len(made.samples) == 9
    assert made.skipped == ()
    for copy in made.samples:
        assert sha256_of(copy.path) == copy.digest
        assert picture_size(copy.path) == (copy.width, copy.height)
        label = read_label_file(folder / "train" / "labels" / f"{copy.path.stem}.json")
        assert label.boxes == copy.boxes
        assert label.image_name == copy.path.name
        assert label.image_size == (copy.width, copy.height)
    names = {path.name for path in (folder / "train" / "images").iterdir()}
    assert names == {copy.path.name for copy in made.samples}


def test_photo_without_a_face_gives_copies_without(samples: list[Sample], folder: Path) -> None:
    made = make(samples, folder)
    assert {copy.photo for copy in made.samples if not copy.boxes} >= {"bb.png"}
    assert all(not copy.boxes for copy in made.samples if copy.photo == "bb.png")


def test_only_the_given_photos_are_augmented(
    samples: list[Sample], folder: Path, tmp_path: Path
) -> None:
    before = {path: path.read_bytes() for path in (tmp_path / "photos").iterdir()}
    made = make(samples[:1], folder)
    assert {copy.photo for copy in made.samples} == {"a.jpg"}
    assert {path: path.read_bytes() for path in (tmp_path / "photos").iterdir()} == before


def test_same_seed_gives_the_same_files_another_seed_others(
    samples: list[Sample], folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = digests(make(samples, folder))
    monkeypatch.setattr(augmenter, "MAXIMUM_THREADS", 1)
    assert digests(make(samples[::-1], folder)) == first
    other = digests(make(samples, folder, replace(SETTINGS, seed=4)))
    assert other.keys() == first.keys()
    assert not set(other.values()) & set(first.values())


def test_new_photos_leave_the_copies_of_the_others(
    samples: list[Sample], folder: Path, tmp_path: Path
) -> None:
    """What was computed from those copies is found again by their content."""
    before = digests(make(samples, folder))
    after = digests(make([add_photo(tmp_path, "0.jpg"), *samples], folder))
    assert before.items() < after.items()


def test_photos_of_one_stem_do_not_overwrite_each_other(tmp_path: Path, folder: Path) -> None:
    both = [add_photo(tmp_path, "x.jpg"), add_photo(tmp_path, "x.png")]
    made = make(both, folder)
    assert len({copy.path.name.casefold() for copy in made.samples}) == 6


def test_preset_none_copies_the_photo(samples: list[Sample], folder: Path) -> None:
    plain = AugmentationSettings.from_json(
        {"copies": 1}
        | {name: {"enabled": False} for name in ("random_crop", "rotation", "horizontal_flip")}
        | {name: {"enabled": False} for name in ("brightness_contrast", "gamma", "rgb_shift")}
        | {name: {"enabled": False} for name in ("blur", "noise", "jpeg_quality")}
    )
    made = make(samples[:1], folder, plain)
    assert made.samples[0].boxes == (FACE,)
    original = read_picture(samples[0].photo.path).astype(int)
    assert np.abs(read_picture(made.samples[0].path) - original).mean() < 2


def test_progress_is_told_on_the_calling_thread(samples: list[Sample], folder: Path) -> None:
    seen: list[tuple[Progress, int]] = []
    augment_set(
        samples,
        folder,
        SETTINGS,
        lambda progress: seen.append((progress, threading.get_ident())),
        StopToken(),
    )
    assert {thread for _, thread in seen} == {threading.get_ident()}
    assert seen[-1][0] == Progress(9, 9)
    done = [progress.done for progress, _ in seen]
    assert done == sorted(done)


# --- what goes wrong ------------------------------------------------------------------


def test_damaged_and_missing_photos_are_named_and_the_rest_is_made(
    samples: list[Sample], folder: Path
) -> None:
    samples[0].photo.path.write_bytes(b"\xff\xd8\xff no picture")
    samples[2].photo.path.unlink()
    made = make(samples, folder)
    assert {copy.photo for copy in made.samples} == {"bb.png"}
    assert [photo.name for photo in made.skipped] == ["a.jpg", "Jörg 笑.jpg"]
    assert all(photo.name in photo.reason for photo in made.skipped)
    assert read_set(folder) == made


def test_nothing_readable_is_an_error_and_keeps_the_set_before(
    samples: list[Sample], folder: Path
) -> None:
    before = make(samples, folder)
    for sample in samples:
        sample.photo.path.write_bytes(b"")
    with pytest.raises(UserError, match="None of the training photos") as failed:
        make(samples, folder)
    assert "bb.png" in failed.value.details
    assert read_set(folder) == before


def test_no_photos_is_an_error(folder: Path) -> None:
    with pytest.raises(UserError, match="no training photos"):
        make([], folder)
    assert not folder.exists()


@pytest.mark.parametrize("after", [0, 4, 9])
def test_cancel_keeps_the_set_before(
    samples: list[Sample], folder: Path, monkeypatch: pytest.MonkeyPatch, after: int
) -> None:
    before = make(samples, folder)
    stop = StopToken()
    written = 0
    encode = augmenter.encode_jpeg

    def counting(pixels: np.ndarray) -> bytes:
        nonlocal written
        written += 1
        if written >= after:
            stop.cancel()
        return encode(pixels)

    if after == 0:
        stop.cancel()
    monkeypatch.setattr(augmenter, "encode_jpeg", counting)
    with pytest.raises(Cancelled):
        augment_set(samples, folder, replace(SETTINGS, seed=9), ignore_progress, stop)
    assert read_set(folder) == before
    assert sorted(path.name for path in folder.parent.iterdir()) == ["augmented", "photos"]


@pytest.mark.parametrize(
    ("number", "words"), [(errno.ENOSPC, "disk is full"), (errno.EACCES, "permission")]
)
def test_full_disk_keeps_the_set_before(
    samples: list[Sample],
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    number: int,
    words: str,
) -> None:
    before = make(samples, folder)

    def refuse(_path: Path, _data: bytes) -> int:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(Path, "write_bytes", refuse)
    with pytest.raises(UserError, match=words):
        make(samples, folder, replace(SETTINGS, seed=9))
    assert read_set(folder) == before
    assert sorted(path.name for path in folder.parent.iterdir()) == ["augmented", "photos"]


def test_error_in_a_report_stops_the_threads(samples: list[Sample], folder: Path) -> None:
    def fail(_progress: Progress) -> None:
        raise RuntimeError("window is gone")

    threads = threading.active_count()
    with pytest.raises(RuntimeError):
        augment_set(samples, folder, replace(SETTINGS, copies=200), fail, StopToken())
    assert threading.active_count() == threads
    assert not folder.exists()


def test_opencv_gets_its_threads_back(samples: list[Sample], folder: Path) -> None:
    before = cv2.getNumThreads()
    make(samples, folder)
    assert cv2.getNumThreads() == before


KILLED = """
import os, signal, sys
from dataclasses import replace
from pathlib import Path
from facegui.core import augmented_set
from facegui.core.augmenter import augment_set
from facegui.core.augmentation_settings import AugmentationSettings
from facegui.core.photo_library import Photo
from facegui.core.progress import StopToken
from facegui.core.photo_library import Sample

folder, moment = Path(sys.argv[1]), sys.argv[2]
photos = sorted((folder.parent / "photos").iterdir())
samples = [Sample(Photo(path.name, path), ()) for path in photos]

def die(*_):
    os.kill(os.getpid(), signal.SIGKILL)

rename = Path.rename
def dying_rename(path, target):
    if moment == "before " + path.name:
        die()
    rename(path, target)
    if moment == "after " + path.name:
        die()

Path.rename = dying_rename
report = die if moment == "making" else (lambda progress: None)
augment_set(samples, folder, AugmentationSettings(copies=3, seed=1), report, StopToken())
"""


@pytest.mark.slow
@pytest.mark.skipif(os.name != "posix", reason="kills with SIGKILL")
@pytest.mark.parametrize(
    ("moment", "seed"),
    [
        ("making", 0),
        ("before augmented", 0),
        ("after augmented", 1),
        ("before .writing-augmented", 1),
        ("after .writing-augmented", 1),
    ],
)
def test_killed_at_any_moment_one_set_is_whole(
    samples: list[Sample], folder: Path, moment: str, seed: int
) -> None:
    make(samples, folder)
    command = [sys.executable, "-c", KILLED, str(folder), moment]
    killed = subprocess.run(command, check=False, capture_output=True, timeout=120)
    assert killed.returncode == -signal.SIGKILL, killed.stderr.decode()
    recover_set(folder)
    found = read_set(folder)
    assert found is not None and found.settings.seed == seed
    assert sorted(path.name for path in folder.parent.iterdir()) == ["augmented", "photos"]


def test_real_photos(shared_data: Path, tmp_path: Path, folder: Path) -> None:
    source = shared_data / "webcam-a" / "train"
    samples = []
    for picture in sorted((source / "images").iterdir())[:4]:
        path = Path(shutil.copy(picture, tmp_path))
        label = source / "labels" / f"{picture.stem}.json"
        boxes = read_label_file(label).boxes if label.exists() else ()
        samples.append(Sample(Photo(path.name, path), boxes))
    made = make(samples, folder, replace(SETTINGS, copies=5))
    assert len(made.samples) == 20
    assert any(copy.boxes for copy in made.samples)
    assert all(
        box.clipped(copy.width, copy.height) == box for copy in made.samples for box in copy.boxes
    )
