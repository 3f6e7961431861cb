"""The commands that measure one cell again: alone, from the plan it came from, or beside other revisions."""

import shlex
from collections.abc import Iterable, Mapping
from typing import Any

from bench.errors import BenchError
from bench.plan.cell import Cell
from bench.plan.grid import AXES
from bench.plan.origin import handed_name, texts_of
from bench.plan.plan import CHECKS, SETTINGS, Plan, default_of, flag, options_of, plan_from, shape_of
from bench.plan.workloads import target_of
from bench.vocabulary import NO_ENGINE

# Fields of Plan that change what a cell measures; the others choose among cells or say where results go.
_KEPT = options_of("training", "ranks", "loaders", "engines", "measuring", "repeats", "patience", "profile")
# Those that say which cell a comparison is of.
_COMPARED = tuple(name for name in options_of("axis") if name != "seeds")


def command_of(cell: Cell, plan: Mapping[str, Any]) -> str:
    """The shell command that runs `cell` alone with the options of `plan` (its fields by name, as stored).

    It starts from the architecture's default suite, and names each option that differs from that suite's or from
    Plan's own default. Of an object that a Python program handed over it is the call there.
    """
    objects = set(map(handed_name, texts_of(cell.origins).values())) - {""}
    if objects:
        return f"bench.run({_call(cell, plan)}), in the program that hands over {' and '.join(sorted(objects))}"
    return f"python -m bench run {flags_of(cell, plan)}"


def _call(cell: Cell, plan: Mapping[str, Any]) -> str:
    """The arguments of `bench.run` that do the same."""
    return ", ".join(f"{name}={_literal(value)}" for name, value in _wanted(cell, plan).items())


def _literal(value: Any) -> str:
    return (isinstance(value, str) and handed_name(value)) or repr(value)


def flags_of(cell: Cell, plan: Mapping[str, Any]) -> str:
    """The flags of `command_of`, quoted for a POSIX shell."""
    return shlex.join(word for name, value in _wanted(cell, plan).items() for word in _words(name, value))


def _wanted(cell: Cell, plan: Mapping[str, Any]) -> dict[str, Any]:
    """The options that have to be given, by name: one value of each axis."""
    axes = {key: cell.as_named(field) for field, key in AXES.items()}
    if not plan.get("threads"):
        axes.pop("threads")  # the plan left the threads to each metric, and so does the command
    own = _suites_own(cell.source("architecture"))
    kept = {name: plan[name] for name in SETTINGS if name in plan and name in _KEPT and not shape_of(name)[0]}
    aim = {"until": target_of(cell, plan)} if plan.get("targets") else {}
    whole = {"scaling": "strong"} if cell.world_size > 1 else {}  # its batch size is of all processes together
    values = {**kept, **axes, **aim, **whole}
    return {name: values[name] for name in SETTINGS if name in values and not _is_usual(name, values[name], own[name])}


def _is_usual(name: str, value: Any, own: Any) -> bool:
    many = shape_of(name)[0]
    return value is None or all(_same(value, default, many) for default in (default_of(name), own))


def _words(name: str, value: Any) -> list[str]:
    kind = shape_of(name)[1]
    if kind is bool:
        return [flag(name)]
    whole = isinstance(value, float) and value.is_integer()
    text = str(int(value)) if whole else str(value)
    # a value that starts with a dash would read as a flag of its own
    return [f"{flag(name)}={text}"] if text.startswith("-") else [flag(name), text]


def _same(value: Any, default: Any, many: bool) -> bool:
    """Whether one value is all that the default gives."""
    return tuple(default) == (value,) if many else bool(default == value)


def _suites_own(architecture: str) -> dict[str, Any]:
    """The fields of the suite that this architecture alone starts from; Plan's defaults where it cannot be read."""
    try:
        return plan_from({"architectures": (architecture,)}).to_dict()
    except BenchError:
        return Plan().to_dict()


def comparison_of(cell: Cell, revisions: Iterable[str], threads: int | None = None) -> str | None:
    """The shell command by which `ab` compares a cell at these revisions; None where no command can.

    Args:
        cell: it trains nothing, so that schedule and seed play no part.
        revisions: one or two.
        threads: that its times are of, where these are not the cell's own.

    """
    if cell.is_foreign or cell.engine != NO_ENGINE or any(map(handed_name, texts_of(cell.origins).values())):
        return None
    usual = plan_from({"suite": CHECKS})
    values = {key: cell.as_named(field) for field, key in AXES.items() if key in _COMPARED}
    values["threads"] = threads or cell.threads
    words = [
        word
        for key, value in values.items()
        if value is not None and (key == "threads" or not _same(value, getattr(usual, key), many=True))
        for word in _words(key, value)
    ]
    return shlex.join(["python", "-m", "bench", "ab", *revisions, *words])
