"""Networks to LiteRT, converted in a process of their own.

The converter holds Python's lock from beginning to end, seconds long: in the program's
own process the window would stand still. The other process is started when it is
first needed, and ends by itself when nothing was asked of it for a while, or when
the program has ended, however it did.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import subprocess
import sys
import tempfile
import threading
import traceback
import warnings
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import numpy as np

from facegui.core.images import Pixels
from facegui.core.own_process import module_command, module_environment

if TYPE_CHECKING:
    import keras

log = logging.getLogger(__name__)

IDLE_S = 60.0
_LAST_WORDS_BYTES = 2000
_NETWORK, _EXAMPLES, _LITERT = "network.keras", "examples.npy", "network.tflite"


class ConversionError(RuntimeError):
    """What the other process said of a network that it could not convert."""


def convert(
    network: keras.Model, *, quantised: bool = False, examples: Sequence[Pixels] = ()
) -> bytes:
    """Converts a network to LiteRT.

    Args:
        network: of Keras's own layers only.
        quantised: to int8 weights.
        examples: (height, width, 3) RGB uint8, from which the ranges of its values are taken.

    Raises:
        ConversionError: when it cannot be converted; the details are in its text.
        OSError: when there is no room for temporary files, or no process can be started.
    """
    with tempfile.TemporaryDirectory(prefix="facegui-") as name:
        folder = Path(name)
        network.save(folder / _NETWORK)
        if examples:
            np.save(folder / _EXAMPLES, np.stack(examples), allow_pickle=False)
        _process.ask({"folder": name, "quantised": quantised})
        return (folder / _LITERT).read_bytes()


class _Process:
    """The other process, seen from here. For several threads: one conversion at a time."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._process: subprocess.Popen[str] | None = None
        self._said: IO[bytes] | None = None

    def ask(self, request: dict[str, Any]) -> None:
        with self._lock:
            answer = self._answer(request)
            if not answer:
                # It may have ended itself just now.
                self._end()
                answer = self._answer(request)
            if not answer:
                code, last_words = self._end()
                raise ConversionError(
                    f"the process that converts networks ended with {code}\n{last_words}"
                )
        error = json.loads(answer)["error"]
        if error:
            raise ConversionError(error)

    def _answer(self, request: dict[str, Any]) -> str:
        """A line; empty where the process has ended."""
        if self._process is None:
            self._said = tempfile.TemporaryFile()  # noqa: SIM115, closed where the process ends
            self._process = _start(self._said)
        questions, answers = self._process.stdin, self._process.stdout
        assert questions is not None and answers is not None
        try:
            questions.write(json.dumps(request) + "\n")
            questions.flush()
            return answers.readline()
        except OSError:
            return ""

    def _end(self) -> tuple[int, str]:
        """Its exit code, and what it said last: of a crash nobody else tells."""
        process, self._process = self._process, None
        said, self._said = self._said, None
        assert process is not None and said is not None
        with contextlib.suppress(OSError):
            process.communicate()
        with said:
            size = said.seek(0, os.SEEK_END)
            said.seek(max(0, size - _LAST_WORDS_BYTES))
            return process.returncode, said.read().decode("utf-8", "replace")


_process = _Process()


def _start(said: IO[bytes]) -> subprocess.Popen[str]:
    return subprocess.Popen(
        module_command(__name__),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=said,
        text=True,
        encoding="utf-8",
        env=module_environment() | {"TF_CPP_MIN_LOG_LEVEL": "3"},
        creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
    )


# --- the other process ------------------------------------------------------------------


def serve(
    questions: IO[str],
    answers: IO[str],
    work: Callable[[dict[str, Any]], None],
    rest: Callable[[], contextlib.AbstractContextManager[object]],
) -> None:
    """Does what each line asks for, and answers with a line, until there are no more.

    Args:
        questions: JSON objects.
        answers: an object each, whose "error" is empty or says what went wrong.
        work: does it.
        rest: is entered while the next line is waited for.
    """
    while True:
        with rest():
            line = questions.readline()
        if not line:
            return
        try:
            work(json.loads(line))
        except Exception:  # told to who asked
            error = traceback.format_exc()
        else:
            error = ""
        answers.write(json.dumps({"error": error}) + "\n")
        answers.flush()


def convert_files(request: dict[str, Any]) -> None:
    """Converts the network that lies in a folder; see `convert`."""
    import keras
    import tensorflow as tf

    folder = Path(request["folder"])
    network = keras.models.load_model(folder / _NETWORK, compile=False)
    converter = tf.lite.TFLiteConverter.from_keras_model(network)
    if request["quantised"]:
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
    if (folder / _EXAMPLES).exists():
        examples = np.load(folder / _EXAMPLES, allow_pickle=False)

        def batches() -> Iterator[list[Any]]:
            for pixels in examples:
                yield [pixels[None].astype(np.float32)]

        converter.representative_dataset = batches
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Statistics for quantized inputs")
        (folder / _LITERT).write_bytes(converter.convert())


@contextlib.contextmanager
def _ends_when_idle() -> Iterator[None]:
    timer = threading.Timer(IDLE_S, os._exit, [0])
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def _main() -> None:
    # The converter prints to standard output, from C++ too: answers go where it does not.
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    serve(sys.stdin, answers, convert_files, _ends_when_idle)


if __name__ == "__main__":
    _main()
