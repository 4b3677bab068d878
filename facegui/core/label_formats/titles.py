"""What the formats of labels are called: known without loading what reads and writes them."""

from __future__ import annotations

FORMAT_TITLES = {
    "labelme": "LabelMe",
    "voc": "Pascal VOC (XML)",
    "yolo": "YOLO (with data.yaml)",
    "coco": "COCO (JSON)",
    "tutorial": "Tutorial (aug_data)",
}
"""By the keys that commands know them by, in the order in which they are offered."""
