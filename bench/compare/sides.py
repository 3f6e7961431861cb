"""Matchup: what is compared with what: two revisions, two cells, two settings, or a cell with itself."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from bench.compare.capabilities import about, cells_of, check_fields, one_cell, own_architectures, with_threads
from bench.compare.checkout import OWN, Tree, checked_out, is_suite
from bench.compare.pairs import Side
from bench.errors import NotComparableError
from bench.plan.cell import Cell
from bench.plan.grid import expand
from bench.plan.plan import Plan
from bench.process.tree_client import Host
from bench.verdict.verdict import Verdict


@dataclass(frozen=True, slots=True)
class Matchup:
    """Two sides, ready to be timed.

    Attributes:
        before: label of the reference, and its revision and changes where it has them.
        after: the same of the other.
        sides: by the name of the cell, before and after.
        system: the facts of the machine, as a worker of `after` saw them.
        aside: verdicts on what only one side has.
        notes: what to know before trusting the outcome.
        hosts: the servers of both sides' workers.

    """

    before: Mapping[str, Any]
    after: Mapping[str, Any]
    sides: Mapping[str, tuple[Side, Side]]
    system: Mapping[str, Any]
    aside: tuple[Verdict, ...] = ()
    notes: tuple[str, ...] = ()
    hosts: tuple[Host, ...] = ()

    def renew(self) -> None:
        """Fresh servers on both sides, ready: what workers of one server have in common is drawn again."""
        for host in self.hosts:
            host.renew()
        for host in self.hosts:
            host.wait_until_ready()

    @property
    def metric(self) -> str:
        """What is timed: "step", or "seconds_per_image" where the sides' batch sizes differ."""
        apart = any(one.cell.batch_size != other.cell.batch_size for one, other in self.sides.values())
        return "seconds_per_image" if apart else "step"


@contextmanager
def revisions(
    repo: Path, first: str, second: str | None, plan: Plan, *, chosen: bool, inject: float
) -> Iterator[Matchup]:
    """The cells of a plan, by the code of one revision and by that of another or of the working tree.

    Args:
        repo: a folder of the repository: of this suite, or of a package that registers architectures.
        first: the reference's revision.
        second: the other's; None for the working tree.
        plan: the cells.
        chosen: whether the user chose the architectures; a package's own are compared otherwise.
        inject: how much slower than it is the second is made, as a share.

    Raises:
        BenchError, NotComparableError: what `checked_out` and `Host` raise, or no cell is on both sides.

    """
    with ExitStack() as stack:
        trees = stack.enter_context(checked_out(repo, first, second))
        hosts = [stack.enter_context(Host(tree.label, tree.paths)) for tree in trees]
        known = [about(host, plan) for host in hosts]
        if not chosen and not is_suite(trees[1].paths[0]):
            plan = replace(plan, architectures=own_architectures(known, trees[1].label))
        found = [cells_of(plan, [one, other]) for one, other in (known, known[::-1])]
        shared = [cell for cell in found[1] if cell in found[0]]
        for host, one in zip(hosts, known, strict=True):
            check_fields(shared, one, host.label)
        sides = {
            cell.id: (Side(hosts[0], cell, 0.0, plan.data_dir), Side(hosts[1], cell, inject, plan.data_dir))
            for cell in shared
        }
        if not sides:
            raise NotComparableError(
                f"no cell is in both {hosts[0].label} and {hosts[1].label}: choose --architectures"
            )
        yield Matchup(
            before=_facts(trees[0]),
            after=_facts(trees[1]),
            sides=sides,
            system=known[1].system,
            aside=(
                *(_aside(cell, "new", hosts[1].label) for cell in found[1] if cell not in found[0]),
                *(_aside(cell, "missing", hosts[0].label) for cell in found[0] if cell not in found[1]),
            ),
            notes=(*_notes(trees, inject), *known[0].problems, *known[1].problems),
            hosts=tuple(hosts),
        )


@contextmanager
def cells(first: str, second: str, plan: Plan, inject: float) -> Iterator[Matchup]:
    """Two cells, each given as "lenet5" or "lenet5,optimizer=adam,batch_size=128"; the rest is the plan's."""
    with Host("side A", (OWN,)) as before, Host("side B", (OWN,)) as after:
        known = about(before, plan)
        one, other = (one_cell(text, plan, known.catalogue) for text in (first, second))
        sides = (Side(before, one, 0.0, plan.data_dir), Side(after, other, inject, plan.data_dir))
        yield Matchup(
            before={"label": one.id},
            after={"label": other.id},
            sides={f"{other.id} over {one.id}": sides},
            system=known.system,
            notes=(*_injected(inject), *known.problems),
            hosts=(before, after),
        )


@contextmanager
def settings(changes: Mapping[str, Mapping[str, str]], plan: Plan, inject: float = 0.0) -> Iterator[Matchup]:
    """The cells of a plan with two environments; with no change at all, each cell with itself.

    Args:
        changes: by side, "A" and "B", the variables that differ from this process's.
        plan: the cells.
        inject: as in `revisions`.

    """
    labels = {side: " ".join(f"{name}={value}" for name, value in changes.get(side, {}).items()) for side in "AB"}
    with ExitStack() as stack:
        hosts = [stack.enter_context(Host(f"setting {side}", (OWN,), changes.get(side, {}))) for side in "AB"]
        known = about(hosts[0], plan)
        grid = expand(plan, known.catalogue)
        sides = {}
        for cell in grid.cells:
            one, other = (with_threads(cell, changes.get(side, {}), known.catalogue.usable_cores) for side in "AB")
            sides[cell.id] = (Side(hosts[0], one, 0.0, plan.data_dir), Side(hosts[1], other, inject, plan.data_dir))
        yield Matchup(
            before={"label": f"A: {labels['A'] or 'as it is'}"},
            after={"label": f"B: {labels['B'] or 'as it is'}"},
            sides=sides,
            system=known.system,
            notes=(*_injected(inject), *known.problems),
            hosts=tuple(hosts),
        )


def _aside(cell: Cell, verdict: str, label: str) -> Verdict:
    return Verdict(cell=cell.id, metric="step", verdict=verdict, reason=f"only in {label}")


def _facts(tree: Tree) -> dict[str, Any]:
    return {"label": tree.label, "revision": tree.revision, "changes": list(tree.changes)}


def _notes(trees: Sequence[Tree], inject: float) -> tuple[str, ...]:
    notes = list(_injected(inject))
    if trees[1].changes:
        shown = ", ".join(trees[1].changes[:3]) + (", ..." if len(trees[1].changes) > 3 else "")
        notes.append(f"the working tree is measured as it is, with changes that are not committed: {shown}")
    if trees[0].revision == trees[1].revision and not trees[1].changes:
        notes.append("both sides are the same revision: any difference is noise")
    return tuple(notes)


def _injected(inject: float) -> tuple[str, ...]:
    return (
        (f"the second side is made {inject:.3g} slower by --inject".replace(f"{inject:.3g}", f"{inject:.1%}"),)
        if inject
        else ()
    )
