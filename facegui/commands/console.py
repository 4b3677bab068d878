"""What a command says: to people on a terminal, or as one JSON document to a program."""

from __future__ import annotations

import argparse
import contextlib
import json
import signal
import sys
from collections.abc import Callable, Iterator, Mapping
from types import FrameType
from typing import Any

from tqdm import tqdm

from facegui.core.errors import UserError
from facegui.core.found import PictureLines
from facegui.core.progress import Progress, Report, StopToken

Json = Mapping[str, Any]
Command = Callable[[argparse.Namespace, "Console"], Json]
"""Does the work and returns the JSON document."""


class Console:
    """Where a command writes to.

    Standard output holds the result alone: sentences for people or, with
    `as_json`, one document. Progress and errors go to standard error.
    """

    def __init__(self, *, as_json: bool) -> None:
        self.as_json = as_json
        self._lines: PictureLines | None = None

    def say(self, text: str) -> None:
        """Tells people something; nothing where a program listens."""
        if not self.as_json:
            sys.stdout.write(f"{text}\n")
            sys.stdout.flush()

    def warn(self, text: str) -> None:
        """Tells of something doubtful, whoever listens."""
        sys.stderr.write(f"{text}\n")

    def begin_pictures(self, head: Json) -> None:
        """Begins a result that comes picture by picture; still one document in the end.

        Args:
            head: what the document says before the pictures.
        """
        if self.as_json:
            self._lines = PictureLines(sys.stdout.write, head)

    def picture(self, picture: Json, words: str) -> None:
        """One more picture of the result: a line, at once.

        Args:
            picture: for programs.
            words: the same for people.
        """
        if self._lines is not None:
            self._lines.add(picture)
            sys.stdout.flush()
        else:
            self.say(words)

    def document(self, document: Json) -> None:
        """Ends the command with its result, or with what comes after the pictures."""
        if self._lines is not None:
            self._lines.end(document)
        elif self.as_json:
            sys.stdout.write(json.dumps(document, indent=2, ensure_ascii=False) + "\n")

    def error(self, error: UserError) -> None:
        """Ends the command with what went wrong."""
        if self.as_json:
            content = {"what": error.what, "remedy": error.remedy, "details": error.details}
            self.document({"error": content})
        else:
            details = f"\n{error.details}" if error.details else ""
            sys.stderr.write(f"{error.what}\n{error.remedy}{details}\n")

    @contextlib.contextmanager
    def progress(self, text: str) -> Iterator[Report]:
        """A bar on the terminal; nothing where standard error is none."""
        # None: tqdm itself looks whether standard error is a terminal.
        bar = tqdm(desc=text, file=sys.stderr, disable=None, leave=False, dynamic_ncols=True)
        with bar:

            def report(progress: Progress) -> None:
                if bar.disable:
                    return
                if progress.total != bar.total:
                    bar.reset(progress.total)
                bar.set_description_str(progress.text or text, refresh=False)
                bar.update(progress.done - bar.n)

            yield report


@contextlib.contextmanager
def interruptible(
    *, finishing: str | None = None, can_finish: Callable[[], bool] = lambda: True
) -> Iterator[StopToken]:
    """A token that Ctrl+C cancels, and that is broken off when the process is told to end.

    Args:
        finishing: the first Ctrl+C asks to finish with what there is, which this says in
            words, and the second cancels.
        can_finish: whether there is something to finish with; until then it cancels.
    """
    stop = StopToken()
    asked = False

    def on_signal(number: int, frame: FrameType | None) -> None:  # noqa: ARG001
        nonlocal asked
        if number != signal.SIGINT:
            stop.break_off()
        elif finishing is not None and not asked and can_finish():
            asked = True
            sys.stderr.write(f"\n{finishing}; press Ctrl+C again to cancel.\n")
            stop.finish()
        else:
            stop.cancel()

    before = {name: signal.signal(name, on_signal) for name in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield stop
    finally:
        for name, handler in before.items():
            signal.signal(name, handler)
