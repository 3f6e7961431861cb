"""Paint: lines of pieces, each with a style, which a terminal shows and everything else reads as plain text."""

import os
import sys
import textwrap
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Literal, TextIO

from bench.cli.output import Output
from bench.errors import visible

Style = Literal[
    "", "bold", "dim", "bold green", "green", "cyan", "yellow", "red"
]  # of rich, in colours of any terminal
Piece = tuple[str, Style]
Line = Sequence[Piece]

PLAIN_WIDTH = 100  # letters of a line where there is no terminal
_INDENT = 4  # letters before all but the first line of a paragraph


def print_lines(lines: Iterable[Line], stream: TextIO | None = None) -> None:
    """Print them, by default on stdout; in colour where that is wanted."""
    out = stream or sys.stdout
    for line in lines:
        if isinstance(out, Output) and out.colours:
            out.obeyed(_painted(line) + "\n")
        else:
            print(plain(line), file=out)


def plain(line: Line) -> str:
    """The line without its styles, and without blanks at its end."""
    return "".join(text for text, _ in line).rstrip()


def print_link(before: str, path: str) -> None:
    """Print a file's path, on a terminal as a link to it (OSC 8)."""
    out = sys.stdout
    if isinstance(out, Output) and out.is_terminal:
        out.obeyed(f"{before}\033]8;;{Path(path).absolute().as_uri()}\033\\{visible(path)}\033]8;;\033\\\n")
    else:
        print(f"{before}{path}", file=out)


def overwrite(line: Line, stream: TextIO) -> None:
    """Write over the line of a terminal; a narrow one cuts its end off."""
    short, left = [], width_of(stream) - 1
    for text, style in line:
        short.append((visible(text)[:left], style))
        left -= len(short[-1][0])
    colours = isinstance(stream, Output) and stream.colours
    text = _painted(short) if colours else plain(short)
    stream.obeyed(f"\r\033[K{text}") if isinstance(stream, Output) else stream.write(f"\r\033[K{text}")
    stream.flush()


def width_of(stream: TextIO | None = None) -> int:
    """Letters of a line: of the terminal, else as COLUMNS says."""
    out = stream or sys.stdout
    try:
        if width := os.get_terminal_size(out.fileno()).columns:
            return width
    except (OSError, ValueError, AttributeError):  # no terminal, or no file at all
        pass
    named = os.environ.get("COLUMNS", "")
    return int(named) if named.isdecimal() and int(named) else PLAIN_WIDTH


def wrapped(text: str, width: int, indent: str = "") -> list[str]:
    """A paragraph as lines of at most that width, but for words that are longer; all but the first are indented."""
    return textwrap.wrap(text, width, break_long_words=False, break_on_hyphens=False, subsequent_indent=indent)


def print_paragraphs(texts: Iterable[str], stream: TextIO | None = None) -> None:
    """Print each in what fits the width, by default on stdout; "" is a blank line."""
    out = stream or sys.stdout
    for text in texts:
        print("\n".join(wrapped(text, width_of(out), " " * _INDENT)), file=out)


def _painted(line: Line) -> str:
    """The line with its styles; nothing else in it is obeyed."""
    from rich.color import ColorSystem  # noqa: PLC0415 - only where something is printed in colour
    from rich.style import Style as Rich  # noqa: PLC0415 - likewise

    pieces = ((visible(text), style) for text, style in line)
    return "".join(
        Rich.parse(style).render(text, color_system=ColorSystem.STANDARD) if style else text for text, style in pieces
    )
