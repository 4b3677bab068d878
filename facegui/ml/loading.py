"""TensorFlow, ahead of the moment in which it is needed."""

from __future__ import annotations

import gc
import os


def load_tensorflow() -> None:
    """Imports TensorFlow and Keras, which takes some seconds; nothing where they are loaded."""
    # What it says about the processor at each start helps nobody.
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    import keras
    import tensorflow  # noqa: F401

    # Looked up once: the first use imports a good part of the package.
    _ = keras.Model, keras.layers, keras.optimizers
    # What was loaded stays: looking through its million objects again and again
    # would hold the window up.
    gc.freeze()
