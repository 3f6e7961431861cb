"""Digests: of the files of code that a cell names, as this process has imported them."""

from bench.origins.resolve import base, resolve
from bench.plan.cell import Cell
from bench.plan.origin import file_of, texts_of


def digests_of_code(cell: Cell) -> dict[str, str]:
    """The SHA-256 of each file, by the text that names it."""
    named = (text for text in texts_of(cell.origins).values() if file_of(text, base()))
    return {text: str(resolve(text).facts["sha256"]) for text in named}
