"""Checked: text and numbers that a file of another tool holds, each looked at before it is believed.

A file may hold anything: a truth value where a number belongs, a number that no float holds, half a character, data
nested so deeply that nothing can walk it. Each is refused in one line that says where it stands.
"""

import json
from collections.abc import Mapping
from contextlib import suppress
from hashlib import sha256
from math import inf, isfinite
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from bench import files
from bench.errors import BenchError

Floats = npt.NDArray[np.float64]

AGAIN = "remove it, or write the file again"
MOST_BYTES = 2**27  # several million rounds
_MOST_PARTS = 4_000_000  # lists and objects; some bytes of JSON are many of Python where it is nothing else
_LARGEST = 2**63 - 1  # of a whole number that is kept as such
_DIGITS = 400  # a number of more is beyond every float
_DEEPEST = 32
_MARKS = {b"\xff\xfe": "UTF-16", b"\xfe\xff": "UTF-16"}  # how files of other encodings begin
_SHOWN = 60  # characters of a value in a message


def text_of(path: Path, remedy: str) -> tuple[str, str]:
    """A file's text, which may begin with a byte order mark, and its SHA-256.

    Raises:
        BenchError: it cannot be read, or is no UTF-8; the message ends with the remedy.

    """
    content = files.read(path, remedy, MOST_BYTES)
    wide = _MARKS.get(content[:2]) or ("UTF-16" if b"\0" in content[:4] else "")
    if wide:
        raise BenchError(f"{path} is {wide} text: save it as UTF-8, or {remedy}")
    try:
        return content.decode("utf-8-sig"), sha256(content).hexdigest()
    except UnicodeDecodeError as error:
        raise BenchError(f"{path} is not UTF-8 text ({error.reason} at byte {error.start}): {remedy}") from error


def parsed(text: str, path: Path, remedy: str) -> Any:
    """The JSON that the text holds; a number of too many digits is infinite.

    Raises:
        BenchError: it is not whole, or nested too deeply.

    """
    if text.count("[") + text.count("{") > _MOST_PARTS:
        raise BenchError(f"{path} holds more than {_MOST_PARTS:,} lists and objects: {remedy}")
    try:
        return json.loads(text, parse_int=lambda digits: int(digits) if len(digits) < _DIGITS else inf)
    except ValueError as error:
        raise BenchError(f"{path} is not whole JSON ({error}): {remedy}") from error
    except RecursionError as error:
        raise BenchError(f"{path} is nested too deeply to be read: {remedy}") from error


def number(value: Any, what: str, place: str, kind: str = "time") -> float:
    """A finite number that is not below zero.

    Raises:
        BenchError: the value is none; a truth value is no number.

    """
    real = -1.0
    if isinstance(value, int | float) and not isinstance(value, bool):
        try:
            real = float(value)
        except OverflowError:
            real = inf
    if not 0 <= real < inf:
        raise BenchError(f"{place} has the {what} {shown(value)}, which is no {kind}: {AGAIN}")
    return real


def numbers(values: list[Any], what: str, place: str) -> Floats:
    """The same for many at once: millions of rounds are looked at in one go, and one by one only where one is odd.

    Raises:
        BenchError: one of them is none.

    """
    if {*map(type, values)} <= {int, float}:
        with suppress(OverflowError):
            reals = np.asarray(values, dtype=float)
            if np.isfinite(reals).all() and (reals >= 0).all():
                return reals
    return np.array([number(value, what, place) for value in values], dtype=float)


def count(value: Any, what: str, place: str) -> int:
    """A whole number from 1 on.

    Raises:
        BenchError: the value is none.

    """
    real = number(value, what, place, "count")
    if real < 1 or not real.is_integer() or real > _LARGEST:
        raise BenchError(f"{place} has the {what} {shown(value)}, which is no count: {AGAIN}")
    return int(real)


def name(value: Any, place: str) -> str:
    """A name on one line; "" where the value is no text.

    Raises:
        BenchError: it holds half a character (a lone surrogate), which nothing can print.

    """
    text = " ".join(value.split()) if isinstance(value, str) else ""
    if not _is_printable(text):
        raise BenchError(f"{place} has the name {printable(text)}, with half a character (a surrogate) in it: {AGAIN}")
    return text


def plain(value: Any, what: str, place: str) -> Any:
    """The same nested data, if it can be stored and shown.

    Raises:
        BenchError: it is nested too deeply, or holds half a character or a number that is none.

    """
    level = [value]
    for _ in range(_DEEPEST):
        for item in level:
            if problem := _problem(item):
                raise BenchError(f"{place} has {problem} in its {what}: {AGAIN}")
        keys = [key for item in level if isinstance(item, Mapping) for key in item]
        level = [part for item in level for part in _parts(item)] + keys
        if not level:
            return value
    raise BenchError(f"{place} has a {what} that is nested too deeply: {AGAIN}")


def shown(value: Any) -> str:
    """A value in a message, on one line, printable and short."""
    text = printable(repr(value)) if isinstance(value, str | int | float | None) else f"of type {type(value).__name__}"
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN - 1]}…"


def printable(text: str) -> str:
    """The text with each lone surrogate as its escape."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def _parts(value: Any) -> list[Any]:
    if isinstance(value, Mapping):
        return list(value.values())
    return value if isinstance(value, list) else []


def _problem(value: Any) -> str:
    """What is wrong with one value, apart from what it contains; "" where nothing is."""
    if isinstance(value, str):
        return "" if _is_printable(value) else "half a character (a surrogate)"
    if isinstance(value, float):
        return "" if isfinite(value) else f"the number {value}"
    return f"the number {shown(value)}" if isinstance(value, int) and abs(value) > _LARGEST else ""


def _is_printable(text: str) -> bool:
    return not any("\ud800" <= letter <= "\udfff" for letter in text)
