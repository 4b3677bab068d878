"""The frozen backbone: the same features as Keras, kept as far as the disk allows."""

from __future__ import annotations

import errno
import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from facegui.core.errors import Cancelled
from facegui.core.progress import Progress, StopToken, ignore_progress
from facegui.ml import backbone as module
from facegui.ml.backbone import FINE_CHANNELS, Backbone, MapShapes
from facegui.ml.weights import IMAGENET_MEAN, VggWeights, random_weights

pytestmark = pytest.mark.slow

SIZE = 32


@pytest.fixture(autouse=True)
def few_examples(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_EXAMPLES", 2)
    monkeypatch.setattr(module, "_EXAMPLE_SIDE", SIZE)


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory, tiny_weights: VggWeights) -> Path:
    """A folder in which a backbone keeps what it made; not to be changed."""
    folder = tmp_path_factory.mktemp("backbone")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "_EXAMPLES", 2)
        patch.setattr(module, "_EXAMPLE_SIDE", SIZE)
        make(tiny_weights, folder)
    return folder


def make(weights: VggWeights, folder: Path, size: int = SIZE, **rest: Any) -> Backbone:
    report, stop = rest.get("report", ignore_progress), rest.get("stop", StopToken())
    return Backbone(weights, size, folder, report, stop)


def some_pictures(count: int = 3) -> np.ndarray:
    random = np.random.default_rng(7)
    return random.integers(0, 256, (count, SIZE, SIZE, 3)).astype(np.uint8)


