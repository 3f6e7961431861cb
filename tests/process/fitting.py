"""Whether plain data is of the type that a row of messages names, down to its last part."""

import types
from collections.abc import Sequence
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints, is_typeddict


def fits(value, kind):
    """Whether `value` is of the type `kind`; a TypedDict has the keys that it requires, and none it does not name."""
    if kind is Any:
        return True
    if kind is None or kind is types.NoneType:
        return value is None
    if is_typeddict(kind):
        hints = get_type_hints(kind)
        named = type(value) is dict and kind.__required_keys__ <= set(value) <= set(hints)
        return named and all(fits(part, hints[key]) for key, part in value.items())
    return _fits_generic(value, kind, get_origin(kind), get_args(kind))


def _fits_generic(value, kind, origin, parts):
    if origin in (types.UnionType, Union):
        return any(fits(value, part) for part in parts)
    if origin is Literal:
        return any(type(value) is type(part) and value == part for part in parts)
    if origin in (list, Sequence):
        return type(value) is list and all(fits(item, parts[0]) for item in value)
    if origin is dict:
        return type(value) is dict and all(fits(key, parts[0]) and fits(item, parts[1]) for key, item in value.items())
    if origin is tuple:
        return type(value) is tuple and len(value) == len(parts) and all(map(fits, value, parts))
    return type(value) is kind
