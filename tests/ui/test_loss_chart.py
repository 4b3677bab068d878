"""Curves of the losses: live, and of runs over each other."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from facegui.core.runs import BatchMetrics, EpochMetrics, Losses
from facegui.ui.loss_chart import MOST_RUNS, LossChart, Track
from facegui.ui.style import apply_style
from fake_training import BATCHES, EPOCHS, epoch_metrics, losses


@pytest.fixture
def chart(qtbot: QtBot) -> LossChart:
    made = LossChart()
    qtbot.addWidget(made)
    made.resize(800, 400)
    return made


def batch(epoch: int, number: int, batches: int = BATCHES) -> BatchMetrics:
    return BatchMetrics(epoch, EPOCHS, number, batches, losses(epoch - 1 + number / batches))


def drawn(chart: LossChart, part: str = "total") -> list[tuple[Any, Any]]:
    """The points of each line of a plot: training, validation, best epoch; run by run."""
    assert chart._plots is not None
    return [item.getOriginalDataset() for item in chart._plots.plots[part].listDataItems()]


def test_pyqtgraph_waits_until_a_curve_is_seen() -> None:
    code = (
        "import sys; from PySide6.QtWidgets import QApplication; app = QApplication([]);"
        "from facegui.ui.loss_chart import LossChart; chart = LossChart(); chart.begin('now');"
        "assert 'pyqtgraph' not in sys.modules; chart.show(); assert 'pyqtgraph' in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=120)


def test_a_training_is_drawn_batch_by_batch(chart: LossChart) -> None:
    chart.show()
    chart.begin("now")
    for number in range(1, BATCHES + 1):
        chart.add_batch(batch(1, number))
    chart.add_epoch(epoch_metrics(1))
    chart.redraw()
    training, validation, best = drawn(chart)
    assert list(training[0]) == pytest.approx([0.2, 0.4, 0.6, 0.8, 1.0])
    assert list(training[1]) == pytest.approx([losses(x / 5).total for x in range(1, 6)])
    assert list(validation[0]) == list(best[0]) == [1.0]
    assert list(drawn(chart, "box")[1][1]) == pytest.approx([losses(1, 0.05).box])
    assert "1" in chart.best.text()


def test_the_curve_follows_without_being_asked(qtbot: QtBot, chart: LossChart) -> None:
    chart.show()
    chart.begin("now")
    chart.add_batch(batch(1, 1))
    qtbot.waitUntil(lambda: len(drawn(chart)[0][0] or ()) == 1)


def test_the_star_stays_at_the_best_epoch(chart: LossChart) -> None:
    chart.show()
    chart.begin("now")
    chart.add_epoch(epoch_metrics(1))
    worse = EpochMetrics(2, EPOCHS, losses(2), Losses(9.0, 9.0, 9.0), 20.0, False)
    chart.add_epoch(worse)
    chart.redraw()
    _, validation, best = drawn(chart)
    assert list(validation[0]) == [1.0, 2.0]
    assert list(best[0]) == [1.0]


def test_thousands_of_batches_are_thinned_out(chart: LossChart) -> None:
    chart.show()
    chart.begin("now")
    for number in range(1, 5001):
        chart.add_batch(batch(1, number, 5000))
    chart.redraw()
    x, y = drawn(chart)[0]
    assert len(x) <= 300
    assert np.all(np.diff(x) > 0) and np.all(np.diff(y) < 0)


def test_what_is_kept_of_batches_does_not_grow() -> None:
    track = Track()
    for number in range(10_001):
        track.add(float(number), Losses(2.0 * number, number, number))
    points = track.points()
    assert len(track._rows) + len(track._newest) < 300 + track._stretch
    assert len(points) <= 300
    np.testing.assert_allclose(points[:, 1], 2 * points[:, 0])
    assert points[-1, 0] > 9_900


def test_nothing_is_drawn_that_nobody_sees(
    chart: LossChart, monkeypatch: pytest.MonkeyPatch
) -> None:
    chart.show()
    chart.begin("now")
    chart.hide()
    assert chart._plots is not None
    with monkeypatch.context() as patch:
        patch.setattr(chart._plots, "draw", lambda *_: pytest.fail("it draws"))
        chart.add_batch(batch(1, 1))
        chart.redraw()
    chart.show()
    assert len(drawn(chart)[0][0]) == 1


def test_a_loss_of_nothing_does_not_break_the_log_scale(chart: LossChart) -> None:
    nothing = Losses(0.0, 0.0, 0.0)
    chart.show()
    chart.show_runs([("a", [EpochMetrics(1, 1, nothing, nothing, 1.0, True)])])
    chart.log_scale.setChecked(True)
    chart.grab()
    assert chart._plots is not None
    assert chart._plots.plots["total"].getAxis("left").logMode


def test_runs_lie_over_each_other_in_colours_of_their_own(chart: LossChart) -> None:
    chart.show()
    epochs = [epoch_metrics(number) for number in (1, 2)]
    chart.show_runs([("first", epochs), ("second", epochs[:1])])
    assert [text for text, _, _ in chart.legend.entries] == ["first", "second"]
    assert len({colour.name() for _, colour, _ in chart.legend.entries}) == 2
    assert len(drawn(chart)) == 6
    assert chart.best.text() == ""


def test_more_runs_than_colours_are_left_out(chart: LossChart) -> None:
    chart.show_runs([(str(number), [epoch_metrics(1)]) for number in range(MOST_RUNS + 2)])
    assert len(chart.curves) == MOST_RUNS


def test_training_and_validation_differ_in_their_lines(chart: LossChart) -> None:
    chart.begin("now")
    (_, training, dashed), (_, validation, solid) = chart.legend.entries
    assert (dashed, solid) == (Qt.PenStyle.DashLine, Qt.PenStyle.SolidLine)
    assert training != validation


def test_colours_follow_the_scheme(qapp: QApplication, chart: LossChart) -> None:
    chart.show()
    chart.begin("now")
    light = chart.legend.entries[0][1]
    try:
        apply_style(qapp, Qt.ColorScheme.Dark)
        assert chart.legend.entries[0][1] != light
    finally:
        apply_style(qapp, Qt.ColorScheme.Light)
