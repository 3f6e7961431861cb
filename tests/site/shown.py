"""Shown: the commands that README and docs/ show in blocks, and why a block is not run by the tests of this folder."""

import re
from dataclasses import dataclass
from textwrap import dedent

from tests.conftest import ROOT

PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
SHELLS = ("", "sh")  # the languages of blocks that hold commands
# A comment before the block, which no reader sees; that it says why is for who changes the page.
BLOCK = re.compile(
    r"(?:^ *<!-- not run: (?P<why>[^\n]+) -->\n)?^(?P<indent> *)```(?P<kind>\w*)\n(?P<text>.*?)^(?P=indent)```$",
    re.DOTALL | re.MULTILINE,
)


@dataclass(frozen=True, slots=True)
class Block:
    """Commands, one a line, and why they are not run; "" where they are."""

    commands: tuple[str, ...]
    why_not: str


def shown(text: str) -> list[Block]:
    """The blocks of commands of a page."""
    return [
        Block(lines_of(dedent(match["text"])), match["why"] or "")
        for match in BLOCK.finditer(text)
        if match["kind"] in SHELLS
    ]


def lines_of(text: str) -> tuple[str, ...]:
    """Its lines without those that are empty or a comment; one that ends in a backslash goes on in the next."""
    lines = [line.strip() for line in text.replace("\\\n", " ").splitlines()]
    return tuple(line for line in lines if line and not line.startswith("#"))


def name_of(page) -> str:
    return page.relative_to(ROOT).as_posix()
