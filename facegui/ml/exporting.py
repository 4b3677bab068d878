"""Export of a run: the network in a format, checked again, with card and example."""

from __future__ import annotations

import logging
import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from facegui import __version__
from facegui.core.fidelity import Fidelity, compare
from facegui.core.files import TEMPORARY_PREFIX, write_json
from facegui.core.metrics import PhotoResult, Scores, score
from facegui.core.progress import Progress, Report, StopToken, throttled
from facegui.core.project import Project
from facegui.core.runs import KERAS_NAME, Run
from facegui.ml.decoding import DECODERS
from facegui.ml.evaluation import LOWEST_CONFIDENCE
from facegui.ml.export_example import example_files, example_name
from facegui.ml.export_formats import (
    FORMATS,
    ExportFormat,
    Predict,
    open_format,
    open_keras,
    size_and_digest,
    write_format,
)
from facegui.ml.failures import explained
from facegui.ml.int8 import make_int8
from facegui.ml.model_file import ModelDescription, read_model_file
from facegui.ml.training_data import LabelledArray, load_pictures, unseen_pictures

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class LeftOut:
    """Test photos that a network was not tested on.

    Args:
        known: because it learned from them, when photos were shared out otherwise.
        unreadable: because they are gone or damaged.
    """

    known: int = 0
    unreadable: int = 0


@dataclass(frozen=True, slots=True)
class Exported:
    """What an export has written.

    Args:
        path: of the model: a file, for SavedModel a folder.
        card: JSON beside it.
        words: the same for people.
        example: program that runs it.
        scores: on the test photos.
        left_out: of these.
        fidelity: against the trained network, on the same photos.
    """

    path: Path
    card: Path
    words: Path
    example: Path
    scores: Scores
    left_out: LeftOut
    fidelity: Fidelity


def project_of(run: Run) -> Path:
    """The folder of the project that a run belongs to."""
    return run.folder.resolve().parent.parent


def export_run(
    run: Run,
    project: Project,
    chosen: ExportFormat,
    folder: Path,
    report: Report,
    stop: StopToken,
) -> Exported:
    """Exports a run. Loads TensorFlow.

    The exported network is run again on the project's test photos, beside the
    trained one; the card says how good it is and how far its boxes are off.

    Args:
        run: complete.
        project: that it belongs to.
        chosen: format.
        folder: made where there is none; files of the same names are replaced.
        report: told what takes its time.
        stop: cancels; nothing is written then.

    Raises:
        UserError: when the run or a photo cannot be read, the network cannot be
            written in that format, or the disk is full.
        Cancelled: when `stop` was cancelled.
    """
    description = read_model_file(run.model_path)[1]
    unseen, known = unseen_pictures(project, run)
    photos = load_pictures(unseen, description.input_width, report, stop, skip_unreadable=True)
    left_out = LeftOut(known, len(unseen) - len(photos))
    with explained("exporting the model"):
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=TEMPORARY_PREFIX, dir=folder) as name:
            made = Path(name)
            if chosen is ExportFormat.LITERT_INT8 and not run.has_int8:
                make_int8(run, project, report, stop)
            if chosen is ExportFormat.LITERT_INT8:
                description = read_model_file(run.int8_path)[1]
            report(Progress(0, None, f"Writing {FORMATS[chosen].title}"))
            write_format(chosen, run, description, made / FORMATS[chosen].file)
            stop.raise_if_cancelled()
            scores, fidelity = _judged(run, chosen, made, description, photos, report, stop)
            _write_papers(run, chosen, made, description, scores, left_out, fidelity)
            stop.raise_if_cancelled()
            for item in made.iterdir():
                _put(item, folder / item.name)
    log.info("exported %s as %s: %s", run.name, chosen, fidelity)
    file = FORMATS[chosen].file
    return Exported(
        folder / file,
        folder / f"{file}.json",
        folder / f"{file}.txt",
        folder / example_name(chosen),
        scores,
        left_out,
        fidelity,
    )


def _put(item: Path, place: Path) -> None:
    """Moves what is whole to where it belongs, in place of an older one."""
    if place.is_dir():
        shutil.rmtree(place)
    item.replace(place)


def _judged(
    run: Run,
    chosen: ExportFormat,
    made: Path,
    description: ModelDescription,
    photos: LabelledArray,
    report: Report,
    stop: StopToken,
) -> tuple[Scores, Fidelity]:
    """Runs the exported network and the trained one on the same photos."""
    exported = open_format(chosen, made / FORMATS[chosen].file)
    after = _found(exported, description, photos, "Testing the export", report, stop)
    trained = open_keras(run.folder / KERAS_NAME)
    before = _found(trained, description, photos, "Comparing with the network", report, stop)
    threshold = description.threshold
    return score(after, threshold), compare(before, after, threshold, 1.0)


