"""What is said in the picture of the Detect tab."""

from __future__ import annotations

from dataclasses import dataclass

from facegui.core.errors import UserError

_LOST_ICONS = {True: "mdi6.file-alert-outline", False: "mdi6.camera-off-outline"}


@dataclass(frozen=True, slots=True)
class Situation:
    """What decides it.

    Args:
        has_model: whether a run is chosen.
        running: whether a source is being looked at.
        source: its name.
        opening: whether it has shown no picture yet.
        comes_back: whether it is tried again by itself.
        model_error: why the model cannot be used.
        camera_error: why there is no picture.
        is_black: whether all pictures are black.
        ended: what to say of a video that is over; "" where it is not.
    """

    has_model: bool
    running: bool
    source: str
    opening: bool
    comes_back: bool
    model_error: Exception | None
    camera_error: Exception | None
    is_black: bool
    ended: str

    @property
    def message(self) -> tuple[str, str, str]:
        """A sentence, what to do, and a sign; nothing where the picture speaks for itself."""
        if not self.has_model:
            words = "Train one: then its boxes are shown here."
            return "No model yet.", words, "mdi6.school-outline"
        error = self.model_error or self.camera_error
        if error is not None:
            return self._of_error(error)
        if self.running and self.opening:
            return f"Opening {self.source}…", "", "mdi6.camera-outline"
        if self.running and self.is_black:
            words = "Open the camera's shutter, take away what covers it, or switch on a light."
            return "The picture is black.", words, "mdi6.camera-off-outline"
        if self.running:
            return "", "", ""
        if self.ended:
            return "That was the last picture.", self.ended, "mdi6.movie-open-check-outline"
        return "Press Start.", "Faces are found in the picture live.", "mdi6.face-recognition"

    @property
    def next_step(self) -> str:
        """The sentence above the main button."""
        if not self.has_model:
            return "The network is made in the Train tab."
        if self.running or self.model_error or self.camera_error:
            return ""
        return "Any camera, video or picture will do."

    def _of_error(self, error: Exception) -> tuple[str, str, str]:
        sign = _LOST_ICONS[error is self.model_error]
        if not isinstance(error, UserError):
            return "Something went wrong.", "Try again, or choose something else.", sign
        if error is self.camera_error and self.comes_back:
            return error.what, f"{error.remedy} The picture comes back by itself.", sign
        return error.what, error.remedy, sign
