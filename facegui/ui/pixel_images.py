"""Pictures as Qt paints them."""

from __future__ import annotations

from PySide6.QtGui import QImage

from facegui.core.images import Pixels


def image_of(pixels: Pixels) -> QImage:
    """A picture for painting at once; to keep it, take a copy or convert it.

    Args:
        pixels: (h, w, 3) RGB uint8 in one block of memory; it is borrowed, so they have to
            outlive the picture.
    """
    height, width = pixels.shape[:2]
    return QImage(pixels.data, width, height, pixels.strides[0], QImage.Format.Format_RGB888)
