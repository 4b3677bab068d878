"""Which photos a run knows, so that they are no test for it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from facegui.core import leaks
from facegui.core.files import write_json
from facegui.core.photo_library import Photo
from facegui.core.project import Project
from facegui.core.project_index import PhotoRecord
from facegui.core.run_photos import PHOTOS_NAME, known_photos, learned_photos, write_run_photos
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
    assert learned_photos(run, demo_project) == training
    assert known_photos(run, demo_project) == training | names(demo_project, Split.VALIDATION)


def test_what_a_continued_run_knew_stays_known(demo_project: Project) -> None:
    everything = names(demo_project, *Split)
    first = new_run(demo_project, "one")
    share_out_anew(demo_project)
    second = new_run(demo_project, "two", first)
    assert known_photos(second, demo_project) == everything
    third = new_run(demo_project, "three", second)
    assert learned_photos(third, demo_project) == everything


def test_of_old_runs_nothing_is_known(project: Project, tmp_path: Path) -> None:
    assert known_photos(Run(tmp_path / "nowhere"), project) == frozenset()


def test_another_photo_that_has_the_name_by_now_is_not_known(
    project: Project, add_photo: Callable[..., Photo]
) -> None:
    def add(session: str | None) -> Photo:
        return add_photo("a.jpg", (), PhotoRecord(Split.TRAIN, session))

    photo = add("monday")
    first = new_run(project, "one")
    second = new_run(project, "two", first)
    assert known_photos(second, project) == learned_photos(second, project) == {"a.jpg"}
    project.delete([photo])
    photo = add("tuesday")
    assert known_photos(first, project) == known_photos(second, project) == frozenset()
    third = new_run(project, "three", second)
    assert learned_photos(third, project) == {"a.jpg"}
    project.delete([photo])
    add("monday")
    assert known_photos(third, project) == {"a.jpg"}, "it knows both"


def test_where_a_session_is_not_known_the_name_counts(
    project: Project, add_photo: Callable[..., Photo]
) -> None:
    photo = add_photo("a.jpg", (), PhotoRecord(Split.TRAIN, "monday"))
    run = new_run(project, "one")
    project.delete([photo])
    add_photo("a.jpg", (), PhotoRecord(Split.TEST, None))
    assert known_photos(run, project) == {"a.jpg"}


def test_what_a_run_of_an_earlier_version_knew_goes_by_its_name(
    project: Project, add_photo: Callable[..., Photo]
) -> None:
    add_photo("a.jpg", (), PhotoRecord(Split.TEST, "monday"))
    run = new_run(project, "one")
    write_json(run.folder / PHOTOS_NAME, {"photos": {}, "known_before": ["a.jpg"]})
    assert known_photos(run, project) == {"a.jpg"}


def test_photos_that_are_known_are_no_test(demo_project: Project) -> None:
    known = known_photos(new_run(demo_project, "one"), demo_project)
    before = leaks.tested_on(demo_project)
    assert leaks.tested_on(demo_project, known=known) == before
    share_out_anew(demo_project)
    tested = leaks.tested_on(demo_project, known=known)
    assert tested.photos == 0
    assert tested.left_out == len(names(demo_project, Split.TEST))
