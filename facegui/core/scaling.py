"""Pictures at the size in which a screen shows them."""

from __future__ import annotations

import cv2

from facegui.core.images import Pixels


def scaled_for_screen(pixels: Pixels, width: int, height: int, *, mirrored: bool = False) -> Pixels:
    """A picture at another size, smooth and fast enough for every frame of a video.

    Not for what a network sees: that is `images.resized`.

    Args:
        pixels: (h, w, 3) RGB uint8.
        width: wanted, at least 1.
        height: likewise.
        mirrored: left and right changed over.

    Returns:
        (height, width, 3) RGB uint8 in one block of memory; may be `pixels` itself.
    """
    # Halves are exact means and quick; averaging over any other factor takes ten
    # times as long as interpolating, and the eye sees no difference below two.
    while pixels.shape[1] >= 2 * width and pixels.shape[0] >= 2 * height:
        rows, columns = pixels.shape[0] // 2, pixels.shape[1] // 2
        even = pixels[: 2 * rows, : 2 * columns]
        pixels = cv2.resize(even, (columns, rows), interpolation=cv2.INTER_AREA)
    if pixels.shape[:2] != (height, width):
        pixels = cv2.resize(pixels, (width, height), interpolation=cv2.INTER_LINEAR)
    if mirrored:
        pixels = cv2.flip(pixels, 1)
    return pixels
