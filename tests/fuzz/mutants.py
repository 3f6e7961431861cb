"""Mutants: genuine files with something wrong in them, as strategies of Hypothesis.

A tree of JSON loses, repeats, moves or renames a part, or holds something hostile in its place; a text does so word by
word, and bytes are flipped, cut out, put in and cut off. Each strategy gives bytes, or the words of a command.
"""

import json
import re
from collections.abc import Sequence
from typing import Any

from hypothesis import strategies as st

from tests.fuzz import hostile

Draw = Any
Path = tuple[Any, ...]
_MARK = "@hostile:{}@"  # stands in a tree for a piece of text that no value of Python becomes
_MARKS = re.compile(r'"@hostile:(\d+)@"')
_WORD = re.compile(r'"[^"\n]*"|\'[^\'\n]*\'|[\w.%+-]+|[^\w\s]')


def documents(seed: bytes) -> st.SearchStrategy[bytes]:
    """Of a JSON document."""
    return st.one_of(_trees(seed), _trees(seed), _trees(seed), damaged(seed))


def records(seed: bytes) -> st.SearchStrategy[bytes]:
    """Of lines of JSON."""
    return st.one_of(
        _lines(seed, _trees), _lines(seed, _trees), _lines(seed, _trees), _lines(seed, damaged), _shuffled(seed)
    )


def texts(seed: str, pieces: Sequence[str]) -> st.SearchStrategy[bytes]:
    """Of a text, whose words are replaced by the pieces."""
    return st.one_of(_worded(seed, pieces), _worded(seed, pieces), damaged(seed.encode()))


@st.composite
def damaged(draw: Draw, seed: bytes) -> bytes:
    """Of bytes."""
    for _ in range(draw(st.integers(1, 3))):
        start = draw(st.integers(0, len(seed)))
        end = min(len(seed), start + draw(st.sampled_from((0, 1, 1, 2, 4, 16, 1000))))
        how = draw(st.sampled_from(("flip", "other", "put in", "leave out", "cut off", "twice", "random")))
        middle = seed[start:end]
        if how == "flip":
            middle = bytes(byte ^ (1 << draw(st.integers(0, 7))) for byte in middle[:4]) + middle[4:]
        elif how == "other":
            middle = draw(st.sampled_from((b"\x00", b"\x7f", b"\x80", b"\xff"))) * len(middle)
        elif how == "put in":
            middle += draw(st.sampled_from(hostile.BYTES))
        elif how == "leave out":
            middle = b""
        elif how == "cut off":
            seed, middle, end = seed[:start], b"", start
        elif how == "twice":
            middle += middle
        else:
            middle = draw(st.binary(max_size=16))
        seed = seed[:start] + middle + seed[end:]
    return draw(st.sampled_from((b"", b"", b"", b"\xef\xbb\xbf"))) + seed


def commands(templates: Sequence[Sequence[str]]) -> st.SearchStrategy[list[str]]:
    """Command lines: a template whose words, but for the first, may be any; words come, go and change places."""
    return st.sampled_from(templates).flatmap(_words_changed)


def words() -> st.SearchStrategy[str]:
    """A name, an origin, a glob: one that was seen, two of them run together, or any characters."""
    known = st.sampled_from(hostile.WORDS)
    return st.one_of(known, st.builds(lambda *parts: "".join(parts), known, known), st.text(max_size=30))


@st.composite
def _words_changed(draw: Draw, template: Sequence[str]) -> list[str]:
    command = list(template)
    for _ in range(draw(st.integers(1, 3))):
        at = draw(st.integers(1, len(command)))
        how = draw(st.sampled_from(("other", "other", "more", "leave out")))
        if how == "more":
            command.insert(at, draw(words()))
        elif at < len(command):
            command[at : at + 1] = [draw(words())] if how == "other" else []
    return [word.replace("\x00", "") for word in command]  # no argument holds a NUL


@st.composite
def _trees(draw: Draw, seed: bytes) -> bytes:
    tree = json.loads(seed)
    for _ in range(draw(st.integers(1, 2))):
        _change(draw, tree)
    text = json.dumps(tree, separators=(",", ":"))
    return _MARKS.sub(lambda match: hostile.JSON[int(match[1])], text).encode("utf-8", "surrogatepass")


def _change(draw: Draw, tree: Any) -> None:
    """Change one part of the tree; nothing where it has none."""
    paths = list(_paths(tree))
    if not paths:
        return
    *way, last = draw(st.sampled_from(paths))
    place = tree
    for step in way:
        place = place[step]
    how = draw(st.sampled_from(("hostile", "hostile", "hostile", "leave out", "twice", "move", "rename", "wrap")))
    if how == "hostile":
        place[last] = _MARK.format(draw(st.integers(0, len(hostile.JSON) - 1)))
    elif how == "leave out":
        del place[last]
    elif how == "move":
        place[last] = json.loads(json.dumps(_at(tree, draw(st.sampled_from(paths)))))
    elif how == "wrap":
        place[last] = [place[last]]
    elif isinstance(place, list):
        place.insert(last, place[last])
    else:
        place[draw(st.sampled_from(("x", "", "<b>", "\x1b", "\ud800", "schema", "kind", str(last) + "_")))] = (
            place.pop(last) if how == "rename" else place[last]
        )


def _paths(tree: Any, above: Path = ()) -> Any:
    entries = tree.items() if isinstance(tree, dict) else enumerate(tree) if isinstance(tree, list) else ()
    for key, value in entries:
        yield (*above, key)
        yield from _paths(value, (*above, key))


def _at(tree: Any, path: Path) -> Any:
    for step in path:
        tree = tree[step]
    return tree


@st.composite
def _lines(draw: Draw, seed: bytes, change: Any) -> bytes:
    lines = seed.splitlines()
    at = draw(st.integers(0, len(lines) - 1))
    lines[at] = draw(change(lines[at]))
    return b"\n".join(lines) + draw(st.sampled_from((b"\n", b"\n", b"\n", b"")))


@st.composite
def _shuffled(draw: Draw, seed: bytes) -> bytes:
    """Lines that are missing, doubled or in another order."""
    lines = seed.splitlines(keepends=True)
    return b"".join(draw(st.lists(st.sampled_from(lines), max_size=len(lines) + 2)))


@st.composite
def _worded(draw: Draw, seed: str, pieces: Sequence[str]) -> bytes:
    for _ in range(draw(st.integers(1, 3))):
        found = [match.span() for match in _WORD.finditer(seed)]
        if not found:
            break
        start, end = draw(st.sampled_from(found))
        how = draw(st.sampled_from(("hostile", "hostile", "leave out", "twice", "other")))
        if how == "hostile":
            piece = draw(st.sampled_from(pieces))
        elif how == "other":
            other = draw(st.sampled_from(found))
            piece = seed[slice(*other)]
        else:
            piece = seed[start:end] * 2 if how == "twice" else ""
        seed = seed[:start] + piece + seed[end:]
    return seed.encode("utf-8", "surrogatepass")
