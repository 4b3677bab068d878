"""Settings refuse what cannot be trained, and survive being saved."""

from __future__ import annotations

import json
import math

import pytest

from facegui.core.errors import UserError
from facegui.ml.presets import (
    ACCURATE,
    CLASSIC,
    DEFAULT_PRESET,
    DENSE_STRIDE,
    FAST,
    PRESETS,
    TrainSettings,
    find_preset,
)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("input_size", 31),
        ("input_size", 641),
        ("epochs", 0),
        ("epochs", 1.5),
        ("epochs", "many"),
        ("epochs", True),
        ("batch_size", 0),
        ("learning_rate", 0.0),
        ("learning_rate", math.nan),
        ("learning_rate", 1.1),
        ("learning_rate", None),
        ("learning_rate_decay", -0.1),
        ("classification_weight", math.inf),
        ("network", "huge"),
        ("dropout", 1.0),
        ("patience", 1.5),
        ("seed", -1),
        ("seed", 2**31),
        ("dropout", -0.1),
        ("dropout", 0.95),
        ("dropout", "half"),
        ("patience", -1),
        ("patience", 1001),
        ("magnification", 0.9),
        ("magnification", 2.1),
        ("network", "yolo"),
    ],
)
def test_value_that_cannot_be_is_named(name: str, value: object) -> None:
    with pytest.raises(ValueError, match=name):
        TrainSettings(**{name: value})


def test_pictures_of_a_dense_network_are_whole_cells_wide() -> None:
    assert TrainSettings(network="dense", input_size=2 * DENSE_STRIDE)
    with pytest.raises(ValueError, match="multiple of 16"):
        TrainSettings(network="dense", input_size=120)


def test_finished_networks_of_a_dense_preset_may_take_larger_pictures() -> None:
    assert FAST.settings.final_size == FAST.settings.input_size
    assert ACCURATE.settings.final_size == 448 > ACCURATE.settings.input_size
    assert TrainSettings(network="dense", input_size=32, magnification=1.3).final_size == 48
    assert TrainSettings(magnification=1.5).final_size == TrainSettings().input_size


def test_whole_numbers_are_fine_where_fractions_are() -> None:
    assert TrainSettings(learning_rate=1, classification_weight=2).classification_weight == 2


def test_weights_are_pretrained_unless_random_is_asked_for_by_name() -> None:
    assert TrainSettings().weights == "imagenet"
    with pytest.raises(ValueError, match="random"):
        TrainSettings(weights="none")


def test_settings_survive_json_and_keys_of_newer_versions() -> None:
    settings = TrainSettings(epochs=7, learning_rate=3e-4, seed=11)
    document = json.loads(json.dumps(settings.to_json()))
    assert TrainSettings.from_json(document | {"later": 1}) == settings
    assert TrainSettings.from_json({}) == TrainSettings()


def test_classic_has_the_numbers_of_the_tutorial() -> None:
    settings = CLASSIC.settings
    assert (settings.input_size, settings.epochs, settings.batch_size) == (120, 40, 8)
    assert (settings.learning_rate, settings.classification_weight) == (1e-4, 0.5)
    assert settings.learning_rate_decay == pytest.approx(1 / 0.75 - 1)


def test_presets_are_found_by_their_own_names() -> None:
    assert find_preset("Classic") is CLASSIC
    assert DEFAULT_PRESET in PRESETS.values()
    for name, preset in PRESETS.items():
        assert preset.name == preset.settings.preset == name
        assert preset.title and preset.description


def test_unknown_preset_lists_those_there_are() -> None:
    with pytest.raises(UserError) as caught:
        find_preset("fastest")
    assert "fastest" in caught.value.what
    assert "classic" in caught.value.remedy


def test_fast_is_the_default_and_looks_at_every_place() -> None:
    assert find_preset("FAST") is FAST is DEFAULT_PRESET
    assert next(iter(PRESETS.values())) is FAST
    assert FAST.settings.network == "dense"
    assert FAST.settings.weights == "imagenet"
    assert FAST.settings.patience > 0
    assert CLASSIC.settings.network == "classic"


def test_settings_of_every_preset_survive_json() -> None:
    for preset in PRESETS.values():
        document = json.loads(json.dumps(preset.settings.to_json()))
        assert TrainSettings.from_json(document) == preset.settings
