"""Pictures of every kind come in upright, in RGB; what is none is said to be none."""

from __future__ import annotations

import io
import random
import unicodedata
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, features

from facegui.core.errors import UserError
from facegui.core.images import (
    LONGEST_STEM_BYTES,
    PICTURE_SUFFIXES,
    Pixels,
    decode_picture,
    encode_for_project,
    encode_jpeg,
    is_picture_name,
    picture_size,
    portable_stem,
    read_picture,
    read_small_picture,
    resized,
    write_picture,
)

ORIENTATION = 0x0112
SIDEWAYS = (5, 6, 7, 8)


def scene() -> Pixels:
    """60 wide, 40 high: red, green, blue and yellow corners on grey."""
    pixels = np.full((40, 60, 3), 128, dtype=np.uint8)
    pixels[:20, :30], pixels[:20, 30:] = (255, 0, 0), (0, 255, 0)
    pixels[20:, :30], pixels[20:, 30:] = (0, 0, 255), (255, 255, 0)
    return pixels


def encoded(kind: str, picture: Image.Image | None = None, orientation: int | None = None) -> bytes:
    stream = io.BytesIO()
    options: dict[str, object] = {"quality": 95} if kind in ("JPEG", "WEBP", "HEIF") else {}
    if orientation:
        exif = Image.Exif()
        exif[ORIENTATION] = orientation
        options["exif"] = exif
    if kind == "HEIF":
        import pillow_heif

        pillow_heif.register_heif_opener()
    (picture or Image.fromarray(scene())).save(stream, kind, **options)
    return stream.getvalue()


def assert_looks_like(pixels: Pixels, expected: Pixels, tolerance: float = 12) -> None:
    assert pixels.shape == expected.shape
    assert pixels.dtype == np.uint8
    difference = np.abs(pixels.astype(int) - expected.astype(int))
    assert difference.mean() < tolerance


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "BMP", "TIFF", "HEIF"])
def test_common_formats_come_in_as_rgb(kind: str, tmp_path: Path) -> None:
    path = tmp_path / f"Bild \u00e4\u9854.{kind.lower()}"
    path.write_bytes(encoded(kind))
    assert is_picture_name(path)
    assert_looks_like(read_picture(path), scene())
    assert picture_size(path) == (60, 40)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_orientation_is_baked_in(kind: str, orientation: int, tmp_path: Path) -> None:
    turns = {
        1: lambda p: p,
        2: lambda p: p[:, ::-1],
        3: lambda p: p[::-1, ::-1],
        4: lambda p: p[::-1],
        5: lambda p: p.transpose(1, 0, 2),
        6: lambda p: np.rot90(p, -1),
        7: lambda p: p[::-1, ::-1].transpose(1, 0, 2),
        8: lambda p: np.rot90(p),
    }
    data = encoded(kind, orientation=orientation)
    upright = turns[orientation](scene())
    assert_looks_like(decode_picture(data), upright)
    path = tmp_path / "picture"
    path.write_bytes(data)
    size = (40, 60) if orientation in SIDEWAYS else (60, 40)
    assert picture_size(path) == size
    stored = encode_for_project(data, "a")
    assert (stored.width, stored.height) == size
    with Image.open(io.BytesIO(stored.data)) as raw:
        assert raw.getexif().get(ORIENTATION, 1) == 1
        assert raw.size == size
    assert_looks_like(decode_picture(stored.data), upright)


def test_phone_pictures_in_heic_can_be_read() -> None:
    assert {".heic", ".heif"} <= PICTURE_SUFFIXES
    stored = encode_for_project(encoded("HEIF"), "IMG_1.HEIC")
    assert stored.suffix == ".jpg"
    assert_looks_like(decode_picture(stored.data), scene())


@pytest.mark.parametrize(("kind", "suffix"), [("JPEG", ".jpg"), ("PNG", ".png")])
def test_what_needs_no_change_is_stored_byte_for_byte(kind: str, suffix: str) -> None:
    data = encoded(kind)
    stored = encode_for_project(data, "a")
    assert (stored.data, stored.suffix, stored.width, stored.height) == (data, suffix, 60, 40)


@pytest.mark.parametrize(
    ("kind", "suffix"), [("BMP", ".png"), ("TIFF", ".png"), ("WEBP", ".jpg"), ("GIF", ".jpg")]
)
def test_other_formats_are_written_anew(kind: str, suffix: str) -> None:
    stored = encode_for_project(encoded(kind), "a")
    assert stored.suffix == suffix
    assert_looks_like(decode_picture(stored.data), scene())


