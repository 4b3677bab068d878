"""The program `facegui`: finds the command and runs it."""

from __future__ import annotations

import argparse
import io
import logging
import os
import sys
from collections.abc import Sequence

from facegui import __version__
from facegui.commands import (
    augment,
    capture,
    check,
    demo,
    detect,
    doctor,
    draft,
    evaluate,
    export,
    export_labels,
    import_photos,
    new,
    pack,
    screenshots,
    tour,
    train,
)
from facegui.commands.console import Console
from facegui.commands.numbers import WrongUsageError
from facegui.core.errors import Cancelled, UserError, disk_error

log = logging.getLogger(__name__)

DONE, FAILED, MISUSED = 0, 1, 2
"""Exit codes; argparse itself exits with 2 as well."""

COMMANDS = (
    new,
    pack,
    import_photos,
    capture,
    check,
    demo,
    draft,
    augment,
    train,
    evaluate,
    export,
    export_labels,
    detect,
    doctor,
    screenshots,
    tour,
)


def main(words: Sequence[str] | None = None) -> int:
    """Runs one command.

    Args:
        words: the command line without the program's name; that of the
            process by default.

    Returns:
        The exit code: 0 done, 1 failed, 2 asked for what makes no sense. Words that are
        none of the command's raise `SystemExit` with 2.
    """
    _write_anything()
    arguments = _parser().parse_args(words)
    _log_to_terminal(logging.INFO if arguments.verbose else logging.ERROR)
    if arguments.json:
        _write_anything("utf-8")
    console = Console(as_json=arguments.json)
    try:
        console.document(arguments.command.run(arguments, console))
        sys.stdout.flush()
    except BrokenPipeError:  # whoever read the output has gone, such as `head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FAILED
    except (Exception, KeyboardInterrupt) as error:
        console.error(_told(error, arguments.command.NAME))
        return MISUSED if isinstance(error, WrongUsageError) else FAILED
    return DONE


def _told(error: BaseException, command: str) -> UserError:
    """What ended the command, in words for people."""
    if isinstance(error, UserError):
        return error
    if isinstance(error, Cancelled | KeyboardInterrupt):
        return UserError("Cancelled.", "Nothing that was there before has changed.")
    if isinstance(error, OSError):
        return disk_error(error, f"the command {command}")
    log.error("%s failed", command, exc_info=error)
    return UserError(
        "Something went wrong in the program.",
        "Your photos and labels are safe. Please report what stands above.",
        repr(error),
    )


def _write_anything(encoding: str | None = None) -> None:
    """Lets both outputs take every character, also where a system's encoding lacks it."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            # In JSON, too, the escape of half a character means that half.
            stream.reconfigure(encoding=encoding or stream.encoding, errors="backslashreplace")


def _log_to_terminal(level: int) -> None:
    # The handler, not the logger: a training lowers the logger's level for its own file.
    handler = logging.StreamHandler()
    handler.setLevel(level)
    logging.basicConfig(format="%(levelname)s %(name)s: %(message)s", handlers=[handler])


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="facegui",
        description="Make your own face detector: photos, boxes, training, detection.",
    )
    parser.add_argument("--version", action="version", version=f"facegui {__version__}")
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")
    for command in COMMANDS:
        child = commands.add_parser(command.NAME, help=command.HELP, description=command.HELP)
        child.add_argument("--json", action="store_true", help="print one JSON document")
        child.add_argument("--verbose", action="store_true", help="log what happens")
        command.add_arguments(child)
        child.set_defaults(command=command)
    return parser


if __name__ == "__main__":
    sys.exit(main())
