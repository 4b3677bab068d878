"""What all benchmarks share: figures with a bar, a table or JSON, an exit code."""

from __future__ import annotations

import argparse
import json
import os
import platform
from collections.abc import Sequence
from dataclasses import asdict, dataclass


@dataclass(frozen=True, slots=True)
class Figure:
    """Something that was measured.

    Args:
        name: what it is.
        value: how much.
        unit: of the value and of the bar.
        bar: what it has to reach; None where it is only told.
        at_most: the bar is a ceiling, not a floor.
    """

    name: str
    value: float
    unit: str = ""
    bar: float | None = None
    at_most: bool = False

    @property
    def reached(self) -> bool:
        if self.bar is None:
            return True
        return self.value <= self.bar if self.at_most else self.value >= self.bar


def argument_parser(description: str | None) -> argparse.ArgumentParser:
    """A parser with the option that every benchmark has: `--json`."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--json", action="store_true", help="print one JSON document, no table")
    return parser


def show(title: str, figures: Sequence[Figure], *, as_json: bool) -> int:
    """Prints the figures.

    Returns:
        The exit code: 1 where a bar is not reached, else 0.
    """
    machine = f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores"
    reached = all(figure.reached for figure in figures)
    if as_json:
        rows = [{**asdict(figure), "reached": figure.reached} for figure in figures]
        document = {"title": title, "machine": machine, "reached": reached, "figures": rows}
        print(json.dumps(document, indent=2))
    else:
        print(f"{title} ({machine})\n")
        _print_table([_row(figure) for figure in figures])
    return 0 if reached else 1


def _row(figure: Figure) -> tuple[str, str, str, str]:
    if figure.bar is None:
        return figure.name, _number(figure.value, figure.unit), "", ""
    bar = ("at most " if figure.at_most else "at least ") + _number(figure.bar, figure.unit)
    verdict = "reached" if figure.reached else "NOT REACHED"
    return figure.name, _number(figure.value, figure.unit), bar, verdict


def _number(value: float, unit: str) -> str:
    text = f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"
    return f"{text} {unit}".strip()


def _print_table(rows: Sequence[tuple[str, ...]]) -> None:
    table = [("", "measured", "bar", ""), *rows]
    widths = [max(len(row[column]) for row in table) for column in range(len(table[0]))]
    for row in table:
        cells = [text.ljust(width) for text, width in zip(row, widths, strict=True)]
        print("  ".join(cells).rstrip())
