"""How training photos are varied: the settings, what each means, and ready-made ones."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from typing import Any

SETTINGS_KEY = "augmentation"
"""Under which a project keeps them."""

MAXIMUM_COPIES = 1000
SIDE_RANGE = (32, 4096)
MAXIMUM_SEED = 2**32 - 1


@dataclass(frozen=True, slots=True)
class TransformInfo:
    """What people are told about a transform.

    Args:
        name: of its field in `AugmentationSettings`.
        title: two or three words.
        sentence: what it does to a copy, and what that is good for.
        strength: what its strength means; empty where it has none.
        unit: of the strength.
        highest: largest strength, in that unit; 0 where it has none.
    """

    name: str
    title: str
    sentence: str
    strength: str = ""
    unit: str = ""
    highest: float = 0.0

    @property
    def has_strength(self) -> bool:
        return self.highest > 0


TRANSFORMS = (
    TransformInfo(
        "random_crop",
        "Random crop",
        "Keeps a random part of the photo, so that faces appear larger and in other places.",
        "cut away at most, of the width and of the height",
        "%",
        80.0,
    ),
    TransformInfo(
        "zoom_out",
        "Zoom out",
        "Shows the photo smaller before another photo or blurred colours, as from farther away.",
        "smaller at most, in width and height",
        "%",
        85.0,
    ),
    TransformInfo(
        "paste",
        "Cut and paste",
        "Puts the faces into photos without a face, so that no background belongs to them.",
        "larger or smaller at most",
        "%",
        80.0,
    ),
    TransformInfo(
        "rotation",
        "Rotation",
        "Tilts the photo to the left or to the right, as a head or a camera is tilted.",
        "turned at most",
        "degrees",
        45.0,
    ),
    TransformInfo(
        "horizontal_flip",
        "Mirror",
        "Swaps left and right.",
    ),
    TransformInfo(
        "vertical_flip",
        "Upside down",
        "Turns faces upside down; only good for cameras that hang from the ceiling.",
    ),
    TransformInfo(
        "brightness_contrast",
        "Brightness and contrast",
        "Makes the photo lighter or darker, and flatter or harsher, as other rooms do.",
        "changed at most",
        "%",
        80.0,
    ),
    TransformInfo(
        "gamma",
        "Gamma",
        "Lightens or darkens the half-tones and leaves black and white alone.",
        "changed at most",
        "%",
        80.0,
    ),
    TransformInfo(
        "rgb_shift",
        "Colour shift",
        "Shifts red, green and blue, as lamps and other cameras do.",
        "shifted at most",
        "levels of 255",
        100.0,
    ),
    TransformInfo(
        "hue",
        "Hue",
        "Turns all colours round the colour circle, so that none of them counts.",
        "turned at most",
        "degrees",
        180.0,
    ),
    TransformInfo(
        "saturation",
        "Saturation",
        "Makes colours paler or stronger; at 100 % some copies are nearly grey.",
        "changed at most",
        "%",
        100.0,
    ),
    TransformInfo(
        "grey",
        "Black and white",
        "Takes all colour out, so that shapes have to do.",
    ),
    TransformInfo(
        "blur",
        "Blur",
        "Makes the photo less sharp, as motion and cheap lenses do.",
        "radius at most",
        "pixels",
        8.0,
    ),
    TransformInfo(
        "noise",
        "Noise",
        "Adds the grain that cameras show in dim light.",
        "deviation at most",
        "levels of 255",
        60.0,
    ),
    TransformInfo(
        "jpeg_quality",
        "JPEG quality",
        "Adds the blocks that strongly compressed pictures show.",
        "quality lost at most",
        "%",
        95.0,
    ),
)
"""All transforms in the order in which people see them."""


@dataclass(frozen=True, slots=True)
class TransformSettings:
    """One transform.

    Args:
        enabled: whether it is used at all.
        strength: the most it does, in its own unit from 0 on; see `TRANSFORMS`.
        probability: share of the copies that it is used on, 0 to 1.
    """

    enabled: bool
    strength: float
    probability: float


@dataclass(frozen=True, slots=True)
class AugmentationSettings:
    """How training photos are varied. The defaults are the preset "Standard".

    Args:
        random_crop: in percent of each side.
        zoom_out: in percent of each side.
        paste: in percent of a face's size.
        rotation: in degrees.
        horizontal_flip: mirrors.
        vertical_flip: turns upside down.
        brightness_contrast: in percent.
        gamma: in percent.
        rgb_shift: in levels of 255.
        hue: in degrees of the colour circle.
        saturation: in percent.
        grey: black and white.
        blur: standard deviation in pixels of the copy.
        noise: standard deviation in levels of 255.
        jpeg_quality: quality lost, of 100.
        copies: of each photo, 1 to 1000.
        seed: another seed, other copies.
        longest_side: of the stored copies, in pixels; smaller ones stay as they are.
        min_visibility: a face of which less than this share is left counts as
            cut away: the copy is one without that face. 0 to 1.

    Raises:
        ValueError: when a value is out of range; names it and the range.
    """

    random_crop: TransformSettings = TransformSettings(True, 40.0, 1.0)
    zoom_out: TransformSettings = TransformSettings(True, 60.0, 0.4)
    paste: TransformSettings = TransformSettings(True, 50.0, 0.3)
    rotation: TransformSettings = TransformSettings(True, 12.0, 0.5)
    horizontal_flip: TransformSettings = TransformSettings(True, 0.0, 0.5)
    vertical_flip: TransformSettings = TransformSettings(False, 0.0, 0.5)
    brightness_contrast: TransformSettings = TransformSettings(True, 20.0, 0.5)
    gamma: TransformSettings = TransformSettings(True, 30.0, 0.3)
    rgb_shift: TransformSettings = TransformSettings(True, 20.0, 0.3)
    hue: TransformSettings = TransformSettings(True, 30.0, 0.3)
    saturation: TransformSettings = TransformSettings(True, 60.0, 0.5)
    grey: TransformSettings = TransformSettings(True, 0.0, 0.15)
    blur: TransformSettings = TransformSettings(True, 2.0, 0.15)
    noise: TransformSettings = TransformSettings(True, 12.0, 0.15)
    jpeg_quality: TransformSettings = TransformSettings(True, 60.0, 0.15)
    copies: int = 30
    seed: int = 0
    longest_side: int = 640
    min_visibility: float = 0.3

    def __post_init__(self) -> None:
        for info in TRANSFORMS:
            transform = self.transform(info.name)
            _check(f"{info.name}.strength", transform.strength, 0.0, info.highest)
            _check(f"{info.name}.probability", transform.probability, 0.0, 1.0)
        _check("copies", self.copies, 1, MAXIMUM_COPIES)
        _check("seed", self.seed, 0, MAXIMUM_SEED)
        _check("longest_side", self.longest_side, *SIDE_RANGE)
        _check("min_visibility", self.min_visibility, 0.0, 1.0)

    def transform(self, name: str) -> TransformSettings:
        """The settings of a transform by its name in `TRANSFORMS`."""
        settings: TransformSettings = getattr(self, name)
        return settings

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> AugmentationSettings:
        """Settings from `to_json`. Unknown keys are passed over, missing ones are the default.

        Raises:
            ValueError: when a value has the wrong type or is out of range; names it.
        """
        default = cls()
        names = {info.name for info in TRANSFORMS}
        values: dict[str, Any] = {}
        for field in fields(cls):
            if field.name not in document:
                continue
            value = document[field.name]
            if field.name in names:
                values[field.name] = _transform_from(field.name, value, default)
            else:
                values[field.name] = _typed(field.name, value, getattr(default, field.name))
        return replace(default, **values)


def _transform_from(name: str, value: Any, default: AugmentationSettings) -> TransformSettings:
    if not isinstance(value, Mapping):
        raise ValueError(f"{name} must be an object, got {value!r}")
    settings = default.transform(name)
    values: dict[str, Any] = {
        field.name: _typed(f"{name}.{field.name}", value[field.name], getattr(settings, field.name))
        for field in fields(TransformSettings)
        if field.name in value
    }
    return replace(settings, **values)


def _typed(name: str, value: Any, default: bool | int | float) -> Any:
    """`value` where it has the type of `default`; whole numbers pass for fractions."""
    if isinstance(default, float) and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if type(value) is not type(default):
        raise ValueError(f"{name} must be a {type(default).__name__}, got {value!r}")
    return value


def _check(name: str, value: float, lowest: float, highest: float) -> None:
    if not lowest <= value <= highest:
        raise ValueError(f"{name} must be {lowest:g} to {highest:g}, got {value!r}")


@dataclass(frozen=True, slots=True)
class Preset:
    """Settings with a name.

    Args:
        name: as it is typed.
        title: as it is shown.
        sentence: when to take it.
        settings: the whole of it.
    """

    name: str
    title: str
    sentence: str
    settings: AugmentationSettings


_STANDARD = AugmentationSettings()


def _off(transform: TransformSettings) -> TransformSettings:
    return replace(transform, enabled=False)


def _nothing() -> AugmentationSettings:
    off: dict[str, Any] = {info.name: _off(_STANDARD.transform(info.name)) for info in TRANSFORMS}
    return replace(_STANDARD, copies=1, **off)


PRESETS = (
    Preset(
        "standard",
        "Standard",
        "Varies place, size, surroundings, light and colour: right for nearly everybody.",
        _STANDARD,
    ),
    Preset(
        "tutorial",
        "Tutorial",
        "What the tutorial does, without turning faces upside down.",
        AugmentationSettings(
            random_crop=TransformSettings(True, 30.0, 1.0),
            zoom_out=_off(_STANDARD.zoom_out),
            paste=_off(_STANDARD.paste),
            rotation=_off(_STANDARD.rotation),
            brightness_contrast=TransformSettings(True, 20.0, 0.2),
            gamma=TransformSettings(True, 20.0, 0.2),
            rgb_shift=TransformSettings(True, 20.0, 0.2),
            hue=_off(_STANDARD.hue),
            saturation=_off(_STANDARD.saturation),
            grey=_off(_STANDARD.grey),
            blur=_off(_STANDARD.blur),
            noise=_off(_STANDARD.noise),
            jpeg_quality=_off(_STANDARD.jpeg_quality),
        ),
    ),
    Preset(
        "strong",
        "Strong",
        "Varies more, for faces that are often small, tilted, dim or badly lit.",
        AugmentationSettings(
            random_crop=TransformSettings(True, 60.0, 1.0),
            zoom_out=TransformSettings(True, 75.0, 0.5),
            paste=TransformSettings(True, 70.0, 0.4),
            rotation=TransformSettings(True, 20.0, 0.7),
            brightness_contrast=TransformSettings(True, 35.0, 0.8),
            gamma=TransformSettings(True, 40.0, 0.5),
            rgb_shift=TransformSettings(True, 35.0, 0.5),
            hue=TransformSettings(True, 90.0, 0.4),
            saturation=TransformSettings(True, 100.0, 0.5),
            grey=TransformSettings(True, 0.0, 0.25),
            blur=TransformSettings(True, 3.0, 0.3),
            noise=TransformSettings(True, 20.0, 0.3),
            jpeg_quality=TransformSettings(True, 75.0, 0.3),
        ),
    ),
    Preset(
        "none",
        "None",
        "The photos as they were taken, once each: to see what augmentation is good for.",
        _nothing(),
    ),
)
"""All presets; the first is the default."""
