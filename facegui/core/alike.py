"""Which photos are near-copies of each other: the same moment, recompressed, cropped, relit.

Two steps. Each photo, and some crops of it, are compared in very small with all
others, which finds what may be alike however it was cropped. Of those, the one is
then laid over the other as well as it goes, and what differs is looked at: where
somebody has moved, the difference is large in one place.

Measured on real webcam photos (`benchmarks/health.py`). A hash of 64 bits, as
`imagehash` makes it, cannot tell a cropped photo from one a moment later: in a room
that stands still those differ less than the crop does.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import cv2
import numpy as np
import numpy.typing as npt

from facegui.core.images import Pixels
from facegui.core.progress import Progress, Report, StopToken, throttled

Pattern = npt.NDArray[np.uint8]
"""(64, 64) grey: a picture in small, without regard to its proportions."""

PATTERN_SIDE = 64
LARGEST_DIFFERENCE = 0.3
"""In the place where two photos differ most, as a share of their contrast."""

_SMALL_SIDE = 16
_LEAST_CORRELATION = 0.90
_CROPS = (
    (1.0, 0.5, 0.5),
    *(
        (scale, x, y)
        for scale in (0.975, 0.95, 0.925, 0.9)
        for x, y in ((0.5, 0.5), (0.0, 0.0), (1.0, 0.0), (0.0, 1.0), (1.0, 1.0))
    ),
)
"""Scale, and where the part lies: 0 at the left or top, 1 at the right or bottom."""

_LEAST_CONTRAST = 4.0
"""Standard deviation of the grey values below which a picture shows nothing to compare."""

_CONTRAST_FLOOR = 8.0
_SOFTNESS = 1.2
_PLACE_SIDE = 6
_LEAST_OVERLAP = 0.6
_BLACK, _WHITE = 6.0, 248.0
_LEAST_WHOLE = 0.25
"""Of the pixels that are neither black nor white, below which all are compared."""

_STEPS = (cv2.TERM_CRITERIA_EPS | cv2.TERM_CRITERIA_COUNT, 25, 1e-4)
_MOST_CANDIDATES = 24
"""For one photo; the likeliest first. Of a thousand photos of one empty room each is
compared with some, and they are one group all the same."""
_CHUNK = 256

_Floats = npt.NDArray[np.float32]


def pattern_of(grey: npt.NDArray[np.uint8]) -> Pattern:
    """What a grey picture looks like in small."""
    side = (PATTERN_SIDE, PATTERN_SIDE)
    small: Pattern = cv2.resize(grey, side, interpolation=cv2.INTER_AREA)
    return small


def near_copies(
    patterns: Sequence[Pattern], known: int, report: Report, stop: StopToken
) -> Iterator[tuple[int, list[int]]]:
    """Compares one photo after the other with all: what it is a near-copy of.

    Whoever stops in between has all near-copies of the photos until then.

    Args:
        patterns: of all photos.
        known: so many at the beginning have been compared with each other already.
        report: told of each of the others.
        stop: cancels.

    Returns:
        Of each photo that was not compared before its place in `patterns`, and those of
        its near-copies, but for those that were told with an earlier one.

    Raises:
        Cancelled: when `stop` was cancelled.
    """
    report = throttled(report)
    count, new = len(patterns), len(patterns) - known
    if new <= 0 or count < 2:
        return
    # In half precision: of 10,000 photos 107 MB.
    crops = np.empty((count, len(_CROPS), _SMALL_SIDE**2), np.float16)
    for place, pattern in enumerate(patterns):
        stop.raise_if_cancelled()
        crops[place] = _crops_of(pattern)
    done: set[tuple[int, int]] = set()
    for start in range(known, count, _CHUNK):
        end = min(start + _CHUNK, count)
        best, crop_of_new, crop_of_other = _correlations(crops, start, end, stop)
        for row, one in enumerate(range(start, end)):
            found = []
            for other in _likeliest(best[row], one):
                stop.raise_if_cancelled()
                pair = min(one, other), max(one, other)
                if pair in done:
                    continue
                done.add(pair)
                # From the whole one to the one that may be a part of it.
                new_is_part = crop_of_other[row, other][0] >= crop_of_new[row, other][0]
                whole, part = (other, one) if new_is_part else (one, other)
                chosen = crop_of_other if new_is_part else crop_of_new
                if is_alike(patterns[whole], patterns[part], int(chosen[row, other][1])):
                    found.append(other)
            yield one, found
            report(Progress(one - known + 1, new, "Comparing photos"))


def is_alike(whole: Pattern, part: Pattern, crop: int = 0) -> bool:
    """Whether a picture is the other one, or a part of it, but for light and compression.

    Args:
        whole: the one that shows as much or more.
        part: the other.
        crop: which of the crops of `whole` it resembles most.
    """
    if min(float(whole.std()), float(part.std())) < _LEAST_CONTRAST:
        return bool((whole == part).all())
    return _largest_difference(whole, part, crop) < LARGEST_DIFFERENCE


def show_the_same(one: Pixels, other: Pixels) -> bool:
    """Whether two whole pictures are one, but for light and compression.

    Args:
        one: (h, w, 3) RGB uint8.
        other: likewise, of any size.
    """
    ours, theirs = (
        pattern_of(cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY).astype(np.uint8, copy=False))
        for pixels in (one, other)
    )
    return is_alike(ours, theirs)


def hardly_differs(one: Pattern, other: Pattern) -> bool:
    """Whether two frames of a camera that stands still show the same moment; quick."""
    ours, theirs = (
        cv2.GaussianBlur(item.astype(np.float32), (0, 0), _SOFTNESS) for item in (one, other)
    )
    difference = _difference_in_light(ours, theirs, np.ones(ours.shape, np.bool_))
    places = cv2.blur(difference, (_PLACE_SIDE, _PLACE_SIDE))
    return float(places.max()) < LARGEST_DIFFERENCE * max(float(theirs.std()), _CONTRAST_FLOOR)


def _likeliest(correlations: _Floats, one: int) -> list[int]:
    candidates = np.flatnonzero(correlations >= _LEAST_CORRELATION)
    candidates = candidates[candidates != one]
    order = np.argsort(-correlations[candidates], kind="stable")
    return [int(candidates[place]) for place in order[:_MOST_CANDIDATES]]


def _correlations(
    crops: npt.NDArray[np.float16], start: int, end: int, stop: StopToken
) -> tuple[_Floats, _Floats, _Floats]:
    """How well the photos from `start` to `end` go with all, over all crops of both.

    Returns:
        (m, n) the best correlation; (m, n, 2) the best over the crops of the new
        photo and which it is; the same over the crops of the other.
    """
    full = crops[:, 0].astype(np.float32)
    shape = (end - start, len(crops))
    of_new, of_other = (np.full((*shape, 2), -1.0, np.float32) for _ in range(2))
    for crop in range(crops.shape[1]):
        stop.raise_if_cancelled()
        cropped = crops[:, crop].astype(np.float32)
        for kept, values in (
            (of_new, cropped[start:end] @ full.T),
            (of_other, full[start:end] @ cropped.T),
        ):
            better = values > kept[..., 0]
            kept[..., 0][better] = values[better]
            kept[..., 1][better] = crop
    return np.maximum(of_new[..., 0], of_other[..., 0]), of_new, of_other


def _crops_of(pattern: Pattern) -> _Floats:
    """(21, 256): the crops of a pattern in very small, each of mean 0 and length 1."""
    step = PATTERN_SIDE // _SMALL_SIDE
    soft = cv2.blur(pattern, (step, step))
    made = []
    for crop in range(len(_CROPS)):
        scale, x0, y0 = _part(crop)
        pace = scale * step
        matrix = np.array(
            [[pace, 0, x0 + pace / 2 - 0.5], [0, pace, y0 + pace / 2 - 0.5]], np.float32
        )
        made.append(_warped(soft, matrix, _SMALL_SIDE, cv2.BORDER_REPLICATE).ravel())
    values = np.stack(made).astype(np.float32)
    values -= values.mean(axis=1, keepdims=True)
    lengths = np.linalg.norm(values, axis=1, keepdims=True)
    normed: _Floats = values / np.maximum(lengths, 1e-3)
    return normed


def _largest_difference(whole: Pattern, part: Pattern, crop: int) -> float:
    """Where two pictures differ most once the one is laid over the other; see the module."""
    scale, x0, y0 = _part(crop)
    matrix = np.array([[scale, 0, x0], [0, scale, y0]], np.float32)
    one, other = (
        cv2.GaussianBlur(item.astype(np.float32), (0, 0), _SOFTNESS) for item in (whole, part)
    )
    try:
        matrix = cv2.findTransformECC(other, one, matrix, cv2.MOTION_AFFINE, _STEPS, None, 3)[1]
    except cv2.error:  # nothing to hold on to
        return np.inf
    laid = _warped(one, matrix, PATTERN_SIDE, cv2.BORDER_CONSTANT)
    inside = _warped(np.ones_like(one), matrix, PATTERN_SIDE, cv2.BORDER_CONSTANT) > 0.999
    inside = cv2.erode(inside.astype(np.uint8), np.ones((3, 3), np.uint8), borderValue=0) > 0
    if inside.mean() < _LEAST_OVERLAP:
        return np.inf
    difference = _difference_in_light(laid, other, inside)
    places = cv2.blur(difference, (_PLACE_SIDE, _PLACE_SIDE))
    return float(places.max()) / max(float(other[inside].std()), _CONTRAST_FLOOR)


def _difference_in_light(one: _Floats, other: _Floats, inside: npt.NDArray[np.bool_]) -> _Floats:
    """What differs beside the light: `one` is made as light as `other` before.

    Where it is overexposed or black nobody knows how light or dark it would be: there it
    differs only where it is too dark, or too light, all the same.
    """
    whole = (np.minimum(one, other) > _BLACK) & (np.maximum(one, other) < _WHITE) & inside
    chosen = whole if whole.sum() > _LEAST_WHOLE * inside.sum() else inside
    ours, theirs = one[chosen], other[chosen]
    ours_mean, theirs_mean = float(ours.mean()), float(theirs.mean())
    spread = float(((ours - ours_mean) ** 2).mean())
    gain = float(((ours - ours_mean) * (theirs - theirs_mean)).mean()) / max(spread, 1e-6)
    expected = np.clip(theirs_mean + gain * (one - ours_mean), 0.0, 255.0)
    difference: _Floats = np.abs(other - expected)
    difference[(one >= _WHITE) & (other > expected)] = 0.0
    difference[(one <= _BLACK) & (other < expected)] = 0.0
    difference[~inside] = 0.0
    return difference


def _part(crop: int) -> tuple[float, float, float]:
    """Scale of a crop, and its left and top in pixels of a pattern."""
    scale, x, y = _CROPS[crop]
    rest = PATTERN_SIDE * (1.0 - scale)
    return scale, rest * x, rest * y


def _warped(picture: npt.NDArray[np.generic], matrix: _Floats, side: int, border: int) -> _Floats:
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    warped: _Floats = cv2.warpAffine(picture, matrix, (side, side), flags=flags, borderMode=border)
    return warped