def content(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def copied(kept: Path, folder: Path) -> Path:
    for name, data in content(kept).items():
        (folder / name).write_bytes(data)
    return folder


def nothing_is_made(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "to_litert_int8", lambda _: pytest.fail("it converts"))
    monkeypatch.setattr(module, "_fine_values", lambda *_: pytest.fail("it looks at examples"))


def test_features_are_those_of_the_keras_network(kept: Path, tiny_weights: VggWeights) -> None:
    backbone = make(tiny_weights, kept)
    pictures = some_pictures()
    maps = backbone.network(SIZE).predict_on_batch(pictures)
    for index, picture in enumerate(pictures):
        features = backbone.features(picture)
        assert features.dtype == np.float16
        fine, coarse = backbone.shapes.split(features)
        for values, name in ((fine, "fine"), (coarse, "coarse")):
            wanted = np.asarray(maps[name])[index]
            assert values.shape == wanted.shape
            scale = np.abs(wanted).max()
            assert scale > 0
            # Int8 weights: as much noise as this, thousands of channels sum away.
            assert np.abs(values - wanted).max() < 0.05 * scale
            assert np.abs(values - wanted).mean() < 0.02 * np.abs(wanted).mean() + 1e-6


def test_shapes_are_those_of_the_network(kept: Path, tiny_weights: VggWeights) -> None:
    backbone = make(tiny_weights, kept)
    # Four channels throughout: fewer than directions are kept of.
    assert backbone.shapes == MapShapes((4, 4, 4), (2, 2, 4))
    assert backbone.shapes.values == backbone.features(some_pictures()[0]).size == 80


def test_maps_are_split_as_they_were_joined() -> None:
    shapes = MapShapes((2, 3, 4), (1, 2, 5))
    fine = np.arange(2 * 24).reshape(2, 2, 3, 4)
    coarse = -np.arange(2 * 10).reshape(2, 1, 2, 5)
    flat = np.concatenate([fine.reshape(2, -1), coarse.reshape(2, -1)], axis=1)
    assert shapes.values == flat.shape[1]
    for mine, wanted in zip(shapes.split(flat), (fine, coarse), strict=True):
        np.testing.assert_array_equal(mine, wanted)
    np.testing.assert_array_equal(shapes.split(flat[1])[0], fine[1])


def test_many_channels_are_reduced_to_the_directions_that_differ_most(tmp_path: Path) -> None:
    channels = [4] * 9 + [FINE_CHANNELS + 12] + [4] * 3
    weights = random_weights(1, channels=channels)
    backbone = make(weights, tmp_path)
    assert backbone.shapes.fine == (4, 4, FINE_CHANNELS)
    mean, directions = backbone._directions[0], backbone._directions[1:]
    identity = np.eye(FINE_CHANNELS)
    np.testing.assert_allclose(directions @ directions.T, identity, atol=1e-4)
    rows = module._fine_values(weights, StopToken())
    np.testing.assert_allclose(mean, rows.mean(axis=0), rtol=1e-4, atol=1e-4)
    spread = ((rows - mean) @ directions.T).var(axis=0)
    assert spread[0] == spread.max()
    assert spread.sum() == pytest.approx((rows - mean).var(axis=0).sum(), rel=1e-3)


def test_second_time_nothing_is_made(
    kept: Path, tiny_weights: VggWeights, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = content(kept)
    assert len(before) == 2
    first = make(tiny_weights, kept)
    nothing_is_made(monkeypatch)
    again = make(tiny_weights, kept)
    assert again.key == first.key
    picture = some_pictures()[0]
    np.testing.assert_array_equal(again.features(picture), first.features(picture))
    assert content(kept) == before


def test_key_tells_size_weights_and_preprocessing_apart(
    kept: Path, tiny_weights: VggWeights, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = copied(kept, tmp_path)
    backbone = make(tiny_weights, folder)
    mine = backbone.key
    larger = make(tiny_weights, folder, size=48)
    assert larger.shapes == MapShapes((6, 6, 4), (3, 3, 4))
    # The converter is slow, and has no part in keys.
    monkeypatch.setattr(module, "to_litert_int8", lambda _: backbone._litert)
    assert len([name for name in content(folder) if name.startswith("directions")]) == 1
    other = make(random_weights(1, channels=(4,) * 13), folder)
    preprocessing = replace(IMAGENET_MEAN, offset=(1.0, 2.0, 3.0))
    shifted = make(replace(tiny_weights, preprocessing=preprocessing), folder)
    assert len({mine, larger.key, other.key, shifted.key}) == 4


@pytest.mark.parametrize("name", ["directions", "backbone"])
@pytest.mark.parametrize(
    "damage",
    [
        lambda _: b"",
        lambda data: data[:-3],
        lambda data: data[:200] + b"\xff" * 8 + data[208:],
    ],
    ids=["empty", "cut", "garbled"],
)
def test_what_was_damaged_is_made_again(
    kept: Path,
    tiny_weights: VggWeights,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    damage: Any,
) -> None:
    """As it was before: with other directions, all kept features would be lost too."""
    folder = copied(kept, tmp_path)
    before = content(folder)
    undamaged = make(tiny_weights, kept)
    monkeypatch.setattr(module, "to_litert_int8", lambda _: undamaged._litert)
    (path,) = folder.glob(f"{name}*")
    path.write_bytes(damage(path.read_bytes()))
    assert make(tiny_weights, folder).key == undamaged.key
    assert content(folder) == before


def test_file_that_cannot_be_read_is_no_error(
    kept: Path, tiny_weights: VggWeights, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in content(kept):
        (tmp_path / name).mkdir()
    wanted = make(tiny_weights, kept)
    monkeypatch.setattr(module, "to_litert_int8", lambda _: wanted._litert)
    assert make(tiny_weights, tmp_path).key == wanted.key


def test_full_disk_is_no_error(
    kept: Path, tiny_weights: VggWeights, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: Any, **__: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    wanted = make(tiny_weights, kept)
    monkeypatch.setattr(module, "to_litert_int8", lambda _: wanted._litert)
    monkeypatch.setattr(module, "write_atomically", full)
    assert make(tiny_weights, tmp_path / "new").key == wanted.key
    assert list((tmp_path / "new").iterdir()) == []


def test_cancel_is_obeyed_before_anything_is_made(tiny_weights: VggWeights, tmp_path: Path) -> None:
    stop = StopToken()
    stop.cancel()
    with pytest.raises(Cancelled):
        make(tiny_weights, tmp_path, stop=stop)
    assert content(tmp_path) == {}


def test_it_says_that_it_prepares(kept: Path, tiny_weights: VggWeights) -> None:
    reports: list[Progress] = []
    make(tiny_weights, kept, report=reports.append)
    assert [report.text for report in reports] == ["Preparing the network"]


def test_network_is_frozen(kept: Path, tiny_weights: VggWeights) -> None:
    assert make(tiny_weights, kept).network(SIZE).trainable_variables == []


def test_features_are_the_same_on_every_thread(kept: Path, tiny_weights: VggWeights) -> None:
    backbone = make(tiny_weights, kept)
    pictures = some_pictures(12)
    expected = [backbone.features(picture) for picture in pictures]
    with ThreadPoolExecutor(3) as pool:
        np.testing.assert_array_equal(list(pool.map(backbone.features, pictures)), expected)


def test_old_networks_go_and_the_one_in_use_stays(
    kept: Path, tiny_weights: VggWeights, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = copied(kept, tmp_path)
    mine = next(folder.glob("backbone-*"))
    for number in range(3):
        other = folder / f"backbone-{number}.tflite"
        other.write_bytes(b"x" * 100)
        os.utime(other, (1_700_000_000 + number,) * 2)
    monkeypatch.setattr(module, "KEPT_BYTES", mine.stat().st_size + 250)
    make(tiny_weights, folder)
    left = {path.name for path in folder.glob("backbone-*")}
    assert left == {mine.name, "backbone-1.tflite", "backbone-2.tflite"}
    monkeypatch.setattr(module, "KEPT_BYTES", 10)
    make(tiny_weights, folder)
    assert {path.name for path in folder.glob("backbone-*")} == {mine.name}
