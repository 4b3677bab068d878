"""Drafting: heads that learn from a few labels draft the rest, and find planted errors."""

from __future__ import annotations

import io
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from facegui.core.boxes import Box, Detection, boxes_to_array, iou
from facegui.core.errors import Cancelled, UserError
from facegui.core.images import write_picture
from facegui.core.mistakes import Mistake, MistakeKind, PhotoMistakes
from facegui.core.photo_library import Photo, Sample
from facegui.core.progress import Progress, StopToken, ignore_progress
from facegui.ml.backbone import MapShapes
from facegui.ml.draft_messages import (
    Done,
    DraftRequest,
    Opinion,
    OpinionRequest,
    PhotoDraft,
    Reply,
    decode_reply,
    decode_request,
    encode_reply,
    encode_request,
)
from facegui.ml.draft_server import serve
from facegui.ml.drafting import Drafter, DraftSettings, _Opinion
from facegui.ml.features import FeatureCache
from facegui.ml.photo_features import ManyFeatures, PhotoShelf

SIDE = 64


class SmallBackbone:
    """Gives the picture itself, made small, instead of what VGG16 sees in it."""

    size = SIDE
    key = "small"
    shapes = MapShapes((16, 16, 3), (8, 8, 3))

    def __init__(self) -> None:
        self.looked_at = 0

    def features(self, picture: np.ndarray) -> np.ndarray:
        self.looked_at += 1
        maps = [
            picture.reshape(cells, SIDE // cells, cells, SIDE // cells, 3).mean((1, 3))
            for cells in (16, 8)
        ]
        return np.concatenate([values.ravel() for values in maps]).astype(np.float16) / 64


def make_samples(folder: Path, count: int, first: int = 0) -> list[Sample]:
    """Photos of a bright block, the "face", on dark noise; every fourth is without."""
    samples = []
    for number in range(first, first + count):
        random = np.random.default_rng(number)
        pixels = random.integers(0, 60, (96, 128, 3)).astype(np.uint8)
        boxes: tuple[Box, ...] = ()
        if number % 4:
            x, y = int(random.integers(0, 90)), int(random.integers(0, 50))
            pixels[y : y + 44, x : x + 36] = (230, 190, 160)
            boxes = (Box(x, y, x + 36, y + 44),)
        photo = Photo(f"{number:03}.png", folder / f"{number:03}.png")
        write_picture(photo.path, pixels)
        samples.append(Sample(photo, boxes))
    return samples


def make_drafter(folder: Path, backbone: Any = None, **changed: Any) -> Drafter:
    backbone = backbone or SmallBackbone()
    cache = FeatureCache(folder / "features", backbone.key, backbone.shapes.values)
    network = replace(DraftSettings().network, input_size=SIDE, batch_size=8)
    return Drafter(backbone, cache, DraftSettings(network=network, copies=2, **changed))


@pytest.fixture(scope="module")
def drafter(tmp_path_factory: pytest.TempPathFactory) -> Drafter:
    """One whose heads are built already, which takes longest."""
    return make_drafter(tmp_path_factory.mktemp("features"))


def drafts_of(drafter: Drafter, samples: Sequence[Sample]) -> list[PhotoDraft]:
    photos = [sample.photo for sample in samples]
    return list(drafter.draft(photos, ignore_progress, StopToken()))


@pytest.mark.slow
def test_few_labels_draft_the_rest_and_more_are_learned_on_top(
    tmp_path: Path, drafter: Drafter
) -> None:
    samples = make_samples(tmp_path, 24)
    drafter.forget()
    told: list[Progress] = []
    drafter.learn(samples[:12], told.append, StopToken())
    assert told[-1] == Progress(150, 150, "Learning from 12 labels")
    drafts = drafts_of(drafter, samples[12:])
    assert [draft.photo for draft in drafts] == [sample.photo for sample in samples[12:]]
    for sample, draft in zip(samples[12:], drafts, strict=True):
        assert len(draft.detections) == len(sample.boxes)
        assert 0.0 <= draft.certainty <= 1.0
        if sample.boxes:
            boxes = (boxes_to_array(sample.boxes), boxes_to_array([draft.detections[0].box]))
            assert iou(*boxes)[0, 0] > 0.6
    gone = Photo("gone.png", tmp_path / "gone.png")
    (left,) = drafter.draft([gone, samples[12].photo], ignore_progress, StopToken())
    assert left.photo == samples[12].photo
    told.clear()
    drafter.learn(samples[:20], told.append, StopToken())
    assert told[-1].total == 60  # it knows a good part already
    told.clear()
    drafter.forget()
    stop = StopToken()

    def cancel_in_time(event: Progress) -> None:
        told.append(event)
        if event.text.startswith("Learning"):
            stop.cancel()

    with pytest.raises(Cancelled):
        drafter.learn(samples, cancel_in_time, stop)
    assert told[-1].total == 150
    assert told[-1].done <= 2


@pytest.mark.slow
def test_second_opinion_names_the_labels_that_are_wrong(tmp_path: Path, drafter: Drafter) -> None:
    samples = make_samples(tmp_path, 24)
    wrong = list(samples)
    wrong[1] = Sample(samples[1].photo, ())
    wrong[4] = Sample(samples[4].photo, (Box(60, 50, 100, 90),))
    box = samples[6].boxes[0]
    wrong[6] = Sample(samples[6].photo, (Box(box.x0, box.y0, box.x0 + 22, box.y0 + 26),))
    listed = drafter.second_opinion(wrong, ignore_progress, StopToken())
    kinds = {photo.name: photo.kind for photo in listed[:4]}
    assert kinds["001.png"] is MistakeKind.FALSE_ALARM
    assert kinds["004.png"] is MistakeKind.MISSED
    assert kinds["006.png"] is MistakeKind.POOR_BOX


def test_cancelled_learning_ends_at_once(tmp_path: Path) -> None:
    stop = StopToken()
    stop.cancel()
    with pytest.raises(Cancelled):
        make_drafter(tmp_path).learn(make_samples(tmp_path, 4), ignore_progress, stop)


def test_features_are_computed_once(tmp_path: Path) -> None:
    samples, backbone = make_samples(tmp_path, 3), SmallBackbone()
    cache = FeatureCache(tmp_path / "features", backbone.key, backbone.shapes.values)
    shelf = PhotoShelf(backbone, cache, DraftSettings().variation)  # type: ignore[arg-type]
    seen = shelf.take(samples, 2, ignore_progress, StopToken())
    assert backbone.looked_at == 9
    assert [len(photo) for photo in seen if photo] == [3, 3, 3]
    assert seen[1] is not None
    assert seen[1].size == (128, 96)
    assert seen[1].labels[0] == (samples[1].boxes[0].scaled(1 / 128, 1 / 96),)
    assert shelf.take(samples, 2, ignore_progress, StopToken()) == seen
    assert backbone.looked_at == 9
    # Another program, or this one started again, finds them on disk.
    PhotoShelf(backbone, cache, DraftSettings().variation).take(  # type: ignore[arg-type]
        samples, 2, ignore_progress, StopToken()
    )
    assert backbone.looked_at == 9
    # Another label has other copies; the photo itself is the same.
    moved = Sample(samples[1].photo, (Box(1, 1, 90, 90),))
    shelf.take([moved], 0, ignore_progress, StopToken())
    assert backbone.looked_at == 9


def test_a_photo_that_cannot_be_read_is_left_out(tmp_path: Path) -> None:
    samples, backbone = make_samples(tmp_path, 3), SmallBackbone()
    samples[0].photo.path.unlink()
    samples[1].photo.path.write_bytes(b"no picture")
    cache = FeatureCache(tmp_path / "features", backbone.key, backbone.shapes.values)
    shelf = PhotoShelf(backbone, cache, DraftSettings().variation)  # type: ignore[arg-type]
    gone, damaged, seen = shelf.take(samples, 1, ignore_progress, StopToken())
    assert (gone, damaged) == (None, None)
    assert seen is not None
    assert (len(seen), seen.labels[0]) == (2, (samples[2].boxes[0].scaled(1 / 128, 1 / 96),))


def test_without_any_photo_that_can_be_read_nothing_is_learned(tmp_path: Path) -> None:
    samples = make_samples(tmp_path, 2)
    for sample in samples:
        sample.photo.path.unlink()
    with pytest.raises(UserError, match="None of the labelled photos"):
        make_drafter(tmp_path).learn(samples, ignore_progress, StopToken())


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="counts open files as Linux does")
def test_features_are_open_only_while_they_are_looked_at(tmp_path: Path) -> None:
    samples, backbone = make_samples(tmp_path, 12), SmallBackbone()
    cache = FeatureCache(tmp_path / "features", backbone.key, backbone.shapes.values)
    shelf = PhotoShelf(backbone, cache, DraftSettings().variation)  # type: ignore[arg-type]
    seen = [photo for photo in shelf.take(samples, 2, ignore_progress, StopToken()) if photo]
    many = ManyFeatures(seen)
    assert len(many) == 36
    assert all(features.shape == (backbone.shapes.values,) for features in many)
    opened = [path.readlink() for path in Path("/proc/self/fd").iterdir() if path.is_symlink()]
    assert [path for path in opened if path.suffix == ".npy"] == []


