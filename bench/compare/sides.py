"""Sides: what is compared with what: two revisions, two cells, two environments, or a cell with itself.

Two interpreters are in `bench.compare.interpreters`.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from dataclasses import field as dataclass_field
from pathlib import Path
from typing import Any

from bench.compare.broken import notes_on_broken, revision_sides, verdicts_on_broken, with_what_is_there
from bench.compare.capabilities import (
    Capabilities,
    capabilities_of,
    cells_of,
    check_fields,
    fields_of_cell,
    one_cell,
    with_threads,
)
from bench.compare.checkout import Tree, checked_out
from bench.compare.facts import SideFacts
from bench.compare.own_code import code_notes, names_own_code
from bench.compare.pairs import Side
from bench.compare.project import is_plain
from bench.errors import BenchError
from bench.plan.catalogue import DeviceFacts
from bench.plan.cell import Cell
from bench.plan.grid import expand
from bench.plan.plan import Plan
from bench.process import entries
from bench.process.local import OWN
from bench.process.tree_client import TreeClient
from bench.text import percent
from bench.verdict.verdict import Verdict
from bench.vocabulary import PairMetric, VerdictWord


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two sides, ready to be timed.

    Attributes:
        before: the reference.
        after: the other.
        sides: by the name of the cell, before and after.
        system: the facts of the machine, as a worker of `after` saw them.
        systems: the same as workers on other devices see them, by the name of each.
        unmatched: verdicts on what only one side has, or has broken.
        notes: what to know before trusting the outcome.
        hosts: the servers of both sides' workers.
        mute: those that are of a revision which cannot tell what it computes.
        broken: what of either side cannot be used, and why, a line each.

    """

    before: SideFacts
    after: SideFacts
    sides: Mapping[str, tuple[Side, Side]]
    system: Mapping[str, Any]
    unmatched: tuple[Verdict, ...] = ()
    notes: tuple[str, ...] = ()
    hosts: tuple[TreeClient, ...] = ()
    mute: tuple[str, ...] = ()
    broken: tuple[str, ...] = ()
    systems: Mapping[str, Mapping[str, Any]] = dataclass_field(default_factory=dict)

    def renew(self) -> None:
        """Fresh servers on both sides, ready: what workers of one server have in common is drawn again."""
        for host in self.hosts:
            host.renew()
        for host in self.hosts:
            host.wait_until_ready()

    @property
    def metric(self) -> PairMetric:
        """What is timed: "step", or "seconds_per_image" where the sides' batch sizes differ."""
        apart = any(before.cell.batch_size != after.cell.batch_size for before, after in self.sides.values())
        return "seconds_per_image" if apart else "step"


@dataclass(frozen=True, slots=True)
class Revisions:
    """Two revisions of one repository.

    Attributes:
        repo: a folder of the repository: of this suite, or of a package that registers architectures.
        first: the reference's revision.
        second: the other's; None for the working tree.

    """

    repo: Path
    first: str
    second: str | None = None


@contextmanager
def revisions(between: Revisions, plan: Plan, *, chosen: bool, inject: float = 0.0) -> Iterator[Comparison]:
    """The cells of a plan, by the code of one revision and by that of another or of the working tree.

    What only one has is `unmatched`, and so is what the second one has broken: there may be no side at all.

    Args:
        between: the revisions.
        plan: the cells.
        chosen: whether the user chose the architectures; a package's own are compared otherwise.
        inject: how much slower than it is the second is made, as a share.

    Raises:
        BenchError, NotComparableError: what `checked_out` and `revision_sides` raise.

    """
    with ExitStack() as stack:
        trees = stack.enter_context(_trees(between, plan))
        hosts = [stack.enter_context(TreeClient(tree.label, tree.paths, base=tree.base)) for tree in trees]
        before, after = revision_sides(hosts, trees, plan)
        plan = with_what_is_there(plan, before, after, chosen=chosen)
        known = (before.known, after.known)
        newest = after.known if after.known.system else before.known
        lost, gone = tuple(verdicts_on_broken(before, after)), tuple(notes_on_broken(before, after))
        older, newer = (cells_of(plan, order) for order in (known, known[::-1]))
        shared = [cell for cell in newer if cell in older]
        for side in (before, after):
            check_fields(shared, side.known, side.label)
        yield Comparison(
            before=_facts(trees[0]),
            after=_facts(trees[1]),
            sides={cell.id: both_sides(hosts, (cell, cell), plan, inject, newest) for cell in shared},
            system=after.known.system or before.known.system,
            systems=newest.systems,
            unmatched=(*lost, *_of_one_side(older, newer, before.label, after.label)),
            notes=(
                *notes_on(trees, inject),
                *gone,
                *code_notes(known, shared),
                *dict.fromkeys((*before.problems, *after.problems)),
            ),
            hosts=tuple(hosts),
            mute=tuple(side.label for side in (before, after) if entries.AB_SAME not in side.known.entries),
            broken=(*(f"{verdict.cell}: {verdict.reason}" for verdict in lost), *gone),
        )


@contextmanager
def _trees(between: Revisions, plan: Plan) -> Iterator[tuple[Tree, Tree]]:
    """Both sides' source; of a repository that holds no suite and no package of nets, for the suite that runs now."""
    plain = names_own_code(plan) and is_plain(between.repo)
    with checked_out(between.repo, between.first, between.second, installed=not plain) as (first, second):
        yield (replace(first, paths=(OWN,)), replace(second, paths=(OWN,))) if plain else (first, second)


