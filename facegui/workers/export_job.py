"""Export of a run, as a job."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from facegui.core.progress import StopToken
from facegui.core.project import Project
from facegui.core.runs import Run
from facegui.ml.export_formats import ExportFormat
from facegui.workers.job import Job

ExportRun = Callable[..., Any]
"""`ml.exporting.export_run`, or what stands in for it in a test."""


def export_lazily(*what: Any) -> Any:
    """`ml.exporting.export_run`, imported in the thread that exports."""
    from facegui.ml.exporting import export_run

    return export_run(*what)


def export_job(
    export: ExportRun, run: Run, project: Project, chosen: ExportFormat, folder: Path
) -> Job:
    """A job whose result is what the export says of itself, in a few sentences."""

    def work(report: Callable[[Any], None], stop: StopToken) -> str:
        from facegui.ml.exporting import fidelity_sentence, quality_sentence

        exported = export(run, project, chosen, folder, report, stop)
        return " ".join(
            (
                f"{exported.path.name} and an example lie in {folder}.",
                quality_sentence(exported.scores, exported.left_out),
                fidelity_sentence(exported.fidelity),
            )
        )

    return Job("Exporting", work)
