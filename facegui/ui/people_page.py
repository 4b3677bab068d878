"""Who is in the photos of each session, and the way to delete somebody everywhere."""

from __future__ import annotations

from collections import Counter

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
        self.fields: dict[str, QLineEdit] = {}
        self.people: tuple[PersonLine, ...] = ()
        self._shown: object = None
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)

    def show_project(self, project: Project) -> None:
        """Shows its sessions and people, unless they are shown already."""
        counts = Counter(project.record(photo.name).session for photo in project.photos)
        sessions = {key: item for key, item in project.sessions.items() if counts[key]}
        people = people_of(project)
        shown = (project, tuple(sessions.items()), tuple(counts.items()), people)
        if shown == self._shown:
            return
        self._shown, self._project = shown, project
        inner = QWidget()
        layout = QVBoxLayout(inner)
        layout.setContentsMargins(0, GRID, GRID, 0)
        layout.setSpacing(GRID)
        layout.addWidget(_words(_WHY, "faint"))
        self.fields, lines = {}, []
        for key, session in sorted(sessions.items(), key=lambda item: item[1].started):
            photos = "1 photo" if counts[key] == 1 else f"{counts[key]:,} photos"
            when = session.started[:16].replace("T", " ")
            line = QHBoxLayout()
            line.addWidget(_words(f"{session.title}, {when}: {photos}", ""), 3)
            field = QLineEdit(", ".join(session.people))
            field.setPlaceholderText("Who is it? Names, with commas between")
            field.setAccessibleName(f"Who is in {session.title}")
            field.setProperty("session", key)
            field.editingFinished.connect(self._on_edited)
            self.fields[key] = field
            line.addWidget(field, 2)
            layout.addLayout(line)
        if people:
            layout.addSpacing(2 * GRID)
            layout.addWidget(_words("People", "title"))
        for person in people:
            one = PersonLine(project, person)
            one.delete_wanted.connect(self.delete_wanted)
            lines.append(one)
            layout.addWidget(one)
        self.people = tuple(lines)
        layout.addStretch(1)
        self.setWidget(inner)

    @Slot()
    def _on_edited(self) -> None:
        field, project = self.sender(), self._project
        if not isinstance(field, QLineEdit) or project is None:
            return
        key = str(field.property("session"))
        names = names_in(field.text())
        session = project.sessions.get(key)
        if session is None or names == session.people:
            return
        try:
            project.note_people(key, names)
        except UserError as error:
            self.failed.emit(error)
        else:
            self.noted.emit()


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
        self.words = _words(f"{person.name}: {_photos(len(person.photos))}", "")
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
        self.sure_button.setEnabled(False)
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
    return " ".join(sentences)


def _photos(number: int) -> str:
    return "1 photo" if number == 1 else f"{number:,} photos"


def _words(text: str, role: str) -> QLabel:
    label = QLabel(text)
    label.setWordWrap(True)
    set_role(label, role)
    return label
