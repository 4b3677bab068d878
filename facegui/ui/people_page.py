"""Who is in the photos of each session, and the way to delete somebody everywhere."""

from __future__ import annotations

from collections import Counter
from collections.abc import MutableMapping, Set
from typing import Any

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from facegui.core.errors import UserError
from facegui.core.people import Person, names_in, people_of, runs_that_learned_from
from facegui.core.project import Project
from facegui.core.project_index import Session
from facegui.ui.detect_keeping import FOUND_FOLDER, RECORDINGS_FOLDER, SNAPSHOTS_FOLDER
from facegui.ui.icons import icon
from facegui.ui.run_words import title_of
from facegui.ui.style import GRID, set_role

_WHY = (
    "Optional: note who is in the photos, and ask them. FaceGUI then says when a detector knows one"
    " person only, and can delete somebody's photos everywhere."
)


class PeoplePage(QScrollArea):
    """A line for each session, and one for each person.

    Signals:
        delete_wanted(Person): somebody's photos are to be deleted for good.
        noted(): who is in a session was noted.
        failed(Exception): that could not be kept.
    """

    delete_wanted = Signal(object)
    noted = Signal()
    failed = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("people.page")
        self._project: Project | None = None
        self._sessions: dict[str, SessionLine] = {}
        self._people: dict[str, PersonLine] = {}
        self._busy = ""
        self._title = _words("People", "title")
        self._session_lines, self._person_lines = QVBoxLayout(), QVBoxLayout()
        inner = QWidget()
        layout = QVBoxLayout(inner)
        layout.setContentsMargins(0, GRID, GRID, 0)
        layout.setSpacing(GRID)
        layout.addWidget(_words(_WHY, "faint"))
        layout.addLayout(self._session_lines)
        layout.addSpacing(2 * GRID)
        layout.addWidget(self._title)
        layout.addLayout(self._person_lines)
        layout.addStretch(1)
        self.setWidget(inner)
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)

    @property
    def fields(self) -> dict[str, QLineEdit]:
        """Where it is noted who is in a session, by its key."""
        return {key: line.field for key, line in self._sessions.items()}

    @property
    def people(self) -> tuple[PersonLine, ...]:
        return tuple(self._people.values())

    def show_project(self, project: Project) -> None:
        """Shows its sessions and people; what somebody is typing stays."""
        if project is not self._project:
            _remove(self._sessions, self._session_lines, set(self._sessions))
            _remove(self._people, self._person_lines, set(self._people))
            self._project = project
        counts = Counter(project.record(photo.name).session for photo in project.photos)
        sessions = {key: item for key, item in project.sessions.items() if counts[key]}
        _remove(self._sessions, self._session_lines, self._sessions.keys() - sessions.keys())
        in_order = sorted(sessions.items(), key=lambda item: item[1].started)
        for place, (key, session) in enumerate(in_order):
            if key not in self._sessions:
                line = SessionLine(key)
                line.edited.connect(self._on_edited)
                self._sessions[key] = line
                self._session_lines.insertWidget(place, line)
            self._sessions[key].show_session(session, counts[key])
        self._show_people(project)

    def _show_people(self, project: Project) -> None:
        people = {person.name: person for person in people_of(project)}
        _remove(self._people, self._person_lines, self._people.keys() - people.keys())
        for place, (name, person) in enumerate(people.items()):
            if name not in self._people:
                line = PersonLine(project, person)
                line.delete_wanted.connect(self.delete_wanted)
                line.set_busy(self._busy)
                self._people[name] = line
                self._person_lines.insertWidget(place, line)
            self._people[name].show_person(person)
        self._title.setVisible(bool(people))

    def set_busy(self, reason: str) -> None:
        """With a reason nobody can be deleted now."""
        self._busy = reason
        for line in self.people:
            line.set_busy(reason)

    @Slot(str, str)
    def _on_edited(self, key: str, text: str) -> None:
        project = self._project
        session = project.sessions.get(key) if project is not None else None
        names = names_in(text)
        if project is None or session is None or names == session.people:
            return
        try:
            project.note_people(key, names)
        except UserError as error:
            self.failed.emit(error)
        else:
            self.noted.emit()