@pytest.mark.parametrize("mode", ["L", "P", "CMYK", "1", "YCbCr", "LAB", "HSV"])
def test_other_colours_become_rgb(mode: str) -> None:
    grey = Image.fromarray(np.full((8, 8, 3), 255, dtype=np.uint8)).convert("RGB")
    picture = Image.new("RGB", (8, 8), "white") if mode == "LAB" else grey.convert(mode)
    kind = "JPEG" if mode in ("L", "CMYK", "YCbCr") else "PNG" if mode in ("P", "1") else "TIFF"
    picture = picture.convert("RGB") if mode == "HSV" else picture
    assert_looks_like(decode_picture(encoded(kind, picture)), np.asarray(grey), 4)


@pytest.mark.parametrize("mode", ["RGBA", "LA", "P"])
def test_see_through_parts_are_white_and_not_what_hides_below(mode: str) -> None:
    picture = Image.new("RGBA", (8, 8), (0, 0, 0, 0))
    picture.paste((0, 0, 0, 255), (0, 0, 4, 8))
    if mode == "P":
        flat = Image.new("P", (8, 8), 1)
        flat.putpalette([0, 0, 0, 200, 0, 0])
        flat.paste(0, (0, 0, 4, 8))
        flat.info["transparency"] = 1
        stream = io.BytesIO()
        flat.save(stream, "PNG", transparency=1)
        data = stream.getvalue()
    else:
        data = encoded("PNG", picture.convert(mode))
    pixels = decode_picture(data)
    assert (pixels[:, :4] == 0).all()
    assert (pixels[:, 4:] == 255).all()


def test_sixteen_bit_greys_are_stretched_and_not_clipped() -> None:
    deep = np.linspace(1000, 60000, 64).astype(np.uint16).reshape(8, 8)
    pixels = decode_picture(encoded("PNG", Image.fromarray(deep)))
    assert pixels.shape == (8, 8, 3)
    assert (pixels.min(), pixels.max()) == (0, 255)
    assert (np.diff(pixels[:, :, 0].ravel().astype(int)) >= 0).all()
    flat = decode_picture(encoded("PNG", Image.fromarray(np.full((4, 4), 700, np.uint16))))
    assert (flat == 0).all()


def test_greys_that_are_no_numbers_do_no_harm() -> None:
    odd = np.array([[np.nan, 0.0], [1.0, 0.5]], dtype=np.float32)
    assert decode_picture(encoded("TIFF", Image.fromarray(odd)))[1, 0, 0] == 255


def test_first_of_several_pictures_is_taken() -> None:
    stream = io.BytesIO()
    frames = [Image.fromarray(scene()), Image.new("RGB", (60, 40), "black")]
    frames[0].save(stream, "PNG", save_all=True, append_images=frames[1:])
    stored = encode_for_project(stream.getvalue(), "a.png")
    assert_looks_like(decode_picture(stored.data), scene())
    with Image.open(io.BytesIO(stored.data)) as still:
        assert getattr(still, "n_frames", 1) == 1


def test_unreadable_exif_is_no_reason_to_refuse() -> None:
    data = bytearray(encoded("JPEG", orientation=6))
    at = data.index(b"Exif\x00\x00")
    data[at + 6 : at + 14] = b"\xff" * 8
    assert decode_picture(bytes(data)).shape == (40, 60, 3)


def test_exif_that_pillow_stumbles_over_is_ignored(monkeypatch: pytest.MonkeyPatch) -> None:
    def stumble(_: Image.Image) -> None:
        raise SyntaxError("not a TIFF file")

    monkeypatch.setattr(Image.Image, "getexif", stumble)
    assert_looks_like(decode_picture(encoded("PNG")), scene())


@pytest.mark.parametrize("orientation", [1, 6])
def test_small_picture_is_upright_and_tells_the_real_size(orientation: int, tmp_path: Path) -> None:
    large = Image.fromarray(scene()).resize((600, 400))
    path = tmp_path / "large.jpg"
    path.write_bytes(encoded("JPEG", large, orientation))
    pixels, size = read_small_picture(path, 90)
    assert size == ((600, 400) if orientation == 1 else (400, 600))
    upright = resized(scene() if orientation == 1 else np.rot90(scene(), -1).copy(), *size)
    assert max(pixels.shape) == 90
    assert_looks_like(pixels, resized(upright, pixels.shape[1], pixels.shape[0]))
    assert read_small_picture(path, 5000)[0].shape[:2] == (size[1], size[0])


@pytest.mark.parametrize("data", [b"", b"no picture", b"\xff\xd8\xff", b"GIF89a", b"\x89PNG\r\n"])
def test_no_picture_is_said_to_be_none(data: bytes, tmp_path: Path) -> None:
    path = tmp_path / "letter.jpg"
    path.write_bytes(data)
    for read in (read_picture, picture_size, lambda path: read_small_picture(path, 9)):
        with pytest.raises(UserError, match=r"letter\.jpg"):
            read(path)
    with pytest.raises(UserError, match="letter"):
        encode_for_project(data, "letter.jpg")


