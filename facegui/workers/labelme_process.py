"""LabelMe as a program of its own: started, listened to, never imported.

What its releases 6.3 and 7.0 have in common, read in their documentation and tried:
a photo as argument opens its whole folder with that photo shown; `--output` is where
labels are read and written; `--config` takes YAML in place of a file, and an unknown
key there stops it; its setting `file_search` is a regular expression that leaves only
those photos in its list whose path it finds; each photo that it shows is a line
"Loaded file: 'PATH'" on its standard error from log level info on. No release can be
told to name every box "face" by itself: without the pop-up it asks until "face" was
clicked in its label list once.
"""

from __future__ import annotations

import ast
import bisect
import importlib.util
import itertools
import json
import logging
import os.path
import re
import sys
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from PySide6.QtCore import QObject, QProcess, QProcessEnvironment, Signal, Slot

from facegui.core.errors import UserError
from facegui.core.system_libraries import missing_libraries, missing_packages, remedy

log = logging.getLogger(__name__)

# -P: a file in the folder that FaceGUI was started from is no module of LabelMe.
COMMAND = (sys.executable, "-P", "-m", "labelme")
RECTANGLE_KEY = "R"
SETTINGS = {
    "auto_save": True,
    "display_label_popup": False,
    "labels": ["face"],
    "shortcuts": {"create_rectangle": [RECTANGLE_KEY, "Ctrl+R"]},
    "validate_label": "exact",
    "with_image_data": False,
}
"""Keys that both releases know; YAML takes JSON as it is."""

LONGEST_SEARCH = 24_000
"""Characters of the expression that finds some photos, as JSON, which writes six for a letter
that is not English: a command of Windows has 32,767, and LabelMe's field no more.
Some 5,000 photos that were numbered are as long."""
_LONGEST_WORDS = 16_000
_PATIENCE_MS = 3_000
_LOADED = re.compile(r"Loaded file: ('.*'|\".*\") in ")
_LOG_PREFIX = re.compile(r"^[\d: .-]+\| *\w+ *\| *[^|]*? - ")
_COLOUR_CODES = re.compile(r"\x1b\[[0-9;]*m")
_TELLING = re.compile(r"error|exception|could not|cannot|failed|no module", re.IGNORECASE)


class Outcome(StrEnum):
    """How LabelMe ended."""

    CLOSED = "closed"
    CRASHED = "crashed"
    FAILED_TO_START = "failed to start"
    MISSING = "missing"


@dataclass(frozen=True, slots=True)
class LabelmeEnd:
    """That LabelMe ended, and how.

    Args:
        outcome: closed by the user, or gone wrong.
        words: what it said last; may be empty.
    """

    outcome: Outcome
    words: str = ""

    @property
    def error(self) -> UserError | None:
        """What to tell the user; None where all is well."""
        if self.outcome is Outcome.CLOSED:
            return None
        if self.outcome is Outcome.MISSING:
            return UserError(
                "LabelMe is not installed.",
                f'Install it: "{sys.executable}" -m pip install "labelme>=6.3". '
                "Or draw the boxes here.",
            )
        last = last_words(self.words)
        said = f" It said: {last}" if last else ""
        if self.outcome is Outcome.CRASHED:
            return UserError(
                f"LabelMe crashed.{said}",
                "Every box that it saved is here. Open it again, or draw the boxes here.",
                self.words,
            )
        return UserError(f"LabelMe did not start.{said}", _start_remedy(), self.words)


