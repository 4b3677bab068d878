"""How long it takes until the window is there: seen first, then filled with its tabs.

The program itself is started, as `make run` starts it, with a home folder of its
own and on Qt's offscreen platform unless QT_QPA_PLATFORM says otherwise. The first
start, which reads everything from disk and may compile it, is told apart.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from tables import Figure, argument_parser, show

from facegui.core.progress import StopToken, ignore_progress

ROOT = Path(__file__).resolve().parents[1]
BAR_S = 1.0
STARTS = 7

# Runs in the child: tells when the window was painted for the first time, and ends it.
CHILD = """
import sys, time
from PySide6.QtWidgets import QApplication
import facegui.app as application

class Watched(application.Program):
    def __init__(self, *arguments):
        super().__init__(*arguments)
        self.window.appeared.connect(self.tell)

    def tell(self):
        print(time.time(), flush=True)

    def _begin(self):
        super()._begin()
        QApplication.processEvents()
        print(time.time(), len(sys.modules), flush=True)
        QApplication.quit()

application.Program = Watched
sys.exit(application.main(sys.argv[1:]))
"""


@dataclass(frozen=True, slots=True)
class Start:
    """One start, in seconds from that of the process.

    Args:
        seen_s: to the first picture of the window.
        filled_s: to the picture with the tabs, and the project where there is one.
        modules: how many were loaded then.
    """

    seen_s: float
    filled_s: float
    modules: int


def start(home: Path, *words: str) -> Start:
    environment = os.environ | {
        "HOME": str(home),
        "USERPROFILE": str(home),
        "QT_QPA_PLATFORM": os.environ.get("QT_QPA_PLATFORM", "offscreen"),
        # Compiled modules are kept from one start to the next, as they are with users.
        "PYTHONPYCACHEPREFIX": str(home / "compiled"),
    }
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    for name in ("CONFIG", "CACHE", "STATE", "DATA"):
        environment[f"XDG_{name}_HOME"] = str(home / name.lower())
    begin_s = time.time()
    done = subprocess.run(
        [sys.executable, "-c", CHILD, *words],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        text=True,
        check=True,
        timeout=120,
    )
    seen_s, filled_s, modules = done.stdout.split()
    return Start(float(seen_s) - begin_s, float(filled_s) - begin_s, int(modules))


def main() -> int:
    parser = argument_parser(__doc__)
    parser.add_argument("--starts", type=int, default=STARTS, help="how many of each")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        first = start(home)
        empty = [start(home) for _ in range(arguments.starts)]
        project = _demo_project(home / "Demo")
        full = [start(home, str(project)) for _ in range(arguments.starts)]
    figures = [Figure("first start, seen", first.seen_s, "s")]
    for title, starts in (("no project", empty), ("90 photos", full)):
        seen = [one.seen_s for one in starts]
        filled = [one.filled_s for one in starts]
        figures += [
            Figure(f"{title}, seen, median", statistics.median(seen), "s", BAR_S, at_most=True),
            Figure(f"{title}, seen, fastest", min(seen), "s"),
            Figure(f"{title}, filled, median", statistics.median(filled), "s"),
        ]
    figures.append(Figure("modules loaded", first.modules))
    return show("From the start of the process to the window", figures, as_json=arguments.json)


def _demo_project(folder: Path) -> Path:
    from facegui.core.capturing import make_demo_project

    make_demo_project(folder, 90, 0, ignore_progress, StopToken()).close()
    return folder


if __name__ == "__main__":
    sys.exit(main())
