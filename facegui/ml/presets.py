"""Presets: a network and how it is trained, under a name that people choose by."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any, Self

from facegui.core.errors import UserError

NETWORKS = ("classic", "dense")

DENSE_STRIDE = 16
"""Pixels of a cell of VGG16's last map: a dense network's pictures are whole cells wide."""


@dataclass(frozen=True, slots=True)
class TrainSettings:
    """Everything that decides how a network is trained.

    Args:
        preset: name of the preset these settings began as.
        network: "classic", the tutorial's, or "dense", heads on a frozen VGG16.
        input_size: side of the square that photos are resized to, 32 to 640 px.
        magnification: of a dense network: how much larger the finished network takes
            photos than it learned from them, 1 to 2; see `final_size`.
        epochs: the most epochs, 1 to 1000.
        batch_size: photos in a step, 1 to 512.
        learning_rate: of Adam, above 0, to 1.
        learning_rate_decay: after n epochs the rate is divided by
            1 + n x this; 0 keeps it. Of a classic network.
        falling_steps: of a dense network: steps over which the rate falls to next to
            nothing along a cosine, whereupon nothing gets better and patience ends the
            training; 0 keeps it.
        classification_weight: share of the classification loss in the total.
        hidden_units: in each head of the classic network, 1 to 16384.
        dropout: share of the feature channels that a dense network does without
            while it learns, 0 to 0.9.
        patience: epochs without a better validation loss after which training
            ends, once the rate has fallen; 0 trains all epochs.
        weights: "imagenet", or "random" to begin from nothing.
        seed: of the new layers' weights and of the order of the photos.

    Raises:
        ValueError: for a value out of range or of another type; names it.
    """

    preset: str = "classic"
    network: str = "classic"
    input_size: int = 120
    magnification: float = 1.0
    epochs: int = 40
    batch_size: int = 8
    learning_rate: float = 1e-4
    learning_rate_decay: float = 1 / 0.75 - 1
    falling_steps: int = 0
    classification_weight: float = 0.5
    hidden_units: int = 2048
    dropout: float = 0.2
    patience: int = 0
    weights: str = "imagenet"
    seed: int = 0

    def __post_init__(self) -> None:
        whole: dict[str, tuple[float, float]] = {
            "input_size": (32, 640),
            "epochs": (1, 1000),
            "batch_size": (1, 512),
            "falling_steps": (0, 1_000_000),
            "hidden_units": (1, 16384),
            "patience": (0, 1000),
            "seed": (0, 2**31 - 1),
        }
        real: dict[str, tuple[float, float]] = {
            "learning_rate": (1e-9, 1.0),
            "learning_rate_decay": (0.0, 100.0),
            "classification_weight": (0.0, 100.0),
            "dropout": (0.0, 0.9),
            "magnification": (1.0, 2.0),
        }
        for name, (low, high) in (whole | real).items():
            value = getattr(self, name)
            if type(value) is not int and (name in whole or type(value) is not float):
                raise ValueError(f"{name} must be a number, got {value!r}")
            if not low <= value <= high:
                raise ValueError(f"{name} must be {low:g} to {high:g}, got {value:g}")
        if self.network not in NETWORKS:
            raise ValueError(f"network must be one of {NETWORKS}, got {self.network!r}")
        if self.network == "dense" and self.input_size % DENSE_STRIDE:
            raise ValueError(f"input_size must be a multiple of {DENSE_STRIDE} for this preset")
        if self.weights not in ("imagenet", "random"):
            raise ValueError(f'weights must be "imagenet" or "random", got {self.weights!r}')

    @property
    def final_size(self) -> int:
        """Side of the square that the finished network takes, in pixels.

        Random crops show faces larger than photos do, so that a network learns them larger
        than it will see them. On a larger picture they have the size that it knows again.

        Source: Touvron et al., "Fixing the train-test resolution discrepancy", NeurIPS 2019.
        """
        if self.network != "dense":
            return self.input_size
        return round(self.input_size * self.magnification / DENSE_STRIDE) * DENSE_STRIDE

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> Self:
        """Keys that this version does not know are passed over.

        Raises:
            ValueError: for a value out of range.
        """
        known = {item.name for item in fields(cls)}
        return cls(**{key: value for key, value in document.items() if key in known})


@dataclass(frozen=True, slots=True)
class Preset:
    """A way to train that the user can choose.

    Args:
        name: key in settings and on the command line.
        title: for people.
        description: one sentence, for people.
        settings: what it begins with; every one may be changed.
    """

    name: str
    title: str
    description: str
    settings: TrainSettings = field(default_factory=TrainSettings)


CLASSIC = Preset(
    "classic",
    "Classic",
    "The network of the tutorial. Takes hours, and finds one face in a picture.",
    TrainSettings(preset="classic"),
)

FAST = Preset(
    "fast",
    "Fast",
    "Ready in minutes, without a graphics card. Finds every face in a picture.",
    TrainSettings(
        preset="fast",
        network="dense",
        input_size=144,
        batch_size=32,
        learning_rate=2e-3,
        learning_rate_decay=0.0,
        falling_steps=500,
        patience=2,
    ),
)

ACCURATE = Preset(
    "accurate",
    "Accurate",
    "Looks more closely, for many or small faces in a picture. Takes longer, in training and live.",
    TrainSettings(
        preset="accurate",
        network="dense",
        input_size=384,
        magnification=1.17,
        batch_size=16,
        learning_rate=1e-3,
        learning_rate_decay=0.0,
        falling_steps=2500,
        patience=3,
    ),
)

FIRST_STEPS = 160
"""Of a dense network's first model, which can be tried live while its training goes on."""

WORTH_A_FIRST_MODEL = 640
"""With fewer features to compute the training itself is soon done."""

PRESETS: Mapping[str, Preset] = {preset.name: preset for preset in (FAST, ACCURATE, CLASSIC)}
DEFAULT_PRESET = FAST


def find_preset(name: str) -> Preset:
    """Raises `UserError` where there is none of that name; lists those there are."""
    try:
        return PRESETS[name.casefold()]
    except KeyError:
        names = ", ".join(PRESETS)
        raise UserError(f"There is no preset {name!r}.", f"Choose one of: {names}.") from None