class LabelmeProcess(QObject):
    """Runs LabelMe on the photos and labels of a project, one at a time.

    Signals:
        started(): the program runs; its window takes some seconds more.
        photo_shown(str): the name of the photo that it shows now.
        closed(LabelmeEnd): it does not run any more, or never did.

    Args:
        command: what starts LabelMe, without its arguments.
    """

    started = Signal()
    photo_shown = Signal(str)
    closed = Signal(object)

    def __init__(self, command: Sequence[str] | None = None, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._command = command
        self._process: QProcess | None = None
        self._words = ""
        self._line = ""
        self._has_shown_photo = False
        self._asked_to_end = False

    @property
    def running(self) -> bool:
        return self._process is not None

    def start(self, photo: Path, labels_folder: Path, among: Sequence[str] | None = None) -> None:
        """Opens the folder of `photo`, with that photo shown.

        Args:
            photo: in the folder of photos.
            labels_folder: where LabelMe reads and writes labels.
            among: names of the photos that it shows besides, sorted; None: all.
        """
        if self._process is not None:
            return
        if self._command is None and importlib.util.find_spec("labelme") is None:
            self.closed.emit(LabelmeEnd(Outcome.MISSING))
            return
        program, *before = self._command or COMMAND
        self._words = self._line = ""
        self._has_shown_photo = self._asked_to_end = False
        process = QProcess(self)
        process.setProgram(program)
        process.setArguments([*before, *arguments(photo, labels_folder, among)])
        process.setProcessEnvironment(_qt_environment())
        process.setStandardOutputFile(QProcess.nullDevice())
        process.readyReadStandardError.connect(self._on_words)
        process.started.connect(self.started)
        process.errorOccurred.connect(self._on_error)
        process.finished.connect(self._on_finished)
        self._process = process
        log.info("starting %s at %s", program, photo.name)
        process.start()

    def shut_down(self) -> None:
        """Ends LabelMe, which has saved everything by itself, and waits for it."""
        if self._process is None:
            return
        self._asked_to_end = True
        self._process.terminate()
        if not self._process.waitForFinished(_PATIENCE_MS):
            self._process.kill()
            self._process.waitForFinished(_PATIENCE_MS)

    @Slot()
    def _on_words(self) -> None:
        if self._process is None:
            return
        text = bytes(self._process.readAllStandardError().data()).decode("utf-8", "replace")
        self._words = (self._words + _COLOUR_CODES.sub("", text))[-_LONGEST_WORDS:]
        *lines, self._line = (self._line + text).split("\n")
        for line in lines:
            shown = _LOADED.search(line)
            if shown:
                self._has_shown_photo = True
                self.photo_shown.emit(Path(ast.literal_eval(shown[1])).name)

    @Slot(QProcess.ProcessError)
    def _on_error(self, error: QProcess.ProcessError) -> None:
        # All others are followed by `finished`.
        if error == QProcess.ProcessError.FailedToStart and self._process is not None:
            self._end(LabelmeEnd(Outcome.FAILED_TO_START, self._process.errorString()))

    @Slot(int, QProcess.ExitStatus)
    def _on_finished(self, code: int, status: QProcess.ExitStatus) -> None:
        self._on_words()
        if self._asked_to_end or (code == 0 and status == QProcess.ExitStatus.NormalExit):
            outcome = Outcome.CLOSED
        else:
            outcome = Outcome.CRASHED if self._has_shown_photo else Outcome.FAILED_TO_START
        self._end(LabelmeEnd(outcome, self._words.strip()))

    def _end(self, end: LabelmeEnd) -> None:
        process, self._process = self._process, None
        if process is not None:
            process.deleteLater()
        log.info("LabelMe: %s", end.outcome)
        self.closed.emit(end)


def arguments(photo: Path, labels_folder: Path, among: Sequence[str] | None = None) -> list[str]:
    """What LabelMe is told; see `LabelmeProcess.start`."""
    search = {} if among is None else {"file_search": _search_around(photo.name, among)}
    return [
        str(photo),
        "--output",
        str(labels_folder),
        "--config",
        json.dumps({**SETTINGS, **search}),
        "--logger-level",
        "info",
    ]


def _search_around(name: str, names: Sequence[str]) -> str:
    """Finds a photo and those of `names`; where they are too many, those nearest to it."""
    search = search_for((name, *names))
    place, reach = bisect.bisect_left(names, name), len(names)
    while len(json.dumps(search)) > LONGEST_SEARCH:
        reach //= 2
        search = search_for((name, *names[max(0, place - reach) : place + reach]))
    return search


def search_for(names: Iterable[str]) -> str:
    """A regular expression that finds these files and no others.

    LabelMe 6.3 looks for it in their paths, 7 in their names.

    What beginnings of names have in common stands in it once, so that it stays short.
    """
    stems = defaultdict(set)
    for name in names:
        stem, suffix = os.path.splitext(name)  # noqa: PTH122
        stems[suffix].add(stem)
    each = (_any_of(sorted(some)) + re.escape(suffix) for suffix, some in stems.items())
    return rf"(?:^|[/\\])(?:{'|'.join(each)})$"


def _any_of(texts: Sequence[str]) -> str:
    """Finds any of some texts, which are sorted and differ."""
    start = os.path.commonprefix(texts)  # noqa: RUF071 -- letter by letter is what is wanted
    rest = [text[len(start) :] for text in texts]
    if len(rest) == 1:
        return re.escape(start)
    ways = (_any_of(list(some)) for _, some in itertools.groupby(rest, lambda text: text[:1]))
    return f"{re.escape(start)}(?:{'|'.join(ways)})"


def child_environment(ours: Mapping[str, str]) -> dict[str, str]:
    """Our environment without what is meant for our own Qt and Python.

    A path to the Qt plugins of PySide6 or OpenCV stops LabelMe's Qt, and so does
    the name of a platform that only ours has.
    """
    kept = {
        key: value
        for key, value in ours.items()
        if not key.startswith(("QT_", "QML", "PYSIDE", "PYTHON"))
    }
    for key, value in ours.items():
        # What the user set for the size of things on screen is for every program.
        if key.startswith(("QT_SCALE", "QT_AUTO_SCREEN", "QT_FONT_DPI")):
            kept[key] = value
    if ours.get("QT_QPA_PLATFORM") == "offscreen":
        kept["QT_QPA_PLATFORM"] = "offscreen"
    kept["PYTHONIOENCODING"] = "utf-8"
    return kept


def last_words(words: str) -> str:
    """The one line of what a program said last that tells most."""
    lines = [_LOG_PREFIX.sub("", line).strip() for line in words.splitlines()]
    lines = [line for line in lines if line]
    telling = [line for line in lines if _TELLING.search(line)]
    return (telling or lines or [""])[-1][:300]


def _qt_environment() -> QProcessEnvironment:
    system = QProcessEnvironment.systemEnvironment()
    child = child_environment({key: system.value(key) for key in system.keys()})  # noqa: SIM118
    environment = QProcessEnvironment()
    for key, value in child.items():
        environment.insert(key, value)
    return environment


def _start_remedy() -> str:
    missing = missing_libraries()
    if missing:
        return f"Install what Qt needs: {remedy(missing_packages(missing))}. Or draw boxes here."
    return (
        f'Install it again: "{sys.executable}" -m pip install --force-reinstall labelme. '
        "Or draw the boxes here."
    )
