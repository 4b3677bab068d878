"""The frozen VGG16: from a picture to the two feature maps that the dense heads look at."""

from __future__ import annotations

import hashlib
import io
import logging
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from facegui.core.demo_camera import DemoCamera
from facegui.core.files import write_atomically
from facegui.core.images import Pixels, resized
from facegui.core.progress import Progress, Report, StopToken
from facegui.ml.export import to_litert_int8
from facegui.ml.litert import load_interpreter
from facegui.ml.vgg16 import vgg16_maps
from facegui.ml.weights import VGG16_CHANNELS, VggWeights

if TYPE_CHECKING:
    import keras

log = logging.getLogger(__name__)

BACKBONE_VERSION = 2
"""Raised whenever the same picture gives other features: what is kept counts as lost then."""

FINE_LAYER, COARSE_LAYER = "block4_conv3", "block5_conv3"
DIRECTIONS_NAME = "directions"
FINE_CHANNELS = 128
"""Principal directions that are kept of the fine map's 512 channels: they hold nearly
all that differs, in a quarter of the room. A network with fewer channels keeps them all."""

_EXAMPLES = 64
_EXAMPLE_STEP = 45
_EXAMPLE_SIDE = 160
_EXAMPLE_BATCH = 8
_DIGEST_BYTES = 32


@dataclass(frozen=True, slots=True)
class MapShapes:
    """Height, width and channels of the two maps."""

    fine: tuple[int, int, int]
    coarse: tuple[int, int, int]

    @property
    def values(self) -> int:
        """How many numbers both maps have together."""
        return int(np.prod(self.fine) + np.prod(self.coarse))

    def split(self, flat: npt.NDArray[Any]) -> list[npt.NDArray[Any]]:
        """The two maps that lie one after the other in (..., values)."""
        border = int(np.prod(self.fine))
        lead = flat.shape[:-1]
        return [
            flat[..., :border].reshape(*lead, *self.fine),
            flat[..., border:].reshape(*lead, *self.coarse),
        ]


KEPT_BYTES = 200_000_000
"""Of converted networks; those that were not used for longest go first."""


def map_shapes(size: int) -> MapShapes:
    """Of the maps of a picture of that side, from a network with all of VGG16's channels."""
    fine, coarse = size // 8, size // 16
    return MapShapes((fine, fine, FINE_CHANNELS), (coarse, coarse, VGG16_CHANNELS[-1]))


def features_bytes(size: int) -> int:
    """What the features of a picture of that side take on the disk, at most."""
    return 2 * map_shapes(size).values + 128


class Backbone:
    """VGG16 in LiteRT with int8 weights. For many threads; each has its own interpreter.

    Int8 (dynamic range) takes a fifth of float32's time on a processor with VNNI, a
    quarter on one without, and half of bfloat16's. What heads learn on such features
    holds for those of the float32 network: the noise is far below dropout's.

    Args:
        weights: pretrained.
        size: side of the pictures in pixels, a multiple of 16.
        folder: where the converted network is kept; it takes seconds to make.
        report: told what takes its time.
        stop: cancels between the steps.
    """

    def __init__(
        self, weights: VggWeights, size: int, folder: Path, report: Report, stop: StopToken
    ) -> None:
        self.size = size
        self._weights = weights
        self._directions = _fine_directions(weights, folder, report, stop)
        digest = hashlib.sha256(
            f"{BACKBONE_VERSION}/{weights.sha256}/{weights.preprocessing}/{size}/".encode()
            + self._directions.tobytes()
        )
        self.key = digest.hexdigest()[:24]
        """Of what it computes: the same picture with the same key has the same features."""
        stop.raise_if_cancelled()
        report(Progress(0, None, "Preparing the network"))
        path = folder / f"backbone-{self.key}.tflite"
        self._litert = _kept(path, lambda: to_litert_int8(self.network(size)))
        _drop_oldest(folder)
        self._thread = threading.local()
        details = self._interpreter().get_signature_runner().get_output_details()
        self._outputs = [details[name]["index"] for name in ("fine", "coarse")]
        fine, coarse = (tuple(details[name]["shape"][1:].tolist()) for name in ("fine", "coarse"))
        self.shapes = MapShapes(fine, coarse)

    def features(self, picture: Pixels) -> npt.NDArray[np.float16]:
        """(values,) both maps of a (size, size, 3) picture, the fine one first; see `MapShapes`."""
        interpreter = self._interpreter()
        interpreter.set_tensor(
            interpreter.get_input_details()[0]["index"], picture[None].astype(np.float32)
        )
        interpreter.invoke()
        maps = [interpreter.get_tensor(index).ravel() for index in self._outputs]
        return np.concatenate(maps).astype(np.float16)

    def _interpreter(self) -> Any:
        """This thread's own. One core each: pictures side by side use cores better than
        layers that are cut in two."""
        if not hasattr(self._thread, "interpreter"):
            self._thread.interpreter = load_interpreter(self._litert, 1)
        return self._thread.interpreter

    @property
    def reduction(self) -> list[npt.NDArray[np.float32]]:
        """Kernel and bias of the layer that takes the fine map to its principal directions."""
        mean, directions = self._directions[0], self._directions[1:].T
        return [directions[None, None], -(mean @ directions)]

    def network(self, size: int) -> keras.Model:
        """The same as a Keras model, for pictures of any size; see `backbone_network`."""
        return backbone_network(self._weights, size, self.reduction)


