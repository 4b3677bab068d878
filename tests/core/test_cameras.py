"""Every source opens behind one interface, nothing waits for ever, failures say what to do."""

from __future__ import annotations

import errno
import os
import sys
import threading
import types
from collections.abc import Callable, Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest

from facegui.core import webcam_devices
from facegui.core.camera import Camera, CameraInfo, CameraKind, Frame
from facegui.core.camera_errors import (
    AmbiguousCameraError,
    CameraBusyError,
    CameraError,
    CameraNotFoundError,
    CameraPermissionError,
    CameraStalledError,
    CameraTimeoutError,
    CameraUnpluggedError,
    NoPicturesError,
    NotAVideoError,
    SourceMissingError,
    SourceUnreadableError,
)
from facegui.core.cameras import list_cameras, open_camera
from facegui.core.images import write_picture
from facegui.core.recordings import PictureFolder, Video, open_recording
from facegui.core.webcam import Patience, Webcam
from facegui.core.webcam_devices import Devices, find_problem, plain_name, system_devices

QUICK = Patience(open_s=20.0, stall_s=20.0, failed_reads=3, pause_s=0.0, release_s=20.0)
RED_BGR = (0, 0, 255)
RED_RGB = (255, 0, 0)


def picture(width: int = 8, height: int = 6, colour: tuple[int, int, int] = RED_BGR) -> np.ndarray:
    return np.full((height, width, 3), colour, np.uint8)


class FakeCapture:
    """A `cv2.VideoCapture` that gives `images` one per `read`, then what `at_end` does."""

    def __init__(
        self,
        images: list[np.ndarray],
        *,
        opened: bool = True,
        at_end: Callable[[], None] = lambda: None,
        properties: dict[int, float] | None = None,
    ) -> None:
        self.images = images
        self.opened = opened
        self.at_end = at_end
        self.properties = properties or {}
        self.asked: dict[int, float] = {}
        self.released = threading.Event()

    def isOpened(self) -> bool:  # noqa: N802
        return self.opened

    def read(self) -> tuple[bool, np.ndarray | None]:
        if self.images:
            return True, self.images.pop(0)
        self.at_end()
        return False, None

    def get(self, propId: int) -> float:  # noqa: N803
        return self.properties.get(propId, 0.0)

    def set(self, propId: int, value: float) -> bool:  # noqa: N803
        self.asked[propId] = value
        return True

    def release(self) -> None:
        self.released.set()


def webcam_info(name: str, index: int = 0) -> CameraInfo:
    return CameraInfo(name, CameraKind.WEBCAM, str(index), index, 0, f"/dev/video{index}")


USB = webcam_info("USB Camera")


def devices(
    capture: FakeCapture | None = None,
    *webcams: CameraInfo,
    problem: CameraError | None = None,
    opening: Callable[[], None] = lambda: None,
) -> Devices:
    """Stands in for the operating system."""

    def open_capture(source: int | str, backend: int) -> FakeCapture:  # noqa: ARG001
        opening()
        assert capture is not None
        return capture

    return Devices(open_capture, lambda: list(webcams), lambda _: problem)


@pytest.fixture
def hang() -> Iterator[threading.Event]:
    """A device that does not answer waits on it; set when the test is over."""
    event = threading.Event()
    yield event
    event.set()


def all_frames(camera: Camera) -> list[Frame]:
    frames = []
    while (frame := camera.read()) is not None:
        frames.append(frame)
    return frames


# Frames


def test_frame_is_read_only() -> None:
    frame = Frame(picture(), 0.0, 0)
    with pytest.raises(ValueError, match="read-only"):
        frame.pixels[0, 0] = 0


@pytest.mark.parametrize("pixels", [np.zeros((4, 4), np.uint8), np.zeros((4, 4, 3), np.float32)])
def test_frame_refuses_other_arrays(pixels: np.ndarray) -> None:
    with pytest.raises(ValueError, match="expected"):
        Frame(pixels, 0.0, 0)


# Names


