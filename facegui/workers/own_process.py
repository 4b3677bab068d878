"""A process of this program that the window can listen to and end at any moment."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QObject, QProcess, QProcessEnvironment

from facegui.core.own_process import module_environment


def own_process(program: str, arguments: Sequence[str], parent: QObject) -> QProcess:
    """A process that is not started yet, with this program's environment."""
    process = QProcess(parent)
    process.setProgram(program)
    process.setArguments(list(arguments))
    environment = QProcessEnvironment()
    for name, value in module_environment().items():
        environment.insert(name, value)
    process.setProcessEnvironment(environment)
    return process
