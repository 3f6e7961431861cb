"""Largest: a plan whose batches are to be as large as fits: a search for each of its cells, and the grid that follows.

It comes before all else, since the cells of a run are known by their batch sizes.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from math import lcm
from typing import Any

from bench.errors import BenchError
from bench.plan.catalogue import Catalogue
from bench.plan.cell import Cell
from bench.plan.grid import Grid, expand
from bench.plan.largest import START, Largest, Try, group_of, search, sentence
from bench.plan.plan import MAX, Plan
from bench.plan.split import held_out_of
from bench.plan.task import BatchTask
from bench.process import entries
from bench.process.executor import Executor, talk
from bench.process.worker import HERE, WorkerError
from bench.session.observer import Observer


def expanded(
    plan: Plan,
    catalogue: Catalogue,
    executor: Executor,
    observer: Observer,
    known: Iterable[Largest] = (),
) -> tuple[Grid, tuple[Largest, ...]]:
    """The grid of a plan, and what the searches for its largest batches found; there are none unless it asks for them.

    Args:
        plan: what is asked for.
        catalogue: what there is.
        executor: starts the tries.
        observer: hears of them.
        known: what was found before, which is not searched for again.

    Raises:
        BenchError: as of `expand`, or the largest batch cannot be searched for here.

    """
    untrainable = plan.blocks > 0 and not plan.tune
    if MAX not in plan.batch_sizes:
        return expand(plan, catalogue, untrainable=untrainable), ()
    _check(plan, executor)
    grid = expand(replace(plan, batch_sizes=(_first(plan, catalogue),)), catalogue, untrainable=untrainable)
    searches = _Searches(plan, catalogue, executor, observer)
    before = {group_of(each.cell): each for each in known}
    groups = dict.fromkeys(map(group_of, grid.cells))
    # older runs searched once for all augmentations, and go on with what they found
    older = {group: before.get(group) or before.get(replace(group, augmentation="none")) for group in groups}
    by_group = {group: older[group] or searches.of(group) for group in groups}
    fixed = expand(replace(plan, batch_sizes=plan.sizes), catalogue, untrainable=untrainable) if plan.sizes else None
    return _joined(fixed, grid, by_group), tuple(by_group[group] for group in groups)


def _first(plan: Plan, catalogue: Catalogue) -> int:
    """The batch size that stands for what is searched for: of whole parts, and no more than any data set's images."""
    step = lcm(*plan.accumulate)
    few = min((_trained(facts, split) for facts in catalogue.datasets.values() for split in plan.splits), default=START)
    return min(-(-START // step), max(1, few // step)) * step


def _trained(facts: Mapping[str, Any], split: str) -> int:
    """How many images of a data set there are to train on."""
    images = int(facts["train"])
    return images - (held_out_of(images) if split == "validation" else 0)


def _check(plan: Plan, executor: Executor) -> None:
    """See that what is found on this machine is what all cells are measured with."""
    if max(plan.world_sizes) > 1:
        raise BenchError(f"--batch-sizes {MAX} is of one process: leave out --world-sizes, or name the batch sizes")
    if plan.shard or executor.nodes != (HERE,):
        raise BenchError(f"--batch-sizes {MAX} would find another batch on each machine: name the batch sizes")


@dataclass(frozen=True, slots=True)
class _Searches:
    """What all searches of a plan share."""

    plan: Plan
    catalogue: Catalogue
    executor: Executor
    observer: Observer

    def of(self, group: Cell) -> Largest:
        """Search for the largest batch of these cells."""
        most = _trained(self.catalogue.dataset(group.dataset) or {}, group.split)
        limit = [self.plan.memory_limit]

        def attempt(size: int) -> Try:
            cell = replace(group, batch_size=size)
            self.observer.noted(f"{cell.id}: a try whether it fits")
            tried, limit[0] = self._try(cell, limit[0])
            return tried

        tries = search(group.accumulate, most, attempt)
        largest = Largest(group, limit[0], most, tries)
        largest = replace(largest, cell=replace(group, batch_size=largest.batch_size or group.batch_size))
        self.observer.noted(sentence(largest))
        return largest

    def _try(self, cell: Cell, limit: float) -> tuple[Try, float]:
        """One try, and the limit that it had: what is free, where there is none yet."""
        task = BatchTask(cell, limit, self.plan.data_dir, self.catalogue.left_out)
        try:
            for kind, payload in talk(self.executor, entries.TRY_BATCH, task, self.plan.timeout):
                if kind == "limit":
                    limit = payload
                if kind == "tried":
                    return Try(cell.batch_size, *payload), limit
        except WorkerError as ended:
            return Try(cell.batch_size, ended.status, ended.reason), limit
        return Try(cell.batch_size, "failed", "the worker ended without an answer"), limit


def _joined(fixed: Grid | None, grid: Grid, by_group: Mapping[Cell, Largest]) -> Grid:
    """The cells of named batch sizes, and then the others with the largest that were found.

    Raises:
        BenchError: nothing is left to measure.

    """
    cells = dict.fromkeys(fixed.cells if fixed else ())
    skipped: list[tuple[Cell, str]] = [*(fixed.skipped if fixed else ()), *grid.skipped]
    for cell in grid.cells:
        largest = by_group[group_of(cell)]
        if largest.batch_size:
            cells[replace(cell, batch_size=largest.batch_size)] = None
        else:
            skipped.append((replace(cell, batch_size=cell.accumulate), sentence(largest)))
    if not cells:
        wanting = any(each.beyond and each.beyond.status == "oom" for each in by_group.values())
        raise BenchError(f"nothing to measure: {skipped[0][1]}" + "; give more memory (--memory-limit)" * wanting)
    return Grid(tuple(cells), tuple(skipped), fixed.untrainable if fixed else ())
