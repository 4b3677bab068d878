"""Labels written in any format and read again are the same to within half a pixel."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from facegui.core.boxes import Box
from facegui.core.import_plan import survey
from facegui.core.label_formats.entries import ExportPhoto
from facegui.core.label_formats.formats import FORMATS, LABELME, LabelFormat
from facegui.core.labelme import faces_of, write_label_file

Photo = tuple[str, str, tuple[int, int], tuple[Box, ...]]


@st.composite
def boxes_in(draw: st.DrawFn, size: tuple[int, int]) -> Box:
    def span(length: int) -> tuple[float, float]:
        start = draw(st.floats(0, length - 0.5))
        return start, draw(st.floats(min(start + 0.02, length), length))

    (x0, x1), (y0, y1) = span(size[0]), span(size[1])
    return Box(x0, y0, x1, y1)


@st.composite
def labelled_photos(draw: st.DrawFn) -> list[Photo]:
    stems = draw(
        st.lists(
            st.sampled_from(["a", "b 1", "ü", "x.y", "a&b", "photo.jpg", "顔"]),
            min_size=1,
            max_size=4,
            unique=True,
        )
    )
    photos = []
    for stem in stems:
        size = draw(st.tuples(st.integers(2, 5000), st.integers(2, 5000)))
        boxes = draw(st.lists(boxes_in(size), max_size=3, unique=True))
        photos.append((f"{stem}.jpg", draw(st.sampled_from(["train", "val", "test"])), size, boxes))
    return photos


def write(folder: Path, label_format: LabelFormat, photos: list[Photo]) -> None:
    exported = []
    for name, split, size, boxes in photos:
        label = folder / "project" / f"{Path(name).stem}.json"
        label.parent.mkdir(parents=True, exist_ok=True)
        path = folder / "photos" / name
        write_label_file(label, boxes, path, size)
        exported.append(ExportPhoto(path, label, size, tuple(boxes), split))
    for place, data in label_format.files(exported):
        (folder / "out" / place).parent.mkdir(parents=True, exist_ok=True)
        (folder / "out" / place).write_bytes(data)
    for photo in exported:
        path = folder / "out" / label_format.picture_path(photo)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()


@pytest.mark.parametrize("label_format", FORMATS, ids=lambda item: item.key)
@settings(max_examples=15, deadline=None)
@given(photos=labelled_photos())
def test_every_box_is_kept_to_within_half_a_pixel(
    tmp_path_factory: pytest.TempPathFactory, label_format: LabelFormat, photos: list[Photo]
) -> None:
    folder = tmp_path_factory.mktemp("trip")
    write(folder, label_format, photos)
    plan = survey([folder / "out"])
    assert plan.others == ()
    found = {item.path.name: item for item in plan.pictures}
    assert sorted(found) == sorted(name for name, *_ in photos)
    for name, split, size, boxes in photos:
        item = found[name]
        assert item.split is not None and item.split.value == split
        assert item.label is not None
        read = faces_of(item.label.read(size), size=size)
        assert read.other_labels == ()
        # Two boxes that differ by a fraction of a pixel may come back as one.
        assert bool(read.boxes) == bool(boxes)
        for box in boxes:
            assert min(distance(box, other) for other in read.boxes) <= 0.5
        for box in read.boxes:
            assert min(distance(box, other) for other in boxes) <= 0.5


def distance(first: Box, second: Box) -> float:
    return max(abs(a - b) for a, b in zip(first.corners, second.corners, strict=True))


@pytest.mark.parametrize(
    "label_format", [item for item in FORMATS if item is not LABELME], ids=lambda item: item.key
)
def test_a_written_format_is_recognised_by_itself(
    tmp_path: Path, label_format: LabelFormat
) -> None:
    write(tmp_path, label_format, [("a.jpg", "train", (64, 48), (Box(1, 2, 30, 40),))])
    plan = survey([tmp_path / "out"])
    assert list(plan.labels) == ["face"]
    (name,) = plan.formats
    assert name.split()[0].casefold() in label_format.title.casefold() or "tutorial" in name
