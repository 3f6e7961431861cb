"""Notebook: a table as HTML that takes the notebook's own colours; all of it is text, never markup."""

from collections.abc import Iterable, Sequence
from html import escape


def table_html(headings: Sequence[str], rows: Iterable[Sequence[str]], lines: Iterable[str]) -> str:
    """A table, and lines below it.

    Args:
        headings: of the columns.
        rows: the texts of each, as many as there are headings; the first names the row.
        lines: a sentence each.

    """
    head = "".join(f"<th>{escape(heading)}</th>" for heading in headings)
    body = "".join(f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in row)}</tr>" for row in rows)
    below = "".join(f"<div>{escape(line)}</div>" for line in lines)
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>{below}"
