"""The log of a run, in its folder."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Iterator
from pathlib import Path

from facegui.core.errors import Cancelled

log = logging.getLogger(__name__)


@contextlib.contextmanager
def logged_to(path: Path) -> Iterator[None]:
    """What the program logs meanwhile goes into the run's folder too."""
    handler = logging.FileHandler(path, encoding="utf-8")
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    logger = logging.getLogger("facegui")
    level = logger.level
    logger.addHandler(handler)
    if not logger.isEnabledFor(logging.INFO):
        logger.setLevel(logging.INFO)
    try:
        yield
    except Cancelled:
        log.info("cancelled")
        raise
    except Exception:
        log.exception("the training failed")
        raise
    finally:
        logger.setLevel(level)
        logger.removeHandler(handler)
        handler.close()
