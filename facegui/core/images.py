"""Pictures: read from any common format, written whole. RGB everywhere.

Pillow reads: it knows EXIF orientation, HEIC (through pillow-heif) and names
outside ASCII on every system, which `cv2.imread` does not.
"""

from __future__ import annotations

import functools
import io
import logging
import os
import struct
import unicodedata
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
from PIL import Image, UnidentifiedImageError

from facegui.core.errors import UserError
from facegui.core.files import written_atomically

log = logging.getLogger(__name__)

Pixels = npt.NDArray[np.uint8]
"""(height, width, 3) RGB uint8."""

PICTURE_SUFFIXES = frozenset(
    {".jpg", ".jpeg", ".jpe", ".png", ".webp", ".bmp", ".dib", ".tif", ".tiff", ".heic", ".heif"}
)
LOSSLESS_FORMATS = frozenset({"PNG", "BMP", "DIB", "TIFF"})
JPEG_QUALITY = 95
LONGEST_STEM_BYTES = 180
"""Of 255 that a name may have; the rest is for numbers and endings."""
_ORIENTATION_TAG = 0x0112
_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
_ON_ITS_SIDE = frozenset(_TURNS[orientation] for orientation in (5, 6, 7, 8))
_WINDOWS_DEVICES = frozenset(
    {"con", "prn", "aux", "nul", *(f"{name}{n}" for name in ("com", "lpt") for n in range(1, 10))}
)


@dataclass(frozen=True, slots=True)
class EncodedPicture:
    """A picture as it is stored in a project: JPEG or PNG, upright.

    Args:
        data: the file's content.
        suffix: ".jpg" or ".png".
        width: in pixels.
        height: in pixels.
    """

    data: bytes
    suffix: str
    width: int
    height: int


def is_picture_name(path: Path) -> bool:
    """Whether the name has the ending of a picture format that can be read."""
    return path.suffix.casefold() in PICTURE_SUFFIXES


def has_picture_ending(name: str) -> bool:
    """As `is_picture_name`, for thousands of names at a time."""
    return os.path.splitext(name)[1].casefold() in PICTURE_SUFFIXES  # noqa: PTH122


def read_picture(path: Path) -> Pixels:
    """Reads a picture upright (EXIF orientation applied).

    Raises:
        UserError: when the file is missing, damaged or no picture.
    """
    try:
        return decode_picture(path.read_bytes(), path.name)
    except OSError as error:
        raise UserError(
            f"{path.name} cannot be read.", "Check that the file is still there.", str(error)
        ) from error


def read_small_picture(path: Path, side: int) -> tuple[Pixels, tuple[int, int]]:
    """Reads a picture upright, made small: quickly, and beside a window that stays quick.

    Pillow holds Python's lock while it decodes, OpenCV does not, and it can skip most of
    a large JPEG. Pillow takes what OpenCV may see otherwise: transparency, turned pictures.

    Args:
        path: of the picture.
        side: longest side in pixels of what is returned; never larger than the picture.

    Returns:
        The pixels, and width and height of the picture itself.

    Raises:
        UserError: when the file is missing, damaged or no picture.
    """
    _register_heif()
    try:
        with Image.open(path) as picture:
            shrink = max(picture.size) // side
            is_plain = (
                picture.format in ("JPEG", "PNG")
                and picture.mode in ("RGB", "L")
                and "transparency" not in picture.info
                and picture.getexif().get(_ORIENTATION_TAG, 1) == 1
            )
            pixels = _reduced(path.read_bytes(), shrink) if is_plain else None
            if pixels is None:
                pixels = _upright_rgb(picture, path.name)
                size = pixels.shape[1], pixels.shape[0]
            else:
                size = picture.size
    except _UNREADABLE as error:
        raise _unreadable(path.name, error) from error
    scale = min(1.0, side / max(size))
    return resized(pixels, max(1, round(size[0] * scale)), max(1, round(size[1] * scale))), size


