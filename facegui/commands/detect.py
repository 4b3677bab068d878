"""facegui detect SOURCE... --run RUN_OR_PROJECT"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from facegui.commands.console import Console, Json, interruptible
from facegui.commands.detect_outputs import Outputs
from facegui.commands.detect_source import Source
from facegui.commands.numbers import at_least_one, seconds, share
from facegui.core.camera_errors import CameraError
from facegui.core.errors import UserError
from facegui.core.found import FoundPicture
from facegui.core.progress import Progress
from facegui.core.runs import Precision
from facegui.ml.detection import Detector
from facegui.ml.following import Follower

NAME = "detect"
HELP = "find faces in pictures, folders of pictures, videos and live video"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("source", nargs="+", help="picture, folder, video, or a camera")
    parser.add_argument(
        "--run", type=Path, required=True, help="a run's folder, or a project: its newest model"
    )
    parser.add_argument(
        "--compare", type=Path, metavar="RUN", help="another run: what it finds stands beside"
    )
    parser.add_argument("--threshold", type=share, help="confidence; the model's own by default")
    parser.add_argument(
        "--frames", type=at_least_one, help="stop after so many, such as of a camera"
    )
    parser.add_argument(
        "--precision",
        choices=[precision.value for precision in Precision],
        default=Precision.INT8.value,
        help="fast whole numbers where they are as good (the default), or as it was trained",
    )
    parser.add_argument("--no-smoothing", action="store_true", help="boxes just as they are found")
    written = parser.add_argument_group("what is written")
    written.add_argument(
        "--save", type=Path, metavar="DIR", help="pictures or videos with boxes, and CSV and JSON"
    )
    written.add_argument(
        "--record", type=Path, metavar="FILE", help="one MP4 video of all sources, with boxes"
    )
    written.add_argument("--blur", action="store_true", help="make faces unrecognisable in them")
    written.add_argument("--mirror", action="store_true", help="left and right as in a mirror")
    written.add_argument(
        "--keep",
        type=Path,
        metavar="PROJECT",
        help="put pictures into a project, the boxes as drafts to be corrected",
    )
    written.add_argument(
        "--every",
        type=seconds,
        default=1.0,
        metavar="SECONDS",
        help="how much time is between two pictures that are kept (1)",
    )


def run(arguments: argparse.Namespace, console: Console) -> Json:
    precision = Precision(arguments.precision)
    detectors = [Detector.for_run(arguments.run, precision=precision)]
    if arguments.compare is not None:
        detectors.append(Detector.for_run(arguments.compare, precision=precision))
    threshold = detectors[0].threshold if arguments.threshold is None else arguments.threshold
    pictures = faces = 0
    skipped: list[dict[str, str]] = []
    with (
        interruptible(finishing="Ending with what was found so far") as stop,
        Outputs.of(arguments, console) as outputs,
    ):
        console.begin_pictures({"threshold": threshold})
        for name in arguments.source:
            if stop.should_stop:
                break
            followers = [_follower(one, arguments) for one in detectors]
            try:
                with (
                    Source(name, console, stop) as source,
                    outputs.source(source.camera, threshold),
                ):
                    for picture in _search(source, followers, outputs, arguments, console):
                        pictures += 1
                        faces += len(picture.faces)
                        console.picture(picture.to_json(), _in_words(picture))
                skipped += source.skipped()
            except CameraError as error:
                if len(arguments.source) == 1:
                    raise
                console.warn(f"Left out: {name}: {error}")
                skipped.append({"source": name, "reason": str(error)})
    if skipped and not pictures and not stop.should_stop:
        raise UserError("None of the sources could be read.", "Check the paths.")
    console.say(f"{faces} faces in {pictures} pictures, threshold {threshold:.2f}.")
    return {"skipped": skipped}


def _search(
    source: Source,
    followers: Sequence[Follower],
    outputs: Outputs,
    arguments: argparse.Namespace,
    console: Console,
) -> Iterator[FoundPicture]:
    """Everything that is found in a source."""
    camera = source.camera
    total = arguments.frames or camera.frame_count
    with console.progress(f"Detecting in {camera.name}") as report:
        for done, frame in enumerate(source.frames(), 1):
            found = [follower.find(frame) for follower in followers]
            picture = found[0].as_data(source.name)
            if len(found) > 1:
                picture = replace(picture, compared=found[1].as_data(source.name).faces)
            yield outputs.add(picture, found)
            report(Progress(done, total))
            if done == arguments.frames:
                break


def _follower(detector: Detector, arguments: argparse.Namespace) -> Follower:
    return Follower(detector, arguments.threshold, smooth=not arguments.no_smoothing)


def _in_words(picture: FoundPicture) -> str:
    words = "; ".join(
        " ".join(f"{side:.0f}" for side in face.detection.box.corners)
        + f" ({face.detection.confidence:.2f})"
        for face in picture.faces
    )
    return f"{Path(picture.source).name} #{picture.frame}: {words or 'no face'}"
