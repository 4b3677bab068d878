"""Live detection: how fast, how exact, how steady, and how the window fares meanwhile.

Fast at its default size, trained here on one webcam set unless --run names a run, looks at
another person's photos and at a film made of them and of the demo camera. The bars hold
for two cores; MTCNN (extra "bench") and YuNet (--yunet FILE) look at the same photos.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from detection_peers import find_by_mtcnn, find_by_yunet, peer_figures
from detection_photos import OTHER_PHOTOS, Photo, read_photos, train_run, write_film
from detection_steadiness import steadiness_figures
from tables import Figure, argument_parser, show

from facegui.core.errors import UserError
from facegui.core.fidelity import compare
from facegui.core.images import Pixels, resized
from facegui.core.metrics import PhotoResult
from facegui.core.runs import Precision, Run, find_run
from facegui.ml.decoding import DECODERS
from facegui.ml.detection import Detector
from facegui.ml.export import load_network

TIMED_PHOTOS, ROUNDS = 30, 3
COPIES, EPOCHS = 8, 12
LEAST = 0.05
"""Confidence down to which boxes are asked for, as live detection does."""

SPARE_S = 10
"""Of film, for what comes before it is measured: it is not begun anew meanwhile."""

MOST_GROWTH_MB = 1.0
"""A minute: less counts as flat."""


def speed_figures(run: Run, photos: list[Photo]) -> list[Figure]:
    """The detector, the plain invoke and `model.predict` in turns on the same frames."""
    detector = Detector(run.model_for(Precision.INT8))
    interpreter = detector._interpreter
    predict = _predicting(run, detector)
    times: dict[str, list[float]] = {"detector": [], "invoke": [], "predict": []}
    for _ in range(ROUNDS):
        for photo in photos[:TIMED_PHOTOS]:
            turns: dict[str, Callable[[Pixels], object]] = {
                "detector": lambda pixels: detector.detect(pixels, LEAST),
                "invoke": lambda _: interpreter.invoke(),
                "predict": predict,
            }
            for name, work in turns.items():
                started_s = time.perf_counter()
                work(photo.pixels)
                times[name].append(1000 * (time.perf_counter() - started_s))
    middle = {name: statistics.median(values) for name, values in times.items()}
    return [
        Figure("detector, a frame", middle["detector"], "ms"),
        Figure("plain invoke", middle["invoke"], "ms"),
        Figure("model.predict loop", middle["predict"], "ms"),
        Figure("predict to detector", middle["predict"] / middle["detector"], "times", 6.0),
        Figure(
            "detector to plain invoke",
            middle["detector"] / middle["invoke"],
            "times",
            1.15,
            at_most=True,
        ),
    ]


def exactness_figures(run: Run, photos: list[Photo]) -> list[Figure]:
    """The int8 model against the trained network, on photos that neither has seen.

    The int8 model itself, even where it is so far off that live detection does without it.
    """
    detector = Detector(run.int8_path)
    predict = _predicting(run, detector)
    threshold, side = detector.threshold, 1000.0
    trained, converted = [], []
    for photo in photos:
        height, width = photo.pixels.shape[:2]
        truth = tuple(box.scaled(side / width, side / height) for box in photo.boxes)
        for results, found in (
            (trained, predict(photo.pixels)),
            (converted, detector._decode(detector.outputs(photo.pixels), LEAST)),
        ):
            boxes = tuple(type(one)(one.box.scaled(side, side), one.confidence) for one in found)
            results.append(PhotoResult(photo.name, boxes, truth))
    fidelity = compare(trained, converted, threshold, side)
    return [
        Figure("AP50 of the trained network", fidelity.trained_ap50 or 0.0),
        Figure("AP50 of the int8 model", fidelity.ap50 or 0.0),
        Figure("AP50 apart", fidelity.ap50_off, "", 0.01, at_most=True),
        Figure(
            "median shift of a box",
            100 * (fidelity.median_shift or 0.0),
            "% of the frame",
            1.0,
            at_most=True,
        ),
        Figure("photos", fidelity.photos),
        Figure("int8 is used live", float(run.model_for(Precision.INT8) == run.int8_path), "", 1.0),
    ]


def window_figures(run: Run, film: Path, seconds: float, memory_minutes: float) -> list[Figure]:
    """Each in a process of its own, in which TensorFlow is not loaded."""
    live = _watched(run, film, seconds)
    if live["tensorflow"]:
        raise RuntimeError("TensorFlow was loaded by live detection")
    pace = live["detections"] / live["seconds"]
    figures = [
        Figure("button to the first box", live["first_box_s"], "s", 1.0, at_most=True),
        Figure(f"detections, over {seconds:.0f} s", pace, "a second", 28.0),
        Figure("frame to paint, p95", live["paint_p95_ms"], "ms", 80.0, at_most=True),
        Figure("window stall, p99", live["stall_p99_ms"], "ms", 20.0, at_most=True),
        Figure("window stall, longest", live["longest_ms"], "ms", 100.0, at_most=True),
    ]
    if memory_minutes > 0:
        long = _watched(run, film, 60 * memory_minutes)
        name = f"memory, over {memory_minutes:g} minutes"
        figures += [
            Figure(f"{name}, at the end", long["memory_mb"], "MB"),
            Figure(name, long["slope_mb"], "MB a minute", MOST_GROWTH_MB, at_most=True),
        ]
    return figures


def _watched(run: Run, film: Path, seconds: float) -> dict[str, Any]:
    words = ["--child", str(run.folder), str(film), str(seconds)]
    done = subprocess.run(
        [sys.executable, __file__, *words],
        stdout=subprocess.PIPE,
        text=True,
        check=True,
        timeout=seconds + 300,
    )
    figures: dict[str, Any] = json.loads(done.stdout)
    return figures


def _predicting(run: Run, detector: Detector) -> Callable[[Pixels], Any]:
    """What the tutorial does for every frame, with the same network and the same decoder."""
    network = load_network(run.folder / "model.keras")
    size = detector.description.input_width, detector.description.input_height
    decode = DECODERS[detector.description.decoder]

    def predict(pixels: Pixels) -> Any:
        picture = resized(pixels, *size).astype(np.float32)
        outputs = network.predict(picture[None], verbose=0)
        return decode({name: value[0] for name, value in outputs.items()}, LEAST)

    predict(np.zeros((480, 640, 3), np.uint8))
    return predict


def _peers(run: Run, photos: list[Photo], yunet: Path | None) -> list[Figure]:
    detector = Detector(run.model_for(Precision.INT8))
    figures = peer_figures(
        "this run", lambda pixels: detector.detect(pixels, LEAST), photos, detector.threshold
    )
    try:
        figures += peer_figures("MTCNN", find_by_mtcnn(), photos, 0.9)
    except ImportError:
        print("MTCNN is left out: pip install 'facegui[bench]'", file=sys.stderr)
    if yunet is not None:
        figures += peer_figures("YuNet", find_by_yunet(yunet), photos, 0.6)
    return figures


def _child(run: str, film: str, seconds: str) -> None:
    from detection_window import watch_window

    with tempfile.TemporaryDirectory() as scratch:
        print(json.dumps(watch_window(Path(run), Path(film), float(seconds), Path(scratch))))


def _arguments() -> argparse.Namespace:
    parser = argument_parser(__doc__)
    parser.add_argument("--run", type=Path, help="a run, or a project; else one is trained")
    parser.add_argument("--yunet", type=Path, metavar="FILE", help="YuNet's ONNX model")
    parser.add_argument("--seconds", type=float, default=60.0, help="of video (60)")
    parser.add_argument(
        "--memory-minutes", type=float, default=10.0, help="of video for the memory (10); 0: none"
    )
    parser.add_argument("--no-peers", action="store_true", help="leave MTCNN and YuNet out")
    parser.add_argument("--child", nargs=3, help=argparse.SUPPRESS)
    return parser.parse_args()


def main() -> int:
    arguments = _arguments()
    if arguments.child:
        _child(*arguments.child)
        return 0
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    photos = read_photos(OTHER_PHOTOS)
    with tempfile.TemporaryDirectory() as folder:
        try:
            # What the commands print would stand in the table.
            with contextlib.redirect_stdout(sys.stderr):
                run = (
                    find_run(arguments.run)
                    if arguments.run is not None
                    else train_run(Path(folder, "Faces"), COPIES, EPOCHS)
                )
            if not run.has_int8:
                raise UserError(f"The run {run.name} has no int8 model.", "Make this run fast.")
        except UserError as error:
            print(f"{error.what} {error.remedy}", file=sys.stderr)
            return 1
        film = Path(folder, "film.mp4")
        longest_s = max(arguments.seconds, 60 * arguments.memory_minutes)
        write_film(film, photos, round(longest_s) + SPARE_S)
        figures = window_figures(run, film, arguments.seconds, arguments.memory_minutes)
        figures += speed_figures(run, photos)
        figures += exactness_figures(run, photos)
        figures += steadiness_figures(Detector(run.model_for(Precision.INT8)), photos)
        if not arguments.no_peers:
            figures += _peers(run, photos, arguments.yunet)
    return show("Live detection", figures, as_json=arguments.json)


if __name__ == "__main__":
    sys.exit(main())
