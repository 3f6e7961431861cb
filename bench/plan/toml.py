"""TOML: the tables of suites and tolerances, whose numbers and depth have an end."""

import tomllib
from typing import Any

from bench.errors import BenchError

_BOM = b"\xef\xbb\xbf"  # of a file that went through an editor or shell of Windows
LARGEST = 2**63 - 1  # of a whole number, as the specification has it
_DEEPEST = 32  # tables and lists within each other


def table_of(text: bytes, place: str) -> dict[str, Any]:
    """The table that a TOML text holds; a mark of the byte order before it is passed over.

    Raises:
        BenchError: it is no TOML, or nested without end, or a whole number in it is larger than TOML has.

    """
    try:
        table = tomllib.loads(text.removeprefix(_BOM).decode("utf-8"))
    except UnicodeDecodeError as error:
        raise BenchError(f"{place} is not UTF-8 text: save it as such") from error
    except ValueError as error:
        raise BenchError(f"{place} is not valid TOML: {error}") from error
    except RecursionError as error:
        raise _too_deep(place) from error
    level: list[Any] = [table]
    for _ in range(_DEEPEST):
        for value in level:
            if isinstance(value, int) and abs(value) > LARGEST:
                raise BenchError(
                    f"{place} has a number beyond {LARGEST}, which is the largest that TOML has: change it"
                )
        level = [part for value in level for part in _parts(value)]
    if level:
        raise _too_deep(place)
    return table


def _parts(value: Any) -> list[Any]:
    if isinstance(value, dict):
        return [*value.values()]
    return value if isinstance(value, list) else []


def _too_deep(place: str) -> BenchError:
    return BenchError(f"{place} is nested too deeply to be read: write it anew")
