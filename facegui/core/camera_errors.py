"""What can go wrong with a camera, a video or a folder of pictures."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from facegui.core.errors import UserError


class CameraError(UserError):
    """A camera, video or folder gives no pictures."""


class CameraNotFoundError(CameraError):
    """No camera of that name or number is connected."""

    def __init__(self, wanted: str, available: Sequence[str] = (), details: str = "") -> None:
        remedy = "Check that it is plugged in, then try again."
        if available:
            remedy += (
                f" Connected: {', '.join(available)}. The path of a video, of a picture "
                "or of a folder of pictures does as well."
            )
        super().__init__(f"There is no camera “{wanted}”.", remedy, details)


class AmbiguousCameraError(CameraError):
    """Several cameras go by that part of a name."""

    def __init__(self, wanted: str, candidates: Sequence[str]) -> None:
        super().__init__(
            f"“{wanted}” may mean several cameras.",
            f"Give more of the name: {', '.join(candidates)}.",
        )


class CameraBusyError(CameraError):
    """Another program has the camera."""

    def __init__(self, name: str, details: str = "") -> None:
        super().__init__(
            f"{name} gives no picture; another program seems to be using it.",
            "Close video calls, browser tabs and other programs that use the camera, "
            "then try again. If there are none, unplug the camera and plug it in again.",
            details,
        )


class CameraPermissionError(CameraError):
    """The operating system does not let this program use the camera."""

    def __init__(self, name: str, details: str = "", platform: str = sys.platform) -> None:
        super().__init__(
            f"This program has no permission to use {name}.",
            _PERMISSION_REMEDIES.get(platform, _LINUX_PERMISSION_REMEDY),
            details,
        )


class CameraUnpluggedError(CameraError):
    """The camera went away while it was running."""

    def __init__(self, name: str, details: str = "") -> None:
        super().__init__(
            f"{name} stopped sending pictures.",
            "Check the cable and plug the camera in again.",
            details,
        )


class CameraStalledError(CameraError):
    """No frame came within the time limit, though the camera is still there."""

    def __init__(self, name: str, waited_s: float) -> None:
        super().__init__(
            f"{name} has sent no picture for {waited_s:g} seconds.",
            "Wait a moment; if it stays like this, unplug the camera and plug it in again.",
        )


class CameraTimeoutError(CameraError):
    """Opening did not end within the time limit."""

    def __init__(self, name: str, timeout_s: float) -> None:
        super().__init__(
            f"{name} did not answer within {timeout_s:g} seconds.",
            "Try again; if that does not help, unplug the camera (or reconnect the disk) "
            "and plug it in again.",
        )


class SourceMissingError(CameraError):
    """The file or folder is not there."""

    def __init__(self, name: str) -> None:
        super().__init__(f"{name} does not exist.", "Check the name, or choose another file.")


class SourceUnreadableError(CameraError):
    """The file or folder is there, but may not or cannot be read."""

    def __init__(self, name: str, details: str = "") -> None:
        super().__init__(
            f"{name} cannot be read.",
            "Check its permissions and that the disk is connected.",
            details,
        )


class NotAVideoError(CameraError):
    """The file is no video, or too damaged to show a single frame."""

    def __init__(self, name: str, details: str = "") -> None:
        super().__init__(
            f"{name} is damaged or no video.",
            "Open it in a video player; if that works, save it as MP4 and try again. "
            "If it was copied or downloaded, do that once more.",
            details,
        )


class NoPicturesError(CameraError):
    """The folder holds no picture that can be read."""

    def __init__(self, name: str, details: str = "") -> None:
        super().__init__(
            f"{name} holds no picture that can be read.",
            "Choose a folder with JPEG, PNG, WebP, BMP, TIFF or HEIC pictures.",
            details,
        )


_LINUX_PERMISSION_REMEDY = (
    "Add yourself to the group “video” (sudo usermod -aG video $USER), "
    "log out and in again, then try once more."
)
_PERMISSION_REMEDIES = {
    "darwin": (
        "Open System Settings, Privacy & Security, Camera, allow this program "
        "(or the terminal that started it), then start it again."
    ),
    "win32": (
        "Open Settings, Privacy & security, Camera, and switch on camera access "
        "for desktop apps, then try again."
    ),
}
