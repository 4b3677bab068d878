"""The gallery: what it shows of each photo, and what stays when things change."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import QModelIndex, QRect, Qt
from PySide6.QtGui import QColor, QImage, QPainter
from PySide6.QtWidgets import QStyleOptionViewItem
from pytestqt.modeltest import ModelTester
from pytestqt.qtbot import QtBot

from facegui.core.boxes import Box
from facegui.core.drawing import COLOURS, Meaning
from facegui.core.images import write_picture
from facegui.core.photo_library import Changes, PhotoState
from facegui.core.project import Project
from facegui.ui import photo_tally
from facegui.ui.photo_gallery import CELL, PhotoGallery
from facegui.ui.photo_model import EntryRole, PhotoModel, SizeRole
from facegui.ui.photo_rows import PhotoRows
from facegui.workers.project_store import ProjectStore

FACE = Box(20, 10, 60, 70)


@pytest.fixture
def project(store: ProjectStore, tmp_path: Any) -> Project:
    """Six photos: a and b not labelled, c and d with faces, e without, f broken."""
    store.create(tmp_path / "Faces")
    project = store.project
    assert project is not None
    for number, name in enumerate("abcdef"):
        write_picture(
            project.photos_folder / f"{name}.jpg", np.full((90, 120, 3), 40 * number, np.uint8)
        )
    store.look()
    photos = {photo.name[0]: photo for photo in project.photos}
    project.set_label(photos["c"], [FACE])
    project.set_label(photos["d"], [FACE, Box(70, 10, 100, 60)])
    project.set_label(photos["e"], [])
    project.label_path(photos["f"]).write_text("{")
    store.look()
    return project


@pytest.fixture
def make_model(
    store: ProjectStore, qtbot: QtBot, qtmodeltester: ModelTester
) -> Iterator[Callable[[], PhotoModel]]:
    models: list[PhotoModel] = []

    def make() -> PhotoModel:
        model = PhotoModel(store)
        models.append(model)
        qtmodeltester.check(model)
        qtbot.waitUntil(lambda: not model.reading)
        return model

    yield make
    for model in models:
        model.shut_down()


def shown(model: PhotoModel) -> str:
    return "".join(str(model.index(row, 0).data())[0] for row in range(model.rowCount()))


def thumbnail(model: PhotoModel, name: str, qtbot: QtBot) -> QImage:
    index = model.index_of(name)
    qtbot.waitUntil(lambda: index.data(SizeRole) is not None and not model._asked)
    image = index.data(Qt.ItemDataRole.DecorationRole)
    assert isinstance(image, QImage)
    return image


@pytest.mark.usefixtures("project")
def test_every_photo_has_its_state(make_model: Any) -> None:
    model = make_model()
    assert shown(model) == "abcdef"
    words = [model.index(row, 0).data(Qt.ItemDataRole.ToolTipRole) for row in range(6)]
    assert words == [
        "a.jpg: Not labelled",
        "b.jpg: Not labelled",
        "c.jpg: 1 face",
        "d.jpg: 2 faces",
        "e.jpg: No face",
        "f.jpg: Label file broken",
    ]
    assert model.counts()[PhotoState.UNLABELLED] == 2
    entry = model.entry("f.jpg")
    assert entry is not None
    assert entry.error is not None
    assert "f.json" in entry.error.what


@pytest.mark.usefixtures("project")
@pytest.mark.parametrize(
    ("state", "names"),
    [
        (None, "abcdef"),
        (PhotoState.UNLABELLED, "ab"),
        (PhotoState.FACES, "cd"),
        (PhotoState.NO_FACE, "e"),
        (PhotoState.BROKEN, "f"),
    ],
)
def test_filters(make_model: Any, state: PhotoState | None, names: str) -> None:
    model = make_model()
    model.set_filter(state)
    assert shown(model) == names
    model.set_filter(None)
    assert shown(model) == "abcdef"


def test_the_photo_that_is_worked_on_stays_in_a_filter(
    store: ProjectStore, project: Project, make_model: Any
) -> None:
    model = make_model()
    model.set_filter(PhotoState.UNLABELLED)
    model.keep("a.jpg")
    project.set_label(project.photo("a.jpg"), [FACE])
    project.set_label(project.photo("b.jpg"), [FACE])
    store.tell(_changed("a.jpg", "b.jpg"))
    assert shown(model) == "a"
    model.keep(None)
    assert shown(model) == ""


def test_the_choice_survives_changes(
    store: ProjectStore, project: Project, make_model: Any, qtbot: QtBot
) -> None:
    model = make_model()
    gallery = PhotoGallery(model)
    qtbot.addWidget(gallery)
    gallery.setCurrentIndex(model.index_of("d.jpg"))
    write_picture(project.photos_folder / "aa.jpg", np.zeros((90, 120, 3), np.uint8))
    project.delete([project.photo("b.jpg"), project.photo("e.jpg")])
    project.label_path(project.photo("c.jpg")).unlink()
    store.look()
    store.tell(_removed("b.jpg", "e.jpg"))
    qtbot.waitUntil(lambda: shown(model) == "aacdf")
    assert model.name_at(gallery.currentIndex()) == "d.jpg"
    assert model.names == ("a.jpg", "aa.jpg", "c.jpg", "d.jpg", "f.jpg")
    entry = model.entry("c.jpg")
    assert entry is not None
    assert entry.state is PhotoState.UNLABELLED


@pytest.mark.usefixtures("project")
def test_a_filter_is_one_change_in_which_views_keep_their_place(
    make_model: Any, qtbot: QtBot
) -> None:
    model = make_model()
    gallery = PhotoGallery(model)
    qtbot.addWidget(gallery)
    gallery.setCurrentIndex(model.index_of("d.jpg"))
    told: list[str] = []
    model.layoutChanged.connect(lambda: told.append("laid out"))
    for signal in (model.rowsInserted, model.rowsRemoved, model.modelReset):
        signal.connect(lambda *_: told.append("other"))
    for state, names in ((PhotoState.FACES, "cd"), (None, "abcdef")):
        model.set_filter(state)
        assert shown(model) == names
        assert model.name_at(gallery.currentIndex()) == "d.jpg"
        assert [model.name_at(index) for index in gallery.selectedIndexes()] == ["d.jpg"]
    model.set_filter(None)
    assert told == ["laid out", "laid out"]


@pytest.mark.usefixtures("project")
def test_beside_a_photo_that_a_filter_hides_is_the_next_else_the_last(
    store: ProjectStore, make_model: Any
) -> None:
    model = make_model()
    model.set_filter(PhotoState.FACES)
    beside = [model.name_at(model.index_beside(f"{name}.jpg")) for name in "adf"]
    assert beside == ["c.jpg", "d.jpg", "d.jpg"]
    for name in "abcdef":  # none is left
        store.tell(_removed(f"{name}.jpg"))
    assert not model.index_beside("a.jpg").isValid()


def test_python_is_not_asked_for_each_row_that_is_laid_out(
    store: ProjectStore, project: Project, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[PhotoRows] = []
    count = PhotoRows.rowCount

    def count_and_tell(rows: PhotoRows, *parent: QModelIndex) -> int:
        asked.append(rows)
        return count(rows, *parent)

    monkeypatch.setattr(PhotoRows, "rowCount", count_and_tell)
    picture = (project.photos_folder / "a.jpg").read_bytes()
    for number in range(200):
        (project.photos_folder / f"n{number:03}.jpg").write_bytes(picture)
    store.look()
    model = PhotoModel(store)  # without a tester, which asks for much
    gallery = PhotoGallery(model)
    qtbot.addWidget(gallery)
    qtbot.waitUntil(lambda: not model.reading)
    asked.clear()
    gallery.doItemsLayout()
    model.dataChanged.emit(model.index(0, 0), model.index(model.rowCount() - 1, 0))
    assert len(asked) < 20 < model.rowCount()
    model.shut_down()


@pytest.mark.usefixtures("project")
def test_what_is_next_to_do(make_model: Any) -> None:
    model = make_model()
    assert model.next_to_do("") == "a.jpg"
    assert model.next_to_do("a.jpg") == "b.jpg"
    assert model.next_to_do("c.jpg") == "f.jpg"
    assert model.next_to_do("f.jpg") == "a.jpg"


def test_of_many_the_one_that_looks_least_like_the_labelled_is_next(
    store: ProjectStore,
    make_model: Any,
    tmp_path: Any,
    qtbot: QtBot,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(photo_tally, "CANDIDATES", 12)
    store.create(tmp_path / "Faces")
    project = store.project
    assert project is not None
    for name, grey in {**dict.fromkeys("abcdefghij", 90), "k": 250, "l": 170}.items():
        pixels = np.full((90, 120, 3), grey, np.uint8)
        write_picture(project.photos_folder / f"{name}.jpg", pixels)
    store.look()
    project.set_label(project.photos[0], [FACE])
    model = make_model()
    assert model.next_to_do("a.jpg") == "b.jpg"
    model.look_for_new()
    qtbot.waitUntil(lambda: model.next_to_do("a.jpg") == "k.jpg")
    model.keep("k.jpg")  # it is looked at, and left without a label
    assert model.next_to_do("k.jpg") == "l.jpg"


@pytest.mark.usefixtures("project")
def test_thumbnails_are_made_when_they_are_seen(make_model: Any, qtbot: QtBot) -> None:
    model = make_model()
    assert model.index_of("d.jpg").data(Qt.ItemDataRole.DecorationRole) is None
    image = thumbnail(model, "d.jpg", qtbot)
    assert (image.width(), image.height()) == (120, 90)
    assert abs(image.pixelColor(5, 5).red() - 120) < 6
    assert model.index_of("d.jpg").data(SizeRole) == (120, 90)


def test_another_picture_under_the_same_name_gets_another_thumbnail(
    store: ProjectStore, project: Project, make_model: Any, qtbot: QtBot
) -> None:
    model = make_model()
    model.index_of("a.jpg").data(Qt.ItemDataRole.DecorationRole)
    assert thumbnail(model, "a.jpg", qtbot).pixelColor(5, 5).red() < 10
    write_picture(project.photos_folder / "a.jpg", np.full((60, 60, 3), 250, np.uint8))
    store.look()
    qtbot.waitUntil(lambda: model.index_of("a.jpg").data(SizeRole) == (60, 60))
    assert thumbnail(model, "a.jpg", qtbot).pixelColor(5, 5).red() > 240


def test_a_damaged_photo_has_no_thumbnail_and_harms_none(
    store: ProjectStore, project: Project, make_model: Any, qtbot: QtBot
) -> None:
    (project.photos_folder / "a.jpg").write_bytes(b"no picture")
    store.look()
    model = make_model()
    gallery = PhotoGallery(model)
    qtbot.addWidget(gallery)
    gallery.resize(4 * CELL.width() + 40, 3 * CELL.height())
    gallery.show()
    qtbot.waitUntil(lambda: all(model.index(row, 0).data(SizeRole) for row in range(6)))
    assert model.index(0, 0).data(Qt.ItemDataRole.DecorationRole) is None
    assert not gallery.grab().isNull()


@pytest.mark.usefixtures("project")
def test_boxes_are_drawn_on_thumbnails(make_model: Any, qtbot: QtBot) -> None:
    model = make_model()
    gallery = PhotoGallery(model)
    qtbot.addWidget(gallery)
    for name in ("b.jpg", "c.jpg"):
        model.index_of(name).data(Qt.ItemDataRole.DecorationRole)
        thumbnail(model, name, qtbot)
    assert not _has_colour(_painted(gallery, model.index_of("b.jpg")), COLOURS[Meaning.LABEL])
    assert _has_colour(_painted(gallery, model.index_of("c.jpg")), COLOURS[Meaning.LABEL])


def test_thousands_of_photos_keep_few_thumbnails_and_ask_only_for_what_is_seen(
    store: ProjectStore,
    project: Project,
    make_model: Any,
    qtbot: QtBot,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("facegui.ui.photo_model.MOST_THUMBNAILS", 10)
    picture = (project.photos_folder / "a.jpg").read_bytes()
    for number in range(60):
        (project.photos_folder / f"n{number:03}.jpg").write_bytes(picture)
    store.look()
    model = make_model()
    gallery = PhotoGallery(model)
    qtbot.addWidget(gallery)
    gallery.resize(4 * CELL.width() + 40, 2 * CELL.height())
    gallery.show()
    qtbot.waitUntil(lambda: model.index(0, 0).data(SizeRole) is not None)
    assert model.index(65, 0).data(SizeRole) is None
    gallery.scrollToBottom()
    qtbot.waitUntil(lambda: model.index(65, 0).data(SizeRole) is not None)
    qtbot.waitUntil(lambda: not model._asked)
    assert len(model._images) <= 10


@pytest.mark.usefixtures("project")
def test_another_project_shows_nothing_of_the_one_before(
    store: ProjectStore, make_model: Any, qtbot: QtBot, tmp_path: Any
) -> None:
    model = make_model()
    model.index_of("f.jpg").data(Qt.ItemDataRole.DecorationRole)
    store.create(tmp_path / "Other")
    assert store.project is not None
    write_picture(store.project.photos_folder / "f.jpg", np.full((10, 20, 3), 9, np.uint8))
    store.look()
    assert shown(model) == "f"
    qtbot.waitUntil(lambda: model.index(0, 0).data(EntryRole).state is PhotoState.UNLABELLED)
    model.index_of("f.jpg").data(Qt.ItemDataRole.DecorationRole)
    assert thumbnail(model, "f.jpg", qtbot).width() == 20


def _changed(*names: str) -> Changes:
    return Changes(changed=names)


def _removed(*names: str) -> Changes:
    return Changes(removed=names)


def _painted(gallery: PhotoGallery, index: QModelIndex) -> QImage:
    image = QImage(CELL, QImage.Format.Format_RGB32)
    image.fill(Qt.GlobalColor.white)
    option = QStyleOptionViewItem()
    option.rect = QRect(0, 0, CELL.width(), CELL.height())
    painter = QPainter(image)
    gallery.itemDelegate().paint(painter, option, index)
    painter.end()
    return image


def _has_colour(image: QImage, colour: tuple[int, int, int]) -> bool:
    wanted = QColor(*colour)
    return any(
        image.pixelColor(x, y) == wanted
        for x in range(image.width())
        for y in range(image.height())
    )
