"""LabelMe's files: odd ones read, nothing lost in writing, damaged ones left alone."""

from __future__ import annotations

import base64
import errno
import json
import math
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from facegui.core import labelme, labelme_documents
from facegui.core.boxes import Box
from facegui.core.errors import UserError
from facegui.core.images import encode_picture
from facegui.core.labelme import (
    LabelFileError,
    copy_label_file,
    embedded_picture,
    read_label_file,
    write_label_file,
)

SIZE = (640, 480)
FACE = Box(100.0, 50.0, 300.0, 250.0)
CORNERS = [[100.0, 50.0], [300.0, 250.0]]
PICTURE = encode_picture(np.zeros((480, 640, 3), np.uint8))
ENCODED = base64.b64encode(PICTURE).decode()

reuses_folder = settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def shape(points: Any = None, label: Any = "face", kind: Any = "rectangle", **more: Any) -> Any:
    points = CORNERS if points is None else points
    return {"label": label, "points": points, "shape_type": kind, "flags": {}} | more


def document(*shapes: Any, **more: Any) -> dict[str, Any]:
    return {
        "version": "5.0.1",
        "flags": {},
        "shapes": list(shapes),
        "imagePath": "..\\images\\photo.jpg",
        "imageData": None,
        "imageHeight": 480,
        "imageWidth": 640,
    } | more


def without(content: dict[str, Any], *keys: str) -> dict[str, Any]:
    return {key: value for key, value in content.items() if key not in keys}


@pytest.fixture
def label(tmp_path: Path) -> Path:
    return tmp_path / "photo.json"


def put(path: Path, content: Any) -> Path:
    path.write_bytes(content if isinstance(content, bytes) else json.dumps(content).encode())
    return path


def saved(path: Path) -> Any:
    return json.loads(path.read_text("utf-8"))


# Reading


@pytest.mark.parametrize(
    ("content", "boxes"),
    [
        pytest.param(document(shape()), [FACE], id="as LabelMe 5 writes it"),
        pytest.param(document(), [], id="no shapes: no face"),
        pytest.param(document(shape([[300, 250], [100, 50]])), [FACE], id="drawn upwards"),
        pytest.param(document(shape([[300, 50], [100, 250]])), [FACE], id="drawn leftwards"),
        pytest.param(document(shape(label=" Face ")), [FACE], id="label in another case"),
        pytest.param(
            document(shape(), shape([[0, 0], [9, 9]])), [FACE, Box(0, 0, 9, 9)], id="two faces"
        ),
        pytest.param(
            document(shape([[-20, -5], [700, 500]])), [Box(0, 0, 640, 480)], id="beyond all edges"
        ),
        pytest.param(
            document(shape([[100, 50], [300, 150], [200, 250]], kind="polygon")),
            [FACE],
            id="polygon",
        ),
        pytest.param(document(shape([[200, 150], [260, 230]], kind="circle")), [FACE], id="circle"),
        pytest.param(
            document(
                shape([[200, 50], [300, 150], [200, 250], [100, 150]], kind="oriented_rectangle")
            ),
            [FACE],
            id="oriented rectangle of LabelMe 6",
        ),
        pytest.param(
            document(shape([[100, 250], [200, 50], [300, 60]], kind="linestrip")),
            [FACE],
            id="linestrip",
        ),
        pytest.param(document(shape(kind="mask", mask="iVBO")), [FACE], id="mask"),
        pytest.param(
            document(shape([[100, 50], [300, 50], [300, 250], [100, 250]])),
            [FACE],
            id="rectangle with four corners, of a fork",
        ),
        pytest.param(document(shape(kind="ellipse")), [FACE], id="shape type of a fork"),
        pytest.param(
            without(
                document(
                    without(shape([[100, 50], [300, 50], [200, 250]]), "shape_type", "flags"),
                    lineColor=[0, 255, 0, 128],
                    version="3.2.0",
                ),
                "imageWidth",
                "imageHeight",
                "flags",
            ),
            [FACE],
            id="LabelMe 3: no shape type, no size",
        ),
        pytest.param(
            document(shape([[-20, 50], [300, 250]]), imageWidth=None, imageHeight="480"),
            [Box(-20, 50, 300, 250)],
            id="no size known: not clipped",
        ),
    ],
)
def test_whatever_labelme_writes_is_read(label: Path, content: Any, boxes: list[Box]) -> None:
    read = read_label_file(put(label, content))
    assert list(read.boxes) == boxes
    assert read.notes == ()


