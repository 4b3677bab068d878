"""A process of this program, as the window sees it: listened to, ended at any moment."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QObject, QProcess, QProcessEnvironment, Signal, Slot

from facegui.core.own_process import module_environment

_LONGEST_WORDS = 8_000
_PATIENCE_MS = 3_000


class OwnProcess(QObject):
    """One process at a time; it may be started again.

    Signals:
        lines_ready(tuple[bytes, ...]): whole lines of its standard output, without their ends.
        gone(bool, str): it ended although nobody asked it to: whether all went well, and
            how, with the last of its standard error.

    Args:
        command: what starts it.
    """

    lines_ready = Signal(object)
    gone = Signal(bool, str)

    def __init__(self, command: Sequence[str], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._command = tuple(command)
        self._process: QProcess | None = None
        self._line, self._words = b"", ""

    @property
    def running(self) -> bool:
        return self._process is not None

    def start(self, *arguments: str) -> None:
        """Starts it, with these arguments after its command's own; not while it runs."""
        self._line, self._words = b"", ""
        program, *first = self._command
        process = QProcess(self)
        process.setProgram(program)
        process.setArguments([*first, *arguments])
        environment = QProcessEnvironment()
        for name, value in module_environment().items():
            environment.insert(name, value)
        process.setProcessEnvironment(environment)
        process.readyReadStandardOutput.connect(self._on_output)
        process.readyReadStandardError.connect(self._on_words)
        process.errorOccurred.connect(self._on_error)
        process.finished.connect(self._on_finished)
        self._process = process
        process.start()

    @Slot(object)
    def write(self, data: bytes) -> None:
        """Sends this to its standard input, if it runs."""
        if self._process is not None:
            self._process.write(data)

    def end(self) -> None:
        """Ends it at once; nothing more is heard of it."""
        process, self._process = self._process, None
        if process is not None:
            process.readyReadStandardOutput.disconnect(self._on_output)
            process.errorOccurred.disconnect(self._on_error)
            process.finished.disconnect(self._on_finished)
            process.finished.connect(process.deleteLater)
            process.kill()

    def shut_down(self) -> None:
        """Ends it and waits until it is gone."""
        self.end()
        for process in self.findChildren(QProcess):
            process.waitForFinished(_PATIENCE_MS)

    @Slot()
    def _on_output(self) -> None:
        if self._process is not None:
            output = self._line + bytes(self._process.readAllStandardOutput().data())
            *lines, self._line = output.split(b"\n")
            if lines:
                self.lines_ready.emit(tuple(lines))

    @Slot()
    def _on_words(self) -> None:
        process = self.sender()
        if isinstance(process, QProcess):
            text = bytes(process.readAllStandardError().data()).decode("utf-8", "replace")
            self._words = (self._words + text)[-_LONGEST_WORDS:]

    @Slot(QProcess.ProcessError)
    def _on_error(self, error: QProcess.ProcessError) -> None:
        # All others are followed by `finished`.
        if error == QProcess.ProcessError.FailedToStart and self._process is not None:
            self._tell(False, self._process.errorString())

    @Slot(int, QProcess.ExitStatus)
    def _on_finished(self, code: int, status: QProcess.ExitStatus) -> None:
        well = code == 0 and status == QProcess.ExitStatus.NormalExit
        self._tell(well, f"{status.name}, exit code {code}\n{self._words}")

    def _tell(self, well: bool, how: str) -> None:
        process, self._process = self._process, None
        if process is not None:
            process.deleteLater()
        self.gone.emit(well, how)
