"""Boxes around the faces: drawn here, or in LabelMe."""

from __future__ import annotations

from PySide6.QtCore import QModelIndex, Qt, Slot
from PySide6.QtWidgets import QSplitter, QWidget

from facegui.core.photo_library import PhotoState
from facegui.ui.annotate_actions import AnnotateActions
from facegui.ui.annotate_controls import (
    FilterControls,
    LabelmeControls,
    PhotoControls,
)
from facegui.ui.box_editor import EDITOR_KEYS
from facegui.ui.draft_controls import DraftControls
from facegui.ui.draft_review import DraftReview
from facegui.ui.label_desk import LabelDesk
from facegui.ui.label_progress import NO_PHOTOS, LabelProgress
from facegui.ui.label_view import LabelView
from facegui.ui.large_pictures import LargePictures
from facegui.ui.photo_gallery import PhotoGallery
from facegui.ui.photo_model import PhotoModel
from facegui.ui.style import GRID
from facegui.ui.tab import Tab
from facegui.workers.draft_process import DraftProcess
from facegui.workers.drafting import Drafting
from facegui.workers.job_board import JobBoard
from facegui.workers.label_reader import PhotoEntry
from facegui.workers.labelme_process import LabelmeEnd, LabelmeProcess
from facegui.workers.project_store import ProjectStore


