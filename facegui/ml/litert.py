"""LiteRT's interpreter."""

from __future__ import annotations

from typing import Any


def load_interpreter(litert: bytes, threads: int) -> Any:
    """An interpreter for a model in memory, ready to be invoked.

    It reads the weights from `litert` but does not keep it alive: the caller must.

    Raises:
        ValueError, RuntimeError: when it is no valid model.
    """
    from ai_edge_litert.interpreter import Interpreter

    interpreter = Interpreter(model_content=litert, num_threads=threads)
    interpreter.allocate_tensors()
    return interpreter