class SessionLine(QWidget):
    """A session, and who is in it.

    Signals:
        edited(str, str): its key, and the names as they were typed.
    """

    edited = Signal(str, str)

    def __init__(self, key: str) -> None:
        super().__init__()
        self._key = key
        self._words = _words("", "")
        self.field = QLineEdit()
        self.field.setPlaceholderText("Who is it? Names, with commas between")
        self.field.editingFinished.connect(self._on_finished)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(GRID)
        layout.addWidget(self._words, 3)
        layout.addWidget(self.field, 2)

    def show_session(self, session: Session, count: int) -> None:
        when = session.started[:16].replace("T", " ")
        self._words.setText(f"{session.title}, {when}: {_photos(count)}")
        self.field.setAccessibleName(f"Who is in {session.title}")
        if not self.field.isModified():
            self.field.setText(", ".join(session.people))

    @Slot()
    def _on_finished(self) -> None:
        self.field.setModified(False)
        self.edited.emit(self._key, self.field.text())


class PersonLine(QWidget):
    """Somebody, and the button that deletes them, which asks in its place.

    Signals:
        delete_wanted(Person): it was confirmed.
    """

    delete_wanted = Signal(object)

    def __init__(self, project: Project, person: Person) -> None:
        super().__init__()
        self.person = person
        self._project = project
        self.words = _words("", "")
        self.delete_button = QPushButton(icon("mdi6.account-remove"), "Delete everywhere…")
        self.delete_button.setAccessibleName(f"Delete {person.name} everywhere")
        self.sure_button = QPushButton("Delete for good")
        self.keep_button = QPushButton("Keep")
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(GRID)
        layout.addWidget(self.words, 1)
        for button in (self.delete_button, self.sure_button, self.keep_button):
            layout.addWidget(button)
        self.delete_button.clicked.connect(self._ask)
        self.keep_button.clicked.connect(self._keep)
        self.sure_button.clicked.connect(self._on_sure)
        self._keep()

    def show_person(self, person: Person) -> None:
        """The same, with other photos perhaps; a question that is asked goes on."""
        if person != self.person:
            self.person = person
            if self.delete_button.isHidden():
                self.words.setText(consequences(self._project, person))
            else:
                self._keep()

    def set_busy(self, reason: str) -> None:
        """With a reason they cannot be deleted now."""
        for button in (self.delete_button, self.sure_button):
            button.setEnabled(not reason)
            button.setToolTip(reason)

    @Slot()
    def _ask(self) -> None:
        self.words.setText(consequences(self._project, self.person))
        self._show_question(True)
        self.keep_button.setFocus()

    @Slot()
    def _keep(self) -> None:
        self.words.setText(f"{self.person.name}: {_photos(len(self.person.photos))}")
        self._show_question(False)

    @Slot()
    def _on_sure(self) -> None:
        self.delete_wanted.emit(self.person)

    def _show_question(self, asking: bool) -> None:
        self.delete_button.setVisible(not asking)
        self.sure_button.setVisible(asking)
        self.keep_button.setVisible(asking)


def consequences(project: Project, person: Person) -> str:
    """What deleting somebody means, before it is done."""
    sentences = [
        f"{_photos(len(person.photos))} with {person.name} go for good, with labels, copies and"
        " what lies in the trash."
    ]
    if person.shared:
        sentences.append(f"{_photos(person.shared)} of them are of sessions with others, too.")
    runs = runs_that_learned_from(project, person)
    if runs:
        names = ", ".join(title_of(run) for run in runs)
        sentences.append(f"These runs learned from them and stay: {names}.")
    folders = (SNAPSHOTS_FOLDER, RECORDINGS_FOLDER, FOUND_FOLDER)
    kept = [name for name in folders if any((project.folder / name).glob("*"))]
    if kept:
        sentences.append(
            f"Look yourself through what you saved while detecting: {', '.join(kept)} in the"
            " project's folder."
        )
    return " ".join(sentences)


def _photos(number: int) -> str:
    return "1 photo" if number == 1 else f"{number:,} photos"


def _remove(lines: MutableMapping[str, Any], layout: QVBoxLayout, keys: Set[str]) -> None:
    for key in keys:
        line: QWidget = lines.pop(key)
        layout.removeWidget(line)
        line.hide()
        line.deleteLater()


def _words(text: str, role: str) -> QLabel:
    label = QLabel(text)
    label.setWordWrap(True)
    set_role(label, role)
    return label
