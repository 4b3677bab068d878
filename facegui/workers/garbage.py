"""Python's garbage collection, kept on the thread of the window."""

from __future__ import annotations

import gc

from PySide6.QtCore import QObject, QTimer, Slot

_INTERVAL_MS = 250


class GarbageCollector(QObject):
    """Collects garbage on the thread that it lives on, and sees to it that no other does.

    Python collects on whichever thread happens to make the next object. Where that is
    a worker and a closed widget is among the garbage, the widget is destroyed there,
    which corrupts Qt's memory: the program aborts some time later, somewhere else.

    Args:
        parent: of the collector; it collects as long as that lives.
    """

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._was_enabled = gc.isenabled()
        self._timer = QTimer(self)
        self._timer.setInterval(_INTERVAL_MS)
        self._timer.timeout.connect(self._collect)

    def start(self) -> None:
        """From now on."""
        self._was_enabled = gc.isenabled()
        gc.disable()
        self._timer.start()

    @Slot()
    def spare(self) -> None:
        """What is there now is not looked through any more: modules and the window stay anyway.

        With TensorFlow loaded the window would stand still for a fifth of a second whenever
        everything is looked through.
        """
        gc.freeze()

    def stop(self) -> None:
        """Leaves it to Python again, if that did it before."""
        self._timer.stop()
        gc.unfreeze()
        if self._was_enabled:
            gc.enable()

    @Slot()
    def _collect(self) -> None:
        # Python's own rule, but for the share of new objects that it also waits for.
        due = [
            generation
            for generation, (count, threshold) in enumerate(
                zip(gc.get_count(), gc.get_threshold(), strict=True)
            )
            if count > threshold
        ]
        if due:
            gc.collect(max(due))
