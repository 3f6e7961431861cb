"""Columns: rows of text, aligned; on a terminal the last column goes on below itself where it has no room."""

import sys
import textwrap
from collections.abc import Sequence

from bench.cli.render.paint import width_of
from bench.errors import visible

Row = dict[str, str]
_LEAST_ROOM = 20  # letters of a last column that is folded; below that lines are left to the terminal


def print_table(rows: Sequence[Row]) -> None:
    """Print rows with aligned columns: numbers to the right, text to the left."""
    if rows:
        print(table_text(rows, width_of() if sys.stdout.isatty() else None))


def table_text(rows: Sequence[Row], width: int | None = None) -> str:
    """The same as lines, without a newline at the end; there must be a row. Without a width each row is one line."""
    titles = list(rows[0])
    columns = [[on_one_line(text) for text in (title, *(row[title] for row in rows))] for title in titles]
    *firsts, last = map(aligned, columns)
    heads = ["".join(f"{text}  " for text in texts) for texts in zip(*firsts, strict=True)] or [""] * len(last)
    room = width - len(heads[0]) if width else 0
    lines = map(str.rstrip, map(str.__add__, heads, last))
    if room < _LEAST_ROOM:
        return "\n".join(lines)
    return "\n".join(_folded(head, text.rstrip(), room) for head, text in zip(heads, last, strict=True))


def _folded(head: str, text: str, room: int) -> str:
    """A row whose last text takes as many lines as it needs."""
    parts = textwrap.wrap(text, room, break_on_hyphens=False) or [""]
    return "\n".join((head if not at else " " * len(head)) + part for at, part in enumerate(parts)).rstrip()


def aligned(column: list[str]) -> list[str]:
    """A title and its cells in one width; a column of numbers and dashes stands to the right."""
    width = max(map(len, column))
    numeric = all(cell.rstrip(" *") == "-" or cell.removeprefix("-")[:1].isdigit() for cell in column[1:])
    return [cell.rjust(width) if numeric else cell.ljust(width) for cell in column]


def on_one_line(text: str) -> str:
    """The text as a cell shows it, with the letters that it takes: a name may hold the end of a line, and worse."""
    return visible(text).replace("\n", "\\n").replace("\t", "\\t")
