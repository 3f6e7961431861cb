"""Versions: what two interpreters have installed in different versions, and the lines that tell it."""

from collections.abc import Mapping

Versions = Mapping[str, tuple[str | None, str | None]]  # by package: before and after, None where it is not installed
NOWHERE = "not installed"


def differing(before: Mapping[str, str], after: Mapping[str, str]) -> Versions:
    """The packages whose versions differ, by name: first those of the first that has them."""
    names = dict.fromkeys((*before, *after))
    return {name: (before.get(name), after.get(name)) for name in names if before.get(name) != after.get(name)}


def version_lines(versions: Versions) -> list[str]:
    """A line each: "torch 2.4.0 -> 2.5.1"."""
    return [f"{name} {before or NOWHERE} -> {after or NOWHERE}" for name, (before, after) in versions.items()]