def decode_picture(data: bytes, name: str = "The picture") -> Pixels:
    """Reads a picture from memory, upright.

    Raises:
        UserError: when `data` is damaged or no picture; names `name`.
    """
    with _opened(data, name) as picture:
        return _upright_rgb(picture, name)


def encode_for_project(data: bytes, name: str) -> EncodedPicture:
    """What a project stores for a picture file.

    An upright RGB JPEG or PNG is taken byte for byte. Anything else is
    written anew: PNG for lossless sources, JPEG for the rest.

    Raises:
        UserError: when `data` is damaged or no picture.
    """
    with _opened(data, name) as picture:
        source_format = picture.format
        as_it_is = (
            source_format in ("JPEG", "PNG")
            and picture.mode == "RGB"
            and _turn(picture) is None
            and getattr(picture, "n_frames", 1) == 1
        )
        pixels = _upright_rgb(picture, name)
    height, width = pixels.shape[:2]
    if as_it_is:
        suffix = ".png" if source_format == "PNG" else ".jpg"
        return EncodedPicture(data, suffix, width, height)
    suffix = ".png" if source_format in LOSSLESS_FORMATS else ".jpg"
    return EncodedPicture(encode_picture(pixels, suffix), suffix, width, height)


def encode_picture(pixels: Pixels, suffix: str = ".jpg") -> bytes:
    """The bytes of a JPEG (".jpg") or PNG (".png") file.

    Raises:
        ValueError: for pixels that are not (height, width, 3) uint8.
    """
    if pixels.dtype != np.uint8 or pixels.ndim != 3 or pixels.shape[2] != 3:
        raise ValueError(f"expected (h, w, 3) uint8, got {pixels.shape} {pixels.dtype}")
    stream = io.BytesIO()
    if suffix == ".png":
        Image.fromarray(pixels).save(stream, "PNG")
    else:
        Image.fromarray(pixels).save(stream, "JPEG", quality=JPEG_QUALITY)
    return stream.getvalue()


def encode_jpeg(pixels: Pixels) -> bytes:
    """As `encode_picture`, but several threads can do it at the same time.

    Pillow holds Python's lock while it writes into memory, OpenCV does not.
    """
    bgr = cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR)
    done, data = cv2.imencode(".jpg", bgr, [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])
    if not done:
        raise ValueError(f"no JPEG can be made of {pixels.shape} {pixels.dtype}")
    return data.tobytes()


def write_picture(path: Path, pixels: Pixels) -> None:
    """Writes a JPEG or PNG, by the ending of `path`, whole or not at all."""
    with written_atomically(path) as stream:
        stream.write(encode_picture(pixels, path.suffix.casefold()))


def picture_size(path: Path) -> tuple[int, int]:
    """Width and height in pixels, upright, from the file's header alone.

    Raises:
        UserError: when the file is missing or no picture.
    """
    _register_heif()
    try:
        with Image.open(path) as picture:
            width, height = picture.size
            # Pillow turns the size of a TIFF itself.
            turned = picture.format != "TIFF" and _turn(picture) in _ON_ITS_SIDE
    except _UNREADABLE as error:
        raise _unreadable(path.name, error) from error
    return (height, width) if turned else (width, height)


def resized(pixels: Pixels, width: int, height: int) -> Pixels:
    """The picture at another size in pixels, without regard to its proportions.

    Training and detection both use it: a network sees the same pixels in both.
    """
    if pixels.shape[:2] == (height, width):
        return pixels
    smaller: Pixels = cv2.resize(pixels, (width, height), interpolation=cv2.INTER_AREA)
    return smaller