def test_cameras_of_one_name_are_told_apart() -> None:
    found = devices(None, webcam_info("Cam", 2), webcam_info("Cam", 0), webcam_info("Other", 1))
    names = [camera.name for camera in list_cameras(found)]
    assert names == ["Cam", "Other", "Cam (2)", "Demo camera"]


@pytest.mark.parametrize(
    ("raw", "plain"),
    [
        ("HD Webcam: HD Webcam", "HD Webcam"),
        ("Integrated Camera: Integrated C", "Integrated Camera"),
        ("Logitech: BRIO", "Logitech: BRIO"),
        ("C920", "C920"),
    ],
)
def test_linux_names_lose_their_repetition(raw: str, plain: str) -> None:
    assert plain_name(raw) == plain


@pytest.mark.parametrize("wanted", ["1", "Logitech C920", "c920", "LOGI"])
def test_webcam_is_found_by_number_and_part_of_its_name(wanted: str) -> None:
    capture = FakeCapture([picture()] * 1000)
    system = devices(capture, USB, webcam_info("Logitech C920", 1))
    with open_camera(wanted, devices=system) as camera:
        assert camera.name == "Logitech C920"
        assert camera.kind is CameraKind.WEBCAM
        assert camera.live


def test_ambiguous_name_lists_the_candidates() -> None:
    system = devices(None, webcam_info("Cam A"), webcam_info("Cam B", 1))
    with pytest.raises(AmbiguousCameraError) as caught:
        open_camera("cam ", devices=system)
    assert "Cam A, Cam B" in caught.value.remedy


@pytest.mark.parametrize("wanted", ["nikon", "", "  "])
def test_unknown_name_lists_what_there_is(wanted: str) -> None:
    with pytest.raises(CameraNotFoundError) as caught:
        open_camera(wanted, devices=devices(None, USB))
    assert "USB Camera, Demo camera" in caught.value.remedy


def test_camera_plugged_in_again_is_found_under_its_new_number() -> None:
    numbers: list[int | str] = []

    def open_capture(source: int | str, backend: int) -> FakeCapture:  # noqa: ARG001
        numbers.append(source)
        return FakeCapture([picture()])

    moved = Devices(open_capture, lambda: [webcam_info("USB Camera", 3)], lambda _: None)
    open_camera(USB, devices=moved).close()
    assert numbers == [3]


def test_camera_that_is_gone_is_not_confused_with_another() -> None:
    with pytest.raises(CameraNotFoundError, match="USB Camera"):
        open_camera(USB, devices=devices(None, webcam_info("Other", 0)))


def test_number_works_where_the_system_names_no_camera() -> None:
    with open_camera("4", devices=devices(FakeCapture([picture()]))) as camera:
        assert camera.name == "Camera 4"


def test_folder_called_like_a_number_is_opened_where_no_webcam_has_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "0").mkdir()
    write_picture(tmp_path / "0" / "a.png", picture())
    monkeypatch.chdir(tmp_path)
    with open_camera("0", devices=devices()) as camera:
        assert camera.kind is CameraKind.FOLDER
    with open_camera("0", devices=devices(FakeCapture([picture()]), USB)) as camera:
        assert camera.kind is CameraKind.WEBCAM


def test_path_is_opened_without_a_look_at_webcams(tmp_path: Path) -> None:
    def look() -> list[CameraInfo]:
        raise AssertionError("webcams were listed")

    write_picture(tmp_path / "a.png", picture())
    system = Devices(devices().open_capture, look, lambda _: None)
    with open_camera(str(tmp_path / "a.png"), devices=system) as camera:
        assert camera.kind is CameraKind.FOLDER


def test_system_lists_the_demo_camera_last() -> None:
    assert list_cameras()[-1].kind is CameraKind.DEMO


def test_names_come_from_the_operating_system(monkeypatch: pytest.MonkeyPatch) -> None:
    found = types.SimpleNamespace(index=2, name="Cam: Cam", path="/dev/video2")
    monkeypatch.setattr("cv2_enumerate_cameras.enumerate_cameras", lambda _: [found])
    first = list_cameras()[0]
    assert (first.name, first.index, first.device) == ("Cam", 2, "/dev/video2")