@pytest.mark.parametrize(
    ("faulty", "words"),
    [
        (shape([[5, 5]], kind="point"), "no area"),
        (shape([[5, 5], [9, 9], [40, 3]], kind="points"), "no area"),
        (shape([[5, 5], [5, 90]]), "no area"),
        (shape([[5, 5], [5, 5]], kind="circle"), "no area"),
        (shape([[700, 10], [800, 90]]), "outside the picture"),
        (shape([[300, 250], [100, 50]]), "repeats another"),
    ],
)
def test_a_shape_that_is_no_box_is_left_out_and_said(label: Path, faulty: Any, words: str) -> None:
    read = read_label_file(put(label, document(shape(), faulty)))
    assert read.boxes == (FACE,)
    assert len(read.notes) == 1
    assert "shape 2" in read.notes[0] and words in read.notes[0]


@pytest.mark.parametrize(
    ("faulty", "words"),
    [
        (shape([[5, 5]], kind="point"), "no area"),
        (shape([[5, 5], [5, 90]]), "no area"),
        (shape([[700, 10], [800, 90]]), "outside the picture"),
    ],
)
def test_a_file_whose_faces_are_no_boxes_does_not_say_no_face(
    label: Path, faulty: Any, words: str
) -> None:
    put(label, document(shape(label="cat"), faulty))
    with pytest.raises(LabelFileError, match=words):
        read_label_file(label)
    write_label_file(label, [FACE], label.with_suffix(".jpg"), SIZE)
    assert read_label_file(label).boxes == (FACE,)


def test_a_size_given_clips_a_file_without_one(label: Path) -> None:
    content = without(document(shape([[-20, 50], [900, 250]])), "imageWidth", "imageHeight")
    assert read_label_file(put(label, content), size=SIZE).boxes == (Box(0, 50, 640, 250),)


def test_other_labels_are_ignored_by_name_or_taken_as_faces(label: Path) -> None:
    other = [[1, 2], [3, 4]]
    broken_but_ignored = shape([], label="car")
    put(label, document(shape(other, label="head"), shape(), shape(other, label="head")))
    read = read_label_file(label)
    assert (read.boxes, read.other_labels) == ((FACE,), ("head",))
    taken = read_label_file(label, take_all_labels=True)
    assert (taken.boxes, taken.other_labels) == ((Box(1, 2, 3, 4), FACE), ())
    put(label, document(broken_but_ignored))
    assert read_label_file(label).other_labels == ("car",)
    with pytest.raises(LabelFileError, match="Shape 1"):
        read_label_file(label, take_all_labels=True)


@pytest.mark.parametrize(
    ("image_path", "name"),
    [
        ("..\\images\\photo.jpg", "photo.jpg"),
        ("../images/photo.jpg", "photo.jpg"),
        ("C:\\Users\\Zoë\\Bilder\\Größe.JPG", "Größe.JPG"),
        ("photo.jpg", "photo.jpg"),
        ("..", None),
        ("", None),
        (None, None),
        (7, None),
    ],
)
def test_the_pictures_name_comes_from_any_systems_path(
    label: Path, image_path: Any, name: str | None
) -> None:
    assert read_label_file(put(label, document(imagePath=image_path))).image_name == name


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_the_encodings_of_windows_are_read(label: Path, encoding: str) -> None:
    content = document(shape(), shape(label="Müller"), imagePath="Zoë.jpg")
    read = read_label_file(put(label, json.dumps(content, ensure_ascii=False).encode(encoding)))
    assert (read.boxes, read.other_labels, read.image_name) == ((FACE,), ("Müller",), "Zoë.jpg")


@pytest.mark.parametrize("name", ["乗.jpg", "嘰.jpg"])
def test_chinese_windows_of_labelme_3_is_read(label: Path, name: str) -> None:
    """The first is no text, the second no JSON in western Windows' encoding."""
    text = json.dumps(document(shape(), imagePath=name), ensure_ascii=False)
    read = read_label_file(put(label, text.encode("gbk")))
    assert (read.boxes, read.image_name) == ((FACE,), name)


# A photo that was changed after labelling


