"""Sheet: a table as other programs take it: Markdown, CSV, LaTeX; texts for people, plain values for programs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from bench.errors import visible
from bench.report.load import clean
from bench.vocabulary import SheetFormat

_MARKUP = str.maketrans({char: "\\" + char for char in "\\`*_[]<>|#"} | {"\n": " ", "\r": " "})
# Signs that LaTeX's plain fonts lack, as commands that all have; the rest pandas escapes.
_SIGNS = {
    "\u00b1": r"$\pm$",
    "\u00d7": r"$\times$",
    "\u00f7": r"$\div$",
    "\u00b5": r"$\mu$",
    "\u00b7": r"$\cdot$",
    "\u00a0": "~",
}


@dataclass(frozen=True, slots=True)
class Sheet:
    """A table.

    Attributes:
        texts: for each row, by the heading of each column, the same in all rows: as people read it, with units.
        values: for each row, by name: plain data, SI units without a prefix; None for what is not known.

    """

    texts: Sequence[Mapping[str, str]]
    values: Sequence[Mapping[str, Any]]


def written(sheet: Sheet, form: SheetFormat) -> str:
    """The sheet in one of the formats, with a newline at the end; names of files stay text in each."""
    if form == "csv":
        return pd.DataFrame(list(sheet.values)).to_csv(index=False, lineterminator="\n")
    rows = [{clean(name): visible(clean(text)) for name, text in row.items()} for row in sheet.texts]
    return _latex(rows) if form == "latex" else _markdown(rows)


def _markdown(rows: Sequence[Mapping[str, str]]) -> str:
    if not rows:
        return ""
    table = [list(rows[0]), ["---"] * len(rows[0]), *(list(row.values()) for row in rows)]
    lines = [[text if text == "---" else text.translate(_MARKUP) for text in line] for line in table]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def _latex(rows: Sequence[Mapping[str, str]]) -> str:
    text = pd.DataFrame(list(rows)).to_latex(index=False, escape=True)
    for sign, command in _SIGNS.items():
        text = text.replace(sign, command)
    return text
