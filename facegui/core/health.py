"""What is wrong with the photos and labels of a project, each with what to do about it."""

from __future__ import annotations

import contextlib
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from facegui.core.boxes import Box, boxes_to_array
from facegui.core.errors import UserError
from facegui.core.labelme import LabelFileError
from facegui.core.leaks import find_leaks
from facegui.core.photo_facts import PhotoFacts
from facegui.core.photo_library import Photo, PhotoState, Sample
from facegui.core.progress import Report, StopToken, ignore_progress
from facegui.core.project import Project
from facegui.core.splits import Split

TINY_SIDE = 0.04
"""Of the picture's; at the 160 px that a network sees that is 6 px."""
LARGE_AREA = 0.9
"""Of the picture's."""
SAME_FACE = 0.8
"""Overlap of two boxes as a share of the smaller one."""
LEAST_NO_FACE, MOST_NO_FACE = 0.05, 0.6
FEWEST_IN_SPLIT = 5
FEWEST_TO_JUDGE = 20
"""Photos below which shares say nothing."""
_LABELS_SHOWN = 3


class Kind(StrEnum):
    """What can be wrong, the most harmful first."""

    BROKEN_PHOTO = "photo damaged"
    BROKEN_LABEL = "label file broken"
    LEAK = "near-copies in several splits"
    TORN_SESSION = "sessions in several splits"
    FEW_PHOTOS = "too few photos"
    FEW_IN_SPLIT = "too few photos in a split"
    TWO_BOXES = "two boxes on one face"
    BOX_OUTSIDE = "box outside the picture"
    OTHER_LABELS = "boxes with other labels"
    LARGE_BOX = "box over most of the picture"
    TINY_BOX = "tiny box"
    DARK = "dark"
    BLURRED = "blurred"
    DUPLICATE = "near-copies"
    UNBALANCED = "photos without a face"
    UNLABELLED = "not labelled"


