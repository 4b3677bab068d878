"""facegui detect SOURCE... --run RUN_OR_PROJECT"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from facegui.commands.console import Console, Json, interruptible
from facegui.core.boxes import Detection
from facegui.core.camera import Camera, CameraKind, Frame
from facegui.core.cameras import open_camera
from facegui.core.drawing import draw_detections
from facegui.core.errors import UserError, disk_error
from facegui.core.files import free_name, stems_in
from facegui.core.images import Pixels, write_picture
from facegui.core.progress import Progress, StopToken
from facegui.core.video_writing import VideoWriter
from facegui.ml.detection import Detector

NAME = "detect"
HELP = "find faces in pictures, folders of pictures and videos"

_PACE_WITHOUT_A_PACE = 30.0


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("source", nargs="+", help="picture, folder, video, or a camera")
    parser.add_argument(
        "--run", type=Path, required=True, help="a run's folder, or a project: its newest model"
    )
    parser.add_argument("--save", type=Path, metavar="DIR", help="write them with boxes drawn")
    parser.add_argument("--threshold", type=float, help="confidence; the model's own by default")
    parser.add_argument("--frames", type=int, help="stop after so many, such as of a camera")


def run(arguments: argparse.Namespace, console: Console) -> Json:
    detector = Detector.for_run(arguments.run)
    threshold = detector.threshold if arguments.threshold is None else arguments.threshold
    if arguments.save is not None:
        _make_folder(arguments.save)
    pictures: list[dict[str, Any]] = []
    skipped: list[dict[str, str]] = []
    with interruptible(finish_first=True) as stop:
        for source in arguments.source:
            try:
                for document in _detect(source, detector, threshold, arguments, console, stop):
                    pictures.append(document)
                    _tell(document, console)
            except UserError as error:
                if len(arguments.source) == 1:
                    raise
                console.warn(f"Left out: {source}: {error}")
                skipped.append({"source": source, "reason": str(error)})
    if skipped and not pictures:
        raise UserError("None of the sources could be read.", "Check the paths.")
    faces = sum(len(document["faces"]) for document in pictures)
    console.say(f"{faces} faces in {len(pictures)} pictures, threshold {threshold:.2f}.")
    return {"threshold": threshold, "pictures": pictures, "skipped": skipped}


def _detect(
    source: str,
    detector: Detector,
    threshold: float,
    arguments: argparse.Namespace,
    console: Console,
    stop: StopToken,
) -> Iterator[dict[str, Any]]:
    """One JSON object for each picture of a source."""
    with open_camera(source) as camera, ExitStack() as stack:
        report = stack.enter_context(console.progress(f"Detecting in {camera.name}"))
        save = _Saving(arguments.save, camera, stack) if arguments.save is not None else None
        total = arguments.frames or camera.frame_count
        for done, frame in enumerate(_frames(camera, stop), 1):
            detections = detector.detect(frame.pixels, threshold)
            saved = save.add(frame, draw_detections(frame.pixels, detections)) if save else None
            yield _to_json(source, frame, detections, saved)
            report(Progress(done, total))
            if done == arguments.frames:
                break
        for note in camera.notes:
            console.warn(note)


def _frames(camera: Camera, stop: StopToken) -> Iterator[Frame]:
    while not stop.should_stop and (frame := camera.read()) is not None:
        yield frame
    stop.raise_if_cancelled()


class _Saving:
    """Where the pictures with boxes go: each its own file, or one video."""

    def __init__(self, folder: Path, camera: Camera, stack: ExitStack) -> None:
        self._folder = folder
        self._video: VideoWriter | None = None
        if camera.kind is not CameraKind.FOLDER:
            self._path = folder / free_name(stems_in(folder), f"{Path(camera.name).stem}.mp4")
            pace = camera.frames_per_second or _PACE_WITHOUT_A_PACE
            self._video = stack.enter_context(VideoWriter(self._path, pace))

    def add(self, frame: Frame, drawn: Pixels) -> Path:
        if self._video is not None:
            self._video.write(drawn)
            return self._path
        name = frame.path.name if frame.path else f"{frame.number:06}.jpg"
        path = self._folder / Path(name).with_suffix(".jpg")
        try:
            write_picture(path, drawn)
        except OSError as error:
            raise disk_error(error, f"saving {path.name}") from error
        return path


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise disk_error(error, f"making the folder {folder.name}") from error


def _to_json(
    source: str, frame: Frame, detections: tuple[Detection, ...], saved: Path | None
) -> dict[str, Any]:
    height, width = frame.pixels.shape[:2]
    faces = [
        dict(zip(("x0", "y0", "x1", "y1"), face.box.corners, strict=True))
        | {"confidence": face.confidence}
        for face in detections
    ]
    return {
        "source": str(frame.path or source),
        "frame": frame.number,
        "time_s": round(frame.time_s, 3),
        "width": width,
        "height": height,
        "faces": faces,
        "saved": None if saved is None else str(saved),
    }


def _tell(document: Json, console: Console) -> None:
    faces = "; ".join(
        f"{face['x0']:.0f} {face['y0']:.0f} {face['x1']:.0f} {face['y1']:.0f}"
        f" ({face['confidence']:.2f})"
        for face in document["faces"]
    )
    console.say(f"{Path(document['source']).name} #{document['frame']}: {faces or 'no face'}")