@contextmanager
def cells(first: str, second: str, plan: Plan, inject: float) -> Iterator[Comparison]:
    """Two cells, each given as "lenet5" or "lenet5,optimizer=adam,batch_size=128"; the rest is the plan's."""
    with TreeClient("side A", (OWN,)) as before, TreeClient("side B", (OWN,)) as after:
        known = capabilities_of(before, _with_texts(plan, first, second))
        reference, other = (one_cell(text, plan, known.catalogue) for text in (first, second))
        yield Comparison(
            before=SideFacts(reference.id),
            after=SideFacts(other.id),
            sides={
                f"{other.id} over {reference.id}": both_sides((before, after), (reference, other), plan, inject, known)
            },
            system=known.system,
            systems=known.systems,
            notes=(*injected(inject), *code_notes([known], (reference, other)), *known.problems),
            hosts=(before, after),
        )


def _with_texts(plan: Plan, *cells: str) -> Plan:
    """The plan with all that the cells name beside its own, for a side to say what it knows of that."""
    named: dict[str, tuple[Any, ...]] = {}
    for field, value in (item for cell in cells for item in fields_of_cell(cell).items()):
        named[field] = tuple(dict.fromkeys((*named.get(field, getattr(plan, field)), *value)))
    return replace(plan, **named)  # type: ignore[arg-type] # fields of one type by name


@contextmanager
def environments(changes: Mapping[str, Mapping[str, str]], plan: Plan, inject: float = 0.0) -> Iterator[Comparison]:
    """The cells of a plan with two environments; with no change at all, each cell with itself.

    Args:
        changes: by side, "A" and "B", the variables that differ from this process's.
        plan: the cells.
        inject: as in `revisions`.

    """
    labels = {side: " ".join(f"{name}={value}" for name, value in changes.get(side, {}).items()) for side in "AB"}
    with ExitStack() as stack:
        hosts = [stack.enter_context(TreeClient(f"environment {side}", (OWN,), changes.get(side, {}))) for side in "AB"]
        known, others = capabilities_of(hosts[0], plan), _installed_on(hosts[1], plan)
        grid = expand(replace(plan, world_sizes=(1,)), known.catalogue)
        apart = bool(others) and known.installed != others  # a setting such as PYTHONPATH may lead to other packages
        sides = {}
        for cell in grid.cells:
            both = [with_threads(cell, changes.get(side, {}), known.catalogue.usable_cores) for side in "AB"]
            sides[cell.id] = both_sides(hosts, both, plan, inject, known)
        yield Comparison(
            before=SideFacts(f"A: {labels['A'] or 'as it is'}", installed=known.installed if apart else {}),
            after=SideFacts(f"B: {labels['B'] or 'as it is'}", installed=others if apart else {}),
            sides=sides,
            system=known.system,
            systems=known.systems,
            notes=(*injected(inject), *known.problems),
            hosts=tuple(hosts),
        )


def _installed_on(host: TreeClient, plan: Plan) -> Mapping[str, str]:
    """The versions that a side has installed; nothing where it cannot say, as its cells will."""
    try:
        return capabilities_of(host, plan).installed
    except BenchError:
        return {}


def both_sides(
    hosts: Sequence[TreeClient], cells: Sequence[Cell], plan: Plan, inject: float, known: Capabilities
) -> tuple[Side, Side]:
    """Both sides of one cell, the second made slower.

    Raises:
        BenchError: a device cannot be used by a process that was forked, as all of them are.

    """
    devices = [known.catalogue.devices.get(cell.device, DeviceFacts("")) for cell in cells]
    for cell, facts in zip(cells, devices, strict=True):
        if not facts.forks:
            raise BenchError(f"{cell.device} cannot be used by a process that was forked, as those of ab are: use run")
    first, second = (
        Side(host, cell, slower, plan.data_dir, on_host=facts.on_host)
        for host, cell, facts, slower in zip(hosts, cells, devices, (0.0, inject), strict=True)
    )
    return first, second


def unmatched(cell: Cell, verdict: VerdictWord, label: str) -> Verdict:
    """The verdict on a cell that only one side has."""
    return Verdict(cell=cell.id, metric="step", verdict=verdict, reason=f"only in {label}")


def _of_one_side(older: Iterable[Cell], newer: Iterable[Cell], before: str, after: str) -> Iterator[Verdict]:
    """The verdicts on the cells that only one of two revisions has."""
    old, new = list(older), list(newer)
    yield from (unmatched(cell, "new", after) for cell in new if cell not in old)
    yield from (unmatched(cell, "missing", before) for cell in old if cell not in new)


def _facts(tree: Tree) -> SideFacts:
    return SideFacts(tree.label, tree.revision, tree.changes)


def notes_on(trees: Sequence[Tree], inject: float) -> tuple[str, ...]:
    """What to know of two trees before trusting what comes of them."""
    notes = list(injected(inject))
    if trees[1].changes:
        shown = ", ".join(trees[1].changes[:3]) + (", ..." if len(trees[1].changes) > 3 else "")
        notes.append(f"the working tree is measured as it is, with changes that are not committed: {shown}")
    if trees[0].revision == trees[1].revision and not trees[1].changes:
        notes.append("both sides are the same revision: any difference is noise")
    return tuple(notes)


def injected(inject: float) -> tuple[str, ...]:
    """The note on a second side that is made slower; none where it is not."""
    return (f"the second side is made {percent(inject)} slower by --inject",) if inject else ()