class Remedy(StrEnum):
    """What can be done about it."""

    LABEL = "label"
    THROW_AWAY = "throw away"
    MEND = "mend"
    TAKE_PHOTOS = "take photos"


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that is wrong.

    Args:
        kind: of fault.
        what: it is, in a sentence.
        advice: what to do, in a sentence.
        remedy: what does it.
        photos: names of the photos that it is about; none where it is about all.
    """

    kind: Kind
    what: str
    advice: str
    remedy: Remedy
    photos: tuple[str, ...] = ()


def check_project(
    project: Project, report: Report = ignore_progress, stop: StopToken | None = None
) -> tuple[Finding, ...]:
    """Everything that is wrong with photos and labels, the most harmful first.

    Args:
        project: nothing of it is changed, but for what the cache keeps of its photos.
        report: told of each photo that is looked at.
        stop: cancels.

    Raises:
        Cancelled: when `stop` was cancelled.
    """
    photos = project.photos
    facts = project.facts.facts(photos, report, stop)
    findings = [
        *_of_files(project, facts),
        *_of_pictures(project, facts),
        *_of_boxes(project),
        *_of_other_labels(project),
        *_of_copies(project, facts, report, stop),
        *_of_shares(project),
    ]
    order = list(Kind)
    return tuple(sorted(findings, key=lambda finding: order.index(finding.kind)))


def _of_files(project: Project, facts: Mapping[str, PhotoFacts]) -> Iterable[Finding]:
    states = {photo.name: project.state(photo) for photo in project.photos}
    damaged = [photo.name for photo in project.photos if _is_damaged(photo, facts)]
    if damaged:
        yield Finding(
            Kind.BROKEN_PHOTO,
            f"{_photos(damaged)} damaged.",
            "Throw them away, or put whole ones in their place.",
            Remedy.THROW_AWAY,
            tuple(damaged),
        )
    broken = _in_state(states, PhotoState.BROKEN)
    broken = tuple(name for name in broken if name not in damaged)
    if broken:
        yield Finding(
            Kind.BROKEN_LABEL,
            f"{_labels(broken)} cannot be read.",
            "Start over: draw the boxes again.",
            Remedy.LABEL,
            broken,
        )
    unlabelled = _in_state(states, PhotoState.UNLABELLED)
    if unlabelled:
        yield Finding(
            Kind.UNLABELLED,
            f"{_photos(unlabelled)} not labelled yet.",
            "Mark the faces, or say “no face”: what is not labelled is not learned from.",
            Remedy.LABEL,
            unlabelled,
        )


def _of_pictures(project: Project, facts: Mapping[str, PhotoFacts]) -> Iterable[Finding]:
    names = [photo.name for photo in project.photos if photo.name in facts]
    dark = tuple(name for name in names if facts[name].light.is_dark)
    if dark:
        yield Finding(
            Kind.DARK,
            f"{_photos(dark)} very dark.",
            "Keep some if you want to find faces in the dark; throw the others away.",
            Remedy.THROW_AWAY,
            dark,
        )
    blurred = tuple(name for name in names if facts[name].is_blurred and name not in dark)
    if blurred:
        yield Finding(
            Kind.BLURRED,
            f"{_photos(blurred)} blurred.",
            "Nobody can say exactly where a blurred face ends: throw them away.",
            Remedy.THROW_AWAY,
            blurred,
        )


def _of_boxes(project: Project) -> Iterable[Finding]:
    tests: tuple[tuple[Kind, Callable[[Sample, tuple[int, int]], bool], str, str], ...] = (
        (Kind.TWO_BOXES, _has_two_on_one, "two boxes on one face", "Delete one of them."),
        (
            Kind.LARGE_BOX,
            _has_large,
            "a box over most of the picture",
            "Draw it around the face alone.",
        ),
        (
            Kind.TINY_BOX,
            _has_tiny,
            "a box too small to learn from",
            "Delete boxes drawn by mistake; draw those of small faces closely.",
        ),
    )
    samples = [(sample, size) for sample in project.samples() if (size := _size(project, sample))]
    for kind, is_wrong, words, advice in tests:
        wrong = tuple(sample.photo.name for sample, size in samples if is_wrong(sample, size))
        if wrong:
            have = "has" if len(wrong) == 1 else "have"
            number = f"{len(wrong)} photo{'' if len(wrong) == 1 else 's'}"
            yield Finding(kind, f"{number} {have} {words}.", advice, Remedy.LABEL, wrong)
    outside = tuple(sample.photo.name for sample, _ in samples if _has_outside(project, sample))
    if outside:
        yield Finding(
            Kind.BOX_OUTSIDE,
            f"{_labels(outside)} with a box outside the picture, which is left out.",
            "Look whether a face is without its box.",
            Remedy.LABEL,
            outside,
        )


def _of_other_labels(project: Project) -> Iterable[Finding]:
    """Photos that count as showing no face, though something was marked on them."""
    marked: dict[str, tuple[str, ...]] = {}
    for sample in project.samples():
        file = None if sample.boxes else project.label_file(sample.photo)
        if file is not None and file.other_labels:
            marked[sample.photo.name] = file.other_labels
    if marked:
        labels = sorted({label for others in marked.values() for label in others})
        words = ", ".join(f"“{label}”" for label in labels[:_LABELS_SHOWN])
        yield Finding(
            Kind.OTHER_LABELS,
            f"{_photos(marked)} taken for no face, but have boxes labelled {words}.",
            "Draw the faces among them anew; other things are no faces and can stay.",
            Remedy.LABEL,
            tuple(marked),
        )


def _of_copies(
    project: Project, facts: Mapping[str, PhotoFacts], report: Report, stop: StopToken | None
) -> Iterable[Finding]:
    alike = project.relations({photo.name for photo in project.photos}, report, stop).alike
    spare = _spare_copies(project, facts, alike)
    if spare:
        yield Finding(
            Kind.DUPLICATE,
            f"{_photos(spare)} nearly the same as others.",
            "They teach nothing new: of each a labelled or better one stays.",
            Remedy.THROW_AWAY,
            spare,
        )
    leaks = find_leaks(project, report, stop)
    if leaks.near_copies:
        yield Finding(
            Kind.LEAK,
            f"{_photos(leaks.near_copies)} nearly the same as photos in another split, which makes"
            " the score flatter.",
            "Share them out anew, then train again.",
            Remedy.MEND,
            leaks.near_copies,
        )
    if leaks.torn_sessions:
        beside_training = tuple(
            photo.name
            for photo in project.photos
            if (record := project.record(photo.name)).session in leaks.torn_sessions
            and record.split in (Split.VALIDATION, Split.TEST)
        )
        yield Finding(
            Kind.TORN_SESSION,
            f"{_photos(beside_training)} from sessions that are trained on, which makes the score"
            " flatter.",
            "There are sessions enough to keep them apart: share them out anew, then train again.",
            Remedy.MEND,
            beside_training,
        )


def _spare_copies(
    project: Project, facts: Mapping[str, PhotoFacts], alike: Iterable[tuple[str, str]]
) -> tuple[str, ...]:
    """The photos that can go: each is a near-copy of a better one that stays.

    Not all but one of a group: in a slow burst each photo is like the next, and the last
    shows another pose than the first.
    """
    copies: dict[str, set[str]] = defaultdict(set)
    for one, other in alike:
        copies[one].add(other)
        copies[other].add(one)
    photos = [photo for photo in project.photos if photo.name in copies]
    stay: set[str] = set()
    for photo in sorted(photos, key=lambda photo: _worth(project, photo, facts)):
        if copies[photo.name].isdisjoint(stay):
            stay.add(photo.name)
    return tuple(sorted(copies.keys() - stay))


def _worth(
    project: Project, photo: Photo, facts: Mapping[str, PhotoFacts]
) -> tuple[int, int, int, str]:
    """Sorts photos by what would be lost with them, the most first: labels, pixels, detail."""
    labels = (PhotoState.FACES, PhotoState.NO_FACE, PhotoState.BROKEN, PhotoState.UNLABELLED)
    width, height = facts[photo.name].size if photo.name in facts else (0, 0)
    size_bytes = 0
    with contextlib.suppress(OSError):  # it is being moved away
        size_bytes = photo.path.stat().st_size
    return labels.index(project.state(photo)), -width * height, -size_bytes, photo.name


def _of_shares(project: Project) -> Iterable[Finding]:
    if (count := len(project.photos)) < FEWEST_TO_JUDGE:
        here = "There is only 1 photo" if count == 1 else f"There are only {count} photos"
        yield Finding(
            Kind.FEW_PHOTOS,
            f"{here}." if count else "There are no photos yet.",
            f"Take or import more: {FEWEST_TO_JUDGE} are the fewest to begin with, 150 are good.",
            Remedy.TAKE_PHOTOS,
        )
    samples = project.samples()
    if len(samples) < FEWEST_TO_JUDGE:
        return
    empty = sum(not sample.boxes for sample in samples) / len(samples)
    if empty < LEAST_NO_FACE:
        yield Finding(
            Kind.UNBALANCED,
            f"Only {empty:.0%} of the photos show no face.",
            "Take some of the empty room: the detector learns from them what is not a face.",
            Remedy.TAKE_PHOTOS,
        )
    elif empty > MOST_NO_FACE:
        yield Finding(
            Kind.UNBALANCED,
            f"{empty:.0%} of the photos show no face.",
            "Take more photos with faces.",
            Remedy.TAKE_PHOTOS,
        )
    counts = Counter(project.split(sample.photo) for sample in samples if sample.boxes)
    if sum(counts[split] for split in Split) == 0:
        return  # nothing is shared out yet
    words = {Split.TRAIN: "training", Split.VALIDATION: "validation", Split.TEST: "test"}
    for split, word in words.items():
        if counts[split] < FEWEST_IN_SPLIT:
            yield Finding(
                Kind.FEW_IN_SPLIT,
                f"Only {counts[split]} {word} photos show a face.",
                f"Take and label more photos: {FEWEST_IN_SPLIT} are the fewest that say something.",
                Remedy.TAKE_PHOTOS,
            )


def _is_damaged(photo: Photo, facts: Mapping[str, PhotoFacts]) -> bool:
    if photo.name in facts:
        return False
    return photo.path.exists()  # else it is being moved away


def _has_two_on_one(sample: Sample, _size: tuple[int, int]) -> bool:
    boxes = boxes_to_array(sample.boxes)
    for place, one in enumerate(boxes):
        for other in boxes[place + 1 :]:
            across = min(one[2], other[2]) - max(one[0], other[0])
            down = min(one[3], other[3]) - max(one[1], other[1])
            smaller = min((box[2] - box[0]) * (box[3] - box[1]) for box in (one, other))
            if across > 0 and down > 0 and across * down > SAME_FACE * smaller:
                return True
    return False


def _has_large(sample: Sample, size: tuple[int, int]) -> bool:
    return any(box.area > LARGE_AREA * size[0] * size[1] for box in sample.boxes)


def _has_tiny(sample: Sample, size: tuple[int, int]) -> bool:
    return any(_is_tiny(box, size) for box in sample.boxes)


def _is_tiny(box: Box, size: tuple[int, int]) -> bool:
    return box.width < TINY_SIDE * size[0] or box.height < TINY_SIDE * size[1]


def _has_outside(project: Project, sample: Sample) -> bool:
    try:
        file = project.label_file(sample.photo)
    except LabelFileError:
        return False
    return file is not None and file.outside > 0


def _size(project: Project, sample: Sample) -> tuple[int, int] | None:
    try:
        return project.size(sample.photo)
    except UserError:
        return None


def _in_state(states: Mapping[str, PhotoState], wanted: PhotoState) -> tuple[str, ...]:
    return tuple(name for name, state in states.items() if state is wanted)


def _photos(names: Iterable[str]) -> str:
    number = len(tuple(names))
    return "1 photo is" if number == 1 else f"{number} photos are"


def _labels(names: Iterable[str]) -> str:
    number = len(tuple(names))
    return "1 label" if number == 1 else f"{number} labels"
