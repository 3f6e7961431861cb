"""Fields: what a dataclass or a TypedDict says of each of its fields: type, whether it may be missing, and meaning."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, fields, is_dataclass
from inspect import getdoc
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

NEVER, NULL, ABSENT, EITHER = "-", "null", "absent", "null or absent"
_PLAIN = {str: "text", int: "integer", float: "number", bool: "true or false", Any: "anything", NoneType: "null"}


@dataclass(frozen=True)
class Row:
    """One field: its name, its type in words, whether it may be null or absent, its unit, and what it means."""

    name: str
    type: str
    missing: str
    unit: str = "-"
    meaning: str = ""

    @property
    def is_number(self):
        return bool(re.search(r"\b(number|integer)s?\b", self.type))


def rows_of(shape, named):
    """The rows of a dataclass or TypedDict, units left open; `named` gives the title of another shape's table."""
    meanings = meanings_of(shape)
    return [
        Row(name, type_of(without_none(hint), named), missing_of(shape, name, hint), meaning=meanings.get(name, ""))
        for name, hint in get_type_hints(shape).items()
        if not is_dataclass(shape) or name in {field.name for field in fields(shape)}
    ]


def missing_of(shape, name, hint):
    """Whether a field may be null, absent or both. What is written of a dataclass always has all its fields."""
    may_be_null = NoneType in get_args(hint) or hint is NoneType
    may_be_absent = not is_dataclass(shape) and name in shape.__optional_keys__
    return (EITHER if may_be_null else ABSENT) if may_be_absent else NULL if may_be_null else NEVER


def without_none(hint):
    if get_origin(hint) not in (Union, UnionType):
        return hint
    kept = tuple(part for part in get_args(hint) if part is not NoneType)
    return Union[kept]  # noqa: UP007 - of a tuple


def expanded(hint):
    """What an alias stands for: numpy's types of arrays are aliases under Python 3.12 and later."""
    value = getattr(get_origin(hint) or hint, "__value__", None)
    if value is None:
        return hint
    return expanded(value[get_args(hint)] if get_args(hint) else value)


def type_of(hint, named):
    """A type in words."""
    hint = expanded(hint)
    if hint in named:
        return f"[{named[hint]}](#{anchor(named[hint])})"
    return _PLAIN.get(hint) or compound(get_origin(hint), get_args(hint), named)


def compound(origin, inner, named):
    """The same of a type that is made of others."""
    if origin is Literal:
        return ", ".join(f'"{word}"' for word in inner)
    if origin in (Union, UnionType):
        return " or ".join(type_of(part, named) for part in inner)
    if issubclass(origin, Mapping):
        return "object" if inner[1] is Any else f"object of {plural(inner[1], named)}"
    pair = origin is tuple and len(inner) == 2 and inner[1] is not ...
    return f"{'pair' if pair else 'list'} of {plural(inner[0], named)}"


def plural(hint, named):
    text = re.sub(r"^(object|list|pair)\b", r"\1s", type_of(hint, named))
    return f"{text}s" if text in ("integer", "number") else text


def anchor(title):
    """What a heading is called in a link, as GitHub has it."""
    return re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-")


def meanings_of(shape):
    """By name, what the docstring says under "Attributes:"."""
    own = getdoc(shape) or ""
    section = own.partition("Attributes:\n")[2].partition("\n\n")[0]
    entries = re.findall(r"^    (\w+): (.*(?:\n     +.*)*)", section, re.MULTILINE)
    return {name: re.sub(r"\bNone\b", "null", " ".join(text.split())) for name, text in entries}
