"""The tutorial's network: what it is told, what it loses by, how it is built."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from facegui.core.boxes import Box
from facegui.ml import classic
from facegui.ml.fitting import PER_PHOTO
from facegui.ml.presets import CLASSIC
from facegui.ml.weights import VGG16_LAYERS, VggWeights
from tests.ml.conftest import SETTINGS, build_small_network

LARGE = Box(0.25, 0.125, 0.75, 1.0)
SMALL = Box(0.0, 0.0, 0.125, 0.25)


@pytest.fixture(scope="module")
def network(tiny_weights: VggWeights) -> Any:
    return classic.build_network(SETTINGS, tiny_weights)


def numpy_localization_loss(target: np.ndarray, box: np.ndarray) -> list[float]:
    losses = []
    for (has_face, *truth), guess in zip(target.tolist(), box.tolist(), strict=True):
        corner = (truth[0] - guess[0]) ** 2 + (truth[1] - guess[1]) ** 2
        width = (truth[2] - truth[0]) - (guess[2] - guess[0])
        height = (truth[3] - truth[1]) - (guess[3] - guess[1])
        losses.append(has_face * (corner + width**2 + height**2))
    return losses


def test_target_is_the_largest_face_whatever_the_order() -> None:
    for boxes in [(SMALL, LARGE), (LARGE, SMALL), (LARGE,)]:
        targets = classic.make_targets([boxes])
        np.testing.assert_array_equal(targets["face"], [[1.0]])
        np.testing.assert_array_equal(targets["box"], [[1.0, 0.25, 0.125, 0.75, 1.0]])


def test_photo_without_a_face_has_zeros_for_target() -> None:
    targets = classic.make_targets([(), (SMALL,), ()])
    np.testing.assert_array_equal(targets["face"], [[0.0], [1.0], [0.0]])
    np.testing.assert_array_equal(targets["box"][[0, 2]], np.zeros((2, 5)))
    assert targets["box"].dtype == targets["face"].dtype == np.float32


def test_targets_of_no_photos_have_their_shape() -> None:
    targets = classic.make_targets([])
    assert (targets["face"].shape, targets["box"].shape) == ((0, 1), (0, 5))


@pytest.mark.slow
def test_box_loss_is_the_tutorials_and_counts_only_faces() -> None:
    random = np.random.default_rng(5)
    target = random.uniform(0, 1, (50, 5)).astype(np.float32)
    target[:, 0] = random.integers(0, 2, 50)
    box = random.uniform(0, 1, (50, 4)).astype(np.float32)
    losses = np.asarray(classic.localization_loss(target, box))
    assert losses.shape == (50,)
    np.testing.assert_allclose(losses, numpy_localization_loss(target, box), rtol=1e-5)
    assert (losses[target[:, 0] == 0] == 0).all()
    assert (losses[target[:, 0] == 1] > 0).all()


@pytest.mark.slow
def test_box_loss_of_the_right_box_is_nothing() -> None:
    target = np.array([[1.0, *LARGE.corners]], np.float32)
    np.testing.assert_array_equal(classic.localization_loss(target, target[:, 1:]), [0.0])


@pytest.mark.slow
def test_losses_are_means_over_photos_and_add_up() -> None:
    """Of nine photos in batches of eight, the last one counts for a ninth."""
    settings = replace(SETTINGS, classification_weight=0.5)
    network = build_small_network(settings)
    classic.compile_network(network, settings, 2)
    pictures = np.random.default_rng(1).integers(0, 256, (9, 32, 32, 3)).astype(np.uint8)
    labels = [(LARGE,)] * 4 + [()] * 4 + [(SMALL,)]
    targets = classic.make_targets(labels)
    logs = network.evaluate(pictures, targets, batch_size=8, verbose=0, return_dict=True)
    # Its weights are zeros: it says 0.5 to everything.
    guesses = np.full((9, 4), 0.5, np.float32)
    box_loss = np.mean(numpy_localization_loss(targets["box"], guesses))
    assert logs[f"box_{PER_PHOTO}"] == pytest.approx(box_loss, rel=1e-4)
    assert logs[f"face_{PER_PHOTO}"] == pytest.approx(np.log(2), rel=1e-4)
    assert logs["loss"] == pytest.approx(box_loss + 0.5 * np.log(2), rel=1e-4)


@pytest.mark.slow
def test_network_is_the_tutorials(network: Any) -> None:
    import keras

    size = SETTINGS.input_size
    assert network.input.shape == (None, size, size, 3)
    assert {name: output.shape for name, output in network.output.items()} == {
        "face": (None, 1),
        "box": (None, 4),
    }
    assert isinstance(network.get_layer("pool"), keras.layers.GlobalMaxPooling2D)
    dense = {
        layer.name: (layer.units, layer.activation.__name__)
        for layer in network.layers
        if isinstance(layer, keras.layers.Dense)
    }
    assert dense == {
        "face_hidden": (2048, "relu"),
        "face": (1, "sigmoid"),
        "box_hidden": (2048, "relu"),
        "box": (4, "sigmoid"),
    }


@pytest.mark.slow
def test_all_of_vgg16_learns(network: Any) -> None:
    trainable = {variable.path.split("/")[0] for variable in network.trainable_variables}
    assert trainable >= set(VGG16_LAYERS)
    assert len(network.trainable_variables) == 2 * (13 + 4)
    assert not network.non_trainable_variables


@pytest.mark.slow
def test_same_seed_begins_with_the_same_weights(tiny_weights: VggWeights, network: Any) -> None:
    again = classic.build_network(SETTINGS, tiny_weights)
    other = classic.build_network(replace(SETTINGS, seed=SETTINGS.seed + 1), tiny_weights)
    for mine, same in zip(network.get_weights(), again.get_weights(), strict=True):
        np.testing.assert_array_equal(mine, same)
    kernel, another = (item.get_layer("box").get_weights()[0] for item in (network, other))
    assert not np.array_equal(kernel, another)
    heads = [network.get_layer(f"{head}_hidden").get_weights()[0] for head in ("face", "box")]
    assert not np.array_equal(*heads)


@pytest.mark.slow
def test_learning_rate_falls_as_in_the_tutorial() -> None:
    settings = CLASSIC.settings
    network = build_small_network(replace(settings, input_size=32))
    classic.compile_network(network, settings, steps_per_epoch=10)
    for epochs in (0, 1, 3, 40):
        network.optimizer.iterations.assign(10 * epochs)
        expected = 1e-4 / (1 + epochs * (1 / 0.75 - 1))
        assert float(network.optimizer.learning_rate) == pytest.approx(expected, rel=1e-5)
