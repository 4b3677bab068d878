"""The window "Check the photos": findings with their photos, and buttons that mend them."""

from __future__ import annotations

import threading

import cv2
import pytest
from PySide6.QtWidgets import QWidget

from facegui.core import health
from facegui.core.boxes import Box
from facegui.core.errors import UserError
from facegui.core.health import Finding, Kind, Remedy
from facegui.core.images import EncodedPicture, encode_jpeg, read_picture
from facegui.core.progress import Progress
from facegui.core.project import NewPhoto
from facegui.core.project_index import PhotoRecord
from facegui.core.splits import Split
from facegui.ui import photo_check, photo_row
from facegui.ui.check_badge import CheckBadge
from facegui.ui.health_page import HealthPage
from facegui.ui.photo_check import PhotoCheck
from facegui.workers import thumbnails
from facegui.workers.job import Job


@pytest.fixture
def sick_project(demo_project):
    """With a dark photo, a photo that is not labelled, and a leak."""
    first = demo_project.samples()[0].photo
    pixels = read_picture(first.path)
    height, width = pixels.shape[:2]
    dark = EncodedPicture(encode_jpeg(pixels // 12), ".jpg", width, height)
    copy = EncodedPicture(
        encode_jpeg(cv2.convertScaleAbs(pixels, alpha=0.9)), ".jpg", width, height
    )
    split = Split.TRAIN if demo_project.split(first) is Split.TEST else Split.TEST
    demo_project.add_photos(
        [
            NewPhoto(dark, "dark.jpg", PhotoRecord(Split.TRAIN), (Box(9, 9, 99, 99),)),
            NewPhoto(copy, "copy.jpg", PhotoRecord(split), (Box(9, 9, 99, 99),)),
            NewPhoto(copy, "new.jpg"),
        ]
    )
    return demo_project


@pytest.fixture
def check(qtbot, store, board, sick_project):  # noqa: ARG001
    """The window, with what it found."""
    window = PhotoCheck(store, board)
    qtbot.addWidget(window)
    with qtbot.waitSignal(window.checked, timeout=20000):
        window.show()
    yield window
    window.shut_down()


def card_of(check, kind):
    return next(card for card in check.health.cards if card.finding.kind is kind)


def test_findings_are_shown_with_their_photos(qtbot, check):
    assert "things to look at" in check.health.message
    row = card_of(check, Kind.DARK).row
    assert [row.item(n).toolTip() for n in range(row.count())] == ["dark.jpg"]
    qtbot.waitUntil(lambda: card_of(check, Kind.DARK).row.loaded == {"dark.jpg"}, timeout=20000)


def test_waiting_for_another_look_is_told(check):
    check._looks.progressed.emit(Progress(0, None, "Waiting for another look at the photos"))
    assert check.health.message == "Waiting for another look at the photos…"


def test_every_row_gets_its_pictures_however_many_rows_there_are(qtbot, sick_project, monkeypatch):
    all_wanted, read = threading.Event(), thumbnails.read_thumbnail

    def read_later(*arguments):
        assert all_wanted.wait(20.0)
        return read(*arguments)

    monkeypatch.setattr(thumbnails, "read_thumbnail", read_later)
    monkeypatch.setattr(photo_row, "MOST_SHOWN", 1)
    page = HealthPage()
    qtbot.addWidget(page)
    dropped = []
    page._loader.dropped.connect(dropped.append)
    names = [photo.name for photo in sick_project.photos]
    pairs = zip(Kind, names, strict=False)
    findings = [Finding(kind, "", "", Remedy.LABEL, (name,)) for kind, name in pairs]
    page.show_findings(sick_project, findings)
    all_wanted.set()
    for card in page.cards:
        wanted = set(card.finding.photos)
        qtbot.waitUntil(lambda card=card, wanted=wanted: card.row.loaded == wanted, timeout=20000)
    assert dropped == []
    page.shut_down()


def test_button_leads_to_the_photo_that_is_not_labelled(qtbot, check):
    with qtbot.waitSignal(check.photo_wanted) as wanted:
        card_of(check, Kind.UNLABELLED).button.click()
    assert wanted.args == ["new.jpg"]


def test_only_what_obeys_a_stop_offers_it(qtbot, check, board):
    can_stop = []
    board.started.connect(lambda job: can_stop.append(job.can_stop))
    for kind in (Kind.LEAK, Kind.DARK):
        with qtbot.waitSignals([board.ended, check.checked], timeout=20000):
            card_of(check, kind).button.click()
    with qtbot.waitSignal(board.ended, timeout=20000):
        check.undo_button.click()
    assert can_stop == [True, False, False]


def test_photos_go_to_the_trash_and_come_back(qtbot, check, store, sick_project):
    with qtbot.waitSignals([store.photos_changed, check.checked], timeout=20000):
        card_of(check, Kind.DARK).button.click()
    assert "1 photo is in the trash" in check.notice.text()
    assert not (sick_project.photos_folder / "dark.jpg").exists()
    assert Kind.DARK not in {card.finding.kind for card in check.health.cards}
    with qtbot.waitSignals([store.photos_changed, check.checked], timeout=20000):
        check.undo_button.click()
    assert (sick_project.photos_folder / "dark.jpg").exists()
    assert not check.undo_button.isVisible()


def test_only_the_chosen_photos_are_meant(qtbot, check):
    card = card_of(check, Kind.DUPLICATE)
    assert "all" in card.button.text()
    card.row.item(0).setSelected(True)
    assert card.button.text() == "Move 1 chosen to the trash"
    with qtbot.waitSignal(card.throw_wanted) as thrown:
        card.button.click()
    assert thrown.args == [(card.row.item(0).toolTip(),)]
    qtbot.waitUntil(lambda: check._board.job is None)


def test_leaks_are_mended_by_one_click(qtbot, check, store):
    with qtbot.waitSignals([store.splits_changed, check.checked], timeout=20000):
        card_of(check, Kind.LEAK).button.click()
    assert "in another split now" in check.notice.text()
    assert Kind.LEAK not in {card.finding.kind for card in check.health.cards}


def test_badge_says_how_many_things_there_are(qtbot, store, board, sick_project):
    parent = QWidget()
    qtbot.addWidget(parent)
    badge = CheckBadge(store, board, parent, look_after_ms=0)
    assert badge.action.isEnabled()
    assert store.project is sick_project
    qtbot.waitUntil(lambda: badge.button.text() != "", timeout=20000)
    assert int(badge.button.text()) >= 3
    assert not badge.button.isHidden()
    with qtbot.waitSignal(badge.page.checked, timeout=20000):
        badge.action.trigger()
    store.close()
    assert badge.button.isHidden()
    assert not badge.action.isEnabled()
    assert not badge.page.isVisible()
    badge.shut_down()


def test_badge_makes_way_for_a_job_and_looks_again_after_it(
    qtbot, store, board, sick_project, monkeypatch
):
    begun, stopped = threading.Event(), threading.Event()

    def look_until_stopped(_project, stop):
        begun.set()
        while not stop.cancelled:
            threading.Event().wait(0.001)
        stopped.set()
        stop.raise_if_cancelled()

    monkeypatch.setattr(health, "check_project", look_until_stopped)
    kept = sick_project.cache_folder / "thumbnails" / "256" / "gone.jpg.jpg"
    kept.parent.mkdir(parents=True)
    kept.write_bytes(b"x")
    parent = QWidget()
    qtbot.addWidget(parent)
    badge = CheckBadge(store, board, parent, look_after_ms=0)
    qtbot.waitUntil(begun.is_set)
    assert not kept.exists()
    monkeypatch.undo()
    with qtbot.waitSignal(board.ended):
        board.start(Job("Training", lambda *_: stopped.wait(20.0)))
    assert stopped.is_set()
    qtbot.waitUntil(lambda: badge.button.text() != "", timeout=20000)
    badge.shut_down()


def test_people_are_noted_and_deleted_everywhere(qtbot, check, store, sick_project):
    (session,) = sick_project.sessions
    field = check.people.fields[session]
    field.setText(" Ada ,Bob  B.,")
    with qtbot.waitSignal(check.checked, timeout=20000):
        field.editingFinished.emit()
    assert sick_project.sessions[session].people == ("Ada", "Bob B.")
    ada = check.people.people[0]
    assert not ada.sure_button.isVisibleTo(ada)
    ada.delete_button.click()
    assert "12 photos with Ada go for good" in ada.words.text()
    assert "12 photos of them are of sessions with others" in ada.words.text()
    ada.keep_button.click()
    assert ada.words.text() == "Ada: 12 photos"
    ada.delete_button.click()
    with qtbot.waitSignals([store.photos_changed, check.checked], timeout=20000):
        ada.sure_button.click()
    assert "12 photos are deleted for good" in check.notice.text()
    assert {photo.name for photo in sick_project.photos} == {"copy.jpg", "dark.jpg", "new.jpg"}
    assert check.people.people == ()
    assert not check.undo_button.isVisible()


@pytest.fixture
def ada(qtbot, check, sick_project):
    """The line of somebody who is in all photos of the one session."""
    sick_project.note_people(next(iter(sick_project.sessions)), ["Ada"])
    with qtbot.waitSignal(check.checked, timeout=20000):
        check.look()
    return check.people.people[0]


def test_nothing_is_deleted_while_a_job_works_on_the_photos(qtbot, check, board, ada):
    go_on = threading.Event()
    card = card_of(check, Kind.DARK)
    board.start(Job("Training", lambda _report, _stop: go_on.wait(20)))
    for button in (card.button, card_of(check, Kind.LEAK).button, ada.sure_button):
        assert not button.isEnabled()
        assert button.toolTip() == "Training is still running."
    assert card_of(check, Kind.UNLABELLED).button.isEnabled()
    with qtbot.waitSignal(board.ended):
        go_on.set()
    assert card.button.isEnabled()
    card.button.click()
    assert board.job is not None, "no other project can be opened now"
    assert not ada.delete_button.isEnabled()
    qtbot.waitUntil(lambda: board.job is None)


def test_a_deletion_that_failed_can_be_tried_again(
    qtbot, check, store, board, ada, sick_project, monkeypatch
):
    def fail_half_way(project, person):
        project.delete([project.photo(person.photos[0])])
        raise UserError("The disk is full.", "Make room.")

    ada.delete_button.click()
    with monkeypatch.context() as patched, qtbot.waitSignals([store.photos_changed, board.ended]):
        patched.setattr(photo_check, "delete_person", fail_half_way)
        gone = ada.person.photos[0]
        changes = []
        store.photos_changed.connect(changes.append)
        ada.sure_button.click()
    assert check.notice.text() == "The disk is full. Make room."
    assert [change.removed for change in changes] == [(gone,)]
    assert ada.sure_button.isEnabled()
    with qtbot.waitSignal(board.ended, timeout=20000):
        ada.sure_button.click()
    assert not sick_project.sessions


def test_what_is_being_typed_stays_when_the_photos_are_looked_at(qtbot, check, sick_project):
    key = sick_project.new_session("Other")
    photo = next(photo for photo in sick_project.photos if photo.name == "new.jpg")
    sick_project._index.photos[photo.name] = PhotoRecord(session=key)
    check.people.show_project(sick_project)
    first, second = check.people.fields.values()
    check.pages.setCurrentWidget(check.people)
    first.setFocus()
    qtbot.keyClicks(first, "Ada")
    second.setFocus()
    assert sick_project.sessions[next(iter(check.people.fields))].people == ("Ada",)
    qtbot.keyClicks(second, "Bo")
    with qtbot.waitSignal(check.checked, timeout=20000):
        check.look()
    assert check.people.people[0].person.name == "Ada"
    assert check.people.fields[key] is second
    assert second.text() == "Bo"
    assert second.hasFocus()


def test_what_was_saved_while_detecting_is_for_the_user_to_look_through(ada, sick_project):
    ada.delete_button.click()
    assert "detecting" not in ada.words.text()
    ada.keep_button.click()
    (sick_project.folder / "snapshots").mkdir()
    (sick_project.folder / "snapshots" / "a.png").write_bytes(b"picture")
    ada.delete_button.click()
    assert "saved while detecting: snapshots in the project's folder" in ada.words.text()
