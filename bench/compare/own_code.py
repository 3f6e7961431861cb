"""Own code: what a comparison names by file or module, asked of both sides, and whether it is the same code."""

from collections.abc import Iterable, Mapping
from typing import Any

from bench.compare.capabilities import Capabilities
from bench.plan.cell import Cell
from bench.plan.grid import NAMED_AXES, origins_of
from bench.plan.origin import code_in_words, parse
from bench.plan.plan import Plan


def names_own_code(plan: Plan) -> bool:
    """Whether a plan names anything by file or module."""
    return any(parse(text) for axis in NAMED_AXES for text in getattr(plan, axis))


def code_notes(known: Iterable[Capabilities], cells: Iterable[Cell]) -> tuple[str, ...]:
    """Which code each side has under a name of the user's, and whether that is the same."""
    wanted, known = list(cells), list(known)
    sides: list[Mapping[str, Mapping[str, Any]]] = [origins_of(wanted, side.catalogue) for side in known]
    first, last = sides[0], sides[-1]
    architectures = known[-1].catalogue.architectures
    notes = [
        f"{cell.architecture} gives several outputs ({outputs}): its loss is that of the first"
        for cell in wanted
        if (outputs := architectures[cell.architecture].get("outputs", {}).get(cell.dataset))
    ]
    for name, facts in last.items():
        before, after = code_in_words(first.get(name, {})), code_in_words(facts)
        text = facts["text"]
        if len(sides) == 1:
            notes.append(f"{text} is {after}")
        elif not before:
            notes.append(f"{text} is {after}, after alone")
        elif before == after:
            notes.append(f"{text} is the same on both sides ({after}); what it imports may differ")
        else:
            notes.append(f"{text} is {before} before, and {after} after")
    return tuple(notes)
