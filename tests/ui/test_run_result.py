"""A run's result in words, figures, pictures; several runs compared."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pytestqt.qtbot import QtBot

from facegui.core.boxes import Box
from facegui.core.drawing import MarkedBox, Meaning
from facegui.core.errors import UserError
from facegui.core.project import Project
from facegui.core.runs import Run, rename_run
from facegui.core.splits import Split
from facegui.ui.run_result import RunResult
from facegui.ui.run_words import (
    doubt_sentence,
    duration,
    figures,
    further_sentence,
    honesty_sentence,
    result_sentence,
)
from facegui.workers.mistake_look import MistakePicture
from facegui.workers.project_store import ProjectStore
from fake_training import scores, write_run


@pytest.fixture
def project(store: ProjectStore, tmp_path: Path) -> Project:
    store.create(tmp_path / "project")
    assert store.project is not None
    return store.project


@pytest.fixture
def run(project: Project) -> Run:
    return write_run(project.runs_folder)


class Looking:
    """Stands in for looking for mistakes."""

    def __init__(self) -> None:
        self.mistakes: tuple[MistakePicture, ...] = ()
        self.error: Exception | None = None
        self.asked = 0

    def __call__(self, *_: Any) -> tuple[MistakePicture, ...]:
        self.asked += 1
        if self.error is not None:
            raise self.error
        return self.mistakes


def show(result: RunResult, project: Project, runs: list[Run]) -> None:
    result.show_runs(runs)
    result.look_for_mistakes(project)


@pytest.fixture
def looking() -> Looking:
    return Looking()


@pytest.fixture
def result(qtbot: QtBot, looking: Looking) -> Iterator[RunResult]:
    made = RunResult(look_for_mistakes=looking)
    qtbot.addWidget(made)
    made.resize(900, 600)
    yield made
    made.shut_down()


def mistake(name: str) -> MistakePicture:
    pixels = np.zeros((30, 40, 3), np.uint8)
    boxes = (MarkedBox(Box(5, 5, 20, 20), Meaning.MISTAKE, "missed"),)
    return MistakePicture(name, Split.TEST, "a face was missed", pixels, boxes)


# words


def test_a_child_understands_the_result() -> None:
    assert result_sentence({"test": scores()}) == (
        "Your detector found 11 of 12 faces in photos that it had never seen."
    )


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"faces": 0, "missed": 0}, "nobody can say"),
        ({"faces": 1, "missed": 0}, "found the only face"),
        ({"faces": 1, "missed": 1}, "missed the only face"),
        ({"faces": 12, "missed": 12}, "found 0 of 12"),
    ],
)
def test_odd_results_are_said_rightly(changes: dict[str, int], expected: str) -> None:
    assert expected in result_sentence({"test": scores(**changes)})


def test_a_card_without_figures_does_no_harm() -> None:
    assert "nobody can say" in result_sentence({})
    assert {figure.value for figure in figures({"test": {"ap50": None}})} == {"\N{EN DASH}"}
    assert doubt_sentence({}) == ""


def test_every_figure_says_on_how_many_photos_it_stands() -> None:
    shown = {figure.name: figure for figure in figures({"test": scores(ap50_95=0.613)})}
    assert shown["AP50:95"].value == "0.61"
    assert {figure.basis for figure in shown.values()} == {"Measured on 14 photos with 12 faces."}


def test_false_alarms_are_counted() -> None:
    assert "nothing else" in further_sentence({"test": scores(false_alarms=0)})
    assert "Once" in further_sentence({"test": scores(false_alarms=1)})
    assert "7 times" in further_sentence({"test": scores(false_alarms=7)})
    assert "3 of 3 photos without a face" in further_sentence({"test": scores()})
    assert "without a face" not in further_sentence({"test": scores(no_face_photos=0)})


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({}, "No test photo is from a session that it learned from: an honest test."),
        ({"same_session": 9}, "All test photos are from sessions that it learned from"),
        ({"same_session": 4}, "4 of 9 test photos are from sessions that it learned from"),
        ({"near_copies": 1}, "1 of them is a near-copy of training photos"),
        ({"sessions": 1}, "All faces are from one session"),
        ({"people": ["Ada"]}, "The photos show Ada only"),
    ],
)
def test_what_the_test_photos_were_is_said_honestly(changes: dict, words: str) -> None:
    tested = {"photos": 9, "same_session": 0, "near_copies": 0, "sessions": 4}
    tested |= {"people": [], "unnoted": 0}
    assert words in honesty_sentence({"tested_on": {**tested, **changes}})


@pytest.mark.parametrize("unnoted", [{"unnoted": 2}, {}])
def test_one_noted_person_is_not_all_where_others_may_be(unnoted: dict) -> None:
    tested = {"photos": 9, "sessions": 4, "people": ["Ada"], **unnoted}
    assert "Ada" not in honesty_sentence({"tested_on": tested})


def test_nothing_is_said_of_test_photos_of_which_nothing_is_known() -> None:
    assert honesty_sentence({}) == ""
    assert honesty_sentence({"tested_on": {"photos": 0}}) == ""


def test_few_photos_make_a_figure_doubtful() -> None:
    assert "0.80 to 1.00" in doubt_sentence({"test": scores()})
    many = {"test": scores(intervals={})}
    assert doubt_sentence(many) == "Measured on 14 photos with 12 faces."


def test_durations_are_short() -> None:
    assert [duration(s) for s in (12.3, 125, 27_720)] == ["12 s", "2 min", "7.7 h"]


# the widget


def test_one_run_is_shown_with_its_figures(
    qtbot: QtBot, result: RunResult, project: Project, run: Run
) -> None:
    result.show()
    show(result, project, [run])
    assert "11 of 12" in result.one.sentence.text()
    assert [view.value.text() for view in result.one.figures][:2] == ["0.97", "0.81"]
    qtbot.waitUntil(lambda: "Nowhere" in result.one.mistakes_text.text())


def test_mistakes_lead_to_their_labels(
    qtbot: QtBot, result: RunResult, project: Project, run: Run, looking: Looking
) -> None:
    looking.mistakes = (mistake("a.jpg"), mistake("b.jpg"))
    show(result, project, [run])
    qtbot.waitUntil(lambda: len(result.one.mistake_views) == 2)
    view = result.one.mistake_views[1]
    assert view.picture.boxes == looking.mistakes[1].boxes
    with qtbot.waitSignal(result.photo_wanted) as wanted:
        view.button.click()
    assert wanted.args == ["b.jpg"]


def test_after_a_corrected_label_mistakes_are_looked_for_again(
    qtbot: QtBot, result: RunResult, project: Project, run: Run, looking: Looking
) -> None:
    looking.mistakes = (mistake("a.jpg"),)
    show(result, project, [run])
    qtbot.waitUntil(lambda: len(result.one.mistake_views) == 1)
    looking.mistakes = ()
    result.look_for_mistakes(project)
    qtbot.waitUntil(lambda: not result.one.mistake_views)


def test_mistakes_that_cannot_be_found_are_said(
    qtbot: QtBot, result: RunResult, project: Project, run: Run, looking: Looking
) -> None:
    looking.error = UserError("The model is damaged.", "Train again.")
    with qtbot.waitSignal(result.failed) as failed:
        show(result, project, [run])
    assert failed.args[0] is looking.error
    assert "cannot be shown" in result.one.mistakes_text.text()


def test_a_training_that_was_broken_off_says_so(
    result: RunResult, project: Project, looking: Looking
) -> None:
    run = write_run(project.runs_folder, complete=False)
    show(result, project, [run])
    assert "broken off" in result.one.sentence.text()
    assert result.one.detect_button.isHidden()
    actions = result.one.run_actions
    assert actions.resume_button.isHidden() and actions.export_button.isHidden()
    assert not actions.throw_button.isHidden()
    assert looking.asked == 0
    assert len(result.chart.curves[0].validation) == 4


def test_several_runs_are_compared(result: RunResult, project: Project, run: Run) -> None:
    other = write_run(project.runs_folder, ap50=0.5, epochs=2)
    rename_run(other, "Small")
    result.show()
    show(result, project, [run, other])
    texts = [
        [result.table.item(row, column).text() for column in range(result.table.columnCount())]
        for row in range(2)
    ]
    assert [row[2] for row in texts] == ["0.97", "0.50"]
    assert texts[1][0] == "Small"
    assert texts[1][-2:] == ["2", "2 min"]
    assert result.table.isVisible()
    result.pages.setCurrentIndex(1)
    assert result.chart.isVisible()
    assert len(result.chart.curves) == 2


def test_a_damaged_run_is_said_and_the_others_are_shown(
    qtbot: QtBot, result: RunResult, project: Project, run: Run
) -> None:
    damaged = write_run(project.runs_folder)
    (damaged.folder / "metrics.csv").write_text("epoch,loss\nx,y\n")
    with qtbot.waitSignal(result.failed):
        show(result, project, [run, damaged])
    assert "11 of 12" in result.one.sentence.text()


def test_the_detector_can_be_tried_at_once(
    qtbot: QtBot, result: RunResult, project: Project, run: Run
) -> None:
    show(result, project, [run])
    with qtbot.waitSignal(result.detect_wanted):
        result.one.detect_button.click()
