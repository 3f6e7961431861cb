"""Shard: which cells of a plan one of several machines measures, so that all of them together measure each once."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from bench.errors import BenchError
from bench.files import digest
from bench.plan.catalogue import Catalogue
from bench.plan.cell import Cell
from bench.plan.estimate import expected_seconds
from bench.plan.grid import Grid
from bench.plan.plan import Plan, flag
from bench.plan.ranks import kin
from bench.plan.tuning import group_of

# What the machine decides of a cell where the plan leaves it open: the same cell has other values elsewhere.
_OF_THE_MACHINE = ("threads", "implementation", "denormals", "device")


@dataclass(frozen=True, slots=True)
class Shard:
    """One of `count` parts of a plan; `number` counts from 1."""

    number: int
    count: int

    def __str__(self) -> str:
        """As it is written: 2/5."""
        return f"{self.number}/{self.count}"


def shard_of(plan: Plan) -> Shard | None:
    """The shard that a plan is of, whose text was checked when it was read; None of the whole plan."""
    number, _, count = plan.shard.partition("/")
    return Shard(int(number), int(count)) if number else None


def in_shard(grid: Grid, plan: Plan, catalogue: Catalogue) -> Grid:
    """The part of the grid that is the plan's shard; all of it where the plan has none.

    What is skipped is so in each shard alike.

    Raises:
        BenchError: there are fewer cells, or groups of them that stay together, than shards.

    """
    shard = shard_of(plan)
    if shard is None:
        return grid
    units = _units(grid.cells, plan)
    dealt = deal(units, [_weight(unit, plan, catalogue) for unit in units], shard)
    kept = {cell for unit in dealt for cell in unit}
    if not kept:
        most = len(units)
        raise BenchError(f"nothing to measure: {flag('shard')} {shard} of {most} is empty; make {most} shards at most")
    cells = tuple(cell for cell in grid.cells if cell in kept)
    return Grid(cells, grid.skipped, tuple(pair for pair in grid.untrainable if pair[0] in kept))


def deal(units: Sequence[tuple[Cell, ...]], weights: Sequence[float], shard: Shard) -> list[tuple[Cell, ...]]:
    """The units that fall to the shard.

    They are dealt out dearest first, to and fro (1 2 3 3 2 1 1 2 3), so that numbers differ by one at most, and sums of
    weights by no more than the dearest unit from the cheapest. Those of equal weight come in an order that has nothing
    to do with the axes: else every second shard could have all large batches.
    """
    order = sorted(range(len(units)), key=lambda at: (-weights[at], _name(units[at][0]), at))
    mine = []
    for place, at in enumerate(order):
        lap, seat = divmod(place, shard.count)
        turn = seat if lap % 2 == 0 else shard.count - 1 - seat
        if turn == shard.number - 1:
            mine.append(units[at])
    return mine


def _units(cells: Iterable[Cell], plan: Plan) -> list[tuple[Cell, ...]]:
    """What stays together: a cell with all its repeats, or with --tune all cells that share a learning rate.

    So do cells that differ in ranks and batch alone, since one of several ranks is compared with one of a single rank,
    and an efficiency is of one machine.
    """
    units: dict[Cell, list[Cell]] = {}
    every = tuple(cells)
    for cell in every:
        units.setdefault(group_of(cell, plan.held_out, every) if plan.tune else kin(cell, plan), []).append(cell)
    return [tuple(unit) for unit in units.values()]


def _weight(unit: Iterable[Cell], plan: Plan, catalogue: Catalogue) -> float:
    """Seconds that it is likely to take, by what every machine knows alike."""
    cells = unit if plan.threads else [replace(cell, threads=1) for cell in unit]
    return round(expected_seconds(cells, plan, catalogue), 6)


def _name(cell: Cell) -> str:
    """A digest of what no machine decides."""
    return digest({name: value for name, value in cell.to_dict().items() if name not in _OF_THE_MACHINE})
