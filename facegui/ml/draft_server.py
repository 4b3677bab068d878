"""The process that drafts: `python -m facegui.ml.draft_server CACHE_FOLDER`.

A process of its own, because importing TensorFlow in the window's stalls it for tenths of
a second, and because one can be ended at any moment: whoever needs the machine more need
not wait. It takes requests from its standard input until that ends, and answers on its
standard output; see `draft_messages`.
"""

from __future__ import annotations

import logging
import os
import queue
import sys
import threading
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from facegui.core.errors import UserError, disk_error
from facegui.core.progress import Progress, Report, StopToken, throttled
from facegui.ml.draft_messages import (
    Done,
    DraftRequest,
    Opinion,
    Reply,
    Request,
    decode_request,
    encode_reply,
)
from facegui.ml.drafting import Drafter

log = logging.getLogger(__name__)

_BELOW_NORMAL_PRIORITY_CLASS = 0x4000
_NICENESS = 15

MakeDrafter = Callable[[Path, Report, StopToken], Drafter]


def serve(
    requests: Iterable[str],
    answer: Callable[[Reply], None],
    cache_folder: Path,
    make: MakeDrafter,
) -> None:
    """Fulfils requests one after the other, with one drafter that stays warm.

    Args:
        requests: lines.
        answer: sends a reply.
        cache_folder: of the project.
        make: makes the drafter, at the first request.
    """
    stop, drafter = StopToken(), None

    def report(progress: Progress) -> None:
        answer(progress)

    for line in requests:
        try:
            if drafter is None:
                drafter = make(cache_folder, report, stop)
            _fulfil(drafter, decode_request(line), answer, throttled(report), stop)
        except UserError as error:
            log.warning("drafting failed", exc_info=True)
            answer(error)
        except OSError as error:
            log.warning("drafting failed", exc_info=True)
            answer(disk_error(error, "drafting boxes"))


def _fulfil(
    drafter: Drafter,
    request: Request,
    answer: Callable[[Reply], None],
    report: Report,
    stop: StopToken,
) -> None:
    if isinstance(request, DraftRequest):
        drafter.learn(request.labelled, report, stop)
        for draft in drafter.draft(request.unlabelled, report, stop):
            answer(draft)
    else:
        answer(Opinion(drafter.second_opinion(request.labelled, report, stop)))
    answer(Done())


def make_drafter(cache_folder: Path, report: Report, stop: StopToken) -> Drafter:
    """A drafter on VGG16's pretrained weights.

    Raises:
        UserError: when the weights are not there and cannot be fetched.
    """
    from facegui.ml.backbone import Backbone
    from facegui.ml.drafting import DraftSettings
    from facegui.ml.features import FEATURES_FOLDER, FeatureCache
    from facegui.ml.weights import default_weights_folder, vgg16_weights

    settings, folder = DraftSettings(), default_weights_folder()
    weights = vgg16_weights(report, stop, folder=folder)
    backbone = Backbone(weights, settings.network.input_size, folder, report, stop)
    cache = FeatureCache(cache_folder / FEATURES_FOLDER, backbone.key, backbone.shapes.values)
    return Drafter(backbone, cache, settings)


def main() -> int:
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    logging.basicConfig(level=logging.INFO)
    _step_back()
    # Whatever else writes to the standard output must not come between the replies.
    replies = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())

    def answer(reply: Reply) -> None:
        replies.write(encode_reply(reply))
        replies.flush()

    try:
        serve(_requests(), answer, Path(sys.argv[1]), make_drafter)
    except BrokenPipeError:  # the window is gone
        return 1
    return 0


def _requests() -> Iterator[str]:
    """The lines of the standard input. When that ends, so does the process, at once.

    The window is gone then, perhaps killed, and nobody wants the work in hand; whatever
    it writes is written whole or not at all.
    """
    lines: queue.SimpleQueue[str] = queue.SimpleQueue()

    def read() -> None:
        for line in sys.stdin:
            lines.put(line)
        os._exit(0)

    threading.Thread(target=read, daemon=True).start()
    while True:
        yield lines.get()


def _step_back() -> None:
    """The user's own work comes first."""
    if sys.platform == "win32":
        import ctypes

        kernel = ctypes.windll.kernel32
        kernel.SetPriorityClass(kernel.GetCurrentProcess(), _BELOW_NORMAL_PRIORITY_CLASS)
    else:
        os.nice(_NICENESS)


if __name__ == "__main__":
    sys.exit(main())
