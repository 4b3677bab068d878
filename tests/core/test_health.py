"""Each fault is found, and told with what to do about it."""

from __future__ import annotations

import itertools
import json
import zlib

import cv2
import numpy as np
import pytest
from PIL import Image

from facegui.commands.main import main
from facegui.core.boxes import Box
from facegui.core.errors import Cancelled
from facegui.core.health import Kind, Remedy, check_project
from facegui.core.images import EncodedPicture, encode_picture
from facegui.core.progress import StopToken, ignore_progress
from facegui.core.project import NewPhoto, Project
from facegui.core.project_index import PhotoRecord
from facegui.core.splits import Split

FACE = Box(40.0, 30.0, 90.0, 90.0)


def scene(seed):
    noise = np.random.default_rng(seed).integers(0, 255, (9, 12, 3), np.uint8)
    return np.array(Image.fromarray(noise).resize((160, 120), Image.Resampling.NEAREST))


@pytest.fixture
def add(project):
    def add_one(name, boxes=(FACE,), pixels=None, split=None):
        if pixels is None:
            pixels = scene(zlib.crc32(name.encode()))
        picture = EncodedPicture(encode_picture(pixels), ".jpg", 160, 120)
        return project.add_photos([NewPhoto(picture, name, PhotoRecord(split), boxes)])[0]

    return add_one


@pytest.fixture
def good(add):
    """A project with nothing wrong: every split has faces, and some photos without."""
    for split in Split:
        for number in range(7):
            add(f"{split}-{number}.jpg", (FACE,) if number else (), split=split)


def kinds(project):
    return {finding.kind: finding for finding in check_project(project)}


@pytest.mark.usefixtures("good")
def test_nothing_is_wrong_with_a_good_project(project):
    assert check_project(project) == ()


@pytest.mark.parametrize(
    ("kind", "boxes"),
    [
        (Kind.TINY_BOX, (Box(5, 5, 9, 40),)),
        (Kind.LARGE_BOX, (Box(0, 0, 159, 119),)),
        (Kind.TWO_BOXES, (FACE, Box(42, 33, 88, 88))),
        (Kind.UNLABELLED, None),
    ],
)
@pytest.mark.usefixtures("good")
def test_doubtful_boxes_are_found(project, add, kind, boxes):
    add("odd.jpg", boxes, split=Split.TRAIN)
    found = kinds(project)
    assert set(found) == {kind}
    assert found[kind].photos == ("odd.jpg",)
    assert found[kind].remedy is Remedy.LABEL


@pytest.mark.usefixtures("good")
def test_two_people_beside_each_other_are_not_one_face(project, add):
    add("two.jpg", (FACE, Box(70.0, 35.0, 120.0, 95.0)), split=Split.TRAIN)
    assert check_project(project) == ()


@pytest.mark.usefixtures("good")
def test_dark_blurred_and_copied_photos_are_found(project, add):
    add("dark.jpg", pixels=scene(901) // 8, split=Split.TRAIN)
    add("blurred.jpg", pixels=cv2.GaussianBlur(scene(902), (0, 0), 3), split=Split.TRAIN)
    add("one.jpg", pixels=scene(903), split=Split.TRAIN)
    add("two.jpg", pixels=np.clip(scene(903) * 0.9, 0, 255).astype(np.uint8), split=Split.TRAIN)
    found = kinds(project)
    assert {kind: finding.photos for kind, finding in found.items()} == {
        Kind.DARK: ("dark.jpg",),
        Kind.BLURRED: ("blurred.jpg",),
        Kind.DUPLICATE: ("two.jpg",),
    }
    assert all(finding.remedy is Remedy.THROW_AWAY for finding in found.values())


def recompressed(pixels, quality):
    bgr = cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR)
    return cv2.imencode(".jpg", bgr, [cv2.IMWRITE_JPEG_QUALITY, quality])[1].tobytes()


@pytest.mark.usefixtures("good")
def test_of_near_copies_the_labelled_one_stays_and_else_the_one_with_more_detail(project):
    for name, seed, quality, boxes in (
        ("a1.jpg", 904, 95, None),
        ("a2.jpg", 904, 40, (FACE,)),
        ("b1.jpg", 905, 40, (FACE,)),
        ("b2.jpg", 905, 95, (FACE,)),
    ):
        picture = EncodedPicture(recompressed(scene(seed), quality), ".jpg", 160, 120)
        project.add_photos([NewPhoto(picture, name, PhotoRecord(Split.TRAIN), boxes)])
    assert kinds(project)[Kind.DUPLICATE].photos == ("a1.jpg", "b1.jpg")


