"""Settings of the augmentation: checked, stored, described."""

from __future__ import annotations

import json
from dataclasses import fields, replace

import pytest

from facegui.core.augmentation_settings import (
    PRESETS,
    TRANSFORMS,
    AugmentationSettings,
    TransformSettings,
)

DEFAULT = AugmentationSettings()


def test_faces_are_upside_down_in_no_preset() -> None:
    assert not DEFAULT.vertical_flip.enabled
    assert not any(preset.settings.vertical_flip.enabled for preset in PRESETS)


def test_default_is_the_first_preset_and_makes_thirty_copies() -> None:
    assert PRESETS[0].settings == DEFAULT
    assert DEFAULT.copies == 30


def test_every_transform_is_described() -> None:
    described = [info.name for info in TRANSFORMS]
    held = [
        field.name
        for field in fields(AugmentationSettings)
        if isinstance(getattr(DEFAULT, field.name), TransformSettings)
    ]
    assert sorted(described) == sorted(held)
    for info in TRANSFORMS:
        assert info.title and info.sentence.endswith(".")
        assert info.has_strength == bool(info.unit) == bool(info.strength)


@pytest.mark.parametrize("preset", PRESETS, ids=lambda preset: preset.name)
def test_settings_survive_json(preset: object) -> None:
    chosen = preset.settings  # type: ignore[attr-defined]
    stored = json.loads(json.dumps(chosen.to_json()))
    assert AugmentationSettings.from_json(stored) == chosen


def test_settings_of_other_versions_are_read() -> None:
    document = {
        "copies": 7,
        "hue": {"enabled": True},
        "blur": {"strength": 4, "shape": "disc"},
        "min_visibility": 1,
    }
    chosen = AugmentationSettings.from_json(document)
    assert chosen == replace(
        DEFAULT, copies=7, blur=replace(DEFAULT.blur, strength=4.0), min_visibility=1.0
    )


@pytest.mark.parametrize(
    ("document", "words"),
    [
        ({"copies": 0}, "copies must be 1 to 1000, got 0"),
        ({"copies": 2.5}, "copies must be a int"),
        ({"copies": True}, "copies must be a int"),
        ({"seed": -1}, "seed must be 0 to"),
        ({"longest_side": 5}, "longest_side must be 32 to 4096"),
        ({"min_visibility": 1.5}, "min_visibility must be 0 to 1"),
        ({"min_visibility": float("nan")}, "min_visibility must be 0 to 1"),
        ({"rotation": {"strength": 90.0}}, "rotation.strength must be 0 to 45"),
        ({"rotation": {"strength": "much"}}, "rotation.strength must be a float"),
        ({"gamma": {"probability": -0.1}}, "gamma.probability must be 0 to 1"),
        ({"gamma": {"enabled": 1}}, "gamma.enabled must be a bool"),
        ({"gamma": 20}, "gamma must be an object"),
        ({"horizontal_flip": {"strength": 1.0}}, "horizontal_flip.strength must be 0 to 0"),
    ],
)
def test_wrong_value_is_named_with_its_range(document: dict[str, object], words: str) -> None:
    with pytest.raises(ValueError, match=words.replace(".", r"\.")):
        AugmentationSettings.from_json(document)
