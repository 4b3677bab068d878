"""The program `facegui`: finds the command and runs it."""

from __future__ import annotations

import argparse
import logging
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
from facegui.core.errors import Cancelled, UserError

DONE, FAILED = 0, 1
"""Exit codes; argparse itself exits with 2 on wrong usage."""

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
        The exit code: 0 done, 1 failed. Wrong usage raises `SystemExit` with 2.
    """
    arguments = _parser().parse_args(words)
    _log_to_terminal(logging.INFO if arguments.verbose else logging.ERROR)
    console = Console(as_json=arguments.json)
    try:
        console.document(arguments.command.run(arguments, console))
    except UserError as error:
        console.error(error)
        return FAILED
    except Cancelled:
        console.error(UserError("Cancelled.", "Nothing that was there before has changed."))
        return FAILED
    return DONE


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
