"""What the doctor says, and when it calls something a problem."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from facegui.core import environment
from facegui.core.environment import Finding, State, examine, is_healthy, to_json, to_text


@pytest.fixture(autouse=True)
def _no_labelme(monkeypatch: pytest.MonkeyPatch) -> None:
    """Starting the real one takes seconds; one test below does."""
    monkeypatch.setattr(environment, "labelme_version", lambda: "Labelme 6.3.1")


def finding(name: str, findings: tuple[Finding, ...]) -> Finding:
    (found,) = (f for f in findings if f.name == name)
    return found


def test_this_machine_is_healthy(tmp_path: Path) -> None:
    findings = examine("in the cache", {"projects": tmp_path / "not" / "yet"})
    assert is_healthy(findings), to_text(findings)
    assert finding("OpenCV", findings).value == "opencv-python-headless alone"
    assert finding("Weights", findings).value == "in the cache"
    assert "GB free" in finding("Folder for projects", findings).value
    assert not (tmp_path / "not").exists()


def test_text_and_document_tell_the_same() -> None:
    findings = (
        Finding("Disk", "full", State.PROBLEM, "Free some space."),
        Finding("Python", "3.11"),
    )
    assert to_text(findings).splitlines() == [
        "PROBLEM Disk: full",
        "        -> Free some space.",
        "ok      Python: 3.11",
    ]
    document = json.loads(json.dumps(to_json(findings)))
    assert document["healthy"] is False
    assert document["findings"][0] == {
        "name": "Disk",
        "value": "full",
        "state": "problem",
        "remedy": "Free some space.",
    }


def test_weights_that_were_not_fetched_are_no_problem() -> None:
    assert finding("Weights", examine(None, {})).state is State.NOTE


def test_second_opencv_is_a_problem(monkeypatch: pytest.MonkeyPatch) -> None:
    wheels = ("opencv-python", "opencv-python-headless")
    monkeypatch.setattr(environment, "opencv_wheels", lambda: wheels)
    monkeypatch.setattr(environment, "opencv_qt_plugins", lambda: Path("cv2/qt"))
    found = finding("OpenCV", examine(None, {}))
    assert found.state is State.PROBLEM
    assert "Qt plugins" in found.value
    assert found.remedy.startswith("pip uninstall --yes opencv-python opencv-python-headless;")


def test_qt_plugins_of_a_full_opencv_are_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = tmp_path / "cv2"
    (package / "qt" / "plugins").mkdir(parents=True)
    (package / "__init__.py").touch()
    monkeypatch.delitem(sys.modules, "cv2", raising=False)
    monkeypatch.setattr(sys, "path", [str(tmp_path)])
    assert environment.opencv_qt_plugins() == package / "qt"
    monkeypatch.setattr(sys, "path", [])
    assert environment.opencv_qt_plugins() is None


def test_missing_package_is_a_problem(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(environment, "PACKAGES", ("no-such-package",))
    found = finding("no-such-package", examine(None, {}))
    assert (found.value, found.remedy) == ("not installed", "pip install no-such-package")


def test_missing_qt_library_comes_with_the_command(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(environment, "missing_libraries", lambda: ("libxcb-cursor.so.0",))
    monkeypatch.setattr("shutil.which", lambda name: name)
    found = finding("Qt libraries", examine(None, {}))
    assert found.state is State.PROBLEM
    assert found.remedy.endswith(" libxcb-cursor0")


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (subprocess.TimeoutExpired("labelme", 60), "did not answer within 60 seconds"),
        (subprocess.CalledProcessError(1, "x", "", "Traceback\nno xcb"), "does not start: no xcb"),
        (FileNotFoundError(2, "no python"), "does not start: [Errno 2] no python"),
    ],
)
def test_labelme_that_does_not_start_says_why(
    error: Exception, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail() -> str:
        raise error

    monkeypatch.setattr(environment, "labelme_version", fail)
    found = finding("LabelMe", examine(None, {}))
    assert (found.value, found.state) == (words, State.PROBLEM)


def test_camera_search_that_breaks_hides_nothing_else(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail() -> None:
        raise RuntimeError("driver says no")

    monkeypatch.setattr(environment, "list_cameras", fail)
    findings = examine(None, {})
    assert "driver says no" in finding("Cameras", findings).value
    assert finding("LabelMe", findings).state is State.GOOD


def test_cameras_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    from facegui.core.camera import CameraInfo, CameraKind

    demo = CameraInfo("Demo camera", CameraKind.DEMO, "demo")
    webcam = CameraInfo("HD Webcam", CameraKind.WEBCAM, "0", 0)
    monkeypatch.setattr(environment, "list_cameras", lambda: (webcam, demo))
    assert finding("Cameras", examine(None, {})).value == "HD Webcam, Demo camera"
    monkeypatch.setattr(environment, "list_cameras", lambda: (demo,))
    found = finding("Cameras", examine(None, {}))
    assert (found.value, found.state) == ("no webcam, only the demo camera", State.NOTE)


def test_folder_that_cannot_be_written_is_a_problem(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(dir: Path) -> None:  # noqa: A002
        raise PermissionError(13, "Permission denied", str(dir))

    monkeypatch.setattr("tempfile.TemporaryFile", refuse)
    found = finding("Folder for weights", examine(None, {"weights": tmp_path}))
    assert found.state is State.PROBLEM
    assert "Permission denied" in found.value


def test_disk_that_is_nearly_full_is_noted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Usage:
        free = 10**8

    monkeypatch.setattr("shutil.disk_usage", lambda _: Usage)
    found = finding("Folder for weights", examine(None, {"weights": tmp_path}))
    assert found.state is State.NOTE


@pytest.mark.slow
def test_real_labelme_tells_its_version(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    assert "6." in environment.labelme_version() or "7." in environment.labelme_version()
    with pytest.raises(subprocess.TimeoutExpired):
        environment.labelme_version(timeout_s=0.01)
