"""Columns: rows of text on a terminal, aligned."""

from collections.abc import Sequence

Row = dict[str, str]


def print_table(rows: Sequence[Row]) -> None:
    """Print rows with aligned columns: numbers to the right, text to the left."""
    if rows:
        print(table_text(rows))


def table_text(rows: Sequence[Row]) -> str:
    """The same as lines, without a newline at the end; there must be a row."""
    titles = list(rows[0])
    columns = [[on_one_line(text) for text in (title, *(row[title] for row in rows))] for title in titles]
    return "\n".join("  ".join(cells).rstrip() for cells in zip(*map(aligned, columns), strict=True))


def aligned(column: list[str]) -> list[str]:
    """A title and its cells in one width; a column of numbers and dashes stands to the right."""
    width = max(map(len, column))
    numeric = all(cell.rstrip(" *") == "-" or cell.removeprefix("-")[:1].isdigit() for cell in column[1:])
    return [cell.rjust(width) if numeric else cell.ljust(width) for cell in column]


def on_one_line(text: str) -> str:
    """The text as a cell can show it: a name may hold the end of a line."""
    return text.replace("\n", "\\n").replace("\t", "\\t")
