"""How long the coach looks at a frame, at the sizes that webcams have."""

from __future__ import annotations

import statistics
import sys
import time

import cv2

from facegui.core.coach import Coach
from facegui.core.demo_camera import DemoCamera

from tables import Figure, argument_parser, show  # isort: skip

SIZES = ((640, 480), (1280, 720), (1920, 1080))
LOOKS = 300
MOST_MS = 5.0


def main() -> int:
    arguments = argument_parser(__doc__).parse_args()
    with DemoCamera(5, paced=False) as camera:
        frames = [camera.frame(60 * number).pixels for number in range(6)]
    figures = []
    for size in SIZES:
        pictures = [cv2.resize(frame, size) for frame in frames]
        coach, times_ms = Coach(), []
        coach.look(pictures[0])
        coach.remember()
        for number in range(LOOKS):
            started = time.perf_counter()
            coach.look(pictures[number % len(pictures)])
            times_ms.append(1000 * (time.perf_counter() - started))
        name = f"{size[0]}x{size[1]}, median"
        figures.append(Figure(name, statistics.median(times_ms), "ms", MOST_MS, at_most=True))
    return show("The coach, a frame", figures, as_json=arguments.json)


if __name__ == "__main__":
    sys.exit(main())