def test_no_face_is_the_less_certain_the_more_a_face_was_seen() -> None:
    nothing, hint, near = (_Opinion((), (), highest) for highest in (0.0, 0.04, 0.29))
    assert nothing.certainty(0.3) == 1.0
    assert hint.certainty(0.3) == pytest.approx(1 - 0.04 / 0.3)
    assert near.certainty(0.3) < 0.05


# --- the process that drafts ----------------------------------------------------------------


FACE = Box(10.5, 5.0, 30.0, 25.0)
PHOTO = Photo("a ü \udcff.jpg", Path("photos") / "a ü \udcff.jpg")


@pytest.mark.parametrize(
    "request_",
    [
        DraftRequest((Sample(PHOTO, (FACE,)), Sample(PHOTO, ())), (PHOTO,)),
        OpinionRequest((Sample(PHOTO, (FACE, Box(1, 2, 3, 4))),)),
    ],
)
def test_requests_come_through(request_: Any) -> None:
    line = encode_request(request_)
    assert line.count(b"\n") == 1
    assert decode_request(line) == request_


@pytest.mark.parametrize(
    "reply",
    [
        Progress(3, None, "Looking"),
        PhotoDraft(PHOTO, (Detection(FACE, 0.75),), 0.5),
        PhotoDraft(PHOTO, (), 1.0),
        Opinion((PhotoMistakes("a.jpg", (Mistake(MistakeKind.POOR_BOX, FACE, 0.4),)),)),
        Opinion(()),
        Done(),
    ],
)
def test_replies_come_through(reply: Reply) -> None:
    assert decode_reply(encode_reply(reply)) == reply