def test_failing_enumeration_leaves_the_demo_camera(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(backend: int) -> None:
        raise NotImplementedError(backend)

    monkeypatch.setattr("cv2_enumerate_cameras.enumerate_cameras", fail)
    assert [camera.kind for camera in list_cameras()] == [CameraKind.DEMO]


# Webcams


def test_webcam_gives_rgb_of_the_size_that_comes(hang: threading.Event) -> None:
    capture = FakeCapture([picture(8, 6)], at_end=hang.wait, properties={cv2.CAP_PROP_FPS: 30.0})
    with Webcam(USB, patience=QUICK, devices=devices(capture, USB)) as camera:
        frame = camera.read()
        assert frame is not None
        assert frame.pixels.shape == (6, 8, 3)
        assert tuple(frame.pixels[0, 0]) == RED_RGB
        assert (frame.number, frame.boxes) == (0, None)
        assert camera.frames_per_second == 30.0
        assert capture.asked[cv2.CAP_PROP_FRAME_WIDTH] == 640
        hang.set()
    assert capture.released.is_set()


def test_large_pictures_are_asked_for_compressed() -> None:
    capture = FakeCapture([picture()])
    Webcam(USB, size=(1280, 720), patience=QUICK, devices=devices(capture, USB)).close()
    assert capture.asked[cv2.CAP_PROP_FOURCC] == cv2.VideoWriter.fourcc(*"MJPG")


@pytest.mark.parametrize("shape", [(6, 8), (6, 8, 1), (6, 8, 4)])
def test_grey_and_four_channel_cameras_give_rgb_too(
    shape: tuple[int, ...], hang: threading.Event
) -> None:
    capture = FakeCapture([np.full(shape, 7, np.uint8)], at_end=hang.wait)
    camera = Webcam(USB, patience=QUICK, devices=devices(capture, USB))
    frame = camera.read()
    assert frame is not None
    assert frame.pixels.shape == (6, 8, 3)
    assert (frame.pixels == 7).all()
    hang.set()
    camera.close()


def test_slow_reader_gets_the_newest_frame_and_sees_the_gap(hang: threading.Event) -> None:
    all_grabbed = threading.Event()

    def at_end() -> None:
        all_grabbed.set()
        hang.wait()

    images = [picture(colour=(0, 0, shade)) for shade in range(10)]
    camera = Webcam(USB, patience=QUICK, devices=devices(FakeCapture(images, at_end=at_end), USB))
    assert all_grabbed.wait(20)
    frame = camera.read()
    assert frame is not None
    assert (frame.number, frame.pixels[0, 0, 0]) == (9, 9)
    hang.set()
    camera.close()


def test_size_may_change_while_running() -> None:
    turn = threading.Semaphore(1)

    class Turning(FakeCapture):
        def read(self) -> tuple[bool, np.ndarray | None]:
            turn.acquire()
            return super().read()

    capture = Turning([picture(8, 6), picture(4, 2)])
    camera = Webcam(USB, patience=QUICK, devices=devices(capture, USB))
    shapes = []
    for _ in range(2):
        frame = camera.read()
        assert frame is not None
        shapes.append(frame.pixels.shape[:2])
        turn.release()
    assert shapes == [(6, 8), (2, 4)]
    turn.release(10)
    camera.close()


def test_opening_has_a_time_limit_and_a_late_device_is_released(hang: threading.Event) -> None:
    capture = FakeCapture([picture()])
    system = devices(capture, USB, opening=lambda: hang.wait() and None)
    with pytest.raises(CameraTimeoutError, match="did not answer within"):
        open_camera("usb", timeout_s=0.01, devices=system)
    assert not capture.released.is_set()
    hang.set()
    assert capture.released.wait(20)


def test_camera_without_a_first_picture_is_busy() -> None:
    capture = FakeCapture([])
    with pytest.raises(CameraBusyError) as caught:
        Webcam(USB, patience=QUICK, devices=devices(capture, USB))
    assert "other programs" in caught.value.remedy
    assert capture.released.wait(20)


def test_camera_that_hangs_before_its_first_picture_is_busy(hang: threading.Event) -> None:
    reading = threading.Event()

    def at_end() -> None:
        reading.set()
        hang.wait()

    class UntilReading:
        failed_reads = 1

        @property
        def open_s(self) -> float:
            return 0.0 if reading.wait(20) else 1.0

    system = devices(FakeCapture([], at_end=at_end), USB)
    with pytest.raises(CameraBusyError):
        Webcam(USB, patience=UntilReading(), devices=system)  # type: ignore[arg-type]


def test_listed_camera_that_does_not_open_is_busy() -> None:
    capture = FakeCapture([], opened=False)
    with pytest.raises(CameraBusyError):
        Webcam(USB, patience=QUICK, devices=devices(capture, USB))


def test_unlisted_camera_that_does_not_open_is_missing() -> None:
    capture = FakeCapture([], opened=False)
    with pytest.raises(CameraNotFoundError) as caught:
        Webcam(USB, patience=QUICK, devices=devices(capture, webcam_info("Other", 1)))
    assert "Other" in caught.value.remedy


def test_error_inside_opencv_is_told_like_any_other() -> None:
    def fail() -> None:
        raise cv2.error("driver")

    with pytest.raises(CameraBusyError) as caught:
        Webcam(USB, patience=QUICK, devices=devices(None, USB, opening=fail))
    assert "driver" in caught.value.details


def test_problem_that_the_system_knows_is_told_before_opening() -> None:
    problem = CameraPermissionError("USB Camera", platform="linux")
    with pytest.raises(CameraPermissionError) as caught:
        open_camera("0", devices=devices(None, USB, problem=problem))
    assert "group “video”" in caught.value.remedy


def test_unplugged_camera_is_reported_after_its_last_picture() -> None:
    camera = Webcam(USB, patience=QUICK, devices=devices(FakeCapture([picture()] * 3), USB))
    with pytest.raises(CameraUnpluggedError) as caught:
        all_frames(camera)
    assert "cable" in caught.value.remedy
    with pytest.raises(CameraUnpluggedError):
        camera.read()
    camera.close()


def test_stalled_camera_never_blocks_and_goes_on_when_it_recovers(hang: threading.Event) -> None:
    class Recovering(FakeCapture):
        def read(self) -> tuple[bool, np.ndarray | None]:
            if len(self.images) == 1:
                hang.wait()
            return super().read()

    capture = Recovering([picture(), picture()], at_end=threading.Event().wait)
    impatient = Patience(open_s=20.0, stall_s=0.05, release_s=0.0)
    camera = Webcam(USB, patience=impatient, devices=devices(capture, USB))
    assert camera.read() is not None
    with pytest.raises(CameraStalledError):
        camera.read()
    hang.set()
    recovered = None
    while recovered is None:
        try:
            recovered = camera.read()
        except CameraStalledError:
            continue
    assert recovered.number == 1
    camera.close()


def test_silent_camera_that_left_the_list_is_unplugged(hang: threading.Event) -> None:
    connected = [USB]
    capture = FakeCapture([picture()], at_end=hang.wait)
    system = Devices(lambda *_: capture, lambda: list(connected), lambda _: None)
    impatient = Patience(open_s=20.0, stall_s=0.01, release_s=0.0)
    camera = Webcam(USB, patience=impatient, devices=system)
    assert camera.read() is not None
    connected.clear()
    with pytest.raises(CameraUnpluggedError):
        camera.read()
    camera.close()


def test_closing_wakes_a_reader(hang: threading.Event) -> None:
    capture = FakeCapture([picture()], at_end=hang.wait)
    patience = Patience(open_s=20.0, stall_s=60.0, release_s=0.0)
    camera = Webcam(USB, patience=patience, devices=devices(capture, USB))
    assert camera.read() is not None
    read: list[Frame | None] = []
    reader = threading.Thread(target=lambda: read.append(camera.read()))
    reader.start()
    camera.close()
    reader.join(20)
    assert read == [None]
    camera.close()


# What the operating system says


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        (errno.EACCES, CameraPermissionError),
        (errno.EBUSY, CameraBusyError),
        (errno.ENOENT, CameraNotFoundError),
        (errno.ENODEV, CameraNotFoundError),
        (errno.EIO, None),
    ],
)
def test_linux_device_errors(
    code: int, expected: type[CameraError] | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(path: str, flags: int) -> int:  # noqa: ARG001
        raise OSError(code, os.strerror(code), path)

    monkeypatch.setattr(webcam_devices.os, "open", fail)
    problem = find_problem(USB, "linux")
    assert type(problem) is (expected or type(None))
    if problem is not None and expected is CameraPermissionError:
        assert "group “video”" in problem.remedy


def test_linux_device_that_opens_has_no_problem(tmp_path: Path) -> None:
    device = tmp_path / "video0"
    device.touch()
    info = CameraInfo("Cam", CameraKind.WEBCAM, "0", 0, 0, str(device))
    assert find_problem(info, "linux") is None


@pytest.mark.parametrize(("status", "denied"), [(0, False), (1, True), (2, True), (3, False)])
def test_macos_permission(status: int, denied: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    device = types.SimpleNamespace(authorizationStatusForMediaType_=lambda _: status)
    foundation = types.SimpleNamespace(AVCaptureDevice=device, AVMediaTypeVideo="vide")
    monkeypatch.setitem(sys.modules, "AVFoundation", foundation)
    problem = find_problem(USB, "darwin")
    assert (problem is not None) == denied
    assert problem is None or "System Settings" in problem.remedy


def test_macos_that_cannot_be_asked_is_no_problem(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "AVFoundation", None)
    assert find_problem(USB, "darwin") is None


class FakeRegistry:
    """Windows' `winreg`, with one value under every key whose path ends in `key`."""

    HKEY_LOCAL_MACHINE, HKEY_CURRENT_USER = "machine", "user"

    def __init__(self, key: str, value: str) -> None:
        self.key, self.value = key, value

    def OpenKey(self, root: str, key: str) -> FakeRegistry:  # noqa: N802
        if root != self.HKEY_CURRENT_USER or not key.endswith(self.key):
            raise FileNotFoundError(key)
        return self

    def QueryValueEx(self, key: FakeRegistry, name: str) -> tuple[str, int]:  # noqa: ARG002, N802
        return self.value, 1

    def __enter__(self) -> FakeRegistry:
        return self

    def __exit__(self, *_: object) -> None: ...


@pytest.mark.parametrize(
    ("key", "value", "denied"),
    [("webcam", "Deny", True), ("NonPackaged", "Deny", True), ("webcam", "Allow", False)],
)
def test_windows_permission(
    key: str, value: str, denied: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "winreg", FakeRegistry(key, value))
    problem = find_problem(USB, "win32")
    assert (problem is not None) == denied
    assert problem is None or "desktop apps" in problem.remedy


# Videos


def write_video(path: Path, count: int = 20, codec: str = "MJPG") -> Path:
    """A video of 64x48 red pictures that get darker, 25 a second."""
    noise = np.random.default_rng(0)
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*codec), 25.0, (64, 48))
    for number in range(count):
        image = picture(64, 48, (0, 0, 255 - 5 * number))
        image[:, :16] = noise.integers(0, 256, (48, 16, 3))  # gives each frame some weight
        writer.write(image)
    writer.release()
    return path


