"""Photos augmented per second, against the loop that the tutorial has its readers write.

Both make the same number of copies of the same photos with the same kinds of
transforms and write pictures and JSON, in turns, in one run.
"""

from __future__ import annotations

import json
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

os.environ.setdefault("NO_ALBUMENTATIONS_UPDATE", "1")

import albumentations
import cv2
from tables import Figure, argument_parser, show

from facegui.core.augmentation_settings import PRESETS
from facegui.core.augmenter import augment_set
from facegui.core.labelme import read_label_file
from facegui.core.photo_library import Photo, Sample
from facegui.core.progress import StopToken, ignore_progress

DEFAULT_PHOTOS = Path(__file__).resolve().parents[2] / "shared" / "data" / "webcam-a" / "train"
BAR = 1.3
UNIT = "copies/s"


def tutorial_loop(images: list[Path], target: Path, copies: int) -> None:
    """The tutorial's loop, with its fixed picture size and its one box a photo."""
    augmentor = albumentations.Compose(
        [
            albumentations.RandomCrop(width=450, height=450),
            albumentations.HorizontalFlip(p=0.5),
            albumentations.RandomBrightnessContrast(p=0.2),
            albumentations.RandomGamma(p=0.2),
            albumentations.RGBShift(p=0.2),
            albumentations.VerticalFlip(p=0.5),
        ],
        bbox_params=albumentations.BboxParams(
            format="albumentations", label_fields=["class_labels"]
        ),
    )
    for folder in ("images", "labels"):
        (target / folder).mkdir(parents=True)
    for path in images:
        image = cv2.imread(str(path))
        coords = [0, 0, 0.00001, 0.00001]
        label_path = path.parent.parent / "labels" / f"{path.stem}.json"
        if label_path.exists():
            label = json.loads(label_path.read_text("utf-8"))
            (x0, y0), (x1, y1) = label["shapes"][0]["points"]
            coords = [min(x0, x1) / 640, min(y0, y1) / 480, max(x0, x1) / 640, max(y0, y1) / 480]
            coords = [min(max(value, 0.0), 1.0) for value in coords]
        for number in range(copies):
            augmented = augmentor(image=image, bboxes=[coords], class_labels=["face"])
            cv2.imwrite(str(target / "images" / f"{path.stem}.{number}.jpg"), augmented["image"])
            annotation = {"image": path.name, "bbox": [0, 0, 0, 0], "class": 0}
            if label_path.exists() and len(augmented["bboxes"]) > 0:
                annotation["bbox"] = [float(value) for value in augmented["bboxes"][0]]
                annotation["class"] = 1
            with (target / "labels" / f"{path.stem}.{number}.json").open("w") as stream:
                json.dump(annotation, stream)


def samples_of(images: list[Path]) -> list[Sample]:
    samples = []
    for path in images:
        label_path = path.parent.parent / "labels" / f"{path.stem}.json"
        boxes = read_label_file(label_path).boxes if label_path.exists() else ()
        samples.append(Sample(Photo(path.name, path), boxes))
    return samples


def seconds(work: Callable[[Path], object]) -> float:
    with tempfile.TemporaryDirectory() as folder:
        start = time.perf_counter()
        work(Path(folder) / "augmented")
        return time.perf_counter() - start


def main() -> int:
    parser = argument_parser(__doc__)
    parser.add_argument(
        "photos",
        type=Path,
        nargs="?",
        default=DEFAULT_PHOTOS,
        help="folder with images/ (640x480) and labels/ (LabelMe JSON); default: %(default)s",
    )
    parser.add_argument("--copies", type=int, default=30)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--limit", type=int, default=12, help="photos to use at most")
    arguments = parser.parse_args()
    images = sorted((arguments.photos / "images").glob("*.jpg"))[: arguments.limit]
    if not images:
        parser.error(f"no photos in {arguments.photos / 'images'}")
    samples = samples_of(images)
    presets = {preset.name: preset.settings for preset in PRESETS}

    def ours(preset: str) -> Callable[[Path], object]:
        settings = replace(presets[preset], copies=arguments.copies)
        return lambda folder: augment_set(samples, folder, settings, ignore_progress, StopToken())

    works: dict[str, Callable[[Path], object]] = {
        "loop": lambda folder: tutorial_loop(images, folder, arguments.copies),
        "tutorial": ours("tutorial"),
        "standard": ours("standard"),
    }
    for work in works.values():
        seconds(work)  # the first run of each loads and warms up
    times: dict[str, list[float]] = {name: [] for name in works}
    for _ in range(arguments.rounds):
        for name, work in works.items():
            times[name].append(seconds(work))
    made = len(images) * arguments.copies
    ratios = [loop / own for loop, own in zip(times["loop"], times["tutorial"], strict=True)]
    figures = [
        Figure("the tutorial's loop", made / statistics.median(times["loop"]), UNIT),
        Figure('augment_set, preset "Tutorial"', made / statistics.median(times["tutorial"]), UNIT),
        Figure('augment_set, preset "Standard"', made / statistics.median(times["standard"]), UNIT),
        Figure('"Tutorial" against the loop', statistics.median(ratios), "times", BAR),
    ]
    title = f"Augmentation: {len(images)} photos x {arguments.copies} copies"
    return show(title, figures, as_json=arguments.json)


if __name__ == "__main__":
    sys.exit(main())
