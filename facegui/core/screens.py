"""Whether a window can be shown here at all: asked before Qt, which would end the program."""

from __future__ import annotations

import ctypes
from collections.abc import Mapping

_X11, _WAYLAND = "libxcb.so.1", "libwayland-client.so.0"


def reaches_screen(environment: Mapping[str, str], platform: str) -> bool:
    """Whether there is a screen, and it lets this program in.

    The variables alone say little: they outlive the screen in terminals, in containers and
    for another user. On other systems than Linux there always is one.

    Args:
        environment: variables of the process.
        platform: as `sys.platform` has it.
    """
    if not platform.startswith("linux"):
        return True
    wayland, x11 = environment.get("WAYLAND_DISPLAY"), environment.get("DISPLAY")
    if environment.get("XDG_RUNTIME_DIR") and wayland and _reaches_wayland(wayland):
        return True  # without that folder its library complains aloud
    return bool(x11 and _reaches_x11(x11))


def _reaches_wayland(name: str) -> bool:
    library = _load(_WAYLAND)
    if library is None:
        return False
    library.wl_display_connect.restype = ctypes.c_void_p
    library.wl_display_connect.argtypes = [ctypes.c_char_p]
    library.wl_display_disconnect.argtypes = [ctypes.c_void_p]
    display = library.wl_display_connect(name.encode())
    if display:
        library.wl_display_disconnect(display)
    return bool(display)


def _reaches_x11(name: str) -> bool:
    library = _load(_X11)
    if library is None:
        return False
    library.xcb_connect.restype = ctypes.c_void_p
    library.xcb_connect.argtypes = [ctypes.c_char_p, ctypes.c_void_p]
    library.xcb_connection_has_error.argtypes = [ctypes.c_void_p]
    library.xcb_disconnect.argtypes = [ctypes.c_void_p]
    connection = library.xcb_connect(name.encode(), None)  # never null
    try:
        return not library.xcb_connection_has_error(connection)
    finally:
        library.xcb_disconnect(connection)


def _load(name: str) -> ctypes.CDLL | None:
    try:
        return ctypes.CDLL(name)
    except OSError:
        return None