@pytest.mark.usefixtures("good")
def test_of_a_slow_burst_only_near_copies_of_what_stays_can_go(project, add, monkeypatch):
    names = tuple(f"burst-{number}.jpg" for number in range(6))
    for name in names:
        add(name, split=Split.TRAIN)
    each_like_the_next = tuple(itertools.pairwise(names))
    monkeypatch.setattr(project.facts, "pairs", lambda *_: each_like_the_next)
    spare = set(kinds(project)[Kind.DUPLICATE].photos)
    stay = set(names) - spare
    assert len(stay) >= 2
    assert not any({one, other} <= stay for one, other in each_like_the_next)
    for name in spare:
        assert any(name in pair and stay & set(pair) for pair in each_like_the_next)


@pytest.mark.usefixtures("good")
def test_near_copies_in_several_splits_are_found(project, add):
    add("one.jpg", pixels=scene(903), split=Split.TRAIN)
    add("two.jpg", pixels=scene(903) // 10 * 9, split=Split.TEST)
    leak = kinds(project)[Kind.LEAK]
    assert leak.photos == ("one.jpg", "two.jpg")
    assert leak.remedy is Remedy.MEND


@pytest.mark.usefixtures("good")
def test_damaged_files_are_found(project, add, make_label):
    add("damaged.jpg").path.write_bytes(b"no picture")
    broken = add("broken.jpg")
    project.label_path(broken).write_text("{", "utf-8")
    outside = add("outside.jpg", split=Split.TRAIN)
    make_label(project.label_path(outside), [(10, 10, 50, 50), (500, 500, 600, 600)])
    document = json.loads(project.label_path(outside).read_text("utf-8"))
    document |= {"imageWidth": 160, "imageHeight": 120}
    project.label_path(outside).write_text(json.dumps(document), "utf-8")
    project.refresh()
    found = kinds(project)
    assert found[Kind.BROKEN_PHOTO].photos == ("damaged.jpg",)
    assert found[Kind.BROKEN_LABEL].photos == ("broken.jpg",)
    assert found[Kind.BOX_OUTSIDE].photos == ("outside.jpg",)


@pytest.mark.usefixtures("good")
def test_photos_that_are_no_face_for_their_labels_alone_are_found(project, add, make_label):
    marked = add("marked.jpg", (), split=Split.TRAIN)
    make_label(project.label_path(marked), [(10, 10, 50, 50)], label="person")
    project.refresh()
    found = kinds(project)[Kind.OTHER_LABELS]
    assert found.photos == ("marked.jpg",)
    assert "“person”" in found.what


def test_shares_are_judged(project, add):
    for number in range(25):
        add(f"{number}.jpg", (FACE,), split=Split.TRAIN)
    found = list(check_project(project))
    assert [finding.kind for finding in found] == [
        Kind.FEW_IN_SPLIT,
        Kind.FEW_IN_SPLIT,
        Kind.UNBALANCED,
    ]
    assert all(finding.remedy is Remedy.TAKE_PHOTOS for finding in found)
    assert "Only 0 validation photos" in found[0].what


@pytest.mark.parametrize(
    ("count", "words"),
    [(0, "no photos yet"), (1, "only 1 photo."), (6, "only 6 photos"), (19, "only 19 photos")],
)
def test_too_few_photos_are_told_before_they_are_shared_out(project, add, count, words):
    for number in range(count):
        add(f"{number}.jpg", (FACE,))
    (finding,) = check_project(project)
    assert finding.kind is Kind.FEW_PHOTOS
    assert words in finding.what
    assert finding.remedy is Remedy.TAKE_PHOTOS


@pytest.mark.usefixtures("good")
def test_checking_can_be_cancelled(project):
    stop = StopToken()
    stop.cancel()
    with pytest.raises(Cancelled):
        check_project(project, ignore_progress, stop)


@pytest.mark.usefixtures("good")
def test_command_tells_and_mends(project, capsys):
    project.close()
    assert main(["check", str(project.folder)]) == 0
    assert "Nothing is wrong" in capsys.readouterr().out
    with Project.open(project.folder) as opened:
        for name, split in (("one.jpg", Split.TRAIN), ("two.jpg", Split.TEST)):
            data = encode_picture(scene(903))
            picture = EncodedPicture(data, ".jpg", 160, 120)
            opened.add_photos([NewPhoto(picture, name, PhotoRecord(split), (FACE,))])
    assert main(["check", str(project.folder)]) == 0
    assert "--mend does it" in capsys.readouterr().out
    assert main(["check", "--mend", "--json", str(project.folder)]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["photos_moved"] == 1
    assert [finding["kind"] for finding in document["findings"]] == ["near-copies"]
