"""Networks are converted in a process of their own, whatever becomes of that."""

from __future__ import annotations

import contextlib
import io
import json
import subprocess
import sys
from typing import IO

import numpy as np
import pytest

from facegui.ml import conversion
from facegui.ml.conversion import ConversionError, convert, serve
from tests.ml.conftest import SETTINGS, build_small_network


def test_every_line_is_answered_and_a_fault_is_no_end() -> None:
    done: list[int] = []

    def work(request: dict[str, int]) -> None:
        if request["number"] == 2:
            raise ValueError("not this one")
        done.append(request["number"])

    questions = io.StringIO("".join(f'{{"number": {number}}}\n' for number in (1, 2, 3)))
    answers = io.StringIO()
    serve(questions, answers, work, contextlib.nullcontext)
    errors = [json.loads(line)["error"] for line in answers.getvalue().splitlines()]
    assert done == [1, 3]
    assert [bool(error) for error in errors] == [False, True, False]
    assert "not this one" in errors[1]


def test_last_words_of_a_process_that_dies_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def start(said: IO[bytes]) -> subprocess.Popen[str]:
        code = "import sys; sys.stderr.write('it hurts'); sys.exit(3)"
        return subprocess.Popen(
            [sys.executable, "-c", code],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=said,
            text=True,
        )

    monkeypatch.setattr(conversion, "_start", start)
    with pytest.raises(ConversionError, match="ended with 3\nit hurts"):
        conversion._Process().ask({})


@pytest.mark.slow
def test_a_network_that_cannot_be_converted_is_told_and_the_next_one_is() -> None:
    import keras

    picture = keras.Input((4, 4, 3))
    with pytest.raises(ConversionError, match="Lambda"):
        convert(keras.Model(picture, keras.layers.Lambda(lambda value: value)(picture)))
    assert convert(build_small_network(SETTINGS))[4:8] == b"TFL3"


@pytest.mark.slow
def test_a_process_that_has_ended_is_started_again() -> None:
    network = build_small_network(SETTINGS)
    first = convert(network)
    process = conversion._process._process
    assert process is not None
    process.kill()
    process.wait()
    assert len(convert(network)) == len(first)


@pytest.mark.slow
def test_the_process_is_kept_for_the_next_network() -> None:
    network = build_small_network(SETTINGS)
    convert(network)
    process = conversion._process._process
    convert(network, quantised=True, examples=[np.zeros((32, 32, 3), np.uint8)])
    assert conversion._process._process is process
