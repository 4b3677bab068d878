"""The photos on which a model goes wrong, found in the background."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from facegui.core.drawing import MarkedBox, mark_result
from facegui.core.errors import UserError
from facegui.core.images import Pixels, read_small_picture
from facegui.core.mistakes import MistakeKind, PhotoMistakes
from facegui.core.progress import StopToken
from facegui.core.project import Project
from facegui.core.run_photos import learned_photos
from facegui.core.runs import Run
from facegui.core.splits import Split
from facegui.ml.detection import Detector
from facegui.ml.evaluation import evaluate
from facegui.ml.training_data import LabelledPicture, split_pictures, unseen_pictures

SHOWN_SIDE = 480
SHOWN_PHOTOS = 9

_WORDS = {
    MistakeKind.MISSED: "a face was missed",
    MistakeKind.FALSE_ALARM: "this is no face",
    MistakeKind.POOR_BOX: "the box does not fit well",
}


@dataclass(frozen=True, slots=True, eq=False)
class MistakePicture:
    """A photo on which a model goes wrong.

    Args:
        name: of the photo.
        split: that it belongs to.
        words: what is wrong.
        pixels: (h, w, 3) RGB uint8, small.
        boxes: labels, detections and mistakes, in pixels of that.
    """

    name: str
    split: Split
    words: str
    pixels: Pixels
    boxes: tuple[MarkedBox, ...]


def look_for_mistakes(
    project: Project,
    run: Run,
    _report: Callable[[object], None],
    stop: StopToken,
) -> tuple[MistakePicture, ...]:
    """The worst mistakes of a run on test and validation photos, as their labels are now.

    Photos that it learned from, when they were shared out otherwise, are left out.

    Raises:
        UserError: when the model or a photo cannot be read.
        Cancelled: when `stop` was cancelled.
    """
    pictures: list[LabelledPicture] = []
    splits: dict[str, Split] = {}
    learned = learned_photos(run, project)
    for split, of_split in (
        (Split.TEST, unseen_pictures(project, run)[0]),
        (Split.VALIDATION, split_pictures(project, Split.VALIDATION)),
    ):
        for picture in of_split:
            if picture.path.name not in learned:
                pictures.append(picture)
                splits[picture.path.name] = split
    if not pictures:
        return ()
    # One core is left to the window.
    evaluation = evaluate(Detector(run.model_path, threads=1), pictures, stop)
    results = {result.name: result for result in evaluation.results}
    paths = {picture.path.name: picture.path for picture in pictures}
    shown = []
    for mistakes in evaluation.mistakes[:SHOWN_PHOTOS]:
        stop.raise_if_cancelled()
        marked = mark_result(results[mistakes.name], evaluation.scores.threshold)
        try:
            shown.append(_picture(mistakes, splits[mistakes.name], paths[mistakes.name], marked))
        except UserError:
            continue  # deleted meanwhile
    return tuple(shown)


def _picture(
    mistakes: PhotoMistakes, split: Split, path: Path, marked: list[MarkedBox]
) -> MistakePicture:
    pixels, (width, height) = read_small_picture(path, SHOWN_SIDE)
    pixels.flags.writeable = False
    across, down = pixels.shape[1] / width, pixels.shape[0] / height
    boxes = tuple(replace(item, box=item.box.scaled(across, down)) for item in marked)
    return MistakePicture(mistakes.name, split, _WORDS[mistakes.kind], pixels, boxes)