def test_missing_picture_and_folder_are_told(tmp_path: Path) -> None:
    for path in (tmp_path / "gone.jpg", tmp_path):
        with pytest.raises(UserError, match=path.name):
            read_picture(path)
        with pytest.raises(UserError, match=path.name):
            picture_size(path)


@pytest.mark.filterwarnings("ignore::Warning:PIL")
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "BMP", "TIFF", "HEIF", "GIF"])
def test_damaged_pictures_are_read_or_refused_but_never_crash(kind: str, tmp_path: Path) -> None:
    dice = random.Random(kind)
    orientation = 6 if kind in ("JPEG", "PNG", "WEBP", "TIFF") else None
    whole = encoded(kind, orientation=orientation)
    path = tmp_path / "damaged"
    for _ in range(60):
        data = bytearray(whole)
        for _ in range(dice.choice((1, 3, 10))):
            data[dice.randrange(min(len(data), dice.choice((60, 200, len(data)))))] ^= 0xFF
        del data[dice.choice((len(data), dice.randrange(len(data)))) :]
        path.write_bytes(data)
        for read in (
            lambda: decode_picture(bytes(data)),  # noqa: B023
            lambda: encode_for_project(bytes(data), "damaged"),  # noqa: B023
            lambda: picture_size(path),
        ):
            try:
                read()
            except UserError as error:
                assert error.remedy


def test_half_a_picture_is_refused() -> None:
    noise = np.random.default_rng(0).integers(0, 255, (200, 200, 3), dtype=np.uint8)
    data = encoded("JPEG", Image.fromarray(noise))
    with pytest.raises(UserError, match=r"half\.jpg is damaged"):
        decode_picture(data[: len(data) // 2], "half.jpg")


def test_written_picture_reads_back(tmp_path: Path) -> None:
    for name, tolerance in (("a.PNG", 0.001), ("b.jpg", 12)):
        write_picture(tmp_path / name, scene())
        assert_looks_like(read_picture(tmp_path / name), scene(), tolerance)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.PNG", "b.jpg"]
    assert_looks_like(decode_picture(encode_jpeg(scene())), scene())


def test_picture_that_cannot_be_encoded_leaves_the_old_one(tmp_path: Path) -> None:
    path = tmp_path / "a.jpg"
    write_picture(path, scene())
    for odd in (np.zeros((4, 4)), np.zeros((4, 4, 4), np.uint8), np.zeros((4, 4, 3), np.float32)):
        with pytest.raises(ValueError, match="expected"):
            write_picture(path, odd)
    assert_looks_like(read_picture(path), scene())


def test_resized_keeps_colours_and_gives_the_size() -> None:
    small = resized(scene(), 30, 20)
    assert small.shape == (20, 30, 3)
    assert tuple(small[2, 2]) == (255, 0, 0)
    same = scene()
    assert resized(same, 60, 40) is same


def test_names_of_pictures_are_told_by_their_ending() -> None:
    assert all(is_picture_name(Path(f"a{suffix.upper()}")) for suffix in PICTURE_SUFFIXES)
    assert not any(is_picture_name(Path(name)) for name in ("a.json", "a.mp4", "jpg", ".jpg"))


@pytest.mark.parametrize(
    ("name", "stem"),
    [
        ("photo 1.jpg", "photo 1"),
        ("a:b?.jpg", "a_b_"),
        ("Gesicht \u00e4\u9854.png", "Gesicht \u00e4\u9854"),
        ("a\u0308.jpg", "\u00e4"),
        (" . .jpg", "photo"),
        ("con.jpg", "_con"),
        ("LPT1.x.jpg", "_LPT1.x"),
        ("bad\udcff.jpg", "bad_"),
    ],
)
def test_stem_is_made_portable(name: str, stem: str) -> None:
    assert portable_stem(name) == stem


@given(st.text(max_size=300))
def test_every_name_has_a_portable_stem(name: str) -> None:
    stem = portable_stem(name)
    assert stem
    assert len(stem.encode("utf-8")) <= LONGEST_STEM_BYTES + 1
    assert not set(stem) & set('<>:"/\\|?*%\x00\n')
    assert stem == stem.strip(" .")
    assert unicodedata.is_normalized("NFC", stem)


def test_pillow_has_what_the_formats_need() -> None:
    assert all(features.check(name) for name in ("webp", "jpg", "zlib", "libtiff", "freetype2"))
