"""Pickles of numpy arrays, read without running anything that a pickle asks for.

A pickle is a program: loaded as usual, it may call any function. Here the only
names it may use stand for two small classes of ours that take an array's parts,
so numbers come out, or an error.
"""

from __future__ import annotations

import math
import pickle
from typing import IO, Any

import numpy as np


class ArrayPickleError(Exception):
    """A pickle is damaged, or holds more than plain values and arrays of numbers."""


def read_array_pickle(stream: IO[bytes]) -> Any:
    """Reads a pickle of dicts, lists, plain values and float arrays.

    Raises:
        ArrayPickleError: for anything else. Nothing of it has run.
    """
    try:
        return _plain(_Unpickler(stream).load(), {})
    except _DAMAGED as error:
        raise ArrayPickleError(f"not a pickle of arrays alone: {error}") from error


_DAMAGED = (
    pickle.UnpicklingError, ArithmeticError, AttributeError, EOFError, ImportError, LookupError,
    MemoryError, RecursionError, TypeError, ValueError,
)  # fmt: skip
"""What the pickle module raises for a damaged file; it names no list of its own."""


class _Dtype:
    """Stands for `numpy.dtype`: of floats only."""

    def __init__(self, code: str, _align: bool = False, _copy: bool = True) -> None:
        if code not in ("f2", "f4", "f8"):
            raise pickle.UnpicklingError(f"numbers of the type {code!r}")
        self.code = code
        self.order = "="

    def __setstate__(self, state: Any) -> None:
        if not isinstance(state, tuple) or len(state) < 2 or state[1] not in ("<", ">", "="):
            raise pickle.UnpicklingError("a type of numbers that is not plain")
        self.order = state[1]


class _Ndarray:
    """Stands for the name `numpy.ndarray`, which a pickle only hands on."""

    def __init__(self) -> None:
        raise pickle.UnpicklingError("an array without content")


class _Array:
    """Stands for numpy's `_reconstruct`: an array that gets its content afterwards."""

    def __init__(self, subtype: Any, _shape: Any, _code: Any) -> None:
        if subtype is not _Ndarray:
            raise pickle.UnpicklingError("an array of a class of its own")
        self.value: np.ndarray[Any, Any] | None = None

    def __setstate__(self, state: Any) -> None:
        _version, shape, dtype, column_major, data = state
        if not isinstance(dtype, _Dtype) or not isinstance(data, bytes):
            raise pickle.UnpicklingError("an array of something other than numbers")
        numbers = np.frombuffer(data, np.dtype(dtype.order + dtype.code))
        if math.prod(shape) != numbers.size:
            raise pickle.UnpicklingError(f"{numbers.size} numbers for the shape {shape}")
        self.value = numbers.reshape(shape, order="F" if column_major else "C")


_ADMITTED = {
    ("numpy", "dtype"): _Dtype,
    ("numpy", "ndarray"): _Ndarray,
    ("numpy.core.multiarray", "_reconstruct"): _Array,
    ("numpy._core.multiarray", "_reconstruct"): _Array,
}


class _Unpickler(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        try:
            return _ADMITTED[module, name]
        except KeyError:
            raise pickle.UnpicklingError(f"it asks for {module}.{name}") from None


def _plain(value: Any, done: dict[int, Any]) -> Any:
    """`value` with the arrays themselves in place of what stood for them.

    Args:
        done: results by the id of the value: what a pickle names a thousand
            times is walked once, so a small file cannot grow without end.
    """
    if id(value) not in done:
        done[id(value)] = _converted(value, done)
    return done[id(value)]


def _converted(value: Any, done: dict[int, Any]) -> Any:
    if isinstance(value, _Array):
        if value.value is None:
            raise pickle.UnpicklingError("an array without content")
        return value.value
    if isinstance(value, dict):
        return {key: _plain(item, done) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item, done) for item in value]
    if value is None or isinstance(value, (str, bytes, int, float)):
        return value
    raise pickle.UnpicklingError(f"it holds a {type(value).__name__}")
