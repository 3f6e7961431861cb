"""Drawing: a bar on a terminal while the pictures of a page are drawn."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TextIO

from bench.cli.output import CLEAR
from bench.report.sections import watched

_WIDTH = 24


@contextmanager
def drawing_shown(stream: TextIO) -> Iterator[None]:
    """Show on a terminal how far the pages are that are drawn in this block, and leave its line empty."""
    if not stream.isatty():
        yield
        return

    def show(done: int, count: int) -> None:
        _write(stream, f"drawing [{'#' * (_WIDTH * done // count):<{_WIDTH}}] {done} of {count} parts of the page")

    _write(stream, "drawing the page")
    try:
        with watched(show):
            yield
    finally:
        _write(stream, "")


def _write(stream: TextIO, text: str) -> None:
    stream.write(CLEAR + text)
    stream.flush()
