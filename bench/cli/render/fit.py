"""Fit: which columns of a table a width has room for, and the table as lines."""

from collections.abc import Collection, Sequence

from bench.cli.render.bar import has_blocks
from bench.cli.render.columns import aligned, on_one_line
from bench.cli.render.compact import BAR, FIRST, NAME, Column
from bench.cli.render.paint import Line, Piece, Style

GAP = 2
BEST = "*"
_STYLES: dict[str, Style] = {BAR: "cyan", "status": "red", "signs": "yellow"}


def fitting(columns: Sequence[Column], width: int) -> list[Column]:
    """The columns that fit side by side, in their order; where not all do, those that say least are left out."""
    known = {name: place for place, name in enumerate(FIRST)}
    shown: set[str] = set()
    left = width + GAP
    for column in sorted(columns, key=lambda column: known.get(column.name, len(known))):
        if (needed := GAP + max(map(len, _texts(column)))) <= left or column.name == NAME:
            shown.add(column.name)
            left -= needed
    return [column for column in columns if column.name in shown]


def shortened(column: Column, width: int) -> Column:
    """The column of names with those that would take more than half the width cut."""
    known = map(on_one_line, column.texts)
    texts = tuple(text if len(text) <= width else f"{text[: width - 3]}..." for text in known)
    return Column(name=column.name, title=column.title, texts=texts)


def lines_of(columns: Sequence[Column], encoding: str) -> list[Line]:
    """The title and the rows, aligned."""
    texts = [aligned([_encoded(column, text, encoding) for text in _texts(column)]) for column in columns]
    heads: Line = [(text.ljust(len(text) + GAP), "bold") for text in (column[0] for column in texts)]
    rows: list[Line] = [
        [_piece(column, place, text[place + 1]) for column, text in zip(columns, texts, strict=True)]
        for place in range(len(columns[0].texts))
    ]
    return [heads, *rows] if any(column.title for column in columns) else rows


def _texts(column: Column) -> list[str]:
    """What the column holds, its title first; a best row has its mark, and the others room for it."""
    texts = [on_one_line(text) for text in column.texts]
    if column.best:
        texts = [text + (BEST if place in column.best else " ") for place, text in enumerate(texts)]
    return [column.title, *texts]


def _encoded(column: Column, text: str, encoding: str) -> str:
    return "#" * len(text) if column.name == BAR and not has_blocks(encoding) else text


def _piece(column: Column, place: int, text: str) -> Piece:
    style: Style = "bold green" if place in column.best else _STYLES.get(column.name, "")
    return text + " " * GAP, "" if text.strip() in ("", "-", "ok") else style


def missing_titles(columns: Sequence[Column], shown: Collection[Column]) -> list[str]:
    """What stands above those that have no place."""
    names = {column.name for column in shown}
    return [column.title for column in columns if column.name not in names and column.name != BAR]
