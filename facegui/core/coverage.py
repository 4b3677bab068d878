"""What the photos of a project have and lack, and which to take next."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import numpy.typing as npt

from facegui.core.errors import UserError
from facegui.core.photo_library import PhotoState
from facegui.core.progress import Report, StopToken, ignore_progress
from facegui.core.project import Project

HEAT_ROWS, HEAT_COLUMNS = 18, 24
TASK_PHOTOS = 10
"""So many at a time: enough to help, and done in a minute."""

_FEW_FACES = 20
_LEAST_PART = 0.12
"""Of the faces that should have their middle in each outer third."""
_NEAR, _FAR = 0.45, 0.25
"""Height of a face as a share of the picture's."""
_LEAST_SIZE = 0.08
_LEAST_LIGHT_SPREAD = 25.0
_LEAST_NO_FACE = 0.08


class Place(StrEnum):
    """What a task asks for; left and right are the picture's."""

    MIDDLE = "middle"
    LEFT = "left"
    RIGHT = "right"
    TOP = "top"
    BOTTOM = "bottom"
    NEAR = "near"
    FAR = "far"
    TURNED = "turned"
    LIGHT = "light"
    EMPTY = "empty"
    ELSEWHERE = "elsewhere"


_WORDS: dict[Place, str] = {
    Place.MIDDLE: "with your face in the middle",
    # As the one before the camera means it: so it is right in a mirror, too.
    Place.LEFT: "with your face at the edge on your right",
    Place.RIGHT: "with your face at the edge on your left",
    Place.TOP: "with your face at the top",
    Place.BOTTOM: "with your face at the bottom",
    Place.NEAR: "very near: your face fills half of the picture",
    Place.FAR: "from far away: go back as far as you can",
    Place.TURNED: "while you turn your head: left, right, up and down",
    Place.LIGHT: "in other light: a lamp, a window, the evening",
    Place.EMPTY: "of the empty room, with nobody in it: turn the camera after each",
    Place.ELSEWHERE: (
        "on another day, in another room or of another person: press “New session” first"
    ),
}


@dataclass(frozen=True, slots=True)
class Task:
    """Photos to take.

    Args:
        place: what they are to show.
        count: how many.
    """

    place: Place
    count: int = TASK_PHOTOS

    def words(self, left: int | None = None) -> str:
        """In one sentence.

        Args:
            left: how many are still to be taken; all by default.
        """
        count = self.count if left is None else left
        return f"Take {count} {'photo' if count == 1 else 'photos'} {_WORDS[self.place]}."


GUIDED_PHOTOS = 8
GUIDED = tuple(
    Task(place, GUIDED_PHOTOS)
    for place in (
        *(Place.MIDDLE, Place.LEFT, Place.RIGHT, Place.TOP, Place.BOTTOM),
        *(Place.NEAR, Place.FAR, Place.TURNED, Place.LIGHT, Place.EMPTY),
    )
)
"""What a guided session leads through: 80 photos in three minutes."""


@dataclass(frozen=True, slots=True, eq=False)
class Coverage:
    """What the photos of a project show.

    Args:
        photos: how many there are.
        faces: how many labelled photos show a face.
        no_face: how many show none.
        unlabelled: names of the photos that are not labelled yet.
        sessions: in how many sessions the photos were taken.
        people: who is in them, as far as it was noted.
        unnoted: in how many of the sessions nobody is noted.
        heat: (18, 24) float: how many boxes lie over each part of the picture.
        middles: (n, 2) float, of each box the middle, as shares of width and height.
        sizes: (n,) float, of each box the height as a share of the picture's.
        lights: (m,) float, mean grey value of each photo, 0 to 255.
        blurs: (m,) float, 0 sharp to 1 blurred.
    """

    photos: int
    faces: int
    no_face: int
    unlabelled: tuple[str, ...]
    sessions: int
    people: tuple[str, ...]
    unnoted: int
    heat: npt.NDArray[np.float64]
    middles: npt.NDArray[np.float64]
    sizes: npt.NDArray[np.float64]
    lights: npt.NDArray[np.float64]
    blurs: npt.NDArray[np.float64]


def coverage_of(
    project: Project, report: Report = ignore_progress, stop: StopToken | None = None
) -> Coverage:
    """Looks at all photos and labels.

    Raises:
        Cancelled: when `stop` was cancelled.
    """
    photos = project.photos
    facts = project.facts.facts(photos, report, stop)
    heat = np.zeros((HEAT_ROWS, HEAT_COLUMNS))
    shares = []
    faces = no_face = 0
    for sample in project.samples():
        faces, no_face = faces + bool(sample.boxes), no_face + (not sample.boxes)
        try:
            width, height = project.size(sample.photo)
        except UserError:
            continue
        shares += [box.scaled(1 / width, 1 / height).corners for box in sample.boxes]
    boxes = np.array(shares, dtype=np.float64).reshape(-1, 4)
    for x0, y0, x1, y1 in boxes:
        rows = slice(int(y0 * HEAT_ROWS), max(int(np.ceil(y1 * HEAT_ROWS)), 1))
        columns = slice(int(x0 * HEAT_COLUMNS), max(int(np.ceil(x1 * HEAT_COLUMNS)), 1))
        heat[rows, columns] += 1
    keys = {project.record(photo.name).session for photo in photos}
    people, unnoted = project.people_in(keys)
    return Coverage(
        photos=len(photos),
        faces=faces,
        no_face=no_face,
        unlabelled=tuple(
            photo.name for photo in photos if project.state(photo) is PhotoState.UNLABELLED
        ),
        sessions=len(keys),
        people=people,
        unnoted=unnoted,
        heat=heat,
        middles=(boxes[:, :2] + boxes[:, 2:]) / 2,
        sizes=boxes[:, 3] - boxes[:, 1],
        lights=np.array([item.light.mean for item in facts.values()]),
        blurs=np.array([item.blur for item in facts.values()]),
    )


def is_to_be_labelled(coverage: Coverage) -> bool:
    """Whether so many photos have no label that nobody knows what is missing."""
    return len(coverage.unlabelled) >= TASK_PHOTOS


def next_task(coverage: Coverage) -> Task | None:
    """The photos that are missed most; None where nothing is."""
    if coverage.faces < _FEW_FACES:
        return Task(Place.MIDDLE)
    if coverage.no_face < _LEAST_NO_FACE * (coverage.faces + coverage.no_face):
        return Task(Place.EMPTY)
    lacks: list[tuple[float, Place]] = []
    across, down = coverage.middles[:, 0], coverage.middles[:, 1]
    for place, inside in (
        (Place.LEFT, across < 1 / 3),
        (Place.RIGHT, across > 2 / 3),
        (Place.TOP, down < 1 / 3),
        (Place.BOTTOM, down > 2 / 3),
    ):
        lacks.append((float(inside.mean()) / _LEAST_PART, place))
    lacks.append((float((coverage.sizes > _NEAR).mean()) / _LEAST_SIZE, Place.NEAR))
    lacks.append((float((coverage.sizes < _FAR).mean()) / _LEAST_SIZE, Place.FAR))
    lacks.append((_spread(coverage.lights) / _LEAST_LIGHT_SPREAD, Place.LIGHT))
    share, place = min(lacks)
    if share < 1:
        return Task(place)
    one_person = len(coverage.people) == 1 and not coverage.unnoted
    return Task(Place.ELSEWHERE) if coverage.sessions < 4 or one_person else None


def _spread(values: Sequence[float] | npt.NDArray[np.float64]) -> float:
    if len(values) == 0:
        return 0.0
    low, high = np.percentile(values, (10, 90))
    return float(high - low)