def _found(
    predict: Predict,
    description: ModelDescription,
    photos: LabelledArray,
    doing: str,
    report: Report,
    stop: StopToken,
) -> Sequence[PhotoResult]:
    report, results = throttled(report), []
    decode = DECODERS[description.decoder]
    for index, (pixels, boxes) in enumerate(zip(photos.pictures, photos.labels, strict=True), 1):
        stop.raise_if_cancelled()
        found = decode(predict(pixels[None].astype("float32")), LOWEST_CONFIDENCE)
        results.append(PhotoResult(str(index), found, boxes))
        report(Progress(index, len(photos), doing))
    return results


def _write_papers(
    run: Run,
    chosen: ExportFormat,
    made: Path,
    description: ModelDescription,
    scores: Scores,
    left_out: LeftOut,
    fidelity: Fidelity,
) -> None:
    """Card, words and example."""
    file = FORMATS[chosen].file
    size, digest = size_and_digest(made / file)
    card: dict[str, Any] = {
        "file": file,
        "format": chosen.value,
        "bytes": size,
        "sha256": digest,
        "run": run.name,
        "exported": datetime.now().astimezone().isoformat(timespec="seconds"),
        "facegui": __version__,
        "model": asdict(description),
        "test": scores.to_json(),
        "left_out_of_test": asdict(left_out),
        "compared_with_trained": fidelity.to_json(),
    }
    write_json(made / f"{file}.json", card)
    words = "\n\n".join(_paragraphs(run, chosen, description, size, scores, left_out, fidelity))
    (made / f"{file}.txt").write_text(f"{words}\n", "utf-8")
    for name, text in example_files(chosen, description).items():
        (made / name).write_text(text, "utf-8")


def _paragraphs(
    run: Run,
    chosen: ExportFormat,
    description: ModelDescription,
    size: int,
    scores: Scores,
    left_out: LeftOut,
    fidelity: Fidelity,
) -> list[str]:
    facts, noun = FORMATS[chosen], description.class_name
    shape = f"{description.input_width} x {description.input_height}"
    return [
        f"{facts.file}: a {noun} detector as {facts.title}, {size / 1e6:.1f} MB, made with"
        f" FaceGUI {__version__} from the run {run.title}.",
        facts.good_for,
        f"Try it: python {example_name(chosen)} PICTURE\n"
        f"It needs: pip install numpy opencv-python-headless {' '.join(facts.packages)}",
        f"It takes one picture of {shape} pixels, RGB, numbers from 0 to 255, without regard to"
        f" its proportions; it does the rest of the preparing itself. A box counts from a"
        f" confidence of {description.threshold:.2f}.",
        quality_sentence(scores, left_out),
        fidelity_sentence(fidelity),
    ]


def quality_sentence(scores: Scores, left_out: LeftOut) -> str:
    """How good an exported network is, for people."""
    reasons = [
        f"{count} {why}"
        for count, why in (
            (left_out.known, "that it has learned from"),
            (left_out.unreadable, "gone or damaged"),
        )
        if count
    ]
    not_judged = f" Left out of the test photos: {', '.join(reasons)}." if reasons else ""
    if scores.ap50 is None or scores.ap75 is None:
        return f"No test photo shows a face, so nobody can say how good it is.{not_judged}"
    interval = scores.intervals.get("ap50")
    doubt = ""
    if interval and interval[0] < interval[1]:
        doubt = f" (on others probably {interval[0]:.2f} to {interval[1]:.2f})"
    return (
        f"On {scores.photos} test photos that it had never seen: AP50 {scores.ap50:.2f}{doubt},"
        f" AP75 {scores.ap75:.2f}; {scores.missed} of {scores.faces} faces missed,"
        f" {scores.no_face_correct} of {scores.no_face_photos} photos without a face right."
        f"{not_judged}"
    )


def fidelity_sentence(fidelity: Fidelity) -> str:
    """How near an exported network comes to the trained one, for people."""
    if fidelity.largest_shift is None:
        return "The trained network found no face to compare boxes by."
    lost = f" {fidelity.lost} of its boxes are lost." if fidelity.lost else ""
    return (
        f"Compared with the trained network, no box is farther off than"
        f" {fidelity.largest_shift:.2%} of the photo's width or height.{lost}"
    )