def test_errors_come_through() -> None:
    error = decode_reply(encode_reply(UserError("What.", "Remedy.", "Details")))
    assert isinstance(error, UserError)
    assert (error.what, error.remedy, error.details) == ("What.", "Remedy.", "Details")


def test_what_is_no_reply_is_refused() -> None:
    with pytest.raises(ValueError, match="no reply"):
        decode_reply("{}")


class _StandIn:
    """A drafter that fails at its first request."""

    def __init__(self) -> None:
        self.learned = 0

    def learn(self, samples: Any, report: Any, _stop: Any) -> None:
        self.learned += 1
        if self.learned == 1:
            raise UserError("The photo is gone.", "Put it back.")
        report(Progress(1, 1, f"Learning from {len(samples)} labels"))

    def draft(self, photos: Any, _report: Any, _stop: Any) -> Any:
        return (PhotoDraft(photo, (), 0.5) for photo in photos)

    def second_opinion(self, _samples: Any, _report: Any, _stop: Any) -> Any:
        return ()


def test_process_ends_with_the_window_whatever_it_is_at(tmp_path: Path) -> None:
    program = (
        "import sys, time; from facegui.ml import draft_server as d;"
        "d.make_drafter = lambda *_: (print('busy', flush=True), time.sleep(600));"
        "sys.argv = ['', sys.argv[1]]; sys.exit(d.main())"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program, str(tmp_path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdin is not None
        assert process.stderr is not None
        process.stdin.write(encode_request(OpinionRequest(())).decode("ascii"))
        process.stdin.flush()
        assert process.stderr.readline() == "busy\n"  # its output is kept for replies
        process.stdin.close()
        assert process.wait(60) == 0


def test_server_goes_on_after_an_error_with_the_same_drafter(tmp_path: Path) -> None:
    made: list[_StandIn] = []

    def make(_folder: Path, _report: Any, _stop: Any) -> Any:
        made.append(_StandIn())
        return made[-1]

    draft = encode_request(DraftRequest((Sample(PHOTO, (FACE,)),), (PHOTO,))).decode("ascii")
    opinion = encode_request(OpinionRequest(())).decode("ascii")
    replies: list[Reply] = []
    serve(io.StringIO(draft + draft + opinion), replies.append, tmp_path, make)
    assert len(made) == 1
    assert isinstance(replies[0], UserError)
    assert replies[1:] == [
        Progress(1, 1, "Learning from 1 labels"),
        PhotoDraft(PHOTO, (), 0.5),
        Done(),
        Opinion(()),
        Done(),
    ]
