"""Faults planted in real photos: how many the health check finds, and what it takes for one.

Photos of ../shared/data are put into a project as they are, which is checked for false
alarms, and once more with copies that are blurred, darkened, recompressed, cropped or
lighter. A pair of photos is certainly no near-copy where the faces lie elsewhere, or only
one shows a face, or they are of different sets.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from pathlib import Path

import cv2
import numpy as np

from facegui.core.boxes import boxes_to_array, iou
from facegui.core.health import Kind, check_project
from facegui.core.images import (
    EncodedPicture,
    Pixels,
    encode_for_project,
    encode_jpeg,
    read_picture,
)
from facegui.core.labelme import read_label_file
from facegui.core.project import NewPhoto, Project
from facegui.core.project_index import PhotoRecord
from facegui.core.splits import Split

from photo_sets import REAL_PHOTOS  # isort: skip
from tables import Figure, argument_parser, show  # isort: skip

FOUND, FALSE_ALARMS = 0.95, 0.02
DATA = REAL_PHOTOS.parent
EVERY = 3
"""Of the photos get copies of each kind."""


def blurred(pixels: Pixels, generator: np.random.Generator) -> Pixels:
    """Out of focus, by 2.5 to 5 px of a picture 640 px wide."""
    sigma = generator.uniform(2.5, 5.0) * pixels.shape[1] / 640
    return cv2.GaussianBlur(pixels, (0, 0), sigma)


def dark(pixels: Pixels, generator: np.random.Generator) -> Pixels:
    """As at night: little light, and noise."""
    noise = generator.normal(0, 2, pixels.shape)
    return np.clip(pixels * generator.uniform(0.08, 0.22) + noise, 0, 255).astype(np.uint8)


def recompressed(pixels: Pixels, generator: np.random.Generator) -> Pixels:
    quality = int(generator.integers(30, 70))
    data = cv2.imencode(".jpg", pixels, [cv2.IMWRITE_JPEG_QUALITY, quality])[1]
    return cv2.imdecode(data, cv2.IMREAD_COLOR)


def cropped(pixels: Pixels, generator: np.random.Generator) -> Pixels:
    """90 to 98 % of each side, anywhere."""
    height, width = pixels.shape[:2]
    share = generator.uniform(0.90, 0.98)
    rows, columns = round(height * share), round(width * share)
    top, left = generator.integers(0, height - rows + 1), generator.integers(0, width - columns + 1)
    return pixels[top : top + rows, left : left + columns]


def lighter_or_darker(pixels: Pixels, generator: np.random.Generator) -> Pixels:
    changed = pixels * generator.uniform(0.7, 1.3) + generator.uniform(-25, 25)
    return np.clip(changed, 0, 255).astype(np.uint8)


FAULTS: dict[str, Callable[[Pixels, np.random.Generator], Pixels]] = {
    "blurred": blurred,
    "dark": dark,
    "recompressed": recompressed,
    "cropped": cropped,
    "lighter": lighter_or_darker,
}
COPIES = ("recompressed", "cropped", "lighter")


def main() -> int:
    parser = argument_parser(__doc__)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        with Project.create(Path(folder) / "clean") as project:
            originals = fill(project, plant=False)
            project.assign_missing_splits()
            started = time.perf_counter()
            figures = of_clean(project, originals)
            each_ms = 1000 * (time.perf_counter() - started) / len(project.photos)
        with Project.create(Path(folder) / "planted") as project:
            fill(project, plant=True)
            figures += of_planted(project)
    figures.append(Figure("check of a project seen before, a photo", each_ms, "ms"))
    return show("Health check of real photos", figures, as_json=arguments.json)


def fill(project: Project, *, plant: bool) -> dict[str, str]:
    """Puts the photos into a project; returns the set of each."""
    generator = np.random.default_rng(0)
    sets, number = {}, 0
    for folder in sorted(path for path in DATA.iterdir() if path.is_dir()):
        session = project.new_session(folder.name)
        for path in sorted(folder.rglob("*.jpg")):
            name = f"{folder.name}-{number:04}.jpg"
            boxes = boxes_of(path)
            picture = encode_for_project(path.read_bytes(), path.name)
            new = [
                NewPhoto(picture, name, PhotoRecord(Split.TRAIN if plant else None, session), boxes)
            ]
            if plant:
                new += copies_of(path, name, number, session, generator)
            project.add_photos(new)
            sets[name] = folder.name
            number += 1
    return sets


def copies_of(
    path: Path, name: str, number: int, session: str, generator: np.random.Generator
) -> list[NewPhoto]:
    pixels = read_picture(path)
    new = []
    for place, (fault, change) in enumerate(FAULTS.items()):
        if (number + place) % EVERY == 0:
            changed = np.ascontiguousarray(change(pixels, generator))
            height, width = changed.shape[:2]
            picture = EncodedPicture(encode_jpeg(changed), ".jpg", width, height)
            record = PhotoRecord(Split.TEST, session)
            new.append(NewPhoto(picture, f"{name[:-4]}-{fault}.jpg", record, ()))
    return new


def boxes_of(path: Path) -> tuple:
    label = path.parent.parent / "labels" / f"{path.stem}.json"
    return read_label_file(label).boxes if label.exists() else ()


def of_clean(project: Project, sets: dict[str, str]) -> list[Figure]:
    found = {finding.kind: finding.photos for finding in check_project(project)}
    total = len(project.photos)
    pairs = project.facts.pairs(project.photos)
    wrong = {name for pair in pairs if differ(project, sets, *pair) for name in pair}
    alarms = {
        "blurred": len(found.get(Kind.BLURRED, ())),
        "dark": len(found.get(Kind.DARK, ())),
        "near-copies": len(wrong),
        "leaks": len(found.get(Kind.LEAK, ())),
    }
    figures = [
        Figure(f"{kind}: false alarms", 100 * count / total, "%", 100 * FALSE_ALARMS, at_most=True)
        for kind, count in alarms.items()
    ]
    own = len({name for pair in pairs for name in pair})
    return [Figure("photos", total), *figures, Figure("with near-copies of their own", own)]


def differ(project: Project, sets: dict[str, str], one: str, other: str) -> bool:
    """Whether two photos are certainly of different moments."""
    if sets[one] != sets[other]:
        return True
    ours, theirs = (project.label(project.photo(name)) or () for name in (one, other))
    if not ours or not theirs:
        return bool(ours) != bool(theirs)
    return float(iou(boxes_to_array(ours), boxes_to_array(theirs)).max()) < 0.6


def of_planted(project: Project) -> list[Figure]:
    found = {finding.kind: set(finding.photos) for finding in check_project(project)}
    planted = defaultdict(list)
    for photo in project.photos:
        fault = photo.path.stem.rpartition("-")[2]
        if fault in FAULTS:
            planted[fault].append(photo.name)
    pairs = set(project.facts.pairs(project.photos))
    shares = {
        "blurred": share(planted["blurred"], found[Kind.BLURRED]),
        "dark": share(planted["dark"], found[Kind.DARK]),
    }
    for fault in COPIES:
        alike = {name for name in planted[fault] if tuple(sorted((original(name), name))) in pairs}
        shares[f"near-copies, {fault}"] = share(planted[fault], alike)
    copies = [name for fault in COPIES for name in planted[fault]]
    shares["leaks"] = share(copies, found[Kind.LEAK])
    return [
        Figure(f"{name}: found", 100 * value, "%", 100 * FOUND) for name, value in shares.items()
    ]


def original(name: str) -> str:
    return f"{name.rpartition('-')[0]}.jpg"


def share(wanted: Sequence[str], found: set[str]) -> float:
    return sum(name in found for name in wanted) / max(1, len(wanted))


if __name__ == "__main__":
    sys.exit(main())
