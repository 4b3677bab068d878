"""new, import, capture, demo and augment, as people call them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from facegui.commands.main import main
from facegui.core.boxes import Box
from facegui.core.camera import Frame
from facegui.core.camera_errors import CameraUnpluggedError
from facegui.core.demo_camera import DemoCamera
from facegui.core.images import write_picture
from facegui.core.labelme import write_label_file
from facegui.core.project import Project
from facegui.core.splits import Split
from tests.commands.conftest import RunJson


def make_photos(folder: Path, count: int) -> None:
    folder.mkdir(parents=True)
    for number in range(count):
        generator = np.random.default_rng(number)
        pixels = generator.integers(0, 255, (48, 64, 3), dtype=np.uint8)
        write_picture(folder / f"photo {number}.png", pixels)


def test_new_makes_an_empty_project(tmp_path: Path, run_json: RunJson) -> None:
    document = run_json("new", tmp_path / "mine")
    with Project.open(Path(document["project"])) as project:
        assert project.photos == ()


def test_import_keeps_photos_without_a_label_as_not_labelled(
    tmp_path: Path, run_json: RunJson
) -> None:
    make_photos(tmp_path / "photos", 3)
    document = run_json("import", tmp_path / "photos", tmp_path / "project")
    assert (len(document["photos"]), document["unlabelled"], document["no_face"]) == (3, 3, 0)


@pytest.mark.parametrize(("choice", "photos", "no_face"), [("skip", 0, 0), ("no-face", 3, 3)])
def test_import_does_with_unlabelled_photos_what_is_asked(
    tmp_path: Path, run_json: RunJson, choice: str, photos: int, no_face: int
) -> None:
    make_photos(tmp_path / "photos", 3)
    document = run_json("import", tmp_path / "photos", tmp_path / "project", "--unlabelled", choice)
    assert (len(document["photos"]), document["no_face"]) == (photos, no_face)


def test_import_tells_people_what_was_left_out(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    make_photos(tmp_path / "photos", 1)
    (tmp_path / "photos" / "broken.jpg").write_bytes(b"no picture at all")
    assert main(["import", str(tmp_path / "photos"), str(tmp_path / "project")]) == 0
    out = capsys.readouterr().out
    assert "1 photos" in out
    assert "broken.jpg" in out


def test_import_of_the_real_set_keeps_its_splits(
    tmp_path: Path, run_json: RunJson, shared_data: Path
) -> None:
    document = run_json(
        "import", shared_data / "webcam-a", tmp_path / "a", "--unlabelled", "no-face"
    )
    assert (len(document["photos"]), document["faces"], document["no_face"]) == (90, 72, 18)
    assert document["splits"] == {"train": 62, "val": 14, "test": 14}


def test_capture_takes_photos_with_the_demo_camera(tmp_path: Path, run_json: RunJson) -> None:
    run_json("new", tmp_path / "mine")
    document = run_json(
        "capture", tmp_path / "mine", "--camera", "demo", "--count", "3", "--interval", "0.05"
    )
    assert len(document["photos"]) == 3
    with Project.open(tmp_path / "mine") as project:
        assert [photo.name for photo in project.photos] == document["photos"]
        assert project.size(project.photos[0]) == (640, 480)


def test_capture_without_a_camera_says_so(
    tmp_path: Path, run_json: RunJson, capsys: pytest.CaptureFixture[str]
) -> None:
    run_json("new", tmp_path / "mine")
    assert main(["capture", str(tmp_path / "mine"), "--camera", "no such camera"]) == 1
    assert "no such camera" in capsys.readouterr().err


def test_demo_makes_the_same_photos_from_the_same_seed(tmp_path: Path, run_json: RunJson) -> None:
    for name in ("one", "two"):
        run_json("demo", tmp_path / name, "--count", "4", "--seed", "3")
    first, second = (sorted((tmp_path / name / "photos").iterdir()) for name in ("one", "two"))
    assert [path.read_bytes() for path in first] == [path.read_bytes() for path in second]


def test_demo_has_faces_and_photos_without(demo: Path) -> None:
    with Project.open(demo) as project:
        samples = project.samples()
        assert len(samples) == 16
        assert 0 < sum(bool(sample.boxes) for sample in samples) < 16
        assert all(project.split(sample.photo) for sample in samples)


def test_augment_copies_training_photos_alone(demo: Path, run_json: RunJson) -> None:
    document = run_json("augment", demo, "--copies", "2", "--seed", "1")
    with Project.open(demo) as project:
        training = {sample.photo.name for sample in project.samples(Split.TRAIN)}
    assert document["photos"] == len(training)
    assert document["copies"] == 2 * len(training)
    copies = (demo / "augmented" / "train" / "images").iterdir()
    assert {path.stem.rsplit("-", 1)[0] for path in copies} == {
        Path(name).stem for name in training
    }


def test_capture_tells_what_a_camera_that_fails_has_given(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def read_once(self: DemoCamera) -> Frame | None:
        monkeypatch.setattr(DemoCamera, "read", fail)
        return self.frame(0)

    def fail(_: DemoCamera) -> Frame | None:
        raise CameraUnpluggedError("Demo")

    Project.create(tmp_path / "mine").close()
    monkeypatch.setattr(DemoCamera, "read", read_once)
    assert main(["capture", str(tmp_path / "mine"), "--camera", "demo", "--interval", "0"]) == 1
    assert "are in the project: 1." in capsys.readouterr().err


def test_augment_refuses_settings_out_of_range(
    demo: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["augment", str(demo), "--copies", "0"]) == 2
    assert "copies" in capsys.readouterr().err


def test_a_photo_with_two_faces_keeps_both(tmp_path: Path, run_json: RunJson) -> None:
    make_photos(tmp_path / "photos", 1)
    photo = tmp_path / "photos" / "photo 0.png"
    boxes = [Box(1, 1, 20, 20), Box(30, 5, 60, 40)]
    write_label_file(photo.with_suffix(".json"), boxes, photo, (64, 48))
    assert run_json("import", photo, tmp_path / "project")["faces"] == 2


def test_import_of_boxes_that_are_not_called_face_asks_what_they_are(
    tmp_path: Path, run_json: RunJson, capsys: pytest.CaptureFixture[str], shared_data: Path
) -> None:
    words = ["import", str(shared_data / "crowd-voc"), str(tmp_path / "project")]
    assert main(words) == 1
    said = capsys.readouterr()
    assert "214 photos with Pascal VOC labels: with_mask (759)" in said.out
    assert "--all-labels" in said.err
    assert not (tmp_path / "project").exists(), "nothing is written before it is clear"
    document = run_json(*words, "--all-labels")
    assert (document["faces"], document["formats"]) == (964, {"Pascal VOC": 214})


@pytest.mark.parametrize("key", ["voc", "yolo"])
def test_exported_labels_import_again(
    demo: Path, tmp_path: Path, run_json: RunJson, key: str
) -> None:
    out = tmp_path / "out"
    written = run_json("export-labels", demo, out, "--format", key)
    document = run_json("import", out, tmp_path / "again")
    assert len(document["photos"]) == written["photos"] == 16
    assert document["faces"] == written["faces"]


def test_a_packed_project_moves_and_merges(demo: Path, tmp_path: Path, run_json: RunJson) -> None:
    packed = run_json("pack", demo, tmp_path / "demo.zip")
    assert (packed["photos"], packed["labels"]) == (16, 16)
    moved = run_json("import", tmp_path / "demo.zip", tmp_path / "moved")
    assert len(moved["photos"]) == 16
    merged = run_json("import", tmp_path / "demo.zip", tmp_path / "moved")
    assert (merged["photos"], len(merged["duplicates"])) == ([], 16)
