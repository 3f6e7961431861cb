"""Matching: whether a name is one that a person typed: equal to a word, or matched by it as a glob.

A name may hold what means something in a glob, as those of parametrized tests do: what is printed can be typed back.
"""

from collections.abc import Iterable
from fnmatch import fnmatchcase


def matches(name: str, word: str) -> bool:
    """Whether the word is the name, or a glob that matches it; its brackets may also stand for themselves."""
    return name == word or fnmatchcase(name, word) or ("[" in word and fnmatchcase(name, word.replace("[", "[[]")))


def matches_any(name: str, words: Iterable[str]) -> bool:
    """Whether any of the words does."""
    return any(matches(name, word) for word in words)