@pytest.mark.parametrize("size", [(320, 240), (1280, 960), (213, 160), (1000, 750)])
def test_boxes_follow_a_photo_that_was_resized_since(label: Path, size: tuple[int, int]) -> None:
    read = read_label_file(put(label, document(shape())), size=size)
    factor = size[0] / 640
    assert read.boxes[0].corners == pytest.approx(FACE.scaled(factor, factor).corners, rel=2e-3)
    assert read.image_size == SIZE
    assert "scaled" in read.notes[0] and "640x480" in read.notes[0]


@pytest.mark.parametrize("size", [(480, 640), (640, 200)])
def test_boxes_stay_on_a_photo_that_was_cropped_or_turned_since(
    label: Path, size: tuple[int, int]
) -> None:
    read = read_label_file(put(label, document(shape())), size=size)
    assert read.boxes == (FACE.clipped(*size),)
    assert "look at the boxes again" in read.notes[0]


def test_an_old_file_tells_its_size_by_the_picture_inside(label: Path) -> None:
    content = without(document(shape(), imageData=ENCODED), "imageWidth", "imageHeight")
    read = read_label_file(put(label, content), size=(320, 240))
    assert (read.image_size, read.boxes) == (SIZE, (FACE.scaled(0.5, 0.5),))
    content |= {"imageWidth": 0, "imageHeight": 0}
    assert read_label_file(put(label, content)).image_size == SIZE
    content["imageData"] = "no picture"
    assert read_label_file(put(label, content), size=SIZE).boxes == (FACE,)


# Embedded pictures


def test_the_picture_inside_is_given_out(label: Path) -> None:
    assert embedded_picture(put(label, document())) is None
    assert not read_label_file(label).embedded
    for data in (ENCODED, f"data:image/jpeg;base64,{ENCODED[:80]}\n{ENCODED[80:]}"):
        assert embedded_picture(put(label, document(imageData=data))) == PICTURE
        assert read_label_file(label).embedded


@pytest.mark.parametrize("data", ["????", "é", "AAAA", ENCODED[:400]])
def test_a_damaged_picture_inside_is_an_error(label: Path, data: str) -> None:
    with pytest.raises(LabelFileError, match=r"picture inside .* is damaged"):
        embedded_picture(put(label, document(imageData=data)))


# Damaged files

NAN = float("nan")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "empty"),
        (b"\0" * 100, "empty"),
        (json.dumps(document(shape()), indent=2).encode()[:150], r"in line \d+, column \d+"),
        (b"\xff\xd8\xff\xe0 no text \x81", "damaged"),
        (b"[" * 100_000, "nested too deeply"),
        (b'{"shapes": [], "n": ' + b"9" * 5000 + b"}", "digits"),
        (b"null", "no LabelMe file"),
        (["shapes"], "no LabelMe file"),
        ({"images": [], "annotations": []}, "no LabelMe file"),
        (document() | {"shapes": None}, "no LabelMe file"),
        (document(shape(), 7), "Shape 2 .* no JSON object"),
        (document(without(shape(), "label")), "Shape 1 .* no label"),
        (document(shape(label=None)), "Shape 1 .* no label"),
        (document(shape(), without(shape(), "points")), "Shape 2 .* no points"),
        (document(shape([])), "no points"),
        (document(shape([[1, 2], [NAN, 4]])), "point 2 is not two numbers"),
        (document(shape([[1, 2], [None, 4]])), "point 2 is not two numbers"),
        (document(shape([["1", 2], [3, 4]])), "point 1 is not two numbers"),
        (document(shape([[1, 2], [3, True]])), "point 2 is not two numbers"),
        (document(shape([[1, 2], [3, 10**400]])), "point 2 is not two numbers"),
        (document(shape([[1, 2], [3]])), "point 2 is not two numbers"),
        (document(shape([[1, 2], 3])), "point 2 is not two numbers"),
        (document(shape([[1, 2]], kind="circle")), "circle"),
    ],
)
def test_a_damaged_file_says_why_and_is_never_written(
    label: Path, content: Any, words: str
) -> None:
    before = put(label, content).read_bytes()
    for attempt in (
        lambda: read_label_file(label),
        lambda: write_label_file(label, [FACE], label.with_suffix(".jpg"), SIZE),
        lambda: copy_label_file(label, label, label.with_suffix(".jpg"), SIZE),
    ):
        with pytest.raises(LabelFileError, match=words) as caught:
            attempt()
        assert caught.value.remedy
    assert label.read_bytes() == before
    assert list(label.parent.iterdir()) == [label]


