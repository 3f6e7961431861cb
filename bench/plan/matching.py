"""Matching: what a word means that a person typed: the thing of that very name, or those that it matches as a glob.

A name may hold what means something in a glob, as those of parametrized tests do: what is printed can be typed back.
"""

import re
from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase
from typing import TypeVar

from bench.plan.cell import Cell

Thing = TypeVar("Thing")

_SEED = re.compile(r"-seed\d+\Z")  # ends the id of a cell whose seed is not the first


def matches(name: str, word: str) -> bool:
    """Whether the word is the name, or a glob that matches it; its brackets may also stand for themselves."""
    return name == word or fnmatchcase(name, word) or ("[" in word and fnmatchcase(name, word.replace("[", "[[]")))


def matches_any(name: str, words: Iterable[str]) -> bool:
    """Whether any of the words does."""
    return any(matches(name, word) for word in words)


def meant(word: str, names: Mapping[Thing, Iterable[str]]) -> list[Thing]:
    """What the word means among things that may have several names each.

    Those that have it as a name; else those of whose names it is one with a seed; else those that it matches as a glob.
    """
    each = {thing: frozenset(of) for thing, of in names.items()}
    for text in (word, _SEED.sub("", word)):
        if equal := [thing for thing, of in each.items() if text in of]:
            return equal
    return [thing for thing, of in each.items() if any(matches(name, word) for name in of)]


def cells_meant(words: Iterable[str], cells: Iterable[Cell]) -> list[Cell]:
    """The cells that any of the words means, in their own order: by id, by architecture, or by the text that named it.

    The id of a cell under a seed, as lines of progress have it, means its configuration too.
    """
    names = {cell: (cell.id, cell.architecture, cell.source("architecture")) for cell in cells}
    wanted = {cell for word in words for cell in meant(word, names)}
    return [cell for cell in names if cell in wanted]
