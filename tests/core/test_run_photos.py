"""Which photos a run knows, so that they are no test for it."""

from __future__ import annotations

from pathlib import Path

from facegui.core import leaks
from facegui.core.project import Project
from facegui.core.run_photos import known_photos, learned_photos, write_run_photos
from facegui.core.runs import Run
from facegui.core.splits import Split


def new_run(project: Project, name: str, continued: Run | None = None) -> Run:
    folder = project.runs_folder / name
    folder.mkdir(parents=True)
    write_run_photos(folder, project, continued)
    return Run(folder)


def names(project: Project, *splits: Split) -> set[str]:
    return {sample.photo.name for split in splits for sample in project.samples(split)}


def share_out_anew(project: Project) -> None:
    """What was for training is for the test, and the other way round."""
    training, test = names(project, Split.TRAIN), names(project, Split.TEST)
    moved = dict.fromkeys(training, Split.TEST) | dict.fromkeys(test, Split.TRAIN)
    project.give_splits(moved)


def test_a_run_knows_what_it_learned_from_and_what_chose_it(demo_project: Project) -> None:
    run = new_run(demo_project, "one")
    training = names(demo_project, Split.TRAIN)
    assert learned_photos(run) == training
    assert known_photos(run) == training | names(demo_project, Split.VALIDATION)


def test_what_a_continued_run_knew_stays_known(demo_project: Project) -> None:
    everything = names(demo_project, *Split)
    first = new_run(demo_project, "one")
    share_out_anew(demo_project)
    second = new_run(demo_project, "two", first)
    assert known_photos(second) == everything
    third = new_run(demo_project, "three", second)
    assert learned_photos(third) == everything


def test_of_old_runs_nothing_is_known(tmp_path: Path) -> None:
    assert known_photos(Run(tmp_path / "nowhere")) == frozenset()


def test_photos_that_are_known_are_no_test(demo_project: Project) -> None:
    known = known_photos(new_run(demo_project, "one"))
    before = leaks.tested_on(demo_project)
    assert leaks.tested_on(demo_project, known=known) == before
    share_out_anew(demo_project)
    tested = leaks.tested_on(demo_project, known=known)
    assert tested.photos == 0
    assert tested.left_out == len(names(demo_project, Split.TEST))