def test_a_missing_file_or_a_folder_is_an_error(label: Path) -> None:
    with pytest.raises(LabelFileError, match="cannot be read"):
        read_label_file(label)
    label.mkdir()
    with pytest.raises(LabelFileError, match="cannot be read"):
        write_label_file(label, [], label.with_suffix(".jpg"), SIZE)


def test_a_file_too_large_to_be_labels_is_not_read(
    label: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(labelme_documents, "MAXIMUM_BYTES", 10)
    with pytest.raises(LabelFileError, match="too large"):
        read_label_file(put(label, document()))


def test_nesting_that_can_be_read_but_not_written_is_an_error(
    label: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Reading takes a few levels more than writing; how many depends on Python."""

    def too_deep(*_: object, **__: object) -> str:
        raise RecursionError

    before = put(label, document(shape())).read_bytes()
    monkeypatch.setattr(json, "dumps", too_deep)
    with pytest.raises(LabelFileError, match="nested too deeply"):
        write_label_file(label, [], label.with_suffix(".jpg"), SIZE)
    assert label.read_bytes() == before


# Writing


def test_a_new_file_is_what_labelme_writes(tmp_path: Path) -> None:
    (tmp_path / "labels").mkdir()
    path = tmp_path / "labels" / "photo.json"
    write_label_file(path, [FACE, FACE], tmp_path / "photos" / "photo.jpg", SIZE)
    assert saved(path) == {
        "version": "6.3.1",
        "flags": {},
        "shapes": [
            {
                "label": "face",
                "points": CORNERS,
                "group_id": None,
                "description": "",
                "shape_type": "rectangle",
                "flags": {},
                "mask": None,
            }
        ],
        "imagePath": "../photos/photo.jpg",
        "imageData": None,
        "imageHeight": 480,
        "imageWidth": 640,
    }


def test_no_boxes_are_a_file_that_says_no_face(label: Path) -> None:
    content = document(shape(), shape([[5, 5]], kind="point"), shape(label="dog"))
    write_label_file(put(label, content), [], label.with_suffix(".jpg"), SIZE)
    assert saved(label)["shapes"] == [shape(label="dog")]
    assert read_label_file(label).boxes == ()


def test_saving_keeps_what_it_does_not_know_and_moves_only_what_moved(label: Path) -> None:
    polygon = shape([[400, 10], [500, 10], [450, 90]], kind="polygon", group_id=3, mood="happy")
    upwards = shape([[90, 400], [10, 300]], flags={"blurred": True})
    gone = shape([[200, 400], [220, 420]], label="Face")
    dog = shape([[1, 1]], label="dog", kind="point", leash=[1, {"a": None}])
    before = document(
        polygon,
        gone,
        dog,
        upwards,
        shape(mask=None, locked=True, track=7),
        lineColor=[0, 255],
        q={},
    )
    put(label, before)
    moved, added = Box(110.0, 60.0, 310.0, 240.0), Box(600.5, 0.25, 640.0, 20.0)
    boxes = [added, moved, Box(10, 300, 90, 400), Box(400, 10, 500, 90)]
    write_label_file(label, boxes, label.with_suffix(".jpg"), SIZE)
    after = saved(label)
    assert after["shapes"][:3] == [polygon, dog, upwards]
    assert after["shapes"][3] == shape(
        [[110.0, 60.0], [310.0, 240.0]], mask=None, locked=True, track=7
    )
    assert after["shapes"][4]["points"] == [[600.5, 0.25], [640.0, 20.0]]
    assert len(after["shapes"]) == 5
    ours = ("shapes", "imagePath")
    assert without(after, *ours) == without(before, *ours)
    assert after["imagePath"] == "photo.jpg"


def test_each_moved_face_takes_the_shape_it_overlaps_most(label: Path) -> None:
    put(label, document(shape(name="left"), shape([[280, 50], [480, 250]], name="right")))
    left, right = Box(110, 50, 310, 250), Box(270, 50, 470, 250)
    write_label_file(label, [right, left], label.with_suffix(".jpg"), SIZE)
    points = {one["name"]: one["points"] for one in saved(label)["shapes"]}
    assert points == {"left": [[110, 50], [310, 250]], "right": [[270, 50], [470, 250]]}


def test_a_moved_mask_or_polygon_becomes_a_rectangle(label: Path) -> None:
    put(label, document(shape(kind="mask", mask="iVBO")))
    write_label_file(label, [Box(100, 50, 310, 250)], label.with_suffix(".jpg"), SIZE)
    assert saved(label)["shapes"] == [shape([[100, 50], [310, 250]], mask=None)]


def test_the_parts_of_boxes_outside_the_photo_are_cut_off(label: Path) -> None:
    photo = label.with_suffix(".jpg")
    write_label_file(label, [Box(-10, -10, 50, 900)], photo, SIZE)
    assert saved(label)["shapes"][0]["points"] == [[0, 0], [50, 480]]
    with pytest.raises(ValueError, match="outside"):
        write_label_file(label, [Box(700, 0, 800, 10)], photo, SIZE)


def test_saving_after_a_resize_keeps_drawn_shapes_in_place(label: Path) -> None:
    """The file's size becomes the photo's, so what it keeps is scaled once and for all."""
    polygon = shape([[400, 10], [500, 10], [450, 90]], kind="polygon")
    without_points = shape([], label="car")
    dog = shape([[640, 480]], label="dog", kind="point")
    put(label, document(polygon, dog, without_points))
    boxes = read_label_file(label, size=(320, 240)).boxes
    write_label_file(label, boxes, label.with_suffix(".jpg"), (320, 240))
    after = saved(label)
    assert [one["points"] for one in after["shapes"]] == [
        [[200, 5], [250, 5], [225, 45]],
        [[320, 240]],
        [],
    ]
    again = read_label_file(label, size=(320, 240))
    assert (again.boxes, again.notes) == (boxes, ())


def test_a_name_that_is_no_unicode_can_be_written(label: Path) -> None:
    put(label, document(shape(label="\udcff")))
    write_label_file(label, [FACE], label.with_name("photo\udce9.jpg"), SIZE)
    assert saved(label)["imagePath"] == "photo\udce9.jpg"
    assert read_label_file(label).other_labels == ("\udcff",)


def test_a_photo_on_another_drive_is_named_in_full(
    label: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def on_another_drive(*_: object) -> str:
        raise ValueError("path is on mount 'D:'")

    monkeypatch.setattr(os.path, "relpath", on_another_drive)
    write_label_file(label, [FACE], label.with_suffix(".jpg"), SIZE)
    assert saved(label)["imagePath"] == label.with_suffix(".jpg").as_posix()


def test_a_full_disk_is_told_and_leaves_the_file(
    label: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    before = put(label, document(shape())).read_bytes()
    monkeypatch.setattr(labelme, "write_atomically", full)
    with pytest.raises(UserError, match="disk is full"):
        write_label_file(label, [], label.with_suffix(".jpg"), SIZE)
    assert label.read_bytes() == before


# Copying into a project


def test_a_copy_keeps_all_and_points_to_the_new_photo(tmp_path: Path) -> None:
    source, target = tmp_path / "old.json", tmp_path / "labels" / "new.json"
    target.parent.mkdir()
    content = document(shape(mood=1), shape(label="dog", points=[]), imageData=ENCODED, extra=[1])
    before = put(source, content).read_bytes()
    said = copy_label_file(source, target, tmp_path / "photos" / "new.png", SIZE)
    assert said == read_label_file(source)
    assert said.embedded and said.image_name == "photo.jpg"
    assert saved(target) == content | {"imagePath": "../photos/new.png", "imageData": None}
    assert source.read_bytes() == before


def test_a_copy_made_with_all_labels_says_the_same_without_the_option(tmp_path: Path) -> None:
    source, target = tmp_path / "old.json", tmp_path / "new.json"
    other = [[1, 2], [30, 40]]
    point = shape([[5, 5]], label="nose", kind="point")
    put(source, document(shape(other, label="with_mask"), shape(), point))
    said = copy_label_file(source, target, tmp_path / "n.jpg", (320, 240), take_all_labels=True)
    copy = read_label_file(target, size=(320, 240))
    assert copy.boxes == said.boxes == (Box(0.5, 1, 15, 20), FACE.scaled(0.5, 0.5))
    first, second, third = saved(target)["shapes"]
    assert (first["label"], first["facegui_label"]) == ("face", "with_mask")
    assert (second["label"], third["label"]) == ("face", "nose")
    assert "facegui_label" not in second


def test_a_copy_is_mended_where_labelme_would_refuse_it(tmp_path: Path) -> None:
    source, target = tmp_path / "old.json", tmp_path / "new.json"
    ring = [[100, 50], [300, 50], [300, 250], [100, 250]]
    flat = shape([[5, 5], [5, 9], [5, 5]], label="line")
    old = without(shape(ring), "shape_type")
    content = document(old, shape(ring, label="b"), shape(kind="ellipse", label="c"), flat)
    put(source, content | {"version": 3, "flags": None})
    copy_label_file(source, target, tmp_path / "n.jpg", SIZE)
    after = saved(target)
    assert (after["version"], after["flags"]) == ("6.3.1", {})
    assert after["shapes"] == [
        shape(ring, kind="polygon"),
        shape(CORNERS, label="b"),
        shape(kind="polygon", label="c", facegui_shape_type="ellipse"),
        flat,
    ]


# LabelMe itself, and real files

READ_WITH_LABELME = """
import json, sys
from labelme._label_file import read_label_file
for path in sys.argv[1:]:
    read = read_label_file(path)
    print(json.dumps([read.image_path, [one["points"] for one in read.shapes], read.other_data]))
"""


def test_labelme_itself_reads_what_we_write(tmp_path: Path) -> None:
    (tmp_path / "photos").mkdir()
    (tmp_path / "labels").mkdir()
    photo = tmp_path / "photos" / "Größe 1.jpg"
    photo.write_bytes(PICTURE)
    paths = [tmp_path / "labels" / f"{name}.json" for name in ("new", "none", "changed", "copy")]
    new, none, changed, copy = paths
    write_label_file(new, [FACE], photo, SIZE)
    write_label_file(none, [], photo, SIZE)
    put(changed, document(shape(kind="mask", mask="iVBO", track=1), imageWidth=320, q=[1]))
    write_label_file(changed, [Box(100, 60, 300, 250)], photo, SIZE)
    old = without(shape([[50, 25], [150, 25], [150, 125]]), "shape_type")
    small = document(old, imageWidth=320, imageHeight=240, imageData=ENCODED)
    copy_label_file(put(tmp_path / "old.json", small), copy, photo, SIZE)

    result = subprocess.run(
        [sys.executable, "-c", READ_WITH_LABELME, *map(str, paths)],
        env={**os.environ, "QT_QPA_PLATFORM": "offscreen", "PYTHONIOENCODING": "utf-8"},
        capture_output=True,
        encoding="utf-8",
        timeout=120,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    name = "../photos/Größe 1.jpg"
    assert [json.loads(line) for line in result.stdout.splitlines()] == [
        [name, [CORNERS], {}],
        [name, [], {}],
        [name, [[[100, 60], [300, 250]]], {"q": [1]}],
        [name, [[[100, 50], [300, 50], [300, 250]]], {}],
    ]


@pytest.mark.parametrize(("name", "faces"), [("webcam-a", 72), ("webcam-b", 76)])
def test_real_files_give_all_their_boxes(shared_data: Path, name: str, faces: int) -> None:
    boxes: list[Box] = []
    for path in sorted((shared_data / name).rglob("*.json")):
        read = read_label_file(path, size=SIZE)
        assert (read.notes, read.other_labels, read.image_size) == ((), (), SIZE)
        assert read.image_name is not None and Path(read.image_name).stem == path.stem
        assert read.embedded
        boxes += read.boxes
    assert len(boxes) == faces
    assert all(box.clipped(*SIZE) == box for box in boxes)


# Properties

coordinates = st.floats(0, 479)


def box_around(x0: float, y0: float, x1: float, y1: float) -> Box:
    """A box with any two corners, at least one step of a float wide and high."""
    (x0, x1), (y0, y1) = sorted((x0, x1)), sorted((y0, y1))
    return Box(x0, y0, max(x1, math.nextafter(x0, 480)), max(y1, math.nextafter(y0, 480)))


face_boxes = st.builds(box_around, coordinates, coordinates, coordinates, coordinates)
visible_boxes = face_boxes.filter(lambda box: min(box.width, box.height) > 0.1)
box_lists = st.lists(face_boxes, max_size=5, unique=True)
texts = st.text(st.characters(exclude_categories=()), max_size=5)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | texts,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=8,
)
"""Anything, with NaN, infinities and halves of characters."""
keys_of_labelme = [*document(), *shape(), "group_id", "description", "mask"]
unknown_keys = st.dictionaries(texts.map("x".__add__), json_values, max_size=3)


def sorted_corners(boxes: Any) -> Any:
    return np.array(sorted(box.corners for box in boxes)).reshape(-1, 4)


@reuses_folder
@given(before=box_lists, after=box_lists)
def test_what_is_written_is_read_whatever_was_there(
    tmp_path: Path, before: list[Box], after: list[Box]
) -> None:
    label = tmp_path / "photo.json"
    label.unlink(missing_ok=True)
    for boxes in (before, after):
        write_label_file(label, boxes, tmp_path / "photo.jpg", SIZE)
        read = read_label_file(label, size=SIZE)
        difference = np.abs(sorted_corners(read.boxes) - sorted_corners(boxes))
        assert difference.max(initial=0.0) < 1e-6
        assert read.notes == ()


@reuses_folder
@given(box=face_boxes, swap_x=st.booleans(), swap_y=st.booleans(), turns=st.integers(0, 3))
def test_corners_in_any_order_are_the_same_box(
    tmp_path: Path, box: Box, swap_x: bool, swap_y: bool, turns: int
) -> None:
    x0, x1 = (box.x1, box.x0) if swap_x else (box.x0, box.x1)
    y0, y1 = (box.y1, box.y0) if swap_y else (box.y0, box.y1)
    ring = [[x0, y0], [x1, y0], [x1, y1], [x0, y1]]
    for points in ([[x0, y0], [x1, y1]], ring[turns:] + ring[:turns]):
        read = read_label_file(put(tmp_path / "photo.json", document(shape(points))))
        assert read.boxes == (box,)


@settings(reuses_folder, max_examples=50)
@given(top=unknown_keys, in_face=unknown_keys, in_other=unknown_keys, new=visible_boxes)
def test_unknown_keys_survive(
    tmp_path: Path, top: Any, in_face: Any, in_other: Any, new: Box
) -> None:
    label = tmp_path / "photo.json"
    content = document(shape(label="dog", **in_other), shape([[0, 0], [640, 480]], **in_face))
    put(label, content | top)
    write_label_file(label, [new], tmp_path / "photo.jpg", SIZE)
    after = saved(label)
    other, face = after["shapes"]
    assert face["points"] == [[new.x0, new.y0], [new.x1, new.y1]]
    for kept, holder in ((top, after), (in_other, other), (in_face, face)):
        assert json.dumps({key: holder[key] for key in kept}) == json.dumps(kept)


@st.composite
def odd_files(draw: st.DrawFn) -> bytes:
    """Anything as JSON; a label file with odd values; either cut off or with odd bytes."""
    content = draw(
        json_values
        | st.builds(
            lambda top, inside: document(shape() | inside, shape(label="dog") | inside) | top,
            st.dictionaries(st.sampled_from(keys_of_labelme), json_values, max_size=2),
            st.dictionaries(st.sampled_from(keys_of_labelme), json_values, max_size=2),
        )
    )
    data = json.dumps(content).encode()
    start, end = draw(st.integers(0, len(data))), draw(st.integers(0, len(data)))
    middle = draw(st.binary(max_size=4))
    damages = [data, data[:start], data[:start] + middle + data[end:]]
    return draw(st.sampled_from(damages))


@settings(reuses_folder, max_examples=150)
@given(data=odd_files(), boxes=box_lists, take_all=st.booleans())
def test_an_odd_file_is_understood_or_refused_and_left_alone(
    tmp_path: Path, data: bytes, boxes: list[Box], take_all: bool
) -> None:
    label = put(tmp_path / "photo.json", data)
    try:
        read_label_file(label, take_all_labels=take_all)
        copied = copy_label_file(
            label, tmp_path / "copy.json", tmp_path / "p.jpg", SIZE, take_all_labels=take_all
        )
    except LabelFileError:
        pass
    else:
        copy = read_label_file(tmp_path / "copy.json", size=SIZE)
        assert sorted_corners(copy.boxes) == pytest.approx(sorted_corners(copied.boxes))
    assert label.read_bytes() == data
    try:
        write_label_file(label, boxes, tmp_path / "p.jpg", SIZE)
    except LabelFileError:
        assert label.read_bytes() == data
    else:
        written = read_label_file(label, size=SIZE).boxes
        assert sorted_corners(written) == pytest.approx(sorted_corners(boxes))