def backbone_network(
    weights: VggWeights, size: int, reduction: Sequence[npt.NDArray[np.float32]]
) -> keras.Model:
    """Picture (n, size, size, 3) to "fine" and "coarse", frozen.

    Args:
        weights: of VGG16.
        size: side of the pictures in pixels, a multiple of 16.
        reduction: as `Backbone.reduction`.
    """
    import keras

    picture = keras.Input((size, size, 3), name="picture")
    maps = vgg16_maps(picture, weights)
    reduce = keras.layers.Conv2D(reduction[0].shape[-1], 1, name=DIRECTIONS_NAME)
    outputs = {"fine": reduce(maps[FINE_LAYER]), "coarse": maps[COARSE_LAYER]}
    reduce.set_weights(list(reduction))
    network = keras.Model(picture, outputs, name="backbone")
    network.trainable = False
    return network


def _fine_directions(
    weights: VggWeights, folder: Path, report: Report, stop: StopToken
) -> npt.NDArray[np.float32]:
    """(1 + kept, channels): mean, then the principal directions, of the fine map.

    Taken over the demo camera's pictures, not over the project's: they belong
    to the weights, and features stay valid when photos are added.
    """
    path = folder / f"directions-{BACKBONE_VERSION}-{weights.sha256[:24]}"

    def make() -> bytes:
        report(Progress(0, None, "Preparing the network"))
        rows = _fine_values(weights, stop)
        mean = rows.mean(axis=0)
        _, directions = np.linalg.eigh(np.cov(rows - mean, rowvar=False))
        # eigh gives the largest last.
        largest = directions[:, ::-1][:, :FINE_CHANNELS].T
        stream = io.BytesIO()
        made = np.concatenate([mean[None], largest]).astype(np.float32)
        np.save(stream, made, allow_pickle=False)
        return stream.getvalue()

    kept: npt.NDArray[np.float32] = np.load(io.BytesIO(_kept(path, make)), allow_pickle=False)
    return kept


def _fine_values(weights: VggWeights, stop: StopToken) -> npt.NDArray[np.float32]:
    """(n, channels) values of the fine map at many places of the example pictures."""
    import keras

    picture = keras.Input((_EXAMPLE_SIDE, _EXAMPLE_SIDE, 3))
    network = keras.Model(picture, vgg16_maps(picture, weights)[FINE_LAYER])
    with DemoCamera(paced=False) as camera:
        examples = [
            resized(camera.frame(_EXAMPLE_STEP * number).pixels, _EXAMPLE_SIDE, _EXAMPLE_SIDE)
            for number in range(_EXAMPLES)
        ]
    rows = []
    for first in range(0, _EXAMPLES, _EXAMPLE_BATCH):
        stop.raise_if_cancelled()
        values = network.predict_on_batch(np.stack(examples[first : first + _EXAMPLE_BATCH]))
        rows.append(np.asarray(values).reshape(-1, values.shape[-1]))
    return np.concatenate(rows)


def _kept(path: Path, make: Callable[[], bytes]) -> bytes:
    """What lies at `path`, made and kept there where it does not."""
    try:
        data = path.read_bytes()
        content, digest = data[:-_DIGEST_BYTES], data[-_DIGEST_BYTES:]
        if hashlib.sha256(content).digest() == digest:
            _touch(path)
            return content
        log.warning("ignoring damaged %s", path)
    except FileNotFoundError:
        pass
    except OSError as error:
        log.warning("ignoring unreadable %s: %s", path, error)
    content = make()
    _keep(path, content + hashlib.sha256(content).digest())
    return content


def _keep(path: Path, data: bytes) -> None:
    """Keeps what can be made again; a full disk is no reason to stop."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(path, data)
    except OSError as error:
        log.warning("not keeping %s: %s", path, error)


def newest_litert(folder: Path) -> bytes | None:
    """The converted network that was used last; None where there is none that is whole."""
    try:
        files = sorted(folder.glob("backbone-*.tflite"), key=lambda path: path.stat().st_mtime_ns)
        data = files[-1].read_bytes() if files else b""
    except OSError as error:
        log.warning("cannot read a converted network: %s", error)
        return None
    content, digest = data[:-_DIGEST_BYTES], data[-_DIGEST_BYTES:]
    return content if content and hashlib.sha256(content).digest() == digest else None


def _touch(path: Path) -> None:
    """Remembers that it was used now."""
    try:
        path.touch()
    except OSError as error:
        log.warning("cannot mark %s as used: %s", path, error)


def _drop_oldest(folder: Path) -> None:
    """Removes the converted networks that were not used for longest, but for the newest."""
    try:
        files = [(path.stat(), path) for path in folder.glob("backbone-*.tflite")]
        files.sort(key=lambda file: -file[0].st_mtime_ns)
        total = 0
        for status, path in files:
            total += status.st_size
            if total > KEPT_BYTES and path != files[0][1]:
                path.unlink(missing_ok=True)
    except OSError as error:
        log.warning("old networks stay: %s", error)
