"""Interpreters: the cells of a plan by the code of this suite, under one Python and under another."""

import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from bench.compare.capabilities import Capabilities, capabilities_of, cells_of
from bench.compare.facts import SideFacts
from bench.compare.sides import Comparison, both_sides, injected, unmatched
from bench.errors import BenchError, NotComparableError
from bench.plan.plan import Plan
from bench.process.local import OWN
from bench.process.tree_client import TreeClient
from bench.verdict.versions import differing

SAME = "no version differs between the interpreters: any difference is noise, or of what no version tells"


@contextmanager
def interpreters(pythons: Mapping[str, Path], plan: Plan, inject: float = 0.0) -> Iterator[Comparison]:
    """Compare them; their versions go along with each side.

    Args:
        pythons: by side, "A" and "B", its interpreter; that of this process where a side has none.
        plan: the cells.
        inject: how much slower than it is the second is made, as a share.

    Raises:
        BenchError: a side cannot say what it has.
        NotComparableError: one of them cannot run the suite, or no cell is in both.

    """
    paths = [pythons.get(side, Path(sys.executable)) for side in "AB"]
    with ExitStack() as stack:
        hosts = [stack.enter_context(TreeClient(str(path), (OWN,), python=path)) for path in paths]
        known = _known(hosts, plan)
        first, second = (cells_of(plan, order) for order in (known, known[::-1]))
        shared = [cell for cell in second if cell in first]
        if not shared:
            raise NotComparableError(f"no cell runs under both {paths[0]} and {paths[1]}: choose --architectures")
        before, after = (_facts(*side) for side in zip("AB", paths, known, strict=True))
        yield Comparison(
            before=before,
            after=after,
            sides={cell.id: both_sides(hosts, (cell, cell), plan, inject, known[1]) for cell in shared},
            system=known[1].system,
            systems=known[1].systems,
            unmatched=(
                *(unmatched(cell, "not comparable", before.label) for cell in first if cell not in second),
                *(unmatched(cell, "not comparable", after.label) for cell in second if cell not in first),
            ),
            notes=_notes(known, inject),
            hosts=tuple(hosts),
        )


def _known(hosts: Sequence[TreeClient], plan: Plan) -> list[Capabilities]:
    """What each side says it has. What neither has is a mistake, what one lacks makes them not comparable."""
    known, lacking = [], []
    for host in hosts:
        try:
            known.append(capabilities_of(host, plan))
        except NotComparableError:
            raise
        except BenchError as error:
            lacking.append(error)
    if lacking and known:
        raise NotComparableError(f"{lacking[0]}; the other interpreter has it") from lacking[0]
    if lacking:
        raise lacking[0]
    return known


def _facts(side: str, path: Path, known: Capabilities) -> SideFacts:
    versions = ", ".join(f"{name} {known.system[key]}" for name, key in (("Python", "python"), ("torch", "torch")))
    return SideFacts(f"{side}: {versions} ({path})", installed=known.installed)


def _notes(known: Sequence[Capabilities], inject: float) -> tuple[str, ...]:
    problems = dict.fromkeys((*known[0].problems, *known[1].problems))
    return (*injected(inject), *problems, *same_versions(known[0].installed, known[1].installed))


def same_versions(before: Mapping[str, str], after: Mapping[str, str]) -> tuple[str, ...]:
    """A note where nothing that is installed differs in its version."""
    return () if differing(before, after) else (SAME,)
