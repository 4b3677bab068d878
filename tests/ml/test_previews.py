"""The few validation photos that are looked at while a network learns."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from facegui.core.boxes import Box, Detection
from facegui.ml.decoding import decode_single_box
from facegui.ml.previews import PREVIEWED_PHOTOS, Previewer, choose_photos

FACE = Box(0.25, 0.25, 0.75, 0.75)


def test_photos_with_faces_come_first_and_are_spread() -> None:
    has_face = [number % 2 == 0 for number in range(40)]
    chosen = choose_photos(has_face)
    assert len(chosen) == PREVIEWED_PHOTOS
    assert all(has_face[number] for number in chosen)
    assert max(chosen) - min(chosen) > 20


def test_where_faces_are_few_others_fill_up() -> None:
    assert choose_photos([False, True, False]) == (1, 0, 2)
    assert choose_photos([]) == ()


def test_results_are_of_the_network_as_it_is_now() -> None:
    confidence = [0.1]

    def predict(chosen: Sequence[int]) -> dict[str, Any]:
        count = len(chosen)
        box = np.tile(np.array(FACE.corners, np.float32), (count, 1))
        return {"face": np.full((count, 1), confidence[0], np.float32), "box": box}

    names, labels = ["a.jpg", "b.jpg"], ((FACE,), ())
    previewer = Previewer(predict, decode_single_box, names, labels)
    first = previewer.look(0)
    assert [(r.name, r.truth, r.detections) for r in first.results] == [
        ("a.jpg", (FACE,), ()),
        ("b.jpg", (), ()),
    ]
    confidence[0] = 1.0
    second = previewer.look(1)
    assert second.epoch == 1
    assert second.results[0].detections == (Detection(FACE, 1.0),)