def portable_stem(name: str) -> str:
    """`name` as a file stem that every system takes, in composed Unicode.

    Such as names that are not in UTF-8 (from Linux), devices of Windows, or
    names that become too long once a number and an ending are added.
    """
    stem = unicodedata.normalize("NFC", Path(name).stem)
    stem = stem.encode("utf-8", "replace").decode("utf-8")
    cleaned = "".join("_" if char in '<>:"/\\|?*%' or ord(char) < 32 else char for char in stem)
    short = cleaned.encode("utf-8")[:LONGEST_STEM_BYTES].decode("utf-8", "ignore").strip(" .")
    if short.partition(".")[0].strip().casefold() in _WINDOWS_DEVICES:
        short = f"_{short}"
    return short or "photo"


_UNREADABLE = (
    UnidentifiedImageError,
    Image.DecompressionBombError,
    EOFError,
    IndexError,
    KeyError,
    OSError,
    RuntimeError,
    SyntaxError,
    TypeError,
    ValueError,
    struct.error,
)
"""What Pillow and its plugins raise for damaged files (found by damaging some)."""


def _opened(data: bytes, name: str) -> Image.Image:
    _register_heif()
    try:
        return Image.open(io.BytesIO(data))
    except _UNREADABLE as error:
        raise _unreadable(name, error) from error


def _turn(picture: Image.Image) -> Image.Transpose | None:
    """What makes a picture upright; None where it is, or its EXIF cannot be read.

    Pillow's `exif_transpose` also writes the EXIF anew, and fails where that is odd.
    """
    try:
        orientation = picture.getexif().get(_ORIENTATION_TAG)
    except _UNREADABLE as error:
        log.warning("ignoring unreadable EXIF: %s", error)
        return None
    return _TURNS.get(orientation) if isinstance(orientation, int) else None


def _upright_rgb(picture: Image.Image, name: str) -> Pixels:
    try:
        picture.load()
        turn = _turn(picture)
        upright = picture if turn is None else picture.transpose(turn)
        if upright.mode in ("I;16", "I", "F"):
            return _from_deep_grey(upright)
        if upright.mode in ("RGBA", "LA", "PA") or "transparency" in upright.info:
            upright = _on_white(upright)
        return np.array(upright.convert("RGB"))
    except _UNREADABLE as error:
        raise _unreadable(name, error) from error


_REDUCED = (
    (8, cv2.IMREAD_REDUCED_COLOR_8),
    (4, cv2.IMREAD_REDUCED_COLOR_4),
    (2, cv2.IMREAD_REDUCED_COLOR_2),
    (0, cv2.IMREAD_COLOR),
)


def _reduced(data: bytes, shrink: int) -> Pixels | None:
    """The picture, made smaller by at most `shrink`; None where OpenCV cannot read it."""
    flags = next(flags for factor, flags in _REDUCED if shrink >= factor)
    buffer = np.frombuffer(data, np.uint8)
    try:
        bgr = cv2.imdecode(buffer, flags | cv2.IMREAD_IGNORE_ORIENTATION)
    except cv2.error:  # among others where less than a pixel would be left
        return None
    if bgr is None:
        return None
    rgb: Pixels = cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB)
    return rgb


def _on_white(picture: Image.Image) -> Image.Image:
    """Flattens transparency as a viewer shows it, not onto hidden colours."""
    layer = picture.convert("RGBA")
    sheet = Image.new("RGBA", layer.size, "white")
    return Image.alpha_composite(sheet, layer)


def _from_deep_grey(picture: Image.Image) -> Pixels:
    """16-bit and float greys, stretched to 8 bits (Pillow's own conversion clips)."""
    grey = np.nan_to_num(np.asarray(picture, dtype=np.float64))
    low, high = float(grey.min()), float(grey.max())
    scaled = (grey - low) / (high - low) * 255.0 if high > low else np.zeros_like(grey)
    return np.repeat(scaled.astype(np.uint8)[:, :, None], 3, axis=2)


def _unreadable(name: str, error: Exception) -> UserError:
    return UserError(
        f"{name} is damaged or no picture.",
        "Open it in a picture viewer; if that works, save it as JPEG and try again.",
        str(error),
    )


@functools.cache
def _register_heif() -> None:
    import pillow_heif

    pillow_heif.register_heif_opener()