@pytest.mark.parametrize(("name", "codec"), [("été.avi", "MJPG"), ("b.mp4", "mp4v")])
def test_video_gives_every_frame_with_its_time(tmp_path: Path, name: str, codec: str) -> None:
    with open_camera(write_video(tmp_path / name, codec=codec)) as camera:
        frames = all_frames(camera)
        assert (camera.kind, camera.live, camera.name) == (CameraKind.VIDEO, False, name)
        assert (camera.frame_count, camera.frames_per_second) == (20, 25.0)
        assert camera.notes == ()
    assert [frame.number for frame in frames] == list(range(20))
    assert [frame.time_s for frame in frames] == pytest.approx([k / 25 for k in range(20)])
    red, green, blue = frames[0].pixels[24, 32].tolist()
    assert red > 200
    assert max(green, blue) < 60


def test_video_is_found_by_its_path_as_text(tmp_path: Path) -> None:
    with open_camera(str(write_video(tmp_path / "a.avi"))) as camera:
        assert camera.kind is CameraKind.VIDEO


def test_half_a_video_gives_what_is_there_then_ends(tmp_path: Path) -> None:
    whole = write_video(tmp_path / "whole.avi", count=40).read_bytes()
    half = tmp_path / "half.avi"
    half.write_bytes(whole[: len(whole) // 2])
    with open_camera(half) as camera:
        assert 0 < len(all_frames(camera)) < 40
        assert camera.read() is None


def test_video_that_breaks_off_says_so(tmp_path: Path) -> None:
    path = write_video(tmp_path / "a.avi")
    announced = {cv2.CAP_PROP_FRAME_COUNT: 100.0, cv2.CAP_PROP_FPS: 25.0}
    capture = FakeCapture([picture()] * 60, properties=announced)
    with Video(path, lambda *_: capture) as camera:
        assert camera.notes == ()
        all_frames(camera)
        assert camera.notes == ("a.avi breaks off: 60 of 100 frames could be read.",)
    assert capture.released.is_set()


def test_damage_in_the_middle_ends_the_video(tmp_path: Path) -> None:
    def fail() -> None:
        raise cv2.error("damaged")

    path = write_video(tmp_path / "a.avi")
    with Video(path, lambda *_: FakeCapture([picture()] * 3, at_end=fail)) as camera:
        assert len(all_frames(camera)) == 3
        assert camera.frame_count is None
        assert camera.frames_per_second is None


def test_time_goes_on_where_the_file_does_not_tell_it(tmp_path: Path) -> None:
    pace = {cv2.CAP_PROP_FPS: 10.0, cv2.CAP_PROP_POS_MSEC: float("nan")}
    with Video(
        tmp_path / "a.avi", lambda *_: FakeCapture([picture()] * 3, properties=pace)
    ) as video:
        assert [frame.time_s for frame in all_frames(video)] == pytest.approx([0.0, 0.1, 0.2])


@pytest.mark.parametrize("name", ["words.txt", "words.mp4"])
def test_file_that_is_no_video(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_text("words\n" * 100)
    with pytest.raises(NotAVideoError, match=name):
        open_camera(path)


def test_video_without_a_frame_is_damaged(tmp_path: Path) -> None:
    capture = FakeCapture([])
    with pytest.raises(NotAVideoError):
        Video(tmp_path / "a.mp4", lambda *_: capture)
    assert capture.released.is_set()


@pytest.mark.parametrize("source", ["gone.mp4", "gone.png", "nowhere/gone", Path("gone")])
def test_missing_file(source: str | Path) -> None:
    with pytest.raises(SourceMissingError, match="gone"):
        open_camera(source, devices=devices(None, USB))


def test_file_that_may_not_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write_video(tmp_path / "a.avi")

    def refuse(*_: object) -> None:
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(Path, "open", refuse)
    with pytest.raises(SourceUnreadableError, match=r"a\.avi"):
        open_camera(path)


def test_path_behind_a_closed_folder_is_taken_for_a_path(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(Path, "exists", refuse)
    with pytest.raises(SourceUnreadableError):
        open_camera("closed/a.mp4", devices=devices(None))


def test_disk_that_does_not_answer_has_a_time_limit(tmp_path: Path, hang: threading.Event) -> None:
    capture = FakeCapture([picture()])

    def open_capture(source: int | str, backend: int) -> FakeCapture:  # noqa: ARG001
        hang.wait()
        return capture

    with pytest.raises(CameraTimeoutError):
        open_recording(write_video(tmp_path / "a.avi"), 0.01, open_capture)
    hang.set()
    assert capture.released.wait(20)


def test_late_failure_of_a_slow_disk_harms_nobody(tmp_path: Path, hang: threading.Event) -> None:
    failed = threading.Event()

    def open_capture(source: int | str, backend: int) -> FakeCapture:  # noqa: ARG001
        hang.wait()
        failed.set()
        return FakeCapture([], opened=False)

    with pytest.raises(CameraTimeoutError):
        open_recording(write_video(tmp_path / "a.avi"), 0.01, open_capture)
    hang.set()
    assert failed.wait(20)


def test_closed_video_gives_nothing_more(tmp_path: Path) -> None:
    camera = open_camera(write_video(tmp_path / "a.avi"))
    camera.close()
    camera.close()
    assert camera.read() is None


# Pictures


def test_folder_gives_its_pictures_in_natural_order(tmp_path: Path) -> None:
    for number in (10, 2, 1):
        write_picture(tmp_path / f"p{number}.png", picture(4 + number, 4, RED_RGB))
    (tmp_path / "notes.txt").write_text("no picture")
    (tmp_path / "._p1.png").write_text("left by macOS")
    (tmp_path / "p3.png").mkdir()
    with open_camera(tmp_path) as camera:
        frames = all_frames(camera)
        assert (camera.kind, camera.frame_count, camera.live) == (CameraKind.FOLDER, 3, False)
    paths = [frame.path for frame in frames]
    assert [path.name for path in paths if path] == ["p1.png", "p2.png", "p10.png"]
    assert [frame.pixels.shape[1] for frame in frames] == [5, 6, 14]
    assert tuple(frames[0].pixels[0, 0]) == RED_RGB


def test_damaged_pictures_are_listed_and_the_rest_come(tmp_path: Path) -> None:
    for name in ("a.png", "c.png"):
        write_picture(tmp_path / name, picture())
    (tmp_path / "b.png").write_bytes(b"damaged")
    with open_camera(str(tmp_path)) as camera:
        assert len(all_frames(camera)) == 2
        assert isinstance(camera, PictureFolder)
        assert [skip.path.name for skip in camera.skipped] == ["b.png"]
        assert "b.png" in camera.notes[0]


def test_single_picture_is_a_source_too(tmp_path: Path) -> None:
    write_picture(tmp_path / "one.jpg", picture())
    with open_camera(tmp_path / "one.jpg") as camera:
        assert (camera.frame_count, len(all_frames(camera))) == (1, 1)


def test_closed_folder_gives_nothing_more(tmp_path: Path) -> None:
    write_picture(tmp_path / "one.png", picture())
    camera = open_camera(tmp_path)
    camera.close()
    assert camera.read() is None


def test_folder_without_pictures(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("no picture")
    with pytest.raises(NoPicturesError):
        open_camera(tmp_path)


def test_folder_of_damaged_pictures_says_which(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(b"damaged")
    with pytest.raises(NoPicturesError) as caught:
        open_camera(tmp_path)
    assert "a.png" in caught.value.details


def test_info_of_a_recording_opens_it(tmp_path: Path) -> None:
    write_picture(tmp_path / "one.png", picture())
    info = CameraInfo("My photos", CameraKind.FOLDER, str(tmp_path))
    with open_camera(info) as camera:
        assert camera.frame_count == 1


# The demo camera, by name


@pytest.mark.parametrize("source", ["demo", "DEMO:7", "Demo camera"])
def test_demo_camera_opens_by_name(source: str) -> None:
    with open_camera(source, paced=False, devices=devices(None, USB)) as camera:
        assert camera.kind is CameraKind.DEMO
        assert camera.read() is not None


def test_demo_seed_is_taken_from_the_name() -> None:
    first, other, again = (
        open_camera(source, paced=False, devices=devices()).read()
        for source in ("demo:1", "demo:2", "demo:1")
    )
    assert first is not None
    assert other is not None
    assert again is not None
    assert (first.pixels == again.pixels).all()
    assert (first.pixels != other.pixels).any()


def test_listed_demo_camera_opens() -> None:
    with open_camera(list_cameras(devices())[-1], paced=False) as camera:
        assert camera.read() is not None


def test_opencv_reports_nothing_on_the_terminal(
    capfd: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    broken = tmp_path / "broken.mp4"
    broken.write_bytes(b"words" * 100)
    open_capture = system_devices().open_capture
    assert not open_capture(987, webcam_devices.default_backend()).isOpened()
    assert not open_capture(str(broken), cv2.CAP_FFMPEG).isOpened()
    assert capfd.readouterr().err == ""