class AnnotateTab(Tab):
    """The second step: every photo gets its boxes, or "no face".

    Each change is on disk before the next. One photo is shown in large, the
    current one of the gallery; labels that other programs write are shown as they come.
    Meanwhile the network learns from the labels and drafts those that are missing.

    Args:
        store: with the project whose photos are labelled.
        board: of the window; its jobs come before drafting.
        labelme: what starts LabelMe; tests give fakes.
        draft_process: what drafts; likewise.
    """

    NAME = "annotate"
    TITLE = "Annotate"
    ICON = "mdi6.vector-square"
    KEYS = EDITOR_KEYS

    def __init__(
        self,
        store: ProjectStore,
        board: JobBoard,
        parent: QWidget | None = None,
        *,
        labelme: LabelmeProcess | None = None,
        draft_process: DraftProcess | None = None,
    ) -> None:
        super().__init__(parent)
        self._store = store
        self._name: str | None = None
        self._has_begun = False
        self.labelme = labelme or LabelmeProcess()
        self.labelme.setParent(self)
        self.model = PhotoModel(store, self)
        self.drafting = Drafting(store, board, draft_process, self)
        self.pictures = LargePictures(self)
        self._build()
        self.desk = LabelDesk(store, self.model, self.editor, self.drafting, self.labelme, self)
        self.history = self.desk.history
        self.review = DraftReview(self.drafting, self.draft_controls, self.desk, self.model, self)
        self._connect()
        self._on_photos_changed()

    def _build(self) -> None:
        self.large = LabelView()
        self.editor, self.notice = self.large.editor, self.large.notice
        self.gallery = PhotoGallery(self.model)
        self.gallery.setObjectName("annotate.gallery")
        self.splitter = QSplitter(Qt.Orientation.Vertical)
        self.splitter.setChildrenCollapsible(False)
        self.splitter.setHandleWidth(2 * GRID)
        self.splitter.addWidget(self.large)
        self.splitter.addWidget(self.gallery)
        self.splitter.setStretchFactor(0, 1)
        self.stage.addWidget(self.splitter)
        self.actions_here = AnnotateActions(self)
        self.gallery.setContextMenuPolicy(Qt.ContextMenuPolicy.ActionsContextMenu)
        self.gallery.addAction(self.actions_here.delete_photo)
        self.photo_controls = PhotoControls(self.actions_here)
        self.filters = FilterControls()
        self.draft_controls = DraftControls(self.actions_here)
        self.labelme_controls = LabelmeControls()
        self.controls.addWidget(self.photo_controls)
        self.controls.addWidget(self.draft_controls)
        self.controls.addWidget(self.filters)
        self.controls.addWidget(self.labelme_controls)
        self.main_button.setFocusPolicy(Qt.FocusPolicy.TabFocus)

    def _connect(self) -> None:
        for action, slot in (
            (self.actions_here.no_face, self.desk.say_no_face),
            (self.actions_here.delete, self.editor.delete_chosen),
            (self.actions_here.reject, self.desk.reject_draft),
            (self.actions_here.least_certain, self._go_on),
            (self.actions_here.copy, self.desk.copy_before),
            (self.actions_here.clear, self.desk.clear_label),
            (self.actions_here.delete_photo, self.desk.delete_photo),
            (self.actions_here.undo, self.desk.undo),
            (self.actions_here.redo, self.desk.redo),
            (self.actions_here.before, self.gallery.go_back),
            (self.actions_here.after, self.gallery.go_on),
            (self.actions_here.next, self._on_enter),
            (self.actions_here.zoom_in, self.editor.zoom_in),
            (self.actions_here.zoom_out, self.editor.zoom_out),
            (self.actions_here.fit, self.editor.fit),
        ):
            action.triggered.connect(slot)
        self.editor.choice_changed.connect(self._show_actions)
        self.editor.step_wanted.connect(self.gallery.step)
        self.gallery.selectionModel().currentChanged.connect(self._on_current_changed)
        self.model.entries_changed.connect(self._on_entries_changed)
        self.model.modelReset.connect(self._on_reset)
        self.model.layoutChanged.connect(self._on_rows_changed)
        self.model.failed.connect(self.failed)
        self.model.photos_changed.connect(self._on_photos_changed)
        self.pictures.ready.connect(self._on_picture)
        self.desk.failed.connect(self.failed)
        self.desk.noticed.connect(self.noticed)
        self.desk.changed.connect(self._show_photo)
        self.desk.next_wanted.connect(self._go_on)
        self.history.went_to.connect(self.show_photo)
        self.history.busy_changed.connect(self._show_photo)
        self.history.stack.indexChanged.connect(self._show_actions)
        self.drafting.doubts_changed.connect(self._on_doubts_changed)
        self.review.failed.connect(self.failed)
        self.review.photo_wanted.connect(self._show_doubted)
        self.notice.button.clicked.connect(self._on_notice)
        self.filters.chosen.connect(self._on_filter)
        self.labelme_controls.button.clicked.connect(self.open_labelme)
        self.labelme.started.connect(self._show_photo)
        self.labelme.photo_shown.connect(self._on_labelme_shows)
        self.labelme.closed.connect(self._on_labelme_closed)
        self.main_button.clicked.connect(self._on_main)

    # What the window calls

    def enter(self) -> None:
        self.editor.setFocus()
        self.desk.clock.look_at(self._name)
        self.drafting.enter()
        self.model.look_for_new()
        self._show_state()

    def leave(self) -> None:
        self.editor.flush()
        self.desk.clock.look_at(None)
        self.drafting.leave()

    def shut_down(self) -> None:
        self.editor.flush()
        self.drafting.shut_down()
        self.labelme.shut_down()
        self.model.shut_down()
        self.pictures.shut_down()

    # Which photo

    @property
    def photo_name(self) -> str | None:
        """The photo that is shown in large."""
        return self._name

    @Slot(str)
    def show_photo(self, name: str) -> None:
        """Shows a photo in large, and all photos in the gallery where the filter hides it."""
        if self.model.entry(name) is None:
            return
        if not self.model.index_of(name).isValid():
            self._on_filter(None)
        self.gallery.setCurrentIndex(self.model.index_of(name))

    @Slot(QModelIndex, QModelIndex)
    def _on_current_changed(self, current: QModelIndex, before: QModelIndex) -> None:  # noqa: ARG002
        self._look_at(self.model.name_at(current))

    @Slot()
    def _on_rows_changed(self) -> None:
        """The photo beside it is shown instead of one that is not in the gallery any more."""
        if self._name is not None and not self.gallery.currentIndex().isValid():
            beside = self.model.index_beside(self._name)
            self.gallery.setCurrentIndex(beside)
            self._look_at(self.model.name_at(beside))

    def _look_at(self, name: str | None) -> None:
        if name == self._name:
            return
        self.editor.flush()
        self._name = name
        self.desk.look_at(name)
        self.model.keep(name)
        self._show_photo()

    @Slot(object)
    def _on_filter(self, state: PhotoState | None) -> None:
        self.model.set_filter(state)
        self.model.keep(self._name)
        if self._name is None:
            self.gallery.setCurrentIndex(self.model.index(0, 0))
        self.gallery.scrollTo(self.gallery.currentIndex())
        self._show_state()

    # LabelMe

    @Slot()
    def open_labelme(self) -> None:
        """Opens LabelMe at the photo that is shown, with the photos that the filter shows."""
        project = self._store.project
        if project is None or self._name is None or self.labelme.running:
            return
        self.editor.flush()
        if self.labelme_controls.take_draft.isChecked():
            self.desk.accept_draft()
        among = None if self.model.filter is None else self.model.shown_names
        self.labelme.start(project.photo(self._name).path, project.labels_folder, among)
        self._show_photo()

    @Slot(str)
    def _on_labelme_shows(self, name: str) -> None:
        project = self._store.project
        if project is not None and self.model.entry(name) is not None:
            project.seen_elsewhere(project.photo(name))
        self.show_photo(name)

    @Slot(object)
    def _on_labelme_closed(self, end: LabelmeEnd) -> None:
        self._store.look()
        if end.error is not None:
            self.failed.emit(end.error)
        self._show_photo()

    # What comes from elsewhere

    @Slot()
    def _on_reset(self) -> None:
        """Another project is open, or none."""
        self.labelme.shut_down()  # it shows the project before; everything there is saved
        self.desk.forget()
        self.pictures.forget()
        self._name = None
        self._has_begun = False

    @Slot()
    def _on_photos_changed(self) -> None:
        names = self.model.names
        if self._name is None or self.model.entry(self._name) is None:
            self._name = None
            self.desk.look_at(None)
            if names:
                self.show_photo(self.model.next_to_do("") or names[0])
        self._begin()
        self.drafting.look(self.model.entries)
        self._show_photo()

    @Slot(object)
    def _on_entries_changed(self, entries: dict[str, PhotoEntry]) -> None:
        for entry in entries.values():
            self.history.take_over(entry)
        self._begin()
        self.drafting.look(self.model.entries)
        if self._name in entries and not self.editor.is_dragging:
            self._show_photo()
        else:
            self._show_state()

    def _begin(self) -> None:
        """Goes to the first photo that is to do, once all labels have been read."""
        counts = self.model.counts()
        if not self._has_begun and counts and not counts[None]:
            self._has_begun = True
            if self.isVisible():
                self.model.look_for_new()
            self.show_photo(self.model.next_to_do("") or self.model.names[0])

    @Slot()
    def _on_doubts_changed(self) -> None:
        self.editor.flush()  # what is shown anew is what is on disk
        self._show_photo()

    @Slot(str)
    def _on_picture(self, name: str) -> None:
        if name == self._name:
            self._show_photo()

    # The main action

    @Slot()
    def _on_main(self) -> None:
        if not self.model.names:
            self.step_wanted.emit("capture")
        elif self._entry is not None and self._entry.is_to_do:
            self._on_enter()
        elif self.model.next_to_do(self._name or "") is not None:
            self._go_on()
        else:
            self.step_wanted.emit("augment")

    @Slot()
    def _on_enter(self) -> None:
        """Accepts the draft, if there is one, and goes to the next photo."""
        has_draft = self._entry is not None and self._entry.draft is not None
        if has_draft and not self.desk.why_busy:
            self.desk.accept_and_go_on()
        else:
            self._go_on()

    @Slot()
    def _go_on(self) -> None:
        """Goes to the photo to go on with, never by surprise to another tab."""
        name = self.model.next_to_do(self._name or "")
        if name is not None:
            self.show_photo(name)
            self.editor.setFocus()

    @Slot()
    def _on_notice(self) -> None:
        """Starts over with a broken label, or stands by one that the network doubts."""
        if self._entry is not None and self._entry.error is None:
            self.review.confirm(self._entry.name)
        else:
            self.desk.start_over()

    @Slot(str)
    def _show_doubted(self, name: str) -> None:
        self.show_photo(name)
        self.editor.setFocus()

    # What is shown

    @property
    def _entry(self) -> PhotoEntry | None:
        return None if self._name is None else self.model.entry(self._name)

    @property
    def _following(self) -> str | None:
        """The photo that will probably be wanted next: by Enter while there is something to do."""
        index = self.gallery.currentIndex()
        beside = self.model.name_at(index.siblingAtRow(index.row() + 1))
        return self.model.next_to_do(self._name or "") or beside

    @Slot()
    def _show_photo(self) -> None:
        """Brings the large view to what is on disk."""
        project, picture = self._store.project, None
        if project is not None and self._entry is not None:
            following = self._following
            picture = self.pictures.get(
                project.photo(self._entry.name), project.photo(following) if following else None
            )
        self.large.show_picture(picture)
        doubt = self.review.doubt(self._name)
        self.large.show_label(
            self._entry, doubt, self.desk.why_busy, labelme_runs=self.labelme.running
        )
        self._show_state()

    @Slot()
    def _show_actions(self) -> None:
        self.actions_here.show_state(
            self._entry,
            self.editor,
            self.history.stack,
            self.desk.why_busy,
            can_copy=bool(self.desk.boxes_before),
        )

    @Slot()
    def _show_state(self) -> None:
        self._show_actions()
        self.review.show_state()
        counts, running = self.model.counts(), self.labelme.running
        self.photo_controls.show_photo(self._entry)
        self.filters.show_state(counts, self.model.filter)
        why_no_labelme = "There is no photo." if self._entry is None else ""
        if running:
            why_no_labelme = "Close its window to open it at another photo."
        has_draft = self._entry is not None and self._entry.draft is not None
        self.labelme_controls.show_state(
            running,
            why_no_labelme,
            has_draft=has_draft,
            is_filtered=self.model.filter is not None,
        )
        progress = LabelProgress(
            counts,
            is_open=self._store.project is not None,
            more_to_do=self.model.next_to_do(self._name or "") is not None,
            this_to_do=self._entry is not None and self._entry.is_to_do,
            can_draw=not self.desk.why_busy,
            shows_draft=has_draft,
            time_spent=self.desk.clock.words,
        )
        self.gallery.setVisible(bool(progress.total))
        self.editor.set_message("" if progress.total else NO_PHOTOS)
        self.set_main_action(progress.action, progress.why_not)
        self.say_next(progress.words)
        self.summary_changed.emit(progress.summary)
