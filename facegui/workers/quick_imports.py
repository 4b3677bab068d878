"""Imports that are not held up by PySide."""

from __future__ import annotations

import sys
from types import ModuleType

import PySide6.QtCore  # noqa: F401  (what is altered here comes with it)

_FEATURE = "shibokensupport.feature"


def spare_imports() -> None:
    """Has PySide no longer read the source of every module that is imported after it.

    It searches each for its own name, so that `from __feature__ import ...` works,
    which nobody here uses, and Python keeps all that it read. With TensorFlow that is
    1.4 s of 6.5 s and 90 MB (measured 2026-11, PySide 6.11). Where PySide has become
    another, nothing is altered.
    """
    feature = sys.modules.get(_FEATURE)
    if hasattr(feature, "_mod_uses_pyside"):
        feature._mod_uses_pyside = _uses_no_feature  # type: ignore[union-attr]


def _uses_no_feature(module: ModuleType) -> bool:  # noqa: ARG001
    return False
